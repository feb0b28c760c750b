import type { DType } from '../../dtype.ts';
import type { FloatLane, FunctionBuilder } from '../wasm/index.ts';

/** What the kernels of product-kernels.ts have in common: a way along rows, and elements as numbers. */
export class Rows {
  private readonly f: FunctionBuilder;
  private readonly dtype: DType;
  private readonly p: {
    readonly outer: number;
    readonly n: number;
    readonly inner: number;
    readonly x: number;
  };
  /** The number of a row's first element. */
  readonly start: number;
  /** Which element of the row it is. */
  readonly r: number;
  /** The number of that element. */
  readonly at: number;
  /** How many elements are 0. */
  readonly zeros: number;

  constructor(f: FunctionBuilder, lane: FloatLane, p: Rows['p']) {
    this.f = f;
    this.p = p;
    this.dtype = lane === 'f64' ? 'float64' : 'float32';
    const { start, r, at, zeros } = f.locals('i32', 'start', 'r', 'at', 'zeros');
    this.start = start;
    this.r = r;
    this.at = at;
    this.zeros = zeros;
  }

  /** Pushes element number `at` of what lies at `base`. */
  element(base: number, at: number): FunctionBuilder {
    return this.f.pushPlace(base, at, this.dtype).loadNumber(this.dtype);
  }

  /** Pushes whether the element of x is 0. */
  isZero(): FunctionBuilder {
    return this.element(this.p.x, this.at).f64Const(0).op('f64.eq');
  }

  /** Stores what `push` pushes as that element. */
  store(base: number, at: number, push: () => void): void {
    this.f.pushPlace(base, at, this.dtype);
    push();
    this.f.storeNumber(this.dtype);
  }

  /** Replaces the number on the stack by what it is when it is stored. */
  round(): FunctionBuilder {
    return this.f.fromNumber(this.dtype).toNumber(this.dtype);
  }

  /** Pushes the address of a float64 number that is noted for an element of the row. */
  noted(base: number, r: number): FunctionBuilder {
    return this.f.pushPlace(base, r, 'float64');
  }

  /** Runs `body` for each row. */
  each(body: () => void): void {
    const { f, p, start } = this;
    const column = f.local('i32');
    f.countdown(p.outer, 1, () => {
      f.get(p.inner).set(column);
      f.countdown(column, 1, () => {
        body();
        f.bump(start, { bytes: 1 });
      });
      f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(start).op('i32.add').set(start);
    });
  }

  /** Runs `body` at the elements from this one on. */
  forward(body: () => void): void {
    const { f, p, r, at } = this;
    const done = f.block();
    const next = f.loop();
    f.get(r).get(p.n).op('i32.ge_s').brIf(done);
    body();
    f.get(at).get(p.inner).op('i32.add').set(at);
    f.bump(r, { bytes: 1 });
    f.i32Const(1).brIf(next).end().end();
  }

  /** Runs `body` at the elements before this one, from the last to the first. */
  backward(body: () => void): void {
    const { f, p, r, at } = this;
    const done = f.block();
    const next = f.loop();
    f.get(r).op('i32.eqz').brIf(done);
    f.get(at).get(p.inner).op('i32.sub').set(at);
    f.bump(r, { bytes: -1 });
    body();
    f.i32Const(1).brIf(next).end().end();
  }

  /** Counts the elements that are 0. */
  countZeros(): void {
    const { f, p, zeros } = this;
    const { i, left } = f.locals('i32', 'i', 'left');
    f.get(p.outer).get(p.n).op('i32.mul').get(p.inner).op('i32.mul').set(left);
    f.countdown(left, 1, () => {
      this.element(p.x, i).f64Const(0).op('f64.eq').get(zeros).op('i32.add').set(zeros);
      f.bump(i, { bytes: 1 });
    });
  }
}
