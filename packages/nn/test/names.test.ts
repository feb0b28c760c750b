/** What gradFn says a function of nn is: PyTorch's name of it. */

import { ones, randn, type Tensor, tensor } from '@kindling/core';
import { functional as F, InstanceNorm1d, Linear } from '@kindling/nn';
import { expect, it } from 'vitest';

const line = randn([1, 4, 6], { requiresGrad: true });
const image = randn([1, 4, 6, 6], { requiresGrad: true });
const table = randn([4, 3], { requiresGrad: true });

it.each<[string, () => Tensor]>([
  ['PixelShuffleBackward0', () => F.pixelShuffle(image, 2)],
  ['PixelUnshuffleBackward0', () => F.pixelUnshuffle(image, 2)],
  ['ChannelShuffleBackward0', () => F.channelShuffle(image, 2)],
  ['UpsampleNearest2DBackward0', () => F.interpolate(image, { scaleFactor: 2 })],
  ['UpsampleNearestExact1DBackward0', () => F.interpolate(line, { size: 5, mode: 'nearest-exact' })],
  ['UpsampleLinear1DBackward0', () => F.interpolate(line, { size: 5, mode: 'linear' })],
  ['UpsampleBicubic2DBackward0', () => F.interpolate(image, { size: 4, mode: 'bicubic' })],
  [
    'UpsampleBilinear2DAaBackward0',
    () => F.interpolate(image, { size: 4, mode: 'bilinear', antialias: true }),
  ],
  ['GridSampler2DBackward0', () => F.gridSample(image, ones([1, 2, 2, 2]))],
  ['EmbeddingBagBackward0', () => F.embeddingBag(tensor([0, 1]), table, { offsets: tensor([0]) })],
  ['EmbeddingBagBackward0', () => F.embeddingBag(tensor([[0, 1]]), table, { mode: 'sum' })],
  ['ViewBackward0', () => new InstanceNorm1d(4)(line)],
  ['UnsafeViewBackward0', () => new Linear(6, 2)(line)],
])('%s', (name, call) => {
  expect(call().gradFn?.name).toBe(name);
});
