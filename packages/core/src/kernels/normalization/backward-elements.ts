/** The WebAssembly kernel of the derivative of {@link emitForward} where each element of a group has a factor of its own. */

import { type RowConfig, RowEmitter } from '../rows/index.ts';
import { type FunctionBuilder, type ModuleBuilder, range } from '../wasm/index.ts';
import { backwardParams, pushCenter, pushSlope, sumsAsPyTorch } from './backward.ts';
import { pushNumber, pushRstd } from './forward.ts';
import { BLOCK, type Variant } from './grouping.ts';
import { addRow, multiplyAdd, Sum } from './sums.ts';

/** Groups whose gradients are worked out side by side: their sums by factors are read and written once. */
const TILE = 2;

/** What is known of one group of a tile. */
const ofGroup = (f: FunctionBuilder) => ({
  ...f.locals('v128', 'means', 'rstds', 'slopes', 'centers', 'origins'),
  ...f.locals('i32', 'x', 'g', 'to'),
});

/**
 * Writes `backward`. There are `samples` rows of all groups; the gradients of factors and summands are added up for {@link BLOCK} of them at
 * a time, and stand in rows of `pitch` bytes.
 */
export function emitBackwardOfElements(module: ModuleBuilder, t: RowConfig, v: Variant): void {
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  module.define({ export: 'backward' }, backwardParams, (f, p) => {
    const row = new RowEmitter(f, t, p.inner);
    const [sumAlong, sumOfG] = [new Sum(f, t), new Sum(f, t)];
    const tile = range(TILE).map(() => ofGroup(f));
    const { samples, left, weight, toWeight, toBias, group, bytes, rowBytes, statistic, statistics } =
      f.locals(
        'i32',
        ...(['samples', 'left', 'weight', 'toWeight', 'toBias', 'group', 'bytes', 'rowBytes'] as const),
        ...(['statistic', 'statistics'] as const),
      );
    const at = f.locals('i32', 'x', 'g', 'to');
    const { count, mean, variance, rstd, total, along, slope, rest } = f.locals(
      'f64',
      ...(['count', 'mean', 'variance', 'rstd', 'total', 'along', 'slope', 'rest'] as const),
    );
    const scaled = f.local('v128');
    type OfGroup = ReturnType<typeof ofGroup>;
    const distance = (of: OfGroup, offset: number, from = of.means): FunctionBuilder => {
      f.get(of.x).load('v128.load', offset);
      return v.centered ? f.get(from).op(op('sub')) : f;
    };
    /** Whether a group of the tile has x itself meet what is not finite. */
    const isOdd = f.local('i32');
    /** Finds what is needed of a group. */
    const prepare = (of: OfGroup): void => {
      f.get(at.x).set(of.x).get(at.g).set(of.g).get(at.to).set(of.to);
      if (v.centered) {
        f.get(p.means).get(statistic).op('i32.add').set(left);
        pushNumber(f, t, left).tee(mean).splatF64(t.lane).tee(of.means).set(of.origins);
      }
      f.get(p.variances).get(statistic).op('i32.add').set(left);
      pushNumber(f, t, left).set(variance);
      pushRstd(f, variance, p.eps).tee(rstd).splatF64(t.lane).set(of.rstds);
      const wanted = v.centered ? [sumAlong, sumOfG] : [sumAlong];
      const sums = (): void => {
        for (const sum of wanted) sum.begin();
        addRow(row, [of.x, of.g, weight], wanted, (offset) => [
          () => {
            f.get(of.g)
              .load('v128.load', offset)
              .get(weight)
              .load('v128.load', offset)
              .op(op('mul'))
              .set(scaled);
            distance(of, offset, of.origins).get(scaled).op(op('mul'));
          },
          ...(v.centered ? [() => f.get(scaled)] : []),
        ]);
        sumAlong.total().set(along);
        if (v.centered) sumOfG.total().set(total);
      };
      if (v.centered) sumsAsPyTorch(f, { mean, means: of.origins, rest, total, along }, sums);
      else sums();
      pushSlope(f, rstd, along, count).tee(slope).splatF64(t.lane).set(of.slopes);
      if (v.centered) {
        pushCenter(f, { total, count, slope, rest, rstd }).splatF64(t.lane).set(of.centers);
        f.get(isOdd).get(rest).f64Const(0).op('f64.ne').op('i32.or').set(isOdd);
      }
      for (const pointer of [at.x, at.g, at.to]) f.bump(pointer, { local: rowBytes });
      f.get(statistic).get(statistics).op('i32.add').set(statistic);
    };
    /** The gradients by the elements of so many groups, whose shares in those by factors are added to what is there. */
    const results = (groups: readonly OfGroup[], areOdd: boolean): void => {
      const pointers = groups.flatMap((of) => [of.x, of.g, of.to]);
      const to = [...groups.map((of) => of.to), toWeight, toBias];
      row.write(to, [weight, toWeight, toBias, ...pointers], (step) => {
        const { factors, byWeight, byBias } = f.locals('v128', 'factors', 'byWeight', 'byBias');
        f.get(weight).load('v128.load', step.offset).set(factors);
        f.get(toWeight).load('v128.load', step.offset).set(byWeight);
        f.get(toBias).load('v128.load', step.offset).set(byBias);
        for (const of of groups) {
          const { g, scaled, d } = f.locals('v128', 'g', 'scaled', 'd');
          f.get(of.g).load('v128.load', step.offset).tee(g).get(of.rstds).op(op('mul')).set(scaled);
          f.get(byBias).get(g).op(op('add')).set(byBias);
          distance(of, step.offset).set(d);
          multiplyAdd(
            f,
            t,
            () => f.get(scaled),
            () => f.get(d),
            () => f.get(byWeight),
          );
          f.set(byWeight);
          // That of a group of one element is exactly 0.
          multiplyAdd(
            f,
            t,
            () => {
              f.get(g).get(factors).op(op('mul'));
              if (v.centered) f.get(of.centers).op(op('sub'));
            },
            () => f.get(of.rstds),
            () => {
              if (areOdd) distance(of, step.offset, of.origins);
              else f.get(d);
              f.get(of.slopes).op(op('mul'));
            },
          );
        }
        f.get(byWeight).get(byBias);
      });
    };
    f.get(p.inner).op('f64.convert_i32_s').set(count);
    f.get(p.inner).i32Const(t.bytes).op('i32.mul').tee(bytes);
    f.get(p.groups).op('i32.mul').set(rowBytes);
    f.get(p.groups).i32Const(t.bytes).op('i32.mul').set(statistics);
    f.countdown(p.samples, 1, () => {
      f.atMost(p.samples, BLOCK).set(samples);
      f.get(p.weight).set(weight).get(p.toWeight).set(toWeight).get(p.toBias).set(toBias);
      for (const pointer of [p.toWeight, p.toBias]) {
        f.get(pointer).i32Const(0).get(bytes).get(p.groups).op('i32.mul').memoryFill();
        f.bump(pointer, { local: p.pitch });
      }
      f.i32Const(0).set(group);
      const eachGroup = f.loop();
      for (const [pointer, base] of [
        [at.x, p.x],
        [at.g, p.g],
        [at.to, p.toX],
      ] as const)
        f.get(base).get(group).get(bytes).op('i32.mul').op('i32.add').set(pointer);
      f.get(group).i32Const(t.bytes).op('i32.mul').set(statistic);
      const rows = f.local('i32');
      f.get(samples).set(rows);
      for (const groups of [tile, tile.slice(0, 1)]) {
        f.countdown(rows, groups.length, () => {
          f.i32Const(0).set(isOdd);
          for (const of of groups) prepare(of);
          if (v.centered) {
            f.get(isOdd).if();
            results(groups, true);
            f.else();
          }
          results(groups, false);
          if (v.centered) f.end();
        });
      }
      row.nextRow([weight, toWeight, toBias]);
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
