import { mostThreads } from './control.ts';
import { cores } from './start-worker.ts';

let wanted: number | undefined;
/** How often the number was said: whoever counts on it has to look again. */
export let timesWanted = 0;

/** Multiply-adds from which on an eager call is worth several threads, its operands being copied by one. */
const leastWork = 400_000;
/** The same, and infinite where there is no memory to share: so one comparison tells. */
export let worthThreads: number = leastWork;

/** No call is worth several threads, until their number is said anew. */
export function worthNoThreads(): void {
  worthThreads = Number.POSITIVE_INFINITY;
}

/** How many threads kernels may use; as many as the machine runs at a time where nothing was said. */
export function threadsWanted(): number {
  wanted ??= Math.max(1, Math.min(cores(), mostThreads));
  return wanted;
}

/** Says how many. */
export function wantThreads(n: number): void {
  wanted = n;
  timesWanted++;
  worthThreads = leastWork;
}
