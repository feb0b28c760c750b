/**
 * The WebAssembly kernels that normalise the columns of matrices, and the derivative: lanes hold neighbouring columns.
 */

import { type RowConfig, RowEmitter, type VectorStep } from '../rows/index.ts';
import { type FunctionBuilder, type ModuleBuilder, type ParametersOf, range, zip } from '../wasm/index.ts';
import { backwardParams } from './backward.ts';
import { forwardParams } from './forward.ts';
import type { Variant } from './grouping.ts';
import { addColumns, multiplyAdd, Sum } from './sums.ts';

/** Numbers of neighbouring columns in float64: those of a vector of float32 fill two. */
type Halves = readonly number[];

const halvesOf = (f: FunctionBuilder, t: RowConfig): Halves =>
  t.lanes === 4 ? [f.local('v128'), f.local('v128')] : [f.local('v128')];

/** Pushes them as one vector of the lane's type. */
function pushJoined(f: FunctionBuilder, t: RowConfig, halves: Halves): FunctionBuilder {
  for (const half of halves) {
    f.get(half);
    if (t.lanes === 4) f.op('f32x4.demote_f64x2_zero');
  }
  return t.lanes === 4 ? f.shuffle64(0, 2) : f;
}

/** Pushes half number `k` of a vector as float64. */
function pushHalf(f: FunctionBuilder, t: RowConfig, vector: number, k: number): FunctionBuilder {
  f.get(vector);
  if (t.lanes === 2) return f;
  if (k === 1) f.get(vector).shuffle64(1, 1);
  return f.op('f64x2.promote_low_f32x4');
}

/** halves = those of a sum, divided by the count in both lanes of a local. */
function average(f: FunctionBuilder, sum: Sum, count: number, halves: Halves): void {
  for (const [k, half] of halves.entries())
    f.get(k === 0 ? sum.low : sum.high)
      .get(count)
      .op('f64x2.div')
      .set(half);
}

/** Pushes 1 / sqrt(variance + eps), of a half, where eps is in both lanes of a local. */
const pushRstd = (f: FunctionBuilder, push: () => void, eps: number): FunctionBuilder => {
  f.f64Splat(1);
  push();
  return f.get(eps).op('f64x2.add').op('f64x2.sqrt').op('f64x2.div');
};

/** A kernel at work: its function and parameters, and what it is for. */
interface Kernel<P> {
  readonly f: FunctionBuilder;
  readonly p: P;
  readonly t: RowConfig;
  readonly v: Variant;
}

/** Vectors of columns side by side: a line of a cache, of which rows that lie a power of two apart hold few. */
const TOGETHER = 4;

/** What is known of the columns of one vector. */
const columnsOfVector = (f: FunctionBuilder, t: RowConfig) => ({
  sum: new Sum(f, t),
  ...f.locals('v128', 'mean', 'factors', 'shifts'),
  means: halvesOf(f, t),
  variances: halvesOf(f, t),
});

/** What `forward` is written with: a row of columns, and locals. */
function emittingForward(kernel: Kernel<ParametersOf<typeof forwardParams>>) {
  const { f, p, t } = kernel;
  const columns = new RowEmitter(f, t, p.groups);
  return {
    ...{ ...kernel, columns },
    ...f.locals('i32', 'from', 'to', 'left'),
    ...f.locals('v128', ...(['count', 'eps', 'd', 'finite'] as const)),
    vectors: range(TOGETHER).map(() => columnsOfVector(f, t)),
  };
}

type EmittingForward = ReturnType<typeof emittingForward>;
type ColumnsOfVector = EmittingForward['vectors'][number];

/** Pushes the distance of a vector from the means of its columns. */
function distance(
  { f, t, v, from }: Pick<EmittingForward, 'f' | 't' | 'v' | 'from'>,
  mean: number,
  offset = 0,
): FunctionBuilder {
  f.get(from).load('v128.load', offset);
  return v.centered ? f.get(mean).op(`${t.vector}.sub`) : f;
}

/** Finds means and variances of the columns of some vectors, and stores them. */
function emitStatistics(e: EmittingForward, steps: readonly VectorStep[]): void {
  const { f, p, t, v, columns, from, count, d } = e;
  const vectors = e.vectors.slice(0, steps.length);
  const sumOf = (term: (of: ColumnsOfVector, offset: number) => void): void => {
    for (const { sum } of vectors) sum.begin();
    f.get(p.x).set(from);
    // A single vector may be cut: the results of other columns may lie where the rest of it would.
    const spare = steps.length > 1 ? p.y : null;
    const down = { t, count: p.outer, pitch: p.pitch, group: 8, spare };
    const sums = vectors.map(({ sum }) => sum);
    addColumns(f, down, [from], sums, () => vectors.map((of, k) => () => term(of, 16 * k)));
  };
  if (v.centered) {
    sumOf((_, offset) => f.get(from).load('v128.load', offset));
    for (const [{ sum, means, mean }, step] of zip(vectors, steps)) {
      average(f, sum, count, means);
      pushJoined(f, t, means).set(mean);
      columns.store(p.means, mean, step);
    }
    bringTogether(
      e,
      vectors.map(({ mean }) => mean),
    );
  }
  sumOf(({ mean }, offset) => {
    const d = f.local('v128');
    distance(e, mean, offset).tee(d).get(d).op(`${t.vector}.mul`);
  });
  for (const [{ sum, means, mean, variances }, step] of zip(vectors, steps)) {
    average(f, sum, count, variances);
    if (v.centered) {
      // The distances are those from the mean as it was rounded.
      for (const [i, variance] of variances.entries()) {
        f.get(variance).get(means[i] ?? 0);
        pushHalf(f, t, mean, i).op('f64x2.sub').tee(d).get(d).op('f64x2.mul').op('f64x2.sub');
        f.f64Splat(0).op('f64x2.max').set(variance);
      }
    }
    pushJoined(f, t, variances).set(d);
    columns.store(p.variances, d, step);
  }
}

/**
 * Takes vectors that loops read to where results will lie, and back: V8 makes one of two that are loaded side by side.
 */
function bringTogether({ f, p }: EmittingForward, locals: readonly number[]): void {
  if (locals.length === 1) return;
  f.storeVectors(p.y, locals);
  for (const [k, local] of locals.entries())
    f.get(p.y)
      .load('v128.load', 16 * k)
      .set(local);
}

/** Makes factors and summands of the columns of a vector, of their variances. */
function emitFactors(
  { f, p, t, v, eps, d, finite }: EmittingForward,
  { variances, mean, factors, shifts }: ColumnsOfVector,
  offset: number,
): void {
  const op = (name: 'sub' | 'mul') => `${t.vector}.${name}` as const;
  for (const variance of variances) pushRstd(f, () => f.get(variance), eps).set(variance);
  pushJoined(f, t, variances);
  if (v.form !== 'plain') f.get(p.weight).load('v128.load', offset).op(op('mul'));
  f.set(factors);
  if (v.shifts) f.get(p.bias).load('v128.load', offset).set(shifts);
  else f.f64Splat(0).set(shifts);
  if (v.centered) {
    // Where mean times factor is not finite, x times factor meets it as in PyTorch.
    f.get(mean).get(factors).op(op('mul')).tee(d).get(d).op(op('sub'));
    f.f64Splat(0).op(`${t.vector}.eq`).set(finite);
    f.get(shifts).get(d).get(finite).op('v128.andnot').op(op('sub')).set(shifts);
    f.get(mean).get(finite).op('v128.and').set(mean);
  }
}

/** Writes `forward`, whose groups are columns. */
export function emitForwardOfColumns(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  module.define({ export: 'forward' }, forwardParams, (f, p) => {
    const e = emittingForward({ f, p, t, v });
    const { columns, from, to, left } = e;
    f.get(p.outer).op('f64.convert_i32_s').op('f64x2.splat').set(e.count);
    f.get(p.eps).op('f64x2.splat').set(e.eps);
    const pointers = [p.x, p.y, p.means, p.variances, p.weight, p.bias];
    columns.eachRound(pointers, TOGETHER, (steps) => {
      const vectors = e.vectors.slice(0, steps.length);
      emitStatistics(e, steps);
      for (const [k, of] of vectors.entries()) emitFactors(e, of, 16 * k);
      for (const name of ['mean', 'factors', 'shifts'] as const)
        bringTogether(
          e,
          vectors.map((of) => of[name]),
        );
      f.get(p.x).set(from).get(p.y).set(to).get(p.outer).set(left);
      f.countdown(left, 1, () =>
        f.passingVectors(() => {
          const values = vectors.map(({ mean, factors, shifts }, k) => {
            multiplyAdd(
              f,
              t,
              () => distance(e, mean, 16 * k),
              () => f.get(factors),
              () => f.get(shifts),
            );
            const value = f.local('v128');
            f.set(value);
            return value;
          });
          for (const [value, step] of zip(values, steps).toReversed()) columns.store(to, value, step);
          for (const pointer of [from, to]) f.bump(pointer, { local: p.pitch });
        }),
      );
    });
  });
}

/** What `backward` is written with: a row of columns, and locals. */
function emittingBackward(kernel: Kernel<ParametersOf<typeof backwardParams>>) {
  const { f, p, t } = kernel;
  const columns = new RowEmitter(f, t, p.groups);
  const [sumAlong, sumOfG] = [new Sum(f, t), new Sum(f, t)];
  return {
    ...{ ...kernel, columns, sumAlong, sumOfG },
    scales: kernel.v.form !== 'plain',
    ...f.locals('i32', 'from', 'gFrom', 'to', 'left'),
    ...f.locals(
      'v128',
      ...(['count', 'eps', 'mean', 'rstd', 'd'] as const),
      ...(['byWeight', 'byBias', 'factors', 'slopes', 'shifts'] as const),
    ),
    rstds: halvesOf(f, t),
    along: halvesOf(f, t),
    total: halvesOf(f, t),
  };
}

type EmittingBackward = ReturnType<typeof emittingBackward>;

/** Brings what was found of some columns, and makes their factors. */
function emitFactorsBack({ f, p, t, v, scales, eps, mean, rstd, d, factors, rstds }: EmittingBackward): void {
  if (v.centered) f.get(p.means).load('v128.load').set(mean);
  f.get(p.variances).load('v128.load').set(d);
  for (const [k, half] of rstds.entries()) pushRstd(f, () => pushHalf(f, t, d, k), eps).set(half);
  pushJoined(f, t, rstds).set(rstd);
  f.get(rstd);
  if (scales) f.get(p.weight).load('v128.load').op(`${t.vector}.mul`);
  f.set(factors);
}

/** Finds the sums down some columns, stores the gradients by factors and summands, and makes slopes and shifts. */
function emitSums(e: EmittingBackward, step: VectorStep): void {
  const { f, p, t, columns, sumAlong, sumOfG, from, gFrom, mean, byWeight, byBias, along, total } = e;
  const mul = `${t.vector}.mul` as const;
  for (const sum of [sumAlong, sumOfG]) sum.begin();
  f.get(p.x).set(from).get(p.g).set(gFrom);
  const down = { t, count: p.outer, pitch: p.pitch, group: 4, spare: null };
  addColumns(f, down, [from, gFrom], [sumAlong, sumOfG], () => {
    const g = f.local('v128');
    return [() => distance(e, mean).get(gFrom).load('v128.load').tee(g).op(mul), () => f.get(g)];
  });
  for (const [halves, sum] of [
    [along, sumAlong],
    [total, sumOfG],
  ] as const) {
    for (const [k, half] of halves.entries()) {
      f.get(k === 0 ? sum.low : sum.high);
      if (halves === along) f.get(e.rstds[k] ?? 0).op('f64x2.mul');
      f.set(half);
    }
  }
  if (e.scales) {
    pushJoined(f, t, along).set(byWeight);
    columns.store(p.toWeight, byWeight, step);
    pushJoined(f, t, total).set(byBias);
    columns.store(p.toBias, byBias, step);
  }
  for (const halves of [along, total])
    for (const half of halves) f.get(half).get(e.count).op('f64x2.div').op('f64x2.neg').set(half);
  pushJoined(f, t, along).get(e.rstd).op(mul).set(e.slopes);
  pushJoined(f, t, total).set(e.shifts);
}

/** Writes `backward`, whose groups are columns. */
export function emitBackwardOfColumns(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  const op = (name: 'mul' | 'add') => `${t.vector}.${name}` as const;
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const e = emittingBackward({ f, p, t, v });
    const { columns, from, gFrom, to, left, d } = e;
    f.get(p.outer).op('f64.convert_i32_s').op('f64x2.splat').set(e.count);
    f.get(p.eps).op('f64x2.splat').set(e.eps);
    const pointers = [p.x, p.g, p.weight, p.means, p.variances, p.toX, p.toWeight, p.toBias];
    columns.eachVector(pointers, (step) => {
      emitFactorsBack(e);
      emitSums(e, step);
      f.get(p.x).set(from).get(p.g).set(gFrom).get(p.toX).set(to).get(p.outer).set(left);
      f.countdown(left, 1, () => {
        // The factor comes last, as an infinite one does not make a NaN of what is not 0.
        multiplyAdd(
          f,
          t,
          () => distance(e, e.mean),
          () => f.get(e.slopes),
          () => {
            f.get(gFrom).load('v128.load');
            if (v.centered) f.get(e.shifts).op(op('add'));
          },
        );
        f.get(e.factors).op(op('mul')).set(d);
        columns.store(to, d, step);
        for (const pointer of [from, gFrom, to]) f.bump(pointer, { local: p.pitch });
      });
    });
  });
}
