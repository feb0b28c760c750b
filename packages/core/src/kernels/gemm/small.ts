/**
 * Products of tiny matrices: as plain loops, since copying them costs more than it saves; and, for programs, whose
 * operands lie in memory, the same loops as a WebAssembly kernel.
 */

import type { FloatArray } from '../strided/index.ts';
import { type FloatLane, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';
import { bytesOfLane } from '../wasm/lanes.ts';
import { elementAt, type ProductOf } from './operands.ts';

/** A product with sums in double precision; `added` may be c itself. */
export const smallGemm: (...product: ProductOf<FloatArray>) => void = (
  m,
  n,
  k,
  a,
  b,
  c,
  cOffset,
  alpha,
  beta,
  added,
) => {
  const aArray = a.array;
  const bArray = b.array;
  const aStep = a.colStride;
  const bStep = b.rowStride;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let x = a.offset + i * a.rowStride;
      let y = b.offset + j * b.colStride;
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += aArray[x]! * bArray[y]!;
        x += aStep;
        y += bStep;
      }
      sum *= alpha;
      if (added !== undefined) sum += beta * elementAt(added, i, j);
      c[cOffset + i * n + j] = sum;
    }
  }
};

/**
 * c = alpha * a @ b + beta * added, with sums in float64. Addresses and strides in bytes; c is contiguous. Of `added`,
 * which is not there where its address is 0, a stride of 0 broadcasts.
 */
type SmallProduct = (
  m: number,
  n: number,
  k: number,
  a: number,
  aRow: number,
  aColumn: number,
  b: number,
  bRow: number,
  bColumn: number,
  c: number,
  added: number,
  addedRow: number,
  addedColumn: number,
  alpha: number,
  beta: number,
) => void;

const params = {
  ...i32Params(
    'm',
    'n',
    'k',
    'a',
    'aRow',
    'aColumn',
    'b',
    'bRow',
    'bColumn',
    'c',
    'added',
    'addedRow',
    'addedColumn',
  ),
  alpha: 'f64',
  beta: 'f64',
} as const;

/** The types of the parameters, in order. */
export const smallTypes = Object.values(params);

/** The kernel for a lane type, compiled at first use. */
export const smallKernel = memoized((lane: FloatLane): SmallProduct => {
  const bytes = bytesOfLane(lane);
  const module = new ModuleBuilder();
  module.define({ export: 'small', name: `gemm_small_${lane}` }, params, (f, p) => {
    const v = f.locals('i32', 'i', 'j', 'p', 'x', 'y', 'b', 'added');
    const sum = f.local('f64');
    const loadWide = (pointer: number): void => {
      f.get(pointer).loadNumber(lane);
    };
    /** Runs `body` as often as a parameter says; `counter` counts down. */
    const times = (count: number, counter: number, body: () => void): void => {
      f.get(count).tee(counter).if();
      const loop = f.loop();
      body();
      f.get(counter).i32Const(1).op('i32.sub').tee(counter).brIf(loop);
      f.end().end();
    };
    times(p.m, v.i, () => {
      f.get(p.b).set(v.b).get(p.added).set(v.added);
      times(p.n, v.j, () => {
        f.f64Const(0).set(sum).get(p.a).set(v.x).get(v.b).set(v.y);
        times(p.k, v.p, () => {
          f.get(sum);
          loadWide(v.x);
          loadWide(v.y);
          f.op('f64.mul').op('f64.add').set(sum);
          f.bump(v.x, { local: p.aColumn });
          f.bump(v.y, { local: p.bRow });
        });
        f.get(sum).get(p.alpha).op('f64.mul').set(sum);
        f.get(p.added).if();
        f.get(sum).get(p.beta);
        loadWide(v.added);
        f.op('f64.mul').op('f64.add').set(sum);
        f.end();
        f.get(p.c).get(sum).storeNumber(lane);
        f.bump(p.c, { bytes });
        f.bump(v.b, { local: p.bColumn });
        f.bump(v.added, { local: p.addedColumn });
      });
      f.bump(p.a, { local: p.aRow });
      f.bump(p.added, { local: p.addedRow });
    });
  });
  return module.instantiate<{ small: SmallProduct }>().small;
});
