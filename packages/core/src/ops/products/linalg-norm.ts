import { alias, composition, K, signature } from '../../arguments/index.ts';
import { type DType, isFloatingPoint, promoteTypes } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import {
  E,
  ElementwiseKernel,
  type ReduceKind,
  reduce,
  runElementwise,
  stridedOver,
} from '../../kernels/index.ts';
import { apply, composed, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import { formatShape, normalizeDim, reducedShape, type Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';
import { toWithin } from '../creation/to-within.ts';
import { div, mul } from '../elementwise/arithmetic.ts';
import { pow } from '../elementwise/binary.ts';
import { eq } from '../elementwise/compare.ts';
import { abs, sign } from '../elementwise/functions.ts';
import { where } from '../elementwise/select.ts';
import { svdvals } from '../linalg/svd.ts';
import { amax, amin } from '../reductions/extremes.ts';
import type { Dims, SumOptions } from '../reductions/options.ts';
import {
  isDims,
  optionsLast,
  type Reduction,
  reducedCount,
  reductionOf,
  restoreDims,
  sumOptions,
} from '../reductions/reduction.ts';
import { evenGradient } from '../reductions/selection.ts';
import { sum } from '../reductions/sum.ts';
import { movedim } from '../views/permute.ts';
import { reshape } from '../views/shape.ts';

interface Norm extends Reduction {
  readonly p: number;
}

/** The norms that a reduction kernel computes in one go. */
const kinds = new Map<number, ReduceKind>([
  [0, 'countNonzero'],
  [1, 'sumAbs'],
  [2, 'sumSquares'],
  [Number.POSITIVE_INFINITY, 'maxAbs'],
  [Number.NEGATIVE_INFINITY, 'minAbs'],
]);

const absPower = new ElementwiseKernel('abs_power', 1, (x, p) => E.pow(E.abs(x), p));

const normPrimitive = definePrimitive<Norm>({
  name: 'linalg_vector_norm',
  saves: INPUT(0) | OUTPUT,
  infer([x], attrs) {
    const { dtype, shape } = x;
    if (!isFloatingPoint(dtype)) {
      throw new DTypeError(
        `linalg.vectorNorm: Expected a floating point tensor as input. Got ${dtype}; convert with to('float32')`,
      );
    }
    const { p } = attrs;
    if ((p < 0 || p === Number.POSITIVE_INFINITY) && reducedCount(x.shape, attrs.dims) === 0) {
      throw new ShapeError(
        `linalg.vectorNorm cannot compute the ${p} norm on an empty dimension of a tensor of shape ${formatShape(shape)} ` +
          'because the operation does not have an identity',
      );
    }
    return { shape: attrs.shape, dtype };
  },
  kernel([x], { p, dims }, out) {
    const { array } = out.storage;
    // Of a single element each norm but that of 0 is its absolute value, to the last bit.
    const kind = kinds.get(p !== 0 && reducedCount(x.shape, dims) === 1 ? 1 : p);
    if (kind !== undefined) {
      reduce(kind, x, dims, array, out.offset, kind === 'sumSquares' ? { root: true } : {});
      return;
    }
    const powers = stridedOver(allocateArray('float64', x.count), 'float64', x.shape);
    runElementwise(absPower, 'f64', [x], [p], powers);
    const sums = allocateArray('float64', out.count);
    reduce('sum', powers, dims, sums);
    runElementwise(absPower, 'f64', [stridedOver(sums, 'float64', out.shape)], [1 / p], out);
  },
  derivative: (g, node) => [normGradient(g, node.input(0), node.output(), node.attrs)],
});

/** a / y, and 0 where y is 0, with no derivative there: NaN, as in PyTorch. */
const quotient = (a: Tensor, y: Tensor): Tensor => where(eq(y, 0), 0, div(a, y));

/**
 * The gradient of a p-norm; where the norm is 0, PyTorch's choice of subgradient, 0. There is no second one there: it
 * is NaN.
 */
function normGradient(g: Tensor, x: Tensor, norm: Tensor, attrs: Norm): Tensor | null {
  const { p } = attrs;
  if (p === 0) return null;
  if (p === Number.POSITIVE_INFINITY || p === Number.NEGATIVE_INFINITY) {
    return mul(sign(x), evenGradient(g, abs(x), norm, attrs, true, false));
  }
  const wide = restoreDims(g, attrs, x.shape);
  if (p === 1) return mul(sign(x), wide);
  const y = restoreDims(norm, attrs, x.shape);
  if (p === 2) return mul(wide, quotient(x, y));
  if (p < 1) {
    const slope = where(eq(x, 0), 0, mul(sign(x), pow(abs(x), p - 1)));
    return mul(slope, mul(wide, pow(y, 1 - p)));
  }
  const slope = p < 2 ? mul(sign(x), pow(abs(x), p - 1)) : mul(x, pow(abs(x), p - 2));
  return mul(slope, quotient(wide, pow(y, p - 1)));
}

/** x in the dtype that a norm is asked for in, which is a float as that of x is, and no narrower. */
function widened(caller: string, x: Tensor, dtype: DType | undefined): Tensor {
  if (dtype === undefined || dtype === x.dtype) return x;
  if (!isFloatingPoint(x.dtype)) {
    throw new DTypeError(
      `${caller}: Expected a floating point tensor as input. Got ${x.dtype}; convert with to('${dtype}')`,
    );
  }
  if (isFloatingPoint(dtype) && promoteTypes(x.dtype, dtype) !== dtype) {
    throw new DTypeError(
      `${caller}: the dtype of the input (${x.dtype}) should be convertible without narrowing to the specified ` +
        `dtype (${dtype}); convert the input, or the result, with to('${dtype}')`,
    );
  }
  return toWithin(caller, x, dtype);
}

type VectorNormArguments = [x: Tensor, ord?: number | null, dims?: Dims, options?: SumOptions];

const vectorNormTakes = signature('linalg.vectorNorm', {
  x: K.tensor,
  ord: K.nullable(K.number),
  dims: K.nullable(K.dims),
  options: sumOptions,
});

/**
 * The p-norm of vectors: (sum |x|ᵖ)^(1/p); for `Infinity` the greatest |x|, for `-Infinity` the least, for 0 the number
 * of elements other than 0. Floating point only. Follows `torch.linalg.vector_norm`.
 *
 * @param dims the dimensions that make up each vector; by default all
 * @throws DTypeError for a dtype that is not float; ShapeError where there is no element to take the norm of
 * @throws IndexError when a dimension is out of range
 * @example linalg.vectorNorm(tensor([3, 4], { dtype: 'float32' })); // tensor(5.)
 */
export function vectorNorm(
  x: Tensor,
  ord?: number | null | SumOptions,
  dims?: Dims | SumOptions,
  options?: SumOptions,
): Tensor {
  if (!isDims(ord) || !isDims(dims)) {
    return vectorNorm(...optionsLast<VectorNormArguments>('linalg.vectorNorm', arguments, 3));
  }
  vectorNormTakes(arguments);
  const from = widened('linalg.vectorNorm', x, options?.dtype);
  const { dims: gone, shape } = reductionOf(from, dims, options?.keepdim, 'linalg.vectorNorm');
  return apply(normPrimitive, [from], { dims: gone, shape, p: ord ?? 2 });
}

/** Orders of {@link matrixNorm}. */
export type MatrixNormOrder = 'fro' | 'nuc' | number;

const matrixNormOf = composition(
  'linalg.matrixNorm',
  {
    x: K.tensor,
    ord: K.either(K.number, K.oneOf('fro', 'nuc')),
    dims: K.sizes,
    options: sumOptions,
  },
  (
    x: Tensor,
    ord: MatrixNormOrder = 'fro',
    dims: readonly number[] = [-2, -1],
    options?: SumOptions,
  ): Tensor => {
    const caller = 'linalg.matrixNorm';
    if (x.ndim < 2) {
      throw new ShapeError(
        `${caller}: The input tensor must have at least 2 dimensions, got ${formatShape(x.shape)}`,
      );
    }
    const [first, second, ...more] = dims;
    if (first === undefined || second === undefined || more.length > 0)
      throw new ShapeError(`${caller}: dim must be a 2-tuple. Got ${dims.join(' ')}`);
    const rows = normalizeDim(first, x.ndim, caller);
    const columns = normalizeDim(second, x.ndim, caller);
    if (rows === columns) throw new ShapeError(`${caller}: dims must be different. Got (${dims.join(', ')})`);
    if (ord === 'fro') return vectorNorm(x, 2, dims, options);
    const shape = reducedShape(
      x.shape,
      rows < columns ? [rows, columns] : [columns, rows],
      options?.keepdim === true,
    );
    const from = widened(caller, x, options?.dtype);
    if (ord === 'nuc' || Math.abs(ord) === 2) {
      const spectrum = svdvals(movedim(from, [rows, columns], [-2, -1]));
      const norm = reshape(ord === 'nuc' ? sum(spectrum, -1) : extremeOf(spectrum, -1, ord), shape);
      if (options?.keepdim === true) return composed('permute', norm);
      return composed(ord === 'nuc' ? 'SumBackward1' : nodeOfExtreme(ord), norm);
    }
    if (Math.abs(ord) !== 1 && Math.abs(ord) !== Number.POSITIVE_INFINITY) {
      throw new ValueError(`${caller}: Order ${ord} not supported.`);
    }
    const [along, across] = Math.abs(ord) === 1 ? [rows, columns] : [columns, rows];
    const norm = reshape(extremeOf(vectorNorm(from, 1, along, { keepdim: true }), across, ord), shape);
    return composed(nodeOfExtreme(ord), norm);
  },
);

/**
 * The norm of matrices: `'fro'` the root of the sum of squares; 1 and -1 the greatest and least sum of |x| over a
 * column, `Infinity` and `-Infinity` over a row; `'nuc'` the sum of the singular values, 2 and -2 the greatest and
 * least of them. Follows `torch.linalg.matrix_norm`.
 *
 * @param dims the dimensions of rows and columns; by default the last two
 * @throws ShapeError where there are no two dimensions; ValueError for another order; DTypeError for a dtype that is
 *   not float
 * @throws IndexError when a dimension is out of range
 * @example linalg.matrixNorm(tensor([[1, -2], [3, 4]], { dtype: 'float32' }), 1); // tensor(6.)
 */
export const matrixNorm = alias(
  'linalg.matrixNorm',
  function (
    x: Tensor,
    ord?: MatrixNormOrder | SumOptions,
    dims?: readonly number[] | SumOptions,
    options?: SumOptions,
  ): Tensor {
    type Given = [Tensor, MatrixNormOrder?, (readonly number[])?, SumOptions?];
    return matrixNormOf(...optionsLast<Given>('linalg.matrixNorm', arguments, 3));
  },
);

const nodeOfExtreme = (ord: number): string => (ord < 0 ? 'amin' : 'amax');

/** The greatest for a positive order (0 of none), the least for a negative one. */
function extremeOf(x: Tensor, dim: number, ord: number): Tensor {
  if (ord < 0) return amin(x, dim, { keepdim: true });
  // The 0 of nothing depends on nothing: it requires no gradient.
  return x.shape.at(dim) === 0 ? sum(x.detach(), dim, { keepdim: true }) : amax(x, dim, { keepdim: true });
}

/** Given dimensions as a list; null where none are given. */
export const asDims = (dims: Dims): Shape | null =>
  dims === undefined || dims === null ? null : ([dims].flat() as number[]);

const linalgNormOf = composition(
  'linalg.norm',
  {
    x: K.tensor,
    ord: K.nullable(K.either(K.number, K.oneOf('fro', 'nuc'))),
    dims: K.nullable(K.dims),
    options: sumOptions,
  },
  (x: Tensor, ord?: MatrixNormOrder | null, dims?: Dims, options?: SumOptions): Tensor => {
    if (ord === undefined || ord === null) return vectorNorm(x, 2, dims, options);
    const list = asDims(dims);
    if (list === null && x.ndim !== 1 && x.ndim !== 2) {
      throw new ShapeError(
        `linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${x.ndim}D.`,
      );
    }
    const { length: count } = list ?? x.shape;
    if (count === 1 && typeof ord === 'number') return vectorNorm(x, ord, dims, options);
    if (count !== 1 && count !== 2) {
      throw new ShapeError(
        `linalg.norm: If dim is specified, it must be of length 1 or 2. Got ${formatShape(list ?? x.shape)}`,
      );
    }
    if (count === 1)
      throw new ShapeError(`linalg.norm: order '${ord}' can only be used with matrices, that is, two dims`);
    return matrixNorm(x, ord, list ?? [-2, -1], options);
  },
);

/**
 * A vector norm, or, given an order for two dimensions, a matrix norm. Without an order: the root of the sum of
 * squares. Follows `torch.linalg.norm`.
 * @throws ShapeError where order and dimensions do not fit; ValueError for another order; DTypeError for a dtype that
 *   is not float
 * @throws IndexError when a dimension is out of range
 * @example linalg.norm(tensor([[3, 0], [0, 4]], { dtype: 'float32' })); // tensor(5.)
 */
export const linalgNorm = alias(
  'linalg.norm',
  function (
    x: Tensor,
    ord?: MatrixNormOrder | null | SumOptions,
    dims?: Dims | SumOptions,
    options?: SumOptions,
  ): Tensor {
    type Given = [Tensor, (MatrixNormOrder | null)?, Dims?, SumOptions?];
    return linalgNormOf(...optionsLast<Given>('linalg.norm', arguments, 3));
  },
);
