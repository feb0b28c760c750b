/** The functions of `torch.nn.functional`, exported by `@kindling/nn` as `functional` and `F`. */
export { oneHot, pad } from '@kindling/core';
// biome-ignore format: written by test/faces.test.ts
export type {
  AlphaInplaceOptions, GeluOptions, GumbelSoftmaxOptions, HardtanhOptions, InplaceOptions,
  LeakyReluOptions, PReLUOptions, RReLUOptions, RreluOptions, ShrinkOptions, SoftmaxOptions,
  SoftplusOptions,
} from './activations/index.ts';
// biome-ignore format: written by test/faces.test.ts
export {
  celu, celu_, elu, elu_, gelu, glu, gumbelSoftmax, hardshrink, hardsigmoid, hardswish, hardtanh,
  hardtanh_, leakyRelu, leakyRelu_, logSigmoid, logSoftmax, mish, prelu, relu, relu_, relu6, rrelu, rrelu_,
  selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink, softsign, tanh, tanhshrink,
  threshold, threshold_,
} from './activations/index.ts';
