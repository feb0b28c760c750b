import { formatShape, ShapeError, type Tensor } from '@kindling/core';

/** Inputs and outputs of one unit: of a matrix (out, in) its sizes, of a convolution those times the kernel's. */
export function calculateFans(x: Tensor): { fanIn: number; fanOut: number } {
  if (x.ndim < 2) {
    throw new ShapeError(
      `init: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, got ${formatShape(x.shape)}`,
    );
  }
  const field = x.shape.slice(2).reduce((n, size) => n * size, 1);
  return { fanIn: x.size(1) * field, fanOut: x.size(0) * field };
}
