import { setImmediate as turn } from 'node:timers/promises';

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(10);

export const header = (what: string): void =>
  console.log(`\n${what}\n${' '.repeat(14)}       rss  heap used  array buffers  (MiB)`);

/** Prints what the process holds, after a collection. */
export function report(label: string): void {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  console.log(`${label.padStart(14)}${mebibytes(rss)} ${mebibytes(heapUsed)}     ${mebibytes(arrayBuffers)}`);
}

/**
 * Takes `steps` steps in one synchronous loop: reports soon, five times in all besides, and at the end what a step
 * took.
 */
export function repeat(what: string, steps: number, step: () => unknown, first = steps / 50): void {
  header(`${steps} ${what}, in one synchronous loop`);
  const start = performance.now();
  for (let i = 1; i <= steps; i++) {
    step();
    if (i === first || i % (steps / 5) === 0) report(String(i));
  }
  console.log(`${(((performance.now() - start) / steps) * 1000).toFixed(2)} us a step`);
}

/** Lets the event loop turn, in which what became of collected objects is tidied up. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await turn();
  }
}
