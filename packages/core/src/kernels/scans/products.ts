/** Gradients of products and of running products, right also where elements are 0, as programs compute them. */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { placeOf, recordCall, recorder } from '../recording/index.ts';
import type { Extent } from '../strided/index.ts';
import { type FloatLane, type FunctionBuilder, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';

/** Takes down for each element the product of the others of its row; gives false where nobody takes down kernels. */
export function recordProductsOfOthers(
  x: TypedArray,
  { outer, n, inner }: Extent,
  whole: boolean,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const front = allocateArray('float64', n);
  recordCall('prod_of_others', kernelsFor(x).others, [outer, n, inner, Number(whole), x, front, out], {
    writes: [front, out],
  });
  return true;
}

/** Takes down the gradient of running products, given theirs; gives false where nobody takes down kernels. */
export function recordCumprodGradient(
  g: TypedArray,
  x: TypedArray,
  { outer, n, inner }: Extent,
  out: TypedArray,
): boolean {
  if (recorder === null) return false;
  const products = allocateArray('float64', n);
  recordCall('cumprod_backward', kernelsFor(x).running, [outer, n, inner, g, x, products, out], {
    writes: [products, out],
  });
  return true;
}

/**
 * The gradient by x of the products of others, given theirs: for each element x_k of a row the sum over i ≠ k of g_i times the product of
 * all but x_i and x_k. From the front and from the back go the product so far and the sum of the g_i times that of all but x_i. As in PyTorch,
 * what has an element 0 for a factor is 0, whatever the other factors are, and where no element is 0 but the product is not finite, it is divided.
 */
export function pairProducts(
  g: TypedArray,
  x: TypedArray,
  { outer, n, inner }: Extent,
  out: TypedArray,
): void {
  const front = allocateArray('float64', 2 * n);
  if (recorder !== null) {
    recordCall('prod_of_others_backward', kernelsFor(x).pairs, [outer, n, inner, g, x, front, out], {
      writes: [front, out],
    });
    return;
  }
  const anyZero = x.includes(0 as never);
  for (let row = 0; row < outer * inner; row++) {
    const start = Math.floor(row / inner) * n * inner + (row % inner);
    // Sums of nothing are left out: times an infinite element they are no number.
    let [product, sum, firstZero] = [1, 0, n];
    for (let r = 0, at = start; r < n; r++, at += inner) {
      front[2 * r] = product;
      front[2 * r + 1] = sum;
      if (x[at] === 0 && firstZero === n) firstZero = r;
      sum = (r > 0 && x[at] !== 0 ? sum * x[at]! : 0) + g[at]! * product;
      product *= x[at]!;
    }
    if (!anyZero && !Number.isFinite(product)) {
      const end = start + n * inner;
      sum = 0;
      for (let at = end - inner; at >= start; at -= inner) sum += (g[at] ?? 0) / (x[at] ?? 1);
      for (let at = start; at < end; at += inner) {
        const value = x[at] ?? 1;
        out[at] = (sum * product) / value - (g[at] ?? 0) * (product / value / value);
      }
      continue;
    }
    [product, sum] = [1, 0];
    let hasZero = false;
    for (let r = n - 1, at = start + r * inner; r >= 0; r--, at -= inner) {
      const isLast = r === n - 1;
      out[at] =
        (r > 0 && !hasZero ? front[2 * r + 1]! * product : 0) +
        (isLast || firstZero < r ? 0 : front[2 * r]! * sum);
      if (x[at] === 0) hasZero = true;
      sum = (isLast || x[at] === 0 ? 0 : sum * x[at]!) + g[at]! * product;
      product *= x[at]!;
    }
  }
}

/** Of rows of n elements that lie `inner` apart, in float64 numbers. Addresses in bytes; nothing overlaps. */
interface ProductKernels {
  /** `front` is room for a row of float64 numbers; `whole`: whether the rows are all elements. */
  others(outer: number, n: number, inner: number, whole: number, x: number, front: number, out: number): void;
  /** `front` is room for two rows of float64 numbers. */
  pairs(outer: number, n: number, inner: number, g: number, x: number, front: number, out: number): void;
  /** `products` is room for a row of float64 numbers. */
  running(outer: number, n: number, inner: number, g: number, x: number, products: number, out: number): void;
}

const kernelsFor = (x: TypedArray): ProductKernels =>
  productKernels(placeOf(x).area.dtype === 'float64' ? 'f64' : 'f32');

const productKernels = memoized((lane: FloatLane): ProductKernels => {
  const dtype = lane === 'f64' ? 'float64' : 'float32';
  const module = new ModuleBuilder();
  /** Pushes element number `at` of what lies at `base`. */
  const pushElement = (f: FunctionBuilder, base: number, at: number): FunctionBuilder =>
    f.pushPlace(base, at, dtype).loadNumber(dtype);
  /** Stores what `push` pushes as that element. */
  const storeElement = (f: FunctionBuilder, base: number, at: number, push: () => void): void => {
    f.pushPlace(base, at, dtype);
    push();
    f.storeNumber(dtype);
  };
  /** Replaces the number on the stack by what it is when it is stored. */
  const round = (f: FunctionBuilder): FunctionBuilder =>
    lane === 'f64' ? f : f.op('f32.demote_f64').op('f64.promote_f32');
  const noted = (f: FunctionBuilder, base: number, r: number): FunctionBuilder =>
    f.pushPlace(base, r, 'float64');
  const add = (f: FunctionBuilder, local: number, other: number, sign: 1 | -1 = 1): void => {
    f.get(local)
      .get(other)
      .op(sign === 1 ? 'i32.add' : 'i32.sub')
      .set(local);
  };
  const step = (f: FunctionBuilder, local: number, by: 1 | -1): FunctionBuilder =>
    f.bump(local, { bytes: by });

  interface Sizes {
    readonly outer: number;
    readonly n: number;
    readonly inner: number;
  }
  /** Runs `body` for each row, with the number of its first element in `start`. */
  const eachRow = (f: FunctionBuilder, p: Sizes, start: number, body: () => void): void => {
    const column = f.local('i32');
    f.countdown(p.outer, 1, () => {
      f.get(p.inner).set(column);
      f.countdown(column, 1, () => {
        body();
        step(f, start, 1);
      });
      f.get(p.n).i32Const(1).op('i32.sub').get(p.inner).op('i32.mul').get(start).op('i32.add').set(start);
    });
  };
  /** Runs `body` while `r` is below `end`, at the elements from `at` on. */
  const forward = (
    f: FunctionBuilder,
    { inner }: Sizes,
    r: number,
    end: number,
    at: number,
    body: () => void,
  ): void => {
    const done = f.block();
    const next = f.loop();
    f.get(r).get(end).op('i32.ge_s').brIf(done);
    body();
    add(f, at, inner);
    step(f, r, 1);
    f.i32Const(1).brIf(next).end().end();
  };
  /** Runs `body` for the `r` elements before `at`, from the last to the first. */
  const backward = (f: FunctionBuilder, { inner }: Sizes, r: number, at: number, body: () => void): void => {
    const done = f.block();
    const next = f.loop();
    f.get(r).op('i32.eqz').brIf(done);
    add(f, at, inner, -1);
    step(f, r, -1);
    body();
    f.i32Const(1).brIf(next).end().end();
  };
  /** Counts the elements that are 0. */
  const countZeros = (f: FunctionBuilder, p: Sizes & { readonly x: number }, zeros: number): void => {
    const { i, left } = f.locals('i32', 'i', 'left');
    f.get(p.outer).get(p.n).op('i32.mul').get(p.inner).op('i32.mul').set(left);
    f.countdown(left, 1, () => {
      pushElement(f, p.x, i).f64Const(0).op('f64.eq').get(zeros).op('i32.add').set(zeros);
      step(f, i, 1);
    });
  };

  const ofOthers = i32Params('outer', 'n', 'inner', 'whole', 'x', 'front', 'out');
  module.define({ export: 'others' }, ofOthers, (f, p) => {
    const { start, r, at, zeros } = f.locals('i32', 'start', 'r', 'at', 'zeros');
    const { product, value } = f.locals('f64', 'product', 'value');
    countZeros(f, p, zeros);
    const times = (): void => {
      pushElement(f, p.x, at).get(product).op('f64.mul').set(product);
    };
    eachRow(f, p, start, () => {
      f.f64Const(1).set(product).i32Const(0).set(r).get(start).set(at);
      forward(f, p, r, p.n, at, () => {
        noted(f, p.front, r).get(product).store('f64.store');
        times();
      });
      f.f64Const(1).set(product);
      backward(f, p, r, at, () => {
        noted(f, p.front, r).load('f64.load').get(product).op('f64.mul').set(value);
        f.get(zeros).if();
        f.get(p.whole).get(zeros).i32Const(1).op('i32.gt_s').op('i32.and').if();
        f.f64Const(0).set(value).end();
        // Where no element is 0, PyTorch divides the product by the element: infinities give NaN.
        f.else();
        pushElement(f, p.x, at)
          .op('f64.abs')
          .f64Const(Number.POSITIVE_INFINITY)
          .op('f64.lt')
          .op('i32.eqz')
          .if();
        f.f64Const(Number.NaN).set(value).end().end();
        storeElement(f, p.out, at, () => f.get(value));
        times();
      });
    });
  });

  const ofPairs = i32Params('outer', 'n', 'inner', 'g', 'x', 'front', 'out');
  module.define({ export: 'pairs' }, ofPairs, (f, p) => {
    const { start, r, at, zeros, hasZero, firstZero } = f.locals(
      'i32',
      ...(['start', 'r', 'at', 'zeros', 'hasZero', 'firstZero'] as const),
    );
    const { product, sum } = f.locals('f64', 'product', 'sum');
    const begin = (): void => {
      f.f64Const(1).set(product).f64Const(0).set(sum).i32Const(0).set(hasZero);
    };
    const isAfterFirst = (): FunctionBuilder => f.get(r).i32Const(0).op('i32.gt_s');
    const isBeforeLast = (): FunctionBuilder => f.get(r).i32Const(1).op('i32.add').get(p.n).op('i32.lt_s');
    const isZero = (): FunctionBuilder => pushElement(f, p.x, at).f64Const(0).op('f64.eq');
    /** Makes the number on the stack 0 unless `isThere`. */
    const orNothing = (isThere: () => FunctionBuilder): FunctionBuilder => {
      f.f64Const(0);
      return isThere().op('select');
    };
    const goOn = (isThere: () => FunctionBuilder): void => {
      f.get(sum);
      pushElement(f, p.x, at).op('f64.mul');
      orNothing(() => {
        isThere();
        return isZero().op('i32.eqz').op('i32.and');
      });
      pushElement(f, p.g, at).get(product).op('f64.mul').op('f64.add').set(sum);
      pushElement(f, p.x, at).get(product).op('f64.mul').set(product);
    };
    const pair = (): FunctionBuilder => f.get(p.front).get(r).i32Const(16).op('i32.mul').op('i32.add');
    countZeros(f, p, zeros);
    eachRow(f, p, start, () => {
      begin();
      f.i32Const(0).set(r).get(start).set(at).get(p.n).set(firstZero);
      forward(f, p, r, p.n, at, () => {
        isZero().get(hasZero).op('i32.gt_s').if();
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
        return pushElement(f, p.x, at).op('f64.div');
      };
      backward(f, p, r, at, () => {
        pushElement(f, p.g, at);
        pushElement(f, p.x, at).op('f64.div').get(sum).op('f64.add').set(sum);
      });
      forward(f, p, r, p.n, at, () => {
        storeElement(f, p.out, at, () => {
          f.get(sum).get(product).op('f64.mul');
          pushElement(f, p.x, at).op('f64.div');
          pushElement(f, p.g, at);
          ratio();
          pushElement(f, p.x, at).op('f64.div').op('f64.mul').op('f64.sub');
        });
      });
      f.else();
      begin();
      backward(f, p, r, at, () => {
        storeElement(f, p.out, at, () => {
          pair().load('f64.load', 8).get(product).op('f64.mul');
          orNothing(() => isAfterFirst().get(hasZero).op('i32.gt_s'));
          pair().load('f64.load').get(sum).op('f64.mul');
          orNothing(() => isBeforeLast().get(r).get(firstZero).op('i32.le_s').op('i32.and'));
          f.op('f64.add');
        });
        isZero().get(hasZero).op('i32.or').set(hasZero);
        goOn(isBeforeLast);
      });
      f.end();
    });
  });

  const ofRunning = i32Params('outer', 'n', 'inner', 'g', 'x', 'products', 'out');
  module.define({ export: 'running' }, ofRunning, (f, p) => {
    const { start, r, at, zeros, end } = f.locals('i32', 'start', 'r', 'at', 'zeros', 'end');
    const { product, sum, total, later } = f.locals('f64', 'product', 'sum', 'total', 'later');
    const { middle, place } = f.locals('i32', 'middle', 'place');
    countZeros(f, p, zeros);
    const isZero = (): FunctionBuilder => pushElement(f, p.x, at).f64Const(0).op('f64.eq');
    const begin = (): void => {
      f.f64Const(1).set(product).f64Const(0).set(sum).i32Const(0).set(r).get(start).set(at);
    };
    /** Multiplies a number by the element. */
    const times = (number: number): void => {
      f.get(number);
      pushElement(f, p.x, at).op('f64.mul').set(number);
    };
    const byDivision = (): void => {
      forward(f, p, r, p.n, at, () => {
        times(product);
        storeElement(f, p.out, at, () => {
          pushElement(f, p.g, at).get(product);
          round(f).op('f64.mul');
        });
      });
      backward(f, p, r, at, () => {
        f.get(sum);
        pushElement(f, p.out, at).op('f64.add').set(sum);
        storeElement(f, p.out, at, () => {
          f.get(sum);
          round(f);
          pushElement(f, p.x, at).op('f64.div');
        });
      });
    };
    /** Split at the first two zeros: what lies after both has products, and gradients, of 0. */
    const bySweeps = (): void => {
      f.get(p.n).set(middle).get(p.n).set(end).f64Const(0).set(total).f64Const(1).set(later);
      forward(f, p, r, p.n, at, () => {
        f.get(r).get(middle).op('i32.lt_s').if();
        isZero().if();
        f.get(r).set(middle);
        f.else();
        times(product);
        noted(f, p.products, r).get(product).store('f64.store').end();
        f.else();
        f.get(r).get(end).op('i32.lt_s');
        isZero().op('i32.and').if();
        f.get(r).set(end).end();
        f.get(r).get(end).op('i32.lt_s').if();
        times(later);
        f.end().end();
        f.get(r).get(middle).op('i32.ge_s').get(r).get(end).op('i32.lt_s').op('i32.and').if();
        f.get(total);
        pushElement(f, p.g, at).get(later).op('f64.mul').op('f64.add').set(total).end();
        storeElement(f, p.out, at, () => f.f64Const(0));
      });
      // PyTorch multiplies what comes after the second zero by 0.
      f.get(end).get(p.n).op('i32.lt_s').if();
      f.get(total).f64Const(0).get(later).op('f64.mul').op('f64.add').set(total).end();
      f.get(middle).set(r).get(middle).get(p.inner).op('i32.mul').get(start).op('i32.add').tee(at).set(place);
      f.get(middle).get(p.n).op('i32.lt_s').if();
      storeElement(f, p.out, place, () => f.get(total).get(product).op('f64.mul'));
      f.end();
      backward(f, p, r, at, () => {
        f.get(sum);
        pushElement(f, p.g, at);
        noted(f, p.products, r).load('f64.load').op('f64.mul').op('f64.add').set(sum);
        storeElement(f, p.out, at, () => {
          f.get(sum);
          pushElement(f, p.x, at).op('f64.div');
        });
      });
    };
    eachRow(f, p, start, () => {
      begin();
      f.get(zeros).if();
      bySweeps();
      f.else();
      byDivision();
      f.end();
    });
  });
  return module.instantiate<ProductKernels>();
});
