/** The WebAssembly kernels of the matrix product: the loops over tiles, on operands that lie in the scratch memory. */

import {
  atMost,
  bump,
  countdown,
  defineFunction,
  type FloatLane,
  i32Params,
  instantiate,
  locals,
  ModuleBuilder,
  memoized,
  range,
  type ValueType,
} from '../wasm/index.ts';
import { dotTile, type GemmLane, MOST_TILE_ROWS, outerTile, TILE_ROWS } from './tiles.ts';

/**
 * c = alpha * a @ b, plus what c holds where `accumulate` is 1. Sizes count elements, addresses and strides bytes; c is
 * contiguous, as are either the rows or the columns of a and of b, with the stride between them.
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
) => void;

/** The types of the parameters of a {@link TileProduct}, in order. */
export const tileTypes = (lane: FloatLane): ValueType[] => [
  ...range(8).map(() => 'i32' as const),
  lane,
  'i32',
];

/** The products by what is contiguous: a's rows or columns, then b's. */
export interface GemmKernels {
  readonly rowsByRows: TileProduct;
  readonly columnsByRows: TileProduct;
  readonly rowsByColumns: TileProduct;
}

/** `packed` (0 or 1) copies a panel of b to `scratch` (of SCRATCH_BYTES) before it is used. */
type OuterKernel = (...operands: [...Parameters<TileProduct>, packed: number, scratch: number]) => void;

/** Steps of k between two visits of an `outer` panel: 8 KB of b, which stays in the first-level cache. */
const K_BLOCK = 256;
/** Columns of b that `dot` keeps in cache while all rows of a pass by. */
const DOT_COLUMNS = 8;
/** Bytes of scratch for `outer`: the packed panel, then the tile that partial stores go through. */
export const SCRATCH_BYTES: number = K_BLOCK * 32 + MOST_TILE_ROWS * 32;

const LANES: Readonly<Record<FloatLane, GemmLane>> = {
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

/** Copies the first `columns` columns of a temporary tile to c, or adds them. */
function mergeTile(module: ModuleBuilder, t: GemmLane): number {
  const params = i32Params('rows', 'columns', 'tile', 'tileRow', 'c', 'cRow', 'accumulate');
  return defineFunction(module, { name: `gemm_merge_${t.lane}` }, params, (f, p) => {
    const j = f.local('i32');
    const value = f.local(t.lane);
    countdown(f, p.rows, 1, () => {
      f.i32Const(0).set(j);
      const next = f.loop();
      f.get(p.tile).get(j).op('i32.add').load(`${t.lane}.load`).set(value);
      f.get(p.accumulate).if();
      f.get(value).get(p.c).get(j).op('i32.add').load(`${t.lane}.load`).op(`${t.lane}.add`).set(value);
      f.end();
      f.get(p.c).get(j).op('i32.add').get(value).store(`${t.lane}.store`);
      bump(f, j, { bytes: t.bytes });
      f.get(j).get(p.columns).i32Const(t.bytes).op('i32.mul').op('i32.lt_s').brIf(next);
      f.end();
      bump(f, p.c, { local: p.cRow });
      bump(f, p.tile, { local: p.tileRow });
    });
  });
}

/** Takes all rows of a past one panel of b, `vectors` wide, of which `columns` columns are stored. */
function outerSweep(
  module: ModuleBuilder,
  t: GemmLane,
  vectors: number,
  contiguous: boolean,
  merge: number,
): number {
  const tileOf = (rows: number) => ({ rows, tile: outerTile(module, t, rows, vectors, contiguous) });
  const smaller = range(TILE_ROWS - 1).map((i) => tileOf(i + 1));
  const largest = tileOf(TILE_ROWS);
  const params = {
    ...i32Params('m', 'columns', 'k', 'a', 'aStride', 'b', 'bRow', 'c', 'cRow'),
    alpha: t.lane,
    ...i32Params('accumulate', 'tile'),
  } as const;
  const name = `gemm_sweep_${t.lane}_${vectors}${contiguous ? '' : '_transposed'}`;
  return defineFunction(module, { name }, params, (f, p) => {
    const call = ({ rows, tile }: typeof largest): void => {
      const operands = (): void => {
        f.get(p.k).get(p.a).get(p.aStride).get(p.b).get(p.bRow);
      };
      f.get(p.columns)
        .i32Const(vectors * t.lanes)
        .op('i32.eq')
        .if();
      operands();
      f.get(p.c).get(p.cRow).get(p.alpha).get(p.accumulate).call(tile);
      f.else();
      operands();
      f.get(p.tile)
        .i32Const(16 * vectors)
        .get(p.alpha)
        .i32Const(0)
        .call(tile);
      f.i32Const(rows)
        .get(p.columns)
        .get(p.tile)
        .i32Const(16 * vectors);
      f.get(p.c).get(p.cRow).get(p.accumulate).call(merge);
      f.end();
    };
    countdown(f, p.m, TILE_ROWS, () => {
      call(largest);
      f.get(p.a);
      if (contiguous) f.get(p.aStride).i32Const(TILE_ROWS).op('i32.mul');
      else f.i32Const(TILE_ROWS * t.bytes);
      f.op('i32.add').set(p.a);
      f.get(p.c).get(p.cRow).i32Const(TILE_ROWS).op('i32.mul').op('i32.add').set(p.c);
    });
    for (const tile of smaller) {
      f.get(p.m).i32Const(tile.rows).op('i32.eq').if();
      call(tile);
      f.end();
    }
  });
}

/** Copies `k` rows of a panel of b, 2 vectors wide, side by side. */
function packPanel(module: ModuleBuilder): number {
  return defineFunction(module, { name: 'gemm_pack' }, i32Params('k', 'b', 'bRow', 'panel'), (f, p) => {
    countdown(f, p.k, 1, () => {
      for (const offset of [0, 16])
        f.get(p.panel).get(p.b).load('v128.load', offset).store('v128.store', offset);
      bump(f, p.b, { local: p.bRow });
      bump(f, p.panel, { bytes: 32 });
    });
  });
}

function outerDriver(
  module: ModuleBuilder,
  t: GemmLane,
  contiguous: boolean,
  merge: number,
  pack: number,
): void {
  const narrow = outerSweep(module, t, 1, contiguous, merge);
  const wide = outerSweep(module, t, 2, contiguous, merge);
  const params = {
    ...i32Params('m', 'n', 'k', 'a', 'aStride', 'b', 'bRow', 'c'),
    alpha: t.lane,
    ...i32Params('accumulate', 'packed', 'scratch'),
  } as const;
  defineFunction(module, { export: contiguous ? 'outerRows' : 'outerColumns' }, params, (f, p) => {
    const v = locals(f, 'i32', 'depth', 'left', 'b', 'c', 'panel', 'panelRow', 'columns');
    f.get(p.k).i32Const(0).op('i32.gt_s').if();
    const nextBlock = f.loop();
    atMost(f, p.k, K_BLOCK);
    f.set(v.depth).get(p.n).set(v.left).get(p.b).set(v.b).get(p.c).set(v.c);
    const nextPanel = f.loop();
    f.get(v.b).set(v.panel).get(p.bRow).set(v.panelRow);
    f.get(p.packed).if();
    f.get(v.depth).get(v.b).get(p.bRow).get(p.scratch).call(pack);
    f.get(p.scratch).set(v.panel).i32Const(32).set(v.panelRow);
    f.end();
    atMost(f, v.left, 2 * t.lanes);
    f.set(v.columns);
    const call = (sweep: number): void => {
      f.get(p.m).get(v.columns).get(v.depth).get(p.a).get(p.aStride).get(v.panel).get(v.panelRow).get(v.c);
      f.get(p.n).i32Const(t.bytes).op('i32.mul').get(p.alpha).get(p.accumulate);
      f.get(p.scratch)
        .i32Const(K_BLOCK * 32)
        .op('i32.add')
        .call(sweep);
    };
    f.get(v.columns).i32Const(t.lanes).op('i32.gt_s').if();
    call(wide);
    f.else();
    call(narrow);
    f.end();
    bump(f, v.b, { bytes: 32 });
    bump(f, v.c, { bytes: 32 });
    f.get(v.left).get(v.columns).op('i32.sub').tee(v.left).brIf(nextPanel);
    f.end();
    f.get(p.a).get(v.depth);
    if (contiguous) f.i32Const(t.bytes);
    else f.get(p.aStride);
    f.op('i32.mul').op('i32.add').set(p.a);
    f.get(p.b).get(v.depth).get(p.bRow).op('i32.mul').op('i32.add').set(p.b);
    f.i32Const(1).set(p.accumulate);
    f.get(p.k).get(v.depth).op('i32.sub').tee(p.k).brIf(nextBlock);
    f.end().end();
  });
}

function dotDriver(module: ModuleBuilder, t: GemmLane): void {
  const tilesOf = (rows: number) => {
    const [one, two] = [dotTile(module, t, rows, 1), dotTile(module, t, rows, 2)];
    return {
      rows,
      byWidth: [
        [2, two],
        [1, one],
      ],
    } as const;
  };
  const smaller = range(TILE_ROWS - 1).map((i) => tilesOf(i + 1));
  const largest = tilesOf(TILE_ROWS);
  const params = {
    ...i32Params('m', 'n', 'k', 'a', 'aRow', 'b', 'bColumn', 'c'),
    alpha: t.lane,
    accumulate: 'i32',
  } as const;
  defineFunction(module, { export: 'dot' }, params, (f, p) => {
    const v = locals(f, 'i32', 'cRow', 'rowsLeft', 'columnsLeft', 'columns', 'a', 'b', 'cRows', 'c');
    f.get(p.n).i32Const(t.bytes).op('i32.mul').set(v.cRow);
    const rowOfTiles = ({ byWidth }: typeof largest): void => {
      f.get(v.columns).set(v.columnsLeft).get(p.b).set(v.b).get(v.cRows).set(v.c);
      for (const [width, tile] of byWidth) {
        countdown(f, v.columnsLeft, width, () => {
          f.get(p.k).get(v.a).get(p.aRow).get(v.b).get(p.bColumn).get(v.c).get(v.cRow);
          f.get(p.alpha).get(p.accumulate).call(tile);
          f.get(v.b).get(p.bColumn).i32Const(width).op('i32.mul').op('i32.add').set(v.b);
          bump(f, v.c, { bytes: width * t.bytes });
        });
      }
    };
    const nextColumns = f.loop();
    atMost(f, p.n, DOT_COLUMNS);
    f.set(v.columns).get(p.m).set(v.rowsLeft).get(p.a).set(v.a).get(p.c).set(v.cRows);
    countdown(f, v.rowsLeft, TILE_ROWS, () => {
      rowOfTiles(largest);
      f.get(v.a).get(p.aRow).i32Const(TILE_ROWS).op('i32.mul').op('i32.add').set(v.a);
      f.get(v.cRows).get(v.cRow).i32Const(TILE_ROWS).op('i32.mul').op('i32.add').set(v.cRows);
    });
    for (const tiles of smaller) {
      f.get(v.rowsLeft).i32Const(tiles.rows).op('i32.eq').if();
      rowOfTiles(tiles);
      f.end();
    }
    f.get(p.b).get(p.bColumn).get(v.columns).op('i32.mul').op('i32.add').set(p.b);
    f.get(p.c).get(v.columns).i32Const(t.bytes).op('i32.mul').op('i32.add').set(p.c);
    f.get(p.n).get(v.columns).op('i32.sub').tee(p.n).brIf(nextColumns);
    f.end();
  });
}

/** The kernels for a lane type, compiled at first use. */
export const gemmKernels = memoized((lane: FloatLane): GemmKernels => {
  const t = LANES[lane];
  const module = new ModuleBuilder();
  const merge = mergeTile(module, t);
  const pack = packPanel(module);
  outerDriver(module, t, true, merge, pack);
  outerDriver(module, t, false, merge, pack);
  dotDriver(module, t);
  const { outerRows, outerColumns, dot } = instantiate<{
    outerRows: OuterKernel;
    outerColumns: OuterKernel;
    dot: TileProduct;
  }>(module.build());
  return { rowsByRows: packing(outerRows), columnsByRows: packing(outerColumns), rowsByColumns: dot };
});

/** A packed panel is read by each tile of rows; only then, and once it overflows the cache, is it worth the copy. */
const packing =
  (outer: OuterKernel): TileProduct =>
  (m, n, k, a, aStride, b, bStride, c, alpha, accumulate) =>
    outer(m, n, k, a, aStride, b, bStride, c, alpha, accumulate, m >= 128 && k >= 128 ? 1 : 0, 0);
