import { fullLike, stack } from '@kindling/core';
import { F } from '@kindling/nn';
import { slider, toggle } from './controls.ts';
import { column, counts, line, outlier, relative } from './models.ts';
import { over, picture } from './picture.ts';
import { ofTarget } from './target.ts';

const none = { reduction: 'none' } as const;
const edge = column([10]);
const target = slider('target', 0, -3, 3, 0.1);
const axis = over('prediction', -4, 4);
const says = 'One prediction for the target that is set below.';

const ofPair = ofTarget({ axis, target, says, points: outlier });

/** Pictures of losses of numbers. */
export const numberPictures = {
  MSELoss: ofPair({}, (x, y) => F.mseLoss(x, y, none)),
  L1Loss: ofPair({}, (x, y) => F.l1Loss(x, y, none)),
  SmoothL1Loss: ofPair({ beta: slider('beta', 1, 0, 3, 0.1) }, (x, y, { beta }) =>
    F.smoothL1Loss(x, y, { beta, ...none }),
  ),
  HuberLoss: ofPair({ delta: slider('delta', 1, 0.1, 3, 0.1) }, (x, y, { delta }) =>
    F.huberLoss(x, y, { delta, ...none }),
  ),
  LogCoshLoss: ofPair({}, (x, y) => F.logCoshLoss(x, y, none)),
  CharbonnierLoss: ofPair({ epsilon: slider('epsilon', 0.5, 0.001, 2, 0.001) }, (x, y, { epsilon }) =>
    F.charbonnierLoss(x, y, { epsilon, ...none }),
  ),
  // Where a prediction is too high the slope is a tenth, and steps of the others' rate would lead nowhere.
  QuantileLoss: ofPair(
    { quantile: slider('quantile', 0.9, 0.05, 0.95, 0.05) },
    (x, y, { quantile }) => F.quantileLoss(x, y, quantile, none),
    1,
  ),
  WingLoss: ofPair(
    { omega: slider('omega', 2, 0.5, 10, 0.5), epsilon: slider('epsilon', 0.5, 0.1, 3, 0.1) },
    (x, y, { omega, epsilon }) => F.wingLoss(x, y, { omega, epsilon, ...none }),
  ),
  AdaptiveWingLoss: picture({
    axis: over('predicted heat', -0.5, 1.5),
    controls: {
      target: slider('target', 1, 0, 1, 0.05),
      omega: slider('omega', 14, 1, 20, 1),
      theta: slider('theta', 0.5, 0.1, 1, 0.05),
      epsilon: slider('epsilon', 1, 0.2, 2, 0.1),
      alpha: slider('alpha', 2.1, 2.1, 4, 0.1),
    },
    says: 'One pixel of a heat map. With a target near 1 the curve is sharp, near 0 it is round.',
    loss: (x, { target: y, ...options }) => F.adaptiveWingLoss(x, fullLike(x, y), { ...options, ...none }),
    landscape: ({ target: _, ...options }) => ({
      axes: [over('heat of the landmark', -0.5, 1.5), over('heat beside it', -0.5, 1.5)],
      start: [-0.3, 1.3],
      rate: 0.01,
      says: 'The heat that is predicted for two pixels: that of a landmark, whose target is 1, and one beside it, whose target is 0. Toward the landmark the slope stays steep to the end, and small errors count; beside it the valley is round.',
      loss(landmark, beside) {
        const heat = stack([landmark, beside], 1);
        const wanted = column([1, 0]).expand(heat.shape);
        return F.adaptiveWingLoss(heat, wanted, { ...options, ...none }).mean(1);
      },
    }),
  }),
  FractionalHuberLoss: picture({
    axis: over('prediction', 0, 30),
    controls: { target: slider('target', 10, 1, 20, 1), delta: slider('delta', 0.5, 0.1, 2, 0.1) },
    says: 'One prediction for the target that is set below: the curve is as wide as the target is large.',
    loss: (x, { target: y, delta }) => F.fractionalHuberLoss(x, fullLike(x, y), { delta, ...none }),
    landscape: ({ delta }) => line((z, y) => F.fractionalHuberLoss(z, y, { delta, ...none }), relative),
  }),
  BinnedHuberLoss: picture({
    axis: over('prediction', 0, 20),
    controls: {
      target: slider('target', 6, 1, 19, 1),
      low: slider('threshold below 10', 1, 0.2, 6, 0.2),
      high: slider('threshold from 10', 4, 0.2, 6, 0.2),
      fractional: toggle('fractional'),
    },
    says: 'One prediction, with one edge at 10. Move the target across it, and the other threshold holds.',
    loss: (x, { target: y, low, high, fractional }) =>
      F.binnedHuberLoss(x, fullLike(x, y), edge, column([low, high]), { fractional, ...none }),
    landscape: ({ low, high, fractional }) =>
      line((z, y) => F.binnedHuberLoss(z, y, edge, column([low, high]), { fractional, ...none }), relative),
  }),
  PoissonNLLLoss: picture({
    axis: over('logarithm of the expected count', -2, 3.5),
    controls: { target: slider('count', 5, 0, 15, 1), full: toggle("full (with Stirling's term)") },
    says: 'The logarithm of the rate, for the count that is set below. The lowest point is at the logarithm of the count.',
    loss: (x, { target: y, full }) => F.poissonNllLoss(x, fullLike(x, y), { full, ...none }),
    landscape: ({ full }) => line((z, y) => F.poissonNllLoss(z, y, { full, ...none }), counts),
  }),
} as const;
