/** What rows.ts does, at addresses. */

import { bytesOf, type DType } from '../../../dtype.ts';
import { type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../../wasm/index.ts';
import {
  add,
  copyElement,
  defineKey,
  each,
  eachElement,
  eachRow,
  keepKeyBits,
  keyAt,
  type Locals,
  RowWriter,
  step,
} from './keys.ts';
import { defineMedian } from './median-kernel.ts';

/** Of rows of n elements that lie `inner` apart. */
interface OrderKernels {
  /**
   * Stores the elements of each row in their order, equal ones as they come, and where they stood. There is room for
   * two rows of 64-bit integers in `keys`, for two of 32-bit ones in `order`, and for 256 of them in `counts`. The
   * `mask` flips the order.
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
  /**
   * Stores the lower of the two elements in the middle, and where it stands; of a row with NaN that one, unless it is
   * `skipped`.
   */
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

const orderAt = (f: FunctionBuilder, base: number, at: number): FunctionBuilder =>
  f.pushPlace(base, at, 'int32');

const sortParams = i32Params(
  ...(['outer', 'n', 'inner', 'mask', 'x', 'keys', 'order', 'counts', 'values', 'indices'] as const),
);

const sortLocals = (f: FunctionBuilder) => ({
  ...f.locals('i32', 'start', 'row', 'i', 'j', 'at', 'left', 'from', 'to', 'fromOrder', 'toOrder'),
  ...f.locals('i32', 'pass', 'place', 'sum', 'moving'),
  ...f.locals('i64', 'key', 'flip'),
});

function defineSort(module: ModuleBuilder, dtype: DType, keyOf: number): void {
  module.define({ export: 'sort' }, sortParams, (f, p) => {
    const v = sortLocals(f);
    const row = new RowSort({ f, p, v });
    f.get(p.mask).op('i64.extend_i32_s');
    keepKeyBits(f, dtype, v.flip);
    eachRow(f, p, v, () => {
      row.begin();
      eachElement(f, p, v, () => {
        keyAt(f, v.from, v.i);
        f.pushPlace(p.x, v.at, dtype).call(keyOf).get(v.flip).op('i64.xor').store('i64.store');
        orderAt(f, v.fromOrder, v.i).get(v.i).store('i32.store');
      });
      f.get(p.n).i32Const(few).op('i32.le_s').if();
      row.sortByInsertion();
      f.else();
      row.sortByDigits(bytesOf(dtype));
      f.end();
      eachElement(f, p, v, () => {
        orderAt(f, v.fromOrder, v.i).load('i32.load').set(v.j);
        orderAt(f, p.indices, v.at).get(v.j).store('i32.store');
        f.get(v.j).get(p.inner).op('i32.mul').get(v.start).op('i32.add').set(v.j);
        f.pushPlace(p.values, v.at, dtype);
        copyElement(f.pushPlace(p.x, v.j, dtype), dtype);
      });
    });
  });
}

/** Writes the sorting of a row's keys, and of the places they came from. */
class RowSort extends RowWriter<Locals<keyof typeof sortParams>, ReturnType<typeof sortLocals>> {
  /** Says where keys and places are, and where they go. */
  begin(): void {
    const { f, p, v } = this.at;
    f.get(p.keys).set(v.from).get(p.order).set(v.fromOrder);
    keyAt(f, p.keys, p.n).set(v.to);
    orderAt(f, p.order, p.n).set(v.toOrder);
  }

  private eachKey(body: () => void): void {
    const { f, p, v } = this.at;
    f.i32Const(0).set(v.i);
    each(f, p.n, v.left, () => {
      body();
      step(f, v.i);
    });
  }

  sortByInsertion(): void {
    const { f, v } = this.at;
    this.eachKey(() => {
      keyAt(f, v.from, v.i).load('i64.load').set(v.key);
      orderAt(f, v.fromOrder, v.i).load('i32.load').set(v.moving);
      f.get(v.i).set(v.j);
      const found = f.block();
      const next = f.loop();
      f.get(v.j).op('i32.eqz').brIf(found);
      keyAt(f, v.from, v.j).i32Const(8).op('i32.sub').load('i64.load').get(v.key).op('i64.le_u').brIf(found);
      keyAt(f, v.from, v.j);
      keyAt(f, v.from, v.j).i32Const(8).op('i32.sub').load('i64.load').store('i64.store');
      orderAt(f, v.fromOrder, v.j);
      orderAt(f, v.fromOrder, v.j).i32Const(4).op('i32.sub').load('i32.load').store('i32.store');
      step(f, v.j, -1);
      f.i32Const(1).brIf(next).end().end();
      keyAt(f, v.from, v.j).get(v.key).store('i64.store');
      orderAt(f, v.fromOrder, v.j).get(v.moving).store('i32.store');
    });
  }

  /** One pass for each digit, of 8 bits, the last first. */
  sortByDigits(digits: number): void {
    const { f, p, v } = this.at;
    f.i32Const(0).set(v.pass);
    for (let digit = 0; digit < digits; digit++) {
      f.get(p.counts).i32Const(0).i32Const(1024).memoryFill();
      this.countDigits();
      // Where all have the same digit there is nothing to do.
      f.get(v.place).load('i32.load').get(p.n).op('i32.ne').if();
      this.startsOfDigits();
      this.moveByDigit();
      this.exchange(v.from, v.to);
      this.exchange(v.fromOrder, v.toOrder);
      f.end();
      step(f, v.pass, 8);
    }
  }

  /** Pushes the address of the count of the digit of a key. */
  private countOf(): FunctionBuilder {
    const { f, p, v } = this.at;
    f.get(p.counts).get(v.key).get(v.pass).op('i64.extend_i32_u').op('i64.shr_u').op('i32.wrap_i64');
    return f.i32Const(255).op('i32.and').i32Const(4).op('i32.mul').op('i32.add');
  }

  private countDigits(): void {
    const { f, v } = this.at;
    this.eachKey(() => {
      keyAt(f, v.from, v.i).load('i64.load').set(v.key);
      this.countOf().tee(v.place).get(v.place).load('i32.load').i32Const(1).op('i32.add').store('i32.store');
    });
  }

  /** Makes of how often each digit occurs where the first key with it goes. */
  private startsOfDigits(): void {
    const { f, p, v } = this.at;
    f.i32Const(0).set(v.sum).get(p.counts).set(v.place).i32Const(256).set(v.left);
    f.countdown(v.left, 1, () => {
      f.get(v.place).load('i32.load').set(v.j);
      f.get(v.place).get(v.sum).store('i32.store');
      add(f, v.sum, v.j);
      step(f, v.place, 4);
    });
  }

  private moveByDigit(): void {
    const { f, v } = this.at;
    this.eachKey(() => {
      keyAt(f, v.from, v.i).load('i64.load').set(v.key);
      this.countOf().tee(v.place).load('i32.load').set(v.j);
      f.get(v.place).get(v.j).i32Const(1).op('i32.add').store('i32.store');
      keyAt(f, v.to, v.j).get(v.key).store('i64.store');
      orderAt(f, v.toOrder, v.j);
      orderAt(f, v.fromOrder, v.i).load('i32.load').store('i32.store');
    });
  }

  private exchange(a: number, b: number): void {
    this.at.f.get(a).get(b).set(a).set(b);
  }
}

/** The kernels for elements of a dtype. */
export const orderKernels = memoized((dtype: DType): OrderKernels => {
  const module = new ModuleBuilder();
  const keyOf = defineKey(module, dtype);
  defineSort(module, dtype, keyOf);
  defineMedian(module, dtype, keyOf);
  return module.instantiate<OrderKernels>();
});
