import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-grow-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Where no Python is found. */
const run = (...args: string[]) =>
  runExample('grow-up', ['--train', '128', '--epochs', '1', '--out', folder, ...args], { PATH: folder });

describe('grow-up', () => {
  it('trains, exports, and tells the commands where there is no Python', { timeout: 120_000 }, () => {
    const { status, stdout } = run();
    expect(status).toBe(0);
    expect(stdout).toContain('python verify.py\n');
    expect(stdout).toContain('Nothing was run there: python3 has no torch of 2.6 or newer with safetensors');
    expect(readdirSync(join(folder, 'project'))).toEqual(
      expect.arrayContaining(['model.py', 'loss.py', 'train.py', 'verify.py', 'state.safetensors']),
    );
    expect(readFileSync(join(folder, 'project', 'model.py'), 'utf8')).toContain('class Reader(nn.Module):');
    expect(readFileSync(join(folder, 'losses.svg'), 'utf8')).toMatch(/^<svg/);
  });

  it('refuses a Python that has no torch, before it trains', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = run('--python', join(folder, 'none'));
    expect(status).toBe(2);
    expect(stderr.trim()).toMatch(
      /^grow-up: --python: .*none has no torch of 2.6 or newer with safetensors$/,
    );
    expect(stdout).toBe('');
  });
});
