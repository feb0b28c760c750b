import { IndexError, ShapeError, ValueError } from '../../errors.ts';
import { copyStrided, stridedOver } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkInteger, formatShape, normalizeDim, numelOf, type Shape } from '../../shape.ts';
import { Tensor, wrapArray } from '../../tensor.ts';
import { clone } from '../creation/copy.ts';
import { indexSelect } from '../indexing/index-along.ts';
import { type Sizes, sizesFrom } from '../views/layout.ts';
import { expand, ravel, reshape, unsqueeze } from '../views/shape.ts';
import { transpose } from '../views/permute.ts';
import { stack } from './joining.ts';

const flipPrimitive: Primitive<readonly number[]> = definePrimitive({
  name: 'flip',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([x], dims, out) {
    const { shape, count, dtype } = x;
    if (count === 0) return;
    const strides = x.strides.slice();
    let { offset } = x;
    for (const d of dims) {
      offset += (shape[d]! - 1) * strides[d]!;
      strides[d] = -strides[d]!;
    }
    copyStrided(stridedOver(x.storage.array, dtype, shape, offset, strides), out.storage.array, out.offset);
  },
  derivative: (g, node) => [apply(flipPrimitive, [g], node.attrs)],
});

/** x with the order of its entries along `dims` reversed, as a copy. Follows `torch.flip`. */
export function flip(x: Tensor, ...dims: Sizes): Tensor {
  const rank = x.shape.length;
  const list = sizesFrom(dims).map((d) => normalizeDim(d, rank, 'flip'));
  if (new Set(list).size < list.length) {
    throw new ShapeError(`flip: a dim appears multiple times in the list of dims ${formatShape(list)}`);
  }
  return apply(flipPrimitive, [x], rank === 0 ? [] : list);
}

/** Columns in reverse order. Follows `torch.fliplr`. */
export function fliplr(x: Tensor): Tensor {
  if (x.shape.length < 2) throw new ShapeError(`fliplr: Input must be >= 2-d, got ${formatShape(x.shape)}`);
  return flip(x, 1);
}

/** Rows in reverse order. Follows `torch.flipud`. */
export function flipud(x: Tensor): Tensor {
  if (x.shape.length < 1) throw new ShapeError('flipud: Input must be >= 1-d, got a 0-dim tensor');
  return flip(x, 0);
}

interface Rolling {
  readonly shifts: readonly number[];
  readonly dims: readonly number[];
}

const rollPrimitive: Primitive<Rolling> = definePrimitive({
  name: 'roll',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel([x], { shifts, dims }, out) {
    if (x.count === 0) return;
    let from = x.data;
    for (let k = 0; k < dims.length; k++) {
      const size = x.shape[dims[k]!]!;
      const inner = numelOf(x.shape.slice(dims[k]! + 1));
      const shift = (((shifts[k]! % size) + size) % size) * inner;
      const last = k === dims.length - 1;
      const to = last ? out.storage.array : from.slice();
      for (let row = 0; row < from.length; row += size * inner) {
        const cut = row + size * inner - shift;
        to.set(from.subarray(cut, row + size * inner), row);
        to.set(from.subarray(row, cut), row + shift);
      }
      from = to;
    }
  },
  derivative: (g, { attrs }) => [
    apply(rollPrimitive, [g], { shifts: attrs.shifts.map((s) => -s), dims: attrs.dims }),
  ],
});

/**
 * x with its entries moved by `shifts` along `dims`; what passes the end comes in at the start. Without `dims` x is taken as one row.
 * Follows `torch.roll`.
 *
 * @example
 * ```ts
 * roll(arange(4), 1); // [3, 0, 1, 2]
 * ```
 */
export function roll(x: Tensor, shifts: number | Shape, dims?: number | Shape): Tensor {
  const by = typeof shifts === 'number' ? [shifts] : shifts;
  for (const shift of by) checkInteger(shift, 'each shift', 'roll');
  const given = dims === undefined ? [] : typeof dims === 'number' ? [dims] : dims;
  if (given.length === 0 && by.length === 1) {
    return reshape(apply(rollPrimitive, [ravel(x)], { shifts: by, dims: [0] }), x.shape);
  }
  if (by.length === 0) throw new ShapeError('roll: `shifts` required');
  if (by.length !== given.length) {
    throw new ShapeError(
      `roll: shifts and dimensions must align. shifts: ${by.length}, dims: ${given.length}`,
    );
  }
  if (x.shape.length === 0)
    throw new IndexError(`roll: Dimension specified as ${given[0]} but tensor has no dimensions`);
  return apply(rollPrimitive, [x], {
    shifts: by,
    dims: given.map((d) => normalizeDim(d, x.shape.length, 'roll')),
  });
}

/** x turned `k` times by 90 degrees, from the first of `dims` towards the second. Follows `torch.rot90`. */
export function rot90(x: Tensor, k = 1, dims: Shape = [0, 1]): Tensor {
  const rank = x.shape.length;
  checkInteger(k, 'k', 'rot90');
  if (dims.length !== 2)
    throw new ShapeError(`rot90: expected total rotation dims == 2, but got dims = ${formatShape(dims)}`);
  if (rank < 2) throw new ShapeError(`rot90: expected total dims >= 2, but got total dims = ${rank}`);
  const a = normalizeDim(dims[0]!, rank, 'rot90');
  const b = normalizeDim(dims[1]!, rank, 'rot90');
  if (a === b)
    throw new ShapeError(
      `rot90: expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`,
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

/** `x` repeated whole, by a broadcast view that is then copied. */
function repeatTimes(x: Tensor, times: Shape): Tensor {
  const lead = times.length - x.shape.length;
  const split: number[] = [];
  const wide: number[] = [];
  const joined = times.map((n, d) => {
    const size = d < lead ? 1 : x.shape[d - lead]!;
    split.push(1, size);
    wide.push(n, size);
    return n * size;
  });
  const result = reshape(expand(reshape(x, split), wide), joined);
  return result.storage === x.storage ? clone(result) : result;
}

/**
 * x laid out so many times along each dimension, as a copy; more numbers than x has dimensions repeat along new leading ones.
 * Follows `Tensor.repeat`.
 *
 * @example
 * ```ts
 * repeat(tensor([1, 2]), 2, 2); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export function repeat(x: Tensor, ...repeats: Sizes): Tensor {
  const times = sizesFrom(repeats);
  if (times.length < x.shape.length) {
    throw new ShapeError(
      'repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got ' +
        `${formatShape(times)} for shape ${formatShape(x.shape)}`,
    );
  }
  if (times.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new ShapeError(`repeat: expected non-negative integers, got ${formatShape(times)}`);
  }
  return composed('repeat', repeatTimes(x, times), x);
}

/** {@link repeat} in which missing leading numbers are 1. Follows `torch.tile`. */
export function tile(x: Tensor, ...dims: Sizes): Tensor {
  const times = sizesFrom(dims);
  return repeat(x, [...new Array<number>(Math.max(0, x.shape.length - times.length)).fill(1), ...times]);
}

/** Options of {@link repeatInterleave}. */
export interface RepeatInterleaveOptions {
  /** The dimension along which entries are repeated. Default: x is taken as one row. */
  readonly dim?: number | null;
  /** The size of the result along `dim`, checked against the repeats. */
  readonly outputSize?: number | null;
}

function repeatedIndices(repeats: Tensor, outputSize: number | null): Tensor {
  if (repeats.dtype !== 'int32' || repeats.shape.length > 1) {
    throw new ShapeError(
      `repeatInterleave: expected repeats as a number or a vector of int32, got ${repeats.dtype} of shape ${formatShape(repeats.shape)}`,
    );
  }
  const indices: number[] = [];
  const counts = repeats.data;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! < 0) throw new ValueError('repeatInterleave: repeats can not be negative');
    for (let n = 0; n < counts[i]!; n++) indices.push(i);
  }
  if (outputSize !== null && outputSize !== indices.length) {
    throw new ValueError(
      `repeatInterleave: outputSize ${outputSize} does not match the sum of the repeats ${indices.length}`,
    );
  }
  return wrapArray(Int32Array.from(indices), [indices.length], 'int32');
}

/**
 * Each entry of x along `dim` repeated so many times, one number for all or one each (int32). Given the repeats alone, the indices
 * that are to be repeated. Follows `torch.repeat_interleave`.
 *
 * @example
 * ```ts
 * repeatInterleave(tensor([1, 2]), 2); // [1, 1, 2, 2]
 * repeatInterleave(tensor([1, 0, 2])); // [0, 2, 2]
 * ```
 */
export function repeatInterleave(
  x: Tensor,
  repeats?: number | Tensor | Shape,
  options: RepeatInterleaveOptions = {},
): Tensor {
  const { dim = null, outputSize = null } = options;
  if (repeats === undefined) return repeatedIndices(x, outputSize);
  const source = dim === null || x.shape.length === 0 ? ravel(x) : x;
  const d = normalizeDim(dim ?? 0, source.shape.length, 'repeatInterleave');
  const size = source.shape[d]!;
  let counts = repeats;
  if (Array.isArray(counts))
    counts = wrapArray(Int32Array.from(counts as number[]), [counts.length], 'int32');
  if (counts instanceof Tensor && counts.count === 1 && counts.shape.length <= 1) counts = counts.data[0]!;
  if (typeof counts === 'number') {
    if (!Number.isInteger(counts) || counts < 0)
      throw new ValueError(`repeatInterleave: Repeats must be non-negative, got ${counts}`);
    if (outputSize !== null && outputSize !== counts * size) {
      throw new ValueError(`repeatInterleave: outputSize ${outputSize} does not match ${counts} * ${size}`);
    }
    const inserted = unsqueeze(source, d + 1);
    const wide = expand(inserted, [...source.shape.slice(0, d + 1), counts, ...source.shape.slice(d + 1)]);
    const result = reshape(
      wide,
      source.shape.map((n, i) => (i === d ? n * (counts as number) : n)),
    );
    return result.storage === x.storage ? clone(result) : result;
  }
  const list = counts as Tensor;
  if (list.shape.length !== 1 || list.shape[0] !== size) {
    throw new ShapeError(
      `repeatInterleave: repeats must have the same size as input along dim, but got repeats of shape ` +
        `${formatShape(list.shape)} and size ${size} of dim ${d}`,
    );
  }
  return indexSelect(source, d, repeatedIndices(list, outputSize));
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `'ij'`: the first tensor varies along the first dimension; `'xy'`: along the second. Default: `'ij'`. */
  readonly indexing?: 'ij' | 'xy';
}

/** Coordinate grids of vectors: each expanded along the dimensions of the others. Follows `torch.meshgrid`. */
export function meshgrid(tensors: readonly Tensor[], options: MeshgridOptions = {}): Tensor[] {
  const { indexing = 'ij' } = options;
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ValueError(`meshgrid: indexing must be one of "xy" or "ij", but received: ${String(indexing)}`);
  }
  const swap = indexing === 'xy' && tensors.length >= 2;
  const list = swap ? [tensors[1]!, tensors[0]!, ...tensors.slice(2)] : tensors;
  const shape = list.map((x) => {
    if (x.shape.length > 1) {
      throw new ShapeError(
        `meshgrid: Expected 0D or 1D tensor in the tensor list but got shape ${formatShape(x.shape)}`,
      );
    }
    if (x.dtype !== list[0]!.dtype)
      throw new ShapeError('meshgrid expects all tensors to have the same dtype');
    return x.count;
  });
  const grids = list.map((x, d) =>
    expand(
      reshape(
        x,
        shape.map((_, i) => (i === d ? -1 : 1)),
      ),
      shape,
    ),
  );
  return swap ? [grids[1]!, grids[0]!, ...grids.slice(2)] : grids;
}

/** All combinations of elements of the vectors, one a row. Follows `torch.cartesian_prod`. */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  for (const x of tensors) {
    if (x.shape.length !== 1)
      throw new ShapeError(`cartesianProd: Expect a 1D vector, but got shape ${formatShape(x.shape)}`);
  }
  return tensors.length === 1 ? tensors[0]! : stack(meshgrid(tensors).map(ravel), 1);
}

/** The functions of this file that are methods too. */
export default { flip, fliplr, flipud, roll, rot90, repeat, tile, repeatInterleave };
