/** Broken files: the changes that disks, networks and other programs make, drawn from a seed. */
import { Generator } from '@kindling/core';

/** The numbers that formats store as sizes and lengths, at their edges. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** Pieces of text that headers are made of, and those that they must not have. */
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '"',
  "'",
  ',',
  ':',
  '\\',
  '-',
  '1e9',
  '99999999999999999999',
  'null',
  '\0',
  '\u00ff',
  ' ',
];

class Draw {
  readonly #generator: Generator;
  constructor(seed: number) {
    this.#generator = new Generator().manualSeed(seed);
  }
  /** A whole number from 0 to below `n`; 0 where there is none. */
  below(n: number): number {
    const drawn = this.#generator.random();
    return n > 0 ? drawn % n : 0;
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

type Change = (bytes: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array;

const splice = (bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array => {
  const out = new Uint8Array(bytes.length - removed + inserted.length);
  out.set(bytes.subarray(0, at));
  out.set(inserted, at);
  out.set(bytes.subarray(at + removed), at + inserted.length);
  return out;
};

/** Most of a file is elements, and what hurts is its header: half of the changes are made there. */
const place = (bytes: Uint8Array, draw: Draw): number =>
  draw.below(2) === 0 ? draw.below(Math.min(bytes.length, 80)) : draw.below(bytes.length);

const changes: readonly Change[] = [
  // A bit turned.
  (bytes, draw) => {
    const at = place(bytes, draw);
    return bytes.length === 0 ? bytes : bytes.with(at, bytes[at]! ^ (1 << draw.below(8)));
  },
  // A byte overwritten.
  (bytes, draw) => (bytes.length === 0 ? bytes : bytes.with(place(bytes, draw), draw.below(256))),
  // Cut off.
  (bytes, draw) => bytes.slice(0, draw.below(bytes.length)),
  // Bytes in front, or behind.
  (bytes, draw) => splice(bytes, draw.of([0, bytes.length]), 0, new Uint8Array(1 + draw.below(9))),
  // A stretch removed, or doubled.
  (bytes, draw) => {
    const at = place(bytes, draw);
    return splice(bytes, at, Math.min(1 + draw.below(16), bytes.length - at), new Uint8Array(0));
  },
  (bytes, draw) => {
    const at = place(bytes, draw);
    return splice(bytes, at, 0, bytes.slice(at, at + 1 + draw.below(16)));
  },
  // A stretch of zeros, as a disk leaves where nothing was written.
  (bytes, draw) => {
    const at = place(bytes, draw);
    return bytes.slice().fill(0, at, at + 1 + draw.below(64));
  },
  // A number of four bytes at an edge, in either byte order.
  (bytes, draw) => {
    if (bytes.length < 4) return bytes;
    const out = bytes.slice();
    new DataView(out.buffer).setUint32(
      draw.below(Math.min(bytes.length - 3, 20)),
      draw.of(edges),
      draw.below(2) === 0,
    );
    return out;
  },
  // Text where it should not be: written over, or put between.
  (bytes, draw) => {
    const at = place(bytes, draw);
    const text = Uint8Array.from(draw.of(pieces), (c) => c.charCodeAt(0));
    return splice(bytes, at, draw.of([0, Math.min(text.length, bytes.length - at)]), text);
  },
  // A digit changed: sizes and offsets stay numbers.
  (bytes, draw) => {
    const digits = [...bytes.keys()].filter((i) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39);
    return digits.length === 0 ? bytes : bytes.with(draw.of(digits), 0x30 + draw.below(10));
  },
  // The end of another file.
  (bytes, draw, other) => {
    const at = draw.below(bytes.length);
    return splice(bytes, at, bytes.length - at, other.slice(draw.below(other.length)));
  },
];

/** `count` files, each one of `files` with one to three changes; the same ones for the same seed. */
export function* mutations(files: readonly Uint8Array[], count: number, seed: number): Iterable<Uint8Array> {
  const draw = new Draw(seed);
  for (let i = 0; i < count; i++) {
    let bytes: Uint8Array = new Uint8Array(files[i % files.length]!);
    for (let n = 1 + draw.below(3); n > 0; n--) bytes = draw.of(changes)(bytes, draw, draw.of(files));
    yield bytes;
  }
}
