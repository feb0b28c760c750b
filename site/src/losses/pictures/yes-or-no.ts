import { fullLike, stack } from '@kindling/core';
import { F } from '@kindling/nn';
import { choice, slider, toggle } from './controls.ts';
import { column, line, rows, yesNo } from './models.ts';
import { over, picture } from './picture.ts';
import { ofTarget } from './target.ts';

const none = { reduction: 'none' } as const;
const axis = over('logit', -6, 6);
const target = slider('target', 1, 0, 1, 0.1);
const says = 'One logit, for the target that is set below: 1 is yes, 0 is no.';

/** Losses of logits and targets in [0, 1]. */
const ofLogits = ofTarget({ axis, target, says, points: yesNo });

/** Pictures of losses of yes or no. */
export const yesOrNoPictures = {
  BCEWithLogitsLoss: ofLogits({ posWeight: slider('posWeight', 1, 0.1, 5, 0.1) }, (x, y, { posWeight }) =>
    F.binaryCrossEntropyWithLogits(x, y, { posWeight: column([posWeight]), ...none }),
  ),
  BCELoss: picture({
    axis: over('probability', 0.005, 0.995),
    controls: { target },
    says: 'One probability, for the target that is set below. The gradient grows without bound toward the wrong end.',
    loss: (x, { target: y }) => F.binaryCrossEntropy(x, fullLike(x, y), none),
    landscape: () => line((z, y) => F.binaryCrossEntropy(z.sigmoid(), y, none), yesNo),
  }),
  SigmoidFocalLoss: ofLogits(
    { alpha: slider('alpha', 0.25, 0, 1, 0.05), gamma: slider('gamma', 2, 0, 5, 0.5) },
    (x, y, { alpha, gamma }) => F.sigmoidFocalLoss(x, y, { alpha, gamma, ...none }),
  ),
  AsymmetricLoss: ofLogits(
    {
      gammaNeg: slider('gammaNeg', 4, 0, 6, 0.5),
      gammaPos: slider('gammaPos', 1, 0, 6, 0.5),
      clip: slider('clip', 0.05, 0, 0.5, 0.05),
    },
    (x, y, { gammaNeg, gammaPos, clip }) => F.asymmetricLoss(x, y, { gammaNeg, gammaPos, clip, ...none }),
  ),
  SoftMarginLoss: picture({
    axis,
    controls: { target: choice('target', ['1', '-1']) },
    says: 'One score, for the sign that is set below.',
    loss: (x, { target: sign }) => F.softMarginLoss(x, fullLike(x, Number(sign)), none),
    landscape: () => line((z, y) => F.softMarginLoss(z, y.mul(2).sub(1), none), yesNo),
  }),
  MultiLabelSoftMarginLoss: picture({
    axis: over('logit of label 0', -6, 6),
    controls: {
      target: slider('target of label 0', 1, 0, 1, 0.1),
      other: slider('logit of label 1, which does not apply', -1, -6, 6, 0.5),
    },
    says: 'The logit of the first of two labels. The loss of the sample is the mean over both, so the other label lifts the curve and does not bend it.',
    loss: (x, { target: y, other }) =>
      F.multilabelSoftMarginLoss(stack([x, fullLike(x, other)], 1), rows([y, 0], x), none),
    landscape: ({ target: y }) => ({
      axes: [over('logit of label 0', -6, 6), over('logit of label 1', -6, 6)],
      start: [-5, 5],
      rate: 5,
      says: 'The logits of two labels, of which the first has the target above, and the second does not apply. Each finds its way by itself: how fast the one goes does not depend on the other.',
      loss: (first, second) =>
        F.multilabelSoftMarginLoss(stack([first, second], 1), rows([y, 0], first), none),
    }),
  }),
  MultiLabelMarginLoss: picture({
    axis: over('score of label 0', -4, 4),
    controls: {
      applies: toggle('label 0 applies', true),
      first: slider('score of label 1, which applies', 1, -3, 3, 0.1),
      second: slider('score of label 2, which does not', 0, -3, 3, 0.1),
    },
    says: 'The score of the first of three labels. Each kink is where it keeps the margin of 1 to another.',
    loss: (x, { applies, first, second }) =>
      F.multilabelMarginLoss(
        stack([x, fullLike(x, first), fullLike(x, second)], 1),
        rows(applies ? [0, 1, -1] : [1, -1, -1], x).to('int32'),
        none,
      ),
    landscape: ({ applies, second }) => ({
      axes: [over('score of label 0', -4, 4), over('score of label 1', -4, 4)],
      start: [-3, -2],
      rate: 0.3,
      says: 'The scores of two of three labels; the second applies, and the first as it says above. Each facet is a set of pairs that miss the margin; in the flat part none does.',
      loss: (zero, one) =>
        F.multilabelMarginLoss(
          stack([zero, one, fullLike(zero, second)], 1),
          rows(applies ? [0, 1, -1] : [1, -1, -1], zero).to('int32'),
          none,
        ),
    }),
  }),
} as const;
