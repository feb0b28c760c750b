import { alias, composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { exponential } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cat } from '../arranging/joining.ts';
import { clone } from '../creation/copy.ts';
import { eye, zerosLike } from '../creation/fill.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { squeeze, unsqueeze } from '../views/shape.ts';
import { narrow } from '../views/slices.ts';
import { batchOf, checkSquare, dependingOn, matricesIn, ofMatrices, sizesOf, withBatch } from './checks.ts';
import { inverses } from './solve.ts';

/**
 * Square matrices, (*, n, n), to a whole power by repeated squaring; to a negative one by their inverses. float32 or
 * float64. Follows `torch.linalg.matrix_power`.
 * @throws ValueError for a negative power of a singular matrix; ShapeError for what are no square matrices; DTypeError
 *   for a dtype that is not float
 * @example linalg.matrixPower(tensor([[1, 1], [0, 1]], { dtype: 'float32' }), 5).tolist(); // [ [ 1, 5 ], [ 0, 1 ] ]
 */
export const matrixPower = composition(
  'linalg.matrixPower',
  { a: K.tensor, n: K.integer },
  (a: Tensor, n: number): Tensor => {
    checkSquare(a, 'linalg.matrixPower');
    if (n === 0) return dependingOn(withBatch(eye(sizesOf(a)[0], { dtype: a.dtype }), batchOf(a)), a);
    if (n === 1) return clone(a);
    let square = n < 0 ? inverses(a, 'linalg.matrixPower')[0] : a;
    if (Math.abs(n) === 3) return matmul(matmul(square, square), square);
    let result: Tensor | null = null;
    for (let rest = Math.abs(n); ; square = matmul(square, square)) {
      if (rest % 2 === 1) result = result === null ? square : matmul(result, square);
      rest = Math.floor(rest / 2);
      if (rest === 0) return result ?? square;
    }
  },
);

const exponentialPrimitive = definePrimitive({
  name: 'linalg_matrix_exp',
  saves: INPUT(0),
  infer([a]) {
    checkSquare(a, 'linalg.matrixExp');
    return a;
  },
  kernel([a], _, out) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) exponential(matrices.read(b)).write(out.storage.array, b);
  },
  derivative(g, node) {
    // exp of [[Aᵀ, G], [0, Aᵀ]] has the derivative in the direction of G in its corner.
    const t = matrixTranspose(node.input(0));
    const [n] = sizesOf(t);
    const block = cat([cat([t, g], -1), cat([zerosLike(t), t], -1)], -2);
    const result = exponentials(block);
    return [narrow(narrow(result, -2, 0, n), -1, n, n)];
  },
});

const exponentials = (a: Tensor): Tensor => apply(exponentialPrimitive, [a], undefined);

/**
 * The exponentials 1 + A + A²/2! + ... of square matrices, (*, n, n). float32 or float64. Follows
 * `torch.linalg.matrix_exp`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float
 * @example linalg.matrixExp(zeros([2, 2])).tolist(); // [ [ 1, 0 ], [ 0, 1 ] ]
 */
export const matrixExp = ofMatrices('linalg.matrixExp', exponentials);

/**
 * How products of matrices are bracketed for the fewest multiplications: `split(i, j)` is after which one those from i
 * to j are cut.
 */
function cheapestSplits(sizes: readonly number[]): (i: number, j: number) => number {
  const count = sizes.length - 1;
  const best = new Map<string, { cost: number; at: number }>();
  const costOf = (i: number, j: number): number => best.get(`${i} ${j}`)?.cost ?? 0;
  const size = (i: number): number => sizes[i] ?? 1;
  for (let length = 2; length <= count; length++) {
    for (let i = 0; i + length <= count; i++) {
      const j = i + length - 1;
      let found = { cost: Number.POSITIVE_INFINITY, at: i };
      for (let at = i; at < j; at++) {
        const cost = costOf(i, at) + costOf(at + 1, j) + size(i) * size(at + 1) * size(j + 1);
        if (cost < found.cost) found = { cost, at };
      }
      best.set(`${i} ${j}`, found);
    }
  }
  return (i, j) => best.get(`${i} ${j}`)?.at ?? i;
}

function chain(tensors: readonly Tensor[], caller: string): Tensor {
  const shapes = tensors.map(({ shape }) => shape);
  shapes.forEach((shape, i) => {
    const before = shapes[i - 1];
    if (before !== undefined && before[1] !== shape[0]) {
      throw new ShapeError(
        `${caller}: tensors ${i - 1} and ${i} with shapes ${formatShape(before)} and ${formatShape(shape)} cannot be multiplied`,
      );
    }
  });
  const split = cheapestSplits([shapes[0]?.[0] ?? 1, ...shapes.map((shape) => shape[1] ?? 1)]);
  const product = (i: number, j: number): readonly Tensor[] => {
    if (i === j) return tensors.slice(i, i + 1);
    const at = split(i, j);
    return [[...product(i, at), ...product(at + 1, j)].reduce((a, b) => matmul(a, b))];
  };
  return product(0, tensors.length - 1).reduce((a) => a);
}

/**
 * The product of several matrices, bracketed for the fewest multiplications. The first and the last may be vectors: a
 * row and a column. Follows `torch.linalg.multi_dot`.
 * @throws ShapeError for fewer than two tensors, or where shapes do not fit; DTypeError for different dtypes
 * @example linalg.multiDot([ones([2, 3]), ones([3, 4]), ones(4)]); // tensor([12., 12.])
 */
export const multiDot = composition(
  'linalg.multiDot',
  { tensors: K.tensors },
  (tensors: readonly Tensor[]): Tensor => {
    const last = tensors.length - 1;
    if (last < 1) throw new ShapeError(`linalg.multiDot: expected at least 2 tensors but got ${last + 1}`);
    tensors.forEach(({ ndim }, i) => {
      const outer = i === 0 || i === last;
      if (ndim === 2 || (outer && ndim === 1)) return;
      const which = i === 0 ? 'the first tensor' : i === last ? 'the last tensor' : `tensor ${i}`;
      throw new ShapeError(`linalg.multiDot: ${which} must be ${outer ? '1D or 2D' : '2D'} but got ${ndim}D`);
    });
    const [isRow, isColumn] = [tensors[0]?.ndim === 1, tensors[last]?.ndim === 1];
    const matrices = tensors.map((x, i) => (x.ndim === 2 ? x : unsqueeze(x, i === 0 ? 0 : 1)));
    const y = chain(matrices, 'linalg.multiDot');
    const z = isColumn ? squeeze(y, -1) : y;
    return isRow ? squeeze(z, 0) : z;
  },
);

/**
 * The product of matrices, one by one, bracketed for the fewest multiplications; of one matrix a copy. Follows
 * `torch.chain_matmul`.
 * @throws ShapeError for no tensor, for one that is no matrix, or where shapes do not fit; DTypeError for different
 *   dtypes
 * @example chainMatmul(ones([2, 3]), ones([3, 4])).shape; // [ 2, 4 ]
 */
export const chainMatmul = alias('chainMatmul', (...matrices: readonly Tensor[]): Tensor => {
  if (!K.tensors.accepts(matrices) || matrices.length === 0)
    throw new ShapeError('chainMatmul: expected one or more matrices');
  matrices.forEach((x, i) => {
    if (x.ndim !== 2)
      throw new ShapeError(`chainMatmul: Tensor dimension is ${x.ndim}, expected 2 instead, of tensor ${i}`);
  });
  const y = chain(matrices, 'chainMatmul');
  return matrices.length === 1 ? clone(y) : y;
});
