import { bytesOf, type DType } from '../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/**
 * out[index[i]] += values[i] / how often the index stands there, of rows of `width` elements, for indices other than `skipped`. `counts`
 * holds a 0 for each of the `rows`. Gives 1, with nothing added, where an index names no row.
 */
export const frequencyKernel = memoized((dtype: DType): ((...args: number[]) => number) => {
  const bytes = bytesOf(dtype);
  const module = new ModuleBuilder();
  const params = i32Params('count', 'rows', 'width', 'skipped', 'index', 'counts', 'values', 'out');
  module.define({ export: 'add', result: 'i32' }, params, (f, p) => {
    const { left, at, row, to, column } = f.locals('i32', 'left', 'at', 'row', 'to', 'column');
    const scale = f.local('f64');
    const placeOfCount = (): FunctionBuilder => f.pushPlace(p.counts, row, 4);
    f.get(p.count).set(left).get(p.index).set(at);
    f.countdown(left, 1, () => {
      f.get(at).load('i32.load').tee(row).get(p.rows).op('i32.ge_u').if();
      f.i32Const(1).return().end();
      placeOfCount();
      placeOfCount().load('i32.load').i32Const(1).op('i32.add').store('i32.store');
      f.bump(at, { bytes: 4 });
    });
    f.countdown(p.count, 1, () => {
      f.get(p.index).load('i32.load').tee(row).get(p.skipped).op('i32.eq').if();
      f.get(p.values).get(p.width).i32Const(bytes).op('i32.mul').op('i32.add').set(p.values);
      f.else();
      f.f64Const(1);
      placeOfCount().load('i32.load').op('f64.convert_i32_s').op('f64.div').set(scale);
      f.get(row).get(p.width).op('i32.mul').set(to);
      f.pushPlace(p.out, to, bytes).set(to).get(p.width).set(column);
      f.countdown(column, 1, () => {
        f.get(to).get(to).loadNumber(dtype);
        f.get(p.values).loadNumber(dtype).get(scale).op('f64.mul').op('f64.add');
        f.storeNumber(dtype);
        f.bump(to, { bytes });
        f.bump(p.values, { bytes });
      });
      f.end();
      f.bump(p.index, { bytes: 4 });
    });
    f.i32Const(0);
  });
  return module.instantiate<{ add: (...args: number[]) => number }>().add;
});
