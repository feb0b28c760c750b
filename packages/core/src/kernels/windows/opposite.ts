/**
 * What is x of y and weights, but made as y of the opposite way, multiplies weights by zeros around y, which makes NaN
 * of those that are infinite: then it is x after all, as nothing is added where there is no y.
 */

import type { GemmLane } from '../gemm/index.ts';
import { type Formula, is, minus, times } from '../wasm/formulas.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder, range } from '../wasm/index.ts';
import type { ConvolutionLocals } from './convolution-driver.ts';

/** Functions: what tells whether elements are infinite, and the kernel of the opposite way. */
export interface Opposite {
  readonly infinite: number;
  readonly opposite: number;
}

/** Vectors that are looked at together. */
const TOGETHER = 4;

/** Adds what tells whether any of some elements is infinite or NaN. */
export function anyInfinite(module: ModuleBuilder, t: GemmLane): number {
  const { lane, vector, bytes } = t;
  const params = i32Params('count', 'at');
  return module.define({ name: `windows_infinite_${lane}`, result: 'i32' }, params, (f, p) => {
    const [zero, ...sums] = range(TOGETHER + 1).map(() => f.local('v128')) as [number, ...number[]];
    const look = (load: 'v128.load' | GemmLane['loadOne'], n: number): void => {
      // 0, or NaN of what is not finite.
      for (const [i, sum] of sums.slice(0, n).entries())
        f.get(sum)
          .get(p.at)
          .load(load, 16 * i)
          .get(zero)
          .op(`${vector}.mul`)
          .op(`${vector}.add`)
          .set(sum);
    };
    for (const n of [TOGETHER, 1])
      f.countdown(p.count, (16 * n) / bytes, () => {
        look('v128.load', n);
        f.bump(p.at, { bytes: 16 * n });
      });
    f.countdown(p.count, 1, () => {
      look(t.loadOne, 1);
      f.bump(p.at, { bytes });
    });
    for (const sum of sums) f.get(zero).get(sum).op(`${vector}.add`).set(zero);
    f.get(zero).get(zero).op(`${vector}.ne`).op('v128.any_true');
  });
}

/** Emits the call of the opposite kernel, and the return, where that is what is wanted and weights are infinite. */
export function oppositeIfInfinite(
  f: FunctionBuilder,
  p: ConvolutionLocals,
  bytes: number,
  { infinite, opposite }: Opposite,
): void {
  const weights = times(p.groups, p.channels, p.filters, p.kd, p.kh, p.kw);
  const padding = (d: 'd' | 'h' | 'w'): Formula =>
    minus(times(minus(p[`k${d}`], is(1)), p[`l${d}`]), p[`p${d}`]);
  f.get(p.turned).get(p.bare).op('i32.eqz').op('i32.and').if();
  f.call(infinite, [weights, p.weight]).if();
  f.get(p.accumulate).op('i32.eqz').if();
  f.get(p.y).i32Const(0);
  f.push(times(p.batch, p.groups, p.filters, p.od, p.oh, p.ow, is(bytes))).memoryFill();
  f.end();
  f.call(opposite, [
    ...[p.batch, p.groups, p.filters, p.channels, p.od, p.oh, p.ow, p.kd, p.kh, p.kw, p.d, p.h, p.w],
    ...[p.sd, p.sh, p.sw, padding('d'), padding('h'), padding('w'), p.ld, p.lh, p.lw],
    ...[p.oppositeSlab, p.oppositeBlock, p.oppositeBare, p.channels, is(0), is(0), is(0), is(0)],
    ...[p.y, p.weight, p.x, is(1), p.scratch],
  ]);
  f.return();
  f.end();
  f.end();
}
