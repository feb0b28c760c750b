/** Where attention and transformers were other than PyTorch's: what drawn arguments found. The numbers are PyTorch 2.15's. */

import { arange, compile, manualSeed, noGrad, ones, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const { scaledDotProductAttention } = nn.functional;

describe('scaledDotProductAttention', () => {
  it('gives zeros where there is nothing to see, whatever heads and batches', () => {
    const [q, k, v] = [
      ones([2, 3, 2, 4], { requiresGrad: true }),
      ones([2, 2, 0, 4], { requiresGrad: true }),
      ones([5, 0, 1], { requiresGrad: true }),
    ];
    const y = scaledDotProductAttention(q, k, v, { enableGqa: true });
    expect(y.shape).toEqual([2, 3, 2, 1]);
    y.sum().backward();
    expect([y, q.grad, k.grad].map((x) => x?.eq(0).all().item())).toEqual([true, true, true]);
    expect(v.grad?.shape).toEqual([5, 0, 1]);
  });

  it('takes the mean of all values where keys have no elements', () => {
    const y = scaledDotProductAttention(
      zeros([2, 0]),
      zeros([2, 0]),
      tensor([[1], [3]], { dtype: 'float32' }),
    );
    expect(y.tolist()).toEqual([[2], [2]]);
  });

  it('refuses a mask that is more than the scores', () => {
    const x = ones([1, 2, 3]);
    for (const shape of [
      [4, 2, 2],
      [1, 1, 2, 2],
      [3, 2],
    ])
      expect(() => scaledDotProductAttention(x, x, x, { attnMask: ones(shape) })).toThrow(
        'scaledDotProductAttention: expected attnMask to broadcast to the scores, [1, 2, 2], got',
      );
    for (const q of [x, zeros([1, 0, 3])])
      expect(() =>
        scaledDotProductAttention(q, x, x, { attnMask: ones([1, 2], { dtype: 'float64' }) }),
      ).toThrow(
        'scaledDotProductAttention: expected attnMask to be bool or float, or of the dtype of the query, got float64',
      );
    expect(scaledDotProductAttention(x, x, x, { attnMask: ones([1, 2]) }).shape).toEqual([1, 2, 3]);
  });
});

describe('MultiheadAttention', () => {
  const attention = new nn.MultiheadAttention(4, 2);
  const x = ones([3, 1, 4]);

  it('refuses keys of another batch', () => {
    const memory = ones([3, 2, 4]);
    expect(() => attention(x, memory, memory, { needWeights: false })).toThrow(
      'MultiheadAttention: expected query, key and value of one batch size, got 1 and 2',
    );
  });

  it('looks at the dtype of a mask that the hint stands for, and at no more', () => {
    const call = (attnMask: Tensor) => attention(x, x, x, { attnMask, isCausal: true, needWeights: false });
    expect(() => call(ones([3, 3], { dtype: 'int32' }))).toThrow('only bool and floating types of attnMask');
    const row = ones([3, 4]);
    expect(() =>
      attention(row, row, row, { attnMask: ones([1, 3, 3]), isCausal: true, needWeights: false }),
    ).toThrow('The shape of the 3D attnMask is [1, 3, 3], but should be [2, 3, 3]');
    expect(call(ones([1, 1])).map((y) => y?.shape)).toEqual([[3, 1, 4], undefined]);
  });

  it('adds masks of the dtype of the query alone, where weights are asked for', () => {
    const keyPaddingMask = zeros([1, 3], { dtype: 'float64' });
    expect(() => attention(x, x, x, { keyPaddingMask })).toThrow(
      'MultiheadAttention: expected masks of the dtype of the query where weights are asked for, got float64 and float32',
    );
  });
});

describe('TransformerEncoder', () => {
  const layer = (options: nn.TransformerLayerOptions = {}) =>
    new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3, batchFirst: true, ...options });
  const x = arange(24, { dtype: 'float32' }).reshape([2, 3, 4]).sin();
  const padding = tensor([
    [false, false, true],
    [false, true, true],
  ]);
  const made = (options: nn.EncoderOptions = {}, ofLayer: nn.TransformerLayerOptions = {}) => {
    manualSeed(3);
    const encoder = new nn.TransformerEncoder(layer(ofLayer), 2, { norm: new nn.LayerNorm(4), ...options });
    noGrad(() => (encoder.norm as nn.LayerNorm).bias?.fill_(0.25));
    encoder.eval();
    return encoder;
  };
  const near = (y: Tensor, numbers: number[]): void => {
    const found = [...y.detach().contiguous().data];
    expect(found.length).toBe(numbers.length);
    for (const [i, v] of numbers.entries()) expect(found[i]).toBeCloseTo(v, 5);
  };

  it('has zeros in front of its norm where padding stands behind, outside of training and without gradients', () => {
    const encoder = made();
    const y = noGrad(() => encoder(x, { srcKeyPaddingMask: padding }));
    near(
      y.select(0, 0),
      [
        -0.6537646055221558, -0.19597968459129333, 1.9430488348007202, -0.09330445528030396,
        -0.013641655445098877, -1.2714680433273315, 1.037010908126831, 1.2480989694595337, 0.25, 0.25, 0.25,
        0.25,
      ],
    );
    near(y.select(0, 1).narrow(0, 1, 2), new Array<number>(8).fill(0.25));
    const inFront = noGrad(() => encoder(x, { srcKeyPaddingMask: padding.flip(1) }));
    near(
      inFront.index(0, 2),
      [1.8677210807800293, 0.1723642200231552, -0.21102815866470337, -0.8290572166442871],
    );
    near(
      encoder(x, { srcKeyPaddingMask: padding }).index(0, 2),
      [1.9002788066864014, -0.1938333809375763, 0.06617958843708038, -0.7726250886917114],
    );
  });

  it('compiles so', () => {
    const encoder = made();
    const run = compile((mask: Tensor) => noGrad(() => encoder(x, { srcKeyPaddingMask: mask })));
    for (const mask of [padding, padding, padding, padding.flip(1).contiguous(), padding])
      expect(run(mask).equal(noGrad(() => encoder(x, { srcKeyPaddingMask: mask })))).toBe(true);
  });

  it('takes away the padding of layers that PyTorch has a short way for, unless it is told not to', () => {
    const isAway = (encoder: nn.TransformerEncoder, mask: Tensor = padding): boolean =>
      noGrad(() => encoder(x, { srcKeyPaddingMask: mask }).index(0, 2).tolist()).toString() ===
      '0.25,0.25,0.25,0.25';
    expect(isAway(made())).toBe(true);
    expect(isAway(made({}, { activation: new nn.GELU() }))).toBe(true);
    expect(isAway(made({ enableNestedTensor: false }))).toBe(false);
    expect(isAway(made({}, { normFirst: true }))).toBe(false);
    expect(isAway(made({}, { bias: false }))).toBe(false);
    expect(isAway(made({}, { activation: nn.functional.silu }))).toBe(false);
    const gaps = tensor([
      [true, false, true],
      [false, false, false],
    ]);
    expect(isAway(made(), gaps)).toBe(false);
    expect(isAway(made({ maskCheck: false }), gaps)).toBe(true);
    const frozen = made().requiresGrad_(false);
    expect(frozen(x, { srcKeyPaddingMask: padding }).index(0, 2).eq(0.25).all().item()).toBe(true);
  });

  it('goes through a layer at least, as the decoder does', () => {
    expect(() => new nn.TransformerEncoder(layer(), 0)(x)).toThrow(
      'TransformerEncoder: expected at least one layer',
    );
    const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(4, 2), 0);
    expect(() => decoder(randn([2, 1, 4]), randn([3, 1, 4]))).toThrow(
      'TransformerDecoder: expected at least one layer',
    );
  });
});
