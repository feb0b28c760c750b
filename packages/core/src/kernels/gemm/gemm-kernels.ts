/** The WebAssembly kernels of the matrix product: functions of addresses, and which of them serves a product. */

import type { Split } from '../recording/index.ts';
import type { Cut, RowsFunction } from '../threads/index.ts';
import { type FloatLane, hasRelaxedSimd, ModuleBuilder, memoized, type ValueType } from '../wasm/index.ts';
import { dotProduct } from './dot.ts';
import type { Layout } from './operands.ts';
import { OUTER_SCRATCH_BYTES, outerProducts } from './outer.ts';
import { type GemmLane, narrowTile, productParams, TiledKernels } from './tiles.ts';

/**
 * c = alpha * a @ b, plus what c holds where `accumulate` is 1; where it is the address of a row of n elements, plus that row, unless it is
 * the kernel for which {@link usesDot} says so. Sizes count elements, addresses and strides bytes; c is
 * contiguous, as are either the rows or the columns of a and of b, with the stride between them. Up to 64 bytes behind b
 * are read. `scratch` is the address of SCRATCH_BYTES, which keep nothing from one call to the next.
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

/** The products by what is contiguous: a's rows or columns, then b's. */
export interface GemmKernels {
  readonly rowsByRows: TileProduct;
  readonly rowsByColumns: TileProduct;
  readonly columnsByRows: TileProduct;
  readonly columnsByColumns: TileProduct;
}

/** Fewer columns of b than this are less than a tile. */
const TILE_COLUMNS = 16;
/** Columns of b up to this length are soon turned into rows for `outer`; longer ones pay only where tiles multiply and add at once. */
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

/** Whether a product with n columns of k elements is one of {@link dotKernel}, for which a is brought into rows: no matter of m. */
export const usesDot = (n: number, k: number, b: Layout): boolean =>
  b === 'columns' && (n < TILE_COLUMNS || k > TURNED_STEPS);

/** The kernel for a product with n columns of k elements. */
export function productOf(lane: FloatLane, n: number, k: number, a: Layout, b: Layout): TileProduct {
  if (usesDot(n, k, b)) return dotKernel(lane);
  const it = gemmKernels.of(lane);
  if (a === 'rows') return b === 'rows' ? it.rowsByRows : it.rowsByColumns;
  return b === 'rows' ? it.columnsByRows : it.columnsByColumns;
}
