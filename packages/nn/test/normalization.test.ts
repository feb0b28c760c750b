/** Layers that normalise are one operation, with what is learned in it: forward and backward pass over memory once. */

import { normalizeGroups, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';

const { F } = nn;

it.each<[string, (x: Tensor, weight: Tensor) => Tensor, (x: Tensor, weight: Tensor) => readonly Tensor[]]>([
  [
    'layerNorm',
    (x, weight) => F.layerNorm(x, [6], { weight }),
    (x, weight) => normalizeGroups(x, { name: 'native_layer_norm', samples: 4, parts: 6, weight }),
  ],
  [
    'rmsNorm',
    (x, weight) => F.rmsNorm(x, [6], { weight, eps: 1e-3 }),
    (x, weight) =>
      normalizeGroups(x, { name: 'rms_norm', samples: 4, parts: 6, eps: 1e-3, centered: false, weight }),
  ],
  [
    'groupNorm',
    (x, weight) => F.groupNorm(x, 3, { weight }),
    (x, weight) => normalizeGroups(x, { name: 'native_group_norm', samples: 4, groups: 3, parts: 2, weight }),
  ],
])('%s has the bits of the operation with its factor, its gradients too', (_, layer, operation) => {
  const of = (call: (x: Tensor, weight: Tensor) => Tensor | undefined): unknown[] => {
    const y = call(x, weight) as Tensor;
    y.backward({ gradient: g });
    const all = [y, x.grad, weight.grad].map((each) => each?.tolist());
    x.grad = null;
    weight.grad = null;
    return all;
  };
  const [x, weight] = [randn([4, 6]).requiresGrad_(), randn([6]).requiresGrad_()];
  const g = randn([4, 6]);
  expect(of(layer)).toEqual(of((...given) => operation(...given)[0]));
});
