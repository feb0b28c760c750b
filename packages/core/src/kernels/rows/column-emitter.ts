/**
 * The loops over columns that the kernels of softmax and cross-entropy are made of where a row's elements lie apart.
 */

import { inlineExpression } from '../compile/index.ts';
import { exp, input, log } from '../expression/index.ts';
import { EXP_TO_ZERO_SCALE, expToZero } from '../math/index.ts';
import { type FunctionBuilder, range } from '../wasm/index.ts';
import { addHalves, type RowConfig } from './row-emitter.ts';

/**
 * Some columns side by side, as many as so many vectors have lanes: `n` elements down each, `pitch` bytes from one to
 * the next.
 */
export class ColumnEmitter {
  /** So many vectors. */
  readonly vectors: number;
  /** What {@link total} leaves, for each vector. */
  readonly sums: readonly number[];
  private readonly f: FunctionBuilder;
  private readonly t: RowConfig;
  private readonly p: Readonly<Record<'n' | 'pitch', number>>;
  private readonly left: number;
  private readonly value: number;
  /** The halves of a float64 sum for each vector. */
  private readonly halves: readonly (readonly [low: number, high: number])[];

  constructor(f: FunctionBuilder, t: RowConfig, p: Readonly<Record<'n' | 'pitch', number>>, vectors: number) {
    this.f = f;
    this.t = t;
    this.p = p;
    this.vectors = vectors;
    this.left = f.local('i32');
    this.value = f.local('v128');
    this.halves = range(vectors).map(() => [f.local('v128'), f.local('v128')]);
    this.sums = range(vectors).map(() => f.local('v128'));
  }

  /** Runs `body` for each row, with pointers that begin at `bases` and go down. */
  down(bases: readonly number[], body: (at: readonly number[]) => void): void {
    const { f, p, left } = this;
    const pointers = bases.map((base) => {
      const pointer = f.local('i32');
      f.get(base).set(pointer);
      return pointer;
    });
    f.get(p.n).set(left);
    f.countdown(left, 1, () => {
      body(pointers);
      for (const pointer of pointers) f.bump(pointer, { local: p.pitch });
    });
  }

  /** Stores at `to` what `push` pushes for each vector of each row: all values of a row come before its stores. */
  write(to: number, bases: readonly number[], push: (u: number, at: readonly number[]) => void): void {
    const { f } = this;
    this.down([to, ...bases], ([out = 0, ...at]) =>
      f.passingVectors(() => {
        const values = range(this.vectors).map((u) => {
          const value = f.local('v128');
          push(u, at);
          f.set(value);
          return value;
        });
        f.storeVectors(out, values);
      }),
    );
  }

  /** Leaves the maximum down each column in `max`. By `'pmax'` a NaN is passed over; by `'max'` it is the maximum. */
  maximum(base: number, max: readonly number[], by: 'pmax' | 'max' = 'pmax'): void {
    const { f, t } = this;
    for (const local of max) f.splat(t.lane, Number.NEGATIVE_INFINITY).set(local);
    this.down([base], ([at = 0]) => {
      for (const [u, local] of max.entries())
        f.get(local)
          .get(at)
          .load('v128.load', 16 * u)
          .op(`${t.vector}.${by}`)
          .set(local);
    });
  }

  /**
   * Puts the sums down the columns of what `push` pushes for each vector into {@link sums}; they are carried in
   * float64.
   */
  total(bases: readonly number[], push: (u: number, at: readonly number[]) => void): void {
    const { f, value } = this;
    this.carry(bases, (at, add) => {
      for (const u of range(this.vectors)) {
        push(u, at);
        f.set(value);
        add(u, value);
      }
    });
  }

  /** The same of what `body`, which is run for each row, adds of each vector. */
  private carry(
    bases: readonly number[],
    body: (at: readonly number[], add: (u: number, value: number) => void) => void,
  ): void {
    const { f, t } = this;
    for (const half of this.halves.flat()) f.f64Splat(0).set(half);
    this.down(bases, (at) =>
      body(at, (u, value) => {
        const [low = 0, high = 0] = this.halves[u] ?? [];
        addHalves(f, t, value, low, high);
      }),
    );
    for (const [u, [low, high]] of this.halves.entries()) {
      f.get(low);
      if (t.lanes === 4)
        f.op('f32x4.demote_f64x2_zero').get(high).op('f32x4.demote_f64x2_zero').shuffle64(0, 2);
      f.set(this.sums[u] ?? 0);
    }
  }

  /**
   * {@link total} of exp(x - max), each stored too where `out` is given; in float32 {@link EXP_TO_ZERO_SCALE} times too
   * large, of which quotients are free, and {@link logarithms}. A column whose maximum is infinite gives NaN.
   */
  exponentials(x: number, max: readonly number[], out?: number): void {
    const { f, t } = this;
    const values = range(this.vectors).map(() => f.local('v128'));
    this.carry(out === undefined ? [x] : [x, out], ([from = 0, to], add) => {
      for (const [u, value] of values.entries()) {
        f.get(from)
          .load('v128.load', 16 * u)
          .get(max[u] ?? 0)
          .op(`${t.vector}.sub`)
          .set(value);
        inlineExpression(f, t.lane, (t.lane === 'f32' ? expToZero : exp)(input(0)), [value]);
        f.set(value);
      }
      if (to !== undefined) f.storeVectors(to, values);
      for (const [u, value] of values.entries()) add(u, value);
    });
  }

  /** Leaves in `logs` the logarithms of the sums of {@link exponentials}. */
  logarithms(logs: readonly number[]): void {
    const { f, t, sums } = this;
    const scale = t.lane === 'f32' ? 1 / EXP_TO_ZERO_SCALE : 1;
    for (const [u, to] of logs.entries()) {
      f.get(sums[u] ?? 0)
        .splat(t.lane, scale)
        .op(`${t.vector}.mul`)
        .set(to);
      inlineExpression(f, t.lane, log(input(0)), [to]);
      f.set(to);
    }
  }
}
