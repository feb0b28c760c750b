/** The WebAssembly kernel that normalises groups of which each has elements side by side. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { is, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, type ModuleBuilder, type ParametersOf, range } from '../wasm/index.ts';
import type { Variant } from './grouping.ts';
import { addRow, multiplyAdd, Sum } from './sums.ts';

/**
 * What each kernel takes of a grouping: samples, blocks, groups, parts of a group, elements of a part and of a group;
 * the bytes from one block, or sample, to the next; and what is added to the variance.
 */
export const sizes = {
  samples: 'i32',
  outer: 'i32',
  groups: 'i32',
  parts: 'i32',
  run: 'i32',
  inner: 'i32',
  pitch: 'i32',
  eps: 'f64',
} as const;

/** What `forward` takes. */
export const forwardParams = {
  ...sizes,
  x: 'i32',
  weight: 'i32',
  bias: 'i32',
  y: 'i32',
  means: 'i32',
  variances: 'i32',
} as const;

/** Pushes 1 / sqrt(variance + eps), of a float64 variance on the stack. */
export const pushRstd = (f: FunctionBuilder, variance: number, eps: number): FunctionBuilder =>
  f.f64Const(1).get(variance).get(eps).op('f64.add').op('f64.sqrt').op('f64.div');

/** Pushes the number at an address, as float64. */
export const pushNumber = (f: FunctionBuilder, t: RowConfig, address: number): FunctionBuilder =>
  f.get(address).loadNumber(t.lane);

/** Stores a float64 local at an address. */
export function storeNumber(f: FunctionBuilder, t: RowConfig, address: number, value: number): void {
  f.get(address).get(value).storeNumber(t.lane);
}

/** Pushes a float64 local rounded to the lane's type, as float64. */
const rounded = (f: FunctionBuilder, t: RowConfig, value: number): FunctionBuilder =>
  f.get(value).fromNumber(t.lane).toNumber(t.lane);

/** Runs `body` for each block, moving `pointers` from one to the next. */
export function eachBlock(
  f: FunctionBuilder,
  p: { readonly outer: number; readonly pitch: number },
  pointers: readonly number[],
  left: number,
  body: () => void,
): void {
  f.get(p.outer).set(left);
  f.countdown(left, 1, () => {
    body();
    for (const pointer of pointers) f.bump(pointer, { local: p.pitch });
  });
}

/** A group at work: where it and what is found of it lie, and what is known so far. */
interface Group {
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

/**
 * Samples at a time, of groups of up to so many bytes: the one is worked on while quotients and roots of another are on
 * their way.
 */
const SAMPLES = 4;
const FEW_BYTES = 4096;

/** What `forward` is written with: rows of groups and of their parts, and locals. */
function emitting(f: FunctionBuilder, p: ParametersOf<typeof forwardParams>, t: RowConfig, v: Variant) {
  const whole = new RowEmitter(f, t, p.inner);
  const part = v.form === 'parts' ? new RowEmitter(f, t, p.run) : whole;
  const sum = new Sum(f, t);
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  return {
    ...{ f, p, t, v, whole, part, sum, op },
    ...f.locals(
      'i32',
      ...(['group', 'block', 'piece', 'from', 'to', 'partFrom', 'partTo', 'partWeight', 'partBias'] as const),
      ...(['weight', 'bias'] as const),
    ),
    ...f.locals('f64', 'count', 'factor', 'shift'),
    ...f.locals('v128', 'origins', 'factors', 'shifts'),
    groups: range(SAMPLES).map(
      (): Group => ({
        ...f.locals('i32', 'x', 'y', 'toMean', 'toVariance'),
        ...f.locals('f64', 'mean', 'variance', 'rstd'),
        means: f.local('v128'),
      }),
    ),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Pushes the distance of a vector from a mean, or from what counts as such. */
function distance({ f, v, op }: Emitting, at: number, offset: number, mean: number): FunctionBuilder {
  f.get(at).load('v128.load', offset);
  return v.centered ? f.get(mean).op(op('sub')) : f;
}

/** Pushes the mean over a group of a term of its elements. */
function average(
  { f, p, whole, sum, from, block, count }: Emitting,
  of: Group,
  terms: (offset: number) => readonly (() => void)[],
): FunctionBuilder {
  sum.begin();
  f.get(of.x).set(from);
  eachBlock(f, p, [from], block, () => addRow(whole, [from], [sum], of.y, terms));
  return sum.total().get(count).op('f64.div');
}

/** Finishes the variance of a group whose distances are summed up, and stores it and the mean. */
function finishStatistics({ f, p, t, v }: Emitting, of: Group): void {
  const { mean, variance, rstd, toMean, toVariance } = of;
  if (v.centered) {
    // The distances are those from the mean as it was rounded.
    f.get(variance);
    f.get(mean);
    rounded(f, t, mean).op('f64.sub').tee(rstd).get(rstd).op('f64.mul').op('f64.sub');
    f.f64Const(0).op('f64.max').set(variance);
  }
  pushRstd(f, variance, p.eps).set(rstd);
  if (v.centered) storeNumber(f, t, toMean, mean);
  storeNumber(f, t, toVariance, variance);
}

/** Finds means and variances of some groups, step by step of all of them, and stores them. */
function emitStatistics(e: Emitting, some: readonly Group[]): void {
  const { f, t, v, op, from } = e;
  if (v.centered)
    for (const of of some) {
      average(e, of, (offset) => [() => f.get(from).load('v128.load', offset)]).set(of.mean);
      f.get(of.mean).splatF64(t.lane).set(of.means);
    }
  for (const of of some)
    average(e, of, (offset) => [
      () => {
        const d = f.local('v128');
        distance(e, from, offset, of.means).tee(d).get(d).op(op('mul'));
      },
    ]).set(of.variance);
  for (const of of some) finishStatistics(e, of);
}

/** The results of a group whose elements have factors of their own, or none. */
function emitResults(e: Emitting, { x, y, means, rstd }: Group): void {
  const { f, p, t, v, op, from, to, weight, bias, factors } = e;
  f.get(x).set(from).get(y).set(to);
  f.get(rstd).splatF64(t.lane).set(factors);
  const learned = v.form === 'elements' ? [weight, ...(v.shifts ? [bias] : [])] : [];
  eachBlock(f, p, [from, to], e.block, () =>
    e.part.write(
      [to],
      [from, to, ...learned],
      ({ offset }) => {
        const scaled = (): void => void distance(e, from, offset, means).get(factors).op(op('mul'));
        const load = (pointer: number) => () => void f.get(pointer).load('v128.load', offset);
        if (v.form === 'plain') scaled();
        else if (v.shifts) multiplyAdd(f, t, scaled, load(weight), load(bias));
        else {
          scaled();
          load(weight)();
          f.op(op('mul'));
        }
      },
      { unroll: 4 },
    ),
  );
}

/** Sets factor, summand and origin of a part. */
function prepareOfPart(e: Emitting, { mean, means, rstd }: Group): void {
  const { f, t, v, partWeight, partBias, factor, shift, origins } = e;
  pushNumber(f, t, partWeight).get(rstd).op('f64.mul').tee(factor).splatF64(t.lane).set(e.factors);
  f.bump(partWeight, { bytes: t.bytes });
  f.f64Const(0).set(shift);
  if (v.shifts) {
    pushNumber(f, t, partBias).set(shift);
    f.bump(partBias, { bytes: t.bytes });
  }
  if (v.centered) {
    // Where mean times factor is not finite, x times factor meets it as in PyTorch.
    f.get(factor).get(mean).op('f64.mul').set(factor);
    rounded(f, t, factor).set(factor);
    f.get(means).set(origins).get(factor).get(factor).op('f64.sub').f64Const(0).op('f64.ne').if();
    f.f64Splat(0).set(origins).get(shift).get(factor).op('f64.sub').set(shift).end();
  }
  f.get(shift).splatF64(t.lane).set(e.shifts);
}

/** The results of a group whose parts have factors. */
function emitResultsOfParts(e: Emitting, of: Group): void {
  const { f, p, t, from, to, partFrom, partTo, piece } = e;
  f.get(of.x).set(partFrom).get(of.y).set(partTo).get(p.parts).set(piece);
  f.get(e.weight).set(e.partWeight).get(e.bias).set(e.partBias);
  f.countdown(piece, 1, () => {
    prepareOfPart(e, of);
    f.get(partFrom).set(from).get(partTo).set(to);
    eachBlock(f, p, [from, to], e.block, () =>
      e.part.write(
        [to],
        [from, to],
        ({ offset }) =>
          multiplyAdd(
            f,
            t,
            () => distance(e, from, offset, e.origins),
            () => f.get(e.factors),
            () => f.get(e.shifts),
          ),
        { unroll: 4 },
      ),
    );
    e.part.nextRow([partFrom, partTo]);
  });
}

/** Points each group at its sample, from that which the parameters point to on. */
function findGroups({ f, p, t }: Emitting, some: readonly Group[]): void {
  for (const [i, { x, y, toMean, toVariance }] of some.entries()) {
    const before = times(p.groups, is(i * t.bytes));
    for (const [local, at] of [
      [x, p.x],
      [y, p.y],
    ] as const)
      f.put(local, plus(at, times(before, p.inner)));
    for (const [local, at] of [
      [toMean, p.means],
      [toVariance, p.variances],
    ] as const)
      f.put(local, plus(at, before));
  }
}

/** Takes `samples` at a time, as often as there are so many. */
function takeSamples(e: Emitting, samples: number): void {
  const { f, p, t, v, weight, bias, group } = e;
  const learned = {
    elements: times(p.inner, is(t.bytes)),
    parts: times(p.parts, is(t.bytes)),
    plain: is(0),
  };
  const some = e.groups.slice(0, samples);
  f.countdown(p.samples, samples, () => {
    f.get(p.weight).set(weight).get(p.bias).set(bias).get(p.groups).set(group);
    f.countdown(group, 1, () => {
      findGroups(e, some);
      emitStatistics(e, some);
      for (const of of some) {
        if (v.form === 'parts') emitResultsOfParts(e, of);
        else emitResults(e, of);
      }
      e.whole.nextRow([p.x, p.y]);
      for (const pointer of [weight, bias]) f.put(pointer, plus(pointer, learned[v.form]));
      for (const pointer of [p.means, p.variances]) f.bump(pointer, { bytes: t.bytes });
    });
    const others = times(p.groups, is((samples - 1) * t.bytes));
    for (const pointer of [p.x, p.y]) f.put(pointer, plus(pointer, times(others, p.inner)));
    for (const pointer of [p.means, p.variances]) f.put(pointer, plus(pointer, others));
  });
}

/** Writes `forward`: y, and the means and variances of groups. */
export function emitForward(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  module.define({ export: 'forward' }, forwardParams, (f, p) => {
    const e = emitting(f, p, t, v);
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(e.count);
    f.push(['i32.le_s', times(p.inner, is(t.bytes)), is(FEW_BYTES)]).if();
    takeSamples(e, SAMPLES);
    f.end();
    takeSamples(e, 1);
  });
}
