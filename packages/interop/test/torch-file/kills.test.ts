/** Processes that are killed while they save. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@kindling/core';
import { afterAll, expect, it } from 'vitest';
import { loadTorch, saveTorch } from '../../src/torch-file/index.ts';

/** A start takes a second or so: more are killed with KINDLING_KILLS=20. */
const kills = Number(process.env.KINDLING_KILLS ?? 1);
const folder = mkdtempSync(join(tmpdir(), 'kindling-torch-kills-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(`${kills} of them leave a whole file each, and the next save removes what is beside it`, {
  timeout: 30_000 + 20_000 * kills,
}, async () => {
  const path = join(folder, 'model.pt');
  const script = fileURLToPath(new URL('support/writer.ts', import.meta.url));
  await saveTorch(path, { n: 0, x: null });
  for (let kill = 0; kill < kills; kill++) {
    const writer = spawn(process.execPath, ['--import', 'tsx', script, path], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await new Promise((resolve) => writer.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 150 + 37 * kill));
    writer.kill('SIGKILL');
    await new Promise((resolve) => writer.once('close', resolve));
    const { n, x } = await loadTorch<{ n: number; x: Tensor | null }>(path);
    if (x !== null) expect([x.min().item(), x.max().item()]).toEqual([n, n]);
    await saveTorch(path, { n: 0, x: null });
    expect(readdirSync(folder)).toEqual(['model.pt']);
  }
});
