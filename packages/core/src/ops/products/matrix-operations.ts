/** Products of matrices as operations, and how their operands are described to kernels. */
import { type DType, isFloatingPoint, scalarNameOf } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { type GemmOptions, gemm, gemmBatched, type MatrixView } from '../../kernels/index.ts';
import { apply, definePrimitive, type GradNode, INPUT } from '../../record/index.ts';
import { formatShape, numelOf, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { reshape } from '../views/shape.ts';

/** Which operands of a product are taken transposed. */
interface Transposes {
  readonly ta: boolean;
  readonly tb: boolean;
}

/** Factors of the product, and of what is added to it. */
export interface Scales extends Transposes {
  readonly alpha: number;
  readonly beta: number;
}

/** Refuses factors of integers that are none. */
export function checkScales(caller: string, dtype: DType, { alpha, beta }: Scales): void {
  if (isFloatingPoint(dtype) || (Number.isFinite(alpha) && Number.isFinite(beta))) return;
  throw new ValueError(`${caller}: alpha and beta must be finite for integers, got ${alpha} and ${beta}`);
}

/** The operands as they are. */
export const plain: Transposes = { ta: false, tb: false };
export const transposeFirst: Transposes = { ta: true, tb: false };
export const transposeSecond: Transposes = { ta: false, tb: true };
const transposeBoth: Transposes = { ta: true, tb: true };

const transposes = (ta: boolean, tb: boolean): Transposes =>
  ta ? (tb ? transposeBoth : transposeFirst) : tb ? transposeSecond : plain;

/** A tensor's last two dimensions as a matrix. */
export function matrix(x: Tensor, transposed: boolean): MatrixView {
  const { strides, ndim, storage, offset } = x;
  const r = strides[ndim - 2]!;
  const c = strides[ndim - 1]!;
  return {
    array: storage.array,
    offset,
    rowStride: transposed ? c : r,
    colStride: transposed ? r : c,
  };
}

const rowsOf = (x: Tensor, transposed = false): number => x.shape[x.ndim - (transposed ? 1 : 2)]!;
const columnsOf = (x: Tensor, transposed = false): number => x.shape[x.ndim - (transposed ? 2 : 1)]!;

/** Refuses operands of different dtypes, and bools. */
function checkDtypes(name: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) {
    throw new DTypeError(
      `${name}: expected both operands to have the same dtype, but got: ${a.dtype} != ${b.dtype}; convert one with to()`,
    );
  }
  if (a.dtype === 'bool') throw new DTypeError(`${name}: not implemented for '${scalarNameOf('bool')}'`);
}

/** Refuses an operand of another number of dimensions. */
export function checkRank(name: string, x: Tensor, rank: number, which: string): void {
  if (x.ndim !== rank) {
    throw new ShapeError(`${name}: ${which} must be ${rank}-D, got shape ${formatShape(x.shape)}`);
  }
}

type Factor = readonly [x: Tensor, rank: number, which?: string];

/** Refuses factors of other numbers of dimensions, or whose dtypes do not go together. */
export function checkFactors(
  name: string,
  [a, rank, first = 'the first operand']: Factor,
  [b, other, second = 'the second operand']: Factor,
): void {
  checkRank(name, a, rank, first);
  checkRank(name, b, other, second);
  checkDtypes(name, a, b);
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

type Product = (a: Tensor, b: Tensor, attrs: Transposes) => Tensor;

/**
 * The gradients of op(a) op(b), which `times` computes, each in the layout of its operand; a is input `first`, b the
 * next one.
 */
function factorGradients<A extends Transposes>(
  times: Product,
  g: Tensor,
  node: GradNode<A>,
  first = 0,
): [Tensor | null, Tensor | null] {
  const { ta, tb } = node.attrs;
  const second = first + 1;
  let ga: Tensor | null = null;
  let gb: Tensor | null = null;
  if (node.needs(first)) {
    const b = node.input(second);
    ga = ta ? times(b, g, transposes(tb, true)) : times(g, b, transposes(false, !tb));
  }
  if (node.needs(second)) {
    const a = node.input(first);
    gb = tb ? times(g, a, transposes(true, ta)) : times(a, g, transposes(!ta, false));
  }
  return [ga, gb];
}

/** Writes op(a) op(b), and what `options` add to it, to `out`. */
function multiply(a: Tensor, b: Tensor, { ta, tb }: Transposes, out: Tensor, options?: GemmOptions): void {
  const { storage, offset } = out;
  const k = columnsOf(a, ta);
  gemm(rowsOf(out), columnsOf(out), k, matrix(a, ta), matrix(b, tb), storage.array, offset, options);
}

const mmPrimitive = definePrimitive<Transposes, [Tensor, Tensor]>({
  name: 'mm',
  saves: INPUT(0) | INPUT(1),
  infer([a, b], attrs) {
    checkFactors('mm', [a, 2], [b, 2]);
    return { shape: productShape('mm', a, b, attrs), dtype: a.dtype };
  },
  kernel: ([a, b], attrs, out) => multiply(a, b, attrs, out),
  derivative: (g, node) => factorGradients(product, g, node),
});

/** op(a) op(b) of matrices. */
export const product: Product = (a, b, attrs) => apply(mmPrimitive, [a, b], attrs);

/** factor * x. */
export const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

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
    checkFactors('addmm', [a, 2, 'mat1'], [b, 2, 'mat2']);
    checkDtypes('addmm', bias, a);
    checkScales('addmm', a.dtype, attrs);
    const shape = productShape('addmm', a, b, attrs);
    checkBias('addmm', bias, shape);
    return { shape, dtype: a.dtype };
  },
  kernel([bias, a, b], attrs, out) {
    multiply(a, b, attrs, out, { bias: biasView(bias), alpha: attrs.alpha, beta: attrs.beta });
  },
  derivative(g, node) {
    const { alpha, beta } = node.attrs;
    const [ga, gb] = factorGradients(product, g, node, 1);
    return [node.needs(0) ? scaled(g, beta) : null, ga && scaled(ga, alpha), gb && scaled(gb, alpha)];
  },
});

/** beta * bias + alpha * op(a) op(b), the bias broadcast. */
export const addProduct = (bias: Tensor, a: Tensor, b: Tensor, scales: Scales): Tensor =>
  apply(addmmPrimitive, [bias, a, b], scales);

/** Refuses what does not broadcast to a product to which it is to be added. */
export function checkBias(name: string, bias: Tensor, shape: Shape): void {
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

const bmmPrimitive = definePrimitive<Transposes, [Tensor, Tensor]>({
  name: 'bmm',
  saves: INPUT(0) | INPUT(1),
  infer([a, b], attrs) {
    checkFactors('bmm', [a, 3], [b, 3]);
    if (a.shape[0] !== b.shape[0]) {
      throw new ShapeError(
        `bmm: expected operands with the same batch size, got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      );
    }
    return { shape: [...a.shape.slice(0, 1), ...productShape('bmm', a, b, attrs)], dtype: a.dtype };
  },
  kernel([a, b], { ta, tb }, out) {
    const first = { ...matrix(a, ta), batchStride: a.strides[0]! };
    const second = { ...matrix(b, tb), batchStride: b.strides[0]! };
    const [batch, m, n] = out.shape as [number, number, number];
    gemmBatched(batch, m, n, columnsOf(a, ta), first, second, out.storage.array, out.offset);
  },
  derivative: (g, node) => factorGradients(batched, g, node),
});

/** op(a) op(b) of matrices in pairs. */
export const batched: Product = (a, b, attrs) => apply(bmmPrimitive, [a, b], attrs);

/** All dimensions but the last as one. */
export const asRows = (x: Tensor): Tensor =>
  reshape(x, [numelOf(x.shape.slice(0, -1)), x.shape[x.ndim - 1]!]);
