/** The types of functions and classes: nn has them, and F. */

// From here on test/faces.test.ts writes, and holds, what stands here.

// biome-ignore format: lists
export type {
  AlphaInplaceOptions, GeluOptions, GumbelSoftmaxOptions, HardtanhOptions, InplaceOptions,
  LeakyReluOptions, PReLUOptions, RReLUOptions, RreluOptions, ShrinkOptions, SoftmaxOptions,
  SoftplusOptions,
} from './activations/index.ts';
// biome-ignore format: lists
export type {
  AdaptiveMaxPoolModuleOptions, AdaptiveMaxPoolOptions, AffineGridOptions, AttentionOptions,
  AvgPool1dOptions, AvgPoolOptions, BagOptions, BagsFromPretrainedOptions, CosineSimilarityOptions,
  DecoderCall, EncoderCall, EncoderLayerCall, EncoderOptions, FoldOptions, FractionalMaxPoolModuleOptions,
  FractionalMaxPoolOptions, FromPretrainedOptions, GridSampleOptions, InterpolateOptions,
  InterpolationMode, LayerOptions, LinearOptions, LocalResponseNormOptions, LPPoolOptions, LSTMOptions,
  MaxPoolModuleOptions, MaxPoolOptions, MultiheadAttentionCall, MultiheadAttentionOptions,
  NormalizeOptions, OutputSize, OutputSizeOptions, PaddingMode, PairwiseDistanceOptions, Pooled,
  RecurrentCellOptions, RecurrentOptions, RMSNormOptions, RmsNormOptions, RNNCellOptions, RNNOptions,
  Sequence, StackOptions, TransformerCall, TransformerLayerOptions, TransformerOptions, UpsampleOptions,
  UpsamplingOptions,
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
