import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arange, full, Generator, type Tensor, where } from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterAll, describe, expect, it } from 'vitest';
import { codesOf, evenBatches, loadCorpus, randomBatch } from '../char/data.ts';
import { lossCurve } from '../char/loss-curve.ts';
import { exampleOf } from '../char/options.ts';
import { sample } from '../char/sampling.ts';
import { readOptions } from '../command-line.ts';
import { UsageError } from '../flags.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-char-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (script: string, ...args: string[]) => runExample(script, args);

describe('the flags', () => {
  const depth = { depth: { help: 'how deep', fallback: 3, integer: true, least: 1 } };
  const read = (...args: string[]) => readOptions(exampleOf('char', 'a model', depth), args);

  it('have defaults, common ones and those of a model', () => {
    expect(read()).toEqual({
      numbers: { steps: 1000, 'batch-size': 16, context: 128, lr: 0.001, every: 100, seed: 0, depth: 3 },
      out: 'out/char',
      texts: {},
      names: [],
      on: { compile: false, wide: false },
    });
    expect(read('--depth', '7', '--compile', '--wide', '--text=x')).toMatchObject({
      numbers: { depth: 7 },
      on: { compile: true, wide: true },
      texts: { text: 'x' },
    });
  });

  it.each([
    [['--depth', '0'], '--depth takes a whole number from 1'],
    [['--lr', '0'], '--lr takes a number greater than 0, got "0"'],
    [['--deep', '3'], "Unknown option '--deep'"],
  ])('%j is refused with a reason', (args, reason) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(reason);
  });

  it('end the program with status 2 and one line of reason', () => {
    const { status, stderr } = run('char-gpt', '--heads', 'x');
    expect([status, stderr.trim()]).toEqual([
      2,
      'char-gpt: --heads takes a whole number from 1 to 4096, got "x"',
    ]);
    expect(run('char-gpt', '--heads', '3', '--out', folder)).toMatchObject({
      status: 2,
      stderr: 'char-gpt: --heads 3 does not divide --width 128\n',
    });
  });
});

describe('the text', () => {
  const { vocabulary, train, validation } = loadCorpus();

  it('is three plays, of which a tenth is held back', () => {
    expect(vocabulary).toHaveLength(63);
    expect([train.count, validation.count]).toEqual([398_692, 44_300]);
    const beginning = Array.from(train.data.subarray(0, 14), (code) => vocabulary[code]);
    expect(beginning.join('')).toBe('First Citizen:');
  });

  it('is cut into pieces, of which the target is one character further', () => {
    const text = arange(100);
    const { input, target } = randomBatch(text, 50, 7, new Generator().manualSeed(0));
    expect(input.shape).toEqual([50, 7]);
    expect(target.equal(input.add(1))).toBe(true);
    expect([input.min().item() >= 0, target.max().item() <= 99]).toEqual([true, true]);
  });

  it('is validated on pieces from all of it', () => {
    const batches = evenBatches(arange(100), 4, 3, 10);
    expect(batches.map(({ input }) => input.select(1, 0).toArray())).toEqual([[0, 20, 40], [60]]);
    expect(evenBatches(arange(21), 64, 3, 10).map(({ target }) => target.select(1, -1).toArray())).toEqual([
      [10, 20],
    ]);
  });

  it('may be another, but not one that is not there', () => {
    const path = join(folder, 'text');
    writeFileSync(path, 'abcab'.repeat(4));
    expect(loadCorpus(path).vocabulary).toEqual(['a', 'b', 'c']);
    expect(() => loadCorpus(join(folder, 'none'))).toThrow('none: cannot be read');
    expect(() => loadCorpus(join(folder, 'none'))).toThrow(UsageError);
    expect(() => codesOf(['a'], ['b'])).toThrow('the text has no "b"');
  });
});

it('a sample goes on from its prompt, and shows the model no more than its context', () => {
  const lengths: number[] = [];
  /** Knows that after each character comes the next of five. */
  class Counter extends nn.Module<[Tensor], Tensor> {
    override forward(codes: Tensor): Tensor {
      lengths.push(codes.size(1));
      const next = codes.add(1).remainder(5).unsqueeze(-1);
      return where(next.eq(arange(5)), full([5], 0), -Infinity);
    }
  }
  const sampling = { context: 3, temperature: 0.5, generator: new Generator().manualSeed(0) };
  expect(sample(new Counter(), [2], 6, sampling)).toEqual([3, 4, 0, 1, 2, 3]);
  expect(lengths).toEqual([1, 2, 3, 3, 3, 3]);
});

it('the picture shows both losses over all steps', async () => {
  const svg = await lossCurve(
    'a loss',
    [3, 2, 1],
    [
      { step: 0, loss: 3 },
      { step: 3, loss: 1 },
    ],
  );
  const texts = Array.from(svg.matchAll(/<text[^>]*>([^<]*)</g), ([, text]) => text);
  expect(texts).toEqual(expect.arrayContaining(['a loss', 'training', 'validation', 'steps done']));
});

describe('the training', () => {
  const small = ['--layers', '2', '--width', '32', '--context', '32', '--batch-size', '8'];
  const validations = (stdout: string): number[] =>
    Array.from(stdout.matchAll(/validation loss ([\d.]+)/g), ([, loss]) => Number(loss));

  it("has PyTorch's validation losses, compiled too", { timeout: 240_000 }, () => {
    for (const way of [[], ['--compile']]) {
      const args = [...small, ...way, '--steps', '40', '--every', '20', '--out', folder];
      const { status, stdout } = run('char-gpt', ...args);
      expect(status).toBe(0);
      // PyTorch 2.15 with the same flags (examples/char_gpt.py).
      for (const [i, loss] of validations(stdout).entries())
        expect(Math.abs(loss - ([3.5481, 3.49][i] ?? 0))).toBeLessThan(0.01);
    }
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['loss.svg', 'char-gpt.safetensors']));
  });

  it('teaches an LSTM, and prints what it writes', { timeout: 240_000 }, () => {
    const { status, stdout } = run('char-lstm', ...small, '--steps', '40', '--every', '20', '--out', folder);
    expect(status).toBe(0);
    const [first = 0, second = 0] = validations(stdout);
    expect([first < 4.1, second < first]).toEqual([true, true]);
    expect(stdout).toMatch(/^ {2}\| /m);
  });
});
