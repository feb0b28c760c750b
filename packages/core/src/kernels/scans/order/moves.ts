/** Keys and the places that they came from, which move together, at addresses. */
import type { FunctionBuilder } from '../../wasm/index.ts';

/** What keys are compared by: unsigned integers, or numbers by `<`, which is no order where there is NaN. */
export type KeyType = 'i64' | 'f64';

const access = {
  i64: { load: 'i64.load', store: 'i64.store', less: 'i64.lt_u' },
  f64: { load: 'f64.load', store: 'f64.store', less: 'f64.lt' },
} as const;

/** Writes what is done with a row of them. Places are locals that hold numbers, counted from 0. */
export class Moves {
  readonly f: FunctionBuilder;
  readonly type: KeyType;
  private readonly keys: number;
  private readonly order: number;
  private readonly key: number;
  private readonly otherKey: number;
  private readonly from: number;
  private readonly otherFrom: number;

  constructor(f: FunctionBuilder, type: KeyType, row: { readonly keys: number; readonly order: number }) {
    this.f = f;
    this.type = type;
    this.keys = row.keys;
    this.order = row.order;
    this.key = f.local(type);
    this.otherKey = f.local(type);
    this.from = f.local('i32');
    this.otherFrom = f.local('i32');
  }

  private keyAddress(place: number): FunctionBuilder {
    return this.f.pushPlace(this.keys, place, 8);
  }

  private orderAddress(place: number): FunctionBuilder {
    return this.f.pushPlace(this.order, place, 4);
  }

  /** Pushes the key at a place. */
  pushKey(place: number): FunctionBuilder {
    return this.keyAddress(place).load(access[this.type].load);
  }

  /** Pushes where the key at a place came from. */
  pushFrom(place: number): FunctionBuilder {
    return this.orderAddress(place).load('i32.load');
  }

  /** Puts the key `key`, which came from `from`, at a place. */
  put(place: number, key: number, from: number): void {
    this.keyAddress(place).get(key).store(access[this.type].store);
    this.orderAddress(place).get(from).store('i32.store');
  }

  /** Replaces two keys by whether the first belongs strictly before the second. */
  less(): FunctionBuilder {
    return this.f.op(access[this.type].less);
  }

  /** Pushes whether what is at the first place belongs strictly before what is at the second. */
  before(a: number, b: number): FunctionBuilder {
    this.pushKey(a);
    this.pushKey(b);
    return this.less();
  }

  copy(from: number, to: number): void {
    this.pushKey(from).set(this.key);
    this.pushFrom(from).set(this.from);
    this.put(to, this.key, this.from);
  }

  swap(a: number, b: number): void {
    this.pushKey(a).set(this.key);
    this.pushFrom(a).set(this.from);
    this.pushKey(b).set(this.otherKey);
    this.pushFrom(b).set(this.otherFrom);
    this.put(a, this.otherKey, this.otherFrom);
    this.put(b, this.key, this.from);
  }

  /** Moves what is at `first` to `end` (excluded) one place on. */
  moveOn(first: number, end: number): void {
    const { f } = this;
    for (const [base, bytes] of [
      [this.keys, 8],
      [this.order, 4],
    ] as const) {
      f.pushPlace(base, first, bytes).i32Const(bytes).op('i32.add').pushPlace(base, first, bytes);
      f.get(end).get(first).op('i32.sub').i32Const(bytes).op('i32.mul').memoryCopy();
    }
  }
}
