/** Ways to fill a tensor before training: `torch.nn.init`, with its names, defaults and random numbers. */

export {
  calculateGain,
  type FanMode,
  type KaimingOptions,
  kaimingNormal_,
  kaimingUniform_,
  type Nonlinearity,
  type XavierOptions,
  xavierNormal_,
  xavierUniform_,
} from './init/fans.ts';
export { constant_, dirac_, eye_, normal_, ones_, uniform_, zeros_ } from './init/fills.ts';
export { type OrthogonalOptions, orthogonal_, type SparseOptions, sparse_ } from './init/matrices.ts';
export { type TruncNormalOptions, truncNormal_ } from './init/trunc-normal.ts';
