/** Forms of arguments without end: neither time nor memory grows with them, though the event loop never turns. */
import { compile, noGrad, ones, randn, type Tensor, zeros } from '@kindling/core';
import { beforeEach, expect, it, vi } from 'vitest';
import { residentBytes } from '../../src/kernels/wasm/index.ts';
import { bitsOf } from '../support/compiled.ts';

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

it('forms that come once get no programs beyond the first eight', () => {
  const f = compile((x: Tensor) => x.mul(2).add(1));
  for (let i = 1; i <= 600; i++) expect(f(ones([i])).count).toBe(i);
  expect(f.programs).toHaveLength(8);
  expect(console.warn).toHaveBeenCalledTimes(1);
  for (let k = 0; k < 3; k++) expect(bitsOf(f(ones([600])))).toEqual(bitsOf(ones([600]).mul(3)));
  expect(f.programs).toHaveLength(9);
});

it('programs that go give their memory back, in a loop that awaits nothing', () => {
  const length = 2 ** 12;
  const f = compile((x: Tensor) => x.add(1).flip(0));
  const taken: number[] = [];
  for (let i = 1; i <= 300; i++) {
    const x = ones([length - i]);
    for (let k = 0; k < 3; k++) f(x);
    taken.push(residentBytes().taken);
  }
  expect(f.programs).toHaveLength(64);
  expect(Math.max(...taken)).toBeLessThan(1.1 * (taken[70] as number));
});

it('a gradient that a program left stays what it is when that goes', () => {
  const w = randn([5], { requiresGrad: true });
  const f = compile((x: Tensor) => {
    w.grad = null;
    w.mul(x.sum()).square().sum().backward();
    noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.001 }));
  });
  for (let k = 0; k < 9; k++) f(ones([3]));
  const shown = w.grad as Tensor;
  const bits = bitsOf(shown);
  for (let i = 1; i <= 70; i++) for (let k = 0; k < 3; k++) f(zeros([3 + i]));
  expect(bitsOf(shown)).toEqual(bits);
  shown.mul_(2);
  expect(bitsOf(shown)).not.toEqual(bits);
  expect(w.grad?.abs().sum().item()).toBe(0);
});
