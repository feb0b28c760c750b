import { K, signature } from '../../arguments/index.ts';
import { fits } from '../../arguments/kinds.ts';
import {
  arrayConstructor,
  bytesOf,
  type DType,
  isFloatingPoint,
  storedNumber,
  type TypedArray,
} from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { checkShape, formatShape, isArray, numelOf, type Shape } from '../../shape.ts';
import { allocateArray, requireMemory, Storage } from '../../storage.ts';
import { isOfClass, requireTensors, Tensor, wrapArray } from '../../tensor.ts';
import { creationOptions, dtypeOf, finishCreation } from './arguments.ts';
import { clone, detach, to } from './copy.ts';
import { type CreationOptions, getDefaultDtype } from './options.ts';

/** Numbers or booleans, nested to any depth; typed arrays stand for a dimension. */
export type NestedArray = number | boolean | TypedArray | readonly NestedArray[];

const dtypeOfArray = (array: TypedArray): DType => {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return array instanceof Int32Array ? 'int32' : 'uint8';
};

const isTypedArray = (x: unknown): x is TypedArray =>
  ArrayBuffer.isView(x) &&
  (x instanceof Float32Array ||
    x instanceof Float64Array ||
    x instanceof Int32Array ||
    x instanceof Uint8Array);

/** As many dimensions as PyTorch's tensors may have. */
const MAX_DEPTH = 64;

const place = (path: readonly number[]): string => path.map((i) => `[${i}]`).join('') || 'the top level';

/** What a nested array holds, found in one walk that also checks that it is rectangular. */
class Reader {
  readonly shape: number[] = [];
  readonly #path: number[] = [];
  #leafDepth = -1;
  hasFloat = false;
  hasNumber = false;
  hasBoolean = false;
  /** The range of the numbers. */
  least = 0;
  greatest = 0;
  hasNaN = false;
  typedDtype: DType | null = null;

  constructor(data: NestedArray) {
    this.#visit(data, 0);
  }

  #visit(x: NestedArray, depth: number): void {
    if (typeof x === 'number' || typeof x === 'boolean') {
      this.#reachLeaf(depth, 'a number');
      if (typeof x === 'boolean') this.hasBoolean = true;
      else {
        this.hasNumber = true;
        if (x < this.least) this.least = x;
        else if (x > this.greatest) this.greatest = x;
        if (!Number.isInteger(x)) {
          this.hasFloat = true;
          if (Number.isNaN(x)) this.hasNaN = true;
        }
      }
      return;
    }
    if (!isTypedArray(x) && !isArray(x)) {
      const kind = x === null ? 'null' : isOfClass(x) ? 'a Tensor' : typeof x;
      const hint = isOfClass(x) ? '; stack([a, b]) makes one of several' : '';
      throw new DTypeError(
        `tensor: expected numbers, booleans or arrays of them, got ${kind} at ${place(this.#path)}${hint}`,
      );
    }
    if (depth === MAX_DEPTH)
      throw new ShapeError(`tensor: arrays are nested more than ${MAX_DEPTH} deep, or an array holds itself`);
    const { length } = x;
    const known = this.shape[depth];
    if (known === undefined && (this.#leafDepth < 0 || depth < this.#leafDepth)) this.shape.push(length);
    else if (known !== length) this.#ragged(depth, `length ${length}`, known);
    if (isTypedArray(x)) {
      requireMemory(x, 'tensor');
      this.#reachLeaf(depth + 1, 'a typed array');
      this.typedDtype ??= dtypeOfArray(x);
      return;
    }
    let i = 0;
    for (const part of x) {
      this.#path.push(i++);
      this.#visit(part, depth + 1);
      this.#path.pop();
    }
  }

  #reachLeaf(depth: number, what: string): void {
    if (this.#leafDepth < 0 && depth >= this.shape.length) this.#leafDepth = depth;
    if (depth !== this.#leafDepth) {
      throw new ShapeError(
        `tensor: ragged input: found ${what} at ${place(this.#path)}, at depth ${depth}, where the elements before it ` +
          `are nested ${this.#leafDepth < 0 ? this.shape.length : this.#leafDepth} deep`,
      );
    }
  }

  #ragged(depth: number, found: string, expected: number | undefined): never {
    throw new ShapeError(
      `tensor: ragged input: expected ${expected === undefined ? 'a number' : `length ${expected}`} at ` +
        `${place(this.#path)} (dim ${depth}), got ${found}`,
    );
  }
}

function flattenInto(x: NestedArray, out: TypedArray, at: number): number {
  if (typeof x === 'number') out[at] = x;
  else if (typeof x === 'boolean') out[at] = x ? 1 : 0;
  else if (isTypedArray(x)) {
    out.set(x, at);
    return at + x.length;
  } else {
    let next = at;
    for (const part of x) next = flattenInto(part, out, next);
    return next;
  }
  return at + 1;
}

const tensorTakes = signature('tensor', { data: K.anything, options: creationOptions });

/**
 * A tensor of the given numbers, booleans or (nested) arrays, copied; or of another tensor, with no history. Without a dtype: booleans
 * give `bool`, integers `int32` (with `requiresGrad` the default dtype), other numbers and nothing at all the default dtype, a typed
 * array or a tensor its own. Note that JavaScript does not tell `1.0` from `1`:
 * `tensor([1, 2])` is `int32` where Python's `torch.tensor([1., 2.])` is float; pass `{ dtype: 'float32' }`.
 *
 * Follows `torch.tensor`.
 * @throws ShapeError for ragged input, naming the place; DTypeError for what is neither number nor boolean; ValueError where the
 *   dtype cannot hold a number
 * @example
 * ```ts
 * tensor([[1.5, 2], [3, 4]]); // tensor([[1.5000, 2.0000], [3.0000, 4.0000]])
 * tensor([1, 2, 3]); // tensor([1, 2, 3])
 * tensor([1, 2], { dtype: 'float32', requiresGrad: true }); // tensor([1., 2.], requires_grad=True)
 * tensor([[1, 2], [3]]); // throws ShapeError: tensor: ragged input: expected length 2 at [1] (dim 1), got length 1
 * ```
 */
export function tensor(data: NestedArray | Tensor, options?: CreationOptions): Tensor {
  tensorTakes(arguments);
  if (isOfClass(data)) {
    requireTensors('tensor', data);
    const copy = clone(detach(data));
    return finishCreation(options?.dtype === undefined ? copy : to(copy, options.dtype), options, 'tensor');
  }
  if (isTypedArray(data)) {
    requireMemory(data, 'tensor');
    const dtype = options?.dtype ?? dtypeOfArray(data);
    const array = allocateArray(dtype, data.length);
    storeInto(array, data, dtype);
    return finishCreation(wrapArray(array, [data.length], dtype), options, 'tensor');
  }
  const read = new Reader(data);
  const inferred = (): DType => {
    if (read.typedDtype !== null) return read.typedDtype;
    if (read.hasFloat || (!read.hasNumber && !read.hasBoolean)) return getDefaultDtype();
    if (read.hasNumber) return options?.requiresGrad === true ? getDefaultDtype() : 'int32';
    return 'bool';
  };
  const dtype = options?.dtype ?? inferred();
  if (!isFloatingPoint(dtype)) {
    for (const x of [read.least, read.greatest, read.hasNaN ? Number.NaN : 0])
      storedNumber(x, dtype, 'tensor');
  }
  const n = numelOf(read.shape);
  const array = allocateArray(dtype, n);
  const holdsOthers = read.typedDtype !== null && read.typedDtype !== dtype;
  if ((dtype === 'bool' && read.hasNumber) || (!isFloatingPoint(dtype) && holdsOthers)) {
    const numbers = new Float64Array(n);
    flattenInto(data, numbers, 0);
    storeInto(array, numbers, dtype);
  } else flattenInto(data, array, 0);
  return finishCreation(wrapArray(array, read.shape, dtype), options, 'tensor');
}

function storeInto(out: TypedArray, source: TypedArray, dtype: DType): void {
  if (dtype === 'bool') for (let i = 0; i < source.length; i++) out[i] = source[i] !== 0 ? 1 : 0;
  else if (dtype === 'int32' && !(source instanceof Int32Array))
    for (let i = 0; i < source.length; i++) out[i] = storedNumber(Math.trunc(source[i]!), dtype, 'tensor');
  else out.set(source);
}

/** Options of {@link fromBuffer}. */
export interface FromBufferOptions extends CreationOptions {
  /** Default: all elements in one dimension. */
  readonly shape?: Shape;
  /** Bytes to skip. Must suit the dtype's alignment. Default: 0. */
  readonly byteOffset?: number;
}

const arrayBuffer = K.instanceOf(ArrayBuffer, 'an ArrayBuffer');
const fromBufferTakes = signature('fromBuffer', {
  buffer: K.anything,
  options: K.options<FromBufferOptions>({
    shape: K.sizes,
    byteOffset: K.integer,
    dtype: K.dtype,
    requiresGrad: K.flag,
  }),
});

/**
 * A tensor over the memory of a buffer or typed array, without a copy: changes of either show in the other.
 * Follows `torch.frombuffer` and `torch.from_numpy`.
 * @throws ShapeError where the buffer is too short; ValueError for an offset that does not suit the dtype; DTypeError for what is
 *   no buffer
 * @example
 * ```ts
 * const pixels = new Uint8Array([1, 2, 3, 4]);
 * const image = fromBuffer(pixels, { shape: [2, 2] });
 * pixels[0] = 9;
 * image; // tensor([[9, 2], [3, 4]], dtype=torch.uint8)
 * ```
 */
export function fromBuffer(buffer: ArrayBuffer | TypedArray, options: FromBufferOptions = {}): Tensor {
  fromBufferTakes(arguments);
  const own = isTypedArray(buffer);
  if (!own && !fits(arrayBuffer, buffer)) {
    throw new DTypeError(`fromBuffer: expected an ArrayBuffer or a typed array, got ${typeof buffer}`);
  }
  requireMemory(buffer, 'fromBuffer');
  const dtype = dtypeOf(options, 'fromBuffer', own ? dtypeOfArray(buffer) : getDefaultDtype());
  const constructor = arrayConstructor(dtype);
  const bytes = bytesOf(dtype);
  const skip = options.byteOffset ?? 0;
  const start = (own ? buffer.byteOffset : 0) + skip;
  const available = Math.floor((buffer.byteLength - skip) / bytes);
  const shape = options.shape?.slice() ?? [Math.max(available, 0)];
  checkShape(shape, 'fromBuffer');
  const n = numelOf(shape);
  if (start % bytes !== 0) {
    throw new ValueError(
      `fromBuffer: ${dtype} needs an offset that is a multiple of ${bytes} bytes, got ${start}`,
    );
  }
  if (skip < 0 || n > available) {
    throw new ShapeError(
      `fromBuffer: shape ${formatShape(shape)} needs ${n} elements of ${bytes} bytes from byte ${skip} on, ` +
        `but the buffer has ${buffer.byteLength} bytes`,
    );
  }
  const memory = own ? (buffer.buffer as ArrayBuffer) : buffer;
  return finishCreation(
    new Tensor(new Storage(new constructor(memory, start, n), true), shape, dtype),
    options,
    'fromBuffer',
  );
}
