import { isFloatingPoint, scalarNameOf, type TypedArray } from '../../dtype.ts';
import { DTypeError } from '../../errors.ts';
import { type Extent, extentOf } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT, type Primitive } from '../../record/index.ts';
import { normalizeDim } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { zeros } from '../creation/fill.ts';
import { mul, sub } from '../elementwise/arithmetic.ts';
import { eq, isinf, logicalAnd } from '../elementwise/compare.ts';
import { exp } from '../elementwise/functions.ts';
import { where } from '../elementwise/select.ts';
import { narrow } from '../views/slices.ts';

/** log(eᵃ + eᵇ). */
function logAdd(a: number, b: number): number {
  const greater = Math.max(a, b);
  if (Number.isNaN(greater) || !Number.isFinite(greater)) return greater;
  return greater + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function runningLogSums(x: TypedArray, out: TypedArray, { outer, n, inner }: Extent): void {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * n * inner + i;
      let total = Number.NEGATIVE_INFINITY;
      for (let r = 0; r < n; r++, at += inner) {
        total = logAdd(total, x[at]!);
        out[at] = total;
      }
    }
  }
}

const logcumsumexpPrimitive = definePrimitive<number>({
  name: 'logcumsumexp',
  saves: INPUT(0) | OUTPUT,
  infer([x]) {
    const { shape, dtype } = x;
    if (!isFloatingPoint(dtype)) {
      throw new DTypeError(
        `logcumsumexp: not implemented for '${scalarNameOf(dtype)}' (${dtype}); convert with to('float32')`,
      );
    }
    return { shape, dtype };
  },
  kernel: ([x], dim, out) => runningLogSums(x.data, out.storage.array, extentOf(x.shape, dim)),
  derivative(g, node) {
    // The gradient by x_k is the sum over i >= k of g_i exp(x_k - y_i) = t_k exp(x_k - y_k), where
    // t_k = g_k + t_(k+1) exp(y_k - y_(k+1)): no exponent is positive.
    const dim = node.attrs;
    const y = node.output();
    if (y.ndim === 0 || y.count === 0) return [mul(g, exp(sub(node.input(0), y)))];
    const n = y.shape[dim]!;
    const [earlier, later] = [narrow(y, dim, 0, n - 1), narrow(y, dim, 1, n - 1)];
    // Between equal infinities nothing decays.
    const same = logicalAnd(eq(earlier, later), isinf(earlier));
    const decay = exp(where(same, 0, sub(earlier, later)));
    const end = zeros(
      y.shape.map((size, d) => (d === dim ? 1 : size)),
      { dtype: y.dtype },
    );
    const t = recur(g, cat([decay, end], dim), dim, true);
    return [mul(t, exp(sub(node.input(0), y)))];
  },
});

/**
 * The logarithm of running sums of exponentials along `dim`, without overflow. Follows `torch.logcumsumexp`.
 * @example logcumsumexp(tensor([0, 0, 0]), 0); // [0, log 2, log 3]
 */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  return apply(logcumsumexpPrimitive, [x], normalizeDim(dim, x.ndim, 'logcumsumexp'));
}

interface Recurrence {
  readonly dim: number;
  readonly reverse: boolean;
}

/** t_k = g_k + a_k t_(k+1) from the end, or t_k = g_k + a_(k-1) t_(k-1) from the start. */
const recur = (g: Tensor, a: Tensor, dim: number, reverse: boolean): Tensor =>
  apply(recurrencePrimitive, [g, a], { dim, reverse });

const recurrencePrimitive: Primitive<Recurrence, [Tensor, Tensor]> = definePrimitive({
  name: 'linear_recurrence',
  saves: INPUT(1) | OUTPUT,
  infer: ([g]) => ({ shape: g.shape, dtype: g.dtype }),
  kernel([g, a], { dim, reverse }, out) {
    const { outer, n, inner } = extentOf(g.shape, dim);
    const [gs, as, target] = [g.data, a.data, out.storage.array];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * n * inner + i;
        let t = 0;
        for (let r = 0; r < n; r++) {
          const at = start + (reverse ? n - 1 - r : r) * inner;
          // What comes before the first element counts for nothing, be its factor infinite.
          t = r === 0 ? gs[at]! : gs[at]! + as[reverse ? at : at - inner]! * t;
          target[at] = t;
        }
      }
    }
  },
  derivative(h, node) {
    const { dim, reverse } = node.attrs;
    const u = recur(h, node.input(1), dim, !reverse);
    return [node.needs(0) ? u : null, node.needs(1) ? mulNeighbours(u, node.output(), dim, reverse) : null];
  },
});

/** The gradient by the factors: a_k ties t_k and t_(k+1); the last factor ties nothing. */
function mulNeighbours(u: Tensor, t: Tensor, dim: number, reverse: boolean): Tensor {
  const n = t.shape[dim]!;
  const [first, second] = reverse ? [u, t] : [t, u];
  const products = mul(narrow(first, dim, 0, n - 1), narrow(second, dim, 1, n - 1));
  const end = zeros(
    t.shape.map((size, d) => (d === dim ? 1 : size)),
    { dtype: t.dtype },
  );
  return cat([products, end], dim);
}

/** The functions of this file that are methods too. */
export default { logcumsumexp };
