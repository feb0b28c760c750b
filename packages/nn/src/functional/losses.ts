/** The losses of `torch.nn.functional`. */

export * from './losses/beyond/index.ts';
export * from './losses/binary.ts';
export * from './losses/cross-entropy.ts';
export * from './losses/ctc.ts';
export * from './losses/likelihood.ts';
export * from './losses/margin.ts';
export * from './losses/ranking.ts';
export {
  type LossOptions,
  type LossReduction,
  type ReduceLossOptions,
  reduceLoss,
  type SampleWeightOptions,
} from './losses/reduction.ts';
export * from './losses/regression.ts';
