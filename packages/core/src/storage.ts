import { arrayConstructor, bytesOf, type DType, type TypedArray } from './dtype.ts';

/**
 * The memory behind one or more tensors: a garbage-collected typed array, shared by views.
 *
 * `version` counts in-place changes, so that a tensor saved for backward can tell that it was overwritten.
 */
export class Storage {
  /** Read it through {@link array}: a compiled program may one day hold newer values than this array. */
  readonly #array: TypedArray;
  version = 0;
  /** How many edges of a running backward pass hold this memory: one holder may reuse it, more may not. */
  holders = 0;

  constructor(array: TypedArray) {
    this.#array = array;
  }

  get array(): TypedArray {
    return this.#array;
  }
}

/**
 * Small tensors are cut from a slab: a view into one costs a tenth of a typed array of its own.
 * A slab lives as long as any tensor cut from it, so it is kept small against what could be held back by one.
 */
const slabBytes = 32_768;
const largestSlice = 2_048;
let slab = new ArrayBuffer(slabBytes);
let slabUsed = 0;

/** Node zeroes no memory in this call, which for large tensors costs more than the arithmetic. */
const allocateUnsafe: ((bytes: number) => Uint8Array) | undefined = (
  globalThis as { Buffer?: { allocUnsafeSlow?: (bytes: number) => Uint8Array } }
).Buffer?.allocUnsafeSlow;

/** A typed array of `n` elements whose contents are undefined: the caller writes every element. */
export function allocateArray(dtype: DType, n: number): TypedArray {
  const bytes = n * bytesOf(dtype);
  if (bytes <= largestSlice) {
    if (slabUsed + bytes > slabBytes) {
      slab = new ArrayBuffer(slabBytes);
      slabUsed = 0;
    }
    const start = slabUsed;
    slabUsed = (start + bytes + 15) & ~15;
    switch (dtype) {
      case 'float32':
        return new Float32Array(slab, start, n);
      case 'float64':
        return new Float64Array(slab, start, n);
      case 'int32':
        return new Int32Array(slab, start, n);
      default:
        return new Uint8Array(slab, start, n);
    }
  }
  const constructor = arrayConstructor(dtype);
  if (allocateUnsafe !== undefined && bytes >= 65_536) {
    return new constructor(allocateUnsafe(bytes).buffer as ArrayBuffer, 0, n);
  }
  return new constructor(n);
}

/** A typed array of `n` zeros. */
export function allocateZeroed(dtype: DType, n: number): TypedArray {
  if (n * bytesOf(dtype) > largestSlice) return new (arrayConstructor(dtype))(n);
  return allocateArray(dtype, n).fill(0);
}
