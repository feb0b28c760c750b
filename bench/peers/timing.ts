import type { Suite, Times } from './cases.ts';

/** How long each case runs, in milliseconds. */
const budget = Number(process.env.BENCH_MS ?? 400);
/** How long it runs before, until the runtime has compiled it well. */
const warmUp = 500;
/**
 * As many calls a compiled function takes until it runs its program alone: for those, a call of seconds has half a
 * minute.
 */
const fewCalls = 9;
const fewCallsTake = 30_000;
/** How long calls run between two looks at the clock, which takes longer than a step of the smallest net. */
const slice = 5;

/** Microseconds that a call takes, a time for each slice; `calls` makes so many. */
async function timedSlices(calls: (count: number) => void | Promise<void>): Promise<number[]> {
  const warmFrom = performance.now();
  const warm = (): number => performance.now() - warmFrom;
  // What takes seconds is warm after a few calls; the first of a compiled function run both ways, to be compared.
  for (let i = 0; warm() < warmUp || (i < fewCalls && warm() < fewCallsTake); i++) await calls(1);
  let count = 1;
  let took = 0;
  for (;;) {
    const start = performance.now();
    await calls(count);
    took = performance.now() - start;
    if (took >= slice) break;
    count = Math.ceil(count * Math.min(10, (1.2 * slice) / Math.max(took, 1e-3)));
  }
  const found: number[] = [];
  const from = performance.now();
  let start = from;
  while (start - from < budget) {
    await calls(count);
    const end = performance.now();
    found.push(((end - start) / count) * 1000);
    start = end;
  }
  return found;
}

/** Times a call that returns when it is done. */
export const timed = (call: () => unknown): Promise<number[]> =>
  timedSlices((count) => {
    for (let i = 0; i < count; i++) call();
  });

/** Times a call whose promise says when it is done, or that returns when it is. */
export const timedAsync = (call: () => unknown): Promise<number[]> =>
  timedSlices(async (count) => {
    for (let i = 0; i < count; i++) await call();
  });

/** The results so far. */
export const times: Times = {};

/** Says on the way what the reader of the table must know. */
export const note = (text: string): void => void process.stdout.write(`\nNOTE ${text}\n`);

/** Times a case; one that the peer cannot run is left out. */
export async function record(name: string, found: () => Promise<number[]>): Promise<void> {
  try {
    times[name] = await found();
  } catch (error) {
    note(`${name} is left out: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Runs the suite that the process is asked for, and hands its times to bench/index.ts. */
export async function runSuite(suites: Readonly<Partial<Record<Suite, () => Promise<void>>>>): Promise<void> {
  await suites[(process.argv[2] ?? 'steps') as Suite]?.();
  // On a line that other output cannot be taken for.
  process.stdout.write(`\nBENCH ${JSON.stringify(times)}\n`);
}
