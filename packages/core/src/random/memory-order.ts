import type { Shape } from '../shape.ts';

/**
 * The dimensions of a tensor from the slowest to the fastest, as it lies in memory, without those of size 1; `null`
 * where that is their own order. PyTorch's random fills visit elements so, not in logical order: a transposed tensor is
 * filled column by column, and `empty([2, 3]).t().uniform_()` equals `rand([2, 3]).t()`.
 */
export function memoryOrder(shape: Shape, strides: readonly number[]): number[] | null {
  const dims = shape.map((_, d) => d).filter((d) => shape[d] !== 1);
  // Equal strides keep their order.
  const order = dims.slice().sort((a, b) => strides[b]! - strides[a]! || a - b);
  return order.every((d, i) => d === dims[i]) ? null : order;
}
