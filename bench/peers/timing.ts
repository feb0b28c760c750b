import type { Suite, Times } from './cases.ts';

/** How long each case runs, in milliseconds. */
const budget = Number(process.env.BENCH_MS ?? 400);
/** How long it runs before, until the runtime has compiled it well. */
const warmUp = 500;

/** The mean time of a call, in microseconds, after a warm-up. */
export async function timed(call: () => unknown): Promise<number> {
  const warmUntil = performance.now() + warmUp;
  for (let i = 0; i < 3 || performance.now() < warmUntil; i++) await call();
  let calls = 0;
  const start = performance.now();
  let now = start;
  while (now - start < budget) {
    await call();
    calls++;
    now = performance.now();
  }
  return ((now - start) / calls) * 1000;
}

/** The same for a synchronous call, without a promise in the loop. */
export function timedSync(call: () => unknown): number {
  const warmUntil = performance.now() + warmUp;
  for (let i = 0; i < 3 || performance.now() < warmUntil; i++) call();
  let calls = 0;
  const start = performance.now();
  let now = start;
  while (now - start < budget) {
    call();
    calls++;
    now = performance.now();
  }
  return ((now - start) / calls) * 1000;
}

/** The results so far. */
export const times: Times = {};

/** Runs the suite that the process is asked for, and hands its times to bench/index.ts. */
export async function runSuite(suites: Readonly<Record<Suite, () => void | Promise<void>>>): Promise<void> {
  await suites[(process.argv[2] ?? 'steps') as Suite]();
  // On a line that other output cannot be taken for.
  process.stdout.write(`\nBENCH ${JSON.stringify(times)}\n`);
}
