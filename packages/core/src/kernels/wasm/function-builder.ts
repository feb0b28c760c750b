/** What kernels are written with: instructions, and what takes several of them. */

import { bytesOf, type DType } from '../../dtype.ts';
import type { FloatLane, ValueType } from './encoding.ts';
import { type Formula, is, plus } from './formulas.ts';
import { Instructions } from './instructions.ts';

const ofIntegers = { toNumber: 'f64.convert_i32_s', fromNumber: 'i32.trunc_sat_f64_s' } as const;
const singles = {
  load: 'f32.load',
  toNumber: 'f64.promote_f32',
  fromNumber: 'f32.demote_f64',
  store: 'f32.store',
} as const;
const doubles = { load: 'f64.load', toNumber: null, fromNumber: null, store: 'f64.store' } as const;
const integers = { load: 'i32.load', ...ofIntegers, store: 'i32.store' } as const;
const bytes = { load: 'i32.load8_u', ...ofIntegers, store: 'i32.store8' } as const;

/**
 * What reads an element of a dtype or of a lane, makes the float64 number of it that JavaScript would compute with, and
 * the way back.
 */
const elements = {
  ...{ float32: singles, float64: doubles, int32: integers, uint8: bytes, bool: bytes },
  ...{ f32: singles, f64: doubles, i32: integers },
} as const satisfies Record<DType | FloatLane | 'i32', unknown>;

type Element = keyof typeof elements;

/**
 * Emits the body of one function. Its methods beyond {@link Instructions} are shorthands: locals by name, formulas,
 * counted loops, moving pointers, elements of any dtype. Each returns the builder, save the one that makes locals.
 */
export class FunctionBuilder extends Instructions {
  /** Fresh locals of one type, by name. */
  locals<N extends string>(type: ValueType, ...names: N[]): Record<N, number> {
    return Object.fromEntries(names.map((name) => [name, this.local(type)])) as Record<N, number>;
  }

  /** Pushes the value of a formula. */
  push(x: Formula): this {
    if (typeof x === 'number') return this.get(x);
    if ('is' in x) return this.i32Const(x.is);
    const [op, a, b] = x;
    return this.push(a).push(b).op(op);
  }

  /** local = formula. */
  put(local: number, x: Formula): this {
    return this.push(x).set(local);
  }

  /** local = the smaller of two formulas, of which the second is a local or a constant. */
  putLeast(local: number, x: Formula, limit: number | { readonly is: number }): this {
    this.put(local, x);
    if (typeof limit === 'object') return this.atMost(local, limit.is).set(local);
    return this.get(local).get(limit).get(local).get(limit).op('i32.lt_s').op('select').set(local);
  }

  /** Calls a function, as `importFunction` and `addFunction` return it, with what is on the stack, then formulas. */
  override call(index: number, args: readonly Formula[] = []): this {
    for (const arg of args) this.push(arg);
    return super.call(index);
  }

  /** pointer += a constant number of bytes, or a local. */
  bump(pointer: number, by: { bytes: number } | { local: number }): this {
    return this.put(pointer, plus(pointer, 'bytes' in by ? is(by.bytes) : by.local));
  }

  /**
   * Stores vectors side by side at a pointer, the last first: of two that V8 makes one of, it stores the lower half
   * alone as well where that comes first, lest the other be out of bounds.
   */
  storeVectors(pointer: number, vectors: readonly number[], offset = 0): this {
    for (const [i, vector] of [...vectors.entries()].toReversed())
      this.get(pointer)
        .get(vector)
        .store('v128.store', offset + 16 * i);
    return this;
  }

  /** Pushes the smaller of a local (taken as signed) and a constant. */
  atMost(local: number, limit: number): this {
    return this.get(local).i32Const(limit).get(local).i32Const(limit).op('i32.lt_s').op('select');
  }

  /** Runs `body` while `counter` >= `step`, subtracting `step` each round. */
  countdown(counter: number, step: number, body: () => void): this {
    this.get(counter).i32Const(step).op('i32.ge_s').if();
    const top = this.loop();
    body();
    this.get(counter).i32Const(step).op('i32.sub').tee(counter).i32Const(step).op('i32.ge_s').brIf(top);
    return this.end().end();
  }

  /** Runs `body` with `counter` from 0 on, in steps, as long as it is less than a formula. */
  upTo(counter: number, end: Formula, step: Formula, body: () => void): this {
    this.i32Const(0).set(counter).push(counter).push(end).op('i32.lt_s').if();
    const top = this.loop();
    body();
    this.put(counter, plus(counter, step)).get(counter).push(end).op('i32.lt_s').brIf(top);
    return this.end().end();
  }

  /**
   * Runs `step(0)`, `step(1)` ... `step(unroll - 1)` and then `advance`, over and over, until `counter` steps are done.
   *
   * The exit after each step keeps the steps in basic blocks of their own: within one, V8 would move the loads of all
   * steps ahead of the arithmetic and spill the accumulators. Leaving early, it skips `advance`. A step that is long
   * cuts itself into such blocks by its `cut`, an exit that is never taken.
   */
  unrolled(
    counter: number,
    unroll: number,
    step: (u: number, cut: () => void) => void,
    advance: () => void,
  ): this {
    this.get(counter).i32Const(0).op('i32.gt_s').if();
    const done = this.block();
    const top = this.loop();
    for (let u = 0; u < unroll; u++) {
      // Another number each time, as V8 leaves out a test that it has made.
      let never = 0;
      step(u, () => void this.get(counter).i32Const(--never).op('i32.eq').brIf(done));
      if (u === unroll - 1) advance();
      this.get(counter).i32Const(1).op('i32.sub').tee(counter);
      if (u === unroll - 1) this.brIf(top);
      else this.op('i32.eqz').brIf(done);
    }
    return this.end().end().end();
  }

  /** Pushes the address of element number `index` of what lies at `base`, elements of a dtype or of so many bytes. */
  pushPlace(base: number, index: number, element: DType | number): this {
    const bytes = typeof element === 'number' ? element : bytesOf(element);
    return this.get(base).get(index).i32Const(bytes).op('i32.mul').op('i32.add');
  }

  /** Makes the element on the stack the float64 number that JavaScript would compute with. */
  toNumber(element: Element): this {
    const { toNumber } = elements[element];
    return toNumber === null ? this : this.op(toNumber);
  }

  /** Makes the float64 number on the stack an element, which holds it or, of floats, what it is rounded to. */
  fromNumber(element: Element): this {
    const { fromNumber } = elements[element];
    return fromNumber === null ? this : this.op(fromNumber);
  }

  /** Replaces the address on the stack by the element there, as {@link toNumber} makes it. */
  loadNumber(element: Element): this {
    return this.load(elements[element].load).toNumber(element);
  }

  /** Stores the float64 number on the stack, as {@link fromNumber} makes it, at the address below it. */
  storeNumber(element: Element, offset = 0): this {
    return this.fromNumber(element).store(elements[element].store, offset);
  }
}
