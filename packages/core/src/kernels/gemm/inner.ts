/**
 * The inner product of two vectors. As a product of matrices it would be one sum, each of whose steps waits for the one
 * before: here several sums go on side by side, which come together in float64 after each block, so that neither the
 * length of a chunk nor whether a program runs it changes a bit.
 */

import { elementsOf } from '../elementwise/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { copyRun, type FloatArray, type Strided } from '../strided/index.ts';
import {
  ensureBytes,
  type FloatLane,
  f32,
  f64,
  i32Params,
  ModuleBuilder,
  memoized,
  range,
} from '../wasm/index.ts';
import { LANES } from './gemm-kernels.ts';
import { SMALL } from './plan.ts';
import { multiplyAdd } from './tiles.ts';

interface InnerKernel {
  /** `total`, and the product of `count` elements at two addresses. */
  part(count: number, a: number, b: number, total: number): number;
  /** The product of all, stored at an address. */
  inner(count: number, a: number, b: number, out: number): void;
}

/** Elements after which the sums come together: of both operands as many as the first cache holds. */
const BLOCK = 4096;
/** Sums of vectors that go on side by side, each of whose steps takes as long as this many would to begin. */
const SUMS = 8;

const innerKernel = memoized((lane: FloatLane): InnerKernel => {
  const { vector, bytes, lanes, loadOne } = LANES[lane];
  const module = new ModuleBuilder();
  const params = { ...i32Params('count', 'a', 'b'), total: 'f64' } as const;
  const part = module.define({ export: 'part', result: 'f64' }, params, (f, p) => {
    const sums = range(SUMS).map(() => f.local('v128'));
    const { x, y } = f.locals('v128', 'x', 'y');
    const { vectors, lag } = f.locals('i32', 'vectors', 'lag');
    const step = (load: 'v128.load' | typeof loadOne, offset: number, sum: number): void => {
      f.get(p.a).load(load, offset).set(x).get(p.b).load(load, offset).set(y);
      multiplyAdd(f, vector, sum, x, y);
    };
    const advance = (by: { bytes: number } | { local: number }): void => {
      f.bump(p.a, by).bump(p.b, by);
    };
    f.get(p.count).i32Const(Math.log2(lanes)).op('i32.shr_u').tee(vectors);
    f.i32Const(SUMS - 1)
      .op('i32.and')
      .i32Const(4)
      .op('i32.shl')
      .set(lag);
    f.unrolled(
      vectors,
      SUMS,
      (u) => step('v128.load', 16 * u, sums[u] as number),
      () => advance({ bytes: SUMS * 16 }),
    );
    // A last round that ends early leaves the pointers behind by the vectors it took.
    advance({ local: lag });
    f.get(p.count)
      .i32Const(lanes - 1)
      .op('i32.and')
      .set(p.count);
    const [first = x] = sums;
    f.countdown(p.count, 1, () => {
      step(loadOne, 0, first);
      advance({ bytes });
    });
    for (let width = SUMS / 2; width >= 1; width /= 2) {
      for (const [i, sum] of sums.slice(0, width).entries())
        f.get(sum)
          .get(sums[i + width] as number)
          .op(`${vector}.add`)
          .set(sum);
    }
    if (lane === 'f32') {
      f.get(first).op('f64x2.promote_low_f32x4').get(first).get(first).shuffle64(1, 1);
      f.op('f64x2.promote_low_f32x4').op('f64x2.add').set(first);
    }
    f.get(p.total).get(first).lane('f64x2.extract_lane', 0);
    f.get(first).lane('f64x2.extract_lane', 1).op('f64.add').op('f64.add');
  });
  module.define({ export: 'inner' }, i32Params('count', 'a', 'b', 'out'), (f, p) => {
    const total = f.local('f64');
    const next = (count: () => void): void => {
      count();
      f.get(p.a).get(p.b).get(total).call(part).set(total);
    };
    f.countdown(p.count, BLOCK, () => {
      next(() => f.i32Const(BLOCK));
      f.bump(p.a, { bytes: BLOCK * bytes }).bump(p.b, { bytes: BLOCK * bytes });
    });
    f.get(p.count).if();
    next(() => f.get(p.count));
    f.end().get(p.out).get(total).storeNumber(lane);
  });
  return module.instantiate<InnerKernel>();
});

/**
 * out[0] = the sum of a[i] b[i] over all elements of two vectors with a fraction. Says whether it was done: of few
 * elements it leaves that to `gemm`.
 */
export function innerProduct(a: Strided, b: Strided, out: Strided): boolean {
  const { dtype, count } = a;
  if ((dtype !== 'float32' && dtype !== 'float64') || count <= SMALL) return false;
  const kernel = innerKernel(dtype === 'float32' ? 'f32' : 'f64');
  const [x, y] = [elementsOf(a), elementsOf(b)];
  if (recorder !== null) {
    recordCall('dot', kernel.inner, [count, x, y, elementsOf(out)]);
    return true;
  }
  const bytes = x.BYTES_PER_ELEMENT;
  const most = Math.min(count, BLOCK);
  ensureBytes(2 * BLOCK * bytes);
  const scratch: FloatArray = dtype === 'float32' ? f32 : f64;
  let total = 0;
  for (let done = 0; done < count; done += most) {
    const n = Math.min(most, count - done);
    copyRun(x, done, n, scratch, 0);
    copyRun(y, done, n, scratch, BLOCK);
    total = kernel.part(n, 0, BLOCK * bytes, total);
  }
  out.storage.array[out.offset] = total;
  return true;
}
