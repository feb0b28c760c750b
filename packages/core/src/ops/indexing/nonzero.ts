import { type Tensor, wrapArray } from '../../tensor.ts';

/** Where the elements of x other than 0 stand, in row-major order. */
export function nonzeroPositions(x: Tensor): Int32Array {
  const { data } = x;
  // What a mask holds is not to be guessed: adding up its ones needs no branch.
  if (x.dtype === 'bool') return positionsOfOnes(data as Uint8Array);
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) count++;
  const result = new Int32Array(count);
  for (let i = 0, n = 0; n < count; i++) if (data[i] !== 0) result[n++] = i;
  return result;
}

function positionsOfOnes(mask: Uint8Array): Int32Array {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i]!;
  const result = new Int32Array(count);
  for (let i = 0, n = 0; n < count; i++) {
    result[n] = i;
    n += mask[i]!;
  }
  return result;
}

/** The coordinates of each element other than 0 along each dimension of x. */
export function nonzeroTuple(x: Tensor): Tensor[] {
  const positions = nonzeroPositions(x);
  const coordinates = x.shape.map(() => new Int32Array(positions.length));
  for (let n = 0; n < positions.length; n++) {
    let rest = positions[n]!;
    for (let d = x.shape.length - 1; d >= 0; d--) {
      const size = x.shape[d]!;
      coordinates[d]![n] = rest % size;
      rest = Math.floor(rest / size);
    }
  }
  return coordinates.map((c) => wrapArray(c, [c.length], 'int32'));
}

/** Options of {@link nonzero}. */
export interface NonzeroOptions {
  /** One tensor of indices for each dimension, as `index` takes them, instead of a matrix. */
  readonly asTuple?: boolean;
}

/**
 * The indices of the elements other than 0, in row-major order: an int32 matrix with a row for each of them and a column
 * for each dimension. Follows `torch.nonzero`.
 *
 * @example
 * ```ts
 * nonzero(tensor([[0, 1], [2, 0]])); // [[0, 1], [1, 0]]
 * ```
 */
export function nonzero(x: Tensor, options: NonzeroOptions & { asTuple: true }): Tensor[];
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(x: Tensor, options?: NonzeroOptions): Tensor | Tensor[];
export function nonzero(x: Tensor, options: NonzeroOptions = {}): Tensor | Tensor[] {
  if (options.asTuple === true) {
    // A 0-dimensional tensor counts as a row of one element.
    return x.shape.length > 0
      ? nonzeroTuple(x)
      : [wrapArray(nonzeroPositions(x), [Number(x.data[0] !== 0)], 'int32')];
  }
  const rank = x.shape.length;
  const columns = nonzeroTuple(x);
  const count = rank === 0 ? nonzeroPositions(x).length : columns[0]!.count;
  const out = new Int32Array(count * rank);
  for (let d = 0; d < rank; d++) {
    const column = columns[d]!.data;
    for (let n = 0; n < count; n++) out[n * rank + d] = column[n]!;
  }
  return wrapArray(out, [count, rank], 'int32');
}

/** {@link nonzero} as a matrix. Follows `torch.argwhere`. */
export const argwhere = (x: Tensor): Tensor => nonzero(x);

/** The functions of this file that are methods too. */
export default { nonzero, argwhere };
