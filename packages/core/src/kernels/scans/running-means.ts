import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import type { Strided } from '../strided/index.ts';
import { i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/**
 * Means of rows of n elements as PyTorch has them, which carries them along: one that has become infinite is NaN after
 * the next element. So only a last element can make it infinite.
 */
export function runningMeans(rows: Strided, n: number, means: TypedArray): void {
  if (recorder !== null) {
    if (rows.count === 0) return;
    recordCall('running_means', meansKernel(rows.dtype), [means.length, n, elementsOf(rows), means], {
      keeps: [means],
    });
    return;
  }
  if (means.every(Number.isFinite)) return;
  const elements = elementsOf(rows);
  for (let i = 0; i < means.length; i++) {
    if (Number.isFinite(means[i])) continue;
    for (let r = i * n; r < (i + 1) * n - 1; r++) if (!Number.isFinite(elements[r])) means[i] = Number.NaN;
  }
}

/** What {@link runningMeans} does, at addresses. */
const meansKernel = memoized((dtype: DType): ((...args: number[]) => void) => {
  const module = new ModuleBuilder();
  module.define({ export: 'means' }, i32Params('count', 'n', 'x', 'means'), (f, p) => {
    const { left, at, zero } = f.locals('i32', 'left', 'at', 'zero');
    /** Whether the number at an address is finite: times 0 it is 0. */
    const finite = (base: number): void => {
      f.pushPlace(base, zero, dtype).loadNumber(dtype).f64Const(0).op('f64.mul');
      f.f64Const(0).op('f64.eq');
    };
    f.countdown(p.count, 1, () => {
      finite(p.means);
      f.op('i32.eqz').if();
      f.get(p.x).set(at).get(p.n).i32Const(1).op('i32.sub').set(left);
      f.countdown(left, 1, () => {
        finite(at);
        f.op('i32.eqz').if();
        f.get(p.means).f64Const(Number.NaN).storeNumber(dtype).end();
        f.bump(at, { bytes: bytesOf(dtype) });
      });
      f.end();
      f.pushPlace(p.x, p.n, dtype).set(p.x);
      f.bump(p.means, { bytes: bytesOf(dtype) });
    });
  });
  return module.instantiate<{ means: (...args: number[]) => void }>().means;
});
