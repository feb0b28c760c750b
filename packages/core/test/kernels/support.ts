import fc from 'fast-check';
import { arrayConstructor, type DType, dtypes } from '../../src/dtype.ts';
import { type Strided, stridedOver } from '../../src/kernels/strided/strided.ts';
import { contiguousStrides, numelOf, type Shape } from '../../src/shape.ts';

/** The elements of `x`, broadcast to `shape`, in row-major order: index arithmetic at its plainest. */
export function elementsOf(x: Strided, shape: Shape = x.shape): number[] {
  const lead = shape.length - x.shape.length;
  return Array.from({ length: numelOf(shape) }, (_, flat) => {
    let position = x.offset;
    let rest = flat;
    for (let d = shape.length - 1; d >= 0; d--) {
      const i = rest % shape[d]!;
      rest = (rest - i) / shape[d]!;
      if (d >= lead && x.shape[d - lead] !== 1) position += i * x.strides[d - lead]!;
    }
    return x.storage.array[position]!;
  });
}

/** A deterministic stream of numbers that all dtypes hold exactly. */
function valuesOf(dtype: DType, seed: number): (i: number) => number {
  const draw = (i: number) => ((i + 1) * 2654435761 + seed * 40503) >>> 7;
  switch (dtype) {
    case 'bool':
      return (i) => draw(i) & 1;
    case 'uint8':
      return (i) => draw(i) % 200;
    case 'int32':
      return (i) => (draw(i) % 2001) - 1000;
    default:
      return (i) => ((draw(i) % 4001) - 2000) / 8;
  }
}

export const shapes = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 4 }),
  fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 })),
  fc.tuple(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 200 }),
  ),
  fc.tuple(fc.integer({ min: 1, max: 30_000 })),
);

export const anyDType = fc.constantFrom(...dtypes);

/** Which dimensions an operand has but one of, and how many of the first it lacks: see {@link shrink}. */
export const anyBroadcast = fc.tuple(
  fc.oneof(fc.constant(0), fc.nat(15)),
  fc.oneof(fc.constant(0), fc.nat(2)),
);

/** Shapes of sides up to `short`, some of them up to `long`. */
export const shapesOf = (short: number, long: number, rank: fc.ArrayConstraints): fc.Arbitrary<number[]> =>
  fc.array(fc.oneof(fc.integer({ min: 0, max: short }), fc.integer({ min: 1, max: long })), rank);

/** Checks a property of drawn arguments, 200 times. */
export const holds = <T extends [unknown, ...unknown[]]>(
  ...given: [...drawn: { [I in keyof T]: fc.Arbitrary<T[I]> }, check: (...args: T) => void]
): void => fc.assert(fc.property<T>(...given), { numRuns: 200 });

/** The dimensions of a shape, in any order. */
export const orders = (shape: Shape): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    shape.map((_, d) => d),
    { minLength: shape.length },
  );

/** How an operand is laid out: permuted, with gaps, expanded, at an offset. */
export interface Layout {
  readonly order: number;
  readonly gaps: readonly number[];
  readonly expanded: number;
  readonly offset: number;
  readonly seed: number;
}

export const layouts: fc.Arbitrary<Layout> = fc.record({
  order: fc.oneof(fc.constant(0), fc.nat(23)),
  gaps: fc.oneof(
    fc.constant([1, 1, 1, 1]),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  ),
  expanded: fc.oneof(fc.constant(0), fc.nat(15)),
  offset: fc.nat(5),
  seed: fc.nat(1000),
});

/** An operand of `shape` in the given layout, filled with drawn values. */
export function operand(shape: Shape, dtype: DType, layout: Layout, writable = false): Strided {
  const dims = shape.map((_, d) => d);
  // The order-th permutation, by picking.
  const permuted: number[] = [];
  let code = layout.order;
  for (let k = dims.length; k > 0; k--) {
    permuted.push(...dims.splice(layout.order === 0 ? 0 : code % k, 1));
    code = Math.floor(code / k);
  }
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (const d of permuted.reverse()) {
    if (!writable && layout.expanded & (1 << d)) continue;
    step *= layout.gaps[d] ?? 1;
    strides[d] = step;
    step *= Math.max(shape[d]!, 1);
  }
  const length = layout.offset + step + 3;
  const value = valuesOf(dtype, layout.seed);
  const array = new (arrayConstructor(dtype))(length);
  for (let i = 0; i < length; i++) array[i] = value(i);
  return stridedOver(array, dtype, shape, layout.offset, strides);
}

/** A shape that broadcasts to `shape`: some sizes set to 1 by a bitmask, some leading dimensions dropped. */
export function shrink(shape: Shape, ones: number, drop: number): Shape {
  const kept = shape.map((size, d) => (ones & (1 << d) && size !== 0 ? 1 : size));
  let lead = Math.min(drop, shape.length);
  while (lead > 0 && kept.slice(0, lead).some((size) => size === 0)) lead--;
  return kept.slice(lead);
}

export const contiguous = (shape: Shape, dtype: DType, layout: Layout): Strided =>
  operand(shape, dtype, { ...layout, order: 0, gaps: [1, 1, 1, 1], expanded: 0 });

export { contiguousStrides };
