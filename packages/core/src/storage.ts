import { arrayConstructor, bytesOf, type DType, type TypedArray } from './dtype.ts';

/** The memory behind one or more tensors: a garbage-collected typed array, shared by views. Follows `torch.UntypedStorage`. */
export class Storage {
  /** Read it through {@link array}: a compiled program may one day hold newer values than this array. */
  readonly #array: TypedArray;
  /** Counts in-place changes, so that a tensor saved for backward can tell that it was overwritten. */
  version = 0;
  /** How many edges of a running backward pass hold this memory: one holder may reuse it, more may not. */
  holders = 0;

  constructor(array: TypedArray) {
    this.#array = array;
  }

  /** All elements, in the order of memory. */
  get array(): TypedArray {
    return this.#array;
  }
}

/** Node does not zero this memory, which costs more than the arithmetic on it. */
const allocateUnsafe: ((bytes: number) => Uint8Array) | undefined = (
  globalThis as { Buffer?: { allocUnsafeSlow?: (bytes: number) => Uint8Array } }
).Buffer?.allocUnsafeSlow;

function newBuffer(bytes: number): ArrayBuffer {
  if (allocateUnsafe === undefined) return new ArrayBuffer(bytes);
  if (!reusesLargeBlocks && bytes > 100_000) reuseLargeBlocks(allocateUnsafe);
  return allocateUnsafe(bytes).buffer as ArrayBuffer;
}

let reusesLargeBlocks = false;

/**
 * glibc maps each block of over 128 KiB anew and unmaps it when freed, so that every page of a new tensor costs a fault, which
 * is dearer than arithmetic on it. Once it has freed one larger block, it keeps blocks of up to that size (at most 32 MiB)
 * for reuse. So it gets one to free: never touched, the block takes no memory.
 */
function reuseLargeBlocks(allocate: (bytes: number) => Uint8Array): void {
  reusesLargeBlocks = true;
  allocate(2 ** 25 - 2 ** 16);
}

/** Arrays of up to this size live in the JavaScript heap, where they cost least, and hold no slab back. */
const onHeapBytes = 64;
/**
 * Small tensors are cut from a slab: a view into one costs a tenth of a buffer of its own. A slab lives as long as any
 * tensor cut from it, so it is kept small against what could be held back by one.
 */
const slabBytes = 65_536;
const largestSlice = 8_192;
let slab = newBuffer(slabBytes);
let slabUsed = 0;

function fromSlab(dtype: DType, n: number, bytes: number): TypedArray {
  if (slabUsed + bytes > slabBytes) {
    slab = newBuffer(slabBytes);
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

/** A typed array of `n` elements whose contents are undefined: the caller writes every element. */
export function allocateArray(dtype: DType, n: number): TypedArray {
  const bytes = n * bytesOf(dtype);
  if (bytes <= onHeapBytes) return new (arrayConstructor(dtype))(n);
  if (bytes <= largestSlice) return fromSlab(dtype, n, bytes);
  return new (arrayConstructor(dtype))(newBuffer(bytes), 0, n);
}

/** A typed array of `n` zeros. */
export function allocateZeroed(dtype: DType, n: number): TypedArray {
  if (n * bytesOf(dtype) > largestSlice) return new (arrayConstructor(dtype))(n);
  return allocateArray(dtype, n).fill(0);
}
