/** The kernels of products.ts, which work on float64 numbers. */

import {
  type FloatLane,
  type FunctionBuilder,
  i32Params,
  ModuleBuilder,
  memoized,
  type ParametersOf,
} from '../wasm/index.ts';
import { Rows } from './product-rows.ts';

/** Of rows of n elements that lie `inner` apart, in float64 numbers. Addresses in bytes; nothing overlaps. */
interface ProductKernels {
  /** `front` is room for a row of float64 numbers; `whole`: whether the rows are all elements. */
  others(outer: number, n: number, inner: number, whole: number, x: number, front: number, out: number): void;
  /** `front` is room for two rows of float64 numbers. */
  pairs(outer: number, n: number, inner: number, g: number, x: number, front: number, out: number): void;
  /** `products` is room for a row of float64 numbers. */
  running(outer: number, n: number, inner: number, g: number, x: number, products: number, out: number): void;
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

const pairsParams = i32Params('outer', 'n', 'inner', 'g', 'x', 'front', 'out');

/** Writes `pairs`: of each element the products of the others, two and two with their gradients. */
class PairsEmitter {
  private readonly f: FunctionBuilder;
  private readonly p: ParametersOf<typeof pairsParams>;
  private readonly rows: Rows;
  /** Whether an element passed by was 0, and the first that is. */
  private readonly hasZero: number;
  private readonly firstZero: number;
  /** The product of the elements passed by, and the sum, over them, of a gradient times the product of the others. */
  private readonly product: number;
  private readonly sum: number;

  constructor(f: FunctionBuilder, lane: FloatLane, p: ParametersOf<typeof pairsParams>) {
    this.f = f;
    this.p = p;
    this.rows = new Rows(f, lane, p);
    const { hasZero, firstZero } = f.locals('i32', 'hasZero', 'firstZero');
    const { product, sum } = f.locals('f64', 'product', 'sum');
    this.hasZero = hasZero;
    this.firstZero = firstZero;
    this.product = product;
    this.sum = sum;
  }

  private begin(): void {
    this.f.f64Const(1).set(this.product).f64Const(0).set(this.sum).i32Const(0).set(this.hasZero);
  }

  private readonly isAfterFirst = (): FunctionBuilder => this.f.get(this.rows.r).i32Const(0).op('i32.gt_s');

  private readonly isBeforeLast = (): FunctionBuilder =>
    this.f.get(this.rows.r).i32Const(1).op('i32.add').get(this.p.n).op('i32.lt_s');

  /** Makes the number on the stack 0 unless `isThere`. */
  private orNothing(isThere: () => FunctionBuilder): FunctionBuilder {
    this.f.f64Const(0);
    return isThere().op('select');
  }

  /** Passes by an element. */
  private goOn(isThere: () => FunctionBuilder): void {
    const { f, p, rows, product, sum } = this;
    f.get(sum);
    rows.element(p.x, rows.at).op('f64.mul');
    this.orNothing(() => {
      isThere();
      return rows.isZero().op('i32.eqz').op('i32.and');
    });
    rows.element(p.g, rows.at).get(product).op('f64.mul').op('f64.add').set(sum);
    rows.element(p.x, rows.at).get(product).op('f64.mul').set(product);
  }

  /** Pushes where product and sum in front of an element are noted. */
  private pair(): FunctionBuilder {
    return this.f.get(this.p.front).get(this.rows.r).i32Const(16).op('i32.mul').op('i32.add');
  }

  /** Notes product and sum in front of each element. */
  private fronts(): void {
    const { f, p, rows, hasZero, firstZero } = this;
    this.begin();
    f.i32Const(0).set(rows.r).get(rows.start).set(rows.at).get(p.n).set(firstZero);
    rows.forward(() => {
      rows.isZero().get(hasZero).op('i32.gt_s').if();
      f.get(rows.r).set(firstZero).i32Const(1).set(hasZero).end();
      this.pair().get(this.product).store('f64.store');
      this.pair().get(this.sum).store('f64.store', 8);
      this.goOn(this.isAfterFirst);
    });
  }

  /** Of a row without zeros whose product is not finite: by division. */
  private byDivision(): void {
    const { f, p, rows, product, sum } = this;
    const { at } = rows;
    f.f64Const(0).set(sum);
    rows.backward(() => {
      rows.element(p.g, at);
      rows.element(p.x, at).op('f64.div').get(sum).op('f64.add').set(sum);
    });
    rows.forward(() => {
      rows.store(p.out, at, () => {
        f.get(sum).get(product).op('f64.mul');
        rows.element(p.x, at).op('f64.div');
        rows.element(p.g, at);
        f.get(product);
        rows.element(p.x, at).op('f64.div');
        rows.element(p.x, at).op('f64.div').op('f64.mul').op('f64.sub');
      });
    });
  }

  /** From the end on: with what is noted in front of each element and what lies behind it. */
  private bySweeps(): void {
    const { f, p, rows, product, sum, hasZero, firstZero } = this;
    this.begin();
    rows.backward(() => {
      rows.store(p.out, rows.at, () => {
        this.pair().load('f64.load', 8).get(product).op('f64.mul');
        this.orNothing(() => this.isAfterFirst().get(hasZero).op('i32.gt_s'));
        this.pair().load('f64.load').get(sum).op('f64.mul');
        this.orNothing(() => this.isBeforeLast().get(rows.r).get(firstZero).op('i32.le_s').op('i32.and'));
        f.op('f64.add');
      });
      rows.isZero().get(hasZero).op('i32.or').set(hasZero);
      this.goOn(this.isBeforeLast);
    });
  }

  emit(): void {
    const { f, rows, product } = this;
    rows.countZeros();
    rows.each(() => {
      this.fronts();
      f.get(product).get(product).op('f64.sub').f64Const(0).op('f64.ne');
      f.get(rows.zeros).op('i32.eqz').op('i32.and').if();
      this.byDivision();
      f.else();
      this.bySweeps();
      f.end();
    });
  }
}

const runningParams = i32Params('outer', 'n', 'inner', 'g', 'x', 'products', 'out');

/** What `running` is written with: rows, and locals. */
function emittingRunning(f: FunctionBuilder, lane: FloatLane, p: ParametersOf<typeof runningParams>) {
  const rows = new Rows(f, lane, p);
  return {
    ...{ f, p, rows },
    ...f.locals('i32', 'end'),
    ...f.locals('f64', 'product', 'sum', 'total', 'later'),
    ...f.locals('i32', 'middle', 'place'),
  };
}

type Running = ReturnType<typeof emittingRunning>;

/** Multiplies a number by the element. */
function times({ f, p, rows }: Running, number: number): void {
  f.get(number);
  rows.element(p.x, rows.at).op('f64.mul').set(number);
}

/** The gradients of a row that has no zeros. */
function runningByDivision(e: Running): void {
  const { f, p, rows, product, sum } = e;
  const { at } = rows;
  rows.forward(() => {
    times(e, product);
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
}

/**
 * Notes the products up to the first zero, adds up in `total` what lies between it and the second, and sets all
 * gradients to 0.
 */
function splitAtZeros(e: Running): void {
  const { f, p, rows, end, product, total, later, middle } = e;
  const { r, at } = rows;
  f.get(p.n).set(middle).get(p.n).set(end).f64Const(0).set(total).f64Const(1).set(later);
  rows.forward(() => {
    f.get(r).get(middle).op('i32.lt_s').if();
    rows.isZero().if();
    f.get(r).set(middle);
    f.else();
    times(e, product);
    rows.noted(p.products, r).get(product).store('f64.store').end();
    f.else();
    f.get(r).get(end).op('i32.lt_s');
    rows.isZero().op('i32.and').if();
    f.get(r).set(end).end();
    f.get(r).get(end).op('i32.lt_s').if();
    times(e, later);
    f.end().end();
    f.get(r).get(middle).op('i32.ge_s').get(r).get(end).op('i32.lt_s').op('i32.and').if();
    f.get(total);
    rows.element(p.g, at).get(later).op('f64.mul').op('f64.add').set(total).end();
    rows.store(p.out, at, () => f.f64Const(0));
  });
  // PyTorch multiplies what comes after the second zero by 0.
  f.get(end).get(p.n).op('i32.lt_s').if();
  f.get(total).f64Const(0).get(later).op('f64.mul').op('f64.add').set(total).end();
}

/**
 * The gradients of a row of which some element may be 0: what lies after two zeros has products, and gradients, of 0.
 */
function runningBySweeps(e: Running): void {
  const { f, p, rows, product, sum, total, middle, place } = e;
  const { start, r, at } = rows;
  splitAtZeros(e);
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
}

function emitRunning(module: ModuleBuilder, lane: FloatLane): void {
  module.define({ export: 'running' }, runningParams, (f, p) => {
    const e = emittingRunning(f, lane, p);
    const { rows } = e;
    rows.countZeros();
    rows.each(() => {
      f.f64Const(1).set(e.product).f64Const(0).set(e.sum);
      f.i32Const(0).set(rows.r).get(rows.start).set(rows.at);
      f.get(rows.zeros).if();
      runningBySweeps(e);
      f.else();
      runningByDivision(e);
      f.end();
    });
  });
}

/** The kernels for elements of a type. */
export const productKernels = memoized((lane: FloatLane): ProductKernels => {
  const module = new ModuleBuilder();
  emitOthers(module, lane);
  module.define({ export: 'pairs' }, pairsParams, (f, p) => new PairsEmitter(f, lane, p).emit());
  emitRunning(module, lane);
  return module.instantiate<ProductKernels>();
});
