/**
 * What the loops over steps share: places that go along with the steps, rows taken vector by vector, and products by
 * packed weights.
 */

import { inlineExpressions } from '../compile/index.ts';
import { type Expr, input } from '../expression/index.ts';
import type { GemmLane, TileSize } from '../gemm/index.ts';
import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { type Formula, is, minus, plus, times } from '../wasm/formulas.ts';
import type { FunctionBuilder } from '../wasm/index.ts';

/** What differs between f32 and f64, and the functions of float64 numbers that are imported. */
export type RecurrentLane = GemmLane & RowConfig;

type Passing = Readonly<Record<'steps' | 'rows' | 'reversed', number>>;

/** Where the rows of a step lie: they move from one step to the next, in the order in which steps are taken. */
export class Along {
  readonly left: number;
  private readonly first: number;
  private readonly sign: number;
  private readonly moving: (readonly [local: number, by: Formula])[] = [];
  private readonly f: FunctionBuilder;
  private readonly p: Passing;

  /** `backwards` says that, unless `reversed`, the last step is taken first. */
  constructor(f: FunctionBuilder, p: Passing, backwards: boolean) {
    this.f = f;
    this.p = p;
    this.left = f.local('i32');
    this.first = f.local('i32');
    this.sign = f.local('i32');
    f.get(p.steps).set(this.left);
    f.get(p.reversed);
    if (!backwards) f.op('i32.eqz');
    f.if();
    f.put(this.first, is(0));
    f.put(this.sign, is(1)).else();
    f.put(this.first, minus(p.steps, is(1)));
    f.put(this.sign, is(-1)).end();
  }

  /**
   * A local with the place of the step that is taken, of rows of so many bytes, `at` being that of the first in time.
   */
  place(at: number, row: number): number {
    const local = this.f.local('i32');
    this.f.put(local, plus(at, times(this.first, this.p.rows, row)));
    this.moving.push([local, times(this.sign, this.p.rows, row)]);
    return local;
  }

  /** The place of the step that is taken next. */
  next(place: number): Formula {
    const [, by] = this.moving.find(([local]) => local === place) ?? [place, is(0)];
    return plus(place, by);
  }

  /** Runs `body` for each step. */
  each(body: () => void): void {
    const { f, left } = this;
    const again = f.loop();
    body();
    for (const [local] of this.moving) f.put(local, this.next(local));
    f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(again).end();
  }
}

/** A part of the rows, as wide as the state; those that nobody asks for cost nothing. */
interface Part {
  read(): Expr;
  write(x: Expr): void;
}

/** How rows lie from one sequence to the next. */
interface Lie {
  /** The bytes in between; none where all have the same row. */
  readonly pitch: number | null;
  /** An address that is 0 where there are no such rows: they read as zeros, whatever lies there. */
  readonly unless?: number;
}

/** What is worked out of each vector of the rows of a step. */
export class VectorsOfRows {
  private readonly parts: ({
    readonly pointer: number;
    readonly at: Formula;
    /** All bits set where {@link Lie.unless} says that there are such rows, none else. */
    readonly there?: number;
  } & Lie)[] = [];
  private readonly results: (readonly [part: number, x: Expr])[] = [];
  private readonly f: FunctionBuilder;
  private readonly t: RecurrentLane;
  private readonly bytes: number;

  /** `bytes` is a local that holds those of a part. */
  constructor(f: FunctionBuilder, t: RecurrentLane, bytes: number) {
    this.f = f;
    this.t = t;
    this.bytes = bytes;
  }

  /** Rows that begin at a place, of parts that lie side by side. */
  at(place: number, lie: Lie): (k: number) => Part {
    const known = new Map<number, number>();
    const part = (k: number): number => {
      const found = known.get(k);
      if (found !== undefined) return found;
      const at = k === 0 ? place : plus(place, times(this.bytes, is(k)));
      known.set(k, this.parts.length);
      const masked = lie.unless === undefined ? {} : { there: this.f.local('v128') };
      return this.parts.push({ pointer: this.f.local('i32'), at, ...lie, ...masked }) - 1;
    };
    return (k) => ({ read: () => input(part(k)), write: (x) => void this.results.push([part(k), x]) });
  }

  /** Runs over `count` rows whose parts have `size` elements. */
  run(count: number, size: number): void {
    const { f, t, parts, results } = this;
    const left = f.local('i32');
    const row = new RowEmitter(f, t, size);
    for (const { pointer, at, unless, there } of parts) {
      f.put(pointer, at);
      if (unless !== undefined && there !== undefined)
        f.i32Const(0).get(unless).i32Const(0).op('i32.ne').op('i32.sub').op('i32x4.splat').set(there);
    }
    f.get(count).set(left);
    f.countdown(left, 1, () => {
      row.write(
        results.map(([part]) => parts[part]?.pointer ?? 0),
        parts.map(({ pointer }) => pointer),
        ({ offset }) =>
          inlineExpressions(
            f,
            t.lane,
            results.map(([, x]) => x),
            (i) => this.loaded(i, offset),
          ),
      );
      for (const { pointer, pitch } of parts) if (pitch !== null) f.bump(pointer, { local: pitch });
    });
  }

  /** A local with a vector of a part. */
  private loaded(i: number, offset: number): number | undefined {
    const { f } = this;
    const part = this.parts[i];
    if (part === undefined) return;
    const local = f.local('v128');
    f.get(part.pointer).load('v128.load', offset);
    if (part.there !== undefined) f.get(part.there).op('v128.and');
    f.set(local);
    return local;
  }
}

/** result = rows @ panels, or what is added to the result. */
interface Product {
  readonly count: number;
  readonly columns: Formula;
  readonly depth: Formula;
  readonly from: number;
  readonly fromRow: number;
  readonly panels: number;
  readonly to: number;
  readonly toRow: number;
  /** Room for a tile. */
  readonly tile: number;
  readonly accumulate?: boolean;
}

/** Takes rows past panels. */
export function multiply(
  f: FunctionBuilder,
  t: RecurrentLane,
  { vectors }: TileSize,
  callee: number,
  { count, columns, depth, from, fromRow, panels, to, toRow, tile, accumulate = false }: Product,
): void {
  const width = is(16 * vectors);
  const before = [count, columns, depth, from, fromRow, panels, width, times(depth, width), to, toRow];
  for (const arg of before) f.push(arg);
  if (t.lane === 'f32') f.f32Const(1);
  else f.f64Const(1);
  f.i32Const(Number(accumulate)).get(tile).call(callee);
}
