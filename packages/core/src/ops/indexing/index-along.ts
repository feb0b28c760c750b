import { storedNumber } from '../../dtype.ts';
import { DTypeError, IndexError, ShapeError } from '../../errors.ts';
import { formatShape, normalizeDim, sameShape } from '../../shape.ts';
import { requireTensors, Tensor, wrapArray } from '../../tensor.ts';
import { to } from '../creation/copy.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { reshape } from '../views/shape.ts';
import { checkIndexDType } from './positions.ts';
import { getIndexed, putFlat, putFlatInPlace, putIndexed, putIndexedInPlace } from './primitives.ts';

interface Along {
  /** x with at least one dimension. */
  readonly x: Tensor;
  readonly dim: number;
  readonly index: Tensor;
}

/** A vector of indices for one dimension; a 0-dimensional tensor counts as one element along dimension 0. */
function along(x: Tensor, dim: number, index: Tensor, caller: string): Along {
  requireTensors(caller, x, index);
  const d = normalizeDim(dim, x.shape.length, caller);
  checkIndexDType(index, caller);
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

/**
 * The entries of x along `dim` at the int32 indices `index`, as a copy. Follows `torch.index_select`.
 * @example indexSelect(tensor([[1, 2], [3, 4]]), 0, tensor([1, 1])); // [[3, 4], [3, 4]]
 */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
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

/** The functions that write, out of place and in place. */
interface Put {
  readonly indexed: typeof putIndexed;
  readonly flat: typeof putFlat;
}
const outOfPlace: Put = { indexed: putIndexed, flat: putFlat };
const inPlace: Put = { indexed: putIndexedInPlace, flat: putFlatInPlace };

type WriteName = 'index_add' | 'index_copy' | 'index_fill';

interface WriteAttributes {
  readonly name: WriteName;
  readonly caller: string;
  readonly accumulate: boolean;
  readonly negative: boolean;
}

/** A 0-dimensional tensor is written as a row of one element: a view of it could not be changed in place. */
function write(
  put: Put,
  x: Tensor,
  dim: number,
  index: Tensor,
  values: Tensor,
  attrs: WriteAttributes,
): Tensor {
  if (x.shape.length === 0) return put.flat(attrs.name, x, index, values, attrs);
  return put.indexed(attrs.name, x, values, [index], { dims: [dim], ...attrs });
}

/** Writes `source`, whose shape is that of x with the size of the index along `dim`. */
function writeAlong(
  put: Put,
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
  return write(put, x, a.dim, a.index, values, {
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

const scaled = (source: Tensor, options: IndexAddOptions): Tensor =>
  (options.alpha ?? 1) === 1 ? source : to(mul(source, options.alpha!), source.dtype);

/**
 * A copy of x with alpha * `source` added to its entries along `dim` at the int32 indices `index`; one index may occur several times.
 * The derivative of {@link indexSelect}. Follows `torch.index_add`.
 */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: IndexAddOptions = {},
): Tensor {
  return writeAlong(outOfPlace, x, dim, index, scaled(source, options), 'index_add', 'indexAdd');
}

/** {@link indexAdd} in place. Follows `Tensor.index_add_`. */
export function indexAdd_(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  options: IndexAddOptions = {},
): Tensor {
  return writeAlong(inPlace, x, dim, index, scaled(source, options), 'index_add', 'indexAdd_');
}

/** A copy of x with `source` in place of its entries along `dim` at the int32 indices `index`. Follows `torch.index_copy`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return writeAlong(outOfPlace, x, dim, index, source, 'index_copy', 'indexCopy');
}

/** {@link indexCopy} in place. Follows `Tensor.index_copy_`. */
export function indexCopy_(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  return writeAlong(inPlace, x, dim, index, source, 'index_copy', 'indexCopy_');
}

/** The value is stored once, however often an index occurs: its gradient must count it once. */
function withoutRepeats(index: Tensor, size: number): Tensor {
  const distinct = new Set<number>();
  for (const i of index.data) distinct.add(i < 0 && i >= -size ? i + size : i);
  return distinct.size === index.count
    ? index
    : wrapArray(Int32Array.from(distinct), [distinct.size], 'int32');
}

function fillAlong(
  put: Put,
  x: Tensor,
  dim: number,
  indices: Tensor,
  value: Tensor | number,
  caller: string,
): Tensor {
  const a = along(x, dim, indices, caller);
  if (value instanceof Tensor && value.shape.length > 0) {
    throw new ShapeError(
      `${caller}: only supports a 0-dimensional value tensor, but got tensor with ${value.shape.length} dimension(s).`,
    );
  }
  const stored =
    value instanceof Tensor
      ? to(value, x.dtype)
      : Tensor.scalar(storedNumber(value, x.dtype, caller), x.dtype);
  const index = withoutRepeats(a.index, x.shape[a.dim] ?? 1);
  return write(put, x, a.dim, index, stored, {
    name: 'index_fill',
    caller,
    negative: true,
    accumulate: false,
  });
}

/** A copy of x with `value` in place of its entries along `dim` at the int32 indices `index`. Follows `torch.index_fill`. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Tensor | number): Tensor {
  return fillAlong(outOfPlace, x, dim, index, value, 'indexFill');
}

/** {@link indexFill} in place. Follows `Tensor.index_fill_`. */
export function indexFill_(x: Tensor, dim: number, index: Tensor, value: Tensor | number): Tensor {
  return fillAlong(inPlace, x, dim, index, value, 'indexFill_');
}

/** The functions of this file that are methods too. */
export default { indexSelect, indexAdd, indexAdd_, indexCopy, indexCopy_, indexFill, indexFill_ };
