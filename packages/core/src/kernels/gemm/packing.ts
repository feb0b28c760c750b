/** Copies of blocks of a and b that lie as the tiles read them. */

import {
  type FunctionBuilder,
  i32Params,
  type Label,
  type ModuleBuilder,
  range,
  zip,
} from '../wasm/index.ts';
import type { GemmLane } from './tiles.ts';

/** Copies vectors that lie side by side: all are loaded before the first is stored, so that V8 joins them. */
export function copyVectors(f: FunctionBuilder, count: number, from: number, to: number, toOffset = 0): void {
  f.passingVectors(() => {
    const vectors = range(count).map((i) => {
      const vector = f.local('v128');
      f.get(from)
        .load('v128.load', 16 * i)
        .set(vector);
      return vector;
    });
    f.storeVectors(to, vectors, toOffset);
  });
}

/**
 * Copies b by panels of some vectors: those columns' rows side by side, one panel after the other. The last panel is
 * copied whole, whatever lies behind b's columns.
 */
export function packPanels(module: ModuleBuilder, t: GemmLane, vectors: number): number {
  const params = i32Params('columns', 'k', 'b', 'bRow', 'panel');
  return module.define({ name: `gemm_pack_panels_${t.lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'left', 'row');
    const panel = f.loop();
    f.get(p.k).set(v.left).get(p.b).set(v.row);
    for (const rows of [4, 1])
      f.countdown(v.left, rows, () => {
        for (const row of range(rows)) {
          copyVectors(f, vectors, v.row, p.panel, 16 * vectors * row);
          f.bump(v.row, { local: p.bRow });
        }
        f.bump(p.panel, { bytes: 16 * vectors * rows });
      });
    f.bump(p.b, { bytes: 16 * vectors });
    next(f, p.columns, vectors * t.lanes, panel);
  });
}

/** The same of a b with contiguous columns. What is missing in the last panel is not written. */
export function packPanelsTransposed(module: ModuleBuilder, t: GemmLane, vectors: number): number {
  const width = vectors * t.lanes;
  const transpose = transposeLines(module, t, 16 * vectors);
  const params = i32Params('columns', 'k', 'b', 'bColumn', 'panel');
  return module.define({ name: `gemm_pack_panels_transposed_${t.lane}` }, params, (f, p) => {
    const panel = f.loop();
    f.atMost(p.columns, width).get(p.k).get(p.b).get(p.bColumn).get(p.panel).call(transpose);
    f.get(p.b).get(p.bColumn).i32Const(width).op('i32.mul').op('i32.add').set(p.b);
    f.get(p.panel)
      .get(p.k)
      .i32Const(16 * vectors)
      .op('i32.mul')
      .op('i32.add')
      .set(p.panel);
    next(f, p.columns, width, panel);
  });
}

/** Copies lines, `stride` apart, of `length` elements each, so that they lie `toStride` bytes apart. */
export function copyLines(module: ModuleBuilder, t: GemmLane, toStride: number): number {
  const params = i32Params('lines', 'length', 'from', 'stride', 'to');
  return module.define({ name: `gemm_copy_lines_${t.lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'left', 'from', 'to');
    const element = f.local(t.lane);
    f.countdown(p.lines, 1, () => {
      f.get(p.length).set(v.left).get(p.from).set(v.from).get(p.to).set(v.to);
      for (const vectors of [4, 1])
        f.countdown(v.left, vectors * t.lanes, () => {
          copyVectors(f, vectors, v.from, v.to);
          for (const pointer of [v.from, v.to]) f.bump(pointer, { bytes: 16 * vectors });
        });
      f.countdown(v.left, 1, () => {
        f.get(v.from).load(`${t.lane}.load`).set(element).get(v.to).get(element).store(`${t.lane}.store`);
        for (const pointer of [v.from, v.to]) f.bump(pointer, { bytes: t.bytes });
      });
      f.bump(p.from, { local: p.stride });
      f.bump(p.to, { bytes: toStride });
    });
  });
}

/**
 * Copies lines, `stride` apart, of `length` elements each, to the columns of a matrix whose rows are `toRow` bytes
 * apart.
 */
export function transposeLines(module: ModuleBuilder, t: GemmLane, toRow: number): number {
  const params = i32Params('lines', 'length', 'from', 'stride', 'to');
  return module.define({ name: `gemm_transpose_${t.lane}_${toRow}` }, params, (f, p) => {
    const v = f.locals('i32', 'left', 'row');
    const pointers = range(t.lanes).map(() => f.local('i32'));
    const vectors = range(t.lanes).map(() => f.local('v128'));
    const [first = 0] = vectors;
    const [bits, loadLane, storeLane] =
      t.lanes === 4
        ? (['v128.load32_zero', 'v128.load32_lane', 'v128.store32_lane'] as const)
        : (['v128.load64_zero', 'v128.load64_lane', 'v128.store64_lane'] as const);
    for (const count of [t.lanes, 1]) {
      const lines = pointers.slice(0, count);
      f.countdown(p.lines, count, () => {
        for (const line of lines) {
          f.get(p.from).set(line);
          f.bump(p.from, { local: p.stride });
        }
        f.get(p.to).set(v.row).get(p.length).set(v.left);
        // A square at a time, then an element of each line.
        if (count > 1)
          f.countdown(v.left, t.lanes, () => {
            for (const [line, vector] of zip(lines, vectors)) f.get(line).load('v128.load').set(vector);
            transposeSquare(f, vectors);
            for (const [j, vector] of vectors.entries())
              f.get(v.row)
                .get(vector)
                .store('v128.store', toRow * j);
            for (const line of lines) f.bump(line, { bytes: 16 });
            f.bump(v.row, { bytes: toRow * t.lanes });
          });
        f.countdown(v.left, 1, () => {
          for (const [j, line] of lines.entries()) {
            if (j === 0) f.get(line).load(bits).set(first);
            else f.get(line).get(first).accessLane(loadLane, j).set(first);
          }
          f.get(v.row).get(first);
          if (count > 1) f.store('v128.store');
          else f.accessLane(storeLane, 0);
          for (const line of lines) f.bump(line, { bytes: t.bytes });
          f.bump(v.row, { bytes: toRow });
        });
        f.bump(p.to, { bytes: count * t.bytes });
      });
    }
  });
}

/** Transposes a square of elements that lies in vectors. */
function transposeSquare(f: FunctionBuilder, rows: readonly number[]): void {
  const [a = 0, b = 0, c, d] = rows;
  if (c === undefined || d === undefined) {
    f.get(a).get(b).shuffle64(0, 2).get(a).get(b).shuffle64(1, 3).set(b).set(a);
    return;
  }
  f.get(a).get(b).shuffle32(0, 4, 1, 5).get(a).get(b).shuffle32(2, 6, 3, 7).set(b).set(a);
  f.get(c).get(d).shuffle32(0, 4, 1, 5).get(c).get(d).shuffle32(2, 6, 3, 7).set(d).set(c);
  f.get(a).get(c).shuffle64(0, 2).get(a).get(c).shuffle64(1, 3);
  f.get(b).get(d).shuffle64(0, 2).get(b).get(d).shuffle64(1, 3).set(d).set(c).set(b).set(a);
}

/** Goes on at `panel` until all columns are done, `width` of them each. */
function next(f: FunctionBuilder, columns: number, width: number, panel: Label): void {
  f.get(columns).i32Const(width).op('i32.sub').tee(columns).i32Const(0).op('i32.gt_s').brIf(panel);
  f.end();
}
