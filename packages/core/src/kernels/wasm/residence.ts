import { arrayConstructor, type DType, type TypedArray } from '../../dtype.ts';
import { growTo, scratchLimit, wholeMemory } from './memory.ts';

/**
 * Memory that lasts, in the memory that kernels work in, behind what they use as scratch: what lies there needs no copying. What
 * is not touched takes none of the machine's.
 */

const alignment = 64;
/** The memory grows by so much more than is asked for: each time all views of it have to be made anew. */
const room = 2 ** 24;
/** No memory of 32-bit addresses grows beyond. */
const mostBytes = 2 ** 32;
/** Kernels read a vector or two past the end. */
const margin = 64;

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What is free below {@link end}, in order, no two adjacent. */
let gaps: readonly Gap[] = [];
let end = scratchLimit;

const freed =
  typeof FinalizationRegistry === 'undefined'
    ? null
    : new FinalizationRegistry<Gap>(({ from, to }) => giveBack(from, to));

function giveBack(from: number, to: number): void {
  const before = gaps.find((gap) => gap.to === from);
  const after = gaps.find((gap) => gap.from === to);
  const joined = { from: before?.from ?? from, to: after?.to ?? to };
  gaps = [...gaps.filter((gap) => gap !== before && gap !== after), joined].sort((a, b) => a.from - b.from);
}

/** A stretch of memory that is held as long as this object is reachable. */
export class Residence {
  /** Its first byte. */
  readonly address: number;
  readonly bytes: number;

  /** @throws RangeError where the memory cannot grow */
  constructor(bytes: number) {
    const size = Math.ceil((bytes + margin) / alignment) * alignment;
    const gap = gaps.find(({ from, to }) => to - from >= size);
    const from = gap?.from ?? end;
    if (gap === undefined) {
      const needed = end + size;
      if (needed > wholeMemory().byteLength) growTo(Math.max(needed, Math.min(needed + room, mostBytes)));
      end = needed;
    } else {
      gaps = gaps.flatMap((other) =>
        other !== gap ? other : gap.to - from === size ? [] : { from: from + size, to: gap.to },
      );
    }
    this.address = from;
    this.bytes = bytes;
    freed?.register(this, { from, to: from + size });
  }

  /** The `length` elements from byte `at` on; the array is empty once the memory has grown, and this has to be asked anew. */
  array(dtype: DType, at: number, length: number): TypedArray {
    return new (arrayConstructor(dtype))(wholeMemory(), this.address + at, length);
  }
}

/** How much memory what lasts takes, and how much of it is free, in bytes. */
export const residentBytes = (): { taken: number; free: number } => {
  const free = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  return { taken: end - scratchLimit - free, free };
};
