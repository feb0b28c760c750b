import { afterEach, expect, it, vi } from 'vitest';
import * as rounded from '../src/random/elementary.ts';
import * as fma from '../src/random/fma.ts';

afterEach(() => vi.doUnmock('../src/random/fma.ts'));

/** Every so many of the 2^24 uniform numbers; 1 shows it for all, in a minute. */
const STRIDE = 61;

it('logarithm, sine and cosine of uniform numbers are those that fused operations give', async () => {
  vi.resetModules();
  vi.doMock('../src/random/fma.ts', () => ({ ...fma, mulAdd32: fma.fma32 }));
  const fused = await import('../src/random/elementary.ts');
  expect(fused.logFloat).not.toBe(rounded.logFloat);
  const turn = Math.fround(2 * Math.PI);
  const different: number[] = [];
  for (let k = 0; k < 2 ** 24; k += STRIDE) {
    const u = k * 2 ** -24;
    const angle = Math.fround(turn * u);
    rounded.sinCosFloat(angle);
    fused.sinCosFloat(angle);
    const same =
      rounded.logFloat(1 - u) === fused.logFloat(1 - u) &&
      rounded.lastSine === fused.lastSine &&
      rounded.lastCosine === fused.lastCosine;
    if (!same) different.push(u);
  }
  expect(different).toEqual([]);
});
