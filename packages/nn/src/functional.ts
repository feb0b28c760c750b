/** The functions of `torch.nn.functional`, exported by `@kindling/nn` as `functional` and `F`. */
export { oneHot, pad } from '@kindling/core';
export { reduceLoss } from './losses/index.ts';

// From here on test/faces.test.ts writes, and holds, what stands here.

// biome-ignore format: lists
export type {
  AlphaInplaceOptions, GeluOptions, GumbelSoftmaxOptions, HardtanhOptions, InplaceOptions,
  LeakyReluOptions, PReLUOptions, RReLUOptions, RreluOptions, ShrinkOptions, SoftmaxOptions,
  SoftplusOptions,
} from './activations/index.ts';
// biome-ignore format: lists
export {
  celu, celu_, elu, elu_, gelu, glu, gumbelSoftmax, hardshrink, hardsigmoid, hardswish, hardtanh,
  hardtanh_, leakyRelu, leakyRelu_, logSigmoid, logSoftmax, logsigmoid, mish, prelu, relu, relu_, relu6,
  rrelu, rrelu_, selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink, softsign, tanh,
  tanhshrink, threshold, threshold_,
} from './activations/index.ts';
// biome-ignore format: lists
export type {
  AdaptiveMaxPoolModuleOptions, AdaptiveMaxPoolOptions, AffineGridOptions, AttentionOptions,
  AvgPool1dOptions, AvgPoolOptions, BagOptions, BatchNormFunctionOptions as BatchNormOptions,
  ConvFunctionOptions as ConvOptions, ConvTransposeFunctionOptions as ConvTransposeOptions,
  CosineSimilarityOptions, DecoderCall, DropoutFunctionOptions as DropoutOptions,
  EmbeddingBagFunctionOptions as EmbeddingBagOptions, EmbeddingFunctionOptions as EmbeddingOptions,
  EncoderCall, EncoderLayerCall, FoldOptions, FractionalMaxPoolModuleOptions, FractionalMaxPoolOptions,
  FromPretrainedOptions, GridSampleOptions, GroupNormFunctionOptions as GroupNormOptions,
  InstanceNormFunctionOptions as InstanceNormOptions, InterpolateOptions, InterpolationMode,
  LayerNormFunctionOptions as LayerNormOptions, LayerOptions, LinearOptions, LocalResponseNormOptions,
  LPPoolOptions, LSTMOptions, MaxPoolModuleOptions, MaxPoolOptions,
  MaxUnpoolFunctionOptions as MaxUnpoolOptions, MultiheadAttentionCall, MultiheadAttentionOptions,
  NormalizeOptions, OutputSize, OutputSizeOptions, PaddingMode, PairwiseDistanceOptions, Pooled,
  RecurrentCellOptions, RecurrentOptions, RMSNormOptions, RmsNormOptions, RNNCellOptions, RNNOptions,
  Sequence, StackOptions, TransformerCall, TransformerLayerOptions, TransformerOptions, UpsampleOptions,
  UpsamplingOptions,
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
export type {
  AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxResult, AdaptiveWingLossOptions, ArcFaceLossOptions,
  AsymmetricLossOptions, BCELossOptions, BCEWithLogitsLossOptions, BinnedHuberLossOptions,
  BinnedHuberOptions, CharbonnierLossOptions, CosFaceLossOptions, CrossEntropyLossOptions, CTCLossOptions,
  DiceLossOptions, DistanceFunction, EMDLossOptions, FocalLossOptions, FocalTverskyLossOptions,
  FractionalHuberLossOptions, GaussianNLLLossOptions, HuberLossOptions, InfoNCELossOptions,
  KLDivLossOptions, Lengths, LinearCrossEntropyLossOptions, LinearCrossEntropyOptions, LossModuleOptions,
  LossOptions, LossReduction, MarginLossOptions, MultiMarginLossOptions, NLLLossOptions,
  OverlapLossOptions, PoissonNLLLossOptions, ReduceLossOptions, SampleWeightOptions,
  SigmoidFocalLossOptions, SmoothL1LossOptions, SupConLossOptions, TripletMarginLossOptions,
  TripletMarginWithDistanceLossOptions, TverskyLossOptions, WeightedLossOptions, WeightedOptions,
  WingLossOptions,
} from './losses/index.ts';
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
