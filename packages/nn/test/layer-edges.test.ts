/** Where layers were other than PyTorch's: what a sweep over all of their arguments found. The numbers are PyTorch 2.15's. */

import { autograd, full, manualSeed, ones, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

describe('a lazy layer', () => {
  it('draws its numbers in the dtype that it has when it sees its first input', () => {
    manualSeed(3);
    const lazy = new nn.LazyLinear(2).to('float64');
    lazy(ones([1, 3], { dtype: 'float64' }));
    expect([...lazy.weight.detach().data]).toEqual([
      -0.5379655173088249, -0.24625117501954397, 0.31513503314795976, -0.3753619343014317,
      0.29487572827535974, 0.12499705718522952,
    ]);
    expect([...(lazy.bias?.detach().data ?? [])]).toEqual([-0.34787992178905125, -0.07688512208053898]);
  });

  it('without parameters takes the dtype of its statistics', () => {
    const lazy = new nn.LazyBatchNorm1d({ affine: false }).to('float64');
    lazy(ones([2, 3], { dtype: 'float64' }));
    expect(lazy.runningMean?.dtype).toBe('float64');
    expect(lazy.weight).toBeNull();
  });

  it('takes its shape from a state, draws nothing, and has the numbers of that', () => {
    const make = () =>
      new nn.Sequential(
        new nn.LazyConv2d(4, 3, { groups: 2, bias: false }),
        new nn.LazyBatchNorm2d({ affine: false }),
        new nn.LazyConvTranspose2d(6, 2, { groups: 2 }),
        new nn.LazyInstanceNorm2d(),
        new nn.Flatten(),
        new nn.LazyLinear(2),
      );
    const [trained, loaded] = [make(), make()];
    const x = randn([2, 6, 5, 5]);
    trained(x);
    manualSeed(5);
    loaded.loadStateDict(JSON.parse(JSON.stringify(trained.stateDict())));
    const drawn = randn([1]).item();
    manualSeed(5);
    expect(drawn).toBe(randn([1]).item());
    expect(String(loaded)).toBe(String(trained));
    expect(loaded.eval()(x).equal(trained.eval()(x))).toBe(true);
  });

  it('stays without a shape where a state is refused, or has none', () => {
    const lazy = new nn.Sequential(new nn.LazyLinear(2), new nn.LazyLinear(3));
    const state = new nn.Sequential(new nn.Linear(5, 2), new nn.Linear(2, 4)).stateDict();
    expect(() => lazy.loadStateDict(state)).toThrow('size mismatch for 1.weight');
    const { '0.weight': weight } = state;
    expect(() => weight && lazy.loadStateDict({ '0.weight': weight }, { strict: false })).toThrow(
      'size mismatch',
    );
    lazy.append(new nn.LazyBatchNorm1d());
    lazy.loadStateDict(nn.deepcopy(lazy).stateDict());
    expect(String(lazy)).toContain('LazyLinear(in_features=0, out_features=2');
    expect(lazy(ones([2, 7])).shape).toEqual([2, 3]);
  });

  it('keeps what it has become before its first input', () => {
    const lazy = new nn.LazyLinear(2).requiresGrad_(false);
    lazy.bias = null;
    lazy(ones([1, 3]));
    expect(String(lazy)).toBe('Linear(in_features=3, out_features=2, bias=False)');
    expect(lazy.weight.requiresGrad).toBe(false);
  });

  it('is copied as one', () => {
    const lazy = new nn.LazyConv1d(2, 3);
    const copy = nn.deepcopy(lazy);
    expect(copy(ones([1, 4, 5])).shape).toEqual([1, 2, 3]);
    expect(lazy(ones([1, 6, 5])).shape).toEqual([1, 2, 3]);
    expect(() => nn.deepcopy(new nn.LazyLinear(2)).weight.isLeaf).toThrow('has not seen an input yet');
  });

  it('is not parametrized, and refuses channels that its groups do not share', () => {
    const lazy = new nn.LazyConv1d(4, 3, { groups: 2 });
    expect(() => nn.utils.parametrizations.weightNorm(lazy)).toThrow(
      "'weight' of LazyConv1d has no shape yet",
    );
    expect(() => lazy(ones([1, 3, 5]))).toThrow('in_channels must be divisible by groups, got 3 and 2');
    expect(lazy(ones([1, 2, 5])).shape).toEqual([1, 4, 3]);
  });

  it('passes on what its class takes besides, and no more', () => {
    manualSeed(3);
    const up = new nn.LazyConvTranspose1d(2, 3, { stride: 2 });
    const y = up(ones([1, 1, 2]), { outputSize: [6] });
    expect(y.shape).toEqual([1, 2, 6]);
    expect(y.detach().data[0]).toBeCloseTo(-0.182789608836174, 6);
    const call = new nn.LazyLinear(2) as unknown as (x: Tensor, more: number) => Tensor;
    expect(() => call(ones([1, 3]), 1)).toThrow('takes (x), got 1 beyond that');
  });

  it('of instance normalisation learns and keeps statistics, unless it is told otherwise', () => {
    const norm = new nn.LazyInstanceNorm2d();
    expect(String(norm)).toBe(
      'LazyInstanceNorm2d(0, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)',
    );
    norm(ones([2, 3, 2, 2]));
    expect(Object.keys(norm.stateDict())).toEqual([
      'weight',
      'bias',
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    const plain = new nn.LazyInstanceNorm1d({ affine: false, trackRunningStats: false });
    plain(ones([2, 3, 4]));
    expect(Object.keys(plain.stateDict())).toEqual([]);
    expect(new nn.InstanceNorm2d(3).weight).toBeNull();
  });
});

describe('an empty batch', () => {
  it.each([
    ['RNN', new nn.RNN(2, 3, { numLayers: 2 })],
    ['LSTM', new nn.LSTM(2, 3, { projSize: 1 })],
    ['GRU', new nn.GRU(2, 3, { bidirectional: true })],
  ] as const)('goes through %s, whose weights get zeros as gradients', (_, layer) => {
    const [y] = (layer as nn.GRU)(zeros([4, 0, 2]));
    expect(y.shape.slice(0, 2)).toEqual([4, 0]);
    y.sum().backward();
    for (const p of layer.parameters()) expect(p.grad?.eq(0).all().item()).toBe(true);
  });

  it('of no features draws a bias of 0, not of -0', () => {
    expect(Object.is(new nn.Linear(0, 1).bias?.detach().data[0], 0)).toBe(true);
  });
});

it('circular padding may leave nothing', () => {
  expect(new nn.CircularPad1d(-1)(ones([1, 2, 2])).shape).toEqual([1, 2, 0]);
  expect(new nn.CircularPad1d(0)(ones([1, 2, 0])).shape).toEqual([1, 2, 0]);
  expect(() => new nn.CircularPad1d(1)(ones([1, 2, 0]))).toThrow('wrapping around more than once');
  expect(() => new nn.ReplicationPad1d(-1)(ones([1, 2, 2]))).toThrow('empty dimension');
});

it('adaptive maxima are taken of no channels where there is no batch', () => {
  expect(new nn.AdaptiveMaxPool2d(2)(ones([0, 3, 3])).shape).toEqual([0, 2, 2]);
  expect(new nn.FractionalMaxPool2d(2, { outputSize: 1 })(ones([0, 4, 5])).shape).toEqual([0, 1, 1]);
  expect(new nn.AdaptiveAvgPool2d(2)(ones([1, 0, 3, 3])).shape).toEqual([1, 0, 2, 2]);
});

describe('a transposed convolution whose output padding is beyond the last window', () => {
  it.each(['float32', 'float64'] as const)('has the bias there, %s', (dtype) => {
    for (const [channels, groups] of [
      [3, 3],
      [16, 1],
    ] as const) {
      const up = new nn.ConvTranspose1d(channels, channels, 1, {
        dilation: 3,
        outputPadding: 2,
        groups,
        dtype,
      });
      const y = up(ones([2, channels, 300], { dtype }));
      const bias = up.bias?.reshape([1, channels, 1]).expand([2, channels, 2]);
      expect(bias && y.narrow(2, 300, 2).equal(bias)).toBe(true);
    }
  });
});

it('softplus has no second derivative at its threshold', () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  const y = nn.F.softplus(x, { beta: 0.5, threshold: 1 });
  const [slope] = autograd.grad([y.sum()], [x], { createGraph: true });
  const [bend] = slope ? autograd.grad([slope.sum()], [x]) : [];
  expect(bend?.tolist()).toEqual([expect.closeTo(0.11750185, 6), 0, 0]);
});

it('keeps the dtype of x where the factor of rmsNorm has another, as PyTorch does', () => {
  const weight = full([2], 1 / 3, { dtype: 'float64' });
  const y = nn.functional.rmsNorm(tensor([[3, 4.5]]), [2], { weight });
  expect([y.dtype, y.tolist()]).toEqual([
    'float32',
    [[expect.closeTo(0.26149, 5), expect.closeTo(0.39223, 5)]],
  ]);
});

it('prints one factor as a tuple of one', () => {
  expect(String(new nn.Upsample({ scaleFactor: [2] }))).toBe("Upsample(scale_factor=(2.0,), mode='nearest')");
  expect(String(new nn.Upsample({ mode: 'area' }))).toBe("Upsample(size=None, mode='area')");
});

describe('refused', () => {
  const refusals: readonly (readonly [string, () => unknown, string])[] = [
    ['groups of no channels', () => new nn.GroupNorm(2, 0)(ones([0, 0, 2])), 'more than 0 elements'],
    [
      'a volume smaller than the window, whatever the padding',
      () => new nn.AvgPool3d(3, { padding: 1 })(ones([1, 1, 3, 1, 3])),
      'input image [3, 1, 3] smaller than kernel size [3, 3, 3]',
    ],
    [
      'pixels that are no whole blocks: of the height',
      () => nn.F.pixelUnshuffle(ones([1, 1, 3, 4]), 2),
      'expects height and width to be divisible by downscale_factor',
    ],
    [
      'pixels that are no whole blocks: of the width',
      () => new nn.PixelUnshuffle(2)(ones([1, 4, 3])),
      'got input of shape [1, 4, 3] and downscale_factor=2',
    ],
    [
      'channels that are no whole blocks',
      () => nn.F.pixelShuffle(ones([1, 6, 2, 2]), 2),
      'pixelShuffle: expects',
    ],
    [
      'a padding beyond half of the window, whatever its dilation',
      () => new nn.MaxPool2d(3, { padding: 2, dilation: 2 })(ones([1, 1, 7, 7])),
      'at most half of kernel size, but got pad=2 and kernel_size=3',
    ],
    ['a volume without channels', () => new nn.AdaptiveAvgPool3d(2)(ones([1, 0, 3, 3, 3])), 'non-zero size'],
    [
      'maxima of a batch without channels',
      () => new nn.AdaptiveMaxPool1d(2)(ones([1, 0, 3])),
      'non-zero size',
    ],
    [
      'a reflection of no channels',
      () => new nn.ReflectionPad1d(1)(ones([0, 3])),
      'only the batch may be empty',
    ],
    [
      'an image of no channels',
      () => new nn.Upsample({ size: 2 })(ones([1, 0, 3, 3])),
      'Non-empty 4D data tensor',
    ],
    [
      'a list of biases of a weight that is a row',
      () => nn.functional.linear(ones([2, 3]), ones(3), ones(2)),
      'linear: bias of shape [2] does not fit weight of shape [3]',
    ],
    ...['LayerNorm', 'GroupNorm', 'BatchNorm1d', 'InstanceNorm1d'].map(
      (name): [string, () => unknown, string] => [
        `an input of ${name} in another dtype`,
        () => {
          const layers = {
            LayerNorm: new nn.LayerNorm(3),
            GroupNorm: new nn.GroupNorm(1, 2),
            BatchNorm1d: new nn.BatchNorm1d(2, { affine: false }).eval(),
            InstanceNorm1d: new nn.InstanceNorm1d(2, { affine: true }),
          };
          return layers[name as keyof typeof layers](ones([4, 2, 3], { dtype: 'float64' }));
        },
        "of the input's dtype float64, got float32",
      ],
    ),
  ];
  it.each(refusals)('is %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('the causal hint of attention', () => {
  // torch.manual_seed(0); m = nn.MultiheadAttention(4, 2, add_bias_kv=True, batch_first=True); x = torch.randn(1, 3, 4)
  const attend = (options: object, needWeights: boolean): unknown => {
    manualSeed(0);
    const layer = new nn.MultiheadAttention(4, 2, { batchFirst: true, ...options });
    const x = randn([1, 3, 4]);
    const attnMask = nn.Transformer.generateSquareSubsequentMask(3);
    const [y] = layer(x, x, x, { isCausal: true, attnMask, needWeights });
    return y.mul(1e4).round().toArray();
  };

  it('says what keys are seen, the added ones too, unless weights are asked for', () => {
    expect(attend({ addBiasKv: true }, false)).toEqual([
      [
        [2139, 2146, 1303, -1441],
        [910, 235, 378, -1267],
        [-1668, -67, -704, 4052],
      ],
    ]);
    expect(attend({ addBiasKv: true }, true)).toEqual([
      [
        [83, 826, 183, -163],
        [-30, 79, -35, -516],
        [-1773, -57, -746, 3726],
      ],
    ]);
  });

  it('hides the added zeros', () => {
    expect(attend({ addZeroAttn: true }, false)).toEqual(attend({}, false));
    expect(attend({ addZeroAttn: true }, true)).not.toEqual(attend({}, true));
  });
});

describe('more layers than a model has room for', () => {
  const layer = (): nn.TransformerEncoderLayer => new nn.TransformerEncoderLayer(2, 1);
  it.each<[string, () => unknown]>([
    ['LSTM', () => new nn.LSTM(1, 1, { numLayers: 2 ** 31 })],
    ['GRU', () => new nn.GRU(1, 1, { numLayers: 2 ** 23 })],
    ['TransformerEncoder', () => new nn.TransformerEncoder(layer(), 2 ** 31)],
  ])('are refused by %s', (name, call) => {
    expect(call).toThrow(`${name}: numLayers: expected at most`);
  });
});

describe('what is too much', () => {
  const most = full([2, 2], 2 ** 30, { dtype: 'int32' });
  it.each<[string, () => unknown]>([
    ['bilinear', () => nn.functional.bilinear(most, most, full([2, 2, 2], 2 ** 30, { dtype: 'int32' }))],
    [
      'bilinear',
      () => nn.functional.bilinear(ones([2 ** 16, 4]), ones([2 ** 16, 4]), ones([1]).expand([2 ** 16, 4, 4])),
    ],
    ['gaussianNllLoss', () => nn.functional.gaussianNllLoss(most, most.neg(), ones([2, 2]))],
  ])('bears the name %s', (name, call) => {
    expect(call).toThrow(new RegExp(`^${name}: the result`));
  });
});

describe('a cell', () => {
  const cells = [new nn.RNNCell(3, 2), new nn.GRUCell(3, 2), new nn.LSTMCell(3, 2)] as const;

  it.each(cells.map((cell) => [cell.constructor.name, cell] as const))(
    '%s says by its name which inputs and states do not fit',
    (name, cell) => {
      const call = cell as unknown as (x: Tensor, state?: Tensor | Tensor[]) => unknown;
      const state = (x: Tensor): Tensor | Tensor[] => (name === 'LSTMCell' ? [x, x] : x);
      expect(() => call(zeros([4, 2]))).toThrow(
        `${name}: input has inconsistent input_size: got 2 expected 3`,
      );
      expect(() => call(zeros([4]))).toThrow(`${name}: input has inconsistent input_size: got 4 expected 3`);
      expect(() => call(zeros([1, 4, 3]))).toThrow(`${name}: Expected input to be 1D or 2D, got 3D instead`);
      expect(() => call(zeros([4, 3]), state(zeros([4, 3])))).toThrow(
        `${name}: Expected hidden to be of shape [4, 2], got [4, 3]`,
      );
      expect(() => call(zeros([3]), state(zeros([1, 2])))).toThrow('Expected hidden to be of shape [2]');
    },
  );
});

describe('sequences of different lengths', () => {
  const { packPaddedSequence, padSequence, unpadSequence } = nn.utils.rnn;

  it('are padded in the dtype of the first, and may be the rows of a tensor', () => {
    const [ints, floats] = [tensor([1, 1]), tensor([0.5, 2.5, 3.5])];
    expect(padSequence([ints, floats]).tolist()).toEqual([
      [1, 0],
      [1, 2],
      [0, 3],
    ]);
    expect(padSequence([floats, ints], { paddingValue: 7 }).select(1, 1).tolist()).toEqual([1, 1, 7]);
    expect(
      padSequence(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).tolist(),
    ).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(() => padSequence(zeros([0, 2]))).toThrow('padSequence: received an empty list of sequences');
  });

  it('are cut where they end', () => {
    const rows = unpadSequence(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      [5, -1],
      { batchFirst: true },
    );
    expect(rows.map((x) => x.tolist())).toEqual([[1, 2], []]);
  });

  it('are packed where there is something', () => {
    for (const shape of [
      [2, 0],
      [2, 1, 0],
      [0, 1],
    ])
      expect(() => packPaddedSequence(zeros(shape), [1])).toThrow(
        'packPaddedSequence: Cannot pack empty tensors.',
      );
  });

  it('have elements, for a recurrent layer', () => {
    for (const Layer of [nn.RNN, nn.LSTM, nn.GRU]) expect(() => new Layer(0, 2)).toThrow('inputSize');
  });
});

it('bags take bytes as indices where they have offsets and nothing is shortened', () => {
  const [bytes, table] = [tensor([0, 1], { dtype: 'uint8' }), ones([2, 1])];
  const offsets = tensor([0]);
  expect(nn.functional.embeddingBag(bytes, table, { offsets, mode: 'max' }).tolist()).toEqual([[1]]);
  for (const given of [
    () => nn.functional.embeddingBag(bytes, table, { offsets, maxNorm: 1 }),
    () => nn.functional.embeddingBag(bytes.reshape([1, 2]), table),
  ])
    expect(given).toThrow('embeddingBag: Expected tensor for argument');
});

it('affine grids are of floats, and may be empty where a single element stands in the middle', () => {
  const { affineGrid } = nn.functional;
  expect(() => affineGrid(ones([1, 2, 3], { dtype: 'int32' }), [1, 1, 2, 2])).toThrow(
    'affineGrid: Expected theta to have floating point type, but got int32',
  );
  expect(affineGrid(ones([0, 2, 3]), [0, 1, 3, 1], { alignCorners: true }).shape).toEqual([0, 3, 1, 2]);
  expect(() => affineGrid(ones([0, 2, 3]), [0, 1, 3, 1])).toThrow('non-zero, positive output size');
  expect(() => affineGrid(ones([0, 2, 3]), [0, 1, 3, 2], { alignCorners: true })).toThrow('non-zero');
});
