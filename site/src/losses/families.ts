import type { LossName } from './names.ts';

/** Losses that are alternatives to one another. */
interface Family {
  readonly title: string;
  readonly losses: readonly LossName[];
}

/** The order in which the losses are shown: in the sidebar, the gallery, and from page to page. */
export const families: readonly Family[] = [
  { title: 'Numbers', losses: ['MSELoss', 'L1Loss', 'HuberLoss', 'SmoothL1Loss'] },
  {
    title: 'Numbers, for a purpose',
    losses: [
      'LogCoshLoss',
      'CharbonnierLoss',
      'QuantileLoss',
      'FractionalHuberLoss',
      'BinnedHuberLoss',
      'WingLoss',
      'AdaptiveWingLoss',
    ],
  },
  {
    title: 'Distributions',
    losses: ['GaussianNLLLoss', 'PoissonNLLLoss', 'KLDivLoss', 'EMDLoss'],
  },
  {
    title: 'Yes or no, one label or many',
    losses: [
      'BCEWithLogitsLoss',
      'BCELoss',
      'SigmoidFocalLoss',
      'SoftMarginLoss',
      'MultiLabelSoftMarginLoss',
      'MultiLabelMarginLoss',
      'AsymmetricLoss',
    ],
  },
  {
    title: 'One class of many',
    losses: [
      'CrossEntropyLoss',
      'NLLLoss',
      'NLLLoss2d',
      'FocalLoss',
      'MultiMarginLoss',
      'LinearCrossEntropyLoss',
      'AdaptiveLogSoftmaxWithLoss',
    ],
  },
  { title: 'Regions of images', losses: ['DiceLoss', 'JaccardLoss', 'TverskyLoss', 'FocalTverskyLoss'] },
  {
    title: 'Embeddings and rankings',
    losses: [
      'CosineEmbeddingLoss',
      'HingeEmbeddingLoss',
      'TripletMarginLoss',
      'TripletMarginWithDistanceLoss',
      'InfoNCELoss',
      'SupConLoss',
      'ArcFaceLoss',
      'CosFaceLoss',
      'MarginRankingLoss',
    ],
  },
  { title: 'Sequences', losses: ['CTCLoss'] },
];

/** Every loss, in that order. */
export const lossNames: readonly LossName[] = families.flatMap(({ losses }) => losses);
