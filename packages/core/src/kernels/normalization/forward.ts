/** The WebAssembly kernel that normalises groups of which each has elements side by side. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import type { FunctionBuilder, ModuleBuilder, ParametersOf } from '../wasm/index.ts';
import type { Variant } from './grouping.ts';
import { addRow, multiplyAdd, Sum } from './sums.ts';

/**
 * What each kernel takes of a grouping: samples, blocks, groups, parts of a group, elements of a part and of a group; the bytes from one block, or
 * sample, to the next; and what is added to the variance.
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
export function pushNumber(f: FunctionBuilder, t: RowConfig, address: number): FunctionBuilder {
  f.get(address).load(`${t.lane}.load`);
  return t.lanes === 4 ? f.op('f64.promote_f32') : f;
}

/** Stores a float64 local at an address. */
export function storeNumber(f: FunctionBuilder, t: RowConfig, address: number, value: number): void {
  f.get(address).get(value);
  if (t.lanes === 4) f.op('f32.demote_f64');
  f.store(`${t.lane}.store`);
}

/** Pushes a float64 local rounded to the lane's type, as float64. */
function rounded(f: FunctionBuilder, t: RowConfig, value: number): FunctionBuilder {
  f.get(value);
  return t.lanes === 4 ? f.op('f32.demote_f64').op('f64.promote_f32') : f;
}

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
      ...(['group', 'block', 'piece', 'from', 'to', 'partFrom', 'partTo', 'weight', 'bias'] as const),
    ),
    ...f.locals('f64', ...(['count', 'mean', 'variance', 'rstd', 'factor', 'shift'] as const)),
    ...f.locals('v128', ...(['means', 'origins', 'd', 'factors', 'shifts'] as const)),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Pushes the distance of a vector from the mean, or from what counts as such. */
function distance({ f, v, op, means }: Emitting, at: number, offset: number, mean = means): FunctionBuilder {
  f.get(at).load('v128.load', offset);
  return v.centered ? f.get(mean).op(op('sub')) : f;
}

/** Pushes the mean over a group of a term of its elements. */
function average(e: Emitting, terms: (offset: number) => readonly (() => void)[]): FunctionBuilder {
  const { f, p, sum, from, count } = e;
  sum.begin();
  f.get(p.x).set(from);
  eachBlock(f, p, [from], e.block, () => addRow(e.whole, [from], [sum], terms));
  return sum.total().get(count).op('f64.div');
}

/** Finds mean and variance of a group, and stores them. */
function emitStatistics(e: Emitting): void {
  const { f, p, t, v, op, from, mean, means, variance, rstd, d } = e;
  if (v.centered) {
    average(e, (offset) => [() => f.get(from).load('v128.load', offset)]).set(mean);
    f.get(mean).splatF64(t.lane).set(means);
  }
  average(e, (offset) => [
    () => {
      distance(e, from, offset).tee(d).get(d).op(op('mul'));
    },
  ]).set(variance);
  if (v.centered) {
    // The distances are those from the mean as it was rounded.
    f.get(variance);
    f.get(mean);
    rounded(f, t, mean).op('f64.sub').tee(rstd).get(rstd).op('f64.mul').op('f64.sub');
    f.f64Const(0).op('f64.max').set(variance);
  }
  pushRstd(f, variance, p.eps).set(rstd);
  if (v.centered) storeNumber(f, t, p.means, mean);
  storeNumber(f, t, p.variances, variance);
}

/** The results of a group whose elements have factors of their own, or none. */
function emitResults(e: Emitting): void {
  const { f, p, t, v, op, from, to, weight, bias, factors } = e;
  f.get(p.x).set(from).get(p.y).set(to);
  f.get(e.rstd).splatF64(t.lane).set(factors);
  const learned = v.form === 'elements' ? [weight, ...(v.shifts ? [bias] : [])] : [];
  eachBlock(f, p, [from, to], e.block, () =>
    e.part.write(
      [to],
      [from, to, ...learned],
      ({ offset }) => {
        const scaled = (): void => void distance(e, from, offset).get(factors).op(op('mul'));
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
function prepareOfPart(e: Emitting): void {
  const { f, t, v, weight, bias, factor, shift, mean, means, origins } = e;
  pushNumber(f, t, weight).get(e.rstd).op('f64.mul').tee(factor).splatF64(t.lane).set(e.factors);
  f.bump(weight, { bytes: t.bytes });
  f.f64Const(0).set(shift);
  if (v.shifts) {
    pushNumber(f, t, bias).set(shift);
    f.bump(bias, { bytes: t.bytes });
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
function emitResultsOfParts(e: Emitting): void {
  const { f, p, t, from, to, partFrom, partTo, piece } = e;
  f.get(p.x).set(partFrom).get(p.y).set(partTo).get(p.parts).set(piece);
  f.countdown(piece, 1, () => {
    prepareOfPart(e);
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

/** Writes `forward`: y, and the means and variances of groups. */
export function emitForward(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  module.define({ export: 'forward' }, forwardParams, (f, p) => {
    const e = emitting(f, p, t, v);
    const { weight, bias, group } = e;
    f.get(p.outer).get(p.inner).op('i32.mul').op('f64.convert_i32_s').set(e.count);
    f.countdown(p.samples, 1, () => {
      f.get(p.weight).set(weight).get(p.bias).set(bias).get(p.groups).set(group);
      f.countdown(group, 1, () => {
        emitStatistics(e);
        if (v.form === 'parts') emitResultsOfParts(e);
        else emitResults(e);
        e.whole.nextRow([p.x, p.y, ...(v.form === 'elements' ? [weight, bias] : [])]);
        for (const pointer of [p.means, p.variances]) f.bump(pointer, { bytes: t.bytes });
      });
    });
  });
}
