/**
 * Reductions down the columns of matrices, several columns side by side. What becomes of a column depends on its
 * elements alone: they are taken in blocks of {@link ROWS}, whose results are combined one after another. Within a
 * block too one element comes after another, but for full blocks of sums of float32 (other than those about a centre):
 * these are taken in groups of 8, which are added up two and two in float32, and the groups in float64; where float32
 * overflows, or the squares that are added up may underflow, a group is added up in float64.
 */

import { type FunctionBuilder, i32Params, type ModuleBuilder, range, zip } from '../wasm/index.ts';
import { hasCenter } from './kinds.ts';
import {
  combineInPairs,
  combineLoosely,
  combineVectors,
  GROUP,
  identity,
  loadMapped,
  loadNarrow,
  type Spec,
  untilNoneLeft,
  whereSafe,
  whetherInDoubt,
} from './steps.ts';

/** Rows of a block: matrices that are handed over in parts must be parted at multiples of this. */
export const ROWS = 32;

/** Accumulators side by side. */
const VECTORS = 8;
/** Groups of four columns that are added up between two looks at whether that went well. */
const SIDE_BY_SIDE = 4;

/** Writes `columns`, and gives its index. */
export function emitColumns(module: ModuleBuilder, s: Spec): number {
  const params = i32Params('outer', 'n', 'inner', 'x', 'out', 'center', 'accumulate');
  return module.define({ export: 'columns' }, params, (f, p) => {
    const w = { ...p, ...workOf(f) };
    f.get(p.inner).i32Const(s.elementBytes).op('i32.mul').set(w.stride);
    f.countdown(p.outer, 1, () => {
      f.get(p.accumulate).set(w.begun);
      f.get(p.n).set(w.left);
      // Differences from a centre of each column's own are not worth the trouble.
      if (s.grouped && !hasCenter(s.map)) f.countdown(w.left, ROWS, () => emitGroups(f, s, w));
      f.get(w.left).i32Const(0).op('i32.gt_s').if();
      emitBlocks(f, s, w);
      f.end();
      f.get(p.x).get(w.left).get(w.stride).op('i32.mul').op('i32.add').set(p.x);
      for (const pointer of [p.out, p.center])
        f.get(pointer).get(p.inner).i32Const(s.bytes).op('i32.mul').op('i32.add').set(pointer);
    });
  });
}

/** The locals, and those parameters that point at what comes next. */
interface Work extends ReturnType<typeof workOf> {
  readonly inner: number;
  readonly x: number;
  readonly out: number;
  readonly center: number;
}

const workOf = (f: FunctionBuilder) => ({
  vectors: range(VECTORS).map(() => f.local('v128')),
  centers: range(VECTORS).map(() => f.local('v128')),
  ...f.locals('v128', 'spare', 'safe', 'doubt'),
  /** Where the rows of a group begin. */
  rows: range(GROUP).map(() => f.local('i32')),
  /** Where the columns in turn begin in these. */
  pointers: range(GROUP).map(() => f.local('i32')),
  ...f.locals('i32', 'stride', 'left', 'columns', 'at', 'to', 'middle', 'pointer', 'begin', 'above', 'row'),
  /** Whether there are totals when a row begins, and whether there are by now. */
  ...f.locals('i32', 'begun', 'goesOn'),
});

/** What is left of the rows, by panels of columns whose accumulators stay in registers. */
function emitBlocks(f: FunctionBuilder, s: Spec, w: Work): void {
  f.get(w.x).set(w.at).get(w.out).set(w.to).get(w.center).set(w.middle).get(w.inner).set(w.columns);
  const panel = (count: number): void => {
    emitPanel(f, s, w, count);
    f.bump(w.at, { bytes: count * s.lanes * s.elementBytes });
    f.bump(w.to, { bytes: count * 16 });
    f.bump(w.middle, { bytes: count * 16 });
  };
  for (const count of [VECTORS, 2]) f.countdown(w.columns, count * s.lanes, () => panel(count));
  untilNoneLeft(f, w.columns, s.lanes, () => panel(1));
}

function emitPanel(f: FunctionBuilder, s: Spec, w: Work, count: number): void {
  const columns = zip(w.vectors.slice(0, count), w.centers);
  if (hasCenter(s.map))
    for (const [v, [, center]] of columns.entries())
      f.get(w.middle)
        .load('v128.load', 16 * v)
        .set(center);
  f.get(w.at).set(w.pointer).get(w.left).set(w.above).get(w.begun).set(w.goesOn);
  const block = (doubt: number | null): void => {
    for (const [acc] of columns) identity(f, s).set(acc);
    f.atMost(w.above, ROWS).set(w.row);
    f.countdown(w.row, 1, () => {
      for (const [v, [acc, center]] of columns.entries()) {
        f.get(acc);
        loadMapped(f, s, w.pointer, v * s.lanes * s.elementBytes, center, w.spare);
        if (doubt === null) combineVectors(f, s);
        else combineLoosely(f, s, w.spare, doubt);
        f.set(acc);
      }
      f.bump(w.pointer, { local: w.stride });
    });
  };
  untilNoneLeft(f, w.above, ROWS, () => {
    if (s.loose === null) block(null);
    else {
      f.get(w.pointer).set(w.begin).i32Splat(0).set(w.doubt);
      block(w.doubt);
      const accs = columns.map(([acc]) => acc);
      whetherInDoubt(f, s, w.doubt, accs).if();
      f.get(w.begin).set(w.pointer);
      block(null);
      f.end();
    }
    for (const [v, [acc]] of columns.entries()) addTo(f, s, w, v, acc);
    f.i32Const(1).set(w.goesOn);
  });
}

/** Stores what has come together in `acc`, combined with the total if there is one. */
function addTo(f: FunctionBuilder, s: Spec, w: Work, v: number, acc: number): void {
  f.get(w.goesOn).if();
  f.get(w.to)
    .load('v128.load', 16 * v)
    .get(acc);
  combineVectors(f, s);
  f.set(acc).end();
  f.get(w.to)
    .get(acc)
    .store('v128.store', 16 * v);
}

/** The next block of float32 rows in groups, four columns at a time; the last may reach past the end of a row. */
function emitGroups(f: FunctionBuilder, s: Spec, w: Work): void {
  f.i32Const(ROWS).set(w.row);
  f.countdown(w.row, GROUP, () => {
    let last = w.x;
    for (const start of w.rows) {
      f.get(last);
      if (last !== w.x) f.get(w.stride).op('i32.add');
      f.set(start);
      last = start;
    }
    f.i32Const(0).set(w.at).get(w.out).set(w.to).get(w.inner).set(w.columns).get(w.begun).set(w.goesOn);
    const one = (): void => {
      emitGroup(f, s, w);
      f.bump(w.at, { bytes: 16 });
      f.bump(w.to, { bytes: 32 });
    };
    f.countdown(w.columns, 4 * SIDE_BY_SIDE, () => emitGroupsBeside(f, s, w, one));
    untilNoneLeft(f, w.columns, 4, one);
    f.get(last).get(w.stride).op('i32.add').set(w.x).i32Const(1).set(w.begun);
  });
}

/** Adds up the groups of several times four columns; where that goes wrong in one of them, one after the other. */
function emitGroupsBeside(f: FunctionBuilder, s: Spec, w: Work, one: () => void): void {
  const sums = w.vectors.slice(0, SIDE_BY_SIDE);
  for (const [row, pointer] of zip(w.rows, w.pointers)) f.get(row).get(w.at).op('i32.add').set(pointer);
  for (const [v, sum] of sums.entries()) {
    combineInPairs(
      f,
      s,
      w.pointers,
      (pointer) => loadNarrow(f, s, pointer, 16 * v, [], w.spare),
      'f32x4.add',
    );
    f.set(sum);
  }
  const isChecked = s.map !== 'nonzero';
  if (isChecked) {
    for (const [v, sum] of sums.entries()) {
      whereSafe(f, s, 'f32', sum);
      if (v > 0) f.op('v128.and');
    }
    f.op('i32x4.all_true').op('i32.eqz').if();
    f.i32Const(SIDE_BY_SIDE).set(w.above);
    f.countdown(w.above, 1, one);
    f.else();
  }
  const widened = (sum: number, half: number): void => {
    f.get(sum);
    if (half > 0) f.get(sum).shuffle64(half, half);
    f.op('f64x2.promote_low_f32x4');
  };
  const addAll = (goesOn: boolean): void => {
    for (const [v, sum] of sums.entries())
      for (const half of [0, 1]) {
        const at = 32 * v + 16 * half;
        f.get(w.to);
        widened(sum, half);
        if (goesOn) {
          f.set(w.spare).get(w.to).load('v128.load', at).get(w.spare);
          combineVectors(f, s);
        }
        f.store('v128.store', at);
      }
  };
  f.get(w.goesOn).if();
  addAll(true);
  f.else();
  addAll(false);
  f.end();
  f.bump(w.at, { bytes: 16 * SIDE_BY_SIDE });
  f.bump(w.to, { bytes: 32 * SIDE_BY_SIDE });
  if (isChecked) f.end();
}

/** Adds up a group of four columns; where that goes wrong, once more in float64. */
function emitGroup(f: FunctionBuilder, s: Spec, w: Work): void {
  const [sum, ...halves] = w.vectors.slice(0, 3) as [number, number, number];
  const inRow = (row: number): void => {
    f.get(row).get(w.at).op('i32.add').set(w.pointer);
  };
  const load = (row: number): void => {
    inRow(row);
    loadNarrow(f, s, w.pointer, 0, [], w.spare);
  };
  combineInPairs(f, s, w.rows, load, 'f32x4.add');
  f.set(sum);
  for (const [v, half] of halves.entries())
    f.get(sum).get(sum).shuffle64(v, v).op('f64x2.promote_low_f32x4').set(half);
  if (s.map !== 'nonzero') {
    whereSafe(f, s, 'f32', sum);
    f.tee(w.safe).op('i32x4.all_true').op('i32.eqz').if();
    for (const [v, half] of halves.entries()) {
      f.get(half);
      combineInPairs(f, s, w.rows, (row) => {
        inRow(row);
        loadMapped(f, s, w.pointer, 8 * v, w.spare, w.spare);
      });
      f.get(w.safe)
        .get(w.safe)
        .shuffle32(2 * v, 2 * v, 2 * v + 1, 2 * v + 1);
      f.op('v128.bitselect').set(half);
    }
    f.end();
  }
  for (const [v, half] of halves.entries()) addTo(f, s, w, v, half);
}
