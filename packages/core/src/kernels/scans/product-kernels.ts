/** The kernels of products.ts, which work on float64 numbers. */

import type { DType } from '../../dtype.ts';
import { type FloatLane, type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/** Of rows of n elements that lie `inner` apart, in float64 numbers. Addresses in bytes; nothing overlaps. */
interface ProductKernels {
  /** `front` is room for a row of float64 numbers; `whole`: whether the rows are all elements. */
  others(outer: number, n: number, inner: number, whole: number, x: number, front: number, out: number): void;
  /** `front` is room for two rows of float64 numbers. */
  pairs(outer: number, n: number, inner: number, g: number, x: number, front: number, out: number): void;
  /** `products` is room for a row of float64 numbers. */
  running(outer: number, n: number, inner: number, g: number, x: number, products: number, out: number): void;
}

/** What the kernels have in common: a way along rows, and elements as numbers. */
class Rows {
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
    return this.dtype === 'float64' ? this.f : this.f.op('f32.demote_f64').op('f64.promote_f32');
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

function emitOthers(module: ModuleBuilder, lane: FloatLane): void {
  const params = i32Params('outer', 'n', 'inner', 'whole', 'x', 'front', 'out');
  module.define({ export: 'others' }, params, (f, p) => {
    const rows = new Rows(f, lane, p);
    const { start, r, at, zeros } = rows;
    const { product, value } = f.locals('f64', 'product', 'value');
    rows.countZeros();
    const times = (): void => {
      rows.element(p.x, at).get(product).op('f64.mul').set(product);
    };
    rows.each(() => {
      f.f64Const(1).set(product).i32Const(0).set(r).get(start).set(at);
      rows.forward(() => {
        rows.noted(p.front, r).get(product).store('f64.store');
        times();
      });
      f.f64Const(1).set(product);
      rows.backward(() => {
        rows.noted(p.front, r).load('f64.load').get(product).op('f64.mul').set(value);
        f.get(zeros).if();
        f.get(p.whole).get(zeros).i32Const(1).op('i32.gt_s').op('i32.and').if();
        f.f64Const(0).set(value).end();
        // Where no element is 0, PyTorch divides the product by the element: infinities give NaN.
        f.else();
        rows
          .element(p.x, at)
          .op('f64.abs')
          .f64Const(Number.POSITIVE_INFINITY)
          .op('f64.lt')
          .op('i32.eqz')
          .if();
        f.f64Const(Number.NaN).set(value).end().end();
        rows.store(p.out, at, () => f.get(value));
        times();
      });
    });
  });
}

function emitPairs(module: ModuleBuilder, lane: FloatLane): void {
  module.define({ export: 'pairs' }, i32Params('outer', 'n', 'inner', 'g', 'x', 'front', 'out'), (f, p) => {
    const rows = new Rows(f, lane, p);
    const { start, r, at, zeros } = rows;
    const { hasZero, firstZero } = f.locals('i32', 'hasZero', 'firstZero');
    const { product, sum } = f.locals('f64', 'product', 'sum');
    const begin = (): void => {
      f.f64Const(1).set(product).f64Const(0).set(sum).i32Const(0).set(hasZero);
    };
    const isAfterFirst = (): FunctionBuilder => f.get(r).i32Const(0).op('i32.gt_s');
    const isBeforeLast = (): FunctionBuilder => f.get(r).i32Const(1).op('i32.add').get(p.n).op('i32.lt_s');
    /** Makes the number on the stack 0 unless `isThere`. */
    const orNothing = (isThere: () => FunctionBuilder): FunctionBuilder => {
      f.f64Const(0);
      return isThere().op('select');
    };
    const goOn = (isThere: () => FunctionBuilder): void => {
      f.get(sum);
      rows.element(p.x, at).op('f64.mul');
      orNothing(() => {
        isThere();
        return rows.isZero().op('i32.eqz').op('i32.and');
      });
      rows.element(p.g, at).get(product).op('f64.mul').op('f64.add').set(sum);
      rows.element(p.x, at).get(product).op('f64.mul').set(product);
    };
    const pair = (): FunctionBuilder => f.get(p.front).get(r).i32Const(16).op('i32.mul').op('i32.add');
    rows.countZeros();
    rows.each(() => {
      begin();
      f.i32Const(0).set(r).get(start).set(at).get(p.n).set(firstZero);
      rows.forward(() => {
        rows.isZero().get(hasZero).op('i32.gt_s').if();
        f.get(r).set(firstZero).i32Const(1).set(hasZero).end();
        pair().get(product).store('f64.store');
        pair().get(sum).store('f64.store', 8);
        goOn(isAfterFirst);
      });
      f.get(product).get(product).op('f64.sub').f64Const(0).op('f64.ne');
      f.get(zeros).op('i32.eqz').op('i32.and').if();
      f.f64Const(0).set(sum);
      const ratio = (): FunctionBuilder => {
        f.get(product);
        return rows.element(p.x, at).op('f64.div');
      };
      rows.backward(() => {
        rows.element(p.g, at);
        rows.element(p.x, at).op('f64.div').get(sum).op('f64.add').set(sum);
      });
      rows.forward(() => {
        rows.store(p.out, at, () => {
          f.get(sum).get(product).op('f64.mul');
          rows.element(p.x, at).op('f64.div');
          rows.element(p.g, at);
          ratio();
          rows.element(p.x, at).op('f64.div').op('f64.mul').op('f64.sub');
        });
      });
      f.else();
      begin();
      rows.backward(() => {
        rows.store(p.out, at, () => {
          pair().load('f64.load', 8).get(product).op('f64.mul');
          orNothing(() => isAfterFirst().get(hasZero).op('i32.gt_s'));
          pair().load('f64.load').get(sum).op('f64.mul');
          orNothing(() => isBeforeLast().get(r).get(firstZero).op('i32.le_s').op('i32.and'));
          f.op('f64.add');
        });
        rows.isZero().get(hasZero).op('i32.or').set(hasZero);
        goOn(isBeforeLast);
      });
      f.end();
    });
  });
}

function emitRunning(module: ModuleBuilder, lane: FloatLane): void {
  const params = i32Params('outer', 'n', 'inner', 'g', 'x', 'products', 'out');
  module.define({ export: 'running' }, params, (f, p) => {
    const rows = new Rows(f, lane, p);
    const { start, r, at, zeros } = rows;
    const { end } = f.locals('i32', 'end');
    const { product, sum, total, later } = f.locals('f64', 'product', 'sum', 'total', 'later');
    const { middle, place } = f.locals('i32', 'middle', 'place');
    rows.countZeros();
    const begin = (): void => {
      f.f64Const(1).set(product).f64Const(0).set(sum).i32Const(0).set(r).get(start).set(at);
    };
    /** Multiplies a number by the element. */
    const times = (number: number): void => {
      f.get(number);
      rows.element(p.x, at).op('f64.mul').set(number);
    };
    const byDivision = (): void => {
      rows.forward(() => {
        times(product);
        rows.store(p.out, at, () => {
          rows.element(p.g, at).get(product);
          rows.round().op('f64.mul');
        });
      });
      rows.backward(() => {
        f.get(sum);
        rows.element(p.out, at).op('f64.add').set(sum);
        rows.store(p.out, at, () => {
          f.get(sum);
          rows.round();
          rows.element(p.x, at).op('f64.div');
        });
      });
    };
    /** Split at the first two zeros: what lies after both has products, and gradients, of 0. */
    const bySweeps = (): void => {
      f.get(p.n).set(middle).get(p.n).set(end).f64Const(0).set(total).f64Const(1).set(later);
      rows.forward(() => {
        f.get(r).get(middle).op('i32.lt_s').if();
        rows.isZero().if();
        f.get(r).set(middle);
        f.else();
        times(product);
        rows.noted(p.products, r).get(product).store('f64.store').end();
        f.else();
        f.get(r).get(end).op('i32.lt_s');
        rows.isZero().op('i32.and').if();
        f.get(r).set(end).end();
        f.get(r).get(end).op('i32.lt_s').if();
        times(later);
        f.end().end();
        f.get(r).get(middle).op('i32.ge_s').get(r).get(end).op('i32.lt_s').op('i32.and').if();
        f.get(total);
        rows.element(p.g, at).get(later).op('f64.mul').op('f64.add').set(total).end();
        rows.store(p.out, at, () => f.f64Const(0));
      });
      // PyTorch multiplies what comes after the second zero by 0.
      f.get(end).get(p.n).op('i32.lt_s').if();
      f.get(total).f64Const(0).get(later).op('f64.mul').op('f64.add').set(total).end();
      f.get(middle).set(r).get(middle).get(p.inner).op('i32.mul').get(start).op('i32.add').tee(at).set(place);
      f.get(middle).get(p.n).op('i32.lt_s').if();
      rows.store(p.out, place, () => f.get(total).get(product).op('f64.mul'));
      f.end();
      rows.backward(() => {
        f.get(sum);
        rows.element(p.g, at);
        rows.noted(p.products, r).load('f64.load').op('f64.mul').op('f64.add').set(sum);
        rows.store(p.out, at, () => {
          f.get(sum);
          rows.element(p.x, at).op('f64.div');
        });
      });
    };
    rows.each(() => {
      begin();
      f.get(zeros).if();
      bySweeps();
      f.else();
      byDivision();
      f.end();
    });
  });
}

/** The kernels for elements of a type. */
export const productKernels = memoized((lane: FloatLane): ProductKernels => {
  const module = new ModuleBuilder();
  emitOthers(module, lane);
  emitPairs(module, lane);
  emitRunning(module, lane);
  return module.instantiate<ProductKernels>();
});
