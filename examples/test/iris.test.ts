import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arange, manualSeed } from '@kindling/core';
import { afterAll, describe, expect, it } from 'vitest';
import { readOptions } from '../command-line.ts';
import { UsageError } from '../flags.ts';
import { loadIris, parseFlowers, stratifiedFolds } from '../iris/data.ts';
import { trainUntilItStops } from '../iris/train.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-iris-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample('iris', args);

describe('the irises', () => {
  it("are Fisher's 150: 50 of each species, with his means", () => {
    const { x, y, features, species } = loadIris();
    expect(features).toEqual(['sepal length', 'sepal width', 'petal length', 'petal width']);
    expect(species).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(x.reshape(3, 50, 4).mean(1).mul(1000).round().toArray()).toEqual([
      [5006, 3428, 1462, 246],
      [5936, 2770, 4260, 1326],
      [6588, 2974, 5552, 2026],
    ]);
    expect(y.reshape(3, 50).sum(1).toArray()).toEqual([0, 50, 100]);
  });

  it('are refused with the line where a table is broken', () => {
    expect(() => parseFlowers('a,b,species\n1,2,x\n1,y')).toThrow('line 3 of the table: expected 2 numbers');
    expect(() => parseFlowers('a,species\nwide,x')).toThrow('line 2 of the table');
  });
});

describe('folds', () => {
  it('have each flower once, and as many of each label', () => {
    const labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
    const folds = stratifiedFolds(labels, arange(12).flip(0).data, 4);
    expect(folds.flat().sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
    for (const fold of folds) expect(fold.map((i) => labels[i]).sort()).toEqual([0, 1, 2]);
  });
});

describe('early stopping', () => {
  const quiet = { update: () => undefined, stop: () => undefined };

  it('ends where the validation loss has not fallen for a while, with the best weights', () => {
    manualSeed(0);
    const { x, y } = loadIris();
    const part = { x: x.narrow(0, 40, 20), y: y.narrow(0, 40, 20) };
    // Labels that are wrong: what is learned makes the validation loss worse.
    const wrong = { x: part.x, y: part.y.eq(0).to('int32') };
    const settings = { epochs: 200, patience: 5, lr: 0.05, hidden: 4, compile: false };
    const { losses, best } = trainUntilItStops(part, wrong, 2, settings, quiet);
    expect(losses).toHaveLength(best + settings.patience + 1);
    expect(losses[best]?.validation).toBe(Math.min(...losses.slice(1).map(({ validation }) => validation)));
  });
});

describe('the command line', () => {
  const bounds = { help: 'how many', fallback: 2, integer: true, least: 1, most: 9 };
  const example = { name: 'x', does: 'Nothing.', numbers: { many: bounds }, switches: { loud: 'louder' } };

  it('gives numbers and switches, or what they are without being given', () => {
    expect(readOptions(example, [])).toMatchObject({
      numbers: { many: 2 },
      on: { loud: false },
      out: 'out/x',
    });
    const given = readOptions(example, ['--', '--many=3', '--loud', '--out', 'there']);
    expect(given).toMatchObject({ numbers: { many: 3 }, on: { loud: true }, out: 'there' });
  });

  it('refuses the rest with a reason', () => {
    for (const args of [['--many', '10'], ['--less'], ['x']])
      expect(() => readOptions(example, args)).toThrow(UsageError);
  });
});

describe('the training', () => {
  it('tells nine of ten irises right, and the same compiled', { timeout: 120_000 }, () => {
    const [eager, compiled] = [
      run('--out', join(folder, 'eager')),
      run('--compile', '--out', join(folder, 'compiled')),
    ];
    expect(Number(/^(\d+) of 150 irises/m.exec(eager.stdout)?.[1])).toBeGreaterThan(135);
    const table = (text: string): string => text.slice(text.indexOf('Confusion'), text.indexOf('Written'));
    expect(table(compiled.stdout)).toBe(table(eager.stdout));
    expect(readdirSync(join(folder, 'eager')).sort()).toEqual(['decisions.svg', 'losses.svg']);
    const [one, other] = ['eager', 'compiled'].map((name) =>
      readFileSync(join(folder, name, 'losses.svg'), 'utf8'),
    );
    expect(other).toBe(one);
  });

  it('explains its flags, and refuses others with one line', { timeout: 120_000 }, () => {
    expect(run('--help').stdout).toContain('--patience N');
    const { status, stderr } = run('--folds', '1');
    expect(status).toBe(2);
    expect(stderr.trim()).toBe('iris: --folds takes a whole number from 2 to 50, got "1"');
  });
});
