/** Layers, activations, losses and initialisation: `torch.nn`. */

export * from './containers/index.ts';
export * as F from './functional.ts';
export * as functional from './functional.ts';
export * as init from './init/index.ts';
export { getInputChecks, type InputChecks, reduceLoss, setInputChecks } from './losses/index.ts';
export * from './module/index.ts';
export * from './summary/index.ts';
export * as swaUtils from './swa-utils/index.ts';
export type * from './types.ts';
export * as utils from './utils/index.ts';

// From here on test/faces.test.ts writes, and holds, what stands here.

// biome-ignore format: lists
export {
  CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSigmoid, LogSoftmax,
  Mish, PReLU, ReLU, ReLU6, RReLU, SELU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus, Softshrink,
  Softsign, Tanh, Tanhshrink, Threshold,
} from './activations/index.ts';
// biome-ignore format: lists
export type {
  BatchNormOptions, ConvOptions, ConvTransposeOptions, DropoutOptions, EmbeddingBagOptions,
  EmbeddingOptions, GroupNormOptions, InstanceNormOptions, LayerNormOptions, MaxUnpoolOptions,
} from './layers/index.ts';
// biome-ignore format: lists
export {
  AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d,
  AdaptiveMaxPool3d, AlphaDropout, AvgPool1d, AvgPool2d, AvgPool3d, BatchNorm1d, BatchNorm2d, BatchNorm3d,
  Bilinear, ChannelShuffle, CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d,
  ConstantPad3d, Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
  CosineSimilarity, Dropout, Dropout1d, Dropout2d, Dropout3d, Embedding, EmbeddingBag, FeatureAlphaDropout,
  Flatten, Fold, FractionalMaxPool2d, FractionalMaxPool3d, GRU, GRUCell, GroupNorm, Identity,
  InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, LazyBatchNorm1d, LazyBatchNorm2d,
  LazyBatchNorm3d, LazyConv1d, LazyConv2d, LazyConv3d, LazyConvTranspose1d, LazyConvTranspose2d,
  LazyConvTranspose3d, LazyInstanceNorm1d, LazyInstanceNorm2d, LazyInstanceNorm3d, LazyLinear, Linear,
  LocalResponseNorm, LPPool1d, LPPool2d, LPPool3d, LSTM, LSTMCell, MaxPool1d, MaxPool2d, MaxPool3d,
  MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, MultiheadAttention, PairwiseDistance, PixelShuffle,
  PixelUnshuffle, ReflectionPad1d, ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d,
  ReplicationPad3d, RMSNorm, RNN, RNNCell, Transformer, TransformerDecoder, TransformerDecoderLayer,
  TransformerEncoder, TransformerEncoderLayer, Unflatten, Unfold, Upsample, UpsamplingBilinear2d,
  UpsamplingNearest2d, ZeroPad1d, ZeroPad2d, ZeroPad3d,
} from './layers/index.ts';
// biome-ignore format: lists
export {
  AdaptiveLogSoftmaxWithLoss, AdaptiveWingLoss, ArcFaceLoss, AsymmetricLoss, BCELoss, BCEWithLogitsLoss,
  BinnedHuberLoss, CharbonnierLoss, CosFaceLoss, CosineEmbeddingLoss, CrossEntropyLoss, CTCLoss, DiceLoss,
  EMDLoss, FocalLoss, FocalTverskyLoss, FractionalHuberLoss, GaussianNLLLoss, HingeEmbeddingLoss,
  HuberLoss, InfoNCELoss, JaccardLoss, KLDivLoss, L1Loss, LinearCrossEntropyLoss, LogCoshLoss, Loss,
  MarginRankingLoss, MSELoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, NLLLoss,
  NLLLoss2d, PoissonNLLLoss, QuantileLoss, SigmoidFocalLoss, SmoothL1Loss, SoftMarginLoss, SupConLoss,
  TripletMarginLoss, TripletMarginWithDistanceLoss, TverskyLoss, WeightedLoss, WingLoss,
} from './losses/index.ts';
