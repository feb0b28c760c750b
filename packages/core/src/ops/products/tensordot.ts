import { composition, K } from '../../arguments/index.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { composed } from '../../record/index.ts';
import { formatShape, normalizeDim, numelOf, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { refuseBools } from '../elementwise/dtype-checks.ts';
import { sum } from '../reductions/sum.ts';
import { diagonal } from '../views/diagonal.ts';
import { permute } from '../views/permute.ts';
import { reshape } from '../views/shape.ts';
import { mm } from './matmul.ts';

/** Options of {@link tensordot}. */
export interface TensordotOptions {
  /**
   * A number n: the last n dimensions of the first tensor meet the first n of the second. Two lists: the dimensions of
   * each that meet in pairs. Default: 2.
   */
  readonly dims?: number | readonly [readonly number[], readonly number[]];
}

function pairs(a: Tensor, b: Tensor, dims: NonNullable<TensordotOptions['dims']>): [number[], number[]] {
  if (typeof dims === 'number') {
    if (dims > a.ndim || dims > b.ndim) {
      throw new ShapeError(
        `tensordot: cannot contract ${dims} dims of shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    const range = (start: number): number[] => Array.from({ length: dims }, (_, i) => start + i);
    return [range(a.ndim - dims), range(0)];
  }
  const [first, second] = dims;
  if (first.length !== second.length) {
    throw new ShapeError(
      `tensordot: both dimension lists should have same length, got ${formatShape(first)} and ${formatShape(second)}`,
    );
  }
  const listOf = (list: readonly number[], x: Tensor): number[] => {
    const normal = list.map((d) => normalizeDim(d, x.ndim, 'tensordot'));
    if (new Set(normal).size < normal.length)
      throw new ShapeError(`tensordot: repeated dim in ${formatShape(list)}`);
    return normal;
  };
  return [listOf(first, a), listOf(second, b)];
}

const dimLists = K.kind(
  'a list of two lists of dims',
  (x) => Array.isArray(x) && x.length === 2 && x.every(K.sizes.accepts),
);
const tensordotParameters = {
  a: K.tensor,
  b: K.tensor,
  options: K.options<TensordotOptions>({
    dims: K.either(K.count, dimLists),
  }),
};

/**
 * Sums of products over pairs of dimensions; the result has the other dimensions of `a`, then those of `b`.
 * Follows `torch.tensordot`.
 * @throws ShapeError where the dimensions do not fit; DTypeError for operands of different dtypes
 * @example
 * ```ts
 * tensordot(ones([2, 3, 4]), ones([3, 4, 5])).shape; // [ 2, 5 ]
 * tensordot(ones([2, 3]), ones([3, 2]), { dims: [[0], [1]] }).shape; // [ 3, 3 ]
 * ```
 */
export const tensordot = composition(
  'tensordot',
  tensordotParameters,
  (a: Tensor, b: Tensor, options: TensordotOptions = {}): Tensor => {
    if (a.dtype !== b.dtype) {
      throw new DTypeError(`tensordot: both inputs should have same dtype, got ${a.dtype} and ${b.dtype}`);
    }
    const [ofA, ofB] = pairs(a, b, options.dims ?? 2);
    let [x, y] = [a, b];
    ofA.forEach((d, i) => {
      const e = ofB[i]!;
      const [n, m] = [x.shape[d], y.shape[e]];
      if (n === m) return;
      // A size of 1 broadcasts: the other side can be summed at once.
      if (m === 1) x = sum(x, d, { keepdim: true, dtype: a.dtype });
      else if (n === 1) y = sum(y, e, { keepdim: true, dtype: a.dtype });
      else {
        throw new ShapeError(
          `tensordot: contracted dimensions need to match, but first has size ${n} in dim ${d} and second has size ${m} in ` +
            `dim ${e} (shapes ${formatShape(a.shape)} and ${formatShape(b.shape)})`,
        );
      }
    });
    const restOf = (t: Tensor, gone: readonly number[]): number[] =>
      t.shape.map((_, d) => d).filter((d) => !gone.includes(d));
    const [rows, columns] = [restOf(x, ofA), restOf(y, ofB)];
    const sizes = (t: Tensor, dims: readonly number[]): Shape => dims.map((d) => t.shape[d]!);
    const depth = numelOf(sizes(x, ofA));
    const left = reshape(permute(x, [...rows, ...ofA]), [numelOf(sizes(x, rows)), depth]);
    const right = reshape(permute(y, [...ofB, ...columns]), [depth, numelOf(sizes(y, columns))]);
    return reshape(mm(left, right), [...sizes(x, rows), ...sizes(y, columns)]);
  },
);

const traceRefusesBools = refuseBools('trace', "not implemented for 'Bool'; convert with to('int32')");

/**
 * The sum of a matrix's diagonal. Follows `torch.trace`.
 * @throws ShapeError unless x is a matrix; DTypeError for bools
 * @example trace(tensor([[1, 2], [3, 4]])); // tensor(5)
 */
export const trace = composition('trace', { x: K.tensor }, (x: Tensor): Tensor => {
  if (x.ndim !== 2) throw new ShapeError(`trace: expected a matrix, but got tensor with dim ${x.ndim}`);
  traceRefusesBools(x.dtype);
  return composed('trace', sum(diagonal(x)));
});

/** The functions of this file that are methods too. */
export default { trace };
