import { K, signature } from '../../arguments/index.ts';
import { type Tensor, wrapArray } from '../../tensor.ts';
import { atleast1d } from '../views/shape.ts';
import { nonzeroCoordinates, nonzeroRows } from './index-positions.ts';

const nonzeroTupleParameters = { x: K.tensor };
const nonzeroTupleTakes = signature('nonzeroTuple', nonzeroTupleParameters);

/**
 * The coordinates of each element other than 0 along each dimension of x, as int32 vectors: {@link nonzero} with
 * `asTuple`.
 */
export const nonzeroTuple = function (x: Tensor): Tensor[] {
  nonzeroTupleTakes(arguments);
  return nonzeroCoordinates(x, 'nonzero').map((list) => wrapArray(list, [list.length], 'int32'));
};

/** Options of {@link nonzero}. */
export interface NonzeroOptions {
  /** One tensor of indices for each dimension, as `index` takes them, instead of a matrix. */
  readonly asTuple?: boolean;
}

const nonzeroTakes = signature('nonzero', {
  x: K.tensor,
  options: K.options<NonzeroOptions>({ asTuple: K.flag }),
});

/**
 * The indices of the elements other than 0, in row-major order: an int32 matrix with a row for each of them and a
 * column for each dimension. Follows `torch.nonzero`.
 * @example nonzero(tensor([[0, 1], [2, 0]])).tolist(); // [ [ 0, 1 ], [ 1, 0 ] ]
 */
export function nonzero(x: Tensor, options: NonzeroOptions & { asTuple: true }): Tensor[];
export function nonzero(x: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(x: Tensor, options?: NonzeroOptions): Tensor | Tensor[];
export function nonzero(x: Tensor, options: NonzeroOptions = {}): Tensor | Tensor[] {
  nonzeroTakes(arguments);
  // A 0-dimensional tensor counts as a row of one element.
  const rowed = atleast1d(x);
  if (options.asTuple === true) return nonzeroTuple(rowed);
  const rank = x.shape.length;
  const rows = nonzeroRows(rowed, 'nonzero');
  // Of a tensor without dimensions there is a row without columns, or none.
  return rank === 0
    ? wrapArray(new Int32Array(0), [rows.length, 0], 'int32')
    : wrapArray(rows, [rows.length / rank, rank], 'int32');
}

const argwhereTakes = signature('argwhere', nonzeroTupleParameters);

/** {@link nonzero} as a matrix. Follows `torch.argwhere`. */
export const argwhere = function (x: Tensor): Tensor {
  argwhereTakes(arguments);
  return nonzero(x);
};

/** The functions of this file that are methods too. */
export default { nonzero, argwhere };
