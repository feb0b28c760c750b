/** The WebAssembly kernels of the matrix product: functions of addresses, and which of them serves a product. */

import type { Split } from '../recording/index.ts';
import type { Cut, RowsFunction } from '../threads/index.ts';
import { is, minus, plus, times } from '../wasm/formulas.ts';
import {
  type FloatLane,
  type FunctionBuilder,
  hasRelaxedSimd,
  i32Params,
  ModuleBuilder,
  memoized,
  type ValueType,
} from '../wasm/index.ts';
import { dotProduct } from './dot.ts';
import type { Layout } from './operands.ts';
import { OUTER_SCRATCH_BYTES, outerProducts, type ProductName } from './outer.ts';
import { type GemmLane, narrowTile, productParams, TiledKernels } from './tiles.ts';

/**
 * c = alpha * a @ b, plus what c holds where `accumulate` is 1; where it is the address of a row of n elements, plus
 * that row, unless it is the kernel for which {@link usesDot} says so. Sizes count elements, addresses and strides
 * bytes; c is contiguous, as are either the rows or the columns of a and of b, with the stride between them. Up to 64
 * bytes behind b are read. `scratch` is the address of SCRATCH_BYTES, which keep nothing from one call to the next.
 *
 * A row of c has the same bits whichever rows are computed with it: callers may split m as they like.
 */
export type TileProduct = (
  m: number,
  n: number,
  k: number,
  a: number,
  aStride: number,
  b: number,
  bStride: number,
  c: number,
  alpha: number,
  accumulate: number,
  scratch: number,
) => void;

/** Bytes that a product needs besides its operands. */
export const SCRATCH_BYTES: number = OUTER_SCRATCH_BYTES;

/** The products by what is contiguous, a's rows or columns, then b's. */
export type GemmKernels = Readonly<Record<ProductName, TileProduct>>;

/**
 * What of a product only a number of the first take part in, which is known as it runs: rows of a, the others of c
 * being 0, or steps.
 */
export type Some = 'rows' | 'steps';

/** The name of a product of some rows, or steps. */
type SomeOf<N extends string> = `${N}, ${Some}`;

/**
 * A {@link TileProduct} that is given, besides, where an int32 says how many rows or steps take part, and how many
 * there are before its own.
 */
type SomeProduct = (...args: [...Parameters<TileProduct>, limit: number, before: number]) => void;

/** Fewer columns of b than this are less than a tile. */
const TILE_COLUMNS = 16;
/**
 * Columns of b up to this length are soon turned into rows for `outer`; longer ones pay only where tiles multiply and
 * add at once.
 */
const TURNED_STEPS = hasRelaxedSimd ? Number.POSITIVE_INFINITY : 32;

/** What products of each lane type are made of. */
export const LANES: Readonly<Record<FloatLane, GemmLane>> = {
  f32: {
    lane: 'f32',
    vector: 'f32x4',
    bytes: 4,
    lanes: 4,
    splat: 'v128.load32_splat',
    loadOne: 'v128.load32_zero',
  },
  f64: {
    lane: 'f64',
    vector: 'f64x2',
    bytes: 8,
    lanes: 2,
    splat: 'v128.load64_splat',
    loadOne: 'v128.load64_zero',
  },
};

/** The types of the parameters of a {@link TileProduct}, in order. */
export const tileTypes = (lane: FloatLane): ValueType[] => Object.values(productParams(LANES[lane]));

/** The types of the parameters of a {@link SomeProduct}. */
export const someProductTypes = (lane: FloatLane): ValueType[] => [...tileTypes(lane), 'i32', 'i32'];

/** A product as a function of rows. */
export const rowsFunctionOf = (lane: FloatLane, multiply: TileProduct): RowsFunction => ({
  kernel: multiply as (...args: number[]) => void,
  types: tileTypes(lane),
});

const addresses = { a: 3, b: 5, c: 7, scratch: 10 };

/** How a product is cut by rows: those of a are so many bytes apart and those of c, and each takes `work`. */
export const rowsOfProduct = (work: number, aRow: number, cRow: number): Split => ({
  count: 0,
  steps: [
    [addresses.a, aRow],
    [addresses.c, cRow],
  ],
  scratch: addresses.scratch,
  together: narrowTile.rows,
  work,
});

/** The same for products of `times` matrices, each so many bytes after the one before. */
export const matricesOfProducts = (times: number, work: number, a: number, b: number, c: number): Cut => ({
  count: null,
  times,
  steps: [
    [addresses.a, a],
    [addresses.b, b],
    [addresses.c, c],
  ],
  scratch: addresses.scratch,
  together: 1,
  work,
});

/** Adds, for each of these products, those of {@link Some}. */
function bySome(module: ModuleBuilder, t: GemmLane, products: readonly (readonly [string, number])[]): void {
  for (const [name, product] of products)
    for (const which of ['rows', 'steps'] as const) {
      const params = { ...productParams(t), ...i32Params('limit', 'before') };
      module.define({ export: `${name}, ${which}` }, params, (f, p) => {
        const { own, zeros } = f.locals('i32', 'own', 'zeros');
        const all = which === 'rows' ? p.m : p.k;
        f.get(p.limit).load('i32.load').get(p.before).op('i32.sub').set(own);
        f.putLeast(own, own, all);
        f.get(own).i32Const(0).op('i32.gt_s').if();
        for (const [i, key] of Object.keys(productParams(t)).entries())
          f.get(i === all ? own : p[key as keyof typeof p]);
        f.call(product).else().i32Const(0).set(own).end();
        // What is added to stays where nothing is added.
        f.get(p.accumulate);
        if (which === 'steps') f.get(own).op('i32.or');
        f.if();
        f.return().end();
        f.put(zeros, which === 'rows' ? times(minus(p.m, own), p.n) : times(p.m, p.n));
        if (which === 'rows') f.put(p.c, plus(p.c, times(times(own, p.n), is(t.bytes))));
        setToZero(f, t, p.c, zeros);
      });
    }
}

/** Sets so many elements to 0. */
function setToZero(f: FunctionBuilder, t: GemmLane, at: number, count: number): void {
  f.countdown(count, 1, () => {
    f.get(at);
    if (t.lane === 'f32') f.f32Const(0);
    else f.f64Const(0);
    f.store(`${t.lane}.store`).bump(at, { bytes: t.bytes });
  });
}

/** Does what {@link GemmKernels.rowsByColumns} does, and adds in another order. */
const dotKernel = memoized((lane: FloatLane): TileProduct => {
  const module = new ModuleBuilder();
  dotProduct(module, LANES[lane]);
  return module.instantiate<{ dot: TileProduct }>().dot;
});

/** The kernels of products by what is contiguous. */
export const gemmKernels = /* @__PURE__ */ new TiledKernels<GemmKernels>((module, lane, size) => {
  outerProducts(module, LANES[lane], size);
  return undefined;
});

/** Both of {@link Some}, in modules of their own: few programs have such, and every one waits for its first product. */
const dotKernelsOfSome = memoized((lane: FloatLane): Readonly<Record<SomeOf<'dot'>, SomeProduct>> => {
  const module = new ModuleBuilder();
  bySome(module, LANES[lane], [['dot', dotProduct(module, LANES[lane])]]);
  return module.instantiate();
});
const gemmKernelsOfSome = /* @__PURE__ */ new TiledKernels<
  Readonly<Record<SomeOf<ProductName>, SomeProduct>>
>((module, lane, size) => {
  bySome(module, LANES[lane], outerProducts(module, LANES[lane], size));
  return undefined;
});

/**
 * Whether a product with n columns of k elements is one of {@link dotKernel}, for which a is brought into rows: no
 * matter of m.
 */
export const usesDot = (n: number, k: number, b: Layout): boolean =>
  b === 'columns' && (n < TILE_COLUMNS || k > TURNED_STEPS);

/** The kernel for a product with n columns of k elements. */
export function productOf(lane: FloatLane, n: number, k: number, a: Layout, b: Layout): TileProduct {
  if (usesDot(n, k, b)) return dotKernel(lane);
  const it = gemmKernels.of(lane);
  if (a === 'rows') return b === 'rows' ? it.rowsByRows : it.rowsByColumns;
  return b === 'rows' ? it.columnsByRows : it.columnsByColumns;
}

/** The same of some rows, or steps. */
export function productOfSome(
  lane: FloatLane,
  of: Some,
  n: number,
  k: number,
  a: Layout,
  b: Layout,
): SomeProduct {
  if (usesDot(n, k, b)) return dotKernelsOfSome(lane)[`dot, ${of}`];
  return gemmKernelsOfSome.of(lane)[`${a}By${b === 'rows' ? 'Rows' : 'Columns'}, ${of}`];
}
