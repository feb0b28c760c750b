import { composition, K, signature } from '../../arguments/index.ts';
import { storedNumber } from '../../dtype.ts';
import { ShapeError } from '../../errors.ts';
import { fillStrided } from '../../kernels/index.ts';
import { applyInPlace, composed, definePrimitive, type Primitive } from '../../record/index.ts';
import { checkShape, formatShape, type Shape } from '../../shape.ts';
import { allocateZeroed } from '../../storage.ts';
import { Tensor, wrapArray } from '../../tensor.ts';
import { creationOptions, dtypeOf, finishCreation, roomFor, sizesOf } from './arguments.ts';
import { clone, copy_ } from './copy.ts';
import { filled } from './fill-primitive.ts';
import { type CreationOptions, getDefaultDtype } from './options.ts';

const fullTakes = signature('full', { shape: K.sizeOrSizes, value: K.scalar, options: creationOptions });

/**
 * A tensor of `shape` filled with `value`; dtype from the value: boolean, integer (int32) or float. Follows
 * `torch.full`.
 * @throws ShapeError for what is no shape; ValueError where the dtype cannot hold the value
 * @example full([2, 2], 0.5); // tensor([[0.5000, 0.5000], [0.5000, 0.5000]])
 */
export function full(shape: Shape | number, value: number | boolean, options?: CreationOptions): Tensor {
  fullTakes(arguments);
  const sizes = sizesOf(shape, 'full');
  const inferred =
    typeof value === 'boolean' ? 'bool' : Number.isInteger(value) ? 'int32' : getDefaultDtype();
  return finishCreation(filled(sizes, Number(value), dtypeOf(options, 'full', inferred)), options, 'full');
}

function constantLike(caller: string, value: number) {
  const takes = signature(caller, { shape: K.sizeOrSizes, options: creationOptions });
  return function (shape: Shape | number, options?: CreationOptions): Tensor {
    takes(arguments);
    const sizes = sizesOf(shape, caller);
    const dtype = dtypeOf(options, caller);
    if (value !== 0) return finishCreation(filled(sizes, value, dtype), options, caller);
    // Fresh memory of any size is zero already.
    return finishCreation(
      wrapArray(roomFor(sizes, dtype, caller, allocateZeroed), sizes, dtype),
      options,
      caller,
    );
  };
}

type Create = (shape: Shape | number, options?: CreationOptions) => Tensor;

/**
 * Zeros. Follows `torch.zeros`.
 * @throws ShapeError for what is no shape
 * @example
 * ```ts
 * zeros([2, 3]); // tensor([[0., 0., 0.], [0., 0., 0.]])
 * zeros(4, { dtype: 'bool' }); // tensor([False, False, False, False])
 * ```
 */
export const zeros: Create = constantLike('zeros', 0);

/**
 * Ones. Follows `torch.ones`.
 * @throws ShapeError for what is no shape
 * @example ones([2, 2]); // tensor([[1., 1.], [1., 1.]])
 */
export const ones: Create = constantLike('ones', 1);

/**
 * Memory to write into: PyTorch's holds anything, Kindling's zeros. Follows `torch.empty`.
 * @throws ShapeError for what is no shape
 * @example empty([2, 3]).uniform_(-1, 1).shape; // [ 2, 3 ]
 */
export const empty: Create = constantLike('empty', 0);

type LikeFunction = (x: Tensor, options?: CreationOptions) => Tensor;
function like(name: string, create: (shape: Shape, options?: CreationOptions) => Tensor): LikeFunction {
  const takes = signature(name, { x: K.tensor, options: creationOptions });
  return function (x, options) {
    takes(arguments);
    return create(x.shape, { ...options, dtype: options?.dtype ?? x.dtype });
  };
}

/**
 * Zeros with the shape and dtype of `x`. Follows `torch.zeros_like`.
 * @example zerosLike(tensor([1.5, 2])); // tensor([0., 0.])
 */
export const zerosLike: LikeFunction = like('zerosLike', zeros);
/** Ones with the shape and dtype of `x`. Follows `torch.ones_like`. */
export const onesLike: LikeFunction = like('onesLike', ones);
/** Unwritten memory with the shape and dtype of `x`. Follows `torch.empty_like`. */
export const emptyLike: LikeFunction = like('emptyLike', empty);

/**
 * A tensor with the shape and dtype of `x`, filled with `value`. Follows `torch.full_like`.
 * @throws ValueError where the dtype cannot hold the value
 */
export const fullLike = composition(
  'fullLike',
  { x: K.tensor, value: K.scalar, options: K.optional(creationOptions) },
  (x: Tensor, value: number | boolean, options?: CreationOptions): Tensor =>
    full(x.shape, value, { ...options, dtype: options?.dtype ?? x.dtype }),
);

const eyeTakes = signature('eye', {
  n: K.integer,
  m: K.either(K.count, creationOptions),
  options: creationOptions,
});

/**
 * Ones on the diagonal, zeros elsewhere: n by n, or n by m. Follows `torch.eye`.
 * @throws ShapeError unless the sizes are whole numbers, 0 or more
 * @example eye(2, 3); // tensor([[1., 0., 0.], [0., 1., 0.]])
 */
export function eye(n: number, m?: number | CreationOptions, options?: CreationOptions): Tensor {
  eyeTakes(arguments);
  const columns = typeof m === 'number' ? m : n;
  const given = typeof m === 'object' ? m : options;
  checkShape([n, columns], 'eye');
  const dtype = dtypeOf(given, 'eye');
  const array = roomFor([n, columns], dtype, 'eye', allocateZeroed);
  for (let i = 0; i < Math.min(n, columns); i++) array[i * (columns + 1)] = 1;
  return finishCreation(wrapArray(array, [n, columns], dtype), given, 'eye');
}

/** Overwriting with one number: in a graph the old values get no gradient. */
const overwriting = (name: string, overload: number): Primitive<number | boolean> =>
  definePrimitive({
    name,
    overload: () => overload,
    saves: 0,
    writesAnywhere: true,
    infer: ([x]) => x,
    kernel(_, value, out) {
      fillStrided(out, storedNumber(value, out.dtype, `${name}_`));
    },
    derivative: (g) => [zerosLike(g)],
  });
const fillPrimitiveInPlace = overwriting('fill', 2);
const zeroPrimitiveInPlace = overwriting('zero', 0);

/**
 * Overwrites x with a number, or with that of a tensor without dimensions, to which gradients flow. In a graph the old
 * values get no gradient. Follows `Tensor.fill_`.
 * @throws ShapeError when the value is a tensor with dimensions
 * @throws ValueError where the dtype cannot hold the number
 */
export const fill_ = composition(
  'fill_',
  { x: K.tensor, value: K.operand },
  (x: Tensor, value: Tensor | number | boolean): Tensor => {
    if (!(value instanceof Tensor)) return applyInPlace(fillPrimitiveInPlace, [x], value);
    if (value.ndim > 0)
      throw new ShapeError(`the value must have no dimensions, got shape ${formatShape(value.shape)}`);
    return copy_(x, value);
  },
);

const zeroInPlaceTakes = signature('zero_', { x: K.tensor });

/** Overwrites x with zeros. Follows `Tensor.zero_`. */
export const zero_ = function (x: Tensor): Tensor {
  zeroInPlaceTakes(arguments);
  return applyInPlace(zeroPrimitiveInPlace, [x], 0);
};

/**
 * A number as a tensor without dimensions, of the default dtype. Follows `torch.scalar_tensor`.
 * @throws ValueError where the dtype cannot hold the number
 * @example scalarTensor(2); // tensor(2.)
 */
export const scalarTensor = /* @__PURE__ */ composition(
  'scalarTensor',
  { value: K.scalar, options: creationOptions },
  (value: number | boolean, options: CreationOptions = {}): Tensor =>
    full([], value, { ...options, dtype: dtypeOf(options, 'scalarTensor') }),
);

/**
 * A tensor of the shape and dtype of x that holds one value, a number or a tensor without dimensions; to x the gradient
 * is 0. Follows `torch.fill`.
 * @throws ShapeError when the value is a tensor with dimensions
 * @throws ValueError where the dtype cannot hold the number
 * @example fill(tensor([1, 2]), 7); // tensor([7, 7])
 */
export const fill = /* @__PURE__ */ composition(
  'fill',
  { x: K.tensor, value: K.operand },
  (x: Tensor, value: Tensor | number | boolean): Tensor => {
    const filled = fill_(clone(x), value);
    return value instanceof Tensor ? composed('fill', filled, x, value) : composed('fill', filled, x);
  },
);

/** The functions of this file that are methods too. */
export default { fill_, zero_ };
