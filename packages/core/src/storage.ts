import { arrayConstructor, bytesOf, type DType, type TypedArray } from './dtype.ts';
import { CompileError, ShapeError, ValueError } from './errors.ts';
import { isArrayBuffer } from './readable.ts';
import { formatShape, maxElements, numelOf, type Shape } from './shape.ts';

let newStorage: ((storage: Storage) => void) | null = null;

/** @internal Sets what is told of each storage that is made; `null`: nobody. */
export function onNewStorage(tell: ((storage: Storage) => void) | null): void {
  newStorage = tell;
}

/** Memory that is not the storage's own: that of kernels, which moves as it grows. */
export interface Lodging {
  /** The elements, where they lie now. */
  array(): TypedArray;
  /** Whether a gradient that lies here was shown to anybody. */
  shown: boolean;
}

/**
 * Makes a structured clone of a tensor fail. The algorithm copies own properties and drops classes and private fields,
 * which would leave an object without elements; but it refuses symbols, in an error that has their description (in V8,
 * some hundred characters of it).
 */
const uncloneable = Symbol(
  'a tensor; copy it by x.clone(), or send x.data and x.shape, for tensor(data).reshape(shape)',
);

/** Counts how often storages left their lodgings: whoever relies on one has to look again. */
export let timesMovedOut = 0;

let identities = 0;
/** A different number for each memory; always a small integer, which takes no memory of its own. */
const nextIdentity = (): number => {
  identities = (identities + 1) & 0x3fffffff;
  return identities;
};

/**
 * The memory behind one or more tensors: a garbage-collected typed array, shared by views. Follows
 * `torch.UntypedStorage`.
 */
export class Storage {
  /** To be read through {@link array}: the elements may have moved into memory of kernels. */
  #array: TypedArray;
  /** The length that the array has, where others have its buffer too, and may empty it by a transfer; else -1. */
  #lengthOutside = -1;
  #leftBehind: string | null = null;
  #lodging: Lodging | null = null;
  /** The lodging that copied the elements last, and would rather have them move in. */
  #copiedBy: Lodging | null = null;
  protected readonly uncloneable: symbol = uncloneable;
  /**
   * Code that compares objects by their properties (`assert.deepStrictEqual`, lodash) does not see the elements: this
   * number keeps it from taking two memories for equal.
   */
  protected readonly identity: number = nextIdentity();
  /** Counts in-place changes, so that a tensor saved for backward can tell that it was overwritten. */
  version = 0;
  /** How many edges of a running backward pass hold this memory: one holder may reuse it, more may not. @internal */
  holders = 0;

  /** @param brought whether the user brought the array, and may know it and its buffer */
  constructor(array: TypedArray, brought = false) {
    this.#array = array;
    if (brought) this.#lengthOutside = array.length;
    if (newStorage !== null) newStorage(this);
  }

  /** One of `length` elements, whose array the lodging is asked for once somebody reads it. @internal */
  static lodgedIn(lodging: Lodging, length: number): Storage {
    const storage = new Storage(nothing);
    storage.#lodging = lodging;
    storage.#lengthOutside = length;
    return storage;
  }

  /**
   * All elements, in the order of memory.
   * @throws ValueError where the memory was transferred to another thread, or given to other tensors
   */
  get array(): TypedArray {
    const array = this.#array;
    if (this.#lengthOutside > array.length) return this.#elsewhere();
    return array;
  }

  #elsewhere(): TypedArray {
    if (this.#lodging === null) throw this.#gone();
    this.#array = this.#lodging.array();
    return this.#array;
  }

  /**
   * Moves the elements into memory of kernels, where they stay until somebody outside is to have the array. @internal
   */
  moveInto(lodging: Lodging): void {
    const { array } = this;
    const there = lodging.array();
    there.set(array);
    if (this.#lodging !== null) timesMovedOut++;
    this.#array = there;
    this.#lodging = lodging;
    this.#lengthOutside = there.length;
  }

  /**
   * Moves in, where possible, once the lodging meets this storage again: what is met once may be dropped next.
   * @internal
   */
  moveIntoAgain(lodging: Lodging): boolean {
    if (this.#copiedBy !== lodging) {
      this.#copiedBy = lodging;
      return false;
    }
    if (!this.mayMove) return false;
    this.moveInto(lodging);
    return true;
  }

  /** Where {@link moveInto} led; `null` where the memory is the storage's own. @internal */
  get lodging(): Lodging | null {
    return this.#lodging;
  }

  /** Notes that a gradient of this memory is being shown. @internal */
  show(): void {
    if (this.#lodging !== null) this.#lodging.shown = true;
  }

  /** Whether the array may lie elsewhere from now on: nobody outside the library has it. @internal */
  get mayMove(): boolean {
    return this.#lengthOutside < 0;
  }

  /** Whether {@link array} throws. @internal */
  get isGone(): boolean {
    return this.#lodging === null && this.#lengthOutside > this.#array.length;
  }

  /** Why there is no memory any more. */
  #gone(): Error {
    if (this.#leftBehind !== null) return new CompileError(this.#leftBehind);
    return this.#lengthOutside === passedOn ? recycled() : transferred();
  }

  /** The memory goes on without this storage, which says so from now on. @internal */
  leaveBehind(message: string): void {
    this.#leftBehind = message;
    this.#lodging = null;
    this.#lengthOutside = Number.POSITIVE_INFINITY;
    this.#array = nothing;
  }

  /** Moves the elements back into memory of the storage's own, if they lie in `from`. @internal */
  moveOut(from: Lodging | null = this.#lodging): void {
    if (from === null || from !== this.#lodging) return;
    this.#array = this.array.slice();
    this.#lodging = null;
    this.#lengthOutside = -1;
    timesMovedOut++;
  }

  /**
   * Makes ready for the array to leave the library: from now on it shares its buffer with no other tensor. @internal
   */
  handOut(): void {
    this.moveOut();
    if (this.#lengthOutside >= 0) return;
    this.#array = owned(this.#array);
    this.#lengthOutside = this.#array.length;
  }

  /**
   * Gives the memory to tensors that come, for callers who know that nobody needs it any more: reading it is an error
   * from then on. @internal
   */
  recycle(): void {
    const array = this.#array;
    if (this.#lengthOutside >= 0 || array.byteLength <= onHeapBytes || !keepSpare(array)) return;
    this.#array = nothing;
    this.#lengthOutside = passedOn;
  }
}

/** Greater than the length of any array. */
const passedOn = Number.POSITIVE_INFINITY;

/** Memory that is not there any more. */
export class MemoryGone extends ValueError {}

const recycled = (): MemoryGone =>
  new MemoryGone(
    'this tensor is a gradient on its way through a backward pass, which has since given its memory to other tensors: an ' +
      'observer that wants to keep what it is shown takes a copy, with clone()',
  );

const transferred = (): MemoryGone =>
  new MemoryGone(
    'the memory of this tensor was transferred, with the buffer of x.data (postMessage, structuredClone), and the tensor ' +
      'has none left; transfer a copy, that of x.data.slice()',
  );

/** More elements than a tensor may have, or more memory than there is. */
export class TooLarge extends ShapeError {
  readonly #dtype: DType;
  readonly #n: number;

  constructor(dtype: DType, n: number, what?: string) {
    const elements = `${n} elements of ${dtype}, ${n * bytesOf(dtype)} bytes`;
    const limit =
      n > maxElements ? `a tensor holds at most ${maxElements} elements` : 'there is not that much memory';
    super(what === undefined ? `${elements}: ${limit}` : `${what} needs ${elements}: ${limit}`);
    this.#dtype = dtype;
    this.#n = n;
  }

  /** This error, of the operation of that name, whose result has this shape. */
  named(caller: string, shape: Shape): TooLarge {
    const what = numelOf(shape) === this.#n ? `the result of shape ${formatShape(shape)}` : 'its work';
    return new TooLarge(this.#dtype, this.#n, `${caller}: ${what}`);
  }
}

/** Node does not zero this memory, which costs more than the arithmetic on it. */
const allocateUnsafe: ((bytes: number) => Uint8Array) | undefined = (
  globalThis as { Buffer?: { allocUnsafeSlow?: (bytes: number) => Uint8Array } }
).Buffer?.allocUnsafeSlow;

/** From this size on memory is not asked of Node, whose limit is lower; fresh pages are zero anyway. */
const hugeBytes = 2 ** 30;

function newBuffer(bytes: number): ArrayBuffer {
  if (allocateUnsafe === undefined || bytes >= hugeBytes) return new ArrayBuffer(bytes);
  if (!reusesLargeBlocks && bytes > 100_000) reuseLargeBlocks(allocateUnsafe);
  return allocateUnsafe(bytes).buffer as ArrayBuffer;
}

let reusesLargeBlocks = false;

/**
 * glibc maps each block of over 128 KiB anew and unmaps it when freed, so that every page of a new tensor costs a
 * fault, which is dearer than arithmetic on it. Once it has freed one larger block, it keeps blocks of up to that size
 * (at most 32 MiB) for reuse. So it gets one to free: never touched, the block takes no memory.
 */
function reuseLargeBlocks(allocate: (bytes: number) => Uint8Array): void {
  reusesLargeBlocks = true;
  allocate(2 ** 25 - 2 ** 16);
}

/** Arrays of up to this size live in the JavaScript heap, where they cost least, and hold no slab back. */
const onHeapBytes = 64;
/**
 * Small tensors are cut from a slab: a view into one costs a fraction of a buffer of its own. A slab lives as long as
 * any tensor cut from it. So it holds tensors of one size alone, and few of them: of those beyond 256 bytes, one that
 * is kept holds back at most four times its size; below that, little beside the objects that make up a tensor.
 */
const leastSlabBytes = 1024;
/** Up to this size zeroing costs less than the view that Node makes with its memory. */
const cheaplyZeroed = 2048;
const mostHeldBack = 4;
const largestSlice = 8_192;
const sliceUnit = 16;
/** The slab that slices of each size are cut from, in units of {@link sliceUnit}, and how much of it is used. */
const slabs: (ArrayBuffer | undefined)[] = new Array(largestSlice / sliceUnit + 1).fill(undefined);
const slabsUsed: number[] = new Array(largestSlice / sliceUnit + 1).fill(0);

/** The array, or where it is a part of its buffer a copy. */
export const owned = (array: TypedArray): TypedArray =>
  array.byteLength <= onHeapBytes || array.buffer.byteLength === array.byteLength ? array : array.slice();

/** A slab for tensors of so many bytes. */
function newSlab(least: number): ArrayBuffer {
  const size = unitsOf(least) * sliceUnit;
  const bytes = size * Math.floor(Math.max(leastSlabBytes, mostHeldBack * least) / size);
  return bytes <= cheaplyZeroed ? new ArrayBuffer(bytes) : newBuffer(bytes);
}

type Spares = (TypedArray[] | undefined)[];
/** Slices that were given back, by their size: of gradients, which are floats. */
const spares32: Spares = [];
const spares64: Spares = [];
/** Of each size this many are kept at most. */
const mostSpares = 8;
const nothing = new Float32Array(0);
const unitsOf = (bytes: number): number => Math.ceil(bytes / sliceUnit);

/**
 * Larger memory that was given back, the last one last: what has just been used is still in the processor's caches,
 * while the engine gives memory out again when it next looks for what nobody has.
 */
const spareBuffers: ArrayBuffer[] = [];
let spareBytes = 0;
const mostSpareBytes = 2 ** 25;
const mostSpareBuffers = 16;

/** Keeps what was given back; `false` where it is memory of a kind that is not kept. */
function keepSpare(array: TypedArray): boolean {
  const { buffer, byteLength } = array;
  if (byteLength > largestSlice) {
    if (!isArrayBuffer(buffer) || byteLength !== buffer.byteLength) return false;
    spareBuffers.push(buffer);
    spareBytes += byteLength;
    while (spareBytes > mostSpareBytes || spareBuffers.length > mostSpareBuffers)
      spareBytes -= spareBuffers.shift()?.byteLength ?? spareBytes;
    return true;
  }
  const spares =
    array instanceof Float32Array ? spares32 : array instanceof Float64Array ? spares64 : undefined;
  if (spares === undefined) return false;
  const list = (spares[unitsOf(byteLength)] ??= []);
  if (list.length < mostSpares) list.push(array);
  return true;
}

function spareBuffer(bytes: number): ArrayBuffer | undefined {
  const at = spareBuffers.findLastIndex(({ byteLength }) => byteLength === bytes);
  if (at < 0) return undefined;
  spareBytes -= bytes;
  return spareBuffers.splice(at, 1)[0];
}

function spare(dtype: DType, n: number, units: number): TypedArray | undefined {
  const list = dtype === 'float32' ? spares32[units] : dtype === 'float64' ? spares64[units] : undefined;
  return list !== undefined && list.length > 0 && list[list.length - 1]!.length === n
    ? list.pop()
    : undefined;
}

function fromSlab(dtype: DType, n: number, bytes: number): TypedArray {
  const units = unitsOf(bytes);
  const given = spare(dtype, n, units);
  if (given !== undefined) return given;
  let slab = slabs[units];
  let start = slabsUsed[units]!;
  if (slab === undefined || start === slab.byteLength) {
    slab = newSlab(bytes);
    slabs[units] = slab;
    start = 0;
  }
  slabsUsed[units] = start + units * sliceUnit;
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

let allocator: ((dtype: DType, n: number) => TypedArray) | null = null;

/** @internal Sets who gives memory instead; `null`: nobody. */
export function allocateBy(other: typeof allocator): void {
  allocator = other;
}

/**
 * A typed array of `n` elements whose contents are undefined: the caller writes every element.
 * @throws TooLarge where there are too many for a tensor, or for the memory
 */
export function allocateArray(dtype: DType, n: number): TypedArray {
  if (allocator !== null) return allocator(dtype, n);
  const bytes = n * bytesOf(dtype);
  if (bytes <= onHeapBytes) return new (arrayConstructor(dtype))(n);
  if (bytes <= largestSlice) return fromSlab(dtype, n, bytes);
  return large(dtype, n, spareOrNew);
}

/**
 * A typed array of `n` zeros.
 * @throws TooLarge where there are too many for a tensor, or for the memory
 */
export function allocateZeroed(dtype: DType, n: number): TypedArray {
  const bytes = n * bytesOf(dtype);
  if (bytes <= largestSlice) return allocateArray(dtype, n).fill(0);
  return large(dtype, n, zeroedBuffer);
}

const spareOrNew = (bytes: number): ArrayBuffer => spareBuffer(bytes) ?? newBuffer(bytes);
const zeroedBuffer = (bytes: number): ArrayBuffer => new ArrayBuffer(bytes);

function large(dtype: DType, n: number, allocate: (bytes: number) => ArrayBuffer): TypedArray {
  if (n > maxElements) throw new TooLarge(dtype, n);
  try {
    return new (arrayConstructor(dtype))(allocate(n * bytesOf(dtype)), 0, n);
  } catch (error) {
    throw error instanceof RangeError ? new TooLarge(dtype, n) : error;
  }
}
