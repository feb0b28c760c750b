import { arrayConstructor, type DType, type TypedArray } from '../../dtype.ts';
import { growTo, passageBytes, scratchLimit, wholeMemory } from './memory.ts';
import { growMemory, type SharedMemory, sharedScratchLimit } from './shared-memory.ts';

/**
 * Memory that lasts, in a memory that kernels work in, behind what they use as scratch: what lies there needs no
 * copying. What is not touched takes none of the machine's.
 */

const alignment = 64;
/** The scratch memory grows by so much more than is asked for: each time all views of it have to be made anew. */
const room = 2 ** 24;
/** No memory of 32-bit addresses grows beyond. */
const mostBytes = 2 ** 32;
/** Kernels read a vector or two past the end. */
const margin = 64;

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What lasts in one memory. */
class Lasting {
  /** Its first byte: in front of it lies scratch. */
  readonly start: number;
  /** What is free below {@link end}, in order, no two adjacent. */
  gaps: readonly Gap[] = [];
  end: number;
  readonly buffer: () => ArrayBufferLike;
  readonly #grow: (bytes: number) => void;
  readonly #freed =
    typeof FinalizationRegistry === 'undefined'
      ? null
      : new FinalizationRegistry<Gap>((gap) => this.#giveBack(gap));

  constructor(start: number, buffer: () => ArrayBufferLike, grow: (bytes: number) => void) {
    this.start = start;
    this.end = start;
    this.buffer = buffer;
    this.#grow = grow;
  }

  /** Finds room for `size` bytes, as long as `holder` is reachable. */
  take(size: number, holder: object): number {
    const gap = this.gaps.find(({ from, to }) => to - from >= size);
    const from = gap?.from ?? this.end;
    if (gap === undefined) {
      this.#grow(this.end + size);
      this.end += size;
    } else {
      this.gaps = this.gaps.flatMap((other) =>
        other !== gap ? other : gap.to - from === size ? [] : { from: from + size, to: gap.to },
      );
    }
    this.#freed?.register(holder, { from, to: from + size }, holder);
    return from;
  }

  /** Has what a holder found be free again, though that is still reachable. */
  free(holder: object, from: number, size: number): void {
    this.#freed?.unregister(holder);
    this.#giveBack({ from, to: from + size });
  }

  #giveBack({ from, to }: Gap): void {
    const before = this.gaps.find((gap) => gap.to === from);
    const after = this.gaps.find((gap) => gap.from === to);
    const joined = { from: before?.from ?? from, to: after?.to ?? to };
    this.gaps = [...this.gaps.filter((gap) => gap !== before && gap !== after), joined].sort(
      (a, b) => a.from - b.from,
    );
  }
}

const inScratch = new Lasting(scratchLimit + passageBytes, wholeMemory, (needed) => {
  if (needed > wholeMemory().byteLength) growTo(Math.max(needed, Math.min(needed + room, mostBytes)));
});
const shared = new Map<SharedMemory, Lasting>();

/** What lasts in a memory that threads share, or behind the scratch of kernels. */
function lastingIn(memory: SharedMemory | null): Lasting {
  if (memory === null) return inScratch;
  let lasting = shared.get(memory);
  if (lasting === undefined) {
    lasting = new Lasting(
      sharedScratchLimit,
      () => memory.buffer,
      (bytes) => growMemory(memory, bytes),
    );
    shared.set(memory, lasting);
  }
  return lasting;
}

/** A stretch of memory that is held as long as this object is reachable, or until it is given back. */
export class Residence {
  /** Its first byte. */
  readonly address: number;
  readonly bytes: number;
  /** The memory, where threads share it; `null`: the scratch memory. */
  readonly memory: SharedMemory | null;
  readonly #lasting: Lasting;
  readonly #size: number;

  /** @throws RangeError where the memory cannot grow */
  constructor(bytes: number, memory: SharedMemory | null = null) {
    this.#lasting = lastingIn(memory);
    this.#size = Math.ceil((bytes + margin) / alignment) * alignment;
    this.address = this.#lasting.take(this.#size, this);
    this.bytes = bytes;
    this.memory = memory;
  }

  /**
   * The `length` elements from byte `at` on; in the scratch memory the array is empty once that has grown, and this has
   * to be asked anew.
   */
  array(dtype: DType, at: number, length: number): TypedArray {
    // Whoever gets the array only reads and writes elements, for which it is no matter who else has the memory.
    const buffer = this.#lasting.buffer() as ArrayBuffer;
    return new (arrayConstructor(dtype))(buffer, this.address + at, length);
  }

  /**
   * Gives the stretch back, once, for who knows that nobody has an array of it any more: collections alone may be long
   * in coming.
   */
  giveBack(): void {
    this.#lasting.free(this, this.address, this.#size);
  }
}

/** What kernels of eager calls use where their operands do not fit into scratch, and use again. */
let spacious: Residence | null = null;

/** The address of so many bytes behind scratch, which keep nothing from one call to the next. */
export function roomBehindScratch(bytes: number): number {
  if (spacious === null || spacious.bytes < bytes) spacious = new Residence(bytes);
  return spacious.address;
}

/** How much memory what lasts takes, and how much of it is free, in bytes. */
export const residentBytes = (): { taken: number; free: number } => {
  const all = [inScratch, ...shared.values()];
  const free = all.flatMap(({ gaps }) => gaps).reduce((sum, { from, to }) => sum + to - from, 0);
  return { taken: all.reduce((sum, { start, end }) => sum + end - start, 0) - free, free };
};
