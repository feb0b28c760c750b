import * as fc from 'fast-check';

/** Options of {@link shapes}. */
export interface ShapeOptions {
  /** Default: 0. */
  readonly minRank?: number;
  /** Default: 4. */
  readonly maxRank?: number;
  /** The greatest size of a dimension. Default: 4. */
  readonly maxSize?: number;
  /** Whether dimensions of size 0 occur. Default: false. */
  readonly allowZero?: boolean;
  /** The greatest number of elements: larger shapes have dimensions cut to 1. Default: 64. */
  readonly maxElements?: number;
}

/**
 * Shapes, which shrink to few and small dimensions.
 * @example fc.assert(fc.property(shapes({ maxRank: 3 }), (shape) => zeros(shape).ndim === shape.length));
 */
export function shapes(options: ShapeOptions = {}): fc.Arbitrary<number[]> {
  const { minRank = 0, maxRank = Math.max(4, minRank), maxSize = 4, allowZero = false } = options;
  const size = fc.integer({ min: allowZero ? 0 : 1, max: maxSize });
  return fc
    .array(size, { minLength: minRank, maxLength: maxRank, size: 'max' })
    .map((shape) => limited(shape, options.maxElements ?? 64));
}

/** The shape with trailing dimensions kept, and those that would make it too large cut to 1. */
function limited(shape: readonly number[], maxElements: number): number[] {
  let count = 1;
  return shape.map((size) => {
    if (count * size > maxElements) return 1;
    count *= size || 1;
    return size;
  });
}

/**
 * Several shapes that broadcast together: each is the common shape with leading dimensions left out and others replaced
 * by 1.
 *
 * @param count how many.
 */
export function broadcastableShapes(count: number, options: ShapeOptions = {}): fc.Arbitrary<number[][]> {
  return shapes(options).chain((full) => {
    const one = fc.tuple(
      fc.integer({ min: 0, max: full.length - Math.min(full.length, options.minRank ?? 0) }),
      fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
    );
    return fc
      .array(one, { minLength: count, maxLength: count })
      .map((cuts) =>
        cuts.map(([lead, squashed]) => full.map((size, d) => (squashed[d] ? 1 : size)).slice(lead)),
      );
  });
}

/**
 * Two shapes that broadcast together.
 * @example
 * ```ts
 * fc.assert(
 *   fc.property(broadcastablePair(), ([a, b]) => {
 *     assertClose(zeros(a).add(ones(b)), ones(b).add(zeros(a)));
 *   }),
 * );
 * ```
 */
export function broadcastablePair(options: ShapeOptions = {}): fc.Arbitrary<[number[], number[]]> {
  return broadcastableShapes(2, options).map(([a = [], b = []]) => [a, b]);
}
