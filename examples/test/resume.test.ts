import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { differences } from '../resume/run.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-resume-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample('resume', args);

describe('a training that is killed', () => {
  for (const [way, kills, ...args] of [
    ['eager', 1],
    ['compiled', 2, '--compile'],
  ] as const) {
    it(`goes on as one that was not, ${way}`, { timeout: 240_000 }, () => {
      const out = join(folder, way);
      const { status, stdout, stderr } = run(
        '--epochs',
        '3',
        '--every',
        '4',
        '--kills',
        String(kills),
        '--out',
        out,
        ...args,
      );
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(
        'Identical: 30 losses, weights, averages and the state of Adam are the same to the bit.',
      );
      expect(stdout).toContain('Left beside the checkpoints: nothing.');
      const [, ...rows] = readFileSync(join(out, 'losses.csv'), 'utf8')
        .trim()
        .split('\n')
        .map((row) => row.split(','));
      expect(rows).toHaveLength(30);
      for (const [, whole, killed] of rows) expect(killed).toBe(whole);
      expect(new Set(rows.map(([, loss]) => loss)).size).toBe(30);
      expect(rows.at(-1)?.[3]).toBe(String(kills + 1));
      expect(readdirSync(join(out, 'checkpoints'))).toHaveLength(3);
    });
  }

  it('and one that was not are compared to the bit', () => {
    const losses = (...values: number[]): ReadonlyMap<number, number> =>
      new Map(values.map((x, i) => [i + 1, x]));
    expect(differences(losses(1, 2, Number.NaN), losses(1, 2, Number.NaN), 3)).toEqual([]);
    expect(differences(losses(1, 0, 3), losses(1, -0, 3 + 2 ** -51), 3)).toEqual([2, 3]);
    expect(differences(losses(1), losses(1), 2)).toEqual([2]);
  });
});

describe('the command line of resume', () => {
  it('explains its flags, and refuses others with one line', { timeout: 120_000 }, () => {
    expect(run('--help').stdout).toContain('--kills N');
    const { status, stderr } = run('--kills', '10', '--epochs', '1', '--out', folder);
    expect(status).toBe(2);
    expect(stderr.trim()).toBe('resume: --kills takes less than the 10 steps, got 10');
  });
});
