import type { DType, TypedArray } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import { dtypeOf, recordCall, recorder } from '../recording/index.ts';
import { is, over, plus, times } from '../wasm/formulas.ts';
import { i32Params, ModuleBuilder, memoized, range } from '../wasm/index.ts';

/**
 * The indices of the first elements other than 0 of a shape, a row each, in as many rows as there is room for; the
 * others are filled.
 */
export function recordNonzero(x: TypedArray, shape: Shape, fill: number, out: TypedArray): boolean {
  if (recorder === null) return false;
  const kernel = nonzeroKernel(`${dtypeOf(x)} ${shape.length}`);
  recordCall('nonzero', kernel, [x.length, out.length / shape.length, fill, x, out, ...shape], {
    writes: [out],
  });
  return true;
}

/** What {@link recordNonzero} does, at addresses, for so many dimensions. */
const nonzeroKernel = memoized((key: `${DType} ${number}`): ((...args: number[]) => void) => {
  const [dtype, rank] = key.split(' ') as [DType, string];
  const dimensions = range(Number(rank));
  const module = new ModuleBuilder();
  const params = i32Params('n', 'rows', 'fill', 'x', 'out', ...dimensions.map((d) => `size${d}` as const));
  module.define({ export: 'nonzero' }, params, (f, p) => {
    const { i, row, rest, next } = f.locals('i32', 'i', 'row', 'rest', 'next');
    f.upTo(i, p.n, is(1), () => {
      f.pushPlace(p.x, i, dtype).loadNumber(dtype).f64Const(0).op('f64.ne');
      f.get(row).get(p.rows).op('i32.lt_s').op('i32.and').if();
      f.get(i).set(rest);
      for (const d of dimensions.toReversed()) {
        const size = p[`size${d}`] ?? 0;
        f.put(next, over(rest, size)).push(plus(p.out, is(4 * d)));
        f.push(['i32.sub', rest, times(next, size)])
          .store('i32.store')
          .get(next)
          .set(rest);
      }
      f.bump(p.out, { bytes: 4 * dimensions.length })
        .bump(row, { bytes: 1 })
        .end();
    });
    f.put(i, times(['i32.sub', p.rows, row], is(dimensions.length)));
    f.countdown(i, 1, () => f.get(p.out).get(p.fill).store('i32.store').bump(p.out, { bytes: 4 }));
  });
  return module.instantiate<{ nonzero: (...args: number[]) => void }>().nonzero;
});
