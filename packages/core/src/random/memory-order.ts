import type { Shape } from '../shape.ts';

/**
 * The places of a strided tensor's elements, relative to its offset, in the order in which PyTorch's random fills visit
 * them: as they lie in memory, not in logical order. For a contiguous tensor it is 0, 1, 2, ...
 *
 * A transposed tensor is thus filled column by column: `empty([2, 3]).t().uniform_()` equals `rand([2, 3]).t()`.
 *
 * @param steps what places are counted in, where not in elements of memory: with the strides of a dense tensor of this shape
 *   the places are logical ones
 */
export function memoryOrder(
  shape: Shape,
  strides: readonly number[],
  steps: readonly number[] = strides,
): Int32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const places = new Int32Array(count);
  // Slowest dimension first; equal strides keep their order, as dimensions of size one may stand anywhere.
  const dims = shape.map((_, dim) => dim).filter((dim) => shape[dim] !== 1);
  dims.sort((a, b) => strides[b]! - strides[a]! || a - b);
  let filled = 1;
  for (const dim of dims.reverse()) {
    const size = shape[dim]!;
    const step = steps[dim]!;
    for (let i = 1; i < size; i++) {
      for (let j = 0; j < filled; j++) places[i * filled + j] = places[j]! + i * step;
    }
    filled *= size;
  }
  return places;
}
