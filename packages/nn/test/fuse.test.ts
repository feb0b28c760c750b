/** Batch normalisation in the weights of the layer before it. */
import { manualSeed, noGrad, rand, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, test } from 'vitest';

/** As after some training. */
function lived<B extends nn.BatchNorm1d | nn.BatchNorm2d>(bn: B): B {
  noGrad(() => {
    for (const x of [bn.weight, bn.bias, bn.runningMean]) x?.copy_(randn(x.shape));
    bn.runningVar?.copy_(rand(bn.runningVar.shape).add(0.5));
  });
  bn.eval();
  return bn;
}

const close = (a: Tensor, b: Tensor): void => {
  expect(a.sub(b).abs().max().item()).toBeLessThan(1e-5);
};

describe('a fused layer does what both did', () => {
  manualSeed(0);
  const x = randn([2, 3, 6, 6]);

  test('a convolution', () => {
    const conv = new nn.Conv2d(3, 4, 3, { bias: false }).eval();
    const bn = lived(new nn.BatchNorm2d(4));
    const weights = conv.weight.detach().clone();
    const fused = nn.utils.fuseConvBnEval(conv, bn);
    expect(fused).toBeInstanceOf(nn.Conv2d);
    expect(fused.weight).toBeInstanceOf(nn.Parameter);
    close(fused(x), bn(conv(x)));
    expect(conv.bias).toBeNull();
    expect(conv.weight.equal(weights)).toBe(true);
  });

  test('a transposed convolution', () => {
    const conv = new nn.ConvTranspose2d(3, 4, 3, { stride: 2 }).eval();
    const bn = lived(new nn.BatchNorm2d(4));
    close(nn.utils.fuseConvBnEval(conv, bn, { transpose: true })(x), bn(conv(x)));
  });

  test.each([
    [4, 6, 2],
    [4, 4, 4],
    [2, 6, 2],
  ])('a transposed convolution of %i to %i channels in %i groups', (from, to, groups) => {
    const conv = new nn.ConvTranspose2d(from, to, 3, { groups }).eval();
    const bn = lived(new nn.BatchNorm2d(to));
    const rows = randn([2, from, 4, 4]);
    const fused = nn.utils.fuseConvBnEval(conv, bn, { transpose: true });
    close(fused(rows), bn(conv(rows)));
    const { runningMean, runningVar, eps, weight, bias } = bn;
    if (runningMean === null || runningVar === null) throw new Error('no statistics');
    const numbers = { runningMean, runningVar, eps, weight, bias };
    const [w, b] = nn.utils.fuseConvBnWeights(conv.weight, conv.bias, numbers, { transpose: true });
    close(w, fused.weight);
    close(nn.functional.convTranspose2d(rows, w, b, { groups }), bn(conv(rows)));
  });

  test('a linear layer', () => {
    const linear = new nn.Linear(6, 5).eval();
    const bn = lived(new nn.BatchNorm1d(5));
    const rows = randn([7, 6]);
    close(nn.utils.fuseLinearBnEval(linear, bn)(rows), bn(linear(rows)));
  });

  test('weights alone', () => {
    const conv = new nn.Conv2d(3, 4, 3).eval();
    const bn = lived(new nn.BatchNorm2d(4));
    const { runningMean, runningVar, eps, weight, bias } = bn;
    if (runningMean === null || runningVar === null) throw new Error('no statistics');
    const [w, b] = nn.utils.fuseConvBnWeights(conv.weight, conv.bias, {
      runningMean,
      runningVar,
      eps,
      weight,
      bias,
    });
    close(nn.functional.conv2d(x, w, b), bn(conv(x)));
  });
});

test('what is in training, or keeps no statistics, is refused', () => {
  const conv = new nn.Conv2d(3, 4, 3);
  expect(() => nn.utils.fuseConvBnEval(conv, new nn.BatchNorm2d(4).eval())).toThrow(
    'fuseConvBnEval: fusion only for eval!',
  );
  const without = new nn.BatchNorm2d(4, { trackRunningStats: false }).eval();
  expect(() => nn.utils.fuseConvBnEval(conv.eval(), without)).toThrow('keeps no running statistics');
});

describe('what does not fit together is not fused', () => {
  const numbers = (count: number) => ({
    ...{ runningMean: rand([count]), runningVar: rand([count]), eps: 1e-5 },
    ...{ weight: null, bias: null },
  });
  const fuse = nn.utils.fuseConvBnWeights;

  test.each<[string, () => unknown, RegExp]>([
    [
      'other channels',
      () => fuse(rand([3, 2, 1]), null, numbers(2)),
      /^fuseConvBnWeights: expected runningMean of shape \[3\]/,
    ],
    [
      'transposed ones',
      () => fuse(rand([3, 2, 1]), null, numbers(3), { transpose: true }),
      /runningMean of shape \[2\]/,
    ],
    ['a bias of others', () => fuse(rand([3, 2, 1]), rand([2]), numbers(3)), /expected bias of shape \[3\]/],
    [
      'weights without dimensions',
      () => nn.utils.fuseLinearBnWeights(rand([]), null, numbers(1)),
      /^fuseLinearBnWeights: expected weight of 1/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
