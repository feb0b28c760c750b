/**
 * Means and variances of groups of which each has elements side by side: found in one go, by distances from a number
 * near the mean, the squares of which are no more than twice as large as those from the mean itself; else in two.
 */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { type Formula, is, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder, type ParametersOf } from '../wasm/index.ts';
import type { Variant } from './grouping.ts';
import { eachBlock, pushRstd, storeNumber } from './numbers.ts';
import { addMoments, addRow, Sum } from './sums.ts';

/** A group whose statistics are found: where it and what is found of it lie, and what is known so far. */
export interface Group {
  readonly x: number;
  readonly y: number;
  readonly toMean: number;
  readonly toVariance: number;
  readonly mean: number;
  readonly variance: number;
  readonly rstd: number;
  /** The mean in every lane. */
  readonly means: number;
}

/** What goes through all of a group, wherever that lies. */
interface Averaging {
  readonly f: FunctionBuilder;
  readonly t: RowConfig;
  readonly p: { readonly outer: number; readonly inner: number; readonly pitch: number };
  readonly whole: RowEmitter;
  readonly sum: Sum;
  readonly from: number;
  readonly block: number;
  readonly count: number;
}

/** The functions of {@link defineAverages}. */
export interface Averages {
  readonly mean: number;
  readonly variance: number;
}

/** Sets `count` to the elements of a group. */
const setCount = ({ f, p, count }: Averaging): FunctionBuilder =>
  f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(count);

/** What finds statistics is written with: rows of groups, and locals. */
export function findingStatistics(
  f: FunctionBuilder,
  p: Averaging['p'] & { readonly eps: number },
  t: RowConfig,
  v: Variant,
  averages: Averages,
) {
  return {
    ...{ f, p, t, v, averages, whole: new RowEmitter(f, t, p.inner) },
    ...{
      sum: new Sum(f, t),
      squares: new Sum(f, t),
      probes: [f.local('i32'), f.local('i32'), f.local('i32')] as const,
    },
    ...f.locals('i32', 'from', 'block', 'isShort'),
    count: f.local('f64'),
    share: f.local('v128'),
  };
}

type Finding = ReturnType<typeof findingStatistics>;

/** Pushes the mean over a group of what `add` adds to the sum of a block, that from `from` on. */
function average(
  { f, p, sum, from, block, count }: Averaging,
  { x }: Pick<Group, 'x'>,
  add: () => void,
): FunctionBuilder {
  sum.begin();
  f.get(x).set(from);
  eachBlock(f, p, [from], block, add);
  return sum.total().get(count).op('f64.div');
}

/** Pushes the mean over a group of the squares of distances from `means`, or of its elements. */
const averageSquare = (e: Averaging, of: Pick<Group, 'x' | 'y'>, means: number | null): FunctionBuilder =>
  average(e, of, () => addMoments(e.whole, e.from, means, { squares: e.sum }, of.y));

/** Writes functions that give the mean of a group, and its variance by the distances from that. */
export function defineAverages(module: ModuleBuilder, t: RowConfig): Averages {
  const sizes = i32Params('x', 'y', 'outer', 'inner', 'pitch');
  const averaging = (f: FunctionBuilder, p: ParametersOf<typeof sizes>): Averaging => {
    const e = {
      ...{ f, t, p, whole: new RowEmitter(f, t, p.inner), sum: new Sum(f, t), count: f.local('f64') },
      ...f.locals('i32', 'from', 'block'),
    };
    setCount(e);
    return e;
  };
  const mean = module.define({ name: 'mean', result: 'f64' }, sizes, (f, p) => {
    const e = averaging(f, p);
    const { whole, sum, from } = e;
    average(e, p, () =>
      addRow(whole, [from], [sum], p.y, (offset) => [() => f.get(from).load('v128.load', offset)]),
    );
  });
  const params = { ...sizes, mean: 'f64' } as const;
  const variance = module.define({ name: 'variance', result: 'f64' }, params, (f, p) => {
    const e = averaging(f, p);
    const [means, rest] = [f.local('v128'), f.local('f64')];
    f.get(p.mean).splatF64(t.lane).set(means);
    // The distances are those from the mean as it was rounded.
    f.get(p.mean).get(p.mean).fromNumber(t.lane).toNumber(t.lane).op('f64.sub').set(rest);
    averageSquare(e, p, means).get(rest).get(rest).op('f64.mul').op('f64.sub');
  });
  return { mean, variance };
}

/**
 * Sets `means` of a group to a number near its mean: that of four vectors from all over it, or of the first block,
 * where that is short.
 */
function findOrigin({ f, t, whole, from, probes, share, isShort }: Finding, { x, means }: Group): void {
  const add = `${t.vector}.add` as const;
  f.get(isShort).if();
  f.get(x).set(from).f64Splat(0).set(means);
  whole.eachVector([from], ({ offset, partial }) => {
    f.get(from).load('v128.load', offset);
    if (partial) f.get(whole.mask).op('v128.and');
    f.get(means).op(add).set(means);
  });
  f.else();
  // Two and two: of equal numbers the mean is that number.
  f.get(x).load('v128.load');
  f.push(plus(x, probes[0])).load('v128.load').op(add);
  f.push(plus(x, probes[1])).load('v128.load');
  f.push(plus(x, probes[2])).load('v128.load').op(add).op(add).set(means).end();
  // The sum of the lanes in each of them.
  f.get(means).get(means).get(means).shuffle64(1, 0).op(add).set(means);
  if (t.lanes === 4) f.get(means).get(means).get(means).shuffle32(1, 0, 3, 2).op(add).set(means);
  f.get(means).get(share).op(`${t.vector}.mul`).set(means);
}

/** Sets what is the same of all groups: how many elements they have, and where {@link findOrigin} looks. */
export function prepareStatistics(e: Finding): void {
  const { f, p, t, v, probes, share, isShort } = e;
  setCount(e);
  if (!v.centered) return;
  const probed = 4 * t.lanes;
  f.put(isShort, ['i32.lt_s', p.inner, is(probed)]);
  for (const [i, probe] of probes.entries()) {
    const of = (count: number): Formula => ['i32.shr_u', times(count, is(i + 1)), is(2)];
    const elements: Formula = ['i32.and', of(p.inner), is(-t.lanes)];
    f.put(probe, plus(times(of(p.outer), p.pitch), times(elements, is(t.bytes))));
  }
  f.f64Const(1).get(p.inner).i32Const(probed).get(isShort).op('select');
  f.op('f64.convert_i32_s').op('f64.div').splatF64(t.lane).set(share);
}

/**
 * Finds mean and variance of a group in one go, by distances from a number near the mean. Where that lies more than a
 * standard deviation away, or something is not finite, in two: the squares of distances must not be much larger than
 * those from the mean.
 */
function emitMoments(e: Finding, of: Group): void {
  const { f, p, t, whole, sum, squares, from, count, averages } = e;
  const { x, y, mean, variance, rstd, means } = of;
  for (const each of [sum, squares]) each.begin();
  f.get(x).set(from);
  eachBlock(f, p, [from], e.block, () => addMoments(whole, from, means, { squares, distances: sum }, y));
  sum.total().get(count).op('f64.div').tee(mean).get(mean).op('f64.mul').set(rstd);
  squares.total().get(count).op('f64.div').get(rstd).op('f64.sub').set(variance);
  f.get(means).lane(`${t.vector}.extract_lane`, 0).toNumber(t.lane).get(mean).op('f64.add').set(mean);
  f.get(rstd).get(variance).op('f64.le').op('i32.eqz').if();
  const sizes = [x, y, p.outer, p.inner, p.pitch];
  f.call(averages.mean, sizes).set(mean);
  f.call(averages.variance, [...sizes, mean])
    .f64Const(0)
    .op('f64.max')
    .set(variance)
    .end();
}

/** Finds means and variances of some groups, step by step of all of them, and stores them. */
export function emitStatistics(e: Finding, some: readonly Group[]): void {
  const { f, p, t, v } = e;
  if (v.centered) for (const of of some) findOrigin(e, of);
  for (const of of some) {
    if (v.centered) emitMoments(e, of);
    else averageSquare(e, of, null).set(of.variance);
  }
  for (const { mean, variance, rstd, means, toMean, toVariance } of some) {
    if (v.centered) f.get(mean).splatF64(t.lane).set(means);
    pushRstd(f, variance, p.eps).set(rstd);
    if (v.centered) storeNumber(f, t, toMean, mean);
    storeNumber(f, t, toVariance, variance);
  }
}
