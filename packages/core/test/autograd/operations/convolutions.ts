import * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import { drawn, fixed, type Sample, usual } from './sample.ts';

const steps = fc.record({
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: 0, max: 2 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  groups: fc.integer({ min: 1, max: 2 }),
});

/** Convolutions of small images with drawn steps; `transposed` ones have in and out of the weights the other way round. */
const drawnConvolution = (
  rank: number,
  transposed: boolean,
  run: (x: K.Tensor, weight: K.Tensor, bias: K.Tensor, options: K.ConvOptions) => K.Tensor,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(steps, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 3, max: 4 }))
    .chain(([options, kernel, size]) => {
      const { groups, padding } = options;
      // A transposed one cuts its padding off: from a longer kernel's result.
      const given = transposed ? { ...options, padding: Math.min(padding, 1) } : options;
      const image = Array<number>(rank).fill(rank === 3 ? 3 : size);
      const weights = Array<number>(rank).fill(transposed ? 3 : kernel);
      const shape = [2 * groups, 1, ...weights];
      return fc
        .tuple(
          drawn([1, transposed ? 2 * groups : groups, ...image], usual),
          drawn(shape, usual),
          drawn([transposed ? groups : 2 * groups], usual),
        )
        .map((inputs) => ({
          inputs,
          run: (...[x, weight, bias]: K.Tensor[]) =>
            x === undefined || weight === undefined || bias === undefined ? [] : run(x, weight, bias, given),
        }));
    });

export const convolutions: Record<string, fc.Arbitrary<Sample>> = {
  conv1d: drawnConvolution(1, false, (x, w, b, options) => K.conv1d(x, w, b, options)),
  conv2d: drawnConvolution(2, false, (x, w, b, options) => K.conv2d(x, w, b, options)),
  'conv2d, same': fixed(
    [
      [1, 4, 3],
      [2, 1, 2, 3],
    ],
    (x, w) => K.conv2d(x, w, null, { padding: 'same' }),
  ),
  conv3d: fixed(
    [
      [1, 1, 2, 3, 2],
      [2, 1, 2, 1, 2],
    ],
    (x, w) => K.conv3d(x, w, null, { padding: [1, 0, 1], stride: [1, 2, 1] }),
  ),
  convTranspose1d: drawnConvolution(1, true, (x, w, b, options) =>
    K.convTranspose1d(x, w, b, options as K.ConvTransposeOptions),
  ),
  convTranspose2d: fixed([[1, 2, 2, 3], [2, 1, 2, 2], [2]], (x, w, b) =>
    K.convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: [1, 0], groups: 2 }),
  ),
  convTranspose3d: fixed(
    [
      [1, 1, 2, 1, 2],
      [1, 1, 2, 2, 1],
    ],
    (x, w) => K.convTranspose3d(x, w, null, { dilation: [1, 2, 1] }),
  ),
  im2col: fixed([[2, 3, 4]], (x) => K.im2col(x, [2, 2], { padding: 1, stride: [2, 1], dilation: [1, 2] })),
  col2im: fixed([[8, 12]], (x) => K.col2im(x, [4, 5], 2, { stride: [1, 1] })),
};
