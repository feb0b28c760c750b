/** The loops of `outer` over blocks of k, groups and panels of b, and rows of a. */

import { is, over, plus, times } from '../wasm/formulas.ts';
import {
  type FunctionBuilder,
  i32Params,
  type ModuleBuilder,
  type ParametersOf,
  range,
} from '../wasm/index.ts';
import { copyLines, packPanels, packPanelsTransposed } from './packing.ts';
import {
  addedTo,
  advanceAdded,
  type GemmLane,
  MOST_TILE_ROWS,
  outerTile,
  productParams,
  type TileSize,
} from './tiles.ts';

/** Steps of k between two visits of a tile: a panel of b is then 8 or 16 KB, and stays in the first-level cache. */
const K_BLOCK = 256;
/** Bytes of a group of packed panels: it and a block of rows fit the second-level cache. */
const GROUP_BYTES = 3 << 16;
/** Bytes of a column of a in a block of rows; the last block may be longer, so that none is short. */
const ROW_BLOCK_BYTES = 480;
const LAST_BLOCK_BYTES = 720;
/**
 * Bytes from one of a's columns to the next in scratch: a power of 2 would bring all of them into few sets of a cache.
 */
const COLUMN_PITCH: number = LAST_BLOCK_BYTES + 16;
const ROWS_BYTES = K_BLOCK * COLUMN_PITCH;
/** Columns of b up to which its rows are not packed: they lie close together as they are. */
const LEAST_PACKED_WIDTH = 128;
/**
 * Rows of a times its columns from which on half as many are: where a's columns pass by, they drive b's rows out of the
 * first-level cache.
 */
const MANY_STEPS = 1 << 15;
/** Panels that a single row passes by at once: with less, each multiply-add would wait for the one before. */
const ROW_PANELS = 4;
/** Bytes of scratch: a group of panels, a block of rows, then the tile that partial stores go through. */
export const OUTER_SCRATCH_BYTES: number = GROUP_BYTES + ROWS_BYTES + MOST_TILE_ROWS * 64;

/** Copies the first `columns` columns of a temporary tile to c, or adds them. */
function mergeTile(module: ModuleBuilder, t: GemmLane): number {
  const params = i32Params('rows', 'columns', 'tile', 'tileRow', 'c', 'cRow', 'accumulate');
  return module.define({ name: `gemm_merge_${t.lane}` }, params, (f, p) => {
    const j = f.local('i32');
    const value = f.local(t.lane);
    const added = addedTo(f, p);
    f.countdown(p.rows, 1, () => {
      f.i32Const(0).set(j);
      const next = f.loop();
      f.get(p.tile).get(j).op('i32.add').load(`${t.lane}.load`).set(value);
      f.get(p.accumulate).if();
      f.get(value).get(added.at).get(j).op('i32.add').load(`${t.lane}.load`).op(`${t.lane}.add`).set(value);
      f.end();
      f.get(p.c).get(j).op('i32.add').get(value).store(`${t.lane}.store`);
      f.bump(j, { bytes: t.bytes });
      f.get(j).get(p.columns).i32Const(t.bytes).op('i32.mul').op('i32.lt_s').brIf(next);
      f.end();
      f.bump(p.c, { local: p.cRow });
      f.bump(added.at, { local: added.row });
      f.bump(p.tile, { local: p.tileRow });
    });
  });
}

const sweepParams = (t: GemmLane) => ({
  ...i32Params('m', 'columns', 'k', 'a', 'aStride', 'b', 'bRow', 'c', 'cRow'),
  alpha: t.lane,
  ...i32Params('accumulate', 'tile'),
});

/** Calls a tile, whose results go by a temporary one where `columns` are fewer than it has. */
function callTile(
  f: FunctionBuilder,
  p: ParametersOf<ReturnType<typeof sweepParams>>,
  t: GemmLane,
  { rows, tile }: { readonly rows: number; readonly tile: number },
  vectors: number,
  merge: number,
): void {
  const operands = (): FunctionBuilder => f.get(p.k).get(p.a).get(p.aStride).get(p.b).get(p.bRow).i32Const(0);
  const row = 16 * vectors;
  f.get(p.columns)
    .i32Const(vectors * t.lanes)
    .op('i32.eq')
    .if();
  operands().get(p.c).get(p.cRow).get(p.alpha).get(p.accumulate).call(tile);
  f.else();
  operands().get(p.tile).i32Const(row).get(p.alpha).i32Const(0).call(tile);
  f.i32Const(rows).get(p.columns).get(p.tile).i32Const(row);
  f.get(p.c).get(p.cRow).get(p.accumulate).call(merge);
  f.end();
}

/** Takes rows of a past one panel of b, `vectors` wide, of which `columns` columns are stored. */
function sweep(
  module: ModuleBuilder,
  t: GemmLane,
  mostRows: number,
  vectors: number,
  byColumns: boolean,
  merge: number,
): number {
  const tiles = range(mostRows).map((i) => {
    const rows = mostRows - i;
    return { rows, tile: outerTile(module, t, rows, vectors, byColumns) };
  });
  const params = sweepParams(t);
  const name = `gemm_sweep_${t.lane}_${vectors}${byColumns ? '_columns' : ''}`;
  return module.define({ name }, params, (f, p) => {
    const rows = f.local('i32');
    f.get(p.m).i32Const(0).op('i32.gt_s').if();
    const again = f.loop();
    // The last two tiles share what is left: one of few rows would take as long as one of more, waiting for its sums.
    const half = over(plus(p.m, is(1)), is(2));
    f.i32Const(mostRows).push(half).get(p.m);
    f.push(['i32.gt_s', p.m, is(mostRows)]).op('select');
    f.push(['i32.ge_s', p.m, is(2 * mostRows)])
      .op('select')
      .set(rows);
    for (const tile of tiles) {
      f.get(rows).i32Const(tile.rows).op('i32.eq').if();
      callTile(f, p, t, tile, vectors, merge);
      f.end();
    }
    f.put(p.a, plus(p.a, times(rows, byColumns ? is(t.bytes) : p.aStride)));
    f.put(p.c, plus(p.c, times(rows, p.cRow)));
    f.get(p.m).get(rows).op('i32.sub').tee(p.m).brIf(again);
    f.end().end();
  });
}

/** Adds what takes rows of a, which lie by rows or `byColumns`, past packed panels of b: {@link panels}. */
export function panelProduct(module: ModuleBuilder, t: GemmLane, size: TileSize, byColumns = false): number {
  const merge = mergeTile(module, t);
  const sweeps = [4, 2, 1]
    .filter((vectors) => vectors <= size.vectors)
    .map((vectors) => ({
      columns: vectors * t.lanes,
      index: sweep(module, t, size.rows, vectors, byColumns, merge),
    }));
  return panels(module, t, sweeps, outerTile(module, t, 1, size.vectors, byColumns, ROW_PANELS));
}

/**
 * Adds the products of both layouts of a with both of b, exported as `rowsByColumns` and so on; gives their functions.
 */
export function outerProducts(
  module: ModuleBuilder,
  t: GemmLane,
  size: TileSize,
): readonly (readonly [ProductName, number])[] {
  const copy = copyLines(module, t, COLUMN_PITCH);
  const packs = {
    Rows: packPanels(module, t, size.vectors),
    Columns: packPanelsTransposed(module, t, size.vectors),
  };
  const panels = { rows: panelProduct(module, t, size), columns: panelProduct(module, t, size, true) };
  return (['rows', 'columns'] as const).flatMap((a) =>
    (['Rows', 'Columns'] as const).map((b) => {
      const name: ProductName = `${a}By${b}`;
      return [name, product(module, t, name, size, { copy, pack: packs[b], panels })] as const;
    }),
  );
}

/** Takes rows of a past all panels of a group, `panelStep` bytes apart. */
function panels(
  module: ModuleBuilder,
  t: GemmLane,
  sweeps: readonly { columns: number; index: number }[],
  singleRow: number,
): number {
  const params = {
    ...i32Params('m', 'columns', 'k', 'a', 'aStride', 'panel', 'bRow', 'panelStep', 'c', 'cRow'),
    alpha: t.lane,
    ...i32Params('accumulate', 'tile'),
  } as const;
  const widest = sweeps[0]?.columns ?? 0;
  return module.define({ name: `gemm_panels_${t.lane}` }, params, (f, p) => {
    const width = f.local('i32');
    const done = f.block();
    f.get(p.m).i32Const(1).op('i32.eq').if();
    f.countdown(p.columns, ROW_PANELS * widest, () => {
      f.get(p.k).get(p.a).get(p.aStride).get(p.panel).get(p.bRow).get(p.panelStep);
      f.get(p.c).get(p.cRow).get(p.alpha).get(p.accumulate).call(singleRow);
      f.get(p.panel).get(p.panelStep).i32Const(ROW_PANELS).op('i32.mul').op('i32.add').set(p.panel);
      f.bump(p.c, { bytes: ROW_PANELS * widest * t.bytes });
      advanceAdded(f, p.accumulate, is(ROW_PANELS * widest * t.bytes));
    });
    f.end();
    f.get(p.columns).op('i32.eqz').brIf(done);
    const nextPanel = f.loop();
    f.atMost(p.columns, widest).set(width);
    const call = (index: number): void => {
      f.get(p.m).get(width).get(p.k).get(p.a).get(p.aStride).get(p.panel).get(p.bRow);
      f.get(p.c).get(p.cRow).get(p.alpha).get(p.accumulate).get(p.tile).call(index);
    };
    // The narrowest sweep that is as wide as the panel.
    for (const [i, { index }] of sweeps.entries()) {
      const narrower = sweeps[i + 1];
      if (narrower !== undefined) f.get(width).i32Const(narrower.columns).op('i32.gt_s').if();
      call(index);
      if (narrower !== undefined) f.else();
    }
    for (const _ of sweeps.slice(1)) f.end();
    f.bump(p.panel, { local: p.panelStep });
    f.bump(p.c, { bytes: widest * t.bytes });
    advanceAdded(f, p.accumulate, is(widest * t.bytes));
    f.get(p.columns).get(width).op('i32.sub').tee(p.columns).brIf(nextPanel);
    f.end().end();
  });
}

/** The functions that a product calls. */
interface ProductParts {
  readonly copy: number;
  readonly pack: number;
  readonly panels: Readonly<Record<'rows' | 'columns', number>>;
}

/** What a product is written with: how its operands lie, and locals of a block of k and of a block of rows. */
function emitting(
  f: FunctionBuilder,
  p: ParametersOf<ReturnType<typeof productParams>>,
  t: GemmLane,
  name: ProductName,
  size: TileSize,
  parts: ProductParts,
) {
  const [aByRows, bByRows] = [name.startsWith('rows'), name.endsWith('Rows')];
  return {
    ...{ f, p, t, size, parts, aByRows, bByRows },
    v: f.locals('i32', 'depth', 'left', 'columns', 'b', 'c', 'panels', 'bRow', 'step', 'added'),
    r: f.locals('i32', 'left', 'count', 'a', 'c', 'from', 'aStride', 'scratch'),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** from += count lines, or elements. */
function advance({ f, t }: Emitting, from: number, count: number, lines: boolean, stride: number): void {
  f.get(from).get(count);
  if (lines) f.get(stride);
  else f.i32Const(t.bytes);
  f.op('i32.mul').op('i32.add').set(from);
}

/** Packs a group of panels of b, or has them where they lie, if that is not worth it. */
function bringPanels(e: Emitting): void {
  const { f, p, v, size, parts, bByRows } = e;
  const packed = (): void => {
    f.get(v.columns).get(v.depth).get(v.b).get(p.bStride).get(p.scratch).call(parts.pack);
    f.get(p.scratch)
      .set(v.panels)
      .i32Const(16 * size.vectors)
      .tee(v.bRow)
      .get(v.depth)
      .op('i32.mul')
      .set(v.step);
  };
  if (!bByRows) {
    packed();
    return;
  }
  f.get(p.m).i32Const(size.packedFrom).op('i32.ge_s');
  f.push(['i32.ge_s', p.n, is(LEAST_PACKED_WIDTH)]);
  if (!e.aByRows) {
    f.push(['i32.ge_s', p.n, is(LEAST_PACKED_WIDTH / 2)]);
    f.push(['i32.ge_s', times(p.m, v.depth), is(MANY_STEPS)])
      .op('i32.and')
      .op('i32.or');
  }
  f.op('i32.and').if();
  packed();
  f.else();
  f.get(v.b)
    .set(v.panels)
    .get(p.bStride)
    .set(v.bRow)
    .i32Const(16 * size.vectors)
    .set(v.step);
  f.end();
}

/** Takes a block of rows past the panels, by columns from copies of these where they lie far apart. */
function multiplyRows({ f, p, t, v, r, size, parts, aByRows }: Emitting): void {
  const multiply = (panels: number): void => {
    f.get(r.count).get(v.columns).get(v.depth).get(r.from).get(r.aStride);
    f.get(v.panels).get(v.bRow).get(v.step);
    f.get(r.c).get(p.n).i32Const(t.bytes).op('i32.mul').get(p.alpha).get(v.added);
    f.get(r.scratch).i32Const(ROWS_BYTES).op('i32.add').call(panels);
  };
  f.get(r.a).set(r.from).get(p.aStride).set(r.aStride);
  if (aByRows) {
    multiply(parts.panels.rows);
    return;
  }
  f.get(p.aStride).i32Const(size.closeColumns).op('i32.gt_s').if();
  f.get(v.depth).get(r.count).get(r.a).get(p.aStride);
  f.get(r.scratch).tee(r.from).call(parts.copy);
  f.i32Const(COLUMN_PITCH).set(r.aStride).end();
  multiply(parts.panels.columns);
}

/** Takes all rows of a, block by block, past a group of panels. */
function emitRowBlocks(e: Emitting): void {
  const { f, p, t, v, r } = e;
  f.get(p.m).set(r.left).get(p.a).set(r.a).get(v.c).set(r.c);
  const nextRows = f.loop();
  f.get(r.left)
    .i32Const(ROW_BLOCK_BYTES / t.bytes)
    .get(r.left)
    .i32Const(LAST_BLOCK_BYTES / t.bytes);
  f.op('i32.le_s').op('select').set(r.count);
  multiplyRows(e);
  advance(e, r.a, r.count, e.aByRows, p.aStride);
  f.get(r.c).get(r.count).get(p.n).op('i32.mul').i32Const(t.bytes).op('i32.mul').op('i32.add').set(r.c);
  f.get(r.left).get(r.count).op('i32.sub').tee(r.left).brIf(nextRows);
  f.end();
}

export type ProductName = `${'rows' | 'columns'}By${'Rows' | 'Columns'}`;

/** A product: b by groups of panels, packed where that is worth it, and each group with a by blocks of rows. */
function product(
  module: ModuleBuilder,
  t: GemmLane,
  name: ProductName,
  size: TileSize,
  parts: ProductParts,
): number {
  return module.define({ export: name }, productParams(t), (f, p) => {
    const e = emitting(f, p, t, name, size, parts);
    const { v, r } = e;
    f.get(p.scratch).i32Const(GROUP_BYTES).op('i32.add').set(r.scratch);
    f.get(p.k).i32Const(0).op('i32.gt_s').if();
    const nextBlock = f.loop();
    f.atMost(p.k, K_BLOCK).set(v.depth).get(p.n).set(v.left).get(p.b).set(v.b).get(p.c).set(v.c);
    f.get(p.accumulate).set(v.added);
    const nextGroup = f.loop();
    f.atMost(v.left, GROUP_BYTES / (K_BLOCK * t.bytes)).set(v.columns);
    bringPanels(e);
    emitRowBlocks(e);
    advance(e, v.b, v.columns, !e.bByRows, p.bStride);
    f.get(v.c).get(v.columns).i32Const(t.bytes).op('i32.mul').op('i32.add').set(v.c);
    advanceAdded(f, v.added, times(v.columns, is(t.bytes)));
    f.get(v.left).get(v.columns).op('i32.sub').tee(v.left).brIf(nextGroup);
    f.end();
    advance(e, p.a, v.depth, !e.aByRows, p.aStride);
    advance(e, p.b, v.depth, e.bByRows, p.bStride);
    f.i32Const(1).set(p.accumulate);
    f.get(p.k).get(v.depth).op('i32.sub').tee(p.k).brIf(nextBlock);
    f.end().end();
  });
}

/** A product past packed panels, and the functions that pack them, of rows and of columns. */
export const panelFunctions = (module: ModuleBuilder, t: GemmLane, size: TileSize) => ({
  product: panelProduct(module, t, size),
  pack: packPanels(module, t, size.vectors),
  packTransposed: packPanelsTransposed(module, t, size.vectors),
});
