/**
 * The WebAssembly kernels of reductions, on operands in the scratch memory: along contiguous rows, or down columns
 * (vectorised across them).
 */

import type { Lane } from '../../dtype.ts';
import { ModuleBuilder, memoized } from '../wasm/index.ts';
import { emitRowsApart } from './apart-kernels.ts';
import { emitColumns } from './column-kernels.ts';
import type { ReduceKind } from './kinds.ts';
import { emitRows } from './row-kernels.ts';
import { specOf } from './steps.ts';

/**
 * Addresses in bytes, counts in elements. What becomes of a row or column depends on its elements alone: not on how
 * many there are, where they lie, or what else is reduced. `accumulate` (0 or 1) goes on from the partial results in
 * `out`, with the same result as at one go if what went before was a multiple of `BLOCK` elements of a row, or of
 * `ROWS` of a column.
 */
export interface ReduceKernels {
  /**
   * Reduces each of `outer` rows of `n` elements. Results have the accumulator's type, as has `center`, one a row.
   * Reads up to 16 bytes past the ends.
   */
  rows(outer: number, n: number, x: number, out: number, center: number, accumulate: number): void;
  /**
   * {@link rows} of rows that are `pieces` of `length` elements, `pitch` bytes from one to the next, and `leap` bytes
   * from one row to the next; `scratch` has room for `scratchOfRowsApart` elements.
   */
  rowsApart(
    outer: number,
    pieces: number,
    length: number,
    leap: number,
    pitch: number,
    x: number,
    out: number,
    center: number,
    scratch: number,
  ): void;
  /**
   * Reduces each of `outer` matrices of n rows and `inner` columns along the columns; `center` is laid out as `out`.
   * Reads and writes up to 32 bytes past the ends; accumulates only for outer = 1.
   */
  columns(
    outer: number,
    n: number,
    inner: number,
    x: number,
    out: number,
    center: number,
    accumulate: number,
  ): void;
  /**
   * Divides `count` results by a number, takes the root if asked (1), and makes float32 of them if asked; only of f64.
   */
  finish(count: number, out: number, divisor: number, root: number, narrow: number): void;
}

function emitFinish(module: ModuleBuilder): void {
  const params = { count: 'i32', out: 'i32', divisor: 'f64', root: 'i32', narrow: 'i32' } as const;
  module.define({ export: 'finish' }, params, (f, p) => {
    const divisor = f.local('v128');
    const value = f.local('v128');
    const target = f.local('i32');
    f.get(p.divisor).op('f64x2.splat').set(divisor).get(p.out).set(target);
    // Two results a round, the last of which may be none.
    f.bump(p.count, { bytes: 1 });
    f.countdown(p.count, 2, () => {
      f.get(p.out).load('v128.load').get(divisor).op('f64x2.div').set(value);
      f.get(p.root).if();
      f.get(value).op('f64x2.sqrt').set(value);
      f.end();
      f.get(p.narrow).if();
      f.get(target).get(value).op('f32x4.demote_f64x2_zero').accessLane('v128.store64_lane', 0);
      f.bump(target, { bytes: 8 });
      f.else();
      f.get(target).get(value).store('v128.store');
      f.bump(target, { bytes: 16 });
      f.end();
      f.bump(p.out, { bytes: 16 });
    });
  });
}

const byLane = memoized((lane: Lane) =>
  memoized((kind: ReduceKind): ReduceKernels => {
    const spec = specOf(lane, kind);
    const module = new ModuleBuilder();
    emitRowsApart(module, spec, emitRows(module, spec));
    emitColumns(module, spec);
    if (spec.type === 'f64' && lane !== 'i32') emitFinish(module);
    return module.instantiate<ReduceKernels>();
  }),
);

/**
 * Adds up the products of two rows of n elements, of which the second lies `distance` bytes behind the first, as `rows`
 * adds up such products where they are stored. Reads up to 16 bytes past the ends.
 */
export type SumOfProducts = (
  rows: 1,
  n: number,
  x: number,
  out: number,
  distance: number,
  accumulate: number,
) => void;

/** Compiled at first use. */
export const sumOfProducts = memoized((lane: 'f32' | 'f64'): SumOfProducts => {
  const module = new ModuleBuilder();
  emitRows(module, { ...specOf(lane, 'sum'), ofProducts: true });
  return module.instantiate<{ rows: SumOfProducts }>().rows;
});

/** The kernels of a reduction in a lane, compiled at first use. `finish` is there for floats carried in f64. */
export const reduceKernels = (lane: Lane, kind: ReduceKind): ReduceKernels => byLane(lane)(kind);
