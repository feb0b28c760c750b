/** Sizes before, of, and after a dimension. */
export interface Extent {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** The extent of one dimension of a shape; a tensor without dimensions is one row of one element. */
export function extentOf(shape: readonly number[], dim: number): Extent {
  let outer = 1;
  let inner = 1;
  for (let d = 0; d < dim; d++) outer *= shape[d]!;
  for (let d = dim + 1; d < shape.length; d++) inner *= shape[d]!;
  return { outer, n: shape.length === 0 ? 1 : shape[dim]!, inner };
}
