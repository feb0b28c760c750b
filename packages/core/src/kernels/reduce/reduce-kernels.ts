/**
 * The WebAssembly kernels of reductions, on operands in the scratch memory: along contiguous rows, or down columns
 * (vectorised across them).
 */

import type { Lane } from '../../dtype.ts';
import {
  bump,
  countdown,
  defineFunction,
  type FunctionBuilder,
  i32Params,
  instantiate,
  type LoadOp,
  locals,
  ModuleBuilder,
  memoized,
  range,
  zip,
} from '../wasm/index.ts';
import {
  type Accumulator,
  accumulatorOf,
  type Combine,
  formOf,
  identityOf,
  type Mapping,
  type ReduceKind,
} from './kinds.ts';

/** Addresses in bytes, counts in elements. `accumulate` (0 or 1) goes on from the partial results in `out`. */
export interface ReduceKernels {
  /** Reduces each of `outer` rows of `n` elements. Results have the accumulator's type, as has `center`, one a row. */
  rows(outer: number, n: number, x: number, out: number, center: number, accumulate: number): void;
  /**
   * Reduces each of `outer` matrices of n rows and `inner` columns along the columns; `center` is laid out as `out`.
   * Reads and writes up to 16 bytes past the ends; accumulates only for outer = 1.
   */
  columns(
    outer: number,
    n: number,
    inner: number,
    x: number,
    out: number,
    center: number,
    accumulate: number,
  ): void;
  /** Divides `count` results by a number, takes the root if asked (1), and narrows to the lane; floats carried in f64 only. */
  finish(count: number, out: number, divisor: number, root: number): void;
}

/** How a kernel computes: `lane` is that of the elements, `type` that of the accumulators. */
interface Spec {
  readonly type: Accumulator;
  readonly vector: 'f32x4' | 'f64x2' | 'i32x4' | 'i64x2';
  readonly lanes: 2 | 4;
  readonly bytes: 4 | 8;
  readonly elementBytes: 4 | 8;
  /** What makes accumulators of the two elements at the bottom of a vector, where these are narrower. */
  readonly widen: 'f64x2.promote_low_f32x4' | 'f64x2.convert_low_i32x4_s' | 'i64x2.extend_low_i32x4_s' | null;
  readonly combine: Combine;
  readonly map: Mapping;
  readonly identity: number;
}

const vectors = { f32: 'f32x4', f64: 'f64x2', i32: 'i32x4', i64: 'i64x2' } as const;

function specOf(lane: Lane, kind: ReduceKind): Spec {
  const type = accumulatorOf(lane, kind);
  const twice = type === 'f64' || type === 'i64';
  const ofIntegers = type === 'i64' ? 'i64x2.extend_low_i32x4_s' : 'f64x2.convert_low_i32x4_s';
  const ofFloats = lane === 'f32' ? 'f64x2.promote_low_f32x4' : null;
  return {
    type,
    vector: vectors[type],
    lanes: twice ? 2 : 4,
    bytes: twice ? 8 : 4,
    elementBytes: lane === 'f64' ? 8 : 4,
    widen: twice ? (lane === 'i32' ? ofIntegers : ofFloats) : null,
    ...formOf(kind),
    identity: identityOf(lane, kind),
  };
}

/** Pushes a whole number as an accumulator in every lane. */
function splat(f: FunctionBuilder, s: Spec, value: number): FunctionBuilder {
  return s.type === 'i64' ? f.i64Splat(BigInt(value)) : f.splat(s.type, value);
}

/** Vectors in flight: enough to hide the latency of an addition. */
const VECTORS = 8;

/** Pushes the accumulator vector read from consecutive elements at `pointer + offset`, mapped. */
function loadMapped(
  f: FunctionBuilder,
  s: Spec,
  pointer: number,
  offset: number,
  center: number,
  x: number,
): void {
  f.get(pointer).load(s.widen === null ? 'v128.load' : 'v128.load64_zero', offset);
  if (s.widen !== null) f.op(s.widen);
  switch (s.map) {
    case 'same':
      return;
    case 'abs':
      f.op(`${s.vector}.abs`);
      return;
    case 'square':
      f.tee(x).get(x).op(`${s.vector}.mul`);
      return;
    case 'centered':
      f.get(center).op(`${s.vector}.sub`).tee(x).get(x).op(`${s.vector}.mul`);
      return;
    case 'nonzero':
      splat(f, s, 0).op(`${s.vector}.ne`);
      splat(f, s, 1).op('v128.and');
      return;
    case 'nanToZero':
      // An integer equals itself: the mask is all ones.
      f.tee(x).get(x).get(x).op(`${s.vector}.eq`).op('v128.and');
  }
}

/** Pops two vectors, pushes them combined. */
function combineVectors(f: FunctionBuilder, s: Spec): void {
  if (s.vector === 'i32x4' && (s.combine === 'max' || s.combine === 'min')) f.op(`i32x4.${s.combine}_s`);
  else f.op(`${s.vector}.${s.combine}` as 'f32x4.add');
  // A product of integers that is far beyond int32 stays there, but must not become infinite: 0 times it is 0.
  if (s.widen === 'f64x2.convert_low_i32x4_s')
    f.splat('f64', BEYOND).op('f64x2.pmin').splat('f64', -BEYOND).op('f64x2.pmax');
}

/** A number that is no int32, and whose square is finite. */
const BEYOND = 2 ** 60;

/** Loads one accumulator into all lanes. */
const loadOne = (s: Spec): LoadOp => (s.bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat');

/** Combines all lanes of `vector`, leaving the result in each lane. */
function combineLanes(f: FunctionBuilder, s: Spec, vector: number): void {
  f.get(vector).get(vector).get(vector).shuffle64(1, 0);
  combineVectors(f, s);
  f.set(vector);
  if (s.lanes === 2) return;
  f.get(vector).get(vector).get(vector).shuffle32(1, 0, 3, 2);
  combineVectors(f, s);
  f.set(vector);
}

/** Stores the low lane. */
function storeOne(f: FunctionBuilder, s: Spec, out: number, vector: number): void {
  f.get(out)
    .get(vector)
    .accessLane(s.bytes === 8 ? 'v128.store64_lane' : 'v128.store32_lane', 0);
}

function emitRows(module: ModuleBuilder, s: Spec): void {
  const params = i32Params('outer', 'n', 'x', 'out', 'center', 'accumulate');
  defineFunction(module, { export: 'rows' }, params, (f, p) => {
    const total = f.local('v128');
    const accs = [total, ...range(VECTORS - 1).map(() => f.local('v128'))];
    const x = f.local('v128');
    const center = f.local('v128');
    const left = f.local('i32');
    const step = s.lanes * s.elementBytes;
    countdown(f, p.outer, 1, () => {
      for (const acc of accs) splat(f, s, s.identity).set(acc);
      if (s.map === 'centered') f.get(p.center).load(loadOne(s)).set(center);
      f.get(p.n).set(left);
      for (const count of [VECTORS, 1]) {
        countdown(f, left, count * s.lanes, () => {
          for (const [v, acc] of accs.slice(0, count).entries()) {
            f.get(acc);
            loadMapped(f, s, p.x, v * step, center, x);
            combineVectors(f, s);
            f.set(acc);
          }
          bump(f, p.x, { bytes: count * step });
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
      // What is left over is read a vector at a time as well, but only the first lane is used.
      countdown(f, left, 1, () => {
        f.get(total);
        loadMapped(f, s, p.x, 0, center, x);
        combineVectors(f, s);
        f.set(total);
        bump(f, p.x, { bytes: s.elementBytes });
      });
      f.get(p.accumulate).if();
      f.get(total).get(p.out).load(loadOne(s));
      combineVectors(f, s);
      f.set(total);
      f.end();
      storeOne(f, s, p.out, total);
      bump(f, p.out, { bytes: s.bytes });
      bump(f, p.center, { bytes: s.bytes });
    });
  });
}

function emitColumns(module: ModuleBuilder, s: Spec): void {
  const params = i32Params('outer', 'n', 'inner', 'x', 'out', 'center', 'accumulate');
  defineFunction(module, { export: 'columns' }, params, (f, p) => {
    const accs = range(VECTORS).map(() => f.local('v128'));
    const centers = range(VECTORS).map(() => f.local('v128'));
    const x = f.local('v128');
    const { left, row, pointer, stride, excess } = locals(
      f,
      'i32',
      'left',
      'row',
      'pointer',
      'stride',
      'excess',
    );
    const step = s.lanes * s.elementBytes;
    f.get(p.inner).i32Const(s.elementBytes).op('i32.mul').set(stride);
    // One column panel of `count` vectors: all rows, with the accumulators in registers.
    const panel = (count: number): void => {
      const vectors = zip(accs.slice(0, count), centers);
      for (const [v, [acc, center]] of vectors.entries()) {
        splat(f, s, s.identity).set(acc);
        if (s.map === 'centered')
          f.get(p.center)
            .load('v128.load', 16 * v)
            .set(center);
      }
      f.get(p.x).set(pointer).get(p.n).set(row);
      countdown(f, row, 1, () => {
        for (const [v, [acc, center]] of vectors.entries()) {
          f.get(acc);
          loadMapped(f, s, pointer, v * step, center, x);
          combineVectors(f, s);
          f.set(acc);
        }
        bump(f, pointer, { local: stride });
      });
      f.get(p.accumulate).if();
      for (const [v, [acc]] of vectors.entries()) {
        f.get(acc)
          .get(p.out)
          .load('v128.load', 16 * v);
        combineVectors(f, s);
        f.set(acc);
      }
      f.end();
      for (const [v, [acc]] of vectors.entries())
        f.get(p.out)
          .get(acc)
          .store('v128.store', 16 * v);
      bump(f, p.x, { bytes: count * step });
      bump(f, p.out, { bytes: count * 16 });
      bump(f, p.center, { bytes: count * 16 });
    };
    countdown(f, p.outer, 1, () => {
      f.get(p.inner).set(left);
      countdown(f, left, VECTORS * s.lanes, () => panel(VECTORS));
      countdown(f, left, 2 * s.lanes, () => panel(2));
      // The last vector may reach past the row: the next row's results, written later, repair what it spoils.
      f.i32Const(0).set(excess);
      countdown(f, left, 1, () => {
        panel(1);
        f.get(left)
          .i32Const(s.lanes - 1)
          .op('i32.sub')
          .tee(left)
          .i32Const(1)
          .op('i32.lt_s')
          .if();
        f.i32Const(1).get(left).op('i32.sub').set(excess);
        f.end();
      });
      for (const pointer of [p.out, p.center]) {
        f.get(pointer).get(excess).i32Const(s.bytes).op('i32.mul').op('i32.sub').set(pointer);
      }
      f.get(p.x).get(excess).i32Const(s.elementBytes).op('i32.mul').op('i32.sub').set(p.x);
      // From the end of the first row to the start of the next matrix.
      f.get(p.x).get(p.n).i32Const(1).op('i32.sub').get(stride).op('i32.mul').op('i32.add').set(p.x);
    });
  });
}

function emitFinish(module: ModuleBuilder, wide: boolean): void {
  const params = { count: 'i32', out: 'i32', divisor: 'f64', root: 'i32' } as const;
  defineFunction(module, { export: 'finish' }, params, (f, p) => {
    const divisor = f.local('v128');
    const value = f.local('v128');
    const target = f.local('i32');
    f.get(p.divisor).op('f64x2.splat').set(divisor).get(p.out).set(target);
    // Two results a round, the last of which may be none.
    bump(f, p.count, { bytes: 1 });
    countdown(f, p.count, 2, () => {
      f.get(p.out).load('v128.load').get(divisor).op('f64x2.div').set(value);
      f.get(p.root).if();
      f.get(value).op('f64x2.sqrt').set(value);
      f.end();
      f.get(target).get(value);
      if (wide) f.op('f32x4.demote_f64x2_zero').accessLane('v128.store64_lane', 0);
      else f.store('v128.store');
      bump(f, p.out, { bytes: 16 });
      bump(f, target, { bytes: wide ? 8 : 16 });
    });
  });
}

const byLane = memoized((lane: Lane) =>
  memoized((kind: ReduceKind): ReduceKernels => {
    const spec = specOf(lane, kind);
    const module = new ModuleBuilder();
    emitRows(module, spec);
    emitColumns(module, spec);
    if (spec.type === 'f64' && lane !== 'i32') emitFinish(module, spec.widen !== null);
    return instantiate<ReduceKernels>(module.build());
  }),
);

/** The kernels of a reduction in a lane, compiled at first use. `finish` is there for floats carried in f64. */
export const reduceKernels = (lane: Lane, kind: ReduceKind): ReduceKernels => byLane(lane)(kind);
