import { bytesOf, type DType } from '../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized, once } from '../wasm/index.ts';
import { elementOf } from './combine-kernels.ts';

/**
 * out[index[i]] += values[i] / how often the index stands there, of rows of `width` elements, for indices other than
 * `skipped`. `counts` holds a 0 for each of the `rows`. Gives 1, with nothing added, where an index names no row.
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

/**
 * best[bags[i]][j] = index[i] where nothing was found of the bag, which -1 says, or table[index[i]][j] is greater than
 * the one that was: of rows of `width` elements. Gives 1 where an index names none of the `rows` of the table.
 */
export const greatestKernel = memoized((dtype: DType): ((...args: number[]) => number) => {
  const { type, bytes, load } = elementOf(dtype);
  const module = new ModuleBuilder();
  const params = i32Params('count', 'rows', 'width', 'index', 'bags', 'table', 'best');
  module.define({ export: 'find', result: 'i32' }, params, (f, p) => {
    const { row, from, to, column, found, base } = f.locals(
      'i32',
      'row',
      'from',
      'to',
      'column',
      'found',
      'base',
    );
    f.countdown(p.count, 1, () => {
      f.get(p.index).load('i32.load').tee(row).get(p.rows).op('i32.ge_u').if();
      f.i32Const(1).return().end();
      f.get(row).get(p.width).op('i32.mul').set(from);
      f.pushPlace(p.table, from, bytes).set(from);
      f.get(p.bags).load('i32.load').get(p.width).op('i32.mul').set(to);
      f.pushPlace(p.best, to, 4).set(to);
      f.get(p.table).set(base).get(p.width).set(column);
      f.countdown(column, 1, () => {
        const skip = f.block();
        f.get(to).load('i32.load').tee(found).i32Const(0).op('i32.ge_s').if();
        f.get(found).get(p.width).op('i32.mul').set(found);
        f.get(from).load(load);
        f.pushPlace(base, found, bytes).load(load);
        f.op(type === 'i32' ? 'i32.gt_s' : `${type}.gt`)
          .op('i32.eqz')
          .brIf(skip);
        f.end();
        f.get(to).get(row).store('i32.store');
        f.end();
        f.bump(from, { bytes }).bump(base, { bytes }).bump(to, { bytes: 4 });
      });
      f.bump(p.index, { bytes: 4 }).bump(p.bags, { bytes: 4 });
    });
    f.i32Const(0);
  });
  return module.instantiate<{ find: (...args: number[]) => number }>().find;
});

/**
 * out[i] is the number of the last of `count` offsets that is not above i, for i below `length`. Gives 1 unless the
 * first offset is 0 and each of the others lies between the one before it and `length`.
 */
export const bagsKernel = once((): ((...args: number[]) => number) => {
  const module = new ModuleBuilder();
  const params = i32Params('count', 'length', 'offsets', 'out');
  module.define({ export: 'number', result: 'i32' }, params, (f, p) => {
    const { bag, end, size } = f.locals('i32', 'bag', 'end', 'size');
    const fill = (): FunctionBuilder =>
      f.countdown(size, 1, () => {
        f.get(p.out).get(bag).store('i32.store');
        f.bump(p.out, { bytes: 4 });
      });
    f.i32Const(-1).set(bag);
    f.countdown(p.count, 1, () => {
      // Before the first bag lies nothing.
      f.get(p.offsets).load('i32.load').get(end).op('i32.sub').tee(size);
      f.get(p.length).get(end).op('i32.sub').i32Const(0);
      f.get(bag).i32Const(0).op('i32.ge_s').op('select');
      f.op('i32.gt_u').if();
      f.i32Const(1).return().end();
      f.get(end).get(size).op('i32.add').set(end);
      fill();
      f.bump(bag, { bytes: 1 }).bump(p.offsets, { bytes: 4 });
    });
    f.get(p.length).get(end).op('i32.sub').set(size);
    fill();
    f.i32Const(0);
  });
  return module.instantiate<{ number: (...args: number[]) => number }>().number;
});
