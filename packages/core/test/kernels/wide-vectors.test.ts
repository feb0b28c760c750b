import { expect, test } from 'vitest';
import { useWideModules } from '../../src/kernels/compile/index.ts';
import { gemm, tryWideProducts } from '../../src/kernels/gemm/index.ts';
import { compilingAsIs, presentCompiling } from '../../src/kernels/wasm/index.ts';

/** A clock by which a product takes `narrow` ms by the kernels at work, and `wide` by those on trial. */
function clock(narrow: number, wide: number): () => number {
  const steps = [0, 0, narrow, 0, wide];
  let calls = 0;
  let time = 0;
  return () => {
    time += calls === 0 ? 0 : steps[(calls - 1) % steps.length]!;
    calls++;
    return time;
  };
}

const asIs = <T>(compile: () => T): T => compile();

function product(): Float32Array {
  const [m, n, k] = [33, 70, 300];
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const c = new Float32Array(m * n);
  const view = (array: Float32Array, rowStride: number) => ({ array, offset: 0, rowStride, colStride: 1 });
  gemm(m, n, k, view(numbers(m * k), k), view(numbers(k * n), n), c, 0);
  return c;
}

const wrong = <T>(compile: () => T): T => {
  const made = compile();
  return typeof made === 'object' ? { ...made, rowsByColumns: () => {} } : made;
};

test('products for wide vectors are not used unless they are clearly faster', () => {
  expect(tryWideProducts(asIs, clock(2, 2))).toEqual({ same: true, speedup: 1, used: false });
  expect(tryWideProducts(asIs, clock(2, 3)).used).toBe(false);
});

test('products for wide vectors are not used where one differs', () => {
  expect(tryWideProducts(wrong, clock(2, 1))).toEqual({ same: false, speedup: 2, used: false });
});

test('modules are not compiled for wide vectors where an expression differs', () => {
  const silent = <T>(compile: () => T): T => ({ ...compile(), run: () => {} });
  expect(useWideModules(silent)).toBe(false);
  expect(presentCompiling()).toBe(compilingAsIs);
});

test('products for wide vectors have the same bits', () => {
  const before = product();
  expect(tryWideProducts(asIs, clock(2, 1))).toEqual({ same: true, speedup: 2, used: true });
  expect(product()).toEqual(before);
});
