/** Times calls in several ways, in turns, as other work on the machine slows all of them alike. */
import type { Times } from './exploration.ts';

/** A way to make the call, and what has to be set before a slice of such calls. */
export interface Way {
  readonly label: string;
  readonly prepare: () => void;
  readonly call: () => void;
}

const sliceMilliseconds = 12;

/** How many calls make a slice long enough for the clock. */
function callsPerSlice({ prepare, call }: Way): number {
  prepare();
  call();
  let calls = 1;
  for (;;) {
    const begin = performance.now();
    for (let i = 0; i < calls; i++) call();
    const took = performance.now() - begin;
    if (took >= sliceMilliseconds / 2 || calls >= 2 ** 16)
      return Math.max(1, Math.round((calls * sliceMilliseconds) / Math.max(took, 0.05)));
    calls *= 2;
  }
}

/** Slices of each way in turns, for so long; at least three of each. */
export function measure(ways: readonly Way[], milliseconds: number): Times[] {
  const counts = ways.map(callsPerSlice);
  const slices = ways.map((): number[] => []);
  const end = performance.now() + milliseconds;
  for (let round = 0; round < 3 || performance.now() < end; round++)
    for (const [i, { prepare, call }] of ways.entries()) {
      prepare();
      const calls = counts[i] ?? 1;
      const begin = performance.now();
      for (let k = 0; k < calls; k++) call();
      slices[i]?.push(((performance.now() - begin) / calls) * 1000);
    }
  return ways.map(({ label }, i) => ({ label, slices: slices[i] ?? [] }));
}

/** What such a share of the times is below. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
}
