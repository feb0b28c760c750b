import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { full, rand, stack, zeros } from '@kindling/core';
import { decode } from 'fast-png';
import { afterAll, describe, expect, it } from 'vitest';
import { Autoencoder } from '../autoencoder/model.ts';
import { decodedPlane, planeOfCodes, reconstructions, sheet } from '../autoencoder/pictures.ts';
import { runExample } from './support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'kindling-autoencoder-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => runExample('autoencoder', args);

describe('the autoencoder', () => {
  const model = new Autoencoder([8]);

  it('makes two numbers of an image, and an image of two numbers', () => {
    expect(model.encoder(zeros([3, 784])).shape).toEqual([3, 2]);
    expect(model.decode(zeros([4, 5, 2])).shape).toEqual([4, 5, 784]);
    expect(model.stateDict()).toHaveProperty('decoder.2.weight');
  });

  it('has pictures of its reconstructions, and of the plane', () => {
    expect(decode(reconstructions(model, rand([7, 784]), 3))).toMatchObject({ width: 84, height: 112 });
    expect(decode(decodedPlane(model, rand([50, 2]), 4))).toMatchObject({ width: 112, height: 112 });
  });
});

describe('the pictures', () => {
  it('put images side by side, dark on white', () => {
    const images = stack([0, 1, 1, 0].map((value) => full([784], value, { dtype: 'float32' }))).reshape(
      2,
      2,
      784,
    );
    const { width, height, data } = decode(sheet(images));
    expect([width, height]).toEqual([56, 56]);
    const at = (row: number, column: number): number | undefined => data[row * 56 + column];
    expect([at(0, 0), at(27, 28), at(28, 27), at(55, 55)]).toEqual([255, 0, 0, 255]);
  });

  it('colour codes by digits', async () => {
    const svg = await planeOfCodes(rand([20, 2]), full([20], 3, { dtype: 'int32' }));
    expect(svg).toContain('where an autoencoder puts 20 test images');
  });
});

describe('the training', () => {
  it('leaves the mean image behind in one epoch, and writes what it made', { timeout: 300_000 }, () => {
    const { status, stdout } = run('--epochs', '1', '--compile', '--out', folder);
    expect(status).toBe(0);
    expect(Number(/test pixel ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(0.055);
    expect(readdirSync(folder).sort()).toEqual([
      ...['autoencoder.safetensors', 'codes.svg', 'plane.png', 'reconstructions.png'],
    ]);
  });
});
