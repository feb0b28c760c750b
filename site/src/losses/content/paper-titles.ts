/**
 * What the papers of the losses beyond PyTorch are called; the table of the losses says who wrote them, when, and where
 * they are.
 */
import type { LossName } from '../names.ts';

const focal = 'Focal loss for dense object detection';

export const paperTitles: Readonly<Partial<Record<LossName, string>>> = {
  SigmoidFocalLoss: focal,
  FocalLoss: focal,
  DiceLoss: 'V-Net: fully convolutional neural networks for volumetric medical image segmentation',
  TverskyLoss: 'Tversky loss function for image segmentation using 3D fully convolutional deep networks',
  FocalTverskyLoss:
    'A novel focal Tversky loss function with improved attention U-Net for lesion segmentation',
  JaccardLoss: 'Optimizing intersection-over-union in deep neural networks for image segmentation',
  LogCoshLoss: 'Statistical properties of the log-cosh loss function used in machine learning',
  CharbonnierLoss: 'Two deterministic half-quadratic regularization algorithms for computed imaging',
  QuantileLoss: 'Regression quantiles',
  AsymmetricLoss: 'Asymmetric loss for multi-label classification',
  ArcFaceLoss: 'ArcFace: additive angular margin loss for deep face recognition',
  CosFaceLoss: 'CosFace: large margin cosine loss for deep face recognition',
  InfoNCELoss: 'Representation learning with contrastive predictive coding',
  SupConLoss: 'Supervised contrastive learning',
  EMDLoss: 'Squared earth mover’s distance-based loss for training deep neural networks',
  WingLoss: 'Wing loss for robust facial landmark localisation with convolutional neural networks',
  AdaptiveWingLoss: 'Adaptive wing loss for robust face alignment via heatmap regression',
  FractionalHuberLoss: 'Robust estimation of a location parameter',
};
