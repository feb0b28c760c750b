/**
 * The register tiles of the matrix product:
 *
 * - `outer`, b's rows contiguous: some rows of c by 1, 2 or 4 vectors; each step of k loads the vectors of b and splats
 *   one element of a per row.
 * - `dot`, b's columns contiguous (a weight matrix, used transposed) and a's rows too: some rows by 1 or 2 columns,
 *   each a dot product whose partial sums fill a vector; they are added up at the end.
 *
 * Both do as many multiply-adds a load, and fill the vector registers.
 */

import { type Formula, is, plus, times } from '../wasm/formulas.ts';
import {
  type Compiling,
  type FloatLane,
  type FunctionBuilder,
  hasRelaxedSimd,
  type Imports,
  i32Params,
  instantiate,
  type LoadOp,
  ModuleBuilder,
  range,
  zip,
} from '../wasm/index.ts';

/** What differs between f32 and f64. */
export interface GemmLane {
  readonly lane: FloatLane;
  readonly vector: 'f32x4' | 'f64x2';
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  readonly splat: 'v128.load32_splat' | 'v128.load64_splat';
  readonly loadOne: 'v128.load32_zero' | 'v128.load64_zero';
}

/** Parameters of a product: those of TileProduct. */
export const productParams = (t: GemmLane) =>
  ({
    ...i32Params('m', 'n', 'k', 'a', 'aStride', 'b', 'bStride', 'c'),
    alpha: t.lane,
    ...i32Params('accumulate', 'scratch'),
  }) as const;

/** The largest tile of a product. */
export interface TileSize {
  readonly rows: number;
  readonly vectors: 2 | 4;
  /** Rows of a from which on it is worth to pack a b whose rows are contiguous. */
  readonly packedFrom: number;
  /**
   * Bytes between a's columns up to which they are read as they lie: from the second-level cache, in time for a tile
   * that takes long.
   */
  readonly closeColumns: number;
}

/** What fills 16 vector registers: where multiplying and adding are two steps, the products take some. */
export const narrowTile: TileSize = {
  rows: hasRelaxedSimd ? 6 : 4,
  vectors: 2,
  packedFrom: 128,
  closeColumns: 512,
};
/**
 * The same where pairs of vectors become one of 256 bits; without that its sums would not fit. With fewer rows they
 * wait for one another.
 */
const wideTile: TileSize = { rows: 6, vectors: 4, packedFrom: 64, closeColumns: 1536 };
/** Adds kernels to a module, of tiles of this size; gives the functions that it imports, if there are some. */
type DefineKernels = (module: ModuleBuilder, lane: FloatLane, size: TileSize) => Imports | undefined;

/** Kernels that are made of tiles, a module for each lane type: compiled at first use, or for vectors of 256 bits. */
export class TiledKernels<K extends object> {
  readonly #define: DefineKernels;
  readonly #atWork = new Map<FloatLane, K>();

  constructor(define: DefineKernels) {
    this.#define = define;
  }

  /** Those at work. */
  of(lane: FloatLane): K {
    let made = this.#atWork.get(lane);
    if (made === undefined) {
      made = this.compile(lane);
      this.#atWork.set(lane, made);
    }
    return made;
  }

  /** Others: with `wide`, for vectors of 256 bits. The results are the same, bit by bit. */
  compile(lane: FloatLane, wide?: Compiling): K {
    const module = new ModuleBuilder();
    const env = this.#define(module, lane, wide === undefined ? narrowTile : wideTile);
    return instantiate<K>(module.build(), env, wide);
  }

  /** From now on these are at work. */
  use(lane: FloatLane, made: K): void {
    this.#atWork.set(lane, made);
  }

  /** Compiles all by `wide`, and uses those of each lane from now on of which a trial gives the same bytes. */
  useWide(wide: Compiling, trial: (kernels: K, lane: FloatLane) => Uint8Array): void {
    for (const lane of ['f32', 'f64'] as const) {
      const made = this.compile(lane, wide);
      const expected = trial(this.of(lane), lane);
      if (trial(made, lane).every((byte, i) => byte === expected[i])) this.use(lane, made);
    }
  }
}

/** Rows of the largest tile, whatever the engine. */
export const MOST_TILE_ROWS = 6;
/** Steps of k a round of the innermost loops. */
const UNROLL = 4;

/**
 * Rows of a tile in one basic block. Where multiplying and adding are two steps, V8 is also one that loads what all
 * rows of a block need before it multiplies, and the processor then has nothing to load meanwhile: a sixth of the time.
 */
const ROWS_TOGETHER = hasRelaxedSimd ? MOST_TILE_ROWS : 2;

/** Whether a step over the rows of a tile is cut in front of this one: see `unrolled`. */
export const isCutBefore = (row: number): boolean => row > 0 && row % ROWS_TOGETHER === 0;

/** acc += x * y, as all products do it. */
export function multiplyAdd(
  f: FunctionBuilder,
  vector: GemmLane['vector'],
  acc: number,
  x: number,
  y: number,
): void {
  if (hasRelaxedSimd) f.get(x).get(y).get(acc).op(`${vector}.relaxed_madd`).set(acc);
  else f.get(acc).get(x).get(y).op(`${vector}.mul`).op(`${vector}.add`).set(acc);
}

/**
 * One tile of `outer`: some rows by some panels, `panelStep` bytes apart, of some vectors. `aStride` lies between a's
 * rows, or with `byColumns` between its columns.
 */
export function outerTile(
  module: ModuleBuilder,
  t: GemmLane,
  rows: number,
  vectors: number,
  byColumns: boolean,
  panels = 1,
): number {
  const name = `gemm_outer_${t.lane}_${rows}x${panels}x${vectors * t.lanes}${byColumns ? '_columns' : ''}`;
  const params = {
    ...i32Params('k', 'a', 'aStride', 'b', 'bRow', 'panelStep', 'c', 'cRow'),
    alpha: t.lane,
    accumulate: 'i32',
  } as const;
  return module.define({ name }, params, (f, p) => {
    const accs = range(rows).map(() => range(panels * vectors).map(() => f.local('v128')));
    const bs = range(panels * vectors).map(() => f.local('v128'));
    const x = f.local('v128');
    const as = byColumns ? accs.map(() => p.a) : fanOut(f, p.a, p.aStride, rows);
    const panelAt = fanOut(f, p.b, p.panelStep, panels);
    const step = (u: number, cut: () => void): void => {
      for (const [i, panel] of panelAt.entries()) {
        for (const v of range(vectors))
          f.get(panel)
            .load('v128.load', 16 * v)
            .set(bs[i * vectors + v] ?? 0);
      }
      for (const [i, row] of accs.entries()) {
        if (isCutBefore(i)) cut();
        f.get(as[i] ?? p.a)
          .load(t.splat, (byColumns ? i : u) * t.bytes)
          .set(x);
        for (const [acc, b] of zip(row, bs)) multiplyAdd(f, t.vector, acc, x, b);
      }
      for (const panel of panelAt) f.bump(panel, { local: p.bRow });
      if (byColumns) f.bump(p.a, { local: p.aStride });
    };
    f.unrolled(p.k, UNROLL, step, () => {
      if (!byColumns) for (const a of as) f.bump(a, { bytes: UNROLL * t.bytes });
    });
    f.get(p.alpha).op(`${t.vector}.splat`).set(x);
    for (const acc of accs.flat()) f.get(acc).get(x).op(`${t.vector}.mul`).set(acc);
    f.get(p.accumulate).if();
    const added = addedTo(f, p);
    f.get(p.c).set(p.a);
    storeTile(f, t, p.a, p.cRow, accs, added);
    f.else();
    f.get(p.c).set(p.a);
    storeTile(f, t, p.a, p.cRow, accs, null);
    f.end();
  });
}

/**
 * Stores a tile at a pointer, `row` bytes from one of its rows to the next, plus what lies `added` elsewhere. A row's
 * values before its stores: V8 joins neighbours, but none over a store in between.
 */
function storeTile(
  f: FunctionBuilder,
  { vector }: GemmLane,
  to: number,
  row: number,
  accs: readonly (readonly number[])[],
  added: { readonly at: number; readonly row: number } | null,
): void {
  for (const [i, line] of accs.entries()) {
    if (added !== null)
      for (const [v, acc] of line.entries())
        f.get(acc)
          .get(added.at)
          .load('v128.load', 16 * v)
          .op(`${vector}.add`)
          .set(acc);
    f.storeVectors(to, line);
    if (i + 1 === accs.length) continue;
    f.bump(to, { local: row });
    if (added !== null) f.bump(added.at, { local: added.row });
  }
}

/** Whether `accumulate` is the address of a row that is added to each row of the result. */
const addsRow = (accumulate: number): Formula => ['i32.gt_u', accumulate, is(1)];

/** Moves on by so many bytes what {@link TileProduct} calls `accumulate`, if it is the address of a row. */
export const advanceAdded = (f: FunctionBuilder, accumulate: number, bytes: Formula): FunctionBuilder =>
  f.put(accumulate, plus(accumulate, times(bytes, addsRow(accumulate))));

/**
 * Where the first row lies that is added to a result, and the bytes to the next one: the result's own, or one and the
 * same.
 */
export function addedTo(
  f: FunctionBuilder,
  p: Readonly<Record<'accumulate' | 'c' | 'cRow', number>>,
): { readonly at: number; readonly row: number } {
  const added = f.locals('i32', 'at', 'row');
  f.get(p.accumulate).get(p.c).push(addsRow(p.accumulate)).op('select').set(added.at);
  f.i32Const(0).get(p.cRow).push(addsRow(p.accumulate)).op('select').set(added.row);
  return added;
}

/** Pointers to the first of `count` lines and to those after it. */
function fanOut(f: FunctionBuilder, first: number, stride: number, count: number): number[] {
  let last = first;
  return range(count).map((i) => {
    if (i === 0) return first;
    const next = f.local('i32');
    f.get(last).get(stride).op('i32.add').set(next);
    return (last = next);
  });
}

/** One tile of `dot`. */
export function dotTile(module: ModuleBuilder, t: GemmLane, rows: number, columns: 1 | 2): number {
  const name = `gemm_dot_${t.lane}_${rows}x${columns}`;
  const params = {
    ...i32Params('k', 'a', 'aRow', 'b', 'bColumn', 'c', 'cRow'),
    alpha: t.lane,
    accumulate: 'i32',
  } as const;
  return module.define({ name }, params, (f, p) => {
    const accs = range(rows).map(() => {
      const first = f.local('v128');
      return columns === 2 ? ([first, f.local('v128')] as const) : ([first] as const);
    });
    const bs = range(columns).map(() => f.local('v128'));
    const x = f.local('v128');
    const as = fanOut(f, p.a, p.aRow, rows);
    const bPointers = fanOut(f, p.b, p.bColumn, columns);
    const pointers = [...as, ...bPointers];
    const step = (load: LoadOp, offset: number, cut?: () => void): void => {
      for (const [pointer, b] of zip(bPointers, bs)) f.get(pointer).load(load, offset).set(b);
      for (const [i, row] of accs.entries()) {
        if (isCutBefore(i)) cut?.();
        f.get(as[i] ?? p.a)
          .load(load, offset)
          .set(x);
        for (const [acc, b] of zip(row, bs)) multiplyAdd(f, t.vector, acc, x, b);
      }
    };
    const whole = f.local('i32');
    const lag = f.local('i32');
    const shift = t.lanes === 4 ? 2 : 1;
    f.get(p.k).i32Const(shift).op('i32.shr_u').tee(whole);
    f.i32Const(UNROLL - 1)
      .op('i32.and')
      .i32Const(4)
      .op('i32.shl')
      .set(lag);
    f.unrolled(
      whole,
      UNROLL,
      (u, cut) => step('v128.load', 16 * u, cut),
      () => {
        for (const pointer of pointers) f.bump(pointer, { bytes: UNROLL * 16 });
      },
    );
    // A last round that ends early leaves the pointers behind by the vectors it took.
    for (const pointer of pointers) f.bump(pointer, { local: lag });
    f.get(p.k)
      .i32Const(t.lanes - 1)
      .op('i32.and')
      .set(p.k);
    f.countdown(p.k, 1, () => {
      step(t.loadOne, 0);
      for (const pointer of pointers) f.bump(pointer, { bytes: t.bytes });
    });
    f.get(p.alpha).op(`${t.vector}.splat`).set(x);
    for (const [i, [sum, second = sum]] of accs.entries()) {
      addUpPair(f, t, sum, second);
      f.get(x).op(`${t.vector}.mul`).set(sum);
      storeSums(f, t, columns, sum, p.c, p.accumulate);
      if (i + 1 < rows) f.bump(p.c, { local: p.cRow });
    }
  });
}

/** Pushes a vector whose first two lanes are the sums of the lanes of `first` and of `second`; spoils `first`. */
function addUpPair(f: FunctionBuilder, t: GemmLane, first: number, second: number): void {
  f.get(first).get(second).shuffle64(0, 2).get(first).get(second).shuffle64(1, 3).op(`${t.vector}.add`);
  if (t.lanes === 2) return;
  f.set(first).get(first).get(first).shuffle32(0, 2, 0, 2);
  f.get(first).get(first).shuffle32(1, 3, 1, 3).op('f32x4.add');
}

/** Writes the first one or two lanes of `sum` to `c`, or adds them. */
function storeSums(
  f: FunctionBuilder,
  t: GemmLane,
  columns: 1 | 2,
  sum: number,
  c: number,
  accumulate: number,
): void {
  const bytes = columns * t.bytes;
  const load: LoadOp = bytes === 16 ? 'v128.load' : bytes === 8 ? 'v128.load64_zero' : 'v128.load32_zero';
  f.get(accumulate).if();
  f.get(c).load(load).get(sum).op(`${t.vector}.add`).set(sum);
  f.end();
  f.get(c).get(sum);
  if (bytes === 16) f.store('v128.store');
  else f.accessLane(bytes === 8 ? 'v128.store64_lane' : 'v128.store32_lane', 0);
}
