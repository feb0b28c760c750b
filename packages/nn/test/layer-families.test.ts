import {
  arange,
  autograd,
  manualSeed,
  noGrad,
  ones,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import * as optim from '../../optim/src/index.ts';

const double = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64', requiresGrad: true });
/** A model in training, and its state. */
function training(model: nn.AnyModule, loss: (model: nn.AnyModule) => Tensor): World {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return {
    call: () => {
      optimizer.zeroGrad();
      const found = loss(model);
      found.backward();
      optimizer.step();
      return found;
    },
    state: () => Object.values(model.stateDict()) as Tensor[],
  };
}

const call = (model: nn.AnyModule, ...args: unknown[]): unknown =>
  (model as unknown as (...a: unknown[]) => unknown)(...args);

describe('compiled training gives the bits of eager training for', () => {
  const x = randn([4, 6, 8]);
  const image = randn([2, 4, 5, 5]);
  const cases: Record<string, [() => nn.AnyModule, (model: nn.AnyModule) => Tensor]> = {
    LSTM: [
      () => new nn.LSTM(8, 5, { numLayers: 2, bidirectional: true, dropout: 0.2 }),
      (m) => (call(m, x) as [Tensor])[0].square().mean(),
    ],
    'LSTM with projections': [
      () => new nn.LSTM(8, 5, { projSize: 3 }),
      (m) => (call(m, x) as [Tensor])[0].square().mean(),
    ],
    GRU: [() => new nn.GRU(8, 5, { batchFirst: true }), (m) => (call(m, x) as [Tensor])[0].square().mean()],
    RNN: [
      () => new nn.RNN(8, 5, { nonlinearity: 'relu' }),
      (m) => (call(m, x) as [Tensor])[0].square().mean(),
    ],
    MultiheadAttention: [
      () => new nn.MultiheadAttention(8, 2, { dropout: 0.1 }),
      (m) => (call(m, x, x, x) as [Tensor])[0].square().mean(),
    ],
    TransformerEncoderLayer: [
      () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }),
      (m) => (call(m, x) as Tensor).square().mean(),
    ],
    GroupNorm: [() => new nn.GroupNorm(2, 4), (m) => (call(m, image) as Tensor).exp().mean()],
    InstanceNorm2d: [
      () => new nn.InstanceNorm2d(4, { affine: true, trackRunningStats: true }),
      (m) => (call(m, image) as Tensor).exp().mean(),
    ],
    'weightNorm and spectralNorm': [
      () => nn.utils.parametrizations.spectralNorm(nn.utils.parametrizations.weightNorm(new nn.Linear(8, 3))),
      (m) => (call(m, x) as Tensor).square().mean(),
    ],
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const [make, loss] = cases[name] as [() => nn.AnyModule, (model: nn.AnyModule) => Tensor];
    expectSameBits(() => training(make(), loss), 5);
  });
});

describe('derivatives', () => {
  it('of recurrent layers are exact, first and second', () => {
    for (const layer of [new nn.LSTM(2, 3, { dtype: 'float64' }), new nn.GRU(2, 3, { dtype: 'float64' })]) {
      const run = (x: Tensor): Tensor => (call(layer, x) as [Tensor])[0];
      expect(autograd.gradcheck(run, [double(3, 2, 2)])).toBe(true);
      expect(autograd.gradgradcheck(run, [double(2, 1, 2)])).toBe(true);
    }
  });

  it('of attention, grids and resampling are exact, first and second', () => {
    const attend = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
      F.scaledDotProductAttention(q, k, v, { isCausal: true });
    const qkv = [double(2, 3, 2), double(2, 3, 2), double(2, 3, 2)] as const;
    expect(autograd.gradcheck(attend, qkv)).toBe(true);
    expect(autograd.gradgradcheck(attend, qkv)).toBe(true);
    const grid = tensor(
      [
        [
          [
            [0.13, -0.42],
            [0.71, 0.33],
          ],
        ],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    const sample = (x: Tensor, g: Tensor): Tensor => F.gridSample(x, g, { paddingMode: 'border' });
    expect(autograd.gradcheck(sample, [double(1, 2, 3, 3), grid])).toBe(true);
    const up = (x: Tensor): Tensor => F.interpolate(x, { size: [5, 4], mode: 'bicubic' });
    expect(autograd.gradcheck(up, [double(1, 1, 3, 3)])).toBe(true);
  });
});

describe('packed sequences', () => {
  const sequences = [randn([2, 3]), randn([5, 3]), randn([4, 3])];

  it('come out of packing as they went in', () => {
    const packed = nn.utils.rnn.packSequence(sequences, { enforceSorted: false });
    expect(packed.batchSizes).toEqual([3, 3, 2, 2, 1]);
    nn.utils.rnn.unpackSequence(packed).forEach((x, i) => {
      expect(x.equal(sequences[i] as Tensor)).toBe(true);
    });
  });

  it('give a recurrent layer what each sequence alone gives it, both ways', () => {
    const lstm = new nn.LSTM(3, 4, { bidirectional: true, numLayers: 2 });
    const [packed, [h]] = lstm(nn.utils.rnn.packSequence(sequences, { enforceSorted: false }));
    nn.utils.rnn.unpackSequence(packed).forEach((output, i) => {
      const [alone, [hAlone]] = lstm((sequences[i] as Tensor).unsqueeze(1));
      expect(output.allclose(alone.squeeze(1), { atol: 1e-6 })).toBe(true);
      expect(h.select(1, i).allclose(hAlone.select(1, 0), { atol: 1e-6 })).toBe(true);
    });
  });

  it('refuse lengths that cannot be', () => {
    const { packPaddedSequence } = nn.utils.rnn;
    expect(() => packPaddedSequence(zeros([3, 2, 1]), [2, 3])).toThrow('enforceSorted');
    expect(() => packPaddedSequence(zeros([3, 2, 1]), [3, 0])).toThrow('from 1 to 3');
    expect(() => packPaddedSequence(zeros([3, 2, 1]), [3])).toThrow('batch_size=2');
  });
});

describe('transformers', () => {
  it('repeat copies of a layer', () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12 }).eval();
    const encoder = new nn.TransformerEncoder(layer, 2).eval();
    const x = randn([5, 3, 8]);
    expect(encoder(x).equal(layer(layer(x)))).toBe(true);
    expect(encoder.layers[0] === layer).toBe(false);
  });

  it("drop what PyTorch drops of attention's output, which lies there with the sequence first", () => {
    manualSeed(0);
    const encoder = new nn.TransformerEncoderLayer(4, 2, {
      dimFeedforward: 8,
      dropout: 0.5,
      batchFirst: true,
    });
    assertClose(
      encoder(randn([2, 3, 4])).index(1, 0),
      [-0.49285954236984253, -0.6996424198150635, 1.726853609085083, -0.5343518257141113],
    );
    const decoder = new nn.TransformerDecoderLayer(4, 2, {
      dimFeedforward: 8,
      dropout: 0.5,
      batchFirst: true,
    });
    assertClose(
      decoder(randn([2, 3, 4]), randn([2, 5, 4])).index(1, 0),
      [0.7597470879554749, 0.8579916954040527, -1.6389473676681519, 0.021208506077528],
    );
  });

  it('see only what masks let them see', () => {
    const model = new nn.Transformer({
      dModel: 8,
      nhead: 2,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 12,
    }).eval();
    const [src, tgt] = [randn([4, 2, 8]), randn([3, 2, 8])];
    const tgtMask = nn.Transformer.generateSquareSubsequentMask(3);
    const changed = tgt.clone();
    noGrad(() => changed.select(0, 2).fill_(9));
    const [before, after] = [tgt, changed].map((t) => model(src, t, { tgtMask }));
    expect(before?.narrow(0, 0, 2).equal((after as Tensor).narrow(0, 0, 2))).toBe(true);
    expect(before?.equal(after as Tensor)).toBe(false);
  });

  it('give zeros where a query may see no key', () => {
    const mask = zeros([2, 3], { dtype: 'bool' });
    expect(
      F.scaledDotProductAttention(ones([2, 4]), ones([3, 4]), ones([3, 4]), { attnMask: mask })
        .abs()
        .sum()
        .item(),
    ).toBe(0);
  });
});

describe('lazy layers', () => {
  it('become what they stand for with the first input, with the numbers of PyTorch', () => {
    manualSeed(3);
    const lazy = new nn.LazyLinear(2);
    expect(() => new optim.SGD(lazy.parameters(), { lr: 0.1 })).toThrow('has not seen an input yet');
    expect(lazy(ones([1, 3])).shape).toEqual([1, 2]);
    manualSeed(3);
    expect(lazy.weight.equal(new nn.Linear(3, 2).weight)).toBe(true);
    expect(String(lazy)).toBe('Linear(in_features=3, out_features=2, bias=True)');
    const conv = new nn.LazyConv2d(4, 3);
    conv(ones([1, 2, 5, 5]));
    expect(conv.weight.shape).toEqual([4, 2, 3, 3]);
    const norm = new nn.LazyBatchNorm1d();
    norm(randn([4, 3]));
    expect(Object.keys(norm.stateDict())).toEqual(Object.keys(new nn.BatchNorm1d(3).stateDict()));
  });
});

describe('parametrizations', () => {
  it('make a tensor of others, which are trained in its place', () => {
    const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2));
    const before = layer.weight.detach().clone();
    expect(String(layer)).toContain('ParametrizedLinear');
    expect(Object.keys(layer.stateDict())).toEqual([
      'bias',
      'parametrizations.weight.original0',
      'parametrizations.weight.original1',
    ]);
    layer(ones([1, 3]))
      .sum()
      .backward();
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
    const copy = nn.deepcopy(layer);
    expect(copy.weight.equal(before)).toBe(true);
    nn.utils.parametrize.removeParametrizations(layer, 'weight');
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    expect(layer.weight.allclose(before)).toBe(true);
    expect(String(layer)).toMatch(/^Linear/);
  });

  it('take what is assigned by their inverse', () => {
    const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2));
    (layer as unknown as { weight: Tensor }).weight = ones([2, 3]);
    expect(layer.weight.allclose(ones([2, 3]))).toBe(true);
  });

  it('refuse another shape, and what there is not', () => {
    class Row extends nn.Module<[Tensor], Tensor> {
      override forward(x: Tensor): Tensor {
        return x.select(0, 0);
      }
    }
    const { registerParametrization, removeParametrizations } = nn.utils.parametrize;
    expect(() => registerParametrization(new nn.Linear(3, 2), 'weight', new Row())).toThrow('unsafe');
    expect(() => registerParametrization(new nn.Linear(3, 2), 'wight', new Row())).toThrow("'wight'");
    expect(() => removeParametrizations(new nn.Linear(3, 2), 'weight')).toThrow(
      'does not have a parametrization',
    );
  });
});

describe('deepcopy', () => {
  it('gives layers that compute the same', () => {
    const image = randn([1, 2, 6, 6]);
    const layers = [
      new nn.Conv2d(2, 3, 3, { padding: 1, paddingMode: 'reflect' }),
      new nn.ConvTranspose2d(2, 3, 3),
      new nn.MaxPool2d(2),
      new nn.RReLU().eval(),
      new nn.InstanceNorm2d(2),
    ];
    for (const layer of layers) {
      const copy = nn.deepcopy<nn.AnyModule>(layer);
      expect((call(copy, image) as Tensor).equal(call(layer, image) as Tensor)).toBe(true);
    }
    const lstm = new nn.LSTM(6, 3, { numLayers: 2 });
    expect(
      nn
        .deepcopy(lstm)(image.select(0, 0))[0]
        .equal(lstm(image.select(0, 0))[0]),
    ).toBe(true);
  });

  it('shares nothing that is trained, and keeps what stands there twice', () => {
    const shared = new nn.Linear(2, 2);
    const model = new nn.Sequential(shared, new nn.ReLU(), shared, new nn.BatchNorm1d(2));
    const copy = nn.deepcopy(model);
    expect(String(copy)).toBe(String(model));
    expect(copy.parameters().length).toBe(model.parameters().length);
    expect(copy[0] === copy[2]).toBe(true);
    copy(arange(8).to('float32').reshape([4, 2]))
      .sum()
      .backward();
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
  });
});
