/** The WebAssembly kernels that normalise the columns of matrices, and the derivative: lanes hold neighbouring columns. */

import { type RowConfig, RowEmitter, type VectorStep } from '../rows/index.ts';
import type { FunctionBuilder, ModuleBuilder, ParametersOf } from '../wasm/index.ts';
import { backwardParams } from './backward.ts';
import { forwardParams } from './forward.ts';
import type { Variant } from './grouping.ts';
import { addColumn, multiplyAdd, Sum } from './sums.ts';

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

/** What `forward` is written with: a row of columns, and locals. */
function emittingForward(kernel: Kernel<ParametersOf<typeof forwardParams>>) {
  const { f, p, t } = kernel;
  const columns = new RowEmitter(f, t, p.groups);
  const sum = new Sum(f, t);
  return {
    ...{ ...kernel, columns, sum },
    ...f.locals('i32', 'from', 'to', 'left'),
    ...f.locals('v128', ...(['count', 'eps', 'mean', 'd', 'factors', 'shifts', 'finite'] as const)),
    means: halvesOf(f, t),
    variances: halvesOf(f, t),
  };
}

type EmittingForward = ReturnType<typeof emittingForward>;

/** Pushes the distance of a vector from the means of its columns. */
function distance({
  f,
  t,
  v,
  from,
  mean,
}: Pick<EmittingForward, 'f' | 't' | 'v' | 'from' | 'mean'>): FunctionBuilder {
  f.get(from).load('v128.load');
  return v.centered ? f.get(mean).op(`${t.vector}.sub`) : f;
}

/** Finds means and variances of some columns, and stores them. */
function emitStatistics(e: EmittingForward, step: VectorStep): void {
  const { f, p, t, v, columns, sum, from, count, mean, d, means, variances } = e;
  const sumOf = (term: () => void): void => {
    sum.begin();
    f.get(p.x).set(from);
    addColumn(f, p.outer, p.pitch, [from], [sum], () => [term]);
  };
  if (v.centered) {
    sumOf(() => f.get(from).load('v128.load'));
    average(f, sum, count, means);
    pushJoined(f, t, means).set(mean);
    columns.store(p.means, mean, step);
  }
  sumOf(() => distance(e).tee(d).get(d).op(`${t.vector}.mul`));
  average(f, sum, count, variances);
  if (v.centered) {
    // The distances are those from the mean as it was rounded.
    for (const [k, variance] of variances.entries()) {
      f.get(variance).get(means[k] ?? 0);
      pushHalf(f, t, mean, k).op('f64x2.sub').tee(d).get(d).op('f64x2.mul').op('f64x2.sub');
      f.f64Splat(0).op('f64x2.max').set(variance);
    }
  }
  pushJoined(f, t, variances).set(d);
  columns.store(p.variances, d, step);
}

/** Makes factors and summands of some columns, of their variances. */
function emitFactors({
  f,
  p,
  t,
  v,
  eps,
  mean,
  d,
  factors,
  shifts,
  finite,
  variances,
}: EmittingForward): void {
  const op = (name: 'sub' | 'mul') => `${t.vector}.${name}` as const;
  for (const variance of variances) pushRstd(f, () => f.get(variance), eps).set(variance);
  pushJoined(f, t, variances);
  if (v.form !== 'plain') f.get(p.weight).load('v128.load').op(op('mul'));
  f.set(factors);
  if (v.shifts) f.get(p.bias).load('v128.load').set(shifts);
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
    const { columns, from, to, left, d } = e;
    f.get(p.outer).op('f64.convert_i32_s').op('f64x2.splat').set(e.count);
    f.get(p.eps).op('f64x2.splat').set(e.eps);
    const pointers = [p.x, p.y, p.means, p.variances, p.weight, p.bias];
    columns.eachVector(pointers, (step) => {
      emitStatistics(e, step);
      emitFactors(e);
      f.get(p.x).set(from).get(p.y).set(to).get(p.outer).set(left);
      f.countdown(left, 1, () => {
        multiplyAdd(
          f,
          t,
          () => distance(e),
          () => f.get(e.factors),
          () => f.get(e.shifts),
        );
        f.set(d);
        columns.store(to, d, step);
        for (const pointer of [from, to]) f.bump(pointer, { local: p.pitch });
      });
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
      ...(['count', 'eps', 'mean', 'rstd', 'g', 'd'] as const),
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
  const { f, p, t, columns, sumAlong, sumOfG, from, gFrom, g, byWeight, byBias, along, total } = e;
  const mul = `${t.vector}.mul` as const;
  for (const sum of [sumAlong, sumOfG]) sum.begin();
  f.get(p.x).set(from).get(p.g).set(gFrom);
  addColumn(f, p.outer, p.pitch, [from, gFrom], [sumAlong, sumOfG], () => [
    () => distance(e).get(gFrom).load('v128.load').tee(g).op(mul),
    () => f.get(g),
  ]);
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
          () => distance(e),
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
