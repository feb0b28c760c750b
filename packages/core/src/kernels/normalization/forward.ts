/** The WebAssembly kernel that normalises groups of which each has elements side by side. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { is, plus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, type ModuleBuilder, type ParametersOf, range } from '../wasm/index.ts';
import type { Variant } from './grouping.ts';
import { eachBlock, pushNumber, rounded, sizes } from './numbers.ts';
import {
  type Averages,
  defineAverages,
  emitStatistics,
  findingStatistics,
  type Group,
  prepareStatistics,
} from './statistics.ts';
import { multiplyAdd } from './sums.ts';

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

/**
 * Samples at a time, of groups of up to so many bytes: the one is worked on while quotients and roots of another are on
 * their way.
 */
const SAMPLES = 4;
const FEW_BYTES = 4096;

/** What `forward` is written with: rows of groups and of their parts, and locals. */
function emitting(
  f: FunctionBuilder,
  p: ParametersOf<typeof forwardParams>,
  t: RowConfig,
  v: Variant,
  averages: Averages,
) {
  const finding = findingStatistics(f, p, t, v, averages);
  const part = v.form === 'parts' ? new RowEmitter(f, t, p.run) : finding.whole;
  const op = (name: 'sub' | 'mul') => `${t.vector}.${name}` as const;
  return {
    ...finding,
    ...{ p, part, op },
    ...f.locals(
      'i32',
      ...(['group', 'piece', 'to', 'partFrom', 'partTo', 'partWeight', 'partBias'] as const),
      ...(['weight', 'bias'] as const),
    ),
    ...f.locals('f64', 'factor', 'shift'),
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
  const averages = defineAverages(module, t);
  module.define({ export: 'forward' }, forwardParams, (f, p) => {
    const e = emitting(f, p, t, v, averages);
    prepareStatistics(e);
    f.push(['i32.le_s', times(p.inner, is(t.bytes)), is(FEW_BYTES)]).if();
    takeSamples(e, SAMPLES);
    f.end();
    takeSamples(e, 1);
  });
}
