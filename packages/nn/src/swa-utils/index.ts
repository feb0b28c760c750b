/** Averaging of a model's weights, `torch.optim.swa_utils`: `new nn.swaUtils.AveragedModel(model)`. */
export { AveragedModel, type AveragedModelOptions } from './averaged-model.ts';
export {
  type AvgFn,
  type EmaOptions,
  getEmaAvgFn,
  getEmaMultiAvgFn,
  getSwaAvgFn,
  getSwaMultiAvgFn,
  type MultiAvgFn,
} from './averages.ts';
export { type Batch, type UpdateBnOptions, updateBn } from './update-bn.ts';
