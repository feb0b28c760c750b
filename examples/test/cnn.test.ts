import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, manualSeed, randint, randn } from '@kindling/core';
import { loadSafetensors } from '@kindling/core/node';
import * as optim from '@kindling/optim';
import { afterAll, describe, expect, it } from 'vitest';
import { ConvNet } from '../cnn/net.ts';
import { stepOf } from '../mnist/train.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-cnn-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample('cnn', args);

describe('the convolutional net', () => {
  const steps = 40;

  /** Losses of a short cycle on noise with labels. */
  const train = (compiled: boolean): number[] => {
    manualSeed(0);
    const [images, labels] = [randn([16, 1, 28, 28]), randint(0, 10, [16], { dtype: 'int32' })];
    const model = new ConvNet();
    const optimizer = new optim.Adam(model.parameters());
    const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 0.005, { totalSteps: steps });
    const step = compiled ? compile(stepOf(model, optimizer)) : stepOf(model, optimizer);
    return Array.from({ length: steps }, () => {
      const { loss } = step(images, labels);
      scheduler.step();
      return loss.item();
    });
  };

  it('learns, compiled by the same losses', { timeout: 60_000 }, () => {
    const losses = train(false);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    expect(train(true)).toEqual(losses);
  });

  it('shows its filters and what they find', () => {
    const { filters, maps } = new ConvNet().show(randn([3, 1, 28, 28]));
    expect([filters, ...maps].map(({ shape }) => shape)).toEqual([
      [8, 5, 5],
      [3, 8, 24, 24],
      [3, 16, 8, 8],
    ]);
  });
});

describe('the program', () => {
  it('writes pictures and weights, of a net that has learned nothing too', { timeout: 120_000 }, async () => {
    const { status, stdout } = run('--epochs', '0', '--out', folder);
    expect(status).toBe(0);
    expect(stdout).toContain('Conv2d: 1-1');
    expect(readdirSync(folder).sort()).toEqual([
      'cnn.safetensors',
      'features.svg',
      'loss.svg',
      'mistakes.svg',
    ]);
    const svg = readFileSync(join(folder, 'features.svg'), 'utf8');
    // Filters; of ten digits the image, eight maps and sixteen.
    expect(svg.match(/<image /g)).toHaveLength(8 + 10 * (1 + 8 + 16));
    new ConvNet().loadStateDict(await loadSafetensors(join(folder, 'cnn.safetensors')));
  });

  it('explains its flags, and refuses others with one line', { timeout: 60_000 }, () => {
    expect(run('--help').stdout).toContain('--batch-size N');
    const { status, stderr } = run('--epochs=-1');
    expect(status).toBe(2);
    expect(stderr.trim()).toBe('cnn: --epochs takes a whole number from 0 to 1000, got "-1"');
  });
});
