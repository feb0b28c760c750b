/** Windows that lie in the padding alone, as dilations beyond the input make them. */

import * as K from '@kindling/core';
import { describe, expect, it } from 'vitest';

const options = { stride: 1, padding: 1, dilation: 4, returnIndices: true } as const;
const pools = [K.maxPool1d, K.maxPool2d, K.maxPool3d] as const;

describe.each([1, 2, 3] as const)('of %i dimensions', (rank) => {
  const pool = pools[rank - 1] as (typeof pools)[number];
  const sizes = new Array<number>(rank).fill(3);
  const planes = (dtype: K.DType): K.Tensor => K.arange(2 * 3 ** rank, { dtype }).reshape([1, 2, ...sizes]);

  it.each(['float32', 'float64'] as const)(
    'the greatest entry is -Infinity, beyond the plane: %s',
    (dtype) => {
      const [values, indices] = pool(planes(dtype), 2, options);
      expect(values.flatten().tolist()).toEqual([-Infinity, -Infinity]);
      // PyTorch's: the place where the first entry behind the padding would be.
      expect(indices.flatten().tolist()).toEqual(new Array(2).fill([3, 12, 39][rank - 1]));
    },
  );

  it.each(['float32', 'float64'] as const)('no entry has a gradient, nor a second one: %s', (dtype) => {
    const gradients = (x: K.Tensor): K.Tensor[] => {
      const [values] = pool(x, 2, options);
      const weights = K.tensor([2, 3], { dtype }).reshape(values.shape).requiresGrad_();
      const [first] = K.autograd.grad(values, x, { gradOutputs: weights, createGraph: true });
      if (first === undefined) throw new Error('no gradient');
      return [first.detach(), ...K.autograd.grad(first.mul(x.detach()).sum(), weights)];
    };
    const eager = gradients(planes(dtype).requiresGrad_());
    expect(eager.map((g) => g.flatten().tolist())).toEqual([new Array(2 * 3 ** rank).fill(0), [0, 0]]);
    const compiled = K.compile(() => gradients(planes(dtype).requiresGrad_()));
    for (let call = 0; call < 4; call++)
      expect(compiled().map((g) => g.tolist())).toEqual(eager.map((g) => g.tolist()));
  });

  it('what was found there cannot be put back', () => {
    const [values, indices] = pool(planes('float32'), 2, options);
    const unpool = [K.maxUnpool1d, K.maxUnpool2d, K.maxUnpool3d][rank - 1] as typeof K.maxUnpool1d;
    expect(() => unpool(values, indices, 2, { stride: 1, outputSize: sizes })).toThrow(K.ValueError);
  });
});
