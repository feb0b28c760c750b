import { arange, fullLike, noGrad, stack, type Tensor } from '@kindling/core';
import { AdaptiveLogSoftmaxWithLoss, F } from '@kindling/nn';
import { choice, slider } from './controls.ts';
import { column, line, twoClasses, yesNo } from './models.ts';
import { over, picture } from './picture.ts';

const none = { reduction: 'none' } as const;
const axis = over('logit of class 0', -6, 6);
const says = 'The logit of the first of three classes; the other two are set below.';
const three = ['0', '1', '2'] as const;
const controls = {
  target: choice('right class', three),
  second: slider('logit of class 1', 1, -4, 4, 0.5),
  third: slider('logit of class 2', 0, -4, 4, 0.5),
};
const weight = slider('weight of class 0', 1, 0, 4, 0.1);

type Others = { readonly second: number; readonly third: number };
const logitsOf = (x: Tensor, { second, third }: Others): Tensor =>
  stack([x, fullLike(x, second), fullLike(x, third)], 1);
const classOf = (x: Tensor, target: string | number): Tensor =>
  fullLike(x, Number(target), { dtype: 'int32' });
const ints = (y: Tensor): Tensor => y.to('int32');

/** The last layer and its loss, with weights that are always the same, made when it is first asked for. */
let adaptive: AdaptiveLogSoftmaxWithLoss | undefined;
function adaptiveLayer(): AdaptiveLogSoftmaxWithLoss {
  if (adaptive) return adaptive;
  adaptive = new AdaptiveLogSoftmaxWithLoss(4, 20, [5, 10], { reduction: 'none' }).double();
  const parameters = [...adaptive.parameters()];
  noGrad(() => {
    for (const p of parameters)
      p.copy_(arange(p.count, { dtype: 'float64' }).mul(1.7).sin().reshape(p.shape));
  });
  return adaptive;
}

/** Pictures of losses of classes. */
export const classPictures = {
  CrossEntropyLoss: picture({
    axis,
    controls: { ...controls, labelSmoothing: slider('labelSmoothing', 0, 0, 0.5, 0.05), weight },
    says: `${says} With smoothing there is a lowest point, since being too sure costs again.`,
    loss: (x, { target, labelSmoothing, weight: w, ...others }) =>
      F.crossEntropy(logitsOf(x, others), classOf(x, target), {
        labelSmoothing,
        weight: column([w, 1, 1]),
        ...none,
      }),
    landscape: ({ labelSmoothing }) =>
      line((z, y) => F.crossEntropy(twoClasses(z), ints(y), { labelSmoothing, ...none }), yesNo),
  }),
  NLLLoss: picture({
    axis: over('log-probability of the right class', -6, 0),
    controls: { weight: slider('weight of the class', 1, 0, 4, 0.1) },
    says: 'The log-probability that the model gives the right class. The loss is a line: all that bends is in the log-softmax before it.',
    loss: (x, { weight: w }) =>
      F.nllLoss(stack([x, fullLike(x, -1)], 1), classOf(x, 0), { weight: column([w, 1]), ...none }),
    landscape: () => line((z, y) => F.nllLoss(twoClasses(z).logSoftmax(1), ints(y), none), yesNo),
  }),
  NLLLoss2d: picture({
    axis: over('log-probability of the right class of a pixel', -6, 0),
    controls: { weight: slider('weight of the class', 1, 0, 4, 0.1) },
    says: 'One pixel of an image, and the log-probability of its right class.',
    // No landscape: it would be NLLLoss' again, pixels being samples.
    loss: (x, { weight: w }) =>
      F.nllLoss(stack([x, fullLike(x, -1)], 1).reshape([-1, 2, 1, 1]), classOf(x, 0).reshape([-1, 1, 1]), {
        weight: column([w, 1]),
        ...none,
      }).flatten(),
  }),
  FocalLoss: picture({
    axis,
    controls: { ...controls, gamma: slider('gamma', 2, 0, 5, 0.5), weight },
    says,
    loss: (x, { target, gamma, weight: w, ...others }) =>
      F.focalLoss(logitsOf(x, others), classOf(x, target), { gamma, weight: column([w, 1, 1]), ...none }),
    landscape: ({ gamma }) => line((z, y) => F.focalLoss(twoClasses(z), ints(y), { gamma, ...none }), yesNo),
  }),
  MultiMarginLoss: picture({
    axis: over('score of class 0', -4, 6),
    controls: { ...controls, p: choice('p', ['1', '2']), margin: slider('margin', 1, 0.1, 3, 0.1) },
    says: 'The score of the first of three classes; the other two are set below. Beyond the margin there is nothing more to gain.',
    loss: (x, { target, p, margin, ...others }) =>
      F.multiMarginLoss(logitsOf(x, others), classOf(x, target), { p: Number(p), margin, ...none }),
    landscape: ({ p, margin }) =>
      line((z, y) => {
        const [pairs, samples] = [z.flatten(), y.flatten()];
        const options = { p: Number(p), margin, ...none };
        return F.multiMarginLoss(twoClasses(pairs), ints(samples), options).reshape(z.shape);
      }, yesNo),
  }),
  LinearCrossEntropyLoss: picture({
    axis: over('feature', -4, 4),
    controls: {
      target: choice('right class', three),
      first: slider('weight of class 0', 1, -2, 2, 0.1),
      second: slider('weight of class 1', 0, -2, 2, 0.1),
      third: slider('weight of class 2', -1, -2, 2, 0.1),
      labelSmoothing: slider('labelSmoothing', 0, 0, 0.5, 0.05),
    },
    says: 'The only feature of a sample, of which the last layer makes three logits by the weights below.',
    loss: (x, { target, first, second, third, labelSmoothing }) =>
      F.linearCrossEntropy(x.unsqueeze(1), column([first, second, third]).unsqueeze(1), classOf(x, target), {
        labelSmoothing,
        ...none,
      }),
    landscape: () => line((z, y) => F.crossEntropy(twoClasses(z), ints(y), none), yesNo),
  }),
  AdaptiveLogSoftmaxWithLoss: picture({
    axis: over('size of the features', -4, 4),
    controls: { target: slider('right class', 2, 0, 19, 1) },
    says: 'A layer of 20 classes with cutoffs at 5 and 10, and four features that grow together. Classes 0 to 4 are in the head, 5 to 9 in the first cluster, 10 to 19 in the second.',
    // No landscape: what it has of its own are its clusters, and two weights of its many matrices show none of them.
    loss(x, { target }) {
      const features = x.unsqueeze(1).mul(column([0.9, -0.4, 0.5, 0.7]));
      return adaptiveLayer()(features, classOf(x, target)).loss;
    },
  }),
} as const;
