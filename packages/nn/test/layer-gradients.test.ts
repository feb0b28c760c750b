/** First and second derivatives of layers, by differences, on shapes and values that are drawn. */

import { autograd, manualSeed, rand, randn, type Tensor, tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const double = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64', requiresGrad: true });
const size = fc.integer({ min: 1, max: 3 });

/** Enough to mix up, of what second derivatives of images cost by the square of. */
const few = (n: number): number => Math.min(n, 2);
const placesOfPixels = (n: number, height: number): Tensor =>
  rand([n, height, 2, 2], { dtype: 'float64' }).mul(1.3).sub(0.66).detach().requiresGrad_();

type Case = readonly [run: (...x: Tensor[]) => Tensor, ...inputs: Tensor[]];

/** Functions of layers with inputs of sizes that are drawn. */
const cases: Readonly<Record<string, (n: number, c: number, s: number) => Case>> = {
  groupNorm: (n, c, s) => [
    (x, weight, bias) => F.groupNorm(x, c, { weight, bias }),
    ...[double(n, 2 * c, s + 1), double(2 * c), double(2 * c)],
  ],
  instanceNorm: (n, c, s) => [
    (x, weight, bias) => F.instanceNorm(x, { weight, bias }),
    ...[double(n, c, s + 1), double(c), double(c)],
  ],
  localResponseNorm: (n, c, s) => [(x) => F.localResponseNorm(x, 2, { alpha: 0.5 }), double(n, c + 1, s)],
  'interpolate linear': (n, c, s) => [
    (x) => F.interpolate(x, { size: s + 2, mode: 'linear' }),
    double(n, c, s + 1),
  ],
  'interpolate bicubic': (n, c, s) => [
    (x) => F.interpolate(x, { scaleFactor: 1.7, mode: 'bicubic' }),
    double(n, c, s + 1, 2),
  ],
  'interpolate bilinear, antialiased': (n, c) => [
    (x) => F.interpolate(x, { size: [2, 3], mode: 'bilinear', antialias: true }),
    double(n, c, 5, 4),
  ],
  'interpolate area': (n, c, s) => [(x) => F.interpolate(x, { size: 2, mode: 'area' }), double(n, c, s + 2)],
  'gridSample bilinear': (n, c, s) => [
    (x, grid) => F.gridSample(x, grid, { paddingMode: 'reflection' }),
    ...[double(few(n), few(c), 3, 4), placesOfPixels(few(n), s)],
  ],
  'gridSample bicubic': (n, c, s) => [
    (x, grid) => F.gridSample(x, grid, { mode: 'bicubic', alignCorners: true }),
    ...[double(few(n), few(c), 3, 4), placesOfPixels(few(n), s)],
  ],
  affineGrid: (n, _, s) => [(theta) => F.affineGrid(theta, [n, 1, s, 2]), double(n, 2, 3)],
  pixelShuffle: (n, c, s) => [(x) => F.pixelShuffle(x, 2).square(), double(n, 4 * c, s, 2)],
  pixelUnshuffle: (n, c, s) => [(x) => F.pixelUnshuffle(x, 2).square(), double(n, c, 2 * s, 2)],
  channelShuffle: (n, c, s) => [(x) => F.channelShuffle(x, 2).square(), double(n, 2 * c, s)],
  'embeddingBag mean': (n) => [
    (table) => F.embeddingBag(tensor([0, 2, 2, 1]), table.square(), { offsets: tensor([0, 1, 1]) }),
    double(3, n),
  ],
  'embeddingBag sum': (n) => [
    (table, w) =>
      F.embeddingBag(
        tensor([
          [0, 2],
          [1, 1],
        ]),
        table,
        { mode: 'sum', perSampleWeights: w },
      ),
    ...[double(3, n), double(2, 2)],
  ],
  scaledDotProductAttention: (n, c, s) => [
    (q, k, v) => F.scaledDotProductAttention(q, k, v),
    ...[double(n, s, c), double(n, s + 1, c), double(n, s + 1, 2)],
  ],
  'scaledDotProductAttention, causal': (n, c, s) => [
    (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
    ...[double(n, s, c), double(n, s, c), double(n, s, 2)],
  ],
};

describe('derivatives of layers are exact, first and second', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const make = cases[name] as (n: number, c: number, s: number) => Case;
    fc.assert(
      fc.property(size, size, size, fc.nat(1000), (n, c, s, seed) => {
        manualSeed(seed);
        const [run, ...inputs] = make(n, c, s);
        expect(autograd.gradcheck(run, inputs)).toBe(true);
        expect(autograd.gradgradcheck(run, inputs)).toBe(true);
      }),
      { numRuns: 3, seed: 20261126 },
    );
  });
});
