/** What tests of several threads share. */
import { createHash } from 'node:crypto';
import { getNumThreads, setNumThreads, type Tensor } from '@kindling/core';
import { afterAll } from 'vitest';
import { team, worth } from '../../src/kernels/threads/index.ts';

/** What tells two tensors with other bits apart, and is short. */
export const bits = (x: Tensor): string => {
  const { data } = x.detach().clone();
  return createHash('sha1')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
};

/** Has the number of threads, and when they are worth it, put back behind the tests of a block. */
export function putThreadsBack(): void {
  const before = getNumThreads();
  const byDefault = { ...worth };
  afterAll(() => {
    setNumThreads(before);
    Object.assign(worth, byDefault);
  });
}

/** Calls until workers have taken parts `times` times, for ten seconds at most; gives the results of the last call. */
export async function untilShared(call: () => Tensor[], times = 3): Promise<Tensor[]> {
  const before = team.taken();
  const end = performance.now() + 10_000;
  let results = call();
  while (team.taken() < before + times) {
    if (performance.now() > end) throw new Error('no worker took part');
    await new Promise((resolve) => setTimeout(resolve, 1));
    results = call();
  }
  return results;
}
