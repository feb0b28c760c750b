/** Ways to fill a tensor before training: `torch.nn.init`, with its names, defaults and random numbers. */

export { constant_, dirac_, eye_, normal_, ones_, uniform_, zeros_ } from './init/fills.ts';
export {
  calculateGain,
  type FanMode,
  kaimingNormal_,
  type KaimingOptions,
  kaimingUniform_,
  type Nonlinearity,
  xavierNormal_,
  type XavierOptions,
  xavierUniform_,
} from './init/fans.ts';
export { type OrthogonalOptions, orthogonal_, type SparseOptions, sparse_ } from './init/matrices.ts';
export { truncNormal_, type TruncNormalOptions } from './init/trunc-normal.ts';
