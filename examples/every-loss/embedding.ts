import { randint, randn, type Tensor, where } from '@kindling/core';
import * as nn from '@kindling/nn';
import { pointsOn, rings } from './classification.ts';
import { type PairLoss, share, smallModel, type Task, task } from './task.ts';

/** A loss of three tensors. */
type TripleLoss = (a: Tensor, b: Tensor, c: Tensor) => Tensor;

/** 1 where two samples belong together, else -1. */
const together = (a: Tensor, b: Tensor): Tensor => where(a.eq(b), 1, -1).float();

/** Learns to score samples so that of each pair the better scores higher. */
export function ranking(loss: TripleLoss): Task {
  const worth = (x: Tensor): Tensor => x.sin().sum(1);
  const draw = (): { a: Tensor; b: Tensor; y: Tensor } => {
    const a = randn([256, 2]);
    const b = randn([256, 2]);
    return { a, b, y: where(worth(a).gt(worth(b)), 1, -1).float() };
  };
  const train = draw();
  const test = draw();
  const model = smallModel(2, 1);
  const score = (x: Tensor): Tensor => model(x).squeeze(1);
  return task('pairs ranked rightly', 0.95, model, {
    loss: () => loss(score(train.a), score(train.b), train.y),
    score: () => share(score(test.a).sub(score(test.b)).mul(test.y).gt(0)),
  });
}

/**
 * Learns an embedding in which points of one ring are close; `same` says from two embeddings whether they
 * are.
 */
export function pairs(loss: TripleLoss, same: (a: Tensor, b: Tensor) => Tensor): Task {
  const draw = (n: number): { a: Tensor; b: Tensor; y: Tensor } => {
    const a = rings(3, n);
    const b = rings(3, n);
    return { a: a.x, b: b.x, y: together(a.y, b.y) };
  };
  const train = draw(512);
  const test = draw(256);
  const model = smallModel(2, 4);
  return task('pairs told apart', 0.95, model, {
    loss: () => loss(model(train.a), model(train.b), train.y),
    score: () => share(same(model(test.a), model(test.b)).eq(test.y.gt(0))),
  });
}

/** The distance of two embeddings, which stays differentiable where it is 0. */
export const distance = (a: Tensor, b: Tensor): Tensor => nn.F.pairwiseDistance(a, b);

/** An anchor, a sample of its ring and one of another. */
function triplets(n: number): [anchor: Tensor, positive: Tensor, negative: Tensor] {
  const ring = randint(0, 3, [n], { dtype: 'int32' });
  const other = ring.add(randint(1, 3, [n], { dtype: 'int32' })).remainder(3);
  return [pointsOn(ring), pointsOn(ring), pointsOn(other)];
}

/** Learns from triplets that the anchor is closer to the positive than to the negative. */
export function closer(loss: TripleLoss): Task {
  const train = triplets(384);
  const test = triplets(256);
  const model = smallModel(2, 4);
  return task('triplets in order', 0.95, model, {
    loss: () => loss(model(train[0]), model(train[1]), model(train[2])),
    score() {
      const [anchor, positive, negative] = test.map((x) => model(x));
      return share(distance(anchor!, positive!).lt(distance(anchor!, negative!)));
    },
  });
}

/**
 * Learns to find, among 64, the other view of a sample: each view is a mixture of what is behind it, with
 * noise.
 */
export function views(loss: PairLoss): Task {
  const mixA = randn([3, 6]);
  const mixB = randn([3, 6]);
  const draw = (): { a: Tensor; b: Tensor } => {
    const behind = randn([64, 3]);
    const seen = (mix: Tensor): Tensor =>
      behind
        .matmul(mix)
        .mul(0.4)
        .tanh()
        .add(randn([64, 6]).mul(0.01));
    return { a: seen(mixA), b: seen(mixB) };
  };
  const batches = Array.from({ length: 32 }, draw);
  const test = draw();
  const modelA = smallModel(6, 4);
  const modelB = smallModel(6, 4);
  let step = 0;
  return task('other view found among 64', 0.85, [...modelA.parameters(), ...modelB.parameters()], {
    loss() {
      const { a, b } = batches[step++ % batches.length]!;
      return loss(modelA(a), modelB(b));
    },
    score() {
      const unit = (x: Tensor): Tensor => nn.F.normalize(x, { dim: 1 });
      const found = unit(modelA(test.a))
        .matmul(unit(modelB(test.b)).t())
        .argmax(1);
      return found.data.filter((j: number, i: number) => i === j).length / 64;
    },
  });
}

/**
 * Learns an embedding that gathers each ring in one direction; a sample belongs to the nearest mean
 * direction.
 */
export function gathered(loss: PairLoss): Task {
  const train = rings(3, 96);
  const test = rings(3, 256);
  const model = smallModel(2, 4);
  const embed = (x: Tensor): Tensor => nn.F.normalize(model(x), { dim: 1 });
  return task('accuracy by nearest mean', 0.95, model, {
    loss: () => loss(model(train.x), train.y),
    score() {
      const known = embed(train.x);
      const means = nn.F.normalize(nn.F.oneHot(train.y, 3).float().t().matmul(known), { dim: 1 });
      return share(embed(test.x).matmul(means.t()).argmax(1).eq(test.y));
    },
  });
}
