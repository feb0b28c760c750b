/** Compiled functions whose workers end, or do not finish what they took: nothing waits for ever. */
import { beforeEach, expect, test, vi } from 'vitest';
import type { FunctionBuilder } from '../../src/kernels/wasm/index.ts';

beforeEach(() => {
  vi.resetModules();
});

const anew = async () => ({
  core: await import('@kindling/core'),
  threads: await import('../../src/kernels/threads/index.ts'),
  wasm: await import('../../src/kernels/wasm/index.ts'),
});

/** Waits until something holds, for ten seconds at most. */
async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it does not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A kernel of two parts, of which a worker does what `emit` writes, and this thread what `forkWith` is given. */
async function onTwoThreads(name: string, emit: (f: FunctionBuilder) => void) {
  const { core, threads, wasm } = await anew();
  core.setNumThreads(2);
  const memory = threads.memoryOfPrograms();
  if (memory === null) throw new Error('no memory is shared');
  const builder = new wasm.ModuleBuilder();
  builder.addFunction({ params: ['i32', 'i32', 'i32'], results: [], export: name }, emit);
  const { module } = wasm.instantiateShared(memory, { bytes: builder.build(), env: {} });
  const forkWith = (here: (part: number, count: number) => void) => {
    const exports = { [name]: here as (...args: number[]) => unknown };
    return threads.forkOf(
      memory,
      { module, env: {}, exports, forJavaScript: exports },
      [],
      [{ name, units: 2, work: 100_000 }],
    );
  };
  return { threads, forkWith };
}

test('where workers end, one thread goes on', async () => {
  const { core, threads } = await anew();
  core.setNumThreads(3);
  const x = core.randn([100, 100]);
  const square = core.compile((x: typeof core.Tensor.prototype) => core.noGrad(() => core.matmul(x, x)));
  const expected = Array.from(core.noGrad(() => core.matmul(x, x)).data);
  await until(() => {
    square(x);
    return threads.team.taken() > 2;
  });
  threads.stopWorkers();
  await until(() => threads.team.workers() === 0);
  for (let i = 0; i < 5; i++) expect(Array.from(square(x).data)).toEqual(expected);
  threads.worth.ofTeam = 0;
  threads.worth.ofCopying = 0;
  expect(Array.from(core.matmul(x, x).data)).toEqual(expected);
  expect(threads.team.workers()).toBe(0);
  expect(core.getNumThreads()).toBe(3);
});

test('where a worker does not finish its part an error says so, and one thread goes on', async () => {
  const { threads, forkWith } = await onTwoThreads('forever', (f) => {
    const loop = f.loop();
    f.i32Const(1).brIf(loop);
    f.end();
  });
  /** What this thread does of it. */
  let patient = false;
  const parts: (readonly [number, number])[] = [];
  const forever = (part: number, count: number): void => {
    parts.push([part, count]);
    const end = performance.now() + 10_000;
    if (patient) while (threads.team.taken() === 0 && performance.now() < end);
  };
  const fork = forkWith(forever);
  // Before the worker is up, this thread does both.
  fork(0);
  expect(parts).toEqual([
    [0, 2],
    [1, 2],
  ]);
  parts.length = 0;
  patient = true;
  threads.patience.milliseconds = 50;
  expect(() => fork(0)).toThrow(
    'a worker thread does not finish its part of a kernel, which stays half done; from now on this thread works alone',
  );
  expect(parts).toEqual([[0, 2]]);
  fork(0);
  expect(parts).toEqual([
    [0, 2],
    [0, 1],
  ]);
});

test('of workers that sleep, a call wakes no more than it has parts for', async () => {
  const { core, threads } = await anew();
  core.setNumThreads(4);
  const x = core.randn([100, 100]);
  const square = core.compile((x: typeof core.Tensor.prototype) => core.noGrad(() => core.matmul(x, x)));
  await until(() => {
    square(x);
    return threads.team.taken() > 0;
  });
  core.setNumThreads(2);
  await until(() => threads.team.asleep() === 3);
  const notify = vi.spyOn(Atomics, 'notify');
  square(x);
  expect(notify.mock.calls.map(([, , count]) => count)).toEqual([1]);
  notify.mockRestore();
});

test('where a worker fails in its part an error says so', async () => {
  const { threads, forkWith } = await onTwoThreads('trap', (f) => {
    f.op('unreachable');
  });
  const trap = (): void => {
    const end = performance.now() + 10_000;
    while (threads.team.taken() === 0 && performance.now() < end);
  };
  const fork = forkWith(trap);
  expect(() => fork(0)).toThrow(
    'a worker thread failed in its part of a kernel; from now on this thread works alone',
  );
});
