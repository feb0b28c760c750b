/**
 * What is a method and no function: questions about a tensor, its elements as JavaScript values, `x.float()` and its
 * kin.
 */
import { checkArguments, K, refuseExcess, signature } from './arguments/index.ts';
import { type BackwardOptions, backwardKinds, backward as runBackward } from './autograd/backward.ts';
import { bytesOf, type DType, isFloatingPoint as isFloating } from './dtype.ts';
import { calledAs, IndexError, ValueError } from './errors.ts';
import { type TensorJSON, tensorToJSON } from './io/json.ts';
import { toWithin } from './ops/creation/to-within.ts';
import type { Operand } from './ops/elementwise/operation.ts';
import { where as chooseWhere } from './ops/elementwise/select.ts';
import { assign, type IndexItem, type IndexValue } from './ops/indexing/subscript.ts';
import { polygammaInPlace, polygamma as polygammaOf } from './ops/special/polygamma.ts';
import { formatTensor } from './print/format.ts';
import { memoryOf, singleOf, valuesOf } from './record/values.ts';
import { formatShape, normalizeDim } from './shape.ts';
import { autogradOf, type Tensor } from './tensor.ts';

/** Numbers (of a bool tensor: booleans), nested as the tensor's dimensions. */
export type NestedNumbers = number | boolean | NestedNumbers[];

/** The one element of x, once it is known that there is but one. */
function only(x: Tensor, reason: string): number {
  return singleOf(x) ?? valuesOf(x, reason)[0] ?? Number.NaN;
}

/**
 * The value of a tensor of one element, a `boolean` of a bool tensor. Follows `Tensor.item`.
 * @throws ValueError unless the tensor has one element
 * @example tensor([1.5, 2]).sum().item(); // 3.5
 */
export function item(this: Tensor): number {
  if (this.count !== 1) {
    throw new ValueError(
      `item: a Tensor with ${this.count} elements cannot be converted to Scalar; its shape is ${formatShape(this.shape)}`,
    );
  }
  const value = only(this, 'item');
  return this.dtype === 'bool' ? ((value !== 0) as unknown as number) : value;
}

/**
 * The elements as nested arrays: a number for 0 dimensions, `number[]` for one, and so on. Follows `Tensor.tolist`.
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).toArray(); // [ [ 1, 2 ], [ 3, 4 ] ]
 * tensor([1, 2]).gt(1).toArray(); // [ false, true ]
 * ```
 */
export function toArray<T = NestedNumbers>(this: Tensor): T {
  const { shape } = this;
  const values = valuesOf(this, 'toArray');
  const bool = this.dtype === 'bool';
  let at = 0;
  const build = (d: number): NestedNumbers => {
    const length = shape[d];
    if (length !== undefined) return Array.from({ length }, () => build(d + 1));
    const value = values[at++]!;
    return bool ? value !== 0 : value;
  };
  return build(0) as T;
}

/** {@link toArray}, by PyTorch's name. Follows `Tensor.tolist`. */
export function tolist<T = NestedNumbers>(this: Tensor): T {
  return toArray.call(this) as T;
}

/**
 * What JavaScript sees where it wants a plain value: of a tensor of one element its number, where a number is asked for
 * (`Number(x)`, `x * 2`, `x < y`); the printed form in a template string. Follows `Tensor.__float__` and
 * `Tensor.__str__`.
 * @throws ValueError for `+` and `==`, which ask for neither, and for numbers of any other tensor
 */
export function toPrimitive(this: Tensor, hint: string): string | number {
  if (hint === 'string') return this.toString();
  if (hint === 'default') {
    throw new ValueError(
      '+ and == of JavaScript do not apply to tensors: write x.add(y) for the sum, x.eq(y) or equal(x, y) to compare, ' +
        'String(x) for text, x.item() for the number',
    );
  }
  if (this.count !== 1) {
    throw new ValueError(
      `only one element tensors can be converted to numbers, this one has shape ${formatShape(this.shape)}; operators such as ` +
        '* and < do not apply to tensors: write x.mul(y), x.lt(y)',
    );
  }
  return only(this, 'conversion to a number');
}

/**
 * PyTorch's printed form, in the style that `setPrintOptions` sets. Follows `repr(tensor)`.
 * @example tensor([0.5, 2], { requiresGrad: true }).toString(); // 'tensor([0.5000, 2.0000], requires_grad=True)'
 */
export function toString(this: Tensor): string {
  const { shape, strides, offset, dtype } = this;
  const array = memoryOf(this, 'print');
  return formatTensor(
    { storage: { array }, shape, strides, offset, dtype },
    {
      requiresGrad: autogradOf(this).leafRequiresGrad,
      gradFnName: this.requiresGrad ? this.gradFn?.name : undefined,
    },
  );
}

/**
 * What `JSON.stringify` writes: dtype, shape and elements, none of them changed by a round trip through `fromJSON`.
 * Kindling's own.
 * @throws ValueError where no JSON text could hold as many elements
 * @example JSON.stringify(tensor([[1, 2], [3, 4]])); // '{"dtype":"int32","shape":[2,2],"data":[1,2,3,4]}'
 */
export function toJSON(this: Tensor): TensorJSON {
  return tensorToJSON(this);
}

/** The number of elements. Follows `Tensor.numel`. */
export function numel(this: Tensor): number {
  return this.count;
}

/** The number of dimensions. Follows `Tensor.dim`. */
export function dim(this: Tensor): number {
  return this.shape.length;
}

/** Whether the elements lie in row-major order without gaps. Follows `Tensor.is_contiguous`. */
export function isContiguous(this: Tensor): boolean {
  return this.dense;
}

/** Bytes of one element. Follows `Tensor.element_size`. */
export function elementSize(this: Tensor): number {
  return bytesOf(this.dtype);
}

/** Whether the dtype is a floating-point one. Follows `torch.is_floating_point`. */
export function isFloatingPoint(this: Tensor): boolean {
  return isFloating(this.dtype);
}

/**
 * Whether it was made inside `inferenceMode`. Follows `torch.is_inference`.
 * @example inferenceMode(() => ones(2)).isInference(); // true
 */
export function isInference(this: Tensor): boolean {
  return autogradOf(this).inference;
}

/**
 * The shape, or the size of one dimension (from the end where `dim` is negative). Follows `Tensor.size`.
 * @throws IndexError where there is no such dimension
 * @example zeros([2, 3]).size(-1); // 3
 */
export function size(this: Tensor): readonly number[];
export function size(this: Tensor, dim: number): number;
export function size(this: Tensor, dim?: number): number | readonly number[] {
  if (arguments.length > 1) refuseExcess('size', ['dim'], arguments);
  return dim === undefined ? this.shape : along(this, this.shape, dim, 'size');
}

/**
 * The strides in elements, or that of one dimension. Follows `Tensor.stride`.
 * @throws IndexError where there is no such dimension
 */
export function stride(this: Tensor): readonly number[];
export function stride(this: Tensor, dim: number): number;
export function stride(this: Tensor, dim?: number): number | readonly number[] {
  if (arguments.length > 1) refuseExcess('stride', ['dim'], arguments);
  return dim === undefined ? this.strides : along(this, this.strides, dim, 'stride');
}

function along(x: Tensor, list: readonly number[], dim: number, caller: string): number {
  if (!Number.isSafeInteger(dim)) checkArguments(caller, { dim: K.integer }, [dim]);
  const value = list.at(dim);
  if (value !== undefined) return value;
  if (x.ndim > 0) normalizeDim(dim, x.ndim, caller);
  throw new IndexError(`${caller}: Dimension specified as ${dim} but tensor has no dimensions`);
}

const as = (name: string, dtype: DType) =>
  function (this: Tensor): Tensor {
    return toWithin(name, this, dtype);
  };

/**
 * As float32; x itself where it is that already. Follows `Tensor.float`.
 * @example tensor([1, 2]).float(); // tensor([1., 2.])
 */
export const float = as('float', 'float32');

/** As float64; x itself where it is that already. Follows `Tensor.double`. */
export const double = as('double', 'float64');

/** As int32, floats losing their fraction. Follows `Tensor.int`. */
export const int = as('int', 'int32');

/** As int32, which stands for PyTorch's int64. Follows `Tensor.long`. */
export const long = as('long', 'int32');

/** As uint8. Follows `Tensor.byte`. */
export const byte = as('byte', 'uint8');

/** As bool: whether elements are other than 0. Follows `Tensor.bool`. */
export const bool = as('bool', 'bool');

/** With the dtype of `other`. Follows `Tensor.type_as`. */
export function typeAs(this: Tensor, other: Tensor): Tensor {
  checkArguments('typeAs', { other: K.tensor }, arguments);
  return toWithin('typeAs', this, other.dtype);
}

/**
 * x where `condition` holds, else `other`: with the condition first it is the function `where`. Follows `Tensor.where`.
 * @throws DTypeError, ShapeError as `where`
 * @example
 * ```ts
 * const x = tensor([-1, 2]);
 * x.where(x.gt(0), 0); // tensor([0, 2])
 * ```
 */
export function where(this: Tensor, condition: Tensor, other: Operand): Tensor {
  if (arguments.length > 2) refuseExcess('where', ['condition', 'other'], arguments);
  return chooseWhere(condition, this, other);
}

/**
 * Overwrites part of x, in place, and returns x: PyTorch's `x[indices] = value`. The method form of `assign`.
 * @throws IndexError, ShapeError, DTypeError as `assign`
 * @example zeros(3).set([0], 5); // tensor([5., 0., 0.])
 */
export function set(this: Tensor, indices: readonly IndexItem[], value: IndexValue): Tensor {
  if (arguments.length > 2) refuseExcess('set', ['indices', 'value'], arguments);
  try {
    return assign(this, indices, value);
  } catch (error) {
    throw calledAs('set', error);
  }
}

/**
 * Adds to the `.grad` of each leaf that x was computed from: the derivative of x by that leaf. Follows
 * `Tensor.backward`.
 * @throws AutogradError unless x requires a gradient, and has one element or gets its own `gradient`; where the graph
 *   was freed
 * @throws ShapeError where `gradient` has not the shape of x
 * @example
 * ```ts
 * const x = tensor([1.5, 2], { requiresGrad: true });
 * x.square().sum().backward();
 * x.grad; // tensor([3., 4.])
 * ```
 */
export function backward(this: Tensor, options?: BackwardOptions): void {
  if (arguments.length === 0) {
    runBackward(this);
    return;
  }
  backwardTakes(arguments);
  const { gradient = null, ...walk } = options ?? {};
  runBackward(this, gradient, walk);
}

const backwardTakes = signature('backward', {
  options: K.options<BackwardOptions>({ gradient: K.tensor, ...backwardKinds }),
});

/**
 * The n-th derivative of {@link digamma} at this tensor: `polygamma(n, x)`. Follows `Tensor.polygamma`.
 * @throws ValueError when n is negative
 * @example tensor([1, 2]).polygamma(1); // tensor([1.6449, 0.6449])
 */
export function polygamma(this: Tensor, n: number): Tensor {
  if (arguments.length > 1) refuseExcess('polygamma', ['n'], arguments);
  return polygammaOf(n, this);
}

/** {@link polygamma} in place. */
export function polygamma_(this: Tensor, n: number): Tensor {
  if (arguments.length > 1) refuseExcess('polygamma_', ['n'], arguments);
  return polygammaInPlace(this, n);
}
