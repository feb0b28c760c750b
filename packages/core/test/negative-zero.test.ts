/** -0 is a size, and an index of a beginning, like any 0: it is shown nowhere. */
import {
  asStrided,
  broadcastShapes,
  empty,
  emptyStrided,
  full,
  ones,
  rand,
  type Tensor,
  zeros,
} from '@kindling/core';
import { expect, it } from 'vitest';

const signs = ({ shape, strides, offset, count }: Tensor): boolean =>
  [...shape, ...strides, offset, count].some((n) => Object.is(n, -0));

it.each<[string, () => Tensor, readonly number[]]>([
  ['zeros', () => zeros([-0, 2]), [0, 2]],
  ['a number for a shape', () => ones(-0), [0]],
  ['full', () => full([2, -0], 1), [2, 0]],
  ['empty', () => empty([-0]), [0]],
  ['rand', () => rand([-0, -0]), [0, 0]],
  ['view', () => zeros([0]).view(-0, 3), [0, 3]],
  ['reshape', () => zeros([0]).reshape([3, -0]), [3, 0]],
  ['expand', () => zeros([1]).expand(-0), [0]],
  ['repeat', () => ones([2]).repeat(-0), [0]],
  ['unflatten', () => zeros([0, 2]).unflatten(0, [-0, 1]), [0, 1, 2]],
  ['a split', () => ones([2]).split([-0, 2])[0] as Tensor, [0]],
  ['asStrided', () => asStrided(ones([2]), [-0], [1]), [0]],
  ['asStrided, all of it', () => asStrided(ones([2]), [2], [-0], { storageOffset: -0 }), [2]],
  ['emptyStrided', () => emptyStrided([2], [-0]), [2]],
  ['broadcastShapes', () => zeros(broadcastShapes([-0], 1)), [0]],
  ['narrow, which begins there', () => ones([3]).narrow(0, -0, 2), [2]],
  ['new tensors', () => ones([3]).newZeros([-0, 1]), [0, 1]],
])('%s', (_, make, shape) => {
  const x = make();
  expect(x.shape).toEqual(shape);
  expect(signs(x)).toBe(false);
});
