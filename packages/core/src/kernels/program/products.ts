/**
 * Functions of products of small matrices, whose sizes and strides are known: no dispatch, no packing, no rest that is
 * not there.
 */

import { isCutBefore, multiplyAdd } from '../gemm/index.ts';
import type { Matrix, Product } from '../recording/index.ts';
import { type FloatLane, type FunctionBuilder, range } from '../wasm/index.ts';
import { bytesOfLane, vectorOf } from '../wasm/lanes.ts';

/** A product without its places. */
type ProductForm = Pick<
  Product,
  'lane' | 'summing' | 'm' | 'n' | 'k' | 'a' | 'b' | 'added' | 'alpha' | 'beta'
>;

/** The parameters of the function: addresses. */
const A = 0;
const B = 1;
const C = 2;
const ADDED = 3;
/** What two products have in common that one function serves, in words. */
export const formOfProduct = ({ lane, summing, m, n, k, a, b, added, alpha, beta }: Product): string =>
  [lane, summing, m, n, k, a, b, added, alpha, beta]
    .map((x) => (typeof x === 'object' && x !== null ? `${x.row}:${x.column}` : String(x)))
    .join();

/** Steps in bytes. */
type Steps = Pick<Matrix, 'row' | 'column'>;
const transposed = <M extends Steps>(x: M): M => ({ ...x, row: x.column, column: x.row });

/** The product of what is transposed, which gives the transposed result. */
const turned = ({ a, b, added, m, n, ...p }: ProductForm): ProductForm => ({
  ...p,
  ...{ m: n, n: m, a: transposed(b), b: transposed(a), added: added && transposed(added) },
});

/** Whether few columns would leave lanes empty that rows fill, or a single one has its elements apart. */
const leavesLanesEmpty = ({ lane, summing, m, n, a }: ProductForm): boolean => {
  const [lanes, bytes] = lane === 'f32' ? [4, 4] : [2, 8];
  return n === 1 || (summing === 'steps' && n < lanes && m >= lanes && a.row === bytes);
};

/** Writes the body of a product's function. */
export function emitProduct(f: FunctionBuilder, product: Product): void {
  if (product.summing === 'wide') emitWide(f, product);
  else {
    const bytes = bytesOfLane(product.lane);
    const c = { row: product.n * bytes, column: bytes };
    if (leavesLanesEmpty(product)) new Vectors(f, turned(product), transposed(c), [B, A]).emit();
    else new Vectors(f, product, c, [A, B]).emit();
  }
}

/** How one element is loaded as both lanes of two numbers, two that lie side by side, and the first of two alone. */
const pairLoads = {
  f32: { both: 'v128.load32_splat', two: 'v128.load64_zero', one: 'v128.load32_zero' },
  f64: { both: 'v128.load64_splat', two: 'v128.load', one: 'v128.load64_zero' },
} as const;

/** Every sum by itself, in float64: two at a time where their columns lie side by side. */
function emitWide(f: FunctionBuilder, { lane, m, n, k, a, b, added, alpha, beta }: ProductForm): void {
  const bytes = bytesOfLane(lane);
  const lieSideBySide = b.column === bytes && (added === null || added.column === bytes);
  const load = (address: number, offset: number, how: 'both' | 'two' | 'one'): void => {
    f.get(address).load(pairLoads[lane][how], offset);
    if (lane === 'f32') f.op('f64x2.promote_low_f32x4');
  };
  const store = (offset: number, count: number): void => {
    if (lane === 'f32') f.op('f32x4.demote_f64x2_zero');
    if (count * bytes === 16) f.store('v128.store', offset);
    else f.accessLane(count * bytes === 8 ? 'v128.store64_lane' : 'v128.store32_lane', 0, offset);
  };
  for (let i = 0; i < m; i++)
    for (let j = 0, count = 1; j < n; j += count) {
      count = lieSideBySide && j + 1 < n ? 2 : 1;
      const how = count === 2 ? 'two' : 'one';
      f.get(C).splat('f64', 0);
      for (let p = 0; p < k; p++) {
        load(A, i * a.row + p * a.column, 'both');
        load(B, p * b.row + j * b.column, how);
        f.op('f64x2.mul').op('f64x2.add');
      }
      if (alpha !== 1) f.splat('f64', alpha).op('f64x2.mul');
      if (added !== null) {
        if (beta !== 1) f.splat('f64', beta);
        load(ADDED, i * added.row + j * added.column, how);
        if (beta !== 1) f.op('f64x2.mul');
        f.op('f64x2.add');
      }
      store((i * n + j) * bytes, count);
    }
}

/** Columns of which the vectors of b stay in registers while all rows of a pass by: up to so many vectors. */
const mostKept = 4;
/** Terms, or vectors of them, that a round takes. */
const unroll = 4;
/** So many are written out without a loop. */
const fewTerms = 4;

/** Adds up what one p gives; where it is one of several in a block, that can be cut. */
type Step = (p: number, cut?: () => void) => void;

/** By vectors of columns, each lane one sum (`steps`), or of terms, whose lanes are added up (`lanes`). */
class Vectors {
  readonly #f: FunctionBuilder;
  readonly #p: ProductForm;
  readonly #c: Steps;
  readonly #lane: FloatLane;
  readonly #vector: 'f32x4' | 'f64x2';
  readonly #bytes: number;
  readonly #lanes: number;
  readonly #byTerms: boolean;
  /** Pointers to the first row of a tile and to the first column, in each operand. */
  readonly #at: { readonly a: number; readonly b: number; readonly c: number; readonly added: number };
  readonly #operands: readonly [a: number, b: number];
  readonly #accs: number[];
  readonly #bs: number[];
  readonly #x: number;
  readonly #spare: number;

  constructor(f: FunctionBuilder, p: ProductForm, result: Steps, operands: readonly [a: number, b: number]) {
    this.#f = f;
    this.#p = p;
    this.#c = result;
    this.#operands = operands;
    this.#lane = p.lane;
    this.#vector = vectorOf(p.lane);
    this.#bytes = bytesOfLane(p.lane);
    this.#lanes = 16 / this.#bytes;
    this.#byTerms = p.summing === 'lanes' && p.k >= this.#lanes;
    const [a, b, c, added] = range(4).map(() => f.local('i32')) as [number, number, number, number];
    this.#at = { a, b, c, added };
    this.#accs = range(8).map(() => f.local('v128'));
    this.#bs = range(mostKept).map(() => f.local('v128'));
    this.#x = f.local('v128');
    this.#spare = f.local('v128');
  }

  /** Blocks of columns. */
  emit(): void {
    const { m, n, b, added } = this.#p;
    // One or two rows need more sums at a time, or each would wait for the one before.
    const width = this.#byTerms ? 2 : (m <= 2 ? mostKept : 2) * this.#lanes;
    const [, columns] = this.#operands;
    this.#times(Math.floor(n / width), () => {
      this.#rows(width);
      this.#f.bump(columns, { bytes: width * b.column });
      this.#f.bump(C, { bytes: width * this.#c.column });
      if (added !== null) this.#f.bump(ADDED, { bytes: width * added.column });
    });
    if (n % width > 0) this.#rows(n % width);
  }

  #times(count: number, body: () => void): void {
    const f = this.#f;
    if (count === 0) return;
    if (count === 1) {
      body();
      return;
    }
    const left = f.local('i32');
    f.i32Const(count).set(left);
    const loop = f.loop();
    body();
    f.get(left).i32Const(1).op('i32.sub').tee(left).brIf(loop);
    f.end();
  }

  /** All rows of some columns. */
  #rows(width: number): void {
    const f = this.#f;
    const { m, k, a, added } = this.#p;
    const at = this.#at;
    const [rows] = this.#operands;
    const together = 4;
    f.get(rows).set(at.a).get(C).set(at.c);
    if (added !== null) f.get(ADDED).set(at.added);
    const vectors = this.#byTerms ? width : Math.ceil(width / this.#lanes);
    const keeps = !this.#byTerms && k * vectors <= mostKept && m > together;
    if (keeps)
      for (let p = 0; p < k; p++)
        for (let v = 0; v < vectors; v++)
          this.#loadOfB(p, v, width, this.#operands[1], this.#bs[p * vectors + v]!);
    const tile = (count: number): void => {
      if (this.#byTerms) this.#tileByTerms(count, width);
      else this.#tileBySteps(count, width, keeps);
    };
    this.#times(Math.floor(m / together), () => {
      tile(together);
      f.bump(at.a, { bytes: together * a.row });
      f.bump(at.c, { bytes: together * this.#c.row });
      if (added !== null) f.bump(at.added, { bytes: together * added.row });
    });
    if (m % together > 0) tile(m % together);
  }

  /** Some rows, each by vectors of columns. */
  #tileBySteps(rows: number, width: number, keeps: boolean): void {
    const f = this.#f;
    const { k, a, b } = this.#p;
    const vectors = Math.ceil(width / this.#lanes);
    const accs = this.#zeroed(rows * vectors);
    const pointers = { a: this.#at.a, b: this.#operands[1] };
    const step: Step = (p, cut) => {
      const bs = range(vectors).map((v) => this.#bs[keeps ? p * vectors + v : v]!);
      if (!keeps) for (const [v, local] of bs.entries()) this.#loadOfB(p, v, width, pointers.b, local);
      for (let i = 0; i < rows; i++) {
        if (isCutBefore(i)) cut?.();
        f.get(pointers.a).load(
          this.#lane === 'f32' ? 'v128.load32_splat' : 'v128.load64_splat',
          i * a.row + p * a.column,
        );
        f.set(this.#x);
        for (const [v, local] of bs.entries())
          multiplyAdd(f, this.#vector, accs[i * vectors + v]!, this.#x, local);
      }
    };
    this.#terms(pointers, k, fewTerms, a.column, b.row, step);
    for (let i = 0; i < rows; i++)
      for (let v = 0; v < vectors; v++) {
        f.get(accs[i * vectors + v]!);
        this.#finish(i, v * this.#lanes, Math.min(this.#lanes, width - v * this.#lanes));
      }
  }

  /** Some rows by as many columns as a vector has lanes, or fewer. */
  #tileByTerms(rows: number, columns: number): void {
    const f = this.#f;
    const { k, a, b } = this.#p;
    const accs = this.#zeroed(rows * columns);
    const bs = this.#bs.slice(0, columns);
    const pointers = { a: this.#at.a, b: this.#operands[1] };
    const step =
      (load: 'v128.load' | 'v128.load32_zero' | 'v128.load64_zero', size: number): Step =>
      (p, cut) => {
        for (const [j, local] of bs.entries())
          f.get(pointers.b)
            .load(load, p * size + j * b.column)
            .set(local);
        for (let i = 0; i < rows; i++) {
          if (isCutBefore(i)) cut?.();
          f.get(pointers.a)
            .load(load, p * size + i * a.row)
            .set(this.#x);
          for (const [j, local] of bs.entries())
            multiplyAdd(f, this.#vector, accs[i * columns + j]!, this.#x, local);
        }
      };
    const whole = Math.floor(k / this.#lanes);
    const after = this.#terms(pointers, whole, fewTerms, 16, 16, step('v128.load', 16));
    const one = this.#lane === 'f32' ? 'v128.load32_zero' : 'v128.load64_zero';
    const rest = step(one, this.#bytes);
    for (let p = 0; p < k % this.#lanes; p++) rest((after * 16) / this.#bytes + p);
    for (let i = 0; i < rows; i++) {
      this.#addUp(accs.slice(i * columns, (i + 1) * columns));
      this.#finish(i, 0, columns);
    }
  }

  /**
   * Takes `step(p)` for each p, in rounds; says how many steps the pointers, which it may replace, are behind at the
   * end.
   */
  #terms(
    pointers: { a: number; b: number },
    count: number,
    few: number,
    aBytes: number,
    bBytes: number,
    step: Step,
  ): number {
    const f = this.#f;
    if (count <= few) {
      for (let p = 0; p < count; p++) step(p);
      return count;
    }
    const [a, b, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
    f.get(pointers.a).set(a).get(pointers.b).set(b).i32Const(count).set(left);
    pointers.a = a;
    pointers.b = b;
    // Each step a block of its own: see there.
    f.unrolled(left, unroll, step, () => {
      f.bump(a, { bytes: unroll * aBytes });
      f.bump(b, { bytes: unroll * bBytes });
    });
    return count % unroll;
  }

  #zeroed(count: number): number[] {
    const accs = this.#accs.slice(0, count);
    for (const acc of accs) this.#f.splat(this.#lane, 0).set(acc);
    return accs;
  }

  /** Loads those of a vector of columns of b that there are. */
  #loadOfB(p: number, v: number, width: number, pointer: number, into: number): void {
    const { b } = this.#p;
    const first = v * this.#lanes;
    this.#load(pointer, p * b.row + first * b.column, b.column, Math.min(this.#lanes, width - first));
    this.#f.set(into);
  }

  /** Pushes a vector of `count` elements, a step apart, and zeros. */
  #load(pointer: number, offset: number, step: number, count: number): void {
    const f = this.#f;
    const bytes = this.#bytes;
    const isDense = step === bytes;
    const one = bytes === 4 ? 'v128.load32_zero' : 'v128.load64_zero';
    if (isDense && count === this.#lanes) {
      f.get(pointer).load('v128.load', offset);
      return;
    }
    const pair = isDense && bytes === 4 && count >= 2;
    f.get(pointer).load(pair ? 'v128.load64_zero' : one, offset);
    for (let i = pair ? 2 : 1; i < count; i++) {
      f.set(this.#x).get(pointer).get(this.#x);
      f.accessLane(bytes === 4 ? 'v128.load32_lane' : 'v128.load64_lane', i, offset + i * step);
    }
  }

  /** Pushes the vector whose lanes are the sums of those of these; spoils them. */
  #addUp(accs: readonly number[]): void {
    const f = this.#f;
    const pairs = range(Math.ceil(accs.length / 2)).map((i) => {
      const first = accs[2 * i]!;
      const second = accs[2 * i + 1] ?? first;
      f.get(first).get(second).shuffle64(0, 2).get(first).get(second).shuffle64(1, 3);
      f.op(`${this.#vector}.add`).set(first);
      return first;
    });
    const [low = 0, high = low] = pairs;
    if (this.#lane === 'f64') f.get(low);
    else {
      f.get(low).get(high).shuffle32(0, 2, 4, 6).get(low).get(high).shuffle32(1, 3, 5, 7);
      f.op('f32x4.add');
    }
  }

  /** Pops sums of a row; scales them, adds what is to be added, and stores so many. */
  #finish(row: number, column: number, count: number): void {
    const f = this.#f;
    const { alpha, added } = this.#p;
    const vector = this.#vector;
    const spare = this.#spare;
    if (alpha !== 1) f.splat(this.#lane, alpha).op(`${vector}.mul`);
    if (added !== null) {
      f.set(spare);
      this.#load(this.#at.added, row * added.row + column * added.column, added.column, count);
      f.get(spare).op(`${vector}.add`);
    }
    const { c } = this.#at;
    const step = this.#c.column;
    const offset = row * this.#c.row + column * step;
    f.set(spare);
    if (step === this.#bytes && count === this.#lanes) {
      f.get(c).get(spare).store('v128.store', offset);
      return;
    }
    const pair = step === 4 && count >= 2;
    if (pair) f.get(c).get(spare).accessLane('v128.store64_lane', 0, offset);
    const one = this.#bytes === 4 ? 'v128.store32_lane' : 'v128.store64_lane';
    for (let i = pair ? 2 : 0; i < count; i++)
      f.get(c)
        .get(spare)
        .accessLane(one, i, offset + i * step);
  }
}
