/**
 * Right arguments for what no example calls: the first of a few values, one, two and three together, that a function
 * takes.
 */
import { data, ones, type Tensor, tensor, zeros } from '@kindling/core';
import { Linear, MSELoss } from '@kindling/nn';
import { SGD } from '@kindling/optim';
import { anew } from './call.ts';

const weights = (): Tensor => ones([3, 3], { requiresGrad: true });

/** Each by a function, so that none is changed by the call before. */
const most: readonly (() => unknown)[] = [
  () =>
    tensor([
      [0.5, 0.25, 0.75],
      [0.25, 0.5, 0.125],
      [0.5, 0.75, 0.25],
    ]),
  () => 1,
  () => tensor([1, 0, 2], { dtype: 'int32' }),
  () => tensor([0.5, 0.25, 0.75]),
  () => [3, 3],
  () => (x: Tensor) => x,
  () =>
    tensor([
      [true, false, true],
      [false, true, true],
      [true, true, false],
    ]),
  () => [weights()],
];

const others: readonly (() => unknown)[] = [
  () => ones([3, 3, 3]),
  () => zeros([3, 3, 3, 3]),
  () => tensor(0.5),
  () => 0.5,
  () => 'mean',
  () => [ones([3, 3]), ones([3, 3])],
  () => true,
  () => new Linear(3, 3),
  () => new SGD([weights()], { lr: 0.1 }),
  () => new data.TensorDataset(ones([4, 3]), ones([4])),
  () => new MSELoss(),
  () => ({}),
  () => null,
];

function* lists(): Generator<readonly (() => unknown)[]> {
  const all = [...most, ...others];
  yield [];
  for (const a of all) yield [a];
  for (const a of all) for (const b of all) yield [a, b];
  for (const a of most) for (const b of most) for (const c of most) yield [a, b, c];
}

/** Arguments that `call` takes, or `null`. */
export function searched(call: (args: readonly unknown[]) => unknown): unknown[] | null {
  for (const list of lists()) {
    try {
      const args = list.map((make) => make());
      const copy = args.map(anew);
      const result = call(args);
      if (result instanceof Promise) result.catch(() => {});
      return copy;
    } catch {}
  }
  return null;
}
