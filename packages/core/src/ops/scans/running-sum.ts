import type { TypedArray } from '../../dtype.ts';
import { type Extent, elementsOf, extentOf, toInt32 } from '../../kernels/index.ts';
import { apply, definePrimitive, type Primitive } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { totalType } from '../reductions/reduction.ts';
import { eachRow } from '../reductions/rows.ts';

/** The attributes of a scan that can run from either end. */
export interface Scan {
  readonly dim: number;
  /** Whether it runs from the end. */
  readonly reverse: boolean;
}

/** Running sums, carried in float64; what goes into int32 must fit it. */
export function runningSums(x: TypedArray, out: TypedArray, extent: Extent, reverse: boolean): void {
  const whole = out instanceof Int32Array;
  eachRow(extent, (start) => {
    const { n, inner } = extent;
    const step = reverse ? -inner : inner;
    let at = reverse ? start + (n - 1) * inner : start;
    let total = 0;
    for (let r = 0; r < n; r++, at += step) {
      total += x[at]!;
      out[at] = whole ? toInt32(total) : total;
    }
  });
}

const cumsumPrimitive: Primitive<Scan> = definePrimitive({
  name: 'cumsum',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: totalType(x.dtype) }),
  kernel: ([x], { dim, reverse }, out) =>
    runningSums(elementsOf(x), out.storage.array, extentOf(x.shape, dim), reverse),
  derivative: (g, { attrs: { dim, reverse } }) => [runningSum(g, dim, !reverse)],
});

/** The sum of each element and those before it along `dim`; in reverse, those after it: each is the other's derivative. */
export const runningSum = (x: Tensor, dim: number, reverse: boolean): Tensor =>
  apply(cumsumPrimitive, [x], { dim, reverse });
