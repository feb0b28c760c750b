/** Small products of programs, which have functions of their own: the bits of eager, whatever lies how. */
import { addmm, compile, type DType, manualSeed, ones, randn, type Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/compile/machine/index.ts';
import { sizesIn } from '../support/sizes.ts';

const bitsOf = (x: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = x.contiguous().data;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
};

/** What a compiled function gives when its program runs, and the products among its kernels. */
function compiledBits(fn: (a: Tensor, b: Tensor) => Tensor[], a: Tensor, b: Tensor) {
  const compiled = compile(fn);
  for (let i = 0; i < 2; i++) compiled(a, b);
  const bits = compiled(a, b).map(bitsOf);
  const [machine] = (compiled as unknown as { machines: readonly Machine[] }).machines;
  const products = machine!.steps.filter((step) => step.kind === 'kernel' && step.kernel.kind === 'product');
  return { bits, products: products.length };
}

/** A matrix of random numbers: row by row, column by column, or with gaps between its rows. */
const layouts: Readonly<Record<string, (rows: number, columns: number, dtype: DType) => Tensor>> = {
  'by rows': (m, n, dtype) => randn([m, n], { dtype }),
  'by columns': (m, n, dtype) => randn([n, m], { dtype }).t(),
  'with gaps': (m, n, dtype) => randn([m, 2 * n + 1], { dtype }).narrow(1, 1, n),
};
const sizes = sizesIn('0x3x2 2x0x3 3x2x0 1x5x17 4x2x8 5x3x1 7x13x9 2x250x3 16x32x2 19x9x3 32x16x16 40x40x41');

describe.each(['float32', 'float64'] as const)('products of %s', (dtype) => {
  for (const [nameA, makeA] of Object.entries(layouts))
    for (const [nameB, makeB] of Object.entries(layouts))
      it(`of matrices ${nameA} and ${nameB} have eager's bits, with what is added to them`, () => {
        manualSeed(7);
        let products = 0;
        for (const [m, k, n] of sizes) {
          const [row, all, column] = [[n], [m, n], [m, 1]].map((shape) => randn(shape, { dtype }));
          const fn = (a: Tensor, b: Tensor): Tensor[] => [
            a.matmul(b),
            addmm(row!, a, b),
            addmm(all!, a, b),
            addmm(column!, a, b, { alpha: 0.5, beta: 2 }),
            addmm(row!, a, b, { alpha: 2, beta: -1 }),
            // Sums of zeros of either sign.
            a.mul(-0).matmul(b.abs()),
          ];
          const [a, b] = [makeA(m, k, dtype), makeB(k, n, dtype)];
          const found = compiledBits(fn, a, b);
          expect(found.bits, `${m} x ${k} x ${n}`).toEqual(fn(a, b).map(bitsOf));
          products += found.products;
        }
        expect(products).toBeGreaterThan(12);
      });
});

it('products of stacks of matrices and of integers have them too', () => {
  const fn = (a: Tensor, b: Tensor): Tensor[] => [a.matmul(b), a.to('int32').matmul(b.to('int32'))];
  const [a, b] = [randn([3, 6, 5]), ones([3, 5, 4])];
  expect(compiledBits(fn, a, b).bits).toEqual(fn(a, b).map(bitsOf));
});

describe.each(['float32', 'float64'] as const)('a row that is added to products of %s', (dtype) => {
  // Single rows, whole panels and parts of one, several groups of columns, and sums that are cut.
  const cut = sizesIn('1x300x90 3x17x70 64x16x300 130x37x1100 70x300x270');
  it.each(cut)('as eager adds it, to (%d, %d) over %d steps', (m, n, k) => {
    manualSeed(1);
    const [x, row] = [randn([m, k], { dtype }), randn([2 * n], { dtype }).narrow(0, n, n)];
    for (const w of [randn([k, n], { dtype }), randn([n, k], { dtype }).t()]) {
      const calls = (a: Tensor, b: Tensor): Tensor[] => [
        addmm(row, a, b),
        addmm(row, a, b, { alpha: 0.5 }),
        addmm(row, a, b, { beta: 2 }),
      ];
      expect(compiledBits(calls, x, w).bits).toEqual(calls(x, w).map(bitsOf));
    }
  });
});

it.each(['float32', 'float64'] as const)(
  'inner products of %s vectors of any length and layout have them',
  (dtype) => {
    manualSeed(2);
    for (const n of [49, 131, 4096, 9001]) {
      const [a, b] = [randn([n], { dtype }), randn([n, 2], { dtype }).select(1, 1)];
      const fn = (x: Tensor, y: Tensor): Tensor[] => [x.dot(x), x.dot(y)];
      const found = fn(a, b);
      expect(compiledBits(fn, a, b).bits, `${n}`).toEqual(found.map(bitsOf));
      const [{ data: xs }, { data: ys }] = [a, b.contiguous()];
      let exact = 0;
      for (let i = 0; i < n; i++) exact += Number(xs[i]) * Number(ys[i]);
      expect(Math.abs(found[1]!.item() - exact)).toBeLessThan((dtype === 'float32' ? 2e-6 : 1e-14) * n);
    }
  },
);
