/** Losses that PyTorch has not, as classes. */

export { AsymmetricLoss, type AsymmetricOptions, EMDLoss, type EMDOptions } from './classification.ts';
export { InfoNCELoss, type InfoNCEOptions, SupConLoss, type SupConOptions } from './contrastive.ts';
export { FocalLoss, type FocalOptions, SigmoidFocalLoss, type SigmoidFocalOptions } from './focal.ts';
export {
  BinnedHuberLoss,
  type BinnedHuberOptions,
  FractionalHuberLoss,
  type FractionalHuberOptions,
} from './huber.ts';
export {
  ArcFaceLoss,
  type ArcFaceOptions,
  CosFaceLoss,
  type CosFaceOptions,
} from './margin-softmax.ts';
export { DiceLoss, FocalTverskyLoss, JaccardLoss, TverskyLoss } from './overlap.ts';
export {
  AdaptiveWingLoss,
  type AdaptiveWingOptions,
  CharbonnierLoss,
  type CharbonnierOptions,
  LogCoshLoss,
  QuantileLoss,
  WingLoss,
  type WingOptions,
} from './regression.ts';
