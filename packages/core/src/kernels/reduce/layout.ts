/** How a reduction walks its operand: as (outer, n, inner) elements, the middle ones being reduced. */

import { isContiguousLayout } from '../../shape.ts';
import type { Strided } from '../strided/index.ts';

/** An operand as (outer, n, inner) elements, of which the middle ones are reduced. */
export interface ReduceLayout {
  /** Products of kept sizes before and after the reduced ones; results lie in the order (outer, inner). */
  readonly outer: number;
  readonly inner: number;
  /** How many elements each result is made of. */
  readonly n: number;
  /** The operand with its dimensions in this order. */
  readonly x: Strided;
}

/**
 * Orders the dimensions for reducing `dims` (normalised, distinct). Kept dimensions stay in their order; those at the
 * end whose neighbours lie closer in memory than any of the reduced ones become inner.
 */
export function reduceLayout(x: Strided, dims: readonly number[]): ReduceLayout {
  const { shape, strides } = x;
  const rank = shape.length;
  if (dims.length === rank && x.dense) return { outer: 1, n: x.count, inner: 1, x };
  let reduced = 0;
  for (const d of dims) reduced |= 1 << d;
  if (x.dense) {
    const simple = adjacentDims(x, reduced);
    if (simple !== undefined) return simple;
  }

  const dimensions = shape.map((size, d) => ({
    size,
    stride: strides[d]!,
    gone: ((reduced >> d) & 1) === 1,
  }));
  const kept = dimensions.filter(({ size, gone }) => size !== 1 && !gone);
  // The order in which elements of one result are met is free.
  const gone = dimensions.filter(({ size, gone }) => size !== 1 && gone).sort((d, e) => e.stride - d.stride);
  const closest = gone.at(-1)?.stride ?? 0;
  const split = kept.findLastIndex(({ stride }) => stride >= closest) + 1;
  const outer = kept.slice(0, split);
  const inner = kept.slice(split);
  const order = [...outer, ...gone, ...inner];
  const orderedShape = order.map(({ size }) => size);
  const orderedStrides = order.map(({ stride }) => stride);
  const product = (list: typeof order): number => list.reduce((n, { size }) => n * size, 1);
  return {
    outer: product(outer),
    n: product(gone),
    inner: product(inner),
    x: {
      storage: x.storage,
      shape: orderedShape,
      strides: orderedStrides,
      offset: x.offset,
      dtype: x.dtype,
      count: x.count,
      dense: isContiguousLayout(orderedShape, orderedStrides),
    },
  };
}

/** The common case, without allocation but for the result: reduced dimensions side by side in a dense operand. */
function adjacentDims(x: Strided, reduced: number): ReduceLayout | undefined {
  const { shape } = x;
  let outer = 1;
  let n = 1;
  let inner = 1;
  let met = false;
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if ((reduced >> d) & 1) {
      if (inner !== 1 && size !== 1) return undefined;
      n *= size;
      met = true;
    } else if (met) {
      inner *= size;
    } else {
      outer *= size;
    }
  }
  return { outer, n, inner, x };
}
