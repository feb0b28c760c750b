import { arange, autograd, manualSeed, noGrad, ones, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';

/** To float32 rounding: PyTorch's sums go another way. */
function expectClose(actual: Tensor, expected: readonly number[], tolerance = 3e-6): void {
  expect(actual.count).toBe(expected.length);
  [...actual.data].forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i]!)));
  });
}

const floats = (data: number[] | number[][]): Tensor => tensor(data, { dtype: 'float32' });
const x = floats([
  [1, 2, 4],
  [3, -1, 0.5],
  [0, 2, 1],
  [5, 5, 2],
]);
const double = (...shape: number[]): Tensor =>
  arange(
    shape.reduce((n, size) => n * size, 1),
    { dtype: 'float64' },
  )
    .mul(1.7)
    .sin()
    .mul(3)
    .reshape(shape)
    .clone()
    .requiresGrad_(true);

describe('layers start with the numbers of PyTorch', () => {
  it('Linear', () => {
    manualSeed(3);
    const layer = new nn.Linear(3, 2);
    expectClose(
      layer.weight,
      [-0.572427154, -0.455449253, -0.247287795, -0.546225488, -0.0327769108, -0.507933974],
      1e-8,
    );
    expectClose(layer.bias!, [0.313923627, 0.281399786], 1e-8);
  });

  it('Bilinear', () => {
    manualSeed(3);
    const layer = new nn.Bilinear(2, 2, 1);
    expectClose(layer.weight, [-0.701077223, -0.557809174, -0.302864462, -0.668986857], 1e-8);
    expectClose(layer.bias!, [-0.0401433557], 1e-8);
  });

  it('Embedding, whose padding row is zero', () => {
    manualSeed(3);
    expectClose(
      new nn.Embedding(3, 2, { paddingIdx: -2 }).weight,
      [0.803276062, 0.174833387, 0, 0, 0.0461824499, -1.36825919],
      1e-7,
    );
  });

  it('in the dtype asked for', () => {
    expect(new nn.Linear(2, 2, { dtype: 'float64' }).weight.dtype).toBe('float64');
    expect(new nn.BatchNorm1d(2, { dtype: 'float64' }).runningVar!.dtype).toBe('float64');
    for (const loss of [
      new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], { headBias: true, dtype: 'float64' }),
      new nn.LinearCrossEntropyLoss(4, 3, { bias: true, dtype: 'float64' }),
    ])
      expect(new Set([...loss.parameters()].map(({ dtype }) => dtype))).toEqual(new Set(['float64']));
  });
});

describe('Linear and Bilinear', () => {
  it('compute their formula for any leading dimensions', () => {
    const layer = new nn.Linear(3, 2);
    const y = layer(x.reshape([2, 2, 3]));
    expect(y.shape).toEqual([2, 2, 2]);
    expectClose(y, [...x.matmul(layer.weight.t()).add(layer.bias!).data]);
    expect(() => layer(ones([4, 5]))).toThrow(/4x5 and 3x2|\[4, 5\]/);
    expect(new nn.Linear(3, 2, { bias: false }).bias).toBeNull();

    const bilinear = new nn.Bilinear(3, 2, 4);
    const x2 = ones([2, 2, 2]);
    const z = bilinear(x.reshape([2, 2, 3]), x2);
    expect(z.shape).toEqual([2, 2, 4]);
    expectClose(z, [...x.matmul(bilinear.weight.sum(-1).t()).add(bilinear.bias!).data]);
    expect(() => bilinear(ones([1, 2]), ones([1, 2]))).toThrow(
      'input1 size does not match weight size: got 2 but expected 3',
    );
  });

  it('have exact first and second derivatives', () => {
    const inputs = [double(2, 3), double(2, 2), double(4, 3, 2), double(4)] as const;
    const run = (a: Tensor, b: Tensor, w: Tensor, c: Tensor) => F.bilinear(a, b, w, c);
    expect(autograd.gradcheck(run, inputs)).toBe(true);
    expect(autograd.gradgradcheck(run, inputs)).toBe(true);
  });
});

describe('Flatten, Unflatten, Identity', () => {
  it('change shapes and nothing else', () => {
    expect(new nn.Flatten()(ones([2, 3, 4])).shape).toEqual([2, 12]);
    expect(new nn.Flatten(0, 1)(ones([2, 3, 4])).shape).toEqual([6, 4]);
    expect(new nn.Unflatten(1, [2, -1])(ones([2, 6])).shape).toEqual([2, 2, 3]);
    expect(new nn.Identity(1, 2)(x)).toBe(x);
  });
});

describe('Embedding', () => {
  const table = (): Tensor =>
    tensor(
      [
        [3, 4],
        [1, 0],
        [0, 2],
      ],
      { dtype: 'float32', requiresGrad: true },
    );

  it('looks up rows', () => {
    const y = F.embedding(
      tensor([
        [2, 0],
        [1, 1],
      ]),
      table(),
    );
    expect(y.toArray()).toEqual([
      [
        [0, 2],
        [3, 4],
      ],
      [
        [1, 0],
        [1, 0],
      ],
    ]);
    expect(() => F.embedding(tensor([1, 2], { dtype: 'uint8' }), table())).toThrow(
      "embedding: Expected tensor for argument #1 'indices' to have scalar type int32, but got uint8 instead",
    );
  });

  it('passes no gradient to the padding row, and divides by frequency where asked', () => {
    const weight = table();
    const y = F.embedding(
      tensor([
        [0, 2, 0],
        [1, 1, 1],
      ]),
      weight,
      { paddingIdx: 1, scaleGradByFreq: true },
    );
    y.mul(arange(12).reshape([2, 3, 2]))
      .sum()
      .backward();
    expectClose(weight.grad!, [2, 3, 0, 0, 2, 3]);
  });

  it('shortens rows that are too long, in the table', () => {
    const weight = table().detach();
    F.embedding(tensor([0, 2]), weight, { maxNorm: 1.5 });
    expectClose(weight, [0.899999976, 1.19999993, 1, 0, 0, 1.49999988]);
  });

  it('names the index that is out of range, and its place', () => {
    expect(() =>
      F.embedding(
        tensor([
          [0, 2],
          [7, 1],
        ]),
        table(),
      ),
    ).toThrow('index 7 at position [1, 0], but the table has 3 rows');
    expect(() => F.embedding(floats([0.5]), table())).toThrow('to have scalar type int32, but got float32');
    expect(() => new nn.Embedding(3, 2, { paddingIdx: 5 })).toThrow(
      'Padding_idx must be within num_embeddings',
    );
  });

  it('has exact first and second derivatives', () => {
    const index = tensor([
      [0, 2, 0],
      [1, 1, 3],
    ]);
    for (const options of [{}, { paddingIdx: 1 }]) {
      const run = (w: Tensor) => F.embedding(index, w, options);
      // The padding row has no gradient, on purpose, so it is not looked at.
      const w = options.paddingIdx === undefined ? run : (v: Tensor) => run(v).mul(index.ne(1).unsqueeze(-1));
      expect(autograd.gradcheck(w, [double(4, 2)])).toBe(true);
      expect(autograd.gradgradcheck(w, [double(4, 2)])).toBe(true);
    }
  });

  it('is made from a given table, frozen unless asked otherwise', () => {
    const data = ones([4, 2]);
    const layer = nn.Embedding.fromPretrained(data, { paddingIdx: 1 });
    expect(layer.weight.requiresGrad).toBe(false);
    expect(layer.weight.storage).toBe(data.storage);
    expect(String(layer)).toBe('Embedding(4, 2, padding_idx=1)');
    expect(nn.Embedding.fromPretrained(data, { freeze: false }).weight.requiresGrad).toBe(true);
  });
});

describe('dropout', () => {
  it("draws PyTorch's masks", () => {
    const draw = (run: () => Tensor): Tensor => {
      manualSeed(5);
      return run();
    };
    expectClose(
      draw(() => F.dropout(ones([3, 4]), { p: 0.3 })),
      [
        1.42857146, 1.42857146, 1.42857146, 1.42857146, 1.42857146, 0, 1.42857146, 0, 0, 1.42857146,
        1.42857146, 1.42857146,
      ],
      1e-7,
    );
    expectClose(
      draw(() => F.dropout1d(ones([2, 3, 2]))),
      [0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0],
      0,
    );
    expectClose(
      draw(() => F.dropout2d(ones([2, 3, 2, 1]))),
      [0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0],
      0,
    );
    expectClose(
      draw(() => F.alphaDropout(ones([3, 4]), { p: 0.3, training: true })),
      [
        1.31504464, 1.31504464, 1.31504464, 1.31504464, 1.31504464, -1.05954826, 1.31504464, -1.05954826,
        -1.05954826, 1.31504464, 1.31504464, 1.31504464,
      ],
      1e-6,
    );
    expectClose(
      draw(() => F.featureAlphaDropout(ones([2, 3, 2]), { training: true })),
      [
        -0.779193938, -0.779193938, 1.66559887, 1.66559887, 1.66559887, 1.66559887, 1.66559887, 1.66559887,
        1.66559887, 1.66559887, -0.779193938, -0.779193938,
      ],
      1e-6,
    );
  });

  it('does nothing outside training, and everything at p = 1', () => {
    const layer = new nn.Dropout({ p: 0.9 });
    expect(layer.eval()(x)).toBe(x);
    expect(F.dropout(x, { p: 1 }).abs().sum().item()).toBe(0);
    expect(F.dropout(x, { p: 0 })).toBe(x);
    expect(() => new nn.Dropout({ p: 1.5 })).toThrow(
      'dropout probability has to be between 0 and 1, but got 1.5',
    );
    expect(() => F.dropout1d(ones([2]))).toThrow('Expected 2D or 3D input, but received a 1D input');
  });

  it('writes over its input where asked, with the gradient of the mask', () => {
    const leaf = ones([20], { requiresGrad: true });
    const y = leaf.mul(1);
    expect(new nn.Dropout({ inplace: true })(y)).toBe(y);
    y.sum().backward();
    expect([...leaf.grad!.data]).toEqual([...y.data]);
  });
});

describe('normalisation', () => {
  it("LayerNorm and RMSNorm have PyTorch's values", () => {
    expectClose(
      new nn.LayerNorm(3)(x),
      [
        -1.06904137, -0.267260283, 1.3363018, 1.31319582, -1.11116564, -0.202030107, -1.22473562, 1.22473562,
        0, 0.707104981, 0.707104981, -1.41420996,
      ],
    );
    expectClose(
      new nn.LayerNorm([3], { elementwiseAffine: false })(x),
      [
        -1.06904137, -0.267260283, 1.3363018, 1.31319582, -1.11116564, -0.202030107, -1.22473562, 1.22473562,
        0, 0.707104981, 0.707104981, -1.41420996,
      ],
    );
    expectClose(
      new nn.RMSNorm(3)(x),
      [
        0.377964497, 0.755928993, 1.51185799, 1.62300515, -0.541001737, 0.270500869, 0, 1.54919326,
        0.774596632, 1.17851138, 1.17851138, 0.471404552,
      ],
    );
    expect(() => new nn.LayerNorm(3)(ones([2, 4]))).toThrow(
      'Given normalized_shape=[3], expected input with shape [*, 3], but got input of size [2, 4]',
    );
  });

  it('BatchNorm1d normalises by the batch, and by what it saw', () => {
    const bn = new nn.BatchNorm1d(3);
    expectClose(
      bn(x),
      [
        -0.650943637, 0, 1.58525383, 0.39056623, -1.41421199, -1.02575243, -1.17169857, 0, -0.652751505,
        1.4320761, 1.41421199, 0.0932502747,
      ],
    );
    bn(x.mul(2));
    expectClose(bn.runningMean!, [0.652500033, 0.579999983, 0.543749988]);
    expectClose(bn.runningVar!, [3.21916652, 3.75, 1.98395836]);
    expect(bn.numBatchesTracked!.item()).toBe(2);
    expectClose(
      bn.eval()(x),
      [
        0.193678945, 0.733283877, 2.4537921, 1.30837798, -0.815907478, -0.0310606658, -0.363670558,
        0.733283877, 0.323918313, 2.42307687, 2.28247523, 1.0338763,
      ],
    );
    expect(bn(x.unsqueeze(2)).shape).toEqual([4, 3, 1]);
    const mean = new nn.BatchNorm1d(3, { momentum: null });
    mean(x);
    mean(x.mul(2));
    expectClose(mean.runningMean!, [3.375, 3, 2.8125]);
    expectClose(mean.runningVar!, [12.291666, 15, 5.98958302]);
    bn.resetRunningStats();
    expect([...bn.runningVar!.data]).toEqual([1, 1, 1]);
  });

  it('BatchNorm1d without running statistics uses the batch always', () => {
    const bn = new nn.BatchNorm1d(3, { trackRunningStats: false, affine: false }).eval();
    expect(bn.stateDict()).toEqual({});
    expectClose(
      bn(x),
      [
        -0.650943637, 0, 1.58525383, 0.39056623, -1.41421199, -1.02575243, -1.17169857, 0, -0.652751505,
        1.4320761, 1.41421199, 0.0932502747,
      ],
    );
  });

  it('refuses what cannot be normalised', () => {
    const bn = new nn.BatchNorm1d(3);
    expect(() => bn(ones([1, 3]))).toThrow(
      'Expected more than 1 value per channel when training, got input size torch.Size([1, 3])',
    );
    expect(() => bn(ones([3]))).toThrow('expected 2D or 3D input (got 1D input)');
    expect(() => bn(ones([2, 4]))).toThrow('running_mean should contain 4 elements not 3');
    expect(() => F.batchNorm(x, null, null)).toThrow('Expected running_mean and running_var to be defined');
  });

  it('has exact first and second derivatives', () => {
    const layer = (v: Tensor, weight: Tensor, bias: Tensor) => F.layerNorm(v, [3], { weight, bias });
    const batch = (v: Tensor, weight: Tensor, bias: Tensor) =>
      F.batchNorm(v, null, null, { weight, bias, training: true });
    const running = (v: Tensor, weight: Tensor, bias: Tensor) =>
      F.batchNorm(v, double(3).detach(), double(3).detach().abs(), { weight, bias });
    const rms = (v: Tensor, weight: Tensor) => F.rmsNorm(v, [3], { weight, eps: 1e-5 });
    const affine = [double(3), double(3).detach().neg().requiresGrad_(true)] as const;
    for (const [run, v] of [
      [layer, double(4, 3)],
      [batch, double(4, 3)],
      [batch, double(2, 3, 2)],
      [running, double(2, 3, 2)],
    ] as const) {
      expect(autograd.gradcheck(run, [v, ...affine])).toBe(true);
      expect(autograd.gradgradcheck(run, [v, ...affine])).toBe(true);
    }
    expect(autograd.gradcheck(rms, [double(4, 3), double(3)])).toBe(true);
    expect(autograd.gradgradcheck(rms, [double(4, 3), double(3)])).toBe(true);
  });

  it('normalize, cosineSimilarity and pairwiseDistance have the values of PyTorch', () => {
    const [a, b] = [x.narrow(0, 0, 2), x.narrow(0, 2, 2)];
    expectClose(
      F.normalize(x, { p: 3, dim: 0 }),
      [
        0.186968952, 0.383354485, 0.956543386, 0.560906827, -0.191677243, 0.119567923, 0, 0.383354485,
        0.239135846, 0.934844732, 0.958386183, 0.478271693,
      ],
    );
    expectClose(F.cosineSimilarity(a, b), [0.780719995, 0.467556208]);
    expectClose(new nn.CosineSimilarity()(a, b), [0.780719995, 0.467556208]);
    expectClose(F.pairwiseDistance(a, b), [3.16227889, 6.49999857]);
    expectClose(new nn.PairwiseDistance({ keepdim: true })(a, b), [3.16227889, 6.49999857]);
  });
});

describe('training', () => {
  it('moves parameters of every layer', () => {
    manualSeed(0);
    const net = new nn.Sequential(
      new nn.Embedding(5, 4),
      new nn.Flatten(),
      new nn.Linear(8, 6),
      new nn.BatchNorm1d(6),
      new nn.PReLU(),
      new nn.LayerNorm(6),
      new nn.Dropout({ p: 0.1 }),
      new nn.Linear(6, 1),
    );
    const words = tensor([
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
    ]);
    const target = floats([[0], [1], [0], [1]]);
    const loss = (): Tensor => net(words).sub(target).square().mean();
    const before = net.eval()(words).sub(target).square().mean().item();
    net.train();
    for (let step = 0; step < 60; step++) {
      net.zeroGrad();
      loss().backward();
      noGrad(() => {
        for (const p of net.parameters()) p.sub_(p.grad!, { alpha: 0.05 });
      });
    }
    expect(net.eval()(words).sub(target).square().mean().item()).toBeLessThan(before / 2);
  });
});
