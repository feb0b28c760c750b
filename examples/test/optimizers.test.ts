import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { afterAll, describe, expect, it } from 'vitest';
import { entrants } from '../optimizers/entrants.ts';
import { bestOf, courseOf, surfaces } from '../optimizers/surfaces.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-optimizers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample('optimizers', args);

describe('the optimizers', () => {
  it('are all there: each class of the package that makes steps', () => {
    const abstract = ['Optimizer', 'SparseAdam'];
    const classes = Object.entries(optim).flatMap(([name, value]) =>
      typeof value === 'function' &&
      typeof value.prototype?.step === 'function' &&
      'zeroGrad' in value.prototype
        ? [name]
        : [],
    );
    const text = entrants.map(({ name }) => name).join(' ');
    expect(classes.length).toBeGreaterThan(15);
    for (const name of classes.filter((name) => !abstract.includes(name))) expect(text).toContain(name);
  });

  it.each(surfaces)('have $name to go down on, least where it says', ({ at, least: [x, y], start }) => {
    const [a, b] = [tensor(x, { dtype: 'float64' }), tensor(y, { dtype: 'float64' })];
    expect(Math.abs(at(a, b).item())).toBeLessThan(1e-20);
    const [c, d] = start.map((value) => tensor(value, { dtype: 'float64' })) as [typeof a, typeof a];
    expect(at(c, d).item()).toBeGreaterThan(1);
  });

  it.each(entrants)('$name goes down Beale, and the same compiled', (entrant) => {
    const [, beale] = surfaces;
    if (beale === undefined) throw new Error('no Beale');
    const eager = courseOf(entrant, beale, 0.001, 30, false);
    expect(eager.path.length).toBe(31);
    expect(Math.min(...eager.losses)).toBeLessThan(eager.losses[0] ?? 0);
    expect(courseOf(entrant, beale, 0.001, 30, true)).toEqual(eager);
  });

  it('are shown at the rate that led low and stayed there', () => {
    const tried = new Map([
      [1, [9, 5, Number.NaN, Number.NaN]],
      [2, [9, 0, 9, 0]],
      [3, [9, 5, 4, 3]],
    ]);
    expect(bestOf([...tried.keys()], (lr) => ({ lr, losses: tried.get(lr) ?? [] })).lr).toBe(3);
  });
});

describe('the example', () => {
  it('prints a table and draws the picture', { timeout: 300_000 }, () => {
    const { status, stdout } = run(
      '--steps',
      '6',
      '--steps-on-digits',
      '4',
      '--images',
      '256',
      '--out',
      folder,
    );
    expect(status).toBe(0);
    for (const { name } of entrants) expect(stdout).toContain(` ${name} `);
    const svg = readFileSync(join(folder, 'optimizers.svg'), 'utf8');
    for (const { name } of surfaces) expect(svg).toContain(`${name}: loss`);
    for (const { name } of entrants) expect(svg).toContain(name);
  });

  it('says what a flag takes', () => {
    expect(run('--help').stdout).toContain('--steps-on-digits N');
    const { status, stderr } = run('--steps', 'many');
    expect([status, stderr.trim()]).toEqual([
      2,
      expect.stringMatching(/^optimizers: --steps takes a whole number/),
    ]);
  });
});
