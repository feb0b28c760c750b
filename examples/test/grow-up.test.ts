import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { lossPicture } from '../grow-up/picture.ts';

const out = mkdtempSync(join(tmpdir(), 'kindling-grow-up-'));
afterAll(() => rmSync(out, { recursive: true }));

it('trains and exports, and says where there is no torch', { timeout: 120_000 }, () => {
  const script = fileURLToPath(new URL('../grow-up.ts', import.meta.url));
  const given = ['--train', '120', '--batch', '40', '--python', 'no-such-program', '--out', out];
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, ...given], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('grow-up: --python: no-such-program has no torch of 2.6 or newer with safetensors\n');
  expect(status).toBe(2);
  expect(stdout).toContain('torchrun --nproc-per-node 4 train.py');
  expect(readFileSync(join(out, 'project/train.py'), 'utf8')).toContain(
    'CosineAnnealingLR(optimizer, T_max=6',
  );
  expect(readFileSync(join(out, 'project/progress.json'), 'utf8')).toContain('"epoch": 3');
  expect(existsSync(join(out, 'project/data.safetensors'))).toBe(true);
});

it('draws both halves in one picture', async () => {
  const picture = await lossPicture([2, 1.5, 1], [0.9, 0.8], 'Both');
  expect(picture).toContain('Kindling');
  expect(picture).toContain('PyTorch, 2 ranks');
});
