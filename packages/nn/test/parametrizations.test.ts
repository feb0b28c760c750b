/** Orthogonal parametrizations against PyTorch; see tools/oracle/parametrizations.py. */

import { autograd, eye, manualSeed, noGrad, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { cotangent, plain, toTensor } from '../../core/test/oracle/tensors.ts';
import * as optim from '../../optim/src/index.ts';

const { orthogonal } = nn.utils.parametrizations;

interface Entry {
  readonly shape: readonly [number, number];
  readonly seed: number;
  readonly k: {
    readonly orthogonal_map: nn.utils.parametrizations.OrthogonalMap | null;
    readonly use_trivialization: boolean;
  };
  readonly weight: Recorded;
  readonly change: Recorded;
  readonly changed: Recorded;
  readonly grad: Recorded;
  readonly keys: readonly string[];
}

const { entries, torch } = readFixture<Entry>(new URL('./fixtures/parametrizations', import.meta.url));
const strict = { contraction: true };

describe(`orthogonal weights (PyTorch ${torch})`, () => {
  it.each(entries.map((entry) => [JSON.stringify([entry.shape, entry.k]), entry] as const))(
    '%s',
    (_, entry) => {
      const { orthogonal_map: orthogonalMap, use_trivialization: useTrivialization } = entry.k;
      const [rows, columns] = entry.shape;
      manualSeed(entry.seed);
      const layer = new nn.Linear(columns, rows, { bias: false, dtype: 'float64' });
      orthogonal(layer, { orthogonalMap, useTrivialization });
      expect(mismatch('weight', plain(layer.weight), entry.weight, strict)).toBeNull();
      expect(Object.keys(layer.stateDict())).toEqual(entry.keys);
      const [original] = layer.parameters() as [Tensor];
      noGrad(() => original.add_(toTensor(entry.change)));
      const weight: Tensor = layer.weight;
      expect(mismatch('changed', plain(weight), entry.changed, strict)).toBeNull();
      weight.mul(cotangent(weight, 0)).sum().backward();
      expect(original.grad && mismatch('gradient', plain(original.grad), entry.grad, strict)).toBeNull();
    },
  );

  it('stay orthogonal through a training, and when they are assigned', () => {
    const layer = orthogonal(new nn.Linear(3, 5));
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.5 });
    const isOrthogonal = () => layer.weight.t().matmul(layer.weight).allclose(eye(3), { atol: 1e-5 });
    for (let i = 0; i < 5; i++) {
      optimizer.zeroGrad();
      layer(randn([4, 3]))
        .square()
        .sum()
        .backward();
      optimizer.step();
      expect(isOrthogonal()).toBe(true);
    }
    (layer as { weight: Tensor }).weight = randn([5, 3]);
    expect(isOrthogonal()).toBe(true);
    const kept = layer.weight.detach().clone();
    nn.utils.parametrize.removeParametrizations(layer, 'weight');
    expect(layer.weight.equal(kept)).toBe(true);
  });

  it('are refused of vectors, of what is not there, and of other shapes', () => {
    expect(() => orthogonal(new nn.Linear(2, 2), { name: 'bias' })).toThrow('a tensor of 1 dimensions');
    expect(() => orthogonal(new nn.ReLU())).toThrow("ReLU has no parameter or buffer with name 'weight'");
    expect(() => orthogonal(new nn.Linear(2, 2), { orthogonalMap: 'qr' as 'cayley' })).toThrow(
      'orthogonalMap',
    );
    const layer = orthogonal(new nn.Linear(2, 2)) as { weight: Tensor };
    expect(() => {
      layer.weight = randn([2, 3]);
    }).toThrow('of shape [2, 2], got [2, 3]');
    const plainly = orthogonal(new nn.Linear(2, 2), { useTrivialization: false }) as { weight: Tensor };
    expect(() => {
      plainly.weight = randn([2, 2]);
    }).toThrow('_Orthogonal has none');
  });
});

describe('the weight norm', () => {
  // PyTorch's along the first and the last dimension leaves out how the norm changes with the weight.
  it.each([0, 1, 2, null])('along dimension %s has the second gradients that differences have', (dim) => {
    const layer = nn.utils.parametrizations.weightNorm(new nn.Conv1d(2, 3, 2).to('float64'), { dim });
    const [g, v] = [...layer.namedParameters()]
      .filter(([name]) => name.startsWith('parametrizations.'))
      .map(([, p]) => p.detach().clone().requiresGrad_()) as [Tensor, Tensor];
    const x = randn([1, 2, 4], { dtype: 'float64' });
    const call = (g: Tensor, v: Tensor) =>
      nn.utils.functionalCall(
        layer,
        { 'parametrizations.weight.original0': g, 'parametrizations.weight.original1': v },
        [x],
      );
    expect(autograd.gradgradcheck(call, [g, v])).toBe(true);
  });
});
