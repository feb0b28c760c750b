/** Sums over rows of vectors: in groups, which are added up two and two, and the groups in float64. */

import { addHalves, type RowConfig, type RowEmitter, type VectorStep } from '../rows/index.ts';
import { type FunctionBuilder, hasRelaxedSimd, zip } from '../wasm/index.ts';

/** One sum: vectors are added up lane by lane. */
export class Sum {
  /** The sums of the even and of the odd half of a vector's lanes, as float64; of float64, `low` is the sum. */
  readonly low: number;
  readonly high: number;
  readonly #f: FunctionBuilder;
  readonly #t: RowConfig;

  constructor(f: FunctionBuilder, t: RowConfig) {
    this.#f = f;
    this.#t = t;
    this.low = f.local('v128');
    this.high = f.local('v128');
  }

  begin(): void {
    this.#f.f64Splat(0).set(this.low).f64Splat(0).set(this.high);
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

/** Adds up the terms of a group two and two as they come. */
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
 * Stores the sums of neighbouring trees where results will lie, for V8 to make one tree of two: it begins at stores.
 * Engines without relaxed SIMD are older than that.
 */
function joinAt(f: FunctionBuilder, spare: number, sums: readonly number[]): void {
  if (hasRelaxedSimd) f.storeVectors(spare, sums);
}

const sumsOf = (trees: readonly Tree[]): number[] => trees.map(({ sum }) => sum);

/** Terms of a vector, one for each sum; each pushes one. */
type Terms = readonly (() => void)[];

/**
 * Vectors of a row that are added up before they go on in float64, by the number of sums that run side by side:
 * registers are few.
 */
const groupOf = (sums: number): number => (sums === 1 ? 8 : 4);

/**
 * Adds to sums over a row; `terms` has one pushed for each, which are cut to the row. Of neighbouring vectors each is
 * added to a tree of its own; `spare` points to room for a vector of each.
 */
export function addRow(
  row: RowEmitter,
  pointers: readonly number[],
  sums: readonly Sum[],
  spare: number,
  terms: (offset: number) => Terms,
): void {
  const { f, t, mask } = row;
  row.eachRound(pointers, groupOf(sums.length), (steps) =>
    f.passingVectors(() => {
      const trees = sums.map(() => [new Tree(f, t), new Tree(f, t)] as const);
      for (const { u, offset, partial } of steps)
        for (const [i, push] of terms(offset).entries()) {
          push();
          if (partial) f.get(mask).op('v128.and');
          trees[i]?.[u % 2 === 0 ? 0 : 1].add();
        }
      if (steps.length > 1) joinAt(f, spare, sumsOf(trees.flat()));
      for (const [i, [even, odd]] of trees.entries()) {
        if (steps.length > 1) f.get(even.sum).get(odd.sum).op(`${t.vector}.add`).set(even.sum);
        sums[i]?.addGroup(even.sum);
      }
    }),
  );
}

/** What is added up of the elements of a row: their squares, and themselves where that is wanted. */
interface Moments {
  readonly squares: Sum;
  readonly distances?: Sum;
}

/** Vectors of a row whose moments are added up before they go on in float64. */
const MOMENTS_TOGETHER = 16;

/**
 * Adds to the moments of a row's elements, or of their distances from `origins`. In a round vectors are added up one
 * after the other, neighbours apart; so is what is left over, which goes on in float64 but once. `spare` points to room
 * for two vectors of each.
 */
export function addMoments(
  row: RowEmitter,
  from: number,
  origins: number | null,
  { squares, distances }: Moments,
  spare: number,
): void {
  const { f, t, mask } = row;
  const sums = distances === undefined ? [squares] : [squares, distances];
  const op = (name: 'sub' | 'mul' | 'add') => `${t.vector}.${name}` as const;
  /** Adds a vector to moments, or begins them. */
  const take = ({ offset, partial }: VectorStep, to: readonly number[], isFirst: boolean): void => {
    const d = f.local('v128');
    f.get(from).load('v128.load', offset);
    if (origins !== null) f.get(origins).op(op('sub'));
    if (partial) f.get(mask).op('v128.and');
    f.set(d);
    for (const [i, moment] of to.entries()) {
      const isSquare = i === 0;
      const push = (local: number) => () => void f.get(local);
      if (isFirst && isSquare) f.get(d).get(d).op(op('mul'));
      else if (isSquare) multiplyAdd(f, t, push(d), push(d), push(moment));
      else if (isFirst) f.get(d);
      else f.get(moment).get(d).op(op('add'));
      f.set(moment);
    }
  };
  const moments = (): number[] => sums.map(() => f.local('v128'));
  const add = (found: readonly number[]): void => {
    for (const [sum, moment] of zip(sums, found)) sum.addGroup(moment);
  };
  const rest = moments();
  for (const moment of rest) f.f64Splat(0).set(moment);
  row.eachRound([from], MOMENTS_TOGETHER, (steps) =>
    f.passingVectors(() => {
      const [first] = steps;
      if (first !== undefined && steps.length === 1) {
        take(first, rest, false);
        return;
      }
      const [even, odd] = [moments(), moments()];
      for (const step of steps) take(step, step.u % 2 === 0 ? even : odd, step.u < 2);
      const pairs = zip(even, odd);
      joinAt(f, spare, pairs.flat());
      for (const [one, other] of pairs) f.get(one).get(other).op(op('add')).set(one);
      add(even);
    }),
  );
  row.ifLeftOver(MOMENTS_TOGETHER, () => add(rest));
}

/** Columns of vectors: `count` of them, `pitch` bytes apart. */
interface Columns {
  readonly t: RowConfig;
  readonly count: number;
  readonly pitch: number;
  /** Of how many a group is. */
  readonly group: number;
  /** Points to room for a vector of each sum, where sums are those of neighbouring columns. */
  readonly spare: number | null;
}

/** Adds to sums down columns, from where `pointers` are on, which are moved. */
export function addColumns(
  f: FunctionBuilder,
  { t, count, pitch, group, spare }: Columns,
  pointers: readonly number[],
  sums: readonly Sum[],
  terms: () => Terms,
): void {
  const left = f.local('i32');
  f.get(count).set(left);
  for (const vectors of [group, 1]) {
    f.countdown(left, vectors, () =>
      f.passingVectors(() => {
        const trees = sums.map(() => new Tree(f, t));
        for (let u = 0; u < vectors; u++) {
          for (const [i, push] of terms().entries()) {
            push();
            trees[i]?.add();
          }
          for (const pointer of pointers) f.bump(pointer, { local: pitch });
        }
        if (spare !== null && vectors > 1) joinAt(f, spare, sumsOf(trees));
        for (const [i, { sum }] of trees.entries()) sums[i]?.addGroup(sum);
      }),
    );
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
