/** Processes that are killed at any moment of their checkpoints: what is saved is whole, and nothing is left over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Checkpoint, Generator, type Tensor, zeros } from '@kindling/core';
import { folderStorage } from '@kindling/core/node';
import { afterEach, expect, test, vi } from 'vitest';
import { metricOf, options, size } from './killed.ts';

/** A start takes a second or so: all forty are killed with KINDLING_KILLS=40. */
const kills = Number(process.env.KINDLING_KILLS ?? 10);

const folder = mkdtempSync(join(tmpdir(), 'kindling-kills-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that waits to be told to begin. */
function startWriter(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  const writer = spawn(process.execPath, ['--import', 'tsx', script, folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    writer.once('message', () => resolve(writer));
    writer.once('exit', () => reject(new Error('the writer ended')));
  });
}

/** Lets a process save so many checkpoints and then go on for so long; gives the last step that it said was saved. */
async function killAfter(writer: ChildProcess, saves: number, milliseconds: number): Promise<number> {
  let saved = 0;
  const enough = new Promise<void>((resolve) => {
    let count = 0;
    writer.on('message', (step) => {
      saved = Number(step);
      if (++count === saves) resolve();
    });
  });
  writer.send('go');
  if (saves > 0) await enough;
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  writer.kill('SIGKILL');
  await new Promise((resolve) => writer.once('close', resolve));
  return saved;
}

const isCheckpoint = (name: string): boolean => /^checkpoint-\d{8}\.safetensors$/.test(name);

test(`of ${kills} that were killed each left its last checkpoint, and the next start cleans up`, {
  timeout: 30_000 + 10_000 * kills,
}, async () => {
  const warn = vi.spyOn(console, 'warn');
  const moments = new Generator().manualSeed(Number(process.env.KINDLING_SEED ?? 0));
  const content = zeros(size);
  const model = {
    stateDict: () => ({ w: content }),
    loadStateDict: ({ w }: { w: Tensor }) => void content.copy_(w),
  };
  let [newest, interrupted] = [0, 0];
  for (let kill = 0; kill < kills; ) {
    for (const writer of await Promise.all([startWriter(), startWriter()])) {
      kill++;
      const saved = await killAfter(writer, moments.random() % 4, moments.random() % 40);
      const left = readdirSync(folder);
      if (left.some((name) => !isCheckpoint(name)) || left.length > 3) interrupted++;

      const checkpoint = new Checkpoint({ storage: folderStorage(folder), parts: { model }, ...options });
      const at = await checkpoint.resume();
      // What it said was saved is there; the one after it may be.
      expect(at?.step ?? 0).toBeGreaterThanOrEqual(Math.max(saved, newest));
      newest = at?.step ?? 0;

      const [names, best] = [await checkpoint.list(), await checkpoint.best()];
      expect(readdirSync(folder).sort()).toEqual(names);
      const steps: number[] = [];
      for (const name of names) {
        const { step, metric } = await checkpoint.load(name);
        expect([content.min().item(), content.max().item(), metric]).toEqual([step, step, metricOf(step)]);
        steps.push(step);
      }
      const all = Array.from({ length: newest }, (_, i) => i + 1);
      const bestStep = all.toSorted((a, b) => metricOf(a) - metricOf(b))[0];
      expect(best?.metric ?? null).toBe(bestStep === undefined ? null : metricOf(bestStep));
      expect(steps).toEqual(all.filter((step) => step > newest - 2 || step === bestStep));
    }
  }
  expect(warn).not.toHaveBeenCalled();
  // Otherwise the kills came too late or too early, and show nothing.
  expect(newest).toBeGreaterThan(1);
  expect(interrupted).toBeGreaterThan(0);
});
