/** Losses that PyTorch has not, as functions. */

export { type AsymmetricLossOptions, asymmetricLoss } from './asymmetric.ts';
export { type InfoNCELossOptions, infoNceLoss, type SupConLossOptions, supConLoss } from './contrastive.ts';
export { type EMDLossOptions, emdLoss } from './earth-mover.ts';
export {
  type FocalLossOptions,
  focalLoss,
  type SigmoidFocalLossOptions,
  sigmoidFocalLoss,
} from './focal.ts';
export {
  type BinnedHuberLossOptions,
  binnedHuberLoss,
  type FractionalHuberLossOptions,
  fractionalHuberLoss,
} from './huber.ts';
export {
  type ArcFaceLossOptions,
  arcFaceLoss,
  type CosFaceLossOptions,
  cosFaceLoss,
} from './margin-softmax.ts';
export {
  type DiceLossOptions,
  diceLoss,
  type FocalTverskyLossOptions,
  focalTverskyLoss,
  jaccardLoss,
  type OverlapLossOptions,
  type TverskyLossOptions,
  tverskyLoss,
} from './overlap.ts';
export {
  type CharbonnierLossOptions,
  charbonnierLoss,
  logCoshLoss,
  quantileLoss,
} from './regression.ts';
export {
  type AdaptiveWingLossOptions,
  adaptiveWingLoss,
  type WingLossOptions,
  wingLoss,
} from './wing.ts';
