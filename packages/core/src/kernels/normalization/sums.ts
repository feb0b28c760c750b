/** Sums over rows of vectors: in groups of 8, which are added up two and two, and the groups in float64. */

import { addHalves, type RowConfig, type RowEmitter } from '../rows/index.ts';
import { type FunctionBuilder, hasRelaxedSimd, range } from '../wasm/index.ts';

/** One sum: vectors are added up lane by lane. */
export class Sum {
  /** The sums of the even and of the odd half of a vector's lanes, as float64; of float64, `low` is the sum. */
  readonly low: number;
  readonly high: number;
  readonly #f: FunctionBuilder;
  readonly #t: RowConfig;
  /** Sums of 1, 2, 4 and 8 vectors of a group. */
  readonly #levels: readonly number[];
  #top = 0;

  constructor(f: FunctionBuilder, t: RowConfig) {
    this.#f = f;
    this.#t = t;
    this.low = f.local('v128');
    this.high = f.local('v128');
    this.#levels = range(4).map(() => f.local('v128'));
  }

  begin(): void {
    this.#f.f64Splat(0).set(this.low).f64Splat(0).set(this.high);
  }

  /** Adds the vector on the stack, number `u` of a group. */
  add(u: number): void {
    let level = 0;
    for (; (u >> level) & 1; level++) this.#f.get(this.#levels[level] ?? 0).op(`${this.#t.vector}.add`);
    this.#top = level;
    this.#f.set(this.#levels[level] ?? 0);
  }

  /** Adds the group, whose last vector was added last. */
  endGroup(): void {
    this.addGroup(this.#levels[this.#top] ?? 0);
  }

  /** Adds the sum of a group, in a local. */
  addGroup(sum: number): void {
    addHalves(this.#f, this.#t, sum, this.low, this.high);
  }

  /** Pushes the sum of all lanes, a float64. */
  total(): FunctionBuilder {
    const { low } = this;
    this.#f.get(low).get(this.high).op('f64x2.add').set(low);
    return this.#f
      .get(low)
      .lane('f64x2.extract_lane', 0)
      .get(low)
      .lane('f64x2.extract_lane', 1)
      .op('f64.add');
  }
}

/** Vectors of a group, by the number of sums that run side by side: registers are few. */
const groupOf = (sums: number): number => (sums === 1 ? 8 : 4);

/** Adds up terms two and two as they come. */
class Tree {
  readonly #f: FunctionBuilder;
  readonly #t: RowConfig;
  /** Sums of 1, 2, 4 ... of them that wait for another. */
  readonly #waiting: number[] = [];
  #count = 0;

  constructor(f: FunctionBuilder, t: RowConfig) {
    this.#f = f;
    this.#t = t;
  }

  /** Adds the vector on the stack. */
  add(): void {
    for (let rest = this.#count++; rest & 1; rest >>= 1)
      this.#f.get(this.#waiting.pop() ?? 0).op(`${this.#t.vector}.add`);
    const sum = this.#f.local('v128');
    this.#f.set(sum);
    this.#waiting.push(sum);
  }

  /** The local of the sum of a power of two of them. */
  get sum(): number {
    return this.#waiting[0] ?? 0;
  }
}

/**
 * Adds to sums over a row; `terms` has one pushed for each, which are cut to the row. Neighbouring vectors are added up apart, and stored
 * at `spare`, where results will lie, for V8 to make one of them.
 */
export function addRow(
  row: RowEmitter,
  pointers: readonly number[],
  sums: readonly Sum[],
  spare: number,
  terms: (offset: number) => readonly (() => void)[],
): void {
  const { f, t, mask } = row;
  row.eachRound(pointers, 2 * groupOf(sums.length), (steps) =>
    f.passingVectors(() => {
      const trees = sums.map(() => [new Tree(f, t), new Tree(f, t)] as const);
      for (const { u, offset, partial } of steps)
        for (const [i, push] of terms(offset).entries()) {
          push();
          if (partial) f.get(mask).op('v128.and');
          trees[i]?.[u % 2 === 0 ? 0 : 1].add();
        }
      if (steps.length > 1)
        for (const [i, pair] of trees.entries())
          for (const [k, { sum }] of [...pair.entries()].toReversed())
            f.get(spare)
              .get(sum)
              .store('v128.store', 32 * i + 16 * k);
      for (const [i, [even, odd]] of trees.entries()) {
        if (steps.length > 1) f.get(even.sum).get(odd.sum).op(`${t.vector}.add`).set(even.sum);
        sums[i]?.addGroup(even.sum);
      }
    }),
  );
}

/** Adds to sums down a column of vectors, `count` of them `pitch` bytes apart from where `pointers` are on, which are moved. */
export function addColumn(
  f: FunctionBuilder,
  count: number,
  pitch: number,
  pointers: readonly number[],
  sums: readonly Sum[],
  terms: () => readonly (() => void)[],
): void {
  const left = f.local('i32');
  f.get(count).set(left);
  for (const vectors of [groupOf(sums.length), 1]) {
    f.countdown(left, vectors, () => {
      for (const u of range(vectors)) {
        for (const [i, push] of terms().entries()) {
          push();
          sums[i]?.add(u);
        }
        for (const pointer of pointers) f.bump(pointer, { local: pitch });
      }
      for (const sum of sums) sum.endGroup();
    });
  }
}

/** Pushes a b + c, rounded once where the engine can. */
export function multiplyAdd(
  f: FunctionBuilder,
  { vector }: RowConfig,
  a: () => void,
  b: () => void,
  c: () => void,
): void {
  a();
  b();
  if (!hasRelaxedSimd) f.op(`${vector}.mul`);
  c();
  f.op(hasRelaxedSimd ? `${vector}.relaxed_madd` : `${vector}.add`);
}
