import { formatShape, K, type Shape, ShapeError, sameShape, type Tensor } from '@kindling/core';

/** What a layer takes for the sizes over which it normalises. */
export const normalizedShapeKind = /* @__PURE__ */ K.either(K.count, /* @__PURE__ */ K.listOf(K.count));

/** What a function takes that normalises over the last dimensions, by the kinds of its options. */
export const normalizedParameters = <O extends object>(kinds: K.Kinds<O>) => ({
  x: K.tensor,
  normalizedShape: K.sizes,
  options: K.options(kinds),
});

/** A size alone stands for one dimension. */
export const sizesOf = (shape: Shape | number): Shape => (typeof shape === 'number' ? [shape] : [...shape]);

/**
 * The rows of `normalizedShape` that x is of, each element with a factor of its own. Refuses parameters of another
 * shape, and inputs that do not end in it.
 */
export function rowsOf(
  name: string,
  x: Tensor,
  normalizedShape: Shape,
  parameters: { readonly weight?: Tensor | null; readonly bias?: Tensor | null },
): { samples: number; parts: number } {
  if (normalizedShape.length === 0) {
    throw new ShapeError(`${name}: Expected normalized_shape to be at least 1-dimensional, got []`);
  }
  for (const key of ['weight', 'bias'] as const) {
    const p = parameters[key];
    if (p != null && !sameShape(p.shape, normalizedShape)) {
      throw new ShapeError(
        `${name}: Expected ${key} to be of same shape as normalized_shape, but got ${key} of shape ` +
          `${formatShape(p.shape)} and normalized_shape = ${formatShape(normalizedShape)}`,
      );
    }
  }
  const lead = x.ndim - normalizedShape.length;
  if (lead < 0 || !sameShape(x.shape.slice(lead), normalizedShape)) {
    throw new ShapeError(
      `${name}: Given normalized_shape=${formatShape(normalizedShape)}, expected input with shape ` +
        `[*, ${normalizedShape.join(', ')}], but got input of size ${formatShape(x.shape)}`,
    );
  }
  const count = (shape: Shape): number => shape.reduce((n, size) => n * size, 1);
  return { samples: count(x.shape.slice(0, lead)), parts: count(normalizedShape) };
}
