import { mostThreads } from './control.ts';
import { cores } from './start-worker.ts';

let wanted: number | undefined;

/** How many threads kernels may use; as many as the machine runs at a time where nothing was said. */
export function threadsWanted(): number {
  wanted ??= Math.max(1, Math.min(cores(), mostThreads));
  return wanted;
}

/** Says how many. */
export function wantThreads(n: number): void {
  wanted = n;
}
