import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as C from './classification.ts';
import * as M from './embedding.ts';
import * as R from './regression.ts';
import * as S from './structured.ts';
import type { Task } from './task.ts';

const { F } = nn;

const plusMinus = (y: Tensor): Tensor => y.float().mul(2).sub(1);
const near = (limit: number) => (a: Tensor, b: Tensor) => M.distance(a, b).lt(limit);
const levels = [0.1, 0.5, 0.9];

/** A task for every loss class of the library. */
export const runs: Readonly<Record<string, () => Task>> = {
  // Regression
  L1Loss: () => R.fit(new nn.L1Loss()),
  MSELoss: () => R.fit(new nn.MSELoss()),
  SmoothL1Loss: () => R.fit(new nn.SmoothL1Loss()),
  HuberLoss: () => R.fit(new nn.HuberLoss()),
  LogCoshLoss: () => R.fit(new nn.LogCoshLoss()),
  CharbonnierLoss: () => R.fit(new nn.CharbonnierLoss()),
  WingLoss: () => R.fit(new nn.WingLoss({ omega: 1, epsilon: 0.5 })),
  AdaptiveWingLoss: () => R.heatmap(new nn.AdaptiveWingLoss()),
  FractionalHuberLoss: () => R.energies(new nn.FractionalHuberLoss({ delta: 0.1 })),
  BinnedHuberLoss: () => R.energies(new nn.BinnedHuberLoss([10, 50], { fractional: true })),
  QuantileLoss: () => R.quantiles(levels, new nn.QuantileLoss(levels)),
  GaussianNLLLoss: () => R.noise(new nn.GaussianNLLLoss()),
  PoissonNLLLoss: () => R.counts(new nn.PoissonNLLLoss()),
  // Yes or no
  BCELoss: () => C.binary(new nn.BCELoss(), undefined, (logit) => logit.sigmoid()),
  BCEWithLogitsLoss: () => C.binary(new nn.BCEWithLogitsLoss()),
  SoftMarginLoss: () => C.binary(new nn.SoftMarginLoss(), plusMinus),
  SigmoidFocalLoss: () => C.binary(new nn.SigmoidFocalLoss()),
  MultiLabelSoftMarginLoss: () => C.multiLabel(new nn.MultiLabelSoftMarginLoss()),
  AsymmetricLoss: () => C.multiLabel(new nn.AsymmetricLoss({ gammaNeg: 1, gammaPos: 0 })),
  MultiLabelMarginLoss: () => C.ranked(new nn.MultiLabelMarginLoss()),
  // One of several classes
  CrossEntropyLoss: () => C.multiClass(new nn.CrossEntropyLoss()),
  NLLLoss: () => C.multiClass(new nn.NLLLoss(), (logits) => logits.logSoftmax(1)),
  FocalLoss: () => C.multiClass(new nn.FocalLoss()),
  MultiMarginLoss: () => C.multiClass(new nn.MultiMarginLoss()),
  LinearCrossEntropyLoss() {
    const lossFn = new nn.LinearCrossEntropyLoss(8, 3, { bias: true });
    return C.multiClassWithin(8, lossFn.parameters(), lossFn, (x) => lossFn.linear(x).argmax(1));
  },
  ArcFaceLoss() {
    const lossFn = new nn.ArcFaceLoss(8, 3, { scale: 16, margin: 0.3 });
    return C.multiClassWithin(8, lossFn.parameters(), lossFn, (x) => lossFn.cosine(x).argmax(1));
  },
  CosFaceLoss() {
    const lossFn = new nn.CosFaceLoss(8, 3, { scale: 16 });
    return C.multiClassWithin(8, lossFn.parameters(), lossFn, (x) => lossFn.cosine(x).argmax(1));
  },
  AdaptiveLogSoftmaxWithLoss: () =>
    C.manyClasses(new nn.AdaptiveLogSoftmaxWithLoss(16, 24, [4, 12], { divValue: 2 })),
  KLDivLoss() {
    const lossFn = new nn.KLDivLoss({ reduction: 'batchmean' });
    return R.distribution((logits, target) => lossFn(logits.logSoftmax(1), target));
  },
  EMDLoss: () => C.ordered(new nn.EMDLoss()),
  // Embeddings and ranks
  MarginRankingLoss: () => M.ranking(new nn.MarginRankingLoss({ margin: 0.5 })),
  HingeEmbeddingLoss() {
    const lossFn = new nn.HingeEmbeddingLoss({ margin: 2 });
    return M.pairs((a, b, y) => lossFn(M.distance(a, b), y), near(1));
  },
  CosineEmbeddingLoss() {
    const same = (a: Tensor, b: Tensor): Tensor => F.cosineSimilarity(a, b).gt(0.5);
    return M.pairs(new nn.CosineEmbeddingLoss(), same);
  },
  TripletMarginLoss: () => M.closer(new nn.TripletMarginLoss()),
  TripletMarginWithDistanceLoss() {
    const distanceFunction = (a: Tensor, b: Tensor): Tensor => F.cosineSimilarity(a, b).neg().add(1);
    return M.closer(new nn.TripletMarginWithDistanceLoss({ distanceFunction }));
  },
  InfoNCELoss: () => M.views(new nn.InfoNCELoss({ symmetric: true })),
  SupConLoss: () => M.gathered(new nn.SupConLoss({ temperature: 0.2 })),
  // Sequences and regions
  CTCLoss: () => S.reading(new nn.CTCLoss()),
  DiceLoss: () => S.segmentation(new nn.DiceLoss()),
  TverskyLoss: () => S.segmentation(new nn.TverskyLoss()),
  FocalTverskyLoss: () => S.segmentation(new nn.FocalTverskyLoss()),
  JaccardLoss: () => S.segmentation(new nn.JaccardLoss()),
};

/** What has no run of its own: bases, and PyTorch's old name of NLLLoss. */
const notRun: ReadonlySet<string> = new Set(['Loss', 'WeightedLoss', 'NLLLoss2d']);

/** The loss classes of the library that have no run: there should be none. */
export const missing = (): string[] =>
  Object.keys(nn).filter(
    (name) => /^[A-Z].*Loss(2d)?$/.test(name) && !notRun.has(name) && !Object.hasOwn(runs, name),
  );
