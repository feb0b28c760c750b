/** Which dtypes losses take together, and which one they give: PyTorch 2.15's. */
import { ones, type Tensor, tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const single = tensor([0.25, 0.5, 0.75]);
const double = single.to('float64');

describe('different floats', () => {
  it('are refused by binaryCrossEntropy, but a weight is brought to the dtype of the input', () => {
    expect(() => F.binaryCrossEntropy(single, double)).toThrow(
      "binaryCrossEntropy: Found dtype float64 of the target but expected float32, that of the input; target.to('float32') makes it so",
    );
    expect(() => F.binaryCrossEntropy(double, single)).toThrow('expected float64');
    expect(F.binaryCrossEntropy(single, single, { weight: double }).dtype).toBe('float32');
  });
  it('give the dtype of the target to binaryCrossEntropyWithLogits, that of the input to hingeEmbeddingLoss', () => {
    expect(F.binaryCrossEntropyWithLogits(double, single).dtype).toBe('float32');
    expect(F.binaryCrossEntropyWithLogits(single, double).dtype).toBe('float64');
    expect(F.binaryCrossEntropyWithLogits(single, single, { posWeight: double }).dtype).toBe('float32');
    expect(F.hingeEmbeddingLoss(single, double).dtype).toBe('float32');
    const x = double.clone().requiresGrad_();
    F.binaryCrossEntropyWithLogits(x, single).backward();
    expect(x.grad?.dtype).toBe('float64');
  });
  it('are refused for the weights of classes, unless the target holds probabilities', () => {
    const x = ones([2, 3]);
    const classes = tensor([0, 2]);
    const losses: [string, (weight: Tensor) => Tensor][] = [
      ['crossEntropy', (weight) => F.crossEntropy(x, classes, { weight })],
      ['nllLoss', (weight) => F.nllLoss(x, classes, { weight })],
      ['multiMarginLoss', (weight) => F.multiMarginLoss(x, classes, { weight })],
    ];
    for (const [name, loss] of losses) {
      expect(() => loss(double)).toThrow(
        `${name}: expected weight of the input's dtype float32, got float64; weight.to('float32') makes it so`,
      );
      expect(loss(single).dtype).toBe('float32');
    }
    expect(F.crossEntropy(x, x.div(3), { weight: double }).dtype).toBe('float32');
  });
});

it('cosineSimilarity takes integers beside floats, and none alone', () => {
  const whole = tensor([[3, 4]]);
  expect(F.cosineSimilarity(tensor([[0.5, 0]]), whole).item()).toBeCloseTo(0.6, 6);
  expect(() => F.cosineSimilarity(whole, whole)).toThrow('cosineSimilarity: ');
});

it('gelu of float32 is 0 far below, where erf rounds to -1', () => {
  const x = tensor([-5.5, -5.6, -10], { dtype: 'float32' }).requiresGrad_();
  const y = F.gelu(x);
  expect(y.neg().tolist()).toEqual([expect.closeTo(5.5 * 2 ** -25, 12), 0, 0]);
  y.sum().backward();
  expect(x.grad?.select(0, 2).item()).toBeCloseTo(0, 20);
});
