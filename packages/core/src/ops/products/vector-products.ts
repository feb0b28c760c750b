import { alias, composition, K, signature } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { gemm, innerProduct, type MatrixView } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, INPUT } from '../../record/index.ts';
import { formatShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { reshape, unsqueeze } from '../views/shape.ts';
import {
  asRows,
  checkFactors,
  checkRank,
  matrix,
  product,
  transposeFirst,
  transposeSecond,
} from './matrix-operations.ts';

/** A vector as a matrix of one column. */
function column({ storage, offset, strides }: Tensor): MatrixView {
  const [rowStride = 1] = strides;
  return { array: storage.array, offset, rowStride, colStride: 1 };
}

const mvPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'mv',
  saves: INPUT(0) | INPUT(1),
  infer([a, x]) {
    checkFactors('mv', [a, 2, 'the matrix'], [x, 1, 'the vector']);
    if (a.shape[1] !== x.shape[0]) {
      throw new ShapeError(`mv: size mismatch, got input (${a.shape.join('x')}), vec (${x.shape[0]})`);
    }
    return { shape: a.shape.slice(0, 1), dtype: a.dtype };
  },
  kernel([a, x], _, out) {
    gemm(out.count, 1, x.count, matrix(a, false), column(x), out.storage.array, out.offset);
  },
  derivative: (g, node) => [
    node.needs(0) ? outer(g, node.input(1)) : null,
    node.needs(1) ? reshape(product(node.input(0), unsqueeze(g, 1), transposeFirst), node.shape(1)) : null,
  ],
});

const mvTakes = signature('mv', { a: K.tensor, x: K.tensor });

/**
 * A matrix times a vector, (n, k) and (k): (n). Follows `torch.mv`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 */
export const mv = function (a: Tensor, x: Tensor): Tensor {
  mvTakes(arguments);
  return apply(mvPrimitive, [a, x], undefined);
};

const dotPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'dot',
  saves: INPUT(0) | INPUT(1),
  infer([a, b]) {
    checkFactors('dot', [a, 1], [b, 1]);
    if (a.count !== b.count) {
      throw new ShapeError(
        `dot: inconsistent tensor size, expected operands of the same number of elements, but got ${a.count} and ${b.count}`,
      );
    }
    return { shape: [], dtype: a.dtype };
  },
  kernel([a, b], _, out) {
    if (innerProduct(a, b, out)) return;
    const first = column(a);
    const row = { ...first, rowStride: 1, colStride: first.rowStride };
    gemm(1, 1, a.count, row, column(b), out.storage.array, out.offset);
  },
  derivative: (g, node) => [
    node.needs(0) ? mul(g, node.input(1)) : null,
    node.needs(1) ? mul(g, node.input(0)) : null,
  ],
});

const dotParameters = { a: K.tensor, b: K.tensor };
const dotTakes = signature('dot', dotParameters);

/**
 * The inner product of two vectors, (n) and (n). Follows `torch.dot`.
 * @throws ShapeError unless both are vectors of one length; DTypeError for different dtypes, or bools
 * @example dot(tensor([1, 2, 3]), tensor([4, 5, 6])); // tensor(32)
 */
export const dot = function (a: Tensor, b: Tensor): Tensor {
  dotTakes(arguments);
  return apply(dotPrimitive, [a, b], undefined);
};

/** {@link dot}, which it differs from for complex numbers only. Follows `torch.vdot`. */
export const vdot = alias('vdot', (...given: Parameters<typeof dot>) => composed('vdot', dot(...given)));

/**
 * All products of two vectors' elements: (n) and (m) give (n, m). Follows `torch.outer`.
 * @throws ShapeError unless both are vectors
 * @example outer(tensor([1, 2]), tensor([10, 20])); // tensor([[10, 20], [20, 40]])
 */
export const outer = composition('outer', dotParameters, (a: Tensor, b: Tensor): Tensor => {
  checkRank('outer', a, 1, 'the first operand');
  checkRank('outer', b, 1, 'the second operand');
  return mul(unsqueeze(a, 1), b);
});

/**
 * The sum of products over the last dimension of both, the other dimensions side by side. Follows `torch.inner`.
 * @throws ShapeError where the last dimensions differ; DTypeError for different dtypes
 */
export const inner = composition('inner', dotParameters, (a: Tensor, b: Tensor): Tensor => {
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(
      `inner: the last dimension must match but got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const y = product(asRows(a), asRows(b), transposeSecond);
  return reshape(y, [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
});

/** The functions of this file that are methods too. */
export default { mv, dot, vdot, outer, inner };
