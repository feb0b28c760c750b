/** What a generator gives, many numbers at a time. */
import { unitNumbers } from './float-kernels.ts';
import type { Generator } from './generator.ts';

/** Draws that lie ready at a time. */
const ready = 4096;
const words = new Int32Array(ready);
const doubles = new Float64Array(ready / 2);

/**
 * Runs `use` on the next `count` draws of 32 bits, piece by piece: number `start` and following are the first of the
 * piece.
 */
export function eachPiece(
  count: number,
  generator: Generator,
  use: (words: Int32Array, start: number, length: number) => void,
): void {
  for (let start = 0; start < count; start += ready) {
    const length = Math.min(ready, count - start);
    generator.fill(words, length);
    use(words, start, length);
  }
}

/** The same for float64 numbers of [0, 1), of 53 bits of two draws each. */
export function eachPieceOfDoubles(
  count: number,
  generator: Generator,
  use: (numbers: Float64Array, start: number, length: number) => void,
): void {
  for (let start = 0; start < count; start += ready / 2) {
    const length = Math.min(ready / 2, count - start);
    generator.fill(words, 2 * length);
    for (let i = 0; i < length; i++) {
      doubles[i] =
        (((words[2 * i] as number) & 0x1fffff) * 2 ** 32 + ((words[2 * i + 1] as number) >>> 0)) * 2 ** -53;
    }
    use(doubles, start, length);
  }
}

/** Fills an array with float32 numbers of [0, 1), of 24 bits each. */
export function fillUnit(out: Float32Array, generator: Generator): void {
  eachPiece(out.length, generator, (words, start, length) => unitNumbers(words, length, out, start));
}

/** The same with float64 numbers of 53 bits. */
export function fillUnitDouble(out: Float64Array, generator: Generator): void {
  eachPieceOfDoubles(out.length, generator, (numbers, start, length) => {
    for (let i = 0; i < length; i++) out[start + i] = numbers[i] as number;
  });
}
