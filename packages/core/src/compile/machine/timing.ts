import type { Stretch } from '../../kernels/index.ts';
import type { Lodged } from './lodged.ts';
import { Undo } from './undo.ts';

/** How often each kernel is timed, until so many milliseconds are over. */
const least = 3;
const milliseconds = 2;
/** Less than this many milliseconds the clocks of browsers do not tell apart. */
const tellable = 0.2;
const mostCalls = 2 ** 14;

/** For so long all are run before: V8 compiles well what was run for a while, beside it. */
const beforehand = 12;

/** A kernel, and what it changes of what it reads. */
interface TimedKernel {
  readonly run: Stretch;
  readonly changed: readonly Lodged[];
}

/**
 * How long kernels take, in microseconds, each run several times in its place in the program: what it reads is what the
 * ones before have left, since numbers that no call would meet, denormal ones say, take another time. The memory is put
 * back. The least of several is taken, as others work on the machine too. `null` for all where one refuses what it
 * finds: a count that the last call has brought to its end is no place any more, and those behind would read and write
 * by it.
 */
export function timeKernels(
  kernels: readonly TimedKernel[],
  memory: readonly Lodged[],
): readonly (number | null)[] {
  const all = new Undo(memory, []);
  try {
    const end = performance.now() + beforehand;
    // Each once: one that works out places from places would lead the next beyond the memory if it ran twice.
    do {
      if (kernels.some(({ run }) => run() !== 0)) return kernels.map(() => null);
      all.putBack();
    } while (performance.now() < end);
    return kernels.map(({ run, changed }) => {
      const before = new Undo(changed, []);
      let best = Number.POSITIVE_INFINITY;
      let count = 1;
      const begin = performance.now();
      for (let i = 0; i < least || performance.now() - begin < milliseconds; ) {
        before.putBack();
        const start = performance.now();
        for (let k = 0; k < count; k++) run();
        const took = performance.now() - start;
        if (took < tellable && count < mostCalls) count *= 2;
        else {
          best = Math.min(best, took / count);
          i++;
        }
      }
      before.putBack();
      run();
      return best * 1000;
    });
  } finally {
    all.putBack();
  }
}
