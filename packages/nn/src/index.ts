/** Layers, activations, losses and initialisation: `torch.nn`. */

// biome-ignore format: written by test/faces.test.ts
export type {
  AlphaInplaceOptions, GeluOptions, GumbelSoftmaxOptions, HardtanhOptions, InplaceOptions,
  LeakyReluOptions, PReLUOptions, RReLUOptions, RreluOptions, ShrinkOptions, SoftmaxOptions,
  SoftplusOptions,
} from './activations/index.ts';
// biome-ignore format: written by test/faces.test.ts
export {
  CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid, LogSoftmax,
  Mish, PReLU, ReLU, ReLU6, RReLU, SELU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus, Softshrink,
  Softsign, Tanh, Tanhshrink, Threshold,
} from './activations/index.ts';
export { ModuleDict } from './containers/module-dict.ts';
export { ModuleList } from './containers/module-list.ts';
export { ParameterDict, ParameterList } from './containers/parameter-list.ts';
export { type NamedModules, Sequential } from './containers/sequential.ts';
export * as F from './functional/index.ts';
export * as functional from './functional/index.ts';
export * as init from './init/index.ts';
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormOptions,
} from './layers/batch-norm.ts';
export { Bilinear } from './layers/bilinear.ts';
export { CosineSimilarity, PairwiseDistance } from './layers/distance.ts';
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutOptions,
  FeatureAlphaDropout,
} from './layers/dropout.ts';
export { Embedding, type EmbeddingOptions, type FromPretrainedOptions } from './layers/embedding.ts';
export type { LayerOptions } from './layers/factory.ts';
export { Flatten, Unflatten } from './layers/flatten.ts';
export { Identity } from './layers/identity.ts';
export { LayerNorm, type LayerNormOptions, RMSNorm, type RMSNormOptions } from './layers/layer-norm.ts';
export { Linear, type LinearOptions } from './layers/linear.ts';
export * from './losses/index.ts';
export type { AnyModule } from './module/callable.ts';
export type { HookOptions, RemovableHandle } from './module/hooks.ts';
export { Module } from './module/module.ts';
export { Parameter, type ParameterOptions } from './module/parameter.ts';
export type { NamedOptions, StateNames } from './module/registry.ts';
export type {
  IncompatibleKeys,
  LoadStateDictOptions,
  StateDict,
  StateDictLike,
  StateDictOptions,
} from './module/state-dict.ts';
