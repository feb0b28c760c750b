/** Every layer of @kindling/nn, with inputs for any size of the batch. */
import { arange, ones, rand, randint, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as activationFaces from '../../../nn/src/activations/index.ts';
import type { Case } from './run.ts';

type Make = () => Case;

/** A layer of one input, whose shape is the batch's size and these. */
const of = (model: nn.AnyModule, ...shape: number[]): Case => ({
  model,
  inputs: (n) => [randn([n, ...shape])],
});
const layers = (
  cases: Readonly<Record<string, readonly [() => nn.AnyModule, ...number[]]>>,
): Record<string, Make> =>
  Object.fromEntries(
    Object.entries(cases).map(([name, [make, ...shape]]) => [name, () => of(make(), ...shape)]),
  );

/** A lazy layer that has seen an input. */
function woken<M extends nn.AnyModule>(model: M, ...shape: number[]): M {
  (model as unknown as (x: Tensor) => unknown)(randn([2, ...shape]));
  return model;
}

/** Statistics of a training that went on for a while. */
function seasoned<M extends nn.AnyModule>(model: M, ...shape: number[]): M {
  model.train();
  (model as unknown as (x: Tensor) => unknown)(randn(shape).mul(2).add(0.5));
  for (const p of model.parameters()) nn.init.uniform_(p as nn.Parameter, { a: 0.5, b: 1.5 });
  return model;
}

/** Every activation as it is made without arguments; with others, or of inputs of another shape, below. */
const plainActivations = Object.fromEntries(
  Object.entries(activationFaces)
    .filter(([, face]) => face.prototype instanceof nn.Module)
    .map(([name, face]) => [name, [() => new (face as new () => nn.AnyModule)(), 3, 4] as const]),
);

const activations = layers({
  ...plainActivations,
  CELU: [() => new nn.CELU({ alpha: 0.7 }), 3, 4],
  ELU: [() => new nn.ELU({ alpha: 0.5 }), 3, 4],
  'GELU by tanh': [() => new nn.GELU({ approximate: 'tanh' }), 3, 4],
  'GLU of channels': [() => new nn.GLU(1), 4, 3],
  Hardtanh: [() => new nn.Hardtanh({ minVal: -0.5, maxVal: 0.7 }), 3, 4],
  LeakyReLU: [() => new nn.LeakyReLU({ negativeSlope: 0.2 }), 3, 4],
  LogSoftmax: [() => new nn.LogSoftmax(1), 3, 4],
  'PReLU of channels': [() => new nn.PReLU({ numParameters: 3 }), 3, 4],
  'ReLU in place': [() => new nn.Sequential(new nn.Linear(4, 4), new nn.ReLU({ inplace: true })), 3, 4],
  Softmax: [() => new nn.Softmax(1), 3, 4],
  Softmax2d: [() => new nn.Softmax2d(), 3, 2, 2],
  Softmin: [() => new nn.Softmin(1), 3, 4],
  Softplus: [() => new nn.Softplus({ beta: 2, threshold: 1 }), 3, 4],
  Threshold: [() => new nn.Threshold(0.1, -2), 3, 4],
});

const simple = layers({
  Identity: [() => new nn.Identity(), 3],
  Linear: [() => new nn.Linear(4, 3), 4],
  'Linear of sequences, without bias': [() => new nn.Linear(4, 3, { bias: false }), 2, 4],
  LazyLinear: [() => woken(new nn.LazyLinear(3), 4), 4],
  Flatten: [() => new nn.Flatten(), 2, 3],
  Unflatten: [() => new nn.Unflatten(1, [2, 3]), 6],
  Dropout: [() => new nn.Dropout(), 4],
  Dropout1d: [() => new nn.Dropout1d(), 3, 4],
  Dropout2d: [() => new nn.Dropout2d(), 3, 4, 4],
  Dropout3d: [() => new nn.Dropout3d(), 2, 2, 2, 2],
  AlphaDropout: [() => new nn.AlphaDropout(), 4],
  FeatureAlphaDropout: [() => new nn.FeatureAlphaDropout(), 3, 4],
  Sequential: [() => new nn.Sequential(new nn.Linear(4, 3), new nn.Tanh(), new nn.Linear(3, 2)), 4],
});

const convolutions = layers({
  Conv1d: [() => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }), 4, 9],
  Conv2d: [() => new nn.Conv2d(3, 4, [3, 2], { dilation: 2 }), 3, 8, 7],
  'Conv2d, same': [() => new nn.Conv2d(3, 4, [3, 2], { padding: 'same', bias: false }), 3, 6, 5],
  'Conv2d, reflected': [() => new nn.Conv2d(3, 4, 3, { padding: 1, paddingMode: 'reflect' }), 3, 6, 5],
  Conv3d: [() => new nn.Conv3d(2, 3, 2, { paddingMode: 'circular', padding: 1 }), 2, 4, 3, 3],
  ConvTranspose1d: [() => new nn.ConvTranspose1d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }), 4, 5],
  ConvTranspose2d: [
    () => new nn.ConvTranspose2d(3, 4, 3, { stride: 2, outputPadding: 1, dilation: 2 }),
    3,
    4,
    5,
  ],
  ConvTranspose3d: [() => new nn.ConvTranspose3d(2, 3, 2, { stride: 2 }), 2, 3, 2, 2],
  LazyConv1d: [() => woken(new nn.LazyConv1d(3, 2), 2, 5), 2, 5],
  LazyConv2d: [() => woken(new nn.LazyConv2d(3, 2), 2, 5, 4), 2, 5, 4],
  LazyConv3d: [() => woken(new nn.LazyConv3d(3, 2), 2, 3, 4, 3), 2, 3, 4, 3],
  LazyConvTranspose1d: [() => woken(new nn.LazyConvTranspose1d(3, 2), 2, 5), 2, 5],
  LazyConvTranspose2d: [() => woken(new nn.LazyConvTranspose2d(3, 2), 2, 5, 4), 2, 5, 4],
  LazyConvTranspose3d: [() => woken(new nn.LazyConvTranspose3d(3, 2), 2, 3, 4, 3), 2, 3, 4, 3],
  Fold: [() => new nn.Fold([4, 5], 2, { padding: 1, stride: 2 }), 8, 9],
  Unfold: [() => new nn.Unfold([2, 3], { padding: 1, dilation: 2 }), 2, 5, 6],
  ChannelShuffle: [() => new nn.ChannelShuffle(2), 4, 3, 3],
  PixelShuffle: [() => new nn.PixelShuffle(2), 8, 3, 2],
  PixelUnshuffle: [() => new nn.PixelUnshuffle(2), 2, 4, 6],
});

const pools = layers({
  MaxPool1d: [() => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), 2, 8],
  MaxPool2d: [() => new nn.MaxPool2d(3, { stride: 2, ceilMode: true }), 2, 8, 6],
  'MaxPool2d with places': [() => new nn.MaxPool2d(2, { returnIndices: true }), 2, 6, 4],
  MaxPool3d: [() => new nn.MaxPool3d(2, { dilation: 2, stride: 1 }), 2, 4, 5, 4],
  AvgPool1d: [() => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), 2, 8],
  AvgPool2d: [
    () => new nn.AvgPool2d(3, { stride: 2, ceilMode: true, countIncludePad: false, padding: 1 }),
    2,
    8,
    6,
  ],
  'AvgPool2d, divided': [() => new nn.AvgPool2d(2, { divisorOverride: 3 }), 2, 4, 6],
  AvgPool3d: [() => new nn.AvgPool3d(2, { ceilMode: true, padding: 1 }), 2, 4, 5, 4],
  LPPool1d: [() => new nn.LPPool1d(2, 3), 2, 8],
  LPPool2d: [() => new nn.LPPool2d(1.5, 2), 2, 6, 4],
  LPPool3d: [() => new nn.LPPool3d(3, 2), 2, 4, 4, 4],
  AdaptiveAvgPool1d: [() => new nn.AdaptiveAvgPool1d(3), 2, 7],
  AdaptiveAvgPool2d: [() => new nn.AdaptiveAvgPool2d([2, 3]), 2, 6, 7],
  'AdaptiveAvgPool2d to one': [() => new nn.AdaptiveAvgPool2d(1), 2, 6, 7],
  AdaptiveAvgPool3d: [() => new nn.AdaptiveAvgPool3d(2), 2, 4, 5, 3],
  AdaptiveMaxPool1d: [() => new nn.AdaptiveMaxPool1d(3, { returnIndices: true }), 2, 7],
  AdaptiveMaxPool2d: [() => new nn.AdaptiveMaxPool2d([2, 3]), 2, 6, 7],
  AdaptiveMaxPool3d: [() => new nn.AdaptiveMaxPool3d(2, { returnIndices: true }), 2, 4, 5, 3],
});

const paddings = layers({
  CircularPad1d: [() => new nn.CircularPad1d([1, 2]), 2, 5],
  CircularPad2d: [() => new nn.CircularPad2d(1), 2, 5, 4],
  CircularPad3d: [() => new nn.CircularPad3d(1), 2, 3, 4, 3],
  ConstantPad1d: [() => new nn.ConstantPad1d([1, -1], 2.5), 2, 5],
  ConstantPad2d: [() => new nn.ConstantPad2d([1, 2, 0, 1], -1), 2, 5, 4],
  ConstantPad3d: [() => new nn.ConstantPad3d(1, 0.5), 2, 3, 4, 3],
  ReflectionPad1d: [() => new nn.ReflectionPad1d(2), 2, 5],
  ReflectionPad2d: [() => new nn.ReflectionPad2d([1, 2, 0, 1]), 2, 5, 4],
  ReflectionPad3d: [() => new nn.ReflectionPad3d(1), 2, 3, 4, 3],
  ReplicationPad1d: [() => new nn.ReplicationPad1d([0, 3]), 2, 5],
  ReplicationPad2d: [() => new nn.ReplicationPad2d(2), 2, 5, 4],
  ReplicationPad3d: [() => new nn.ReplicationPad3d(1), 2, 3, 4, 3],
  ZeroPad1d: [() => new nn.ZeroPad1d(1), 2, 5],
  ZeroPad2d: [() => new nn.ZeroPad2d([1, 0, 2, 0]), 2, 5, 4],
  ZeroPad3d: [() => new nn.ZeroPad3d(1), 2, 3, 4, 3],
});

const normalizations = layers({
  BatchNorm1d: [() => seasoned(new nn.BatchNorm1d(4), 8, 4), 4],
  'BatchNorm1d of sequences': [() => seasoned(new nn.BatchNorm1d(4), 8, 4, 5), 4, 5],
  BatchNorm2d: [() => seasoned(new nn.BatchNorm2d(3, { eps: 1e-3 }), 8, 3, 4, 5), 3, 4, 5],
  'BatchNorm2d without factors': [
    () => seasoned(new nn.BatchNorm2d(3, { affine: false }), 8, 3, 4, 5),
    3,
    4,
    5,
  ],
  'BatchNorm2d of the batch': [
    () => seasoned(new nn.BatchNorm2d(3, { trackRunningStats: false }), 8, 3, 4, 5),
    3,
    4,
    5,
  ],
  BatchNorm3d: [() => seasoned(new nn.BatchNorm3d(2), 4, 2, 3, 4, 3), 2, 3, 4, 3],
  LazyBatchNorm1d: [() => seasoned(new nn.LazyBatchNorm1d(), 8, 4), 4],
  LazyBatchNorm2d: [() => seasoned(new nn.LazyBatchNorm2d(), 8, 3, 4, 5), 3, 4, 5],
  LazyBatchNorm3d: [() => seasoned(new nn.LazyBatchNorm3d(), 4, 2, 3, 4, 3), 2, 3, 4, 3],
  GroupNorm: [() => seasoned(new nn.GroupNorm(2, 4), 2, 4, 5), 4, 5],
  'GroupNorm of images': [() => new nn.GroupNorm(3, 6, { affine: false }), 6, 3, 4],
  InstanceNorm1d: [() => new nn.InstanceNorm1d(3), 3, 6],
  InstanceNorm2d: [() => seasoned(new nn.InstanceNorm2d(3, { affine: true }), 2, 3, 4, 5), 3, 4, 5],
  'InstanceNorm2d of a training': [
    () => seasoned(new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }), 2, 3, 4, 5),
    3,
    4,
    5,
  ],
  InstanceNorm3d: [() => new nn.InstanceNorm3d(2), 2, 3, 4, 3],
  LazyInstanceNorm1d: [() => seasoned(new nn.LazyInstanceNorm1d({ affine: true }), 2, 3, 6), 3, 6],
  LazyInstanceNorm2d: [() => seasoned(new nn.LazyInstanceNorm2d(), 2, 3, 4, 5), 3, 4, 5],
  LazyInstanceNorm3d: [() => seasoned(new nn.LazyInstanceNorm3d(), 2, 2, 3, 4, 3), 2, 3, 4, 3],
  LayerNorm: [() => seasoned(new nn.LayerNorm([3, 4]), 2, 3, 4), 3, 4],
  'LayerNorm of sequences': [() => new nn.LayerNorm(4, { eps: 1e-3, elementwiseAffine: false }), 3, 4],
  RMSNorm: [() => seasoned(new nn.RMSNorm(4), 2, 3, 4), 3, 4],
  LocalResponseNorm: [() => new nn.LocalResponseNorm(3, { k: 2, alpha: 0.1 }), 4, 3, 3],
});

/** The elements of a volume at places that follow from itself. */
class Sampled extends nn.Module<[Tensor], Tensor> {
  readonly mode: 'bilinear' | 'nearest' | 'bicubic';

  constructor(mode: 'bilinear' | 'nearest' | 'bicubic') {
    super();
    this.mode = mode;
  }

  override forward(x: Tensor): Tensor {
    return nn.functional.gridSample(x, x.narrow(1, 0, 3).permute(0, 2, 3, 4, 1).mul(1.5), {
      mode: this.mode,
    });
  }
}

const resamplings = layers({
  Upsample: [() => new nn.Upsample({ scaleFactor: 2 }), 2, 3, 4],
  'Upsample to a size': [() => new nn.Upsample({ size: [5, 7] }), 2, 3, 4],
  'gridSample in a volume': [() => new Sampled('bilinear'), 4, 2, 3, 4],
  'gridSample of cubes in a volume': [() => new Sampled('bicubic'), 4, 2, 3, 4],
  'Upsample by 1.5': [() => new nn.Upsample({ scaleFactor: 1.5, mode: 'bilinear' }), 2, 3, 5],
  'Upsample, linear': [() => new nn.Upsample({ scaleFactor: 3, mode: 'linear' }), 2, 5],
  'Upsample, bilinear': [
    () => new nn.Upsample({ size: [5, 3], mode: 'bilinear', alignCorners: true }),
    2,
    3,
    5,
  ],
  'Upsample, bicubic': [() => new nn.Upsample({ scaleFactor: 2, mode: 'bicubic' }), 2, 4, 5],
  'Upsample, trilinear': [() => new nn.Upsample({ scaleFactor: 2, mode: 'trilinear' }), 2, 3, 2, 4],
  'Upsample, nearest-exact': [() => new nn.Upsample({ size: [5, 7], mode: 'nearest-exact' }), 2, 3, 4],
  'Upsample, area': [() => new nn.Upsample({ size: [2, 3], mode: 'area' }), 2, 5, 6],
  UpsamplingNearest2d: [() => new nn.UpsamplingNearest2d({ scaleFactor: 1.5 }), 2, 3, 4],
  UpsamplingBilinear2d: [() => new nn.UpsamplingBilinear2d({ scaleFactor: 2 }), 2, 3, 4],
});

const batchSecond = { batch: [1] } as const;
const recurrent: Record<string, Make> = {
  ...layers({
    'RNN, batch first': [() => new nn.RNN(3, 4, { batchFirst: true }), 5, 3],
    'LSTM, batch first': [
      () => new nn.LSTM(3, 4, { batchFirst: true, numLayers: 2, bidirectional: true }),
      5,
      3,
    ],
    'LSTM with projections': [() => new nn.LSTM(3, 4, { batchFirst: true, projSize: 2 }), 3, 3],
    'GRU, batch first': [() => new nn.GRU(3, 4, { batchFirst: true, numLayers: 2, bias: false }), 5, 3],
    RNNCell: [() => new nn.RNNCell(3, 4, { nonlinearity: 'relu' }), 3],
    LSTMCell: [() => new nn.LSTMCell(3, 4), 3],
    GRUCell: [() => new nn.GRUCell(3, 4, { bias: false }), 3],
  }),
  RNN: () => ({
    model: new nn.RNN(3, 4, { nonlinearity: 'relu', bidirectional: true }),
    inputs: (n) => [randn([5, n, 3])],
    options: batchSecond,
  }),
  'LSTM with a state': () => ({
    model: new nn.LSTM(3, 4, { numLayers: 2, dropout: 0.5 }),
    inputs: (n) => [randn([5, n, 3]), [randn([2, n, 4]), randn([2, n, 4])]],
    options: { batch: [1, 1, 1] },
  }),
  'GRU with a state': () => ({
    model: new nn.GRU(3, 4, { bidirectional: true }),
    inputs: (n) => [randn([5, n, 3]), randn([2, n, 4])],
    options: { batch: [1, 1] },
  }),
  LSTM: () => ({ model: new nn.LSTM(3, 4), inputs: () => [randn([5, 3])], options: { batch: false } }),
  GRU: () => ({ model: new nn.GRU(3, 4), inputs: (n) => [randn([5, n, 3])], options: batchSecond }),
  'GRUCell with a state': () => ({
    model: new nn.GRUCell(3, 4),
    inputs: (n) => [randn([n, 3]), randn([n, 4])],
  }),
};

const d = { dModel: 8, nhead: 2 };
const attention: Record<string, Make> = {
  ...layers({
    TransformerEncoderLayer: [
      () => new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, batchFirst: true }),
      5,
      8,
    ],
    'TransformerEncoderLayer, norm first': [
      () =>
        new nn.TransformerEncoderLayer(8, 2, {
          dimFeedforward: 12,
          batchFirst: true,
          normFirst: true,
          activation: 'gelu',
        }),
      5,
      8,
    ],
    TransformerEncoder: [
      () =>
        new nn.TransformerEncoder(
          new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 12, batchFirst: true }),
          2,
        ),
      5,
      8,
    ],
  }),
  MultiheadAttention: () => ({
    model: new nn.MultiheadAttention(8, 2, { batchFirst: true }),
    inputs: (n) => [randn([n, 4, 8]), randn([n, 5, 8]), randn([n, 5, 8])],
  }),
  'MultiheadAttention without weights': () => ({
    model: new nn.MultiheadAttention(8, 2, { batchFirst: true, kdim: 3, vdim: 5 }),
    inputs: (n) => [randn([n, 4, 8]), randn([n, 5, 3]), randn([n, 5, 5]), { needWeights: false }],
  }),
  'MultiheadAttention, sequence first': () => ({
    model: new nn.MultiheadAttention(8, 2, { addBiasKv: true }),
    inputs: (n) => [randn([4, n, 8]), randn([5, n, 8]), randn([5, n, 8])],
    options: { batch: [1, 1, 1] },
  }),
  TransformerDecoderLayer: () => ({
    model: new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 12, batchFirst: true }),
    inputs: (n) => [randn([n, 4, 8]), randn([n, 5, 8])],
  }),
  TransformerDecoder: () => ({
    model: new nn.TransformerDecoder(
      new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 12, batchFirst: true }),
      2,
    ),
    inputs: (n) => [randn([n, 4, 8]), randn([n, 5, 8])],
  }),
  Transformer: () => ({
    model: new nn.Transformer({
      ...d,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 12,
      batchFirst: true,
    }),
    inputs: (n) => [randn([n, 4, 8]), randn([n, 5, 8])],
  }),
};

const lookups: Record<string, Make> = {
  Embedding: () => ({
    model: new nn.Embedding(7, 3),
    inputs: (n) => [randint(0, 7, [n, 4], { dtype: 'int32' })],
  }),
  'Embedding with a padding row': () => ({
    model: new nn.Embedding(7, 3, { paddingIdx: 0 }),
    inputs: (n) => [randint(0, 7, [n], { dtype: 'int32' })],
  }),
  'Embedding whose rows are shortened': () => ({
    model: new nn.Embedding(7, 3, { maxNorm: 0.5 }),
    inputs: (n) => [randint(0, 7, [n, 4], { dtype: 'int32' })],
  }),
  EmbeddingBag: () => ({
    model: new nn.EmbeddingBag(7, 3),
    inputs: (n) => [randint(0, 7, [n, 4], { dtype: 'int32' })],
  }),
  'EmbeddingBag of sums': () => ({
    model: new nn.EmbeddingBag(7, 3, { mode: 'sum' }),
    inputs: (n) => [randint(0, 7, [n, 4], { dtype: 'int32' }), { perSampleWeights: rand([n, 4]) }],
  }),
  'EmbeddingBag of maxima': () => ({
    model: new nn.EmbeddingBag(7, 3, { mode: 'max', paddingIdx: 1 }),
    inputs: (n) => [randint(0, 7, [n, 4], { dtype: 'int32' })],
  }),
  'EmbeddingBag with offsets': () => ({
    model: new nn.EmbeddingBag(7, 3),
    inputs: () => [tensor([1, 2, 4, 5, 4, 3, 2, 6]), { offsets: tensor([0, 3, 4]) }],
    options: { batch: false },
  }),
};

const pairs: Record<string, Make> = {
  Bilinear: () => ({ model: new nn.Bilinear(3, 4, 2), inputs: (n) => [randn([n, 3]), randn([n, 4])] }),
  CosineSimilarity: () => ({
    model: new nn.CosineSimilarity(),
    inputs: (n) => [randn([n, 5]), randn([n, 5])],
  }),
  PairwiseDistance: () => ({
    model: new nn.PairwiseDistance({ p: 3 }),
    inputs: (n) => [randn([n, 5]), randn([n, 5])],
  }),
  MaxUnpool1d: () => ({
    model: new nn.MaxUnpool1d(2),
    inputs: (n) => [
      randn([n, 1, 3]),
      tensor([[1, 2, 5]])
        .expand([n, 1, 3])
        .contiguous(),
    ],
  }),
  MaxUnpool2d: () => ({
    model: new nn.MaxUnpool2d(2),
    inputs: (n) => [
      randn([n, 2, 2, 2]),
      tensor([
        [0, 3],
        [9, 14],
      ])
        .expand([n, 2, 2, 2])
        .contiguous(),
    ],
  }),
  MaxUnpool3d: () => ({
    model: new nn.MaxUnpool3d(2),
    inputs: (n) => [randn([n, 1, 1, 1, 2]), tensor([3, 13]).expand([n, 1, 1, 1, 2]).contiguous()],
  }),
};

/** Containers, which are no layers of their own but stand in models. */
class Listed extends nn.Module<[Tensor], Tensor> {
  list = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
  dict = new nn.ModuleDict({ a: new nn.Linear(4, 3) });
  weights = new nn.ParameterList([
    new nn.Parameter(ones([3])),
    new nn.Parameter(arange(3, { dtype: 'float32' })),
  ]);
  named = new nn.ParameterDict({ scale: new nn.Parameter(rand([3])) });

  override forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this.list) y = (layer as nn.Linear)(y).tanh();
    y = (this.dict.get('a') as nn.Linear)(y);
    for (const weight of this.weights) y = y.add(weight);
    return y.mul(this.named.get('scale') as Tensor);
  }
}
const containers: Record<string, Make> = { 'ModuleList and its kin': () => of(new Listed(), 4) };

export const families: Readonly<Record<string, Readonly<Record<string, Make>>>> = {
  activations,
  simple,
  convolutions,
  pools,
  paddings,
  normalizations,
  resamplings,
  recurrent,
  attention,
  lookups,
  pairs,
  containers,
};
