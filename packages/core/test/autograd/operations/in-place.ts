import type * as fc from 'fast-check';
import type { Tensor } from '../../../src/index.ts';
import * as K from '../../../src/index.ts';
import { fixed, ints, mask, type Sample } from './sample.ts';

/** Something to be changed in place: a leaf may not be, what was made from one may. */
const made = (x: Tensor): Tensor => x.mul(1);

/**
 * In-place operations inside a graph. Those whose derivative reads the old value (`mul_` by a tensor that wants a
 * gradient, say) raise an error in backward, as in PyTorch, and are not among them.
 */
export const inPlace: Record<string, fc.Arbitrary<Sample>> = {
  add_: fixed([[2, 3], [3]], (x, y) => made(x).add_(y, { alpha: 2 })),
  addcmul_: fixed(
    [
      [2, 2],
      [2, 2],
    ],
    (x, y) => made(x).addcmul_(y, y, { value: 0.5 }),
  ),
  copy_: fixed([[2, 2], [2]], (x, y) => made(x).copy_(y).mul(x)),
  div_: fixed([[2, 2]], (x) => made(x).div_(3)),
  exp_: fixed([[2, 2]], (x) => made(x).exp_()),
  fill_: fixed([[2, 2]], (x) => made(x).fill_(3).mul(x)),
  indexAdd_: fixed(
    [
      [2, 2],
      [3, 2],
    ],
    (x, y) => made(x).indexAdd_(0, ints([1, 0, 1]), y),
  ),
  indexFill_: fixed([[2, 2]], (x) => made(x).indexFill_(1, ints([1]), 2)),
  indexPut_: fixed([[2, 3], [2]], (x, y) => made(x).indexPut_([ints([0, 1]), ints([2, 0])], y)),
  'into a buffer': fixed([[2, 2]], (x) => K.zeros([2, 2], { dtype: 'float64' }).add_(x).mul_(2)),
  maskedFill_: fixed([[2, 2]], (x) => made(x).maskedFill_(mask([true, false]), 4)),
  mul_: fixed([[2, 2]], (x) => made(x).mul_(3)),
  scatterAdd_: fixed(
    [
      [2, 3],
      [2, 1],
    ],
    (x, y) => made(x).scatterAdd_(1, ints([[2], [0]]), y),
  ),
  sigmoid_: fixed([[2, 2]], (x) => made(x).sigmoid_()),
  sub_: fixed(
    [
      [2, 2],
      [2, 1],
    ],
    (x, y) => made(x).sub_(y),
  ),
  tanh_: fixed([[2, 2]], (x) => made(x).tanh_()),
  zero_: fixed([[2, 2]], (x) => made(x).zero_().add(x)),
};
