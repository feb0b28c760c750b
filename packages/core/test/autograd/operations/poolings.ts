import * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import { distinct, drawn, fixed, type Sample, usual } from './sample.ts';

const steps = fc.record({
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  ceilMode: fc.boolean(),
  pads: fc.boolean(),
  countIncludePad: fc.boolean(),
});

/** Pooling of small images with drawn steps. */
const drawnPooling = (
  rank: number,
  values: typeof usual,
  run: (x: K.Tensor, kernel: number, options: K.AvgPoolOptions) => K.Tensor,
): fc.Arbitrary<Sample> =>
  fc.tuple(steps, fc.integer({ min: 3, max: 5 })).chain(([{ kernel, pads, ...options }, size]) => {
    const image = Array<number>(rank).fill(rank === 3 ? 3 : size);
    const given = { ...options, padding: pads ? Math.floor(kernel / 2) : 0 };
    return drawn([1, ...image], values).map((x) => ({
      inputs: [x],
      run: (...[x]: K.Tensor[]) => (x === undefined ? [] : run(x, kernel, given)),
    }));
  });

const greatest =
  (pool: typeof K.maxPool1d) =>
  (x: K.Tensor, kernel: number, { countIncludePad: _, ...options }: K.AvgPoolOptions): K.Tensor =>
    pool(x, kernel, options as K.WithoutIndices);

const places = K.tensor([
  [
    [0, 3],
    [9, 10],
  ],
]);
const samples = K.tensor([[[0.3, 0.7]]], { dtype: 'float64' });

export const poolings: Record<string, fc.Arbitrary<Sample>> = {
  maxPool1d: drawnPooling(1, distinct, greatest(K.maxPool1d)),
  maxPool2d: drawnPooling(2, distinct, greatest(K.maxPool2d)),
  maxPool3d: drawnPooling(3, distinct, greatest(K.maxPool3d)),
  avgPool1d: drawnPooling(1, usual, K.avgPool1d),
  avgPool2d: drawnPooling(2, usual, K.avgPool2d),
  avgPool3d: drawnPooling(3, usual, K.avgPool3d),
  adaptiveMaxPool2d: drawn([1, 4, 5], distinct).map((x) => ({
    inputs: [x],
    run: (...x: K.Tensor[]) => x.map((t) => K.adaptiveMaxPool2d(t, [3, 2])),
  })),
  adaptiveAvgPool1d: fixed([[2, 5]], (x) => K.adaptiveAvgPool1d(x, 3)),
  adaptiveAvgPool2d: fixed([[1, 4, 5]], (x) => K.adaptiveAvgPool2d(x, [3, null])),
  adaptiveAvgPool3d: fixed([[1, 2, 3, 2]], (x) => K.adaptiveAvgPool3d(x, [1, 2, 3])),
  fractionalMaxPool2d: drawn([1, 5, 4], distinct).map((x) => ({
    inputs: [x],
    run: (...x: K.Tensor[]) =>
      x.map((t) => K.fractionalMaxPool2d(t, 2, { outputSize: 3, _randomSamples: samples })),
  })),
  maxUnpool2d: fixed([[1, 2, 2]], (x) => K.maxUnpool2d(x, places, 2)),
};
