/**
 * Reductions along contiguous rows. What becomes of a row depends on its elements alone, in this order:
 *
 * - The row is cut into blocks of {@link BLOCK} elements from its start, whose results are combined one after another.
 * - A block of fewer than {@link SHORT} elements (the last of a row) is combined one element after another.
 * - Any other by vectors: sums of float32 in groups of 8 vectors, added up two and two in float32 and then in float64;
 *   all else in 8 accumulators. What does not fill a vector comes last, one element after another.
 *
 * Where float32 overflows in a block, or the squares that are added up may underflow, the block is added up in float64.
 */

import { STRETCH } from '../compile/index.ts';
import type { GroupedSum } from '../recording/index.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder, range, zip } from '../wasm/index.ts';
import { hasCenter } from './kinds.ts';
import {
  addWidened,
  combineInPairs,
  combineLanes,
  combineLoosely,
  combineVectors,
  GROUP,
  identity,
  loadMapped,
  loadNarrow,
  loadOne,
  mapNarrow,
  type Spec,
  storeOne,
  untilNoneLeft,
  whereSafe,
  whetherInDoubt,
} from './steps.ts';

/** Elements of a block: rows that are handed over in parts must be parted at multiples of this. */
export const BLOCK = STRETCH;
/** From this many elements on, a row is combined by vectors. */
const SHORT = 32;

/** Vectors in flight: enough to hide the latency of an addition. */
const VECTORS = 8;

/** Writes `rows`, and gives its index. */
export function emitRows(module: ModuleBuilder, s: Spec): number {
  const block = emitBlock(module, s);
  const params = i32Params('outer', 'n', 'x', 'out', 'center', 'accumulate');
  return module.define({ export: 'rows' }, params, (f, p) => {
    const { total, centers, result, x } = f.locals('v128', 'total', 'centers', 'result', 'x');
    const center = s.ofProducts ? p.center : centers;
    const { left, count } = f.locals('i32', 'left', 'count');
    const eachRow = (reduceRow: () => void): FunctionBuilder =>
      f.countdown(p.outer, 1, () => {
        if (hasCenter(s.map)) f.get(p.center).load(loadOne(s)).set(center);
        f.get(p.n).set(left);
        reduceRow();
        storeOne(f, s, p.out, total);
        f.bump(p.out, { bytes: s.bytes });
        if (!s.ofProducts) f.bump(p.center, { bytes: s.bytes });
      });
    /** Sets the total to what it was before, combined with the result of a block. */
    const combine = (push: () => void): void => {
      push();
      f.get(result);
      combineVectors(f, s);
      f.set(total);
    };
    const short = (elements: number): void => {
      identity(f, s).set(result);
      emitOneByOne(f, s, { n: elements, x: p.x, center }, result, x);
    };
    if (s.ordered) {
      f.get(p.n).i32Const(SHORT).op('i32.lt_s').if();
      eachRow(() => {
        short(left);
        f.get(result).set(total).get(p.accumulate).if();
        combine(() => f.get(p.out).load(loadOne(s)));
        f.end();
      });
      f.else();
    }
    eachRow(() => {
      identity(f, s).set(total).get(p.accumulate).if();
      f.get(p.out).load(loadOne(s)).set(total);
      f.end();
      untilNoneLeft(f, left, BLOCK, () => {
        f.atMost(left, BLOCK).set(count);
        if (s.ordered) {
          f.get(count).i32Const(SHORT).op('i32.lt_s').if();
          short(count);
          f.else();
        }
        f.get(count).get(p.x).get(center).call(block).set(result);
        f.get(p.x).get(count).i32Const(s.elementBytes).op('i32.mul').op('i32.add').set(p.x);
        if (s.ordered) f.end();
        combine(() => f.get(total));
      });
    });
    if (s.ordered) f.end();
  });
}

/**
 * Combines `total` with the elements that are left one after another. Each is read with what follows, but only the
 * first lane is used.
 */
function emitOneByOne(f: FunctionBuilder, s: Spec, p: Block, total: number, x: number): void {
  f.countdown(p.n, 1, () => {
    f.get(total);
    loadMapped(f, s, p.x, 0, p.center, x);
    combineVectors(f, s);
    f.set(total);
    f.bump(p.x, { bytes: s.elementBytes });
  });
}

/** Writes the function that reduces a block by vectors: its result stands in the low lane. */
function emitBlock(module: ModuleBuilder, s: Spec): number {
  const params = { n: 'i32', x: 'i32', center: s.ofProducts ? 'i32' : 'v128' } as const;
  return module.define({ name: 'block', result: 'v128' }, params, (f, p) => {
    const total = f.local('v128');
    const x = f.local('v128');
    if (s.grouped) emitGroups(f, s, p, total, x);
    else if (s.loose === null) emitVectors(f, s, p, total, x);
    else emitLoosely(f, s, p, total, x);
    f.get(total);
  });
}

interface Block {
  readonly n: number;
  readonly x: number;
  readonly center: number;
}
/** By vectors of accumulators; leaves pointer and count at the end. */
function emitVectors(f: FunctionBuilder, s: Spec, p: Block, total: number, x: number): void {
  emitWholeVectors(f, s, p, total, x, null);
  emitOneByOne(f, s, p, total, x);
}

/** Extremes by one instruction a vector, and where that may be another number than the right one once more. */
function emitLoosely(f: FunctionBuilder, s: Spec, p: Block, total: number, x: number): void {
  const { pointer, left } = f.locals('i32', 'pointer', 'left');
  const doubt = f.local('v128');
  f.get(p.x).set(pointer).get(p.n).set(left).i32Splat(0).set(doubt);
  emitWholeVectors(f, s, { n: left, x: pointer, center: p.center }, total, x, doubt);
  whetherInDoubt(f, s, doubt, [total]).if();
  emitVectors(f, s, p, total, x);
  f.else();
  emitOneByOne(f, s, { n: left, x: pointer, center: p.center }, total, x);
  f.end();
}

/** What fills vectors; combined loosely where there is a vector for doubts. */
function emitWholeVectors(
  f: FunctionBuilder,
  s: Spec,
  p: Block,
  total: number,
  x: number,
  doubt: number | null,
): void {
  const accs = [total, ...range(VECTORS - 1).map(() => f.local('v128'))];
  const step = s.lanes * s.elementBytes;
  for (const acc of accs) identity(f, s).set(acc);
  for (const count of [VECTORS, 1]) {
    f.countdown(p.n, count * s.lanes, () => {
      for (const [v, acc] of accs.slice(0, count).entries()) {
        f.get(acc);
        loadMapped(f, s, p.x, v * step, p.center, x);
        if (doubt === null) combineVectors(f, s);
        else combineLoosely(f, s, x, doubt);
        f.set(acc);
      }
      f.bump(p.x, { bytes: count * step });
    });
  }
  for (let half = VECTORS / 2; half >= 1; half /= 2) {
    for (const [acc, other] of zip(accs.slice(0, half), accs.slice(half))) {
      f.get(acc).get(other);
      combineVectors(f, s);
      f.set(acc);
    }
  }
  combineLanes(f, s, total);
}

/** Adds up float32 numbers in groups, and where that goes wrong in float64. */
function emitGroups(f: FunctionBuilder, s: Spec, p: Block, total: number, x: number): void {
  const high = f.local('v128');
  const pointer = f.local('i32');
  const left = f.local('i32');
  const centers = s.ofProducts ? [p.center] : hasCenter(s.map) ? splitCenter(f, p.center) : [];
  f.get(p.x).set(pointer).get(p.n).set(left);
  for (const sum of [total, high]) identity(f, s).set(sum);
  for (const vectors of [GROUP, 1]) {
    f.countdown(left, 4 * vectors, () => {
      combineInPairs(f, s, range(vectors), (k) => loadNarrow(f, s, pointer, 16 * k, centers, x), 'f32x4.add');
      addWidened(f, total, high, x);
      f.bump(pointer, { bytes: 16 * vectors });
    });
  }
  f.get(total).get(high).op('f64x2.add').set(total);
  combineLanes(f, s, total);
  emitOneByOne(f, s, { n: left, x: pointer, center: p.center }, total, x);
  if (s.map === 'nonzero') return;
  whereSafe(f, s, 'f64', total);
  f.lane('i32x4.extract_lane', 0).op('i32.eqz').if();
  emitVectors(f, s, p, total, x);
  f.end();
}

/** A centre, the same in both lanes, as two float32 numbers that add up to it. */
function splitCenter(f: FunctionBuilder, center: number): number[] {
  const high = f.local('v128');
  const low = f.local('v128');
  f.get(center).lane('f64x2.extract_lane', 0).op('f32.demote_f64').op('f32x4.splat').set(high);
  f.get(center).get(high).op('f64x2.promote_low_f32x4').op('f64x2.sub');
  f.lane('f64x2.extract_lane', 0).op('f32.demote_f64').op('f32x4.splat').set(low);
  return [high, low];
}

/** Rows of sums of float32, added up with the same bits while their elements come about. */
export function sumInGroups(s: Spec): GroupedSum {
  const [bytes, vectors] = [16, GROUP];
  return {
    group: vectors,
    least: Math.max(SHORT, (vectors * bytes) / s.elementBytes),
    begin(f, sum) {
      for (const local of sum) identity(f, s).set(local);
    },
    add(f, [low, high], copies, push, spare) {
      const pushMapped = (i: number): void => {
        push(i);
        mapNarrow(f, s, spare);
      };
      combineInPairs(f, s, copies, pushMapped, 'f32x4.add');
      addWidened(f, low, high, spare);
    },
    finish(f, [low, high]) {
      f.get(low).get(high).op('f64x2.add').set(low);
      combineLanes(f, s, low);
      whereSafe(f, s, 'f64', low);
      f.lane('i32x4.extract_lane', 0);
    },
  };
}
