/** What is done to the parameters of a model as a whole, `torch.nn.utils`: `nn.utils.clipGradNorm_(...)`. */
export {
  type ClipGradNormOptions,
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
  parametersToVector,
  vectorToParameters,
} from '@kindling/core';
export * from './functional-call.ts';
export * from './fuse.ts';
export * as parametrize from './parametrize/index.ts';
export * as parametrizations from './parametrize/parametrizations.ts';
export * as rnn from './rnn.ts';
