/** Tensors of modules that are made of others: `torch.nn.utils.parametrize`. */
export {
  cached,
  isParametrized,
  type Parametrization,
  ParametrizationList,
  type ParametrizationOptions,
  type RemoveParametrizationOptions,
  registerParametrization,
  removeParametrizations,
} from './parametrize.ts';
