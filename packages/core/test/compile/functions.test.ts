/** How many functions a program's module has: kernels that are one but for their places share one. */
import { compile, randn, type Tensor } from '@kindling/core';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => vi.restoreAllMocks());

/** The names of the functions of the last module that was compiled, as stack traces show them. */
function namesAfter(run: () => void): string {
  const modules = vi.spyOn(WebAssembly, 'Module');
  run();
  const last = modules.mock.results.at(-1)?.value as WebAssembly.Module;
  const [section] = WebAssembly.Module.customSections(last, 'name');
  return new TextDecoder().decode(section);
}

const occurrences = (text: string, word: string): number => text.split(word).length - 1;

describe('functions of a program', () => {
  it('are one for layers of equal shape, and others for other shapes', () => {
    const net = (widths: readonly number[]) => {
      const weights = widths.slice(1).map((n, i) => randn([widths[i]!, n]));
      const compiled = compile((x: Tensor) => weights.reduce((y, w) => y.matmul(w).tanh(), x));
      const x = randn([5, widths[0]!]);
      const expected = compiled(x);
      const names = namesAfter(() => compiled(x));
      expect(compiled(x).data).toEqual(expected.data);
      return names;
    };
    const same = net([6, 6, 6, 6, 6]);
    expect(occurrences(same, 'tanh')).toBe(1);
    expect(occurrences(same, 'mm')).toBe(1);
    const other = net([6, 6, 7, 6, 7]);
    expect(occurrences(other, 'tanh')).toBe(2);
    expect(occurrences(other, 'mm')).toBe(3);
  });
});
