/** What all of linear algebra asks of matrices, and how kernels read them. */
import { composition, K } from '../../arguments/index.ts';
import { isFloatingPoint } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { elementsOf, RealMatrix } from '../../kernels/index.ts';
import { type Meta, OUTPUT } from '../../record/index.ts';
import { broadcastShapes, formatShape, numelOf, type Shape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { zeros } from '../creation/fill.ts';
import { where } from '../elementwise/select.ts';
import { sum } from '../reductions/sum.ts';
import { expand } from '../views/shape.ts';

/** A public function of one tensor of matrices. */
export const ofMatrices = (name: string, f: (a: Tensor) => Tensor): typeof f =>
  composition(name, { a: K.tensor }, f);

/** The sizes of the last two dimensions. */
export const sizesOf = ({ shape }: { readonly shape: Shape }): [rows: number, columns: number] => [
  shape.at(-2) ?? 1,
  shape.at(-1) ?? 1,
];

/** The dimensions before the last two. */
export const batchOf = ({ shape }: { readonly shape: Shape }): Shape => shape.slice(0, -2);

/** Refuses what is no float. */
export function checkFloat(x: Tensor, caller: string): void {
  if (isFloatingPoint(x.dtype)) return;
  throw new DTypeError(
    `${caller}: Expected a floating point tensor as input. Got ${x.dtype}; convert with to('float32')`,
  );
}

/** Refuses what has no two dimensions. */
export function checkMatrices(x: Tensor, caller: string, name = 'A'): void {
  if (x.ndim >= 2) return;
  throw new ShapeError(
    `${caller}: The input tensor ${name} must have at least 2 dimensions, got shape ${formatShape(x.shape)}`,
  );
}

/** Refuses what are no matrices of floats. */
export function checkFloatMatrices(x: Tensor, caller: string, name = 'A'): void {
  checkMatrices(x, caller, name);
  checkFloat(x, caller);
}

/** Refuses what are no square matrices of floats. */
export function checkSquare(x: Tensor, caller: string, name = 'A'): void {
  checkFloatMatrices(x, caller, name);
  const [rows, columns] = sizesOf(x);
  if (rows === columns) return;
  throw new ShapeError(
    `${caller}: ${name} must be batches of square matrices, but they are ${rows} by ${columns} matrices`,
  );
}

/** Refuses tensors of different dtypes. */
export function checkSameDtype(a: Tensor, b: Tensor, caller: string): void {
  if (a.dtype === b.dtype) return;
  throw new DTypeError(
    `${caller}: Expected tensors of the same dtype, but got ${a.dtype} and ${b.dtype}; convert one with to()`,
  );
}

/** x with other dimensions before its last two. */
export const withBatch = (x: Tensor, batch: Shape): Tensor =>
  sameShape(batchOf(x), batch) ? x : expand(x, [...batch, ...sizesOf(x)]);

/** A value that depends on tensors in name only: their gradients are 0, as in PyTorch, rather than missing. */
export const dependingOn = (value: Tensor, ...tensors: readonly Tensor[]): Tensor =>
  tensors.reduce((y, x) => where(zeros([], { dtype: 'bool' }), sum(x), y), value);

/** Two stacks of matrices, broadcast to one batch. */
export function sameBatch(a: Tensor, b: Tensor, caller: string): [Tensor, Tensor] {
  const batch = broadcastShapes(batchOf(a), batchOf(b), caller);
  return [withBatch(a, batch), withBatch(b, batch)];
}

/** Whether B is a vector, or one for each matrix A, rather than a matrix. */
export const isVectorFor = (a: Tensor, b: Tensor): boolean =>
  b.ndim === 1 || (a.ndim - 1 === b.ndim && sameShape(b.shape, a.shape.slice(0, -1)));

/** The matrices of a tensor, for kernels: how many, and a copy of each. */
export function matricesIn(x: Tensor): { readonly count: number; readonly read: (b: number) => RealMatrix } {
  const elements = elementsOf(x);
  const [rows, columns] = sizesOf(x);
  return { count: numelOf(batchOf(x)), read: (b) => RealMatrix.read(elements, b, rows, columns) };
}

/** A refusal of matrix `b` of x. */
export const refused = (x: Tensor, b: number, caller: string, why: string): ValueError =>
  new ValueError(`${caller}: ${x.ndim > 2 ? `(Batch element ${b}): ` : ''}${why}`);

/** Why a matrix has no inverse, by the number of the diagonal element or pivot that is 0, from 1 as LAPACK counts. */
export const notInvertible = (info: number): string =>
  `The diagonal element ${info} is zero, the inversion could not be completed because the input matrix is singular.`;

/** Whether a kernel refuses what has no solution, in the name of a function; `null`: it notes so in `info`. */
export interface Checked {
  readonly caller: string | null;
}

/**
 * What is stated of an operation that makes a square matrix of each, where it has one: `info` says so, or it is refused
 * as `why` says.
 */
export const checkedEach = (
  name: string,
  caller: string,
  make: (matrix: RealMatrix) => [result: RealMatrix, info: number],
  why: (info: number) => string,
) => ({
  name,
  saves: OUTPUT,
  infer([a]: [Tensor]): [Meta, Meta] {
    checkSquare(a, caller);
    return [a, { shape: batchOf(a), dtype: 'int32' }];
  },
  kernel([a]: [Tensor], { caller }: Checked, [results, infos]: readonly [Tensor, Tensor]): void {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const [result, info] = make(matrices.read(b));
      if (info !== 0 && caller !== null) throw refused(a, b, caller, why(info));
      infos.storage.array[b] = info;
      result.write(results.storage.array, b);
    }
  },
});

/** Options of the functions that give `info` besides. */
export interface ExOptions {
  /** Whether what has no solution is an error, rather than a number other than 0 in `info`. Default: false. */
  readonly checkErrors?: boolean;
}
