/**
 * Writes the fixture of the way back: a training that PyTorch went on with on two ranks in shards, as
 * `train.py --export` leaves it, and the ten losses that PyTorch has next.
 *
 *     PYTHON=v/bin/python npx tsx tools/interop/back.ts
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportTorch } from '../../packages/interop/src/index.ts';
import { training } from './models.ts';

const to = fileURLToPath(new URL('../../packages/interop/test/torch-project/fixtures/back', import.meta.url));
const folder = join(mkdtempSync(join(tmpdir(), 'kindling-back-')), 'project');
const { flags, data, ...made } = training('schedules');
await exportTorch(folder, { ...made, data });
const go = (...args: string[]): void => {
  const run = ['-m', 'torch.distributed.run', '--nproc-per-node', '2', 'train.py', '--fsdp', ...args];
  execFileSync(process.env.PYTHON ?? 'python3', run, { cwd: folder, stdio: 'inherit' });
};
go('--steps', '30', '--export', 'back');
go('--steps', '10', '--resume', '--losses', 'next.jsonl');
rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
for (const name of readdirSync(join(folder, 'back')))
  copyFileSync(join(folder, 'back', name), join(to, name));
copyFileSync(join(folder, 'data.safetensors'), join(to, 'data.safetensors'));
const lines = readFileSync(join(folder, 'next.jsonl'), 'utf8').trim().split('\n');
const next = lines.map((line) => JSON.parse(line) as { loss: number; lr: number[] });
writeFileSync(join(to, 'next.json'), `${JSON.stringify(next.map(({ loss, lr }) => ({ loss, lr })))}\n`);
rmSync(folder, { recursive: true });
