/** How a reduction walks its operand: as (outer, n, inner) elements, the middle ones being reduced. */

import { isContiguousLayout } from '../../shape.ts';
import type { Strided } from '../strided/index.ts';

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
 * Orders the dimensions for reducing `dims` (normalised, distinct). Kept dimensions stay in their order; those at the end
 * whose neighbours lie closer in memory than any of the reduced ones become inner.
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

  const kept: number[] = [];
  const gone: number[] = [];
  for (let d = 0; d < rank; d++) {
    if (shape[d] === 1) continue;
    if ((reduced >> d) & 1) gone.push(d);
    else kept.push(d);
  }
  // The order in which elements of one result are met is free.
  gone.sort((d, e) => strides[e]! - strides[d]!);
  const closest = gone.length === 0 ? 0 : strides[gone[gone.length - 1]!]!;
  let split = kept.length;
  while (split > 0 && strides[kept[split - 1]!]! < closest) split--;
  const product = (list: number[]): number => list.reduce((size, d) => size * shape[d]!, 1);
  const outer = kept.slice(0, split);
  const inner = kept.slice(split);
  const order = [...outer, ...gone, ...inner];
  const orderedShape = order.map((d) => shape[d]!);
  const orderedStrides = order.map((d) => strides[d]!);
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
