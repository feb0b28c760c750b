/** Three numbers for three spatial dimensions: depth, height, width. */
export type Triple = readonly [number, number, number];

/**
 * A convolution that takes x (batch, groups * channels, ...size) by weights (groups * filters, channels, ...kernel) to
 * y (batch, groups * filters, ...out), or is about those three: its gradients, and what is called transposed, are.
 */
export interface Geometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels of x in each group. */
  readonly channels: number;
  /** Channels of y in each group. */
  readonly filters: number;
  readonly size: Triple;
  readonly kernel: Triple;
  readonly out: Triple;
  readonly stride: Triple;
  readonly padding: Triple;
  readonly dilation: Triple;
}

/** The product of three numbers. */
export const volume = ([a, b, c]: Triple): number => a * b * c;

/**
 * What there is of each of one to three spatial dimensions as three: of two the first is depth, so that whatever goes
 * slab by slab can go along depth alone; what is missing is `rest`.
 */
export function triple<T>(sizes: readonly T[], rest: T): readonly [T, T, T] {
  const [first = rest, second = rest, third = rest] = sizes;
  if (sizes.length === 3) return [first, second, third];
  return sizes.length === 2 ? [first, rest, second] : [rest, rest, first];
}
