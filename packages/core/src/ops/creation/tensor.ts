import {
  arrayConstructor,
  checkDType,
  type DType,
  isFloatingPoint,
  storedNumber,
  type TypedArray,
} from '../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../errors.ts';
import { fma64 } from '../../random/fma.ts';
import { checkShape, formatShape, numelOf, type Shape } from '../../shape.ts';
import { allocateArray, Storage } from '../../storage.ts';
import { Tensor, wrapArray } from '../../tensor.ts';
import { clone, detach, to } from './copy.ts';
import { type CreationOptions, finishCreation, getDefaultDtype } from './fill.ts';

/** Numbers or booleans, nested to any depth; typed arrays stand for a dimension. */
export type NestedArray = number | boolean | TypedArray | readonly NestedArray[];

const dtypeOfArray = (array: TypedArray): DType => {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return array instanceof Int32Array ? 'int32' : 'uint8';
};

const isTypedArray = (x: unknown): x is TypedArray =>
  x instanceof Float32Array ||
  x instanceof Float64Array ||
  x instanceof Int32Array ||
  x instanceof Uint8Array;

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
    if (!isTypedArray(x) && !Array.isArray(x)) {
      const kind = x === null ? 'null' : typeof x;
      throw new DTypeError(
        `tensor: expected numbers, booleans or arrays of them, got ${kind} at ${place(this.#path)}`,
      );
    }
    const { length } = x;
    const known = this.shape[depth];
    if (known === undefined && (this.#leafDepth < 0 || depth < this.#leafDepth)) this.shape.push(length);
    else if (known !== length) this.#ragged(depth, `length ${length}`, known);
    if (isTypedArray(x)) {
      this.#reachLeaf(depth + 1, 'a typed array');
      this.typedDtype ??= dtypeOfArray(x);
      return;
    }
    for (let i = 0; i < length; i++) {
      this.#path.push(i);
      this.#visit(x[i]!, depth + 1);
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
    for (let i = 0; i < x.length; i++) next = flattenInto(x[i]!, out, next);
    return next;
  }
  return at + 1;
}

/**
 * A tensor of the given numbers, booleans or (nested) arrays, copied. Without a dtype: booleans give `bool`, integers
 * `int32`, other numbers the default dtype, a typed array its own. Note that JavaScript does not tell `1.0` from `1`:
 * `tensor([1, 2])` is `int32` where Python's `torch.tensor([1., 2.])` is float; pass `{ dtype: 'float32' }`.
 *
 * Ragged input is a ShapeError that names the place. Follows `torch.tensor`.
 *
 * @example
 * ```ts
 * tensor([[1.5, 2], [3, 4]]); // float32, shape [2, 2]
 * tensor([1, 2, 3]);          // int32
 * tensor(new Float64Array(3), { requiresGrad: true });
 * ```
 */
export function tensor(data: NestedArray | Tensor, options?: CreationOptions): Tensor {
  if (options?.dtype !== undefined) checkDType(options.dtype, 'tensor');
  if (data instanceof Tensor) {
    const copy = clone(detach(data));
    return finishCreation(options?.dtype === undefined ? copy : to(copy, options.dtype), options);
  }
  if (isTypedArray(data)) {
    const dtype = options?.dtype ?? dtypeOfArray(data);
    const array = allocateArray(dtype, data.length);
    storeInto(array, data, dtype);
    return finishCreation(wrapArray(array, [data.length], dtype), options);
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
  if (dtype === 'bool' && (read.hasNumber || read.typedDtype !== null)) {
    const numbers = new Float64Array(n);
    flattenInto(data, numbers, 0);
    storeInto(array, numbers, dtype);
  } else flattenInto(data, array, 0);
  return finishCreation(wrapArray(array, read.shape, dtype), options);
}

function storeInto(out: TypedArray, source: TypedArray, dtype: DType): void {
  if (dtype === 'bool') for (let i = 0; i < source.length; i++) out[i] = source[i] !== 0 ? 1 : 0;
  else out.set(source);
}

/** Options of {@link fromBuffer}. */
export interface FromBufferOptions extends CreationOptions {
  /** Default: all elements in one dimension. */
  readonly shape?: Shape;
  /** Bytes to skip. Must suit the dtype's alignment. Default: 0. */
  readonly byteOffset?: number;
}

/**
 * A tensor over the memory of a buffer or typed array, without a copy: changes of either show in the other.
 * Follows `torch.frombuffer` and `torch.from_numpy`.
 *
 * @example
 * ```ts
 * const pixels = new Uint8Array(28 * 28);
 * const image = fromBuffer(pixels, { shape: [28, 28] });
 * ```
 */
export function fromBuffer(buffer: ArrayBuffer | TypedArray, options: FromBufferOptions = {}): Tensor {
  const own = isTypedArray(buffer);
  if (!own && !(buffer instanceof ArrayBuffer)) {
    throw new DTypeError(`fromBuffer: expected an ArrayBuffer or a typed array, got ${typeof buffer}`);
  }
  const dtype = options.dtype ?? (own ? dtypeOfArray(buffer) : getDefaultDtype());
  checkDType(dtype, 'fromBuffer');
  const constructor = arrayConstructor(dtype);
  const bytes = dtype === 'bool' || dtype === 'uint8' ? 1 : dtype === 'float64' ? 8 : 4;
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
  return finishCreation(new Tensor(new Storage(new constructor(memory, start, n)), shape, dtype), options);
}

/**
 * Numbers from `start` (inclusive) to `end` (exclusive) by `step`: `arange(end)`, `arange(start, end)`,
 * `arange(start, end, step)`. int32 where all are integers, else the default dtype. Follows `torch.arange`.
 */
export function arange(end: number, options?: CreationOptions): Tensor;
export function arange(start: number, end: number, options?: CreationOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: CreationOptions): Tensor;
export function arange(...args: (number | CreationOptions | undefined)[]): Tensor {
  const numbers = args.filter((a): a is number => typeof a === 'number');
  const options = args.find((a): a is CreationOptions => typeof a === 'object');
  const [start, end, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (!Number.isFinite(start) || !Number.isFinite(end) || Number.isNaN(step)) {
    throw new ValueError(`arange: unsupported range: ${start} -> ${end}`);
  }
  if (step === 0) throw new ValueError('arange: step must be nonzero');
  if ((step > 0 && start > end) || (step < 0 && start < end)) {
    throw new ValueError(
      `arange: upper bound and larger bound inconsistent with step sign: start ${start}, end ${end}, step ${step}`,
    );
  }
  const dtype = options?.dtype ?? (numbers.every(Number.isInteger) ? 'int32' : getDefaultDtype());
  checkDType(dtype, 'arange');
  const n = Math.ceil((end - start) / step);
  checkShape([n], 'arange');
  // The length is that of the range as given; integers count from and by whole numbers.
  const round = isFloatingPoint(dtype) ? (x: number) => x : Math.trunc;
  const [from, by] = [round(start), round(step)];
  const array = allocateArray(dtype, n);
  for (let i = 0; i < n; i++) array[i] = from + i * by;
  return finishCreation(wrapArray(array, [n], dtype), options);
}

function checkSteps(steps: number, caller: string): void {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ValueError(`${caller}: number of steps must be non-negative, got ${steps}`);
}

/**
 * Evenly spaced numbers, counted from the nearer end, so that both ends are met exactly. As in PyTorch the steps are
 * rounded to float32 where the result is, and the ends are truncated where it holds integers.
 */
function linearSteps(start: number, end: number, steps: number, dtype: DType): number[] {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x;
  const [from, to] = isFloatingPoint(dtype)
    ? [round(start), round(end)]
    : [Math.trunc(start), Math.trunc(end)];
  if (steps === 1) return [from];
  const step = round((to - from) / (steps - 1));
  const half = Math.floor(steps / 2);
  // Integers are truncated, so that it shows that PyTorch multiplies and adds with one rounding.
  const at = isFloatingPoint(dtype)
    ? (origin: number, i: number) => origin + step * i
    : (origin: number, i: number) => fma64(step, i, origin);
  return Array.from({ length: steps }, (_, i) => round(i < half ? at(from, i) : at(to, i + 1 - steps)));
}

/** `steps` numbers from `start` to `end`, both included, evenly spaced. Follows `torch.linspace`. */
export function linspace(start: number, end: number, steps: number, options?: CreationOptions): Tensor {
  checkSteps(steps, 'linspace');
  const dtype = options?.dtype ?? getDefaultDtype();
  checkDType(dtype, 'linspace');
  const array = allocateArray(dtype, steps);
  array.set(linearSteps(start, end, steps, dtype));
  return finishCreation(wrapArray(array, [steps], dtype), options);
}

/** Options of {@link logspace}. */
export interface LogspaceOptions extends CreationOptions {
  /** Default: 10. */
  readonly base?: number;
}

/** `steps` numbers from base^start to base^end, evenly spaced in the exponent. Follows `torch.logspace`. */
export function logspace(start: number, end: number, steps: number, options: LogspaceOptions = {}): Tensor {
  checkSteps(steps, 'logspace');
  const { base = 10 } = options;
  const dtype = options.dtype ?? getDefaultDtype();
  checkDType(dtype, 'logspace');
  const array = allocateArray(dtype, steps);
  array.set(linearSteps(start, end, steps, dtype).map((exponent) => base ** exponent));
  return finishCreation(wrapArray(array, [steps], dtype), options);
}

/** Ones on the diagonal, zeros elsewhere: n by n, or n by m. Follows `torch.eye`. */
export function eye(n: number, m?: number | CreationOptions, options?: CreationOptions): Tensor {
  const columns = typeof m === 'number' ? m : n;
  const given = typeof m === 'object' ? m : options;
  checkShape([n, columns], 'eye');
  const dtype = given?.dtype ?? getDefaultDtype();
  checkDType(dtype, 'eye');
  const array = allocateArray(dtype, n * columns).fill(0) as TypedArray;
  for (let i = 0; i < Math.min(n, columns); i++) array[i * (columns + 1)] = 1;
  return finishCreation(wrapArray(array, [n, columns], dtype), given);
}
