import type { Stretch } from '../../kernels/index.ts';
import type { Lodged } from './lodged.ts';

/** How often each kernel runs, until so many milliseconds are over. */
const least = 3;
const milliseconds = 2;

/**
 * How long kernels take, in microseconds, each run by itself several times; the memory, which that changes, is put back. The least of
 * several is taken, as others work on the machine too.
 */
export function timeKernels(kernels: readonly Stretch[], memory: readonly Lodged[]): number[] {
  const before = memory.map((lodged) => ({ lodged, elements: lodged.array().slice() }));
  try {
    return kernels.map((run) => {
      let best = Number.POSITIVE_INFINITY;
      const begin = performance.now();
      for (let i = 0; i < least || performance.now() - begin < milliseconds; i++) {
        const count = best < 0.05 ? 32 : 1;
        const start = performance.now();
        for (let k = 0; k < count; k++) run();
        best = Math.min(best, (performance.now() - start) / count);
      }
      return best * 1000;
    });
  } finally {
    for (const { lodged, elements } of before) lodged.array().set(elements);
  }
}
