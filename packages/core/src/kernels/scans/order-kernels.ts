/** What order.ts does, at addresses. */

import { bytesOf, type DType } from '../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/** Of rows of n elements that lie `inner` apart. */
interface OrderKernels {
  /**
   * Stores the elements of each row in their order, equal ones as they come, and where they stood. There is room for two rows of 64-bit
   * integers in `keys`, for two of 32-bit ones in `order`, and for 256 of them in `counts`. The `mask` flips the order.
   */
  sort(
    outer: number,
    n: number,
    inner: number,
    mask: number,
    x: number,
    keys: number,
    order: number,
    counts: number,
    values: number,
    indices: number,
  ): void;
  /** Stores the lower of the two elements in the middle, and where it stands; of a row with NaN that one, unless it is `skipped`. */
  median(
    outer: number,
    n: number,
    inner: number,
    skipped: number,
    x: number,
    keys: number,
    values: number,
    indices: number,
  ): void;
}

/** Up to this many elements are sorted by insertion. */
const few = 48;

/** The kernels for elements of a dtype. */
export const orderKernels = memoized((dtype: DType): OrderKernels => {
  const module = new ModuleBuilder();
  const bytes = bytesOf(dtype);
  const digits = bytes;
  const add = (f: FunctionBuilder, local: number, other: number): FunctionBuilder =>
    f.bump(local, { local: other });
  const step = (f: FunctionBuilder, local: number, by = 1): FunctionBuilder => f.bump(local, { bytes: by });
  const each = (f: FunctionBuilder, count: number, left: number, body: () => void): void => {
    f.get(count).set(left);
    f.countdown(left, 1, body);
  };
  const long = (f: FunctionBuilder, value: number): FunctionBuilder =>
    f.i32Const(value).op('i64.extend_i32_s');
  const keyAt = (f: FunctionBuilder, base: number, at: number): FunctionBuilder =>
    f.pushPlace(base, at, 'float64');
  const copyElement = (f: FunctionBuilder): void => {
    if (bytes === 8) f.load('i64.load').store('i64.store');
    else if (bytes === 4) f.load('i32.load').store('i32.store');
    else f.load('i32.load8_u').store('i32.store8');
  };

  /** An unsigned integer in the order of the elements: 0 and -0 are equal, NaN is the greatest. */
  const keyOf = module.define({ name: 'keyOf', result: 'i64' }, i32Params('address'), (f, p) => {
    if (bytes === 1) {
      f.get(p.address).load('i64.load8_u');
      return;
    }
    if (dtype === 'int32') {
      f.get(p.address).load('i32.load').i32Const(-0x80000000).op('i32.xor').op('i64.extend_i32_u');
      return;
    }
    const x = f.local(dtype === 'float32' ? 'f32' : 'f64');
    if (dtype === 'float32') {
      const bits = f.local('i32');
      f.i32Const(0x7fffffff).get(p.address).load('f32.load').f32Const(0).op('f32.add').tee(x);
      f.op('i32.reinterpret_f32').get(x).get(x).op('f32.ne').op('select').tee(bits);
      f.get(bits).i32Const(31).op('i32.shr_s').i32Const(1).op('i32.shr_u').op('i32.xor');
      f.i32Const(-0x80000000).op('i32.xor').op('i64.extend_i32_u');
    } else {
      const bits = f.local('i64');
      long(f, -1).i32Const(1).op('i64.extend_i32_s').op('i64.shr_u');
      f.get(p.address).load('f64.load').f64Const(0).op('f64.add').tee(x).op('i64.reinterpret_f64');
      f.get(x).get(x).op('f64.ne').op('select').tee(bits);
      f.get(bits);
      long(f, 63).op('i64.shr_s');
      long(f, 1).op('i64.shr_u').op('i64.xor');
      long(f, 1);
      long(f, 63).op('i64.shl').op('i64.xor');
    }
  });

  /** Runs `body` for each row, with the number of its first element in `start` and its own in `row`. */
  const eachRow = (
    f: FunctionBuilder,
    p: { readonly outer: number; readonly n: number; readonly inner: number },
    { start, row }: { readonly start: number; readonly row: number },
    body: () => void,
  ): void => {
    const column = f.local('i32');
    f.countdown(p.outer, 1, () => {
      each(f, p.inner, column, () => {
        body();
        step(f, start);
        step(f, row);
      });
      f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(start).op('i32.add').set(start);
    });
  };

  const sorting = i32Params(
    'outer',
    'n',
    'inner',
    'mask',
    'x',
    'keys',
    'order',
    'counts',
    'values',
    'indices',
  );
  module.define({ export: 'sort' }, sorting, (f, p) => {
    const { start, row, i, j, at, left } = f.locals('i32', 'start', 'row', 'i', 'j', 'at', 'left');
    const { from, to, fromOrder, toOrder } = f.locals('i32', 'from', 'to', 'fromOrder', 'toOrder');
    const { pass, place, sum, moving } = f.locals('i32', 'pass', 'place', 'sum', 'moving');
    const { key, flip } = f.locals('i64', 'key', 'flip');
    const orderAt = (base: number, index: number): FunctionBuilder => f.pushPlace(base, index, 'int32');
    /** Pushes the address of the count of the digit of a key. */
    const countOf = (): FunctionBuilder => {
      f.get(p.counts).get(key).get(pass).op('i64.extend_i32_u').op('i64.shr_u').op('i32.wrap_i64');
      return f.i32Const(255).op('i32.and').i32Const(4).op('i32.mul').op('i32.add');
    };
    const exchange = (a: number, b: number): void => {
      f.get(a).get(b).set(a).set(b);
    };
    // All ones, in as many bits as keys have.
    f.get(p.mask).op('i64.extend_i32_s');
    long(f, 64 - 8 * digits)
      .op('i64.shr_u')
      .set(flip);
    eachRow(f, p, { start, row }, () => {
      f.get(p.keys).set(from).get(p.order).set(fromOrder);
      keyAt(f, p.keys, p.n).set(to);
      orderAt(p.order, p.n).set(toOrder);
      f.get(start).set(at).i32Const(0).set(i);
      each(f, p.n, left, () => {
        keyAt(f, from, i);
        f.pushPlace(p.x, at, dtype).call(keyOf).get(flip).op('i64.xor').store('i64.store');
        orderAt(fromOrder, i).get(i).store('i32.store');
        add(f, at, p.inner);
        step(f, i);
      });
      f.get(p.n).i32Const(few).op('i32.le_s').if();
      f.i32Const(0).set(i);
      each(f, p.n, left, () => {
        keyAt(f, from, i).load('i64.load').set(key);
        orderAt(fromOrder, i).load('i32.load').set(moving);
        f.get(i).set(j);
        const found = f.block();
        const next = f.loop();
        f.get(j).op('i32.eqz').brIf(found);
        keyAt(f, from, j).i32Const(8).op('i32.sub').load('i64.load').get(key).op('i64.le_u').brIf(found);
        keyAt(f, from, j);
        keyAt(f, from, j).i32Const(8).op('i32.sub').load('i64.load').store('i64.store');
        orderAt(fromOrder, j);
        orderAt(fromOrder, j).i32Const(4).op('i32.sub').load('i32.load').store('i32.store');
        step(f, j, -1);
        f.i32Const(1).brIf(next).end().end();
        keyAt(f, from, j).get(key).store('i64.store');
        orderAt(fromOrder, j).get(moving).store('i32.store');
        step(f, i);
      });
      f.else();
      f.i32Const(0).set(pass);
      for (let digit = 0; digit < digits; digit++) {
        f.get(p.counts).i32Const(0).i32Const(1024).memoryFill();
        f.i32Const(0).set(i);
        each(f, p.n, left, () => {
          keyAt(f, from, i).load('i64.load').set(key);
          countOf().tee(place).get(place).load('i32.load').i32Const(1).op('i32.add').store('i32.store');
          step(f, i);
        });
        // Where all have the same digit there is nothing to do.
        f.get(place).load('i32.load').get(p.n).op('i32.ne').if();
        f.i32Const(0).set(sum).get(p.counts).set(place).i32Const(256).set(left);
        f.countdown(left, 1, () => {
          f.get(place).load('i32.load').set(j);
          f.get(place).get(sum).store('i32.store');
          add(f, sum, j);
          step(f, place, 4);
        });
        f.i32Const(0).set(i);
        each(f, p.n, left, () => {
          keyAt(f, from, i).load('i64.load').set(key);
          countOf().tee(place).load('i32.load').set(j);
          f.get(place).get(j).i32Const(1).op('i32.add').store('i32.store');
          keyAt(f, to, j).get(key).store('i64.store');
          orderAt(toOrder, j);
          orderAt(fromOrder, i).load('i32.load').store('i32.store');
          step(f, i);
        });
        exchange(from, to);
        exchange(fromOrder, toOrder);
        f.end();
        step(f, pass, 8);
      }
      f.end();
      f.get(start).set(at).i32Const(0).set(i);
      each(f, p.n, left, () => {
        orderAt(fromOrder, i).load('i32.load').set(j);
        orderAt(p.indices, at).get(j).store('i32.store');
        f.get(j).get(p.inner).op('i32.mul').get(start).op('i32.add').set(j);
        f.pushPlace(p.values, at, dtype);
        copyElement(f.pushPlace(p.x, j, dtype));
        add(f, at, p.inner);
        step(f, i);
      });
    });
  });

  const middle = i32Params('outer', 'n', 'inner', 'skipped', 'x', 'keys', 'values', 'indices');
  module.define({ export: 'median' }, middle, (f, p) => {
    const { start, row, i, j, at, left } = f.locals('i32', 'start', 'row', 'i', 'j', 'at', 'left');
    const { low, high, k, nans, bit } = f.locals('i32', 'low', 'high', 'k', 'nans', 'bit');
    const { key, differing, other, nan } = f.locals('i64', 'key', 'differing', 'other', 'nan');
    const eachKey = (body: () => void): void => {
      f.get(start).set(at).i32Const(0).set(i);
      each(f, p.n, left, () => {
        f.pushPlace(p.x, at, dtype).call(keyOf).set(key);
        body();
        add(f, at, p.inner);
        step(f, i);
      });
    };
    long(f, -1);
    long(f, 64 - 8 * digits)
      .op('i64.shr_u')
      .set(nan);
    eachRow(f, p, { start, row }, () => {
      f.i32Const(0).set(nans);
      eachKey(() => {
        keyAt(f, p.keys, i).get(key).store('i64.store');
        f.get(key).get(nan).op('i64.eq').get(nans).op('i32.add').set(nans);
      });
      if (dtype !== 'float32' && dtype !== 'float64') f.i32Const(0).set(nans);
      f.get(p.n).i32Const(1).op('i32.sub').set(k);
      // NaN counts as the greatest, so what is left out stands behind.
      f.get(p.skipped).if();
      f.get(k).get(nans).op('i32.sub').set(k);
      f.get(k).i32Const(0).get(k).i32Const(0).op('i32.gt_s').op('select').set(k).end();
      f.get(k).i32Const(1).op('i32.shr_u').set(k);
      f.get(p.skipped).op('i32.eqz').get(nans).i32Const(0).op('i32.ne').op('i32.and').if();
      f.get(p.n).get(nans).op('i32.sub').set(k).end();
      // The key of rank k: what differs in the highest bit is parted, until nothing differs.
      f.i32Const(0).set(low).get(p.n).set(high);
      const found = f.block();
      const next = f.loop();
      long(f, 0).set(differing);
      keyAt(f, p.keys, low).load('i64.load').set(key);
      f.get(low).set(i).get(high).get(low).op('i32.sub').set(left);
      f.countdown(left, 1, () => {
        keyAt(f, p.keys, i)
          .load('i64.load')
          .get(key)
          .op('i64.xor')
          .get(differing)
          .op('i64.or')
          .set(differing);
        step(f, i);
      });
      f.get(differing).op('i64.eqz').brIf(found);
      f.i32Const(63).get(differing).op('i64.clz').op('i32.wrap_i64').op('i32.sub').set(bit);
      f.get(low).set(i).get(high).set(j);
      const parted = f.block();
      const again = f.loop();
      f.get(i).get(j).op('i32.ge_s').brIf(parted);
      keyAt(f, p.keys, i).load('i64.load').tee(other).get(bit).op('i64.extend_i32_u').op('i64.shr_u');
      f.op('i32.wrap_i64').i32Const(1).op('i32.and').if();
      step(f, j, -1);
      keyAt(f, p.keys, i);
      keyAt(f, p.keys, j).load('i64.load').store('i64.store');
      keyAt(f, p.keys, j).get(other).store('i64.store');
      f.else();
      step(f, i);
      f.end();
      f.i32Const(1).brIf(again).end().end();
      f.get(k).get(i).op('i32.lt_s').if();
      f.get(i).set(high);
      f.else();
      f.get(i).set(low).end();
      f.i32Const(1).brIf(next).end().end();
      // Of equal elements, as many stand before it as there are of rank below k.
      f.get(key).set(other);
      eachKey(() => f.get(k).get(key).get(other).op('i64.lt_u').op('i32.sub').set(k));
      const there = f.block();
      eachKey(() => {
        f.get(key).get(other).op('i64.eq').if();
        f.get(k).op('i32.eqz').brIf(there);
        step(f, k, -1);
        f.end();
      });
      f.end();
      f.pushPlace(p.indices, row, 'int32').get(i).store('i32.store');
      f.pushPlace(p.values, row, dtype);
      copyElement(f.pushPlace(p.x, at, dtype));
    });
  });
  return module.instantiate<OrderKernels>();
});
