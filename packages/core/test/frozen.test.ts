/** Tensors that `Object.freeze` keeps as they are: what only reads them or writes their elements goes on, all else is refused before it begins. */
import {
  autograd,
  Generator,
  type KindlingError,
  ones,
  randn,
  type Tensor,
  ValueError,
  zeros,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

const leaf = (): Tensor => ones([2, 2], { requiresGrad: true });
const frozen = <T extends Tensor>(x: T): T => Object.freeze(x);

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ValueError);
    return (error as KindlingError).message;
  }
  return 'no error';
}

describe('refuses a change of what automatic differentiation keeps, with the name of what was called', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['requiresGrad_', () => frozen(ones(2)).requiresGrad_(), /^requiresGrad_: the tensor is frozen/],
    [
      'setRequiresGrad',
      () => autograd.setRequiresGrad(frozen(ones(2))),
      /^setRequiresGrad: the tensor is frozen/,
    ],
    ['registerHook', () => frozen(leaf()).registerHook(() => {}), /^registerHook: the tensor is frozen/],
    [
      'registerPostAccumulateGradHook',
      () => frozen(leaf()).registerPostAccumulateGradHook(() => {}),
      /^registerPostAccumulateGradHook: the tensor is frozen/,
    ],
    ['detach_', () => frozen(leaf().mul(2)).detach_(), /^detach_: the tensor is frozen/],
    ['an operation on a leaf', () => frozen(leaf()).mul(2), /^mul: the tensor is frozen/],
    ['grad', () => Object.assign(frozen(ones(2)), { grad: ones(2) }), /^grad: the tensor is frozen/],
    [
      'backward',
      () => {
        const x = leaf();
        const loss = x.sum();
        frozen(x);
        loss.backward();
      },
      /^backward: the tensor is frozen/,
    ],
  ])('%s', (_, act, message) => {
    expect(refusalOf(act)).toMatch(message);
  });
});

it('refuses to change one in place where that is recorded, and leaves its elements', () => {
  const x = frozen(leaf().mul(1));
  expect(refusalOf(() => x.add_(1))).toMatch(/^add_: the tensor is frozen/);
  const base = leaf().mul(1);
  const row = frozen(base.select(0, 0));
  expect(refusalOf(() => row.add_(1))).toMatch(/^add_: the tensor is frozen/);
  const whole = frozen(leaf().mul(1));
  expect(refusalOf(() => whole.select(0, 0).add_(1))).toMatch(/^add_: the tensor is frozen/);
  for (const y of [x, base, whole])
    expect(y.tolist()).toEqual([
      [1, 1],
      [1, 1],
    ]);
});

it('refuses a frozen view whose base was changed since', () => {
  const base = leaf().mul(1);
  const row = frozen(base.select(0, 0));
  base.mul_(3);
  expect(refusalOf(() => row.mul(2))).toMatch(/^mul: the tensor is frozen/);
});

it('refuses one that a custom function changed in place', () => {
  const increment = autograd.defineFunction({
    forward(ctx, x: Tensor) {
      ctx.markDirty(x);
      return x.add_(1);
    },
    backward: (_, g: Tensor) => [g],
  });
  const x = frozen(leaf().mul(1));
  expect(refusalOf(() => increment(x))).toMatch(/the tensor is frozen/);
});

describe('goes on', () => {
  it('with elements, which are not frozen', () => {
    const x = frozen(zeros(2));
    expect(x.add_(1).tolist()).toEqual([1, 1]);
    expect(x.strides).toEqual([1]);
    expect(`${x}`).toBe('tensor([1., 1.])');
  });

  it('with a result in the middle of a graph', () => {
    const x = leaf();
    const y = frozen(x.mul(3));
    y.registerHook((g) => g.mul(2));
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [6, 6],
      [6, 6],
    ]);
  });

  it('with a stream of random numbers, of which one is kept for the next draw', () => {
    const [one, other] = [new Generator(), new Generator()];
    Object.freeze(one);
    const [a, b] = [one, other].map((generator) => {
      generator.manualSeed(3);
      const drawn = Array.from({ length: 3 }, () => randn([1], { generator }).item());
      return [drawn, [...generator.getState()]];
    });
    expect(a).toEqual(b);
  });

  it('with what a custom function returns', () => {
    const twice = autograd.defineFunction({
      forward: (_, x: Tensor) => frozen(x.mul(2)),
      backward: (_, g: Tensor) => [g.mul(2)],
    });
    const x = leaf();
    twice(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });
});
