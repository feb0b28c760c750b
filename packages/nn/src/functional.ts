/** The functions of `torch.nn.functional`, exported by `@kindling/nn` as `functional` and `F`. */
export { oneHot, pad } from '@kindling/core';
export { reduceLoss } from './losses/index.ts';
export type * from './types.ts';

// From here on test/faces.test.ts writes, and holds, what stands here.

// biome-ignore format: lists
export {
  celu, celu_, elu, elu_, gelu, glu, gumbelSoftmax, hardshrink, hardsigmoid, hardswish, hardtanh,
  hardtanh_, leakyRelu, leakyRelu_, logSigmoid, logSoftmax, logsigmoid, mish, prelu, relu, relu_, relu6,
  rrelu, rrelu_, selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink, softsign, tanh,
  tanhshrink, threshold, threshold_,
} from './activations/index.ts';
// biome-ignore format: lists
export type {
  BatchNormFunctionOptions as BatchNormOptions, ConvFunctionOptions as ConvOptions,
  ConvTransposeFunctionOptions as ConvTransposeOptions, DropoutFunctionOptions as DropoutOptions,
  EmbeddingBagFunctionOptions as EmbeddingBagOptions, EmbeddingFunctionOptions as EmbeddingOptions,
  GroupNormFunctionOptions as GroupNormOptions, InstanceNormFunctionOptions as InstanceNormOptions,
  LayerNormFunctionOptions as LayerNormOptions, MaxUnpoolFunctionOptions as MaxUnpoolOptions,
} from './layers/index.ts';
// biome-ignore format: lists
export {
  adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d,
  adaptiveMaxPool3d, affineGrid, alphaDropout, avgPool1d, avgPool2d, avgPool3d, batchNorm, bilinear,
  channelShuffle, conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d,
  cosineSimilarity, dropout, dropout1d, dropout2d, dropout3d, embedding, embeddingBag, featureAlphaDropout,
  fold, fractionalMaxPool2d, fractionalMaxPool3d, gridSample, groupNorm, instanceNorm, interpolate,
  layerNorm, linear, localResponseNorm, lpPool1d, lpPool2d, lpPool3d, maxPool1d, maxPool2d, maxPool3d,
  maxUnpool1d, maxUnpool2d, maxUnpool3d, normalize, pairwiseDistance, pixelShuffle, pixelUnshuffle,
  rmsNorm, scaledDotProductAttention, unfold,
} from './layers/index.ts';
// biome-ignore format: lists
export {
  adaptiveWingLoss, arcFaceLoss, asymmetricLoss, binaryCrossEntropy, binaryCrossEntropyWithLogits,
  binnedHuberLoss, charbonnierLoss, cosFaceLoss, cosineEmbeddingLoss, crossEntropy, ctcLoss, diceLoss,
  emdLoss, focalLoss, focalTverskyLoss, fractionalHuberLoss, gaussianNllLoss, hingeEmbeddingLoss,
  huberLoss, infoNceLoss, jaccardLoss, klDiv, l1Loss, linearCrossEntropy, logCoshLoss, marginRankingLoss,
  mseLoss, multilabelMarginLoss, multilabelSoftMarginLoss, multiMarginLoss, nllLoss, poissonNllLoss,
  quantileLoss, sigmoidFocalLoss, smoothL1Loss, softMarginLoss, supConLoss, tripletMarginLoss,
  tripletMarginWithDistanceLoss, tverskyLoss, wingLoss,
} from './losses/index.ts';
