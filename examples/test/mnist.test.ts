import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadMnist, toBytes } from '../mnist/data.ts';
import { readOptions, UsageError } from '../mnist/options.ts';
import { confusionPicture, lossCurve, mistakeSheet } from '../mnist/pictures.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-mnist-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../mnist.ts', import.meta.url)), ...args],
    {
      encoding: 'utf8',
    },
  );

describe('the flags of mnist', () => {
  it('have defaults', () => {
    expect(readOptions([])).toEqual({ epochs: 5, lr: 0.001, batchSize: 64, seed: 0, out: 'out/mnist' });
  });

  it('are read, with or without an equals sign, behind a bare "--" too', () => {
    const options = readOptions(['--', '--epochs', '2', '--lr=0.01', '--batch-size', '128', '--seed', '7']);
    expect(options).toMatchObject({ epochs: 2, lr: 0.01, batchSize: 128, seed: 7 });
  });

  it.each([
    [['--epochs', 'many'], '--epochs takes a whole number from 1 to 1000, got "many"'],
    [['--epochs', '0'], '--epochs takes a whole number from 1 to 1000, got "0"'],
    [['--lr', '-1'], '--lr'],
    [['--lr', '0'], '--lr takes a number greater than 0, got "0"'],
    [['--batch-size', '1.5'], '--batch-size takes a whole number'],
    [['--seed', ''], '--seed takes a whole number'],
    [['--epoch', '3'], "Unknown option '--epoch'"],
    [['five'], "Unexpected argument 'five'"],
  ])('%j is refused with a reason', (args, reason) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(reason);
  });

  it('end the program with status 2 and one line of reason, without a stack trace', () => {
    const { status, stderr } = run('--epochs', 'x');
    expect(status).toBe(2);
    expect(stderr.trim()).toBe('mnist: --epochs takes a whole number from 1 to 1000, got "x"');
  });
});

describe('the data', () => {
  const { train, test } = loadMnist();

  it('is the full MNIST', () => {
    expect(train.images.shape).toEqual([60_000, 784]);
    expect(test.images.shape).toEqual([10_000, 784]);
    expect(Array.from(train.labels.data.subarray(0, 5))).toEqual([5, 0, 4, 1, 9]);
  });

  it('is standardised', () => {
    expect(train.images.mean().item()).toBeCloseTo(0, 3);
    expect(train.images.std().item()).toBeCloseTo(1, 3);
  });

  it('gives back the pixels for pictures', () => {
    const pixels = toBytes(test.images.select(0, 0));
    expect(Math.max(...pixels)).toBe(255);
    expect(Math.min(...pixels)).toBe(0);
  });

  it('makes pictures of any run', async () => {
    expect(await lossCurve([2, 1], 2)).toMatch(/^<svg/);
    const matrix = Array.from({ length: 10 }, (_, i) =>
      Array.from({ length: 10 }, (_, j) => (i === j ? 9 : 1)),
    );
    expect(await confusionPicture(matrix)).toMatch(/^<svg/);
    const png = mistakeSheet([{ image: test.images.select(0, 0), label: 7, predicted: 1 }]);
    expect([...png.subarray(1, 4)]).toEqual([80, 78, 71]);
    expect(mistakeSheet([]).length).toBeGreaterThan(0);
  });
});

describe('the training', () => {
  it('reads 96 % of the test digits after one epoch, and writes pictures and weights', {
    timeout: 120_000,
  }, () => {
    const { status, stdout } = run('--epochs', '1', '--out', folder);
    expect(status).toBe(0);
    const accuracy = Number(/test accuracy ([\d.]+) %/.exec(stdout)?.[1]);
    // PyTorch 2.15 with the same seed (examples/mnist.py): 96.19 %.
    expect(Math.abs(accuracy - 96.19)).toBeLessThan(0.3);
    expect(readdirSync(folder).sort()).toEqual([
      'confusion.svg',
      'loss.svg',
      'mistakes.png',
      'mnist.safetensors',
    ]);
  });
});
