/** What has no derivative in PyTorch: the result stands in the graph, and a gradient that reaches it is an error. */
import * as K from '@kindling/core';
import { AutogradError, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';

const results: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'the values of unique': (x) => K.unique(x),
  'the entries of unique': (x) => K.unique(x.reshape(3, 1), { dim: 0 }),
  'the values of unique with their counts': (x) => K.unique(x, { returnCounts: true }).values,
  uniqueConsecutive: (x) => K.uniqueConsecutive(x),
  'a histogram': (x) => K.histogram(x, 2).hist,
  'the bounds of a histogram': (x) => K.histogram(x, 2).binEdges,
  'a histogram of weights': (x) => K.histogram(x.detach(), 2, { weight: x }).hist,
  'a density': (x) => K.histogram(x, 2, { density: true }).hist,
  histogramdd: (x) => K.histogramdd(x.reshape(3, 1), 2).hist,
  'a bincount of weights': (x) => K.bincount(tensor([0, 1, 1]), { weights: x }),
};

describe('no derivative', () => {
  it.each(Object.entries(results))('%s', (_, of) => {
    const x = tensor([3, 1, 3], { dtype: 'float32', requiresGrad: true });
    const y = of(x);
    expect(y.requiresGrad).toBe(true);
    expect(() => y.sum().add(x.sum()).backward()).toThrow(AutogradError);
    expect(() => of(x).sum().backward()).toThrow(/the derivative for '\w+' is not implemented/);
    expect(of(x.detach()).requiresGrad).toBe(false);
  });

  it('of what is counted, which holds integers', () => {
    const x = tensor([3, 1, 3], { dtype: 'float32', requiresGrad: true });
    expect(K.unique(x, { returnCounts: true }).counts?.requiresGrad).toBe(false);
    expect(K.bincount(tensor([0, 1, 1])).requiresGrad).toBe(false);
  });
});
