import { arange, cat, rand, randint, randn, stack, type Tensor, tensor, where } from '@kindling/core';
import type * as nn from '@kindling/nn';
import { type PairLoss, share, smallModel, type Task, task } from './task.ts';

interface Labelled {
  readonly x: Tensor;
  /** int32 */
  readonly y: Tensor;
}

/** A point in the plane on the ring of each number: 0 is the innermost. */
export function pointsOn(ring: Tensor): Tensor {
  const angle = rand(ring.shape).mul(2 * Math.PI);
  const radius = ring.float().add(0.5).add(randn(ring.shape).mul(0.1));
  return stack([angle.cos().mul(radius), angle.sin().mul(radius)], 1);
}

/** Points on `count` concentric rings: no line separates them. */
export function rings(count: number, n: number): Labelled {
  const y = randint(0, count, [n], { dtype: 'int32' });
  return { x: pointsOn(y), y };
}

/** Two rings. `targetOf` makes the loss's target of 0 and 1, `output` its input of the model's logit. */
export function binary(
  loss: PairLoss,
  targetOf: (y: Tensor) => Tensor = (y) => y.float(),
  output: (logit: Tensor) => Tensor = (logit) => logit,
): Task {
  const train = rings(2, 256);
  const test = rings(2, 256);
  const target = targetOf(train.y);
  const model = smallModel(2, 1);
  const logit = (x: Tensor): Tensor => model(x).squeeze(1);
  return task('accuracy on two rings', 0.97, model, {
    loss: () => loss(output(logit(train.x)), target),
    score: () => share(logit(test.x).gt(0).eq(test.y.bool())),
  });
}

/** Three rings. */
export const multiClass = (loss: PairLoss, output: (logits: Tensor) => Tensor = (logits) => logits): Task =>
  multiClassWithin(
    3,
    [],
    (logits, y) => loss(output(logits), y),
    (logits) => logits.argmax(1),
  );

/**
 * Three rings, told apart by a layer that belongs to the loss and has the parameters `own`. `predict` finds the classes
 * of its inputs.
 */
export function multiClassWithin(
  features: number,
  own: readonly nn.Parameter[],
  loss: PairLoss,
  predict: (features: Tensor) => Tensor,
): Task {
  const train = rings(3, 384);
  const test = rings(3, 256);
  const model = smallModel(2, features);
  return task('accuracy on three rings', 0.97, [...model.parameters(), ...own], {
    loss: () => loss(model(train.x), train.y),
    score: () => share(predict(model(test.x)).eq(test.y)),
  });
}

/** Many classes, of which the first are the most frequent. */
export function manyClasses(lossFn: nn.AdaptiveLogSoftmaxWithLoss): Task {
  const { nClasses, inFeatures } = lossFn;
  const centres = randn([nClasses, inFeatures]).mul(2);
  const draw = (n: number): Labelled => {
    const y = rand([n]).square().mul(nClasses).floor().int();
    return { x: centres.indexSelect(0, y).add(randn([n, inFeatures]).mul(0.3)), y };
  };
  const train = draw(384);
  const test = draw(256);
  return task(`accuracy among ${nClasses} classes`, 0.95, lossFn, {
    loss: () => lossFn(train.x, train.y).loss,
    score: () => share(lossFn.predict(test.x).eq(test.y)),
  });
}

/** Which of four half planes a point lies in: any number of them. */
const halfPlanes = (x: Tensor): Tensor =>
  x
    .matmul(
      tensor([
        [1, 0, 0.7, -0.7],
        [0, 1, 0.7, 0.7],
      ]),
    )
    .add(tensor([0.2, -0.3, 0.5, 0]))
    .gt(0);

/** Four labels, each on its own. `targetOf` makes the loss's target of the bools. */
export function multiLabel(
  loss: PairLoss,
  targetOf: (labels: Tensor) => Tensor = (labels) => labels.float(),
): Task {
  const train = randn([256, 2]);
  const test = randn([256, 2]);
  const target = targetOf(halfPlanes(train));
  const model = smallModel(2, 4);
  return task('accuracy of four labels', 0.95, model, {
    loss: () => loss(model(train), target),
    score: () => share(model(test).gt(0).eq(halfPlanes(test))),
  });
}

/** Labels as MultiLabelMarginLoss has them: the classes that apply, then -1. */
export function asClassLists(labels: Tensor): Tensor {
  const count = labels.shape[1]!;
  const ordered = where(labels, arange(count, { dtype: 'int32' }), count).sort(1).values;
  return where(ordered.lt(count), ordered, -1);
}

/** Four labels by their rank: those that apply must score above those that do not. */
export function ranked(loss: PairLoss): Task {
  const train = randn([256, 2]);
  const test = randn([256, 2]);
  const target = asClassLists(halfPlanes(train));
  const truth = halfPlanes(test);
  const model = smallModel(2, 4);
  return task('labels ranked rightly', 0.95, model, {
    loss: () => loss(model(train), target),
    score() {
      const scores = model(test);
      const pairs = truth.unsqueeze(2).logicalAnd(truth.unsqueeze(1).logicalNot());
      const right = scores.unsqueeze(2).gt(scores.unsqueeze(1)).logicalAnd(pairs);
      return right.sum().item() / pairs.sum().item();
    },
  });
}

/** Five ordered classes: how far out a point lies. */
export function ordered(loss: PairLoss): Task {
  const train = rings(5, 512);
  const test = rings(5, 256);
  const withRadius = (x: Tensor): Tensor => cat([x, x.square().sum(1, { keepdim: true }).sqrt()], 1);
  const model = smallModel(3, 5);
  return task('accuracy on five ordered rings', 0.95, model, {
    loss: () => loss(model(withRadius(train.x)), train.y),
    score: () => share(model(withRadius(test.x)).argmax(1).eq(test.y)),
  });
}
