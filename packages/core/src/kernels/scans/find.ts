import type { DType, TypedArray } from '../../dtype.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Extent } from '../strided/index.ts';
import { i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/** Where along each row its value stands first, NaN included: at the end where it stands nowhere. */
export function findFirst(data: TypedArray, values: TypedArray, extent: Extent, out: TypedArray): void {
  const { outer, n, inner } = extent;
  if (recorder !== null) {
    recordCall('find_first', findKernel(placeOf(data).area.dtype), [outer, n, inner, data, values, out]);
    return;
  }
  for (let o = 0, row = 0; o < outer; o++)
    for (let i = 0; i < inner; i++, row++)
      out[row] = positionOf(data, values[row], o * n * inner + i, inner, n);
}

function positionOf(
  data: TypedArray,
  value: number | undefined,
  start: number,
  step: number,
  n: number,
): number {
  let r = 0;
  if (Number.isNaN(value)) {
    while (r < n - 1 && !Number.isNaN(data[start + r * step])) r++;
  } else if (data instanceof Float32Array) {
    while (r < n - 1 && data[start + r * step] !== value) r++;
  } else {
    while (r < n - 1 && data[start + r * step] !== value) r++;
  }
  return r;
}

/** What {@link findFirst} does, at addresses. */
const findKernel = memoized((dtype: DType): ((...args: number[]) => void) => {
  const module = new ModuleBuilder();
  const params = i32Params('outer', 'n', 'inner', 'data', 'values', 'out');
  module.define({ export: 'find' }, params, (f, p) => {
    const { start, row, column, r, at } = f.locals('i32', 'start', 'row', 'column', 'r', 'at');
    const { value, x } = f.locals('f64', 'value', 'x');
    f.countdown(p.outer, 1, () => {
      f.get(p.inner).set(column);
      f.countdown(column, 1, () => {
        f.pushPlace(p.values, row, dtype).loadNumber(dtype).set(value);
        f.i32Const(0).set(r).get(start).set(at);
        const found = f.block();
        const next = f.loop();
        f.get(r).i32Const(1).op('i32.add').get(p.n).op('i32.ge_s').brIf(found);
        f.pushPlace(p.data, at, dtype).loadNumber(dtype).tee(x);
        // Equal, or both NaN.
        f.get(value).op('f64.eq').get(x).get(x).op('f64.ne').get(value).get(value).op('f64.ne');
        f.op('i32.and').op('i32.or').brIf(found);
        f.get(r).i32Const(1).op('i32.add').set(r).get(at).get(p.inner).op('i32.add').set(at);
        f.i32Const(1).brIf(next).end().end();
        f.get(p.out).get(r).store('i32.store');
        f.bump(p.out, { bytes: 4 });
        f.get(row).i32Const(1).op('i32.add').set(row).get(start).i32Const(1).op('i32.add').set(start);
      });
      f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(start).op('i32.add').set(start);
    });
  });
  return module.instantiate<{ find: (...args: number[]) => void }>().find;
});
