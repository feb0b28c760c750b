/** The elements in the middle of rows, at addresses. */
import type { DType } from '../../../dtype.ts';
import { type FunctionBuilder, i32Params, type ModuleBuilder } from '../../wasm/index.ts';
import {
  copyElement,
  eachElement,
  eachRow,
  keepKeyBits,
  keyAt,
  type Locals,
  long,
  RowWriter,
  step,
} from './keys.ts';

const medianParams = i32Params('outer', 'n', 'inner', 'skipped', 'x', 'keys', 'values', 'indices');

const medianLocals = (f: FunctionBuilder) => ({
  ...f.locals('i32', 'start', 'row', 'i', 'j', 'at', 'left', 'low', 'high', 'k', 'nans', 'bit'),
  ...f.locals('i64', 'key', 'differing', 'other', 'nan'),
});

/** Adds the kernel for elements of a dtype, of which `keyOf` gives the keys. */
export function defineMedian(module: ModuleBuilder, dtype: DType, keyOf: number): void {
  module.define({ export: 'median' }, medianParams, (f, p) => {
    const v = medianLocals(f);
    const row = new RowMedian({ f, p, v });
    const pushKey = () => f.pushPlace(p.x, v.at, dtype).call(keyOf);
    long(f, -1);
    keepKeyBits(f, dtype, v.nan);
    eachRow(f, p, v, () => {
      row.readKeys(dtype === 'float32' || dtype === 'float64', pushKey);
      row.rankOfMiddle();
      row.selectKey();
      row.findKey(pushKey);
      f.pushPlace(p.indices, v.row, 'int32').get(v.i).store('i32.store');
      f.pushPlace(p.values, v.row, dtype);
      copyElement(f.pushPlace(p.x, v.at, dtype), dtype);
    });
  });
}

/** Writes the search for the element in the middle of a row. */
class RowMedian extends RowWriter<Locals<keyof typeof medianParams>, ReturnType<typeof medianLocals>> {
  private eachKey(pushKey: () => FunctionBuilder, body: () => void): void {
    const { f, p, v } = this.at;
    eachElement(f, p, v, () => {
      pushKey().set(v.key);
      body();
    });
  }

  /** Stores the keys, and counts those of NaN. */
  readKeys(hasNaN: boolean, pushKey: () => FunctionBuilder): void {
    const { f, p, v } = this.at;
    f.i32Const(0).set(v.nans);
    this.eachKey(pushKey, () => {
      keyAt(f, p.keys, v.i).get(v.key).store('i64.store');
      f.get(v.key).get(v.nan).op('i64.eq').get(v.nans).op('i32.add').set(v.nans);
    });
    if (!hasNaN) f.i32Const(0).set(v.nans);
  }

  /**
   * k, how many elements stand before the one in the middle. NaN counts as the greatest, so what is left out stands
   * behind.
   */
  rankOfMiddle(): void {
    const { f, p, v } = this.at;
    f.get(p.n).i32Const(1).op('i32.sub').set(v.k);
    f.get(p.skipped).if();
    f.get(v.k).get(v.nans).op('i32.sub').set(v.k);
    f.get(v.k).i32Const(0).get(v.k).i32Const(0).op('i32.gt_s').op('select').set(v.k).end();
    f.get(v.k).i32Const(1).op('i32.shr_u').set(v.k);
    f.get(p.skipped).op('i32.eqz').get(v.nans).i32Const(0).op('i32.ne').op('i32.and').if();
    f.get(p.n).get(v.nans).op('i32.sub').set(v.k).end();
  }

  /** The key of rank k: what differs in the highest bit is parted, until nothing differs. */
  selectKey(): void {
    const { f, p, v } = this.at;
    f.i32Const(0).set(v.low).get(p.n).set(v.high);
    const found = f.block();
    const next = f.loop();
    this.differingBits();
    f.get(v.differing).op('i64.eqz').brIf(found);
    f.i32Const(63).get(v.differing).op('i64.clz').op('i32.wrap_i64').op('i32.sub').set(v.bit);
    this.partByBit();
    f.get(v.k).get(v.i).op('i32.lt_s').if();
    f.get(v.i).set(v.high);
    f.else();
    f.get(v.i).set(v.low).end();
    f.i32Const(1).brIf(next).end().end();
  }

  /** The bits in which the keys from `low` to `high` are not all the same. */
  private differingBits(): void {
    const { f, p, v } = this.at;
    long(f, 0).set(v.differing);
    keyAt(f, p.keys, v.low).load('i64.load').set(v.key);
    f.get(v.low).set(v.i).get(v.high).get(v.low).op('i32.sub').set(v.left);
    f.countdown(v.left, 1, () => {
      keyAt(f, p.keys, v.i).load('i64.load').get(v.key).op('i64.xor');
      f.get(v.differing).op('i64.or').set(v.differing);
      step(f, v.i);
    });
  }

  /** Exchanges keys until those without the bit stand before those with it, of which number `i` is the first. */
  private partByBit(): void {
    const { f, p, v } = this.at;
    f.get(v.low).set(v.i).get(v.high).set(v.j);
    const parted = f.block();
    const again = f.loop();
    f.get(v.i).get(v.j).op('i32.ge_s').brIf(parted);
    keyAt(f, p.keys, v.i).load('i64.load').tee(v.other).get(v.bit).op('i64.extend_i32_u').op('i64.shr_u');
    f.op('i32.wrap_i64').i32Const(1).op('i32.and').if();
    step(f, v.j, -1);
    keyAt(f, p.keys, v.i);
    keyAt(f, p.keys, v.j).load('i64.load').store('i64.store');
    keyAt(f, p.keys, v.j).get(v.other).store('i64.store');
    f.else();
    step(f, v.i);
    f.end();
    f.i32Const(1).brIf(again).end().end();
  }

  /** Which element of that key it is: of equal ones, as many stand before it as there are of rank below k. */
  findKey(pushKey: () => FunctionBuilder): void {
    const { f, v } = this.at;
    f.get(v.key).set(v.other);
    this.eachKey(pushKey, () => f.get(v.k).get(v.key).get(v.other).op('i64.lt_u').op('i32.sub').set(v.k));
    const there = f.block();
    this.eachKey(pushKey, () => {
      f.get(v.key).get(v.other).op('i64.eq').if();
      f.get(v.k).op('i32.eqz').brIf(there);
      step(f, v.k, -1);
      f.end();
    });
    f.end();
  }
}
