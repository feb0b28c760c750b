/**
 * The WebAssembly kernel of the derivative of {@link emitForward} where each element of a group has a factor of its
 * own.
 */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { type FunctionBuilder, type ModuleBuilder, type ParametersOf, range } from '../wasm/index.ts';
import { backwardParams, pushCenter, pushSlope, sumsAsPyTorch } from './backward.ts';
import { BLOCK, type Variant } from './grouping.ts';
import { pushNumber, pushRstd } from './numbers.ts';
import { addRow, multiplyAdd, Sum } from './sums.ts';

/** Groups whose gradients are worked out side by side: their sums by factors are read and written once. */
const TILE = 2;

/** What is known of one group of a tile. */
const ofGroup = (f: FunctionBuilder) => ({
  ...f.locals('v128', 'means', 'rstds', 'slopes', 'centers', 'origins'),
  ...f.locals('i32', 'x', 'g', 'to'),
});

type OfGroup = ReturnType<typeof ofGroup>;

/** What `backward` is written with: rows of groups, and locals. */
function emitting(f: FunctionBuilder, p: ParametersOf<typeof backwardParams>, t: RowConfig, v: Variant) {
  const row = new RowEmitter(f, t, p.inner);
  const [sumAlong, sumOfG] = [new Sum(f, t), new Sum(f, t)];
  const tile = range(TILE).map(() => ofGroup(f));
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  return {
    ...{ f, p, t, v, row, sumAlong, sumOfG, tile, op },
    ...f.locals(
      'i32',
      ...(['samples', 'left', 'weight', 'toWeight', 'toBias', 'group', 'bytes', 'rowBytes'] as const),
      ...(['statistic', 'statistics'] as const),
    ),
    at: f.locals('i32', 'x', 'g', 'to'),
    ...f.locals(
      'f64',
      ...(['count', 'mean', 'variance', 'rstd', 'total', 'along', 'slope', 'rest'] as const),
    ),
    /** Whether a group of the tile has x itself meet what is not finite. */
    isOdd: f.local('i32'),
  };
}

type Emitting = ReturnType<typeof emitting>;

/** Pushes the distance of a vector of a group from its mean, or from what counts as such. */
function distance({ f, v, op }: Emitting, of: OfGroup, offset: number, from = of.means): FunctionBuilder {
  f.get(of.x).load('v128.load', offset);
  return v.centered ? f.get(from).op(op('sub')) : f;
}

/** Finds the sums over a group: `along` of gradients times distances, and `total` of gradients. */
function emitSums(e: Emitting, of: OfGroup): void {
  const { f, v, op, weight, sumAlong, sumOfG } = e;
  const wanted = v.centered ? [sumAlong, sumOfG] : [sumAlong];
  for (const sum of wanted) sum.begin();
  addRow(e.row, [of.x, of.g, weight], wanted, of.to, (offset) => {
    const scaled = f.local('v128');
    return [
      () => {
        f.get(of.g).load('v128.load', offset);
        f.get(weight).load('v128.load', offset).op(op('mul')).set(scaled);
        distance(e, of, offset, of.origins).get(scaled).op(op('mul'));
      },
      ...(v.centered ? [() => f.get(scaled)] : []),
    ];
  });
  sumAlong.total().set(e.along);
  if (v.centered) sumOfG.total().set(e.total);
}

/** Finds what is needed of a group, and goes on to the next. */
function prepare(e: Emitting, of: OfGroup): void {
  const { f, p, t, v, at, left, statistic, mean, variance, rstd, slope, isOdd, rest } = e;
  f.get(at.x).set(of.x).get(at.g).set(of.g).get(at.to).set(of.to);
  if (v.centered) {
    f.get(p.means).get(statistic).op('i32.add').set(left);
    pushNumber(f, t, left).tee(mean).splatF64(t.lane).tee(of.means).set(of.origins);
  }
  f.get(p.variances).get(statistic).op('i32.add').set(left);
  pushNumber(f, t, left).set(variance);
  pushRstd(f, variance, p.eps).tee(rstd).splatF64(t.lane).set(of.rstds);
  if (v.centered) sumsAsPyTorch(f, { ...e, means: of.origins }, () => emitSums(e, of));
  else emitSums(e, of);
  pushSlope(f, rstd, e.along, e.count).tee(slope).splatF64(t.lane).set(of.slopes);
  if (v.centered) {
    pushCenter(f, e).splatF64(t.lane).set(of.centers);
    f.get(isOdd).get(rest).f64Const(0).op('f64.ne').op('i32.or').set(isOdd);
  }
  for (const pointer of [at.x, at.g, at.to]) f.bump(pointer, { local: e.rowBytes });
  f.get(statistic).get(e.statistics).op('i32.add').set(statistic);
}

/** The gradients by the elements of so many groups, whose shares in those by factors are added to what is there. */
function emitResults(e: Emitting, groups: readonly OfGroup[], areOdd: boolean): void {
  const { f, t, v, op, weight, toWeight, toBias } = e;
  const pointers = groups.flatMap((of) => [of.x, of.g, of.to]);
  const to = [...groups.map((of) => of.to), toWeight, toBias];
  e.row.write(to, [weight, toWeight, toBias, ...pointers], ({ offset }) => {
    const { factors, byWeight, byBias } = f.locals('v128', 'factors', 'byWeight', 'byBias');
    f.get(weight).load('v128.load', offset).set(factors);
    f.get(toWeight).load('v128.load', offset).set(byWeight);
    f.get(toBias).load('v128.load', offset).set(byBias);
    for (const of of groups) {
      const { g, scaled, d } = f.locals('v128', 'g', 'scaled', 'd');
      f.get(of.g).load('v128.load', offset).tee(g).get(of.rstds).op(op('mul')).set(scaled);
      f.get(byBias).get(g).op(op('add')).set(byBias);
      distance(e, of, offset).set(d);
      const get = (local: number) => () => f.get(local);
      multiplyAdd(f, t, get(scaled), get(d), get(byWeight));
      f.set(byWeight);
      // That of a group of one element is exactly 0.
      const centred = (): void => {
        f.get(g).get(factors).op(op('mul'));
        if (v.centered) f.get(of.centers).op(op('sub'));
      };
      const slope = (): void => {
        if (areOdd) distance(e, of, offset, of.origins);
        else f.get(d);
        f.get(of.slopes).op(op('mul'));
      };
      multiplyAdd(f, t, centred, get(of.rstds), slope);
    }
    f.get(byWeight).get(byBias);
  });
}

/** Sets the gradients by factors and summands to 0, of the rows that come next. */
function clearOfElements({ f, p, bytes }: Emitting): void {
  for (const pointer of [p.toWeight, p.toBias]) {
    f.get(pointer).i32Const(0).get(bytes).get(p.groups).op('i32.mul').memoryFill();
    f.bump(pointer, { local: p.pitch });
  }
}

/** The gradients of one group in some rows: `at` points to the first. */
function emitGroup(e: Emitting): void {
  const { f, v, tile, isOdd } = e;
  const rows = f.local('i32');
  f.get(e.samples).set(rows);
  for (const groups of [tile, tile.slice(0, 1)]) {
    f.countdown(rows, groups.length, () => {
      f.i32Const(0).set(isOdd);
      for (const of of groups) prepare(e, of);
      if (v.centered) {
        f.get(isOdd).if();
        emitResults(e, groups, true);
        f.else();
      }
      emitResults(e, groups, false);
      if (v.centered) f.end();
    });
  }
}

/**
 * Writes `backward`. There are `samples` rows of all groups; the gradients of factors and summands are added up for
 * {@link BLOCK} of them at a time, and stand in rows of `pitch` bytes.
 */
export function emitBackwardOfElements(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const e = emitting(f, p, t, v);
    const { samples, weight, toWeight, toBias, group, bytes, rowBytes, statistics, at } = e;
    f.get(p.inner).op('f64.convert_i32_s').set(e.count);
    f.get(p.inner).i32Const(t.bytes).op('i32.mul').tee(bytes);
    f.get(p.groups).op('i32.mul').set(rowBytes);
    f.get(p.groups).i32Const(t.bytes).op('i32.mul').set(statistics);
    f.countdown(p.samples, 1, () => {
      f.atMost(p.samples, BLOCK).set(samples);
      f.get(p.weight).set(weight).get(p.toWeight).set(toWeight).get(p.toBias).set(toBias);
      clearOfElements(e);
      f.i32Const(0).set(group);
      const eachGroup = f.loop();
      for (const [pointer, base] of [
        [at.x, p.x],
        [at.g, p.g],
        [at.to, p.toX],
      ] as const)
        f.get(base).get(group).get(bytes).op('i32.mul').op('i32.add').set(pointer);
      f.get(group).i32Const(t.bytes).op('i32.mul').set(e.statistic);
      emitGroup(e);
      e.row.nextRow([weight, toWeight, toBias]);
      f.get(group).i32Const(1).op('i32.add').tee(group).get(p.groups).op('i32.lt_s').brIf(eachGroup).end();
      for (const pointer of [p.x, p.g, p.toX])
        f.get(pointer).get(samples).get(rowBytes).op('i32.mul').op('i32.add').set(pointer);
      for (const pointer of [p.means, p.variances])
        f.get(pointer).get(samples).get(statistics).op('i32.mul').op('i32.add').set(pointer);
      // One of them is taken off by the loop.
      f.get(p.samples).get(samples).op('i32.sub').i32Const(1).op('i32.add').set(p.samples);
    });
  });
}
