import { describe } from '../../arguments/explain.ts';
import { K, signature } from '../../arguments/index.ts';
import {
  arrayConstructor,
  bytesOf,
  type DType,
  isFloatingPoint,
  promoteTypes,
  storedNumber,
  type TypedArray,
} from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { isArray, isArrayBuffer, whereReadable } from '../../readable.ts';
import { checkShape, formatShape, numelOf, type Shape } from '../../shape.ts';
import { Storage } from '../../storage.ts';
import { isOfClass, requireTensors, Tensor, wrapArray } from '../../tensor.ts';
import { requireMemory } from '../../transferred.ts';
import { creationOptions, dtypeOf, finishCreation, roomFor } from './arguments.ts';
import { clone, detach } from './copy.ts';
import { type CreationOptions, getDefaultDtype } from './options.ts';
import { toWithin } from './to-within.ts';
import { elementsOfArray, isTypedArray, type OtherTypedArray, sharedArray } from './typed-arrays.ts';

export type { OtherTypedArray };

/** Numbers or booleans, nested to any depth; typed arrays stand for a dimension. */
export type NestedArray = number | boolean | TypedArray | OtherTypedArray | readonly NestedArray[];

/** As many dimensions as PyTorch's tensors may have. */
const MAX_DEPTH = 64;

/** What to write for a value that stands where numbers are expected. */
function insteadOf(x: unknown): string {
  if (isOfClass(x)) return '; stack([a, b]) makes one of several';
  if (typeof x === 'bigint') return '; write Number(...)';
  return isIterable(x) ? '; write Array.from(...)' : '';
}

const isIterable = /* @__PURE__ */ whereReadable(
  (x): x is Iterable<unknown> => typeof x === 'object' && x !== null && Symbol.iterator in x,
);

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
        this.#widen(x);
        if (!Number.isInteger(x)) {
          this.hasFloat = true;
          if (Number.isNaN(x)) this.hasNaN = true;
        }
      }
      return;
    }
    if (!isTypedArray(x) && !isArray(x)) {
      throw new DTypeError(
        `tensor: expected numbers, booleans or arrays of them, got ${describe(x)} at ${place(this.#path)}${insteadOf(x)}`,
      );
    }
    if (depth === MAX_DEPTH)
      throw new ShapeError(`tensor: arrays are nested more than ${MAX_DEPTH} deep, or an array holds itself`);
    const { length } = x;
    const known = this.shape[depth];
    if (known === undefined && (this.#leafDepth < 0 || depth < this.#leafDepth)) this.shape.push(length);
    else if (known !== length) this.#ragged(depth, `length ${length}`, known);
    if (isTypedArray(x)) {
      requireMemory(x as TypedArray, 'tensor');
      this.#reachLeaf(depth + 1, 'a typed array');
      const { array, dtype, wide } = elementsOfArray(x);
      this.typedDtype = this.typedDtype === null ? dtype : promoteTypes(this.typedDtype, dtype);
      if (wide) for (const element of array) this.#widen(element);
      return;
    }
    let i = 0;
    for (const part of x) {
      this.#path.push(i++);
      this.#visit(part, depth + 1);
      this.#path.pop();
    }
  }

  #widen(x: number): void {
    if (x < this.least) this.least = x;
    else if (x > this.greatest) this.greatest = x;
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
    out.set(elementsOfArray(x).array, at);
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
 * A tensor of the given numbers, booleans or (nested) arrays, copied; or of another tensor, with no history. Without a
 * dtype: booleans give `bool`, integers `int32` (with `requiresGrad` the default dtype), other numbers and nothing at
 * all the default dtype, a typed array or a tensor its own: `Uint8ClampedArray` (pixels) `uint8`, other integers
 * `int32`, which must fit it, `Float16Array` `float32`. Several that meet give what they promote to. Note that
 * JavaScript does not tell `1.0` from `1`: `tensor([1, 2])` is `int32` where Python's `torch.tensor([1., 2.])` is
 * float; pass `{ dtype: 'float32' }`.
 *
 * Follows `torch.tensor`.
 * @throws ShapeError for ragged input, naming the place; DTypeError for what is neither number nor boolean; ValueError
 *   where the dtype cannot hold a number
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
    return finishCreation(toWithin('tensor', copy, options?.dtype), options, 'tensor');
  }
  if (isTypedArray(data)) {
    requireMemory(data as TypedArray, 'tensor');
    const elements = elementsOfArray(data);
    const dtype = options?.dtype ?? elements.dtype;
    const array = roomFor([data.length], dtype, 'tensor');
    storeInto(array, elements.array, dtype);
    return finishCreation(wrapArray(array, [data.length], dtype), options, 'tensor');
  }
  const read = new Reader(data);
  const ofNumbers = (): DType | null => {
    if (read.hasFloat) return getDefaultDtype();
    if (read.hasNumber) return options?.requiresGrad === true ? getDefaultDtype() : 'int32';
    return read.hasBoolean ? 'bool' : null;
  };
  const [numbers, typed] = [ofNumbers(), read.typedDtype];
  const inferred = numbers === null || typed === null ? (numbers ?? typed) : promoteTypes(numbers, typed);
  const dtype = options?.dtype ?? inferred ?? getDefaultDtype();
  if (!isFloatingPoint(dtype)) {
    for (const x of [read.least, read.greatest, read.hasNaN ? Number.NaN : 0])
      storedNumber(x, dtype, 'tensor');
  }
  const array = roomFor(read.shape, dtype, 'tensor');
  const holdsOthers = read.typedDtype !== null && read.typedDtype !== dtype;
  if ((dtype === 'bool' && read.hasNumber) || (!isFloatingPoint(dtype) && holdsOthers)) {
    const wide = new Float64Array(array.length);
    flattenInto(data, wide, 0);
    storeInto(array, wide, dtype);
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
 * A tensor over the memory of a buffer or typed array, without a copy: changes of either show in the other. A
 * `Uint8ClampedArray`, as an `ImageData` holds, is `uint8`. Follows `torch.frombuffer` and `torch.from_numpy`.
 * @throws ShapeError where the buffer is too short; ValueError for an offset that does not suit the dtype; DTypeError
 *   for what is no buffer
 * @example
 * ```ts
 * const pixels = new Uint8Array([1, 2, 3, 4]);
 * const image = fromBuffer(pixels, { shape: [2, 2] });
 * pixels[0] = 9;
 * image; // tensor([[9, 2], [3, 4]], dtype=torch.uint8)
 * ```
 */
export function fromBuffer(
  buffer: ArrayBuffer | TypedArray | Uint8ClampedArray,
  options: FromBufferOptions = {},
): Tensor {
  fromBufferTakes(arguments);
  const own = sharedArray(buffer);
  if (own === null && !isArrayBuffer(buffer)) {
    const hint = isTypedArray(buffer)
      ? '; no dtype has its elements as they are: tensor(array) copies them to one that holds them'
      : '';
    throw new DTypeError(
      `fromBuffer: expected an ArrayBuffer or a typed array, got ${describe(buffer)}${hint}`,
    );
  }
  requireMemory(buffer, 'fromBuffer');
  const ofItself = own === null ? getDefaultDtype() : elementsOfArray(own).dtype;
  const dtype = dtypeOf(options, 'fromBuffer', ofItself);
  const constructor = arrayConstructor(dtype);
  const bytes = bytesOf(dtype);
  const skip = options.byteOffset ?? 0;
  const start = (own?.byteOffset ?? 0) + skip;
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
  const whole = (own === null ? buffer : own.buffer) as ArrayBuffer;
  return finishCreation(
    new Tensor(new Storage(new constructor(whole, start, n), true), shape, dtype),
    options,
    'fromBuffer',
  );
}
