import type { DType, TypedArray } from '../../dtype.ts';
import { numelOf, type Shape } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { fillStrided } from '../elementwise/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { denseOver } from '../strided/index.ts';
import { zip } from '../wasm/index.ts';
import { positionKernels } from './position-kernels.ts';

/*
 * Positions of elements as programs find them: what these functions give where kernels are taken down stands for a list
 * that a call will make. Where kernels run they give `null`.
 */

/** An array with the same number everywhere. */
export function filled(dtype: DType, count: number, value: number): TypedArray {
  const array = allocateArray(dtype, count);
  fillStrided(denseOver(array, dtype, [count], 0, count), value);
  return array;
}

/** A dimension that is indexed, of a tensor that lies so. */
export interface Indexed {
  readonly size: number;
  readonly stride: number;
  /** Whether negative indices count from the end. */
  readonly negative: boolean;
}

/** Some dimensions. */
export interface Axes {
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/**
 * Where each index leads, counted from `before`: a position, or one for each index, which is changed. Indices are
 * checked.
 */
export function recordPlaces(
  index: TypedArray,
  { size, stride, negative }: Indexed,
  before: number | TypedArray,
): Int32Array | null {
  if (recorder === null) return null;
  const adds = typeof before === 'object';
  const positions = adds ? before : allocateArray('int32', index.length);
  const start = adds ? 0 : before;
  const args = [index.length, size, negative ? -size : 0, stride, start, Number(adds), index, positions];
  recordCall('place', positionKernels().place, args, { keeps: adds ? [positions] : [], checks: true });
  return positions as Int32Array;
}

/** So many times the same position. */
export function recordPosition(count: number, position: number): Int32Array | null {
  if (recorder === null) return null;
  return filled('int32', count, position) as Int32Array;
}

/** Positions of rows, as those of their elements: the rows begin there in each block, which lie along some axes. */
export function recordSpread(rows: Int32Array, blocks: Axes, elements: Axes): Int32Array | null {
  if (recorder === null) return null;
  const [outer, inner] = [numelOf(blocks.shape), numelOf(elements.shape)];
  if (outer === 1 && inner === 1) return rows;
  const positions = allocateArray('int32', outer * rows.length * inner) as Int32Array;
  recordCall('spread', positionKernels().spread, [outer, rows.length, inner, rows, positions]);
  recordAxes(positions, blocks, rows.length * inner);
  recordAxes(positions, elements, 1);
  return positions;
}

/**
 * Moves each position, in row-major order, by where it stands along some axes, of which so many elements lie after the
 * last.
 */
export function recordAxes(positions: Int32Array, axes: Axes, after: number): void {
  let inner = after;
  for (const { size, stride } of merged(axes).reverse()) {
    const outer = positions.length / (size * inner);
    const args = [outer, size, inner, stride, positions];
    if (stride !== 0) recordCall('add_axis', positionKernels().addAxis, args, { keeps: [positions] });
    inner *= size;
  }
}

/** An axis: how many elements, and how far apart. */
interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Without axes of one element; neighbours that one step leads through are one. */
export function merged({ shape, strides }: Axes): Axis[] {
  const axes: Axis[] = [];
  for (const [size, stride] of zip(shape, strides)) {
    if (size === 1) continue;
    const last = axes.at(-1);
    if (last?.stride === stride * size) axes[axes.length - 1] = { size: last.size * size, stride };
    else axes.push({ size, stride });
  }
  return axes;
}

/** Whether one of the integers is 0. Where kernels are taken down none is, or the call refuses. */
export function holdsZero(integers: TypedArray): boolean {
  if (recorder === null) return integers.includes(0 as never);
  const args = [integers.length, integers.BYTES_PER_ELEMENT, integers];
  recordCall('holds_zero', positionKernels().holdsZero, args, {
    reads: [integers],
    writes: [],
    checks: true,
  });
  return false;
}

/** Where `index` names a place of a dimension for the first time, into bools; whether it was taken down. */
export function recordFirstMentions(index: TypedArray, size: number, out: TypedArray): boolean {
  if (recorder === null) return false;
  const seen = filled('uint8', size, 0);
  recordCall('first_mentions', positionKernels().firstMentions, [index.length, size, index, seen, out], {
    writes: [seen, out],
    keeps: [seen],
    checks: true,
  });
  return true;
}
