import type { Stretch } from '../../kernels/index.ts';
import type { Lodged } from './lodged.ts';

/** How often each kernel is timed, until so many milliseconds are over. */
const least = 3;
const milliseconds = 2;
/** Less than this many milliseconds the clocks of browsers do not tell apart. */
const tellable = 0.2;
const mostCalls = 2 ** 14;

/**
 * How long kernels take, in microseconds, each run by itself several times; the memory, which that changes, is put back. The least of
 * several is taken, as others work on the machine too.
 */
export function timeKernels(kernels: readonly Stretch[], memory: readonly Lodged[]): number[] {
  const before = memory.map((lodged) => ({ lodged, elements: lodged.array().slice() }));
  try {
    return kernels.map((run) => {
      let best = Number.POSITIVE_INFINITY;
      let count = 1;
      const begin = performance.now();
      for (let i = 0; i < least || performance.now() - begin < milliseconds; ) {
        const start = performance.now();
        for (let k = 0; k < count; k++) run();
        const took = performance.now() - start;
        if (took < tellable && count < mostCalls) count *= 2;
        else {
          best = Math.min(best, took / count);
          i++;
        }
      }
      return best * 1000;
    });
  } finally {
    for (const { lodged, elements } of before) lodged.array().set(elements);
  }
}
