/** What the loops over steps share: gates of rows, taken vector by vector, and products by weights that are packed once. */

import { inlineExpression } from '../compile/index.ts';
import type { Expr } from '../expression/index.ts';
import * as E from '../expression/index.ts';
import type { GemmLane, TileSize } from '../gemm/index.ts';
import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { type Formula, is, plus, push, put, times } from '../wasm/formulas.ts';
import { bump, countdown, type FunctionBuilder, range } from '../wasm/index.ts';

/** What differs between f32 and f64, and the functions of float64 numbers that are imported. */
export type RecurrentLane = GemmLane & RowConfig & { readonly callees: ReadonlyMap<string, number> };

/** One vector of some rows in the body of a loop. */
interface Vectors {
  /** Sets a local to an expression of others. */
  set(local: number, of: (...x: Expr[]) => Expr, ...from: readonly number[]): void;
  /** Sets a local to the vector of a row. */
  load(local: number, row: number): void;
  /** Stores a local as that of a row. */
  store(row: number, local: number): void;
}

/** A row that is gone along: where that of the first sequence begins, and the bytes from one sequence to the next. */
export interface Row {
  readonly at: Formula;
  readonly pitch: number;
}

/** Runs `body` for each vector of rows of `size` elements, of `count` sequences; it names rows by their numbers. */
export function eachVectorOfRows(
  f: FunctionBuilder,
  t: RecurrentLane,
  count: number,
  size: number,
  rows: readonly Row[],
  body: (v: Vectors) => void,
): void {
  const pointers = rows.map(() => f.local('i32'));
  const left = f.local('i32');
  const row = new RowEmitter(f, t, size);
  for (const [i, pointer] of pointers.entries()) put(f, pointer, rows[i]?.at ?? is(0));
  f.get(count).set(left);
  countdown(f, left, 1, () => {
    row.eachVector(pointers, (step) => {
      const at = (i: number): number => pointers[i] ?? 0;
      body({
        set(local, of, ...from) {
          const expression = of(...from.map((_, i) => E.input(i)));
          inlineExpression(f, t.lane, expression, from, (name) => t.callees.get(name) ?? 0);
          f.set(local);
        },
        load: (local, i) => void f.get(at(i)).load('v128.load', step.offset).set(local),
        store: (i, local) => row.store(at(i), local, step),
      });
    });
    for (const [i, pointer] of pointers.entries()) bump(f, pointer, { local: rows[i]?.pitch ?? 0 });
  });
}

/** Rows of `count` gates that lie side by side. */
export const rowsOfGates = (at: Formula, bytes: number, count: number, pitch: number): Row[] =>
  range(count).map((k) => ({ at: plus(at, times(bytes, is(k))), pitch }));

/** result = rows @ panels. */
export interface Product {
  readonly count: number;
  readonly columns: Formula;
  readonly depth: Formula;
  readonly from: number;
  readonly fromRow: number;
  readonly panels: Formula;
  readonly to: number;
  readonly toRow: number;
  /** Room for a tile. */
  readonly tile: number;
}

/** Takes rows past panels. */
export function multiply(
  f: FunctionBuilder,
  t: RecurrentLane,
  { vectors }: TileSize,
  callee: number,
  { count, columns, depth, from, fromRow, panels, to, toRow, tile }: Product,
): void {
  const width = is(16 * vectors);
  const before = [count, columns, depth, from, fromRow, panels, width, times(depth, width), to, toRow];
  for (const arg of before) push(f, arg);
  if (t.lane === 'f32') f.f32Const(1);
  else f.f64Const(1);
  f.i32Const(0).get(tile).call(callee);
}
