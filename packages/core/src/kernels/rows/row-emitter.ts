/** The loops over one row that the kernels of softmax and cross-entropy are made of. */

import { defineScalar, inlineExpression } from '../compile/index.ts';
import { exp, input, log } from '../expression/index.ts';
import { EXP_TO_ZERO_SCALE, expToZero } from '../math/index.ts';
import { type FloatLane, type FunctionBuilder, ModuleBuilder, memoized, range } from '../wasm/index.ts';

/** The lane type that kernels on rows are emitted for, and functions of float64 numbers that they call. */
export interface RowConfig {
  readonly lane: FloatLane;
  readonly vector: 'f32x4' | 'f64x2';
  readonly lanes: 4 | 2;
  readonly bytes: 4 | 8;
  readonly log: number;
  readonly exp: number;
}

/** The kernels that `emit` adds to a module, for each lane compiled at its first use. */
export const rowKernels = <Kernels>(emit: (module: ModuleBuilder, t: RowConfig) => void) =>
  memoized((lane: FloatLane): Kernels => {
    const module = new ModuleBuilder();
    const calls = { log: defineScalar(module, 'log', log), exp: defineScalar(module, 'exp', exp) };
    emit(
      module,
      lane === 'f32'
        ? { lane, vector: 'f32x4', lanes: 4, bytes: 4, ...calls }
        : { lane, vector: 'f64x2', lanes: 2, bytes: 8, ...calls },
    );
    return module.instantiate<Kernels>();
  });

/** Adds the vector in a local to a sum in float64: its low half to `low` and its high half, of float32, to `high`. */
export function addHalves(f: FunctionBuilder, t: RowConfig, value: number, low: number, high: number): void {
  if (t.lanes === 2) {
    f.get(low).get(value).op('f64x2.add').set(low);
    return;
  }
  f.get(low).get(value).op('f64x2.promote_low_f32x4').op('f64x2.add').set(low);
  f.get(high).get(value).get(value).shuffle64(1, 1).op('f64x2.promote_low_f32x4').op('f64x2.add').set(high);
}

/** One vector of a row in the body of a loop: where it lies, and whether it is the last, cut one. */
export interface VectorStep {
  /** Its number within the round of the loop. */
  readonly u: number;
  /** Its bytes from the pointers. */
  readonly offset: number;
  readonly partial: boolean;
}

/** How {@link RowEmitter.eachVector} runs. */
interface LoopOptions {
  /** Vectors a round; what is left over takes rounds of one. */
  readonly unroll?: number;
  /** Emitted at the end of each round. */
  readonly afterRound?: () => void;
}

/** The loops over one row, its last and partial vector included. */
export class RowEmitter {
  readonly f: FunctionBuilder;
  readonly t: RowConfig;
  readonly x: number;
  readonly sum: number;
  /** Whose bits are set in the lanes of the last, partial vector that belong to the row. */
  readonly mask: number;
  private readonly n: number;
  private readonly left: number;
  private readonly low: number;
  private readonly high: number;
  private readonly roundSum: number;

  constructor(f: FunctionBuilder, t: RowConfig, n: number) {
    this.f = f;
    this.t = t;
    this.n = n;
    this.mask = f.local('v128');
    this.left = f.local('i32');
    this.x = f.local('v128');
    this.low = f.local('v128');
    this.high = f.local('v128');
    this.roundSum = f.local('v128');
    this.sum = f.local('f64');
    // The lanes of the last vector that belong to the row: those whose number is below n modulo the lanes.
    f.get(n)
      .i32Const(t.lanes - 1)
      .op('i32.and');
    if (t.lanes === 4) {
      f.op('i32x4.splat').set(this.mask);
      f.v128Const(new Uint8Array(Int32Array.of(0, 1, 2, 3).buffer))
        .get(this.mask)
        .op('i32x4.lt_s');
    } else {
      f.op('i64.extend_i32_s').op('i64x2.splat').set(this.mask);
      f.v128Const(new Uint8Array(BigInt64Array.of(0n, 1n).buffer))
        .get(this.mask)
        .op('i64x2.lt_s');
    }
    f.set(this.mask);
  }

  /** Runs `body` for each vector of a row, moving `pointers` along and back. */
  eachVector(
    pointers: readonly number[],
    body: (step: VectorStep) => void,
    { unroll = 1, afterRound }: LoopOptions = {},
  ): void {
    this.eachRound(pointers, unroll, (steps) => {
      steps.forEach(body);
      afterRound?.();
    });
  }

  /**
   * Runs `body` for so many vectors of a row at once, and for each that is left over, moving `pointers` along and back.
   */
  eachRound(pointers: readonly number[], unroll: number, body: (steps: readonly VectorStep[]) => void): void {
    const { f, t, left, n } = this;
    const rounds = (vectors: number): FunctionBuilder =>
      f.countdown(left, vectors * t.lanes, () => {
        body(range(vectors).map((u) => ({ u, offset: 16 * u, partial: false })));
        for (const pointer of pointers) f.bump(pointer, { bytes: 16 * vectors });
      });
    f.get(n).set(left);
    if (unroll > 1) rounds(unroll);
    rounds(1);
    f.get(left).if();
    body([{ u: 0, offset: 0, partial: true }]);
    f.end();
    f.get(n).i32Const(-t.lanes).op('i32.and').i32Const(t.bytes).op('i32.mul').set(left);
    for (const pointer of pointers) f.get(pointer).get(left).op('i32.sub').set(pointer);
  }

  /** Runs `body` where rounds of so many vectors leave something over. */
  ifLeftOver(unroll: number, body: () => void): void {
    const { f, t, n } = this;
    f.get(n)
      .i32Const(unroll * t.lanes - 1)
      .op('i32.and')
      .if();
    body();
    f.end();
  }

  /**
   * Stores at each of the pointers `to`, vector by vector, what `push` pushes for it, the last on top. All values of a
   * round come before its stores, and those to one pointer side by side, the last first, as by `storeVectors`: V8 joins
   * operations on neighbours, but none over a store in between.
   */
  write(
    to: readonly number[],
    pointers: readonly number[],
    push: (step: VectorStep) => void,
    { unroll = 2, afterRound }: LoopOptions = {},
  ): void {
    const { f } = this;
    this.eachRound(pointers, unroll, (steps) =>
      f.passingVectors(() => {
        const values = steps.map((step) => {
          push(step);
          const locals = to.map(() => f.local('v128'));
          for (const local of locals.toReversed()) f.set(local);
          return locals;
        });
        for (const [k, pointer] of to.entries())
          for (const [i, step] of [...steps.entries()].toReversed())
            this.store(pointer, values[i]?.[k] ?? 0, step);
        afterRound?.();
      }),
    );
  }

  /** Stores the vector in the local `value` at a pointer: of the row's last one only what belongs to the row. */
  store(pointer: number, value: number, { offset, partial }: Pick<VectorStep, 'offset' | 'partial'>): void {
    const { f, t, left } = this;
    if (!partial) {
      f.get(pointer).get(value).store('v128.store', offset);
      return;
    }
    const low = (): FunctionBuilder => f.get(pointer).get(value).accessLane('v128.store64_lane', 0, offset);
    if (t.lanes === 2) {
      low();
      return;
    }
    f.get(left).i32Const(2).op('i32.and').if();
    low();
    f.get(left).i32Const(1).op('i32.and').if();
    f.get(pointer)
      .get(value)
      .accessLane('v128.store32_lane', 2, offset + 8);
    f.end().else();
    f.get(pointer).get(value).accessLane('v128.store32_lane', 0, offset).end();
  }

  /** Moves pointers on by a row. */
  nextRow(pointers: readonly number[]): void {
    const { f, t, n } = this;
    for (const pointer of pointers)
      f.get(pointer).get(n).i32Const(t.bytes).op('i32.mul').op('i32.add').set(pointer);
  }

  /**
   * Leaves the row's maximum in every lane of `max`. A NaN is passed over: it makes the row's sum NaN in any case. By
   * `'max'` it is the maximum.
   */
  maximum(pointer: number, max: number, by: 'pmax' | 'max' = 'pmax'): void {
    const { f, t, mask } = this;
    // Several, since each waits for its last comparison.
    const others = range(3).map(() => f.local('v128'));
    const running = [max, ...others];
    for (const local of running) f.splat(t.lane, Number.NEGATIVE_INFINITY).set(local);
    this.eachVector(
      [pointer],
      ({ u, offset, partial }) => {
        const local = others[u - 1] ?? max;
        f.get(local).get(pointer).load('v128.load', offset);
        if (partial) f.splat(t.lane, Number.NEGATIVE_INFINITY).get(mask).op('v128.bitselect');
        f.op(`${t.vector}.${by}`).set(local);
      },
      { unroll: running.length },
    );
    f.get(max);
    for (const other of others) f.get(other).op(`${t.vector}.${by}`);
    f.set(max);
    f.get(max).get(max).get(max).shuffle64(1, 0).op(`${t.vector}.${by}`).set(max);
    if (t.lanes === 4) f.get(max).get(max).get(max).shuffle32(1, 0, 3, 2).op(`f32x4.${by}`).set(max);
  }

  /** Pushes the number in the first lane of a local, as float64. */
  pushNumber(value: number): void {
    const { f, t } = this;
    f.get(value).lane(`${t.vector}.extract_lane`, 0).toNumber(t.lane);
  }

  /** Puts the sum of the vectors that `push` pushes, one for each of the row's, into `this.sum`. */
  total(pointers: readonly number[], push: () => void): void {
    this.startSum();
    this.eachVector(pointers, ({ partial }) => {
      push();
      this.f.set(this.x);
      this.addToSum(this.x, partial);
    });
    this.finishSum();
  }

  /** Begins a sum over the row. */
  private startSum(): void {
    this.f.f64Splat(0).set(this.low).f64Splat(0).set(this.high);
  }

  /** Adds the vector in the local `value` to the running sum, in float64. */
  private addToSum(value: number, partial: boolean): void {
    const { f, t, low, high } = this;
    if (partial) this.cut(value);
    addHalves(f, t, value, low, high);
  }

  /** Puts the total into `this.sum`. */
  private finishSum(): void {
    const { f, low, high, sum } = this;
    f.get(low).get(high).op('f64x2.add').set(low);
    f.get(low).lane('f64x2.extract_lane', 0).get(low).lane('f64x2.extract_lane', 1).op('f64.add').set(sum);
  }

  /**
   * Pushes the exponential of the vector in the local `x`, whose numbers are at most 0; in float32,
   * {@link EXP_TO_ZERO_SCALE} times too large.
   */
  scaledExponential(x: number): void {
    const exponential = this.t.lane === 'f32' ? expToZero : exp;
    inlineExpression(this.f, this.t.lane, exponential(input(0)), [x]);
  }

  /** Divides the float64 on the stack by what {@link scaledExponential} multiplies by. */
  unscale(): void {
    if (this.t.lane === 'f32') this.f.f64Const(1 / EXP_TO_ZERO_SCALE).op('f64.mul');
  }

  /**
   * Sets two vectors by which {@link scaledExponential} times the sum is free of the scale: 1, and the sum divided by
   * the scale. Where that loses the sum, since it is subnormal, or makes no difference to it, since it is infinite (and
   * 0 times it NaN), the exponentials are divided instead, which takes long where they become subnormal.
   */
  unscaledFactors(exponentials: number, sum: number): void {
    const { f, t } = this;
    if (t.lane === 'f64') {
      f.splat(t.lane, 1).set(exponentials).get(this.sum).splatF64(t.lane).set(sum);
      return;
    }
    const share = f.local('f64');
    f.get(this.sum);
    this.unscale();
    f.set(share);
    f.get(share)
      .op('f64.abs')
      .f64Const(2 ** -126)
      .op('f64.ge')
      .get(share)
      .f64Const(0)
      .op('f64.eq')
      .op('i32.or');
    f.get(share).op('f64.abs').f64Const(Number.POSITIVE_INFINITY).op('f64.lt').op('i32.and').if();
    f.splat(t.lane, 1).set(exponentials).get(share).splatF64(t.lane).set(sum);
    f.else();
    f.splat(t.lane, 1 / EXP_TO_ZERO_SCALE)
      .set(exponentials)
      .get(this.sum)
      .splatF64(t.lane)
      .set(sum);
    f.end();
  }

  /**
   * Adds up {@link scaledExponential} of x - max over the row, storing each where `out` is given. The quotient of the
   * two is free of the scale, as is {@link pushLogOfSum}. A row whose maximum is infinite gives NaN.
   */
  sumOfExponentials(x: number, max: number, out?: number): void {
    const { f, t, roundSum } = this;
    this.startSum();
    const to = out === undefined ? [] : [out];
    this.write(
      to,
      [x, ...to],
      ({ u, offset, partial }) => {
        const [distance, value] = [f.local('v128'), f.local('v128')];
        f.get(x).load('v128.load', offset).get(max).op(`${t.vector}.sub`).set(distance);
        this.scaledExponential(distance);
        f.set(value);
        if (out !== undefined) f.get(value);
        if (partial) this.cut(value);
        // A few positive numbers lose nothing to speak of in float32, and save a conversion each.
        if (u === 0) f.get(value).set(roundSum);
        else f.get(roundSum).get(value).op(`${t.vector}.add`).set(roundSum);
      },
      {
        unroll: this.exponentialsARound,
        afterRound: () => this.addToSum(roundSum, false),
      },
    );
    this.finishSum();
  }

  /**
   * How often to unroll a loop over exponentials: fewer leave more of the loop's overhead; from 12 on V8 runs out of
   * registers. In float64, where each exponential is a call, there is nothing to gain.
   */
  get exponentialsARound(): number {
    return this.t.lane === 'f32' ? 8 : 1;
  }

  /** Pushes log(sum(exp(x - max))) after {@link sumOfExponentials}, as float64. */
  pushLogOfSum(): void {
    this.f.get(this.sum);
    this.unscale();
    this.f.call(this.t.log);
  }

  /** Sets the lanes of a partial vector that lie past the row's end to 0. */
  cut(value: number): void {
    this.f.get(value).get(this.mask).op('v128.and').set(value);
  }
}
