import { scalarNameOf } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { type GemmOptions, gemm, gemmBatched, type MatrixView } from '../../kernels/index.ts';
import { apply, composed, definePrimitive, INPUT } from '../../record/index.ts';
import { broadcastShapes, formatShape, numelOf, type Shape } from '../../shape.ts';
import { requireTensors, Tensor } from '../../tensor.ts';
import { add, mul } from '../elementwise/arithmetic.ts';
import { maskedFill } from '../indexing/masked.ts';
import { expand, reshape, squeeze, unsqueeze } from '../views/shape.ts';

/** Which operands of a product are taken transposed. */
interface Transposes {
  readonly ta: boolean;
  readonly tb: boolean;
}

interface Scales extends Transposes {
  readonly alpha: number;
  readonly beta: number;
}

const plain: Transposes = { ta: false, tb: false };
const transposeFirst: Transposes = { ta: true, tb: false };
const transposeSecond: Transposes = { ta: false, tb: true };
const transposeBoth: Transposes = { ta: true, tb: true };

const transposes = (ta: boolean, tb: boolean): Transposes =>
  ta ? (tb ? transposeBoth : transposeFirst) : tb ? transposeSecond : plain;

/** A tensor's last two dimensions as a matrix. */
function matrix(x: Tensor, transposed: boolean): MatrixView {
  const { strides, ndim } = x;
  const r = strides[ndim - 2]!;
  const c = strides[ndim - 1]!;
  return {
    array: x.storage.array,
    offset: x.offset,
    rowStride: transposed ? c : r,
    colStride: transposed ? r : c,
  };
}

const rowsOf = (x: Tensor, transposed: boolean): number => x.shape[x.ndim - (transposed ? 1 : 2)]!;
const columnsOf = (x: Tensor, transposed: boolean): number => x.shape[x.ndim - (transposed ? 2 : 1)]!;

function checkDtypes(name: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) {
    throw new DTypeError(
      `${name}: expected both operands to have the same dtype, but got: ${a.dtype} != ${b.dtype}; convert one with to()`,
    );
  }
  if (a.dtype === 'bool') throw new DTypeError(`${name}: not implemented for '${scalarNameOf('bool')}'`);
}

function checkRank(name: string, x: Tensor, rank: number, which: string): void {
  if (x?.ndim !== rank) {
    requireTensors(name, x);
    throw new ShapeError(`${name}: ${which} must be ${rank}-D, got shape ${formatShape(x.shape)}`);
  }
}

const describe = (x: Tensor, transposed: boolean): string =>
  `${rowsOf(x, transposed)}x${columnsOf(x, transposed)}`;

function productShape(name: string, a: Tensor, b: Tensor, { ta, tb }: Transposes): [number, number] {
  if (columnsOf(a, ta) !== rowsOf(b, tb)) {
    throw new ShapeError(
      `${name}: mat1 and mat2 shapes cannot be multiplied (${describe(a, ta)} and ${describe(b, tb)})`,
    );
  }
  return [rowsOf(a, ta), columnsOf(b, tb)];
}

const mmPrimitive = definePrimitive<Transposes, [Tensor, Tensor]>({
  name: 'mm',
  saves: INPUT(0) | INPUT(1),
  infer([a, b], attrs) {
    checkRank('mm', a, 2, 'the first operand');
    checkRank('mm', b, 2, 'the second operand');
    checkDtypes('mm', a, b);
    return { shape: productShape('mm', a, b, attrs), dtype: a.dtype };
  },
  kernel([a, b], { ta, tb }, out) {
    const k = columnsOf(a, ta);
    gemm(out.shape[0]!, out.shape[1]!, k, matrix(a, ta), matrix(b, tb), out.storage.array, out.offset);
  },
  derivative(g, node) {
    const { ta, tb } = node.attrs;
    return [
      node.needs(0) ? gradFirst(product, g, node.input(1), ta, tb) : null,
      node.needs(1) ? gradSecond(product, g, node.input(0), ta, tb) : null,
    ];
  },
});

type Product = (a: Tensor, b: Tensor, attrs: Transposes) => Tensor;

const product: Product = (a, b, attrs) => apply(mmPrimitive, [a, b], attrs);

/** Gradient of op(a) op(b) with respect to a, in the layout of a. */
const gradFirst = (times: Product, g: Tensor, b: Tensor, ta: boolean, tb: boolean): Tensor =>
  ta ? times(b, g, transposes(tb, true)) : times(g, b, transposes(false, !tb));

/** Gradient of op(a) op(b) with respect to b, in the layout of b. */
const gradSecond = (times: Product, g: Tensor, a: Tensor, ta: boolean, tb: boolean): Tensor =>
  tb ? times(g, a, transposes(true, ta)) : times(a, g, transposes(!ta, false));

/** The product of two matrices, (n, k) and (k, m). Follows `torch.mm`. */
export const mm = (a: Tensor, b: Tensor): Tensor => product(a, b, plain);

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

/** The stride along a dimension counted from the last, 0 where the bias is broadcast. */
function biasStride(bias: Tensor, fromLast: number): number {
  const d = bias.ndim - fromLast;
  return d < 0 || bias.shape[d] === 1 ? 0 : bias.strides[d]!;
}

const biasView = (bias: Tensor): MatrixView => ({
  array: bias.storage.array,
  offset: bias.offset,
  rowStride: biasStride(bias, 2),
  colStride: biasStride(bias, 1),
});

/** The bias comes first, as in PyTorch. */
const addmmPrimitive = definePrimitive<Scales, [Tensor, Tensor, Tensor]>({
  name: 'addmm',
  saves: INPUT(1) | INPUT(2),
  infer([bias, a, b], attrs) {
    checkRank('addmm', a, 2, 'mat1');
    checkRank('addmm', b, 2, 'mat2');
    checkDtypes('addmm', a, b);
    checkDtypes('addmm', bias, a);
    const shape = productShape('addmm', a, b, attrs);
    checkBias('addmm', bias, shape);
    return { shape, dtype: a.dtype };
  },
  kernel([bias, a, b], { ta, tb, alpha, beta }, out) {
    const options: GemmOptions = { bias: biasView(bias), alpha, beta };
    const k = columnsOf(a, ta);
    gemm(
      out.shape[0]!,
      out.shape[1]!,
      k,
      matrix(a, ta),
      matrix(b, tb),
      out.storage.array,
      out.offset,
      options,
    );
  },
  derivative(g, node) {
    const { ta, tb, alpha, beta } = node.attrs;
    return [
      node.needs(0) ? scaled(g, beta) : null,
      node.needs(1) ? scaled(gradFirst(product, g, node.input(2), ta, tb), alpha) : null,
      node.needs(2) ? scaled(gradSecond(product, g, node.input(1), ta, tb), alpha) : null,
    ];
  },
});

function checkBias(name: string, bias: Tensor, shape: Shape): void {
  let fits = bias.ndim <= shape.length;
  for (let i = 1; fits && i <= bias.ndim; i++) {
    const size = bias.shape[bias.ndim - i];
    fits = size === 1 || size === shape[shape.length - i];
  }
  if (!fits) {
    throw new ShapeError(
      `${name}: the added tensor of shape ${formatShape(bias.shape)} does not broadcast to the product's ${formatShape(shape)}`,
    );
  }
}

/** Options of {@link addmm}, {@link addmv}, {@link addbmm} and {@link baddbmm}. */
export interface ScaleOptions {
  /** Factor of what is added. Default: 1. */
  readonly beta?: number;
  /** Factor of the product. Default: 1. */
  readonly alpha?: number;
}

const scalesOf = (options: ScaleOptions | undefined, tb = false): Scales => ({
  ta: false,
  tb,
  alpha: options?.alpha ?? 1,
  beta: options?.beta ?? 1,
});

/** beta * bias + alpha * (a @ b), the bias broadcast. Follows `torch.addmm`. */
export const addmm = (bias: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor =>
  apply(addmmPrimitive, [bias, a, b], scalesOf(options));

/** All dimensions but the last as one. */
const asRows = (x: Tensor): Tensor => reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape[x.ndim - 1]!]);

const linearScales: Scales = scalesOf(undefined, true);

/**
 * x Wᵀ + b, for x of shape (*, in), W of shape (out, in) and b of shape (out); the result has shape (*, out).
 * Follows `torch.nn.functional.linear`.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (weight.ndim === 1) {
    const y = matmul(x, weight);
    return bias === null ? y : y.add(bias);
  }
  if (weight.ndim !== 2 || x.ndim === 0 || x.shape[x.ndim - 1] !== weight.shape[1]) {
    throw new ShapeError(
      `linear: input of shape ${formatShape(x.shape)} does not fit weight of shape ${formatShape(weight.shape)}: ` +
        `expected (*, in) and (out, in) with the same in`,
    );
  }
  if (x.ndim === 2)
    return bias === null
      ? product(x, weight, transposeSecond)
      : apply(addmmPrimitive, [bias, x, weight], linearScales);
  const rows = asRows(x);
  return reshape(linear(rows, weight, bias), [...x.shape.slice(0, -1), weight.shape[0]!]);
}

const bmmPrimitive = definePrimitive<Transposes, [Tensor, Tensor]>({
  name: 'bmm',
  saves: INPUT(0) | INPUT(1),
  infer([a, b], attrs) {
    checkRank('bmm', a, 3, 'the first operand');
    checkRank('bmm', b, 3, 'the second operand');
    checkDtypes('bmm', a, b);
    if (a.shape[0] !== b.shape[0]) {
      throw new ShapeError(
        `bmm: expected operands with the same batch size, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    return { shape: [a.shape[0]!, ...productShape('bmm', a, b, attrs)], dtype: a.dtype };
  },
  kernel([a, b], { ta, tb }, out) {
    const first = { ...matrix(a, ta), batchStride: a.strides[0]! };
    const second = { ...matrix(b, tb), batchStride: b.strides[0]! };
    const [batch, m, n] = out.shape as [number, number, number];
    gemmBatched(batch, m, n, columnsOf(a, ta), first, second, out.storage.array, out.offset);
  },
  derivative(g, node) {
    const { ta, tb } = node.attrs;
    return [
      node.needs(0) ? gradFirst(batched, g, node.input(1), ta, tb) : null,
      node.needs(1) ? gradSecond(batched, g, node.input(0), ta, tb) : null,
    ];
  },
});

const batched: Product = (a, b, attrs) => apply(bmmPrimitive, [a, b], attrs);

/** Products of matrices in pairs: (batch, n, k) and (batch, k, m). Follows `torch.bmm`. */
export const bmm = (a: Tensor, b: Tensor): Tensor => batched(a, b, plain);

/** beta * x + alpha * y, where with beta = 0 nothing of x is left, not even NaN. */
function addScaled(name: string, x: Tensor, y: Tensor, { alpha, beta }: Scales): Tensor {
  checkBias(name, x, y.shape);
  if (x.dtype !== y.dtype) {
    throw new DTypeError(
      `${name}: expected the input to have the product's dtype ${y.dtype}, but got ${x.dtype}`,
    );
  }
  const added = beta === 0 ? maskedFill(x, Tensor.scalar(1, 'bool'), 0) : x;
  return composed(name, add(scaled(y, alpha), added, { alpha: beta === 0 ? 1 : beta }), x, y);
}

/** beta * x + alpha * bmm(a, b), x broadcast. Follows `torch.baddbmm`. */
export function baddbmm(x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor {
  return addScaled('baddbmm', x, bmm(a, b), scalesOf(options));
}

/** beta * x + alpha * (the sum over the batch of a @ b). Follows `torch.addbmm`. */
export function addbmm(x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor {
  const products = bmm(a, b);
  return addScaled('addbmm', x, products.sum(0, { dtype: products.dtype }), scalesOf(options));
}

const mvPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'mv',
  saves: INPUT(0) | INPUT(1),
  infer([a, x]) {
    checkRank('mv', a, 2, 'the matrix');
    checkRank('mv', x, 1, 'the vector');
    checkDtypes('mv', a, x);
    if (a.shape[1] !== x.shape[0]) {
      throw new ShapeError(`mv: size mismatch, got input (${a.shape.join('x')}), vec (${x.shape[0]})`);
    }
    return { shape: [a.shape[0]!], dtype: a.dtype };
  },
  kernel([a, x], _, out) {
    const vector = { array: x.storage.array, offset: x.offset, rowStride: x.strides[0]!, colStride: 1 };
    gemm(out.count, 1, x.count, matrix(a, false), vector, out.storage.array, out.offset);
  },
  derivative: (g, node) => [
    node.needs(0) ? outer(g, node.input(1)) : null,
    node.needs(1) ? reshape(product(node.input(0), unsqueeze(g, 1), transposeFirst), node.shape(1)) : null,
  ],
});

/** A matrix times a vector, (n, k) and (k). Follows `torch.mv`. */
export const mv = (a: Tensor, x: Tensor): Tensor => apply(mvPrimitive, [a, x], undefined);

/** beta * x + alpha * (a @ v). Follows `torch.addmv`. */
export function addmv(x: Tensor, a: Tensor, v: Tensor, options?: ScaleOptions): Tensor {
  return addScaled('addmv', x, mv(a, v), scalesOf(options));
}

const dotPrimitive = definePrimitive<undefined, [Tensor, Tensor]>({
  name: 'dot',
  saves: INPUT(0) | INPUT(1),
  infer([a, b]) {
    checkRank('dot', a, 1, 'the first operand');
    checkRank('dot', b, 1, 'the second operand');
    checkDtypes('dot', a, b);
    if (a.count !== b.count) {
      throw new ShapeError(
        `dot: inconsistent tensor size, expected operands of the same number of elements, but got ${a.count} and ${b.count}`,
      );
    }
    return { shape: [], dtype: a.dtype };
  },
  kernel([a, b], _, out) {
    const first = { array: a.storage.array, offset: a.offset, rowStride: 1, colStride: a.strides[0]! };
    const second = { array: b.storage.array, offset: b.offset, rowStride: b.strides[0]!, colStride: 1 };
    gemm(1, 1, a.count, first, second, out.storage.array, out.offset);
  },
  derivative: (g, node) => [
    node.needs(0) ? mul(g, node.input(1)) : null,
    node.needs(1) ? mul(g, node.input(0)) : null,
  ],
});

/** The inner product of two vectors. Follows `torch.dot`. */
export const dot = (a: Tensor, b: Tensor): Tensor => apply(dotPrimitive, [a, b], undefined);

/** The inner product of two vectors. Follows `torch.vdot`. */
export const vdot = dot;

/** All products of two vectors' elements: (n) and (m) give (n, m). Follows `torch.outer`. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkRank('outer', a, 1, 'the first operand');
  checkRank('outer', b, 1, 'the second operand');
  return mul(unsqueeze(a, 1), b);
}

/** The sum of products over the last dimension of both, the other dimensions side by side. Follows `torch.inner`. */
export function inner(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  const k = a.shape[a.ndim - 1]!;
  if (k !== b.shape[b.ndim - 1]) {
    throw new ShapeError(
      `inner: the last dimension must match but got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const y = product(asRows(a), asRows(b), transposeSecond);
  return reshape(y, [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
}

/**
 * The matrix product of PyTorch: vectors (k) · (k) give a scalar; a vector before a matrix counts as a row, after it as a
 * column; more dimensions are batches, which broadcast. Follows `torch.matmul`.
 *
 * @example
 * ```ts
 * matmul(ones([2, 3]), ones([3, 4])).shape;       // [2, 4]
 * matmul(ones([5, 1, 2, 3]), ones([4, 3])).shape; // error: 3 and 4 do not fit
 * matmul(ones([5, 1, 2, 3]), ones([7, 3, 4])).shape; // [5, 7, 2, 4]
 * ```
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a?.storage === undefined || b?.storage === undefined) requireTensors('matmul', a, b);
  const { ndim: ra } = a;
  const { ndim: rb } = b;
  if (ra === 0 || rb === 0) {
    throw new ShapeError(
      `matmul: both arguments need to be at least 1D, but they are ${ra}D and ${rb}D; multiply by a number with mul`,
    );
  }
  if (ra === 2 && rb === 2) return mm(a, b);
  if (ra === 1 && rb === 1) return dot(a, b);
  if (ra === 2 && rb === 1) return mv(a, b);
  if (ra === 1) return squeeze(matmul(unsqueeze(a, 0), b), -2);
  if (rb === 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  const [n, k] = a.shape.slice(-2) as [number, number];
  const [k2, m] = b.shape.slice(-2) as [number, number];
  if (k !== k2) {
    throw new ShapeError(
      `matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} cannot be multiplied: ` +
        `the last size of the first, ${k}, must equal the second-to-last of the second, ${k2}`,
    );
  }
  // One matrix for all rows of a stack: the stack is one tall matrix.
  if (rb === 2 && a.dense) return reshape(mm(asRows(a), b), [...a.shape.slice(0, -1), m]);
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul');
  const count = batch.reduce((x, y) => x * y, 1);
  const stack = (x: Tensor, r: number, c: number): Tensor =>
    reshape(expand(x, [...batch, r, c]), [count, r, c]);
  return reshape(bmm(stack(a, n, k), stack(b, k, m)), [...batch, n, m]);
}

/** The functions of this file that are methods too. */
export default { matmul, mm, bmm, mv, dot, vdot, outer, inner, addmm, addmv, baddbmm, addbmm };
