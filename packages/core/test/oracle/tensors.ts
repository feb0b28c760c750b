/** Makes Kindling tensors of recorded ones, in several memory layouts, and reads results back. */

import { Storage, Tensor } from '@kindling/core';
import type { Plain } from './compare.ts';
import {
  type FixtureArray,
  Recorded,
  RecordedFunction,
  RecordedSlice,
  recordedEllipsis,
  type Value,
} from './fixture.ts';

/** The memory layouts in which every sample runs: dense, dimensions reversed in memory, every second element. */
export const layouts = ['contiguous', 'transposed', 'sliced'] as const;
export type Layout = (typeof layouts)[number];

const emptyLike = (array: FixtureArray, length: number): FixtureArray =>
  new (array.constructor as new (n: number) => FixtureArray)(length);

/** The elements in the order of reversed dimensions. */
function reversed(array: FixtureArray, shape: readonly number[]): FixtureArray {
  const out = emptyLike(array, array.length);
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  for (let i = 0; i < array.length; i++) {
    let at = 0;
    for (let d = rank - 1; d >= 0; d--) at = at * shape[d]! + index[d]!;
    out[at] = array[i]!;
    for (let d = rank - 1; d >= 0; d--) {
      if (++index[d]! < shape[d]!) break;
      index[d] = 0;
    }
  }
  return out;
}

const rowMajor = (shape: readonly number[]): number[] => {
  const strides = new Array<number>(shape.length);
  for (let d = shape.length - 1, step = 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(shape[d]!, 1);
  }
  return strides;
};

function arranged(r: Recorded, layout: Layout): Tensor {
  const { array, shape, dtype } = r;
  if (layout === 'transposed' && shape.length >= 2) {
    const strides = rowMajor([...shape].reverse()).reverse();
    return new Tensor(new Storage(reversed(array, shape)), shape, dtype, 0, strides);
  }
  if (layout === 'contiguous') return new Tensor(new Storage(array.slice()), shape, dtype);
  // Every second element, from the second on; those between hold what would be noticed.
  const wide = emptyLike(array, 2 * array.length + 1).fill(dtype === 'bool' ? 1 : 77);
  for (let i = 0; i < array.length; i++) wide[2 * i + 1] = array[i]!;
  const strides = rowMajor(shape).map((step) => 2 * step);
  return new Tensor(new Storage(wide), shape, dtype, 1, strides);
}

/** A leaf with the recorded values in the given layout. */
export function toTensor(r: Recorded, layout: Layout = 'contiguous'): Tensor {
  const x = arranged(r, layout);
  return r.requiresGrad ? x.requiresGrad_(true) : x;
}

/** A recorded value as a Kindling argument; the tensors made are pushed to `made`, in order. */
export function toArgument(
  v: Value,
  layout: Layout,
  made: Tensor[],
  functions: Record<string, unknown> = {},
): unknown {
  if (v instanceof Recorded) {
    const x = toTensor(v, layout);
    made.push(x);
    return x;
  }
  if (v instanceof RecordedSlice) {
    // A slice object leaves out what Python leaves out.
    const given = Object.entries({ start: v.start, stop: v.stop, step: v.step }).filter(
      ([, x]) => x !== null,
    );
    return Object.fromEntries(given);
  }
  if (v === recordedEllipsis) return '...';
  if (v instanceof RecordedFunction) return functions[v.name];
  if (Array.isArray(v)) return (v as readonly Value[]).map((x) => toArgument(x, layout, made, functions));
  if (v !== null && typeof v === 'object') {
    return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, toArgument(x, layout, made, functions)]));
  }
  return v;
}

/** The tensors (and numbers) of a result: a tensor, several, or an object such as { values, indices }. */
export function resultLeaves(result: unknown): (Tensor | number | boolean)[] {
  if (result instanceof Tensor) return [result];
  if (typeof result === 'number' || typeof result === 'boolean') return [result];
  if (Array.isArray(result)) return result.flatMap(resultLeaves);
  if (result !== null && typeof result === 'object') return Object.values(result).flatMap(resultLeaves);
  return [];
}

/** Recorded outputs in the same form. */
export function expectedLeaves(v: Value): (Recorded | number | boolean)[] {
  if (v instanceof Recorded || typeof v === 'number' || typeof v === 'boolean') return [v];
  if (Array.isArray(v)) return (v as readonly Value[]).flatMap(expectedLeaves);
  return [];
}

export const plain = (x: Tensor): Plain => ({ dtype: x.dtype, shape: x.shape, array: x.detach().data });

/** The gradient that the fixtures fed to output number `index`: a hash of the position, exact in float32. */
export function cotangent(like: Tensor, index: number): Tensor {
  const n = like.shape.reduce((product, size) => product * size, 1);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = ((Math.imul(i + 1 + 1000 * index, 2654435761) >>> 24) - 127.5) / 64;
  const array = like.dtype === 'float64' ? values : Float32Array.from(values);
  return new Tensor(new Storage(array), like.shape, like.dtype);
}
