import { K, signature } from '../../arguments/index.ts';
import type { TypedArray } from '../../dtype.ts';
import { IndexError, ShapeError } from '../../errors.ts';
import { arrange, copyStrided, type Pieces, stridedOver } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, type Primitive } from '../../record/index.ts';
import { formatShape, normalizeDim, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { type Sizes, sizeAlong, sizesFrom, sizesKind, strideAlong } from '../views/layout.ts';
import { transpose } from '../views/permute.ts';
import { ravel, reshape } from '../views/shape.ts';

/**
 * An operation that copies elements to other places, each to one, and whose derivative puts them back: itself, by
 * `back`.
 */
function rearranging<A>(
  name: string,
  back: (attrs: A) => A,
  copy: (x: Tensor, attrs: A, out: TypedArray) => void,
): Primitive<A> {
  const primitive: Primitive<A> = definePrimitive<A>({
    name,
    saves: 0,
    infer: ([x]) => x,
    kernel([x], attrs, out) {
      if (x.count > 0) copy(x, attrs, out.storage.array);
    },
    derivative: (g, node) => [apply(primitive, [g], back(node.attrs))],
  });
  return primitive;
}

const flipPrimitive = rearranging<readonly number[]>(
  'flip',
  (dims) => dims,
  (x, dims, out) => {
    const strides = x.strides.slice();
    let { offset } = x;
    for (const d of dims) {
      const stride = strideAlong(x, d);
      offset += (sizeAlong(x, d) - 1) * stride;
      strides[d] = -stride;
    }
    copyStrided(stridedOver(x.storage.array, x.dtype, x.shape, offset, strides), out);
  },
);

const flipTakes = signature('flip', { x: K.tensor, dims: sizesKind });

/**
 * x with the order of its entries along `dims` reversed, as a copy. Follows `torch.flip`.
 * @throws IndexError when a dimension is out of range, ShapeError when one is given twice.
 * @example flip(tensor([[1, 2], [3, 4]]), 1).tolist(); // [ [ 2, 1 ], [ 4, 3 ] ]
 */
export function flip(x: Tensor, ...dims: Sizes): Tensor {
  flipTakes([x, dims]);
  const rank = x.shape.length;
  const list = sizesFrom(dims).map((d) => normalizeDim(d, rank, 'flip'));
  if (new Set(list).size < list.length) {
    throw new ShapeError(`flip: a dim appears multiple times in the list of dims ${formatShape(list)}`);
  }
  return apply(flipPrimitive, [x], rank === 0 ? [] : list);
}

const fliplrParameters = { x: K.tensor };
const fliplrTakes = signature('fliplr', fliplrParameters);

/**
 * Columns in reverse order. Follows `torch.fliplr`.
 * @throws ShapeError when x has fewer than two dimensions.
 */
export function fliplr(x: Tensor): Tensor {
  fliplrTakes(arguments);
  if (x.shape.length < 2) throw new ShapeError(`fliplr: Input must be >= 2-d, got ${formatShape(x.shape)}`);
  return flip(x, 1);
}

const flipudTakes = signature('flipud', fliplrParameters);

/**
 * Rows in reverse order. Follows `torch.flipud`.
 * @throws ShapeError when x has no dimension.
 */
export function flipud(x: Tensor): Tensor {
  flipudTakes(arguments);
  if (x.shape.length < 1) throw new ShapeError('flipud: Input must be >= 1-d, got a 0-dim tensor');
  return flip(x, 0);
}

/** So many places along a dimension. */
interface Move {
  readonly dim: number;
  readonly shift: number;
}

/** A dimension whose entries are so many places further on; what passes the end comes in at the start. */
function turned(size: number, by: number): Pieces {
  const shift = ((by % size) + size) % size;
  if (shift === 0) return null;
  return [
    { count: shift, from: size - shift, step: 1 },
    { count: size - shift, from: 0, step: 1 },
  ];
}

const rollPrimitive = rearranging<readonly Move[]>(
  'roll',
  (moves) => moves.map(({ dim, shift }) => ({ dim, shift: -shift })),
  (x, moves, out) => {
    const shifts = x.shape.map(() => 0);
    for (const { dim, shift } of moves) shifts[dim] = (shifts[dim] ?? 0) + shift;
    const pieces = shifts.map((shift, dim) => turned(sizeAlong(x, dim), shift));
    arrange(x, pieces, stridedOver(out, x.dtype, x.shape));
  },
);

const rollTakes = signature('roll', { x: K.tensor, shifts: K.sizeOrSizes, dims: K.optional(K.dims) });

/**
 * x with its entries moved by `shifts` along `dims`; what passes the end comes in at the start. Without `dims` x is
 * taken as one row. Follows `torch.roll`.
 * @throws ShapeError when `shifts` and `dims` differ in length, IndexError when a dimension is out of range.
 * @example roll(arange(4), 1); // tensor([3, 0, 1, 2])
 */
export function roll(x: Tensor, shifts: number | Shape, dims?: number | Shape): Tensor {
  rollTakes(arguments);
  const by = typeof shifts === 'number' ? [shifts] : shifts;
  const given = dims === undefined ? [] : typeof dims === 'number' ? [dims] : dims;
  const [first] = by;
  if (given.length === 0 && by.length === 1 && first !== undefined) {
    return reshape(apply(rollPrimitive, [ravel(x)], [{ dim: 0, shift: first }]), x.shape);
  }
  if (by.length === 0) throw new ShapeError('roll: `shifts` required');
  if (by.length !== given.length) {
    throw new ShapeError(
      `roll: shifts and dimensions must align. shifts: ${by.length}, dims: ${given.length}`,
    );
  }
  if (x.shape.length === 0)
    throw new IndexError(`roll: Dimension specified as ${given[0]} but tensor has no dimensions`);
  const moves = by.map((shift, k) => ({ dim: normalizeDim(given[k]!, x.shape.length, 'roll'), shift }));
  return apply(rollPrimitive, [x], moves);
}

const rot90Takes = signature('rot90', { x: K.tensor, k: K.optional(K.integer), dims: K.optional(K.sizes) });

/**
 * x turned `k` times by 90 degrees, from the first of `dims` towards the second. Follows `torch.rot90`.
 * @throws ShapeError when `dims` are not two different ones or x has fewer, IndexError when one is out of range.
 * @example rot90(tensor([[1, 2], [3, 4]])).tolist(); // [ [ 2, 4 ], [ 1, 3 ] ]
 */
export function rot90(x: Tensor, k = 1, dims: Shape = [0, 1]): Tensor {
  rot90Takes(arguments);
  const rank = x.shape.length;
  if (dims.length !== 2)
    throw new ShapeError(`rot90: expected total rotation dims == 2, but got dims = ${formatShape(dims)}`);
  if (rank < 2) throw new ShapeError(`rot90: expected total dims >= 2, but got total dims = ${rank}`);
  const [from = 0, to = 1] = dims;
  const a = normalizeDim(from, rank, 'rot90');
  const b = normalizeDim(to, rank, 'rot90');
  if (a === b)
    throw new ShapeError(
      `rot90: expected rotation dims to be different, but got dim0 = ${from} and dim1 = ${to}`,
    );
  switch (((k % 4) + 4) % 4) {
    case 1:
      return composed('rot90', transpose(flip(x, b), a, b), x);
    case 2:
      return composed('rot90', flip(x, a, b), x);
    case 3:
      return composed('rot90', transpose(flip(x, a), a, b), x);
    default:
      return composed('rot90', clone(x), x);
  }
}
