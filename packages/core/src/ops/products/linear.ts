import { composition, K, signature } from '../../arguments/index.ts';
import { isFloatingPoint, promoteTypes } from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { E } from '../../kernels/index.ts';
import { composed } from '../../record/index.ts';
import { formatShape, sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { copy_, to } from '../creation/copy.ts';
import { add } from '../elementwise/arithmetic.ts';
import { logicalAnd, logicalOr } from '../elementwise/compare.ts';
import { applyUnary, ElementwiseOp } from '../elementwise/operation.ts';
import { sum } from '../reductions/sum.ts';
import { reshape } from '../views/shape.ts';
import { bmm, matmul } from './matmul.ts';
import {
  addProduct,
  asRows,
  checkBias,
  checkScales,
  product,
  type Scales,
  scaled,
  transposeSecond,
} from './matrix-operations.ts';
import { mv, outer } from './vector-products.ts';

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

const scaleOptions = K.options<ScaleOptions>({ beta: K.scalar, alpha: K.scalar });
const addmmTakes = signature('addmm', { bias: K.tensor, a: K.tensor, b: K.tensor, options: scaleOptions });

/**
 * beta * bias + alpha * (a @ b), the bias broadcast to the product of the matrices. Follows `torch.addmm`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 * @example addmm(tensor([10, 20]), tensor([[1, 2]]), tensor([[1, 0], [0, 1]]), { beta: 2 }); // tensor([[21, 42]])
 */
export const addmm = function (bias: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor {
  addmmTakes(arguments);
  return addProduct(bias, a, b, scalesOf(options));
};

const linearScales: Scales = scalesOf(undefined, true);

/**
 * x Wᵀ + b, for x of shape (*, in), W of shape (out, in) and b of shape (out); the result has shape (*, out). W of
 * shape (in) and b of shape () give (*). Follows `torch.nn.functional.linear`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes
 * @example linear(tensor([[1, 2]]), tensor([[1, 1], [1, -1], [0, 2]])); // tensor([[ 3, -1,  4]])
 */
export const linear = composition(
  'linear',
  { x: K.tensor, weight: K.tensor, bias: K.nullable(K.tensor) },
  (x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor => {
    if (weight.ndim === 1) {
      const y = matmul(x, weight);
      if (bias === null) return y;
      if (bias.ndim === 0) return add(y, bias);
      throw new ShapeError(
        `linear: bias of shape ${formatShape(bias.shape)} does not fit weight of shape ${formatShape(weight.shape)}: ` +
          `expected a bias of shape [], as it gives one number a row`,
      );
    }
    if (weight.ndim !== 2 || x.ndim === 0 || x.shape[x.ndim - 1] !== weight.shape[1]) {
      throw new ShapeError(
        `linear: input of shape ${formatShape(x.shape)} does not fit weight of shape ${formatShape(weight.shape)}: ` +
          `expected (*, in) and (out, in) with the same in`,
      );
    }
    if (x.ndim === 2)
      return bias === null ? product(x, weight, transposeSecond) : addProduct(bias, x, weight, linearScales);
    const y = linear(asRows(x), weight, bias);
    const node = x.ndim === 1 && bias === null ? 'SqueezeBackward4' : '_unsafe_view';
    return composed(node, reshape(y, [...x.shape.slice(0, -1), ...y.shape.slice(1)]));
  },
);

const nothingOp = new ElementwiseOp({
  name: 'mul',
  arity: 1,
  expression: (x) => E.select(E.eq(x, x), 0, 0),
  gradient: ({ g }) => [E.mul(g, 0)],
});

/**
 * Zeros, whatever there was, not even NaN: what a factor of 0 leaves where PyTorch multiplies by none. The gradient it
 * does multiply.
 */
const nothingOf = (x: Tensor): Tensor => applyUnary(nothingOp, x);

/** beta * x + alpha * y, where with beta = 0 nothing of x is left, not even NaN. */
function addScaled(name: string, x: Tensor, y: Tensor, scales: Scales): Tensor {
  checkBias(name, x, y.shape);
  // The factors of integers are integers.
  const whole = isFloatingPoint(y.dtype) ? (factor: number) => factor : Math.trunc;
  const [alpha, beta] = [whole(scales.alpha), whole(scales.beta)];
  checkScales(name, y.dtype, scales);
  if (x.dtype !== y.dtype) {
    throw new DTypeError(
      `${name}: expected the input to have the product's dtype ${y.dtype}, but got ${x.dtype}`,
    );
  }
  const added = beta === 0 ? nothingOf(x) : x;
  return composed(name, add(scaled(y, alpha), added, { alpha: beta === 0 ? 1 : beta }), x, y);
}

/**
 * {@link addScaled}, where with alpha = 0 nothing of y is left either: BLAS does not look at what it would multiply.
 */
function addUnlessZero(name: string, x: Tensor, y: Tensor, scales: Scales): Tensor {
  return addScaled(name, x, scales.alpha === 0 ? nothingOf(y) : y, scales);
}

const baddbmmParameters = { x: K.tensor, a: K.tensor, b: K.tensor, options: scaleOptions };

/**
 * beta * x + alpha * bmm(a, b), x broadcast. Follows `torch.baddbmm`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 */
export const baddbmm = composition(
  'baddbmm',
  baddbmmParameters,
  (x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor =>
    addScaled('baddbmm', x, bmm(a, b), scalesOf(options)),
);

/**
 * beta * x + alpha * (the sum over the batch of a @ b). Follows `torch.addbmm`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 */
export const addbmm = composition(
  'addbmm',
  baddbmmParameters,
  (x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor => {
    const products = bmm(a, b);
    return addUnlessZero('addbmm', x, sum(products, 0, { dtype: products.dtype }), scalesOf(options));
  },
);

/**
 * beta * x + alpha * (a @ v). Follows `torch.addmv`.
 * @throws ShapeError where the shapes do not fit; DTypeError for operands of different dtypes, or bools
 */
export const addmv = composition(
  'addmv',
  { x: K.tensor, a: K.tensor, v: K.tensor, options: scaleOptions },
  (x: Tensor, a: Tensor, v: Tensor, options?: ScaleOptions): Tensor =>
    addUnlessZero('addmv', x, mv(a, v), scalesOf(options)),
);

/** Refuses factors of integers that are none: other products drop what is behind the point, as PyTorch's do. */
function checkWhole(factors: Readonly<Record<string, number>>): void {
  for (const [name, factor] of Object.entries(factors)) {
    if (Number.isInteger(Number(factor))) continue;
    throw new ValueError(
      `addr: For integral input tensors, argument ${name} must not be a floating point number, got ${factor}`,
    );
  }
}

/**
 * beta * x + alpha * (the products of the elements of a and b), x broadcast; of bools "or" of "and". Follows
 * `torch.addr`.
 * @throws ShapeError where the shapes do not fit
 * @throws ValueError for a fractional factor of integers or bools
 * @example addr(tensor([[1, 2]]), tensor([3]), tensor([10, 20])); // tensor([[31, 62]])
 */
export const addr = composition(
  'addr',
  { x: K.tensor, a: K.tensor, b: K.tensor, options: scaleOptions },
  (x: Tensor, a: Tensor, b: Tensor, options: ScaleOptions = {}): Tensor => {
    const products = outer(a, b);
    const dtype = promoteTypes(x.dtype, products.dtype);
    const { alpha = 1, beta = 1 } = options;
    if (!isFloatingPoint(dtype)) checkWhole({ alpha, beta });
    if (dtype === 'bool') {
      checkBias('addr', x, products.shape);
      return logicalOr(logicalAnd(x, beta), logicalAnd(products, alpha));
    }
    return addScaled('addr', to(x, dtype), to(products, dtype), scalesOf(options));
  },
);

/** An operation whose result takes the place of what it adds to. */
const addedTo = (name: string, add: (x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions) => Tensor) =>
  composition(name, baddbmmParameters, (x: Tensor, a: Tensor, b: Tensor, options?: ScaleOptions): Tensor => {
    const sum = add(x, a, b, options);
    if (!sameShape(sum.shape, x.shape)) {
      throw new ShapeError(
        `${name}: the result of shape ${formatShape(sum.shape)} does not fit into the tensor of shape ${formatShape(x.shape)}`,
      );
    }
    return copy_(x, sum);
  });

/**
 * {@link addmm} in place. Follows `Tensor.addmm_`.
 * @throws ShapeError where the result has another shape than x, as of all five; otherwise as {@link addmm}
 * @example zeros([1, 2]).addmm_(tensor([[1.5, 2]]), eye(2), { alpha: 2 }); // tensor([[3., 4.]])
 */
export const addmm_ = addedTo('addmm_', addmm);
/** {@link addmv} in place. Follows `Tensor.addmv_`. */
export const addmv_ = addedTo('addmv_', addmv);
/** {@link addr} in place. Follows `Tensor.addr_`. */
export const addr_ = addedTo('addr_', addr);
/** {@link baddbmm} in place. Follows `Tensor.baddbmm_`. */
export const baddbmm_ = addedTo('baddbmm_', baddbmm);
/** {@link addbmm} in place. Follows `Tensor.addbmm_`. */
export const addbmm_ = addedTo('addbmm_', addbmm);

/** The functions of this file that are methods too. */
export default { addmm, addmv, addr, baddbmm, addbmm, addmm_, addmv_, addr_, baddbmm_, addbmm_ };
