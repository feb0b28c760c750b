import { composition, K, signature } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import { apply, applyInPlace, composed } from '../../record/index.ts';
import { formatShape, normalizeDim, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { fractionOfIntegers } from '../elementwise/dtype-checks.ts';
import { reshape } from '../views/shape.ts';
import { putFlat } from './flat-primitives.ts';
import { fillValue, requireIndexDType } from './index-positions.ts';
import { getIndexed, putIndexed } from './indexed-primitives.ts';

interface Along {
  /** x with at least one dimension. */
  readonly x: Tensor;
  readonly dim: number;
  readonly index: Tensor;
}

/** A vector of indices for one dimension; a 0-dimensional tensor counts as one element along dimension 0. */
function along(x: Tensor, dim: number, index: Tensor, caller: string): Along {
  const d = normalizeDim(dim, x.shape.length, caller);
  requireIndexDType(index, caller);
  if (index.shape.length > 1) {
    throw new IndexError(
      `${caller}: Index is supposed to be a vector, got shape ${formatShape(index.shape)}`,
    );
  }
  return {
    x: x.shape.length === 0 ? reshape(x, [1]) : x,
    dim: d,
    index: index.shape.length === 0 ? reshape(index, [1]) : index,
  };
}

const indexSelectTakes = signature('indexSelect', { x: K.tensor, dim: K.integer, index: K.tensor });

/**
 * The entries of x along `dim` at the int32 indices `index`, as a copy. Follows `torch.index_select`.
 * @throws DTypeError when `index` is not int32, IndexError when it is no vector or `dim` or an index is out of range.
 * @example indexSelect(tensor([[1, 2], [3, 4]]), 0, tensor([1, 1])).tolist(); // [ [ 3, 4 ], [ 3, 4 ] ]
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  indexSelectTakes(arguments);
  const a = along(x, dim, index, 'indexSelect');
  if (x.shape.length === 0 && a.index.count !== 1) {
    throw new IndexError(`indexSelect: Index to scalar can have only 1 value, got ${a.index.count} value(s)`);
  }
  const result = getIndexed('index_select', a.x, [a.index], {
    dims: [a.dim],
    caller: 'indexSelect',
    negative: false,
  });
  return x.shape.length === 0 ? reshape(result, []) : result;
}

type Run = typeof apply;
type WriteName = 'index_add' | 'index_copy' | 'index_fill';

interface WriteAttributes {
  readonly name: WriteName;
  readonly caller: string;
  readonly accumulate: boolean;
  readonly negative: boolean;
}

/** A 0-dimensional tensor is written as a row of one element: a view of it could not be changed in place. */
function write(
  run: Run,
  x: Tensor,
  dim: number,
  index: Tensor,
  values: Tensor,
  attrs: WriteAttributes,
): Tensor {
  if (x.shape.length === 0) return putFlat(attrs.name, x, index, values, attrs, run);
  return putIndexed(attrs.name, x, values, [index], { dims: [dim], ...attrs }, run);
}

/** Writes `source`, whose shape is that of x with the size of the index along `dim`. */
function writeAlong(
  run: Run,
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  name: WriteName,
  caller: string,
): Tensor {
  const a = along(x, dim, index, caller);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${caller}: self (${x.dtype}) and source (${source.dtype}) must have the same dtype`,
    );
  }
  const length = source.shape.length === 0 ? 1 : source.shape[a.dim];
  const sourceShape = source.shape.length === 0 && a.x.shape.length === 1 ? [1] : source.shape;
  const expected = a.x.shape.map((size, d) => (d === a.dim ? a.index.count : size));
  if (!sameShape(sourceShape, expected)) {
    throw new ShapeError(
      length !== a.index.count
        ? `${caller}: Number of indices (${a.index.count}) should be equal to source.size(dim): (${length}), for dim: ${a.dim}`
        : `${caller}: source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = ` +
            `${formatShape(x.shape)} source.shape = ${formatShape(source.shape)}`,
    );
  }
  const values = source.shape.length === 0 ? reshape(source, [1]) : source;
  return write(run, x, a.dim, a.index, values, {
    name,
    caller,
    negative: false,
    accumulate: name === 'index_add',
  });
}

/** Options of {@link indexAdd}. */
export interface IndexAddOptions {
  /** Factor of the source. Default: 1. */
  readonly alpha?: number;
}

const alongParameters = { x: K.tensor, dim: K.integer, index: K.tensor };

function adding(run: Run, caller: string) {
  const parameters = {
    ...alongParameters,
    source: K.tensor,
    options: K.options<IndexAddOptions>({ alpha: K.scalar }),
  };
  return composition(
    caller,
    parameters,
    (x: Tensor, dim: number, index: Tensor, source: Tensor, options: IndexAddOptions = {}): Tensor => {
      const { alpha = 1 } = options;
      if (!Number.isInteger(Number(alpha)) && !isFloatingPoint(source.dtype))
        throw fractionOfIntegers(caller, alpha);
      const scaled = alpha === 1 ? source : to(mul(source, alpha), source.dtype);
      return writeAlong(run, x, dim, index, scaled, 'index_add', caller);
    },
  );
}

/**
 * A copy of x with alpha * `source` added to its entries along `dim` at the int32 indices `index`; one index may occur
 * several times. The derivative of {@link indexSelect}. Follows `torch.index_add`.
 * @throws the errors of {@link indexSelect}, DTypeError when `source` has another dtype than x, ShapeError when it does
 *   not fit, ValueError when alpha has a fraction and integers are added.
 */
export const indexAdd = adding(apply, 'indexAdd');

/** {@link indexAdd} in place, with its errors. Follows `Tensor.index_add_`. */
export const indexAdd_: typeof indexAdd = adding(applyInPlace, 'indexAdd_');

function copying(run: Run, caller: string) {
  const takes = signature(caller, { ...alongParameters, source: K.tensor });
  return function (x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
    takes(arguments);
    return writeAlong(run, x, dim, index, source, 'index_copy', caller);
  };
}

/**
 * A copy of x with `source` in place of its entries along `dim` at the int32 indices `index`. Follows
 * `torch.index_copy`.
 * @throws the errors of {@link indexAdd}.
 */
export const indexCopy = copying(apply, 'indexCopy');

/** {@link indexCopy} in place, with its errors. Follows `Tensor.index_copy_`. */
export const indexCopy_: typeof indexCopy = copying(applyInPlace, 'indexCopy_');

function filling(run: Run, caller: string) {
  const takes = signature(caller, { ...alongParameters, value: K.operand });
  return function (x: Tensor, dim: number, index: Tensor, value: Tensor | number): Tensor {
    takes(arguments);
    const a = along(x, dim, index, caller);
    const stored = fillValue(x, value, caller);
    const attrs = { name: 'index_fill', caller, negative: true, accumulate: false } as const;
    const filled = write(run, x, a.dim, a.index, stored, attrs);
    return typeof value === 'number' ? filled : composed('IndexFillBackward1', filled, x);
  };
}

/**
 * A copy of x with `value` in place of its entries along `dim` at the int32 indices `index`; negative ones count from
 * the end. Follows `torch.index_fill`.
 * @throws the errors of {@link indexSelect}, ShapeError when `value` has dimensions.
 */
export const indexFill = filling(apply, 'indexFill');

/** {@link indexFill} in place, with its errors. Follows `Tensor.index_fill_`. */
export const indexFill_: typeof indexFill = filling(applyInPlace, 'indexFill_');
