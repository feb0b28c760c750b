import { fullLike, stack, type Tensor, zerosLike } from '@kindling/core';
import { F } from '@kindling/nn';
import { slider, toggle } from './controls.ts';
import { column, rows, threeLogits } from './models.ts';
import { over, picture } from './picture.ts';

const none = { reduction: 'none' } as const;
const measured = column([0.2, 0.9, 1.4, 1.1, 2.3, 0.6, 1.8, 1.2]);

/** Logits (P, `classes`) of which the first is x, and the others are 0. */
const firstLogit = (x: Tensor, classes: number): Tensor =>
  stack([x, ...Array.from({ length: classes - 1 }, () => zerosLike(x))], 1);

const divergence = (logits: Tensor, share: number): Tensor =>
  F.klDiv(logits.logSoftmax(1), rows([share, (1 - share) / 2, (1 - share) / 2], logits), none).sum(1);

/** Pictures of losses of distributions. */
export const distributionPictures = {
  GaussianNLLLoss: picture({
    axis: over('predicted mean', -4, 4),
    controls: {
      target: slider('target', 0, -3, 3, 0.1),
      variance: slider('variance', 1, 0.05, 4, 0.05),
      full: toggle('full (with the constant)'),
    },
    says: 'One mean, for the target and the variance that are set below. A small variance makes a narrow valley that lies lower.',
    loss: (x, { target, variance, full }) =>
      F.gaussianNllLoss(x, fullLike(x, target), fullLike(x, variance), { full, ...none }),
    landscape: () => ({
      axes: [over('mean', -1, 4), over('logarithm of the variance', -3, 3)],
      start: [3.5, 2.5],
      rate: 0.3,
      says: 'One mean and one variance for eight measurements. The lowest point is at their mean and their variance: first the mean is found, then the variance shrinks to what the errors allow.',
      loss(mean, logVariance) {
        const m = mean.unsqueeze(1).mul(fullLike(measured, 1));
        const v = logVariance.exp().unsqueeze(1).mul(fullLike(measured, 1));
        return F.gaussianNllLoss(m, measured.expand(m.shape), v, none).mean(1);
      },
    }),
  }),
  KLDivLoss: picture({
    axis: over('logit of class 0', -6, 6),
    controls: { share: slider('target probability of class 0', 0.6, 0.05, 0.95, 0.05) },
    says: 'The logit of class 0, those of two others being 0, behind a log-softmax. The target gives class 0 the probability below and shares the rest. The lowest point is 0 only where the three can agree with it.',
    loss: (x, { share }) => divergence(firstLogit(x, 3), share),
    landscape: ({ share }) =>
      threeLogits(
        (logits) => divergence(logits, share),
        'The logits of two of three classes; that of the third is 0.',
      ),
  }),
  EMDLoss: picture({
    axis: over('logit of class 0', -6, 6),
    controls: { target: slider('class of the target', 0, 0, 4, 1), power: slider('power', 2, 1, 4, 0.5) },
    says: 'The logit of the first of five classes on a scale, the others being 0. The farther the target is from class 0, the more it costs to put probability there.',
    loss: (x, { target, power }) =>
      F.emdLoss(firstLogit(x, 5), fullLike(x, target, { dtype: 'int32' }), { power, ...none }),
    landscape: ({ power }) =>
      threeLogits(
        (logits) => F.emdLoss(logits, rows([1, 0, 0], logits), { power, ...none }),
        'The logits of the first two of three classes on a scale, of which the first is right. Toward class 1 the slope is gentle: that is near. To favour class 2 costs most.',
      ),
  }),
} as const;
