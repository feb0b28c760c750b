import { elementsOf, extentOf, scan } from '../../kernels/index.ts';
import { apply, applyInPlace, definePrimitive, type Primitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { totalType } from '../reductions/reduction.ts';

/** The attributes of a scan that can run from either end. */
export interface Scan {
  readonly dim: number;
  /** Whether it runs from the end. */
  readonly reverse: boolean;
}

const cumsumPrimitive: Primitive<Scan> = definePrimitive({
  name: 'cumsum',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dim, reverse }, out) =>
    scan('cumsum', [elementsOf(x)], [out.storage.array], extentOf(x.shape, dim), reverse),
  derivative: (g, { attrs: { dim, reverse } }) => [runningSum(g, dim, !reverse)],
});

/**
 * The sum of each element and those before it along `dim`; in reverse, those after it: each is the other's derivative.
 */
export const runningSum = (x: Tensor, dim: number, reverse: boolean): Tensor =>
  apply(cumsumPrimitive, [x], { dim, reverse });

/** {@link runningSum} in place, forwards. */
export const runningSumInPlace = (x: Tensor, dim: number): Tensor =>
  applyInPlace(cumsumPrimitive, [x], { dim, reverse: false });
