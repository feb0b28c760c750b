/** Installs operations as methods of Tensor, and gives them their types. */
import hooks, { retainsGrad } from './autograd/hooks.ts';
import type { TypedArray } from './dtype.ts';
import { IndexError } from './errors.ts';
import { install, installMethods } from './install.ts';
import * as members from './members.ts';
import * as flips from './ops/arranging/flip-and-roll.ts';
import padding from './ops/arranging/pad.ts';
import positions from './ops/arranging/positions.ts';
import * as repeats from './ops/arranging/repeat.ts';
import triangle from './ops/arranging/triangle.ts';
import copies from './ops/creation/copy.ts';
import fills from './ops/creation/fill.ts';
import creations from './ops/creation/new.ts';
import * as arithmetic from './ops/elementwise/arithmetic.ts';
import * as binaryFunctions from './ops/elementwise/binary.ts';
import * as comparisons from './ops/elementwise/compare.ts';
import * as functions from './ops/elementwise/functions.ts';
import * as rounding from './ops/elementwise/rounding.ts';
import selections from './ops/elementwise/select.ts';
import type * as ops from './ops/index.ts';
import * as gather from './ops/indexing/gather.ts';
import * as indexAlong from './ops/indexing/index-along.ts';
import * as masked from './ops/indexing/masked.ts';
import nonzero from './ops/indexing/nonzero.ts';
import * as scatter from './ops/indexing/scatter.ts';
import subscript from './ops/indexing/subscript.ts';
import * as takes from './ops/indexing/take.ts';
import linearAlgebra from './ops/linalg/top-level.ts';
import counting from './ops/order/counting.ts';
import * as sorting from './ops/order/sorting.ts';
import * as distinct from './ops/order/unique.ts';
import cross from './ops/products/cross.ts';
import distance from './ops/products/distance.ts';
import kron from './ops/products/kron.ts';
import linear from './ops/products/linear.ts';
import matmul from './ops/products/matmul.ts';
import norms from './ops/products/norm.ts';
import tensordot from './ops/products/tensordot.ts';
import vectorProducts from './ops/products/vector-products.ts';
import inPlaceDraws from './ops/random/in-place.ts';
import categories from './ops/random/multinomial.ts';
import draws from './ops/random/random-tensors.ts';
import * as extremes from './ops/reductions/extremes.ts';
import * as histogram from './ops/reductions/histc.ts';
import * as logical from './ops/reductions/logical.ts';
import * as median from './ops/reductions/median.ts';
import moments from './ops/reductions/moments.ts';
import * as products from './ops/reductions/prod.ts';
import * as quantile from './ops/reductions/quantile.ts';
import softmax from './ops/reductions/softmax.ts';
import sums from './ops/reductions/sum.ts';
import * as cumprod from './ops/scans/cumprod.ts';
import * as cumulative from './ops/scans/cumulative.ts';
import * as logcumsumexp from './ops/scans/logcumsumexp.ts';
import * as angles from './ops/special/angles.ts';
import binaryNumbers from './ops/special/binary-numbers.ts';
import complex from './ops/special/complex.ts';
import special from './ops/special/functions.ts';
import incompleteGamma from './ops/special/incomplete-gamma.ts';
import * as wholeNumbers from './ops/special/whole-numbers.ts';
import covariances from './ops/statistics/covariance.ts';
import histograms from './ops/statistics/histograms.ts';
import viewCopies from './ops/views/copies.ts';
import * as diagonals from './ops/views/diagonal.ts';
import * as permutations from './ops/views/permute.ts';
import { hermitian, matrixTranspose, reverseDims } from './ops/views/properties.ts';
import shapes from './ops/views/shape.ts';
import * as slices from './ops/views/slices.ts';
import * as splits from './ops/views/split.ts';
import * as windows from './ops/views/windows.ts';
import { valuesOf } from './record/values.ts';
import { owned } from './storage.ts';
import { Tensor } from './tensor.ts';

/**
 * The functions that are methods too: the tensor is their first argument. A file of methods alone is taken whole,
 * another one lists them as its default export.
 */
const operations = [
  flips,
  padding,
  positions,
  repeats,
  triangle,
  copies,
  fills,
  creations,
  arithmetic,
  binaryFunctions,
  comparisons,
  functions,
  rounding,
  selections,
  gather,
  indexAlong,
  masked,
  nonzero,
  scatter,
  subscript,
  takes,
  counting,
  sorting,
  distinct,
  cross,
  distance,
  linear,
  matmul,
  vectorProducts,
  norms,
  kron,
  linearAlgebra,
  tensordot,
  inPlaceDraws,
  draws,
  categories,
  extremes,
  histogram,
  logical,
  median,
  moments,
  products,
  quantile,
  softmax,
  sums,
  cumprod,
  cumulative,
  logcumsumexp,
  angles,
  binaryNumbers,
  special,
  incompleteGamma,
  complex,
  wholeNumbers,
  viewCopies,
  covariances,
  histograms,
  diagonals,
  permutations,
  shapes,
  slices,
  splits,
  windows,
  hooks,
] as const;

const { toPrimitive, ...own } = members;

/**
 * A function of a tensor as that tensor's method, with all of its overloads. A function of fewer than four matches with
 * its first one several times.
 */
type Method<F> = F extends {
  (x: Tensor, ...args: infer A1): infer R1;
  (x: Tensor, ...args: infer A2): infer R2;
  (x: Tensor, ...args: infer A3): infer R3;
  (x: Tensor, ...args: infer A4): infer R4;
}
  ? Same<[A1, R1], [A4, R4]> extends true
    ? (...args: A4) => R4
    : Same<[A1, R1], [A3, R3]> extends true
      ? { (...args: A3): R3; (...args: A4): R4 }
      : Same<[A1, R1], [A2, R2]> extends true
        ? { (...args: A2): R2; (...args: A3): R3; (...args: A4): R4 }
        : { (...args: A1): R1; (...args: A2): R2; (...args: A3): R3; (...args: A4): R4 }
  : never;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type MethodsOf<T> = { [K in keyof T]: Method<T[K]> };

type KeyOf<T> = T extends unknown ? keyof T : never;

/** Taken from the functions themselves, so that editors show their documentation and lead to them. */
type OperationMethods = MethodsOf<
  Pick<
    typeof ops & typeof import('./autograd/hooks.ts') & typeof import('./ops/creation/new.ts'),
    KeyOf<(typeof operations)[number]>
  >
>;

interface Properties {
  /**
   * The elements in row-major order as a typed array (`bool` and `uint8`: a Uint8Array).
   *
   * Of a contiguous tensor this is its memory itself: writing to it changes the tensor behind autograd's back.
   * Of any other view it is a copy. Kindling's own; in place of `Tensor.numpy`.
   * @example tensor([1.5, 2]).data; // Float32Array(2) [ 1.5, 2 ]
   */
  readonly data: TypedArray;
  /** The dimensions in reverse order. Follows `Tensor.T`. */
  readonly T: Tensor;
  /** The last two dimensions swapped. Follows `Tensor.mT`. */
  readonly mT: Tensor;
  /** The transpose of a matrix; conjugating changes no real number. Follows `Tensor.H`. */
  readonly H: Tensor;
  /** {@link mT}; conjugating changes no real number. Follows `Tensor.mH`. */
  readonly mH: Tensor;
  /** Whether `retainGrad` was called. Follows `Tensor.retains_grad`. */
  readonly retainsGrad: boolean;
  /** PyTorch's printed form. Follows `repr(tensor)`. */
  toString(): string;
  /**
   * The value of a tensor of one element where a number is asked for (`x * 2`), the printed form where a string is.
   * Follows `Tensor.__float__`.
   * @throws ValueError for `+` and `==`, and where a number is asked for of any other tensor
   */
  [Symbol.toPrimitive](hint: string): string | number;
  /**
   * Walks the first dimension. Follows `Tensor.__iter__`.
   * @throws IndexError of a tensor without dimensions
   */
  [Symbol.iterator](): Generator<Tensor>;
}

export interface TensorMethods
  extends OperationMethods,
    Pick<typeof members, Exclude<keyof typeof own, 'toString'>>,
    Properties {}

/** What leaves the library shares its buffer with no other tensor: its receiver may transfer it to another thread. */
function dataOf(x: Tensor): TypedArray {
  if (!x.dense) return owned(valuesOf(x, 'data'));
  x.storage.handOut();
  return valuesOf(x, 'data');
}

function installGetter(name: string, get: (x: Tensor) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    get(this: Tensor) {
      return get(this);
    },
  });
}

installMethods(operations, own);
installGetter('data', dataOf);
installGetter('T', reverseDims);
installGetter('mT', matrixTranspose);
installGetter('H', hermitian);
installGetter('mH', matrixTranspose);
installGetter('retainsGrad', retainsGrad);
install(Symbol.toPrimitive, toPrimitive);
install(Symbol.for('nodejs.util.inspect.custom'), function (this: Tensor) {
  return this.toString();
});
// What has a tag is no plain object: vitest and Vue, which would copy one or wrap it, take a tensor as it is.
install(Symbol.toStringTag, 'Tensor');
// Of what Jest copies for the report of a failure; it would ask each getter, and mT throws for a vector.
install(Symbol.for('@jest/serializableProperties'), ['dtype', 'shape', 'data']);
install(Symbol.iterator, function* (this: Tensor) {
  if (this.ndim === 0)
    throw new IndexError(
      'iteration over a 0-d tensor; item() reads its value, and tensorEquality of @kindling/core/testing compares ' +
        'tensors in toEqual of tests',
    );
  for (let i = 0; i < this.size(0); i++) yield slices.select(this, 0, i);
});
