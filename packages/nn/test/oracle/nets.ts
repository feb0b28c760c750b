/** The nets of tools/oracle/structures.py, by the same names. */

import { ones, type Tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';

class Residual extends nn.Module<[Tensor], Tensor> {
  scale = new nn.Parameter(ones([3]));
  body = new nn.Sequential(new nn.Linear(3, 3), new nn.GELU());
  norm = new nn.LayerNorm([3]);

  constructor() {
    super();
    this.registerBuffer('running_total', zeros([2]));
    this.registerBuffer('scratch', zeros([1]), { persistent: false });
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Shared extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(2, 2);
  second = this.first;

  override forward(x: Tensor): Tensor {
    return this.second(this.first(x));
  }
}

class Empty extends nn.Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

export const nets: Readonly<Record<string, () => unknown>> = {
  linear: () => new nn.Linear(3, 4),
  linearNoBias: () => new nn.Linear(3, 4, { bias: false }),
  mlp: () => new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)),
  nested: () =>
    new nn.Sequential(
      new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh()),
      new nn.Sequential(new nn.Linear(3, 1), new nn.Sigmoid()),
    ),
  repeated: () =>
    new nn.Sequential(
      new nn.Linear(2, 2),
      new nn.Linear(2, 2),
      new nn.Linear(2, 2),
      new nn.ReLU(),
      new nn.ReLU(),
    ),
  list: () => new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(3, 4), new nn.Linear(3, 4)]),
  dict: () =>
    new nn.ModuleDict({ encoder: new nn.Linear(4, 2), act: new nn.LeakyReLU(), head: new nn.Identity() }),
  parameterList: () => new nn.ParameterList([new nn.Parameter(zeros([2, 3])), new nn.Parameter(zeros([4]))]),
  convolutions: () =>
    new nn.Sequential(
      new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, dilation: 2, groups: 2 }),
      new nn.Conv2d(3, 4, [3, 2], { padding: 'same', bias: false }),
      new nn.Conv3d(1, 2, 2, { paddingMode: 'circular' }),
      new nn.ConvTranspose2d(3, 4, 3, { stride: 2, outputPadding: 1 }),
      new nn.Fold([4, 5], 2),
      new nn.Unfold(2, { stride: 2 }),
    ),
  norms: () =>
    new nn.Sequential(
      new nn.GroupNorm(2, 4),
      new nn.GroupNorm(2, 4, { affine: false }),
      new nn.InstanceNorm1d(3),
      new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }),
      new nn.LocalResponseNorm(2, { k: 2 }),
      new nn.RMSNorm(4),
      new nn.BatchNorm2d(3),
    ),
  paddings: () =>
    new nn.Sequential(
      new nn.ConstantPad1d(2, 3.5),
      new nn.ConstantPad2d([1, 2, 3, 4], 1),
      new nn.ZeroPad3d(1),
      new nn.ReflectionPad2d(2),
      new nn.ReplicationPad1d([1, 0]),
      new nn.CircularPad3d(1),
    ),
  resampling: () =>
    new nn.Sequential(
      new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' }),
      new nn.Upsample({ size: [3, 4] }),
      new nn.UpsamplingNearest2d({ scaleFactor: 1.5 }),
      new nn.PixelShuffle(3),
      new nn.PixelUnshuffle(2),
      new nn.ChannelShuffle(2),
    ),
  recurrent: () =>
    new nn.ModuleList<nn.AnyModule>([
      new nn.RNN(3, 4, { nonlinearity: 'relu' }),
      new nn.LSTM(3, 4, {
        ...{ numLayers: 2, bias: false, batchFirst: true, dropout: 0.5, bidirectional: true, projSize: 2 },
      }),
      new nn.GRU(3, 4, { numLayers: 2 }),
      new nn.LSTMCell(3, 4),
      new nn.RNNCell(3, 4, { bias: false, nonlinearity: 'relu' }),
      new nn.GRUCell(3, 4),
    ]),
  transformer: () =>
    new nn.Transformer({
      ...{
        dModel: 8,
        nhead: 2,
        numEncoderLayers: 2,
        numDecoderLayers: 1,
        dimFeedforward: 12,
        activation: 'gelu',
      },
    }),
  attention: () => new nn.MultiheadAttention(8, 2, { addBiasKv: true, kdim: 3 }),
  bags: () => new nn.EmbeddingBag(5, 3, { maxNorm: 1, mode: 'max', paddingIdx: -1 }),
  weightNorm: () => nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2)),
  spectralNorm: () => nn.utils.parametrizations.spectralNorm(new nn.Linear(3, 2)),
  orthogonal: () => nn.utils.parametrizations.orthogonal(new nn.Linear(3, 2)),
  batchNorm: () =>
    new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.BatchNorm1d(8),
      new nn.Dropout({ p: 0.25 }),
      new nn.Linear(8, 2),
    ),
  batchNormPlain: () =>
    new nn.BatchNorm1d(8, { eps: 1e-3, momentum: null, affine: false, trackRunningStats: false }),
  embedding: () => new nn.Embedding(10, 4, { paddingIdx: 0 }),
  embeddingOptions: () => new nn.Embedding(10, 4, { maxNorm: 2, normType: 1, scaleGradByFreq: true }),
  bilinear: () => new nn.Bilinear(2, 3, 4, { bias: false }),
  layerNorm: () => new nn.LayerNorm([3, 4], { eps: 1e-6, elementwiseAffine: false }),
  residual: () => new Residual(),
  shared: () => new Shared(),
  empty: () => new Empty(),
  emptySequential: () => new nn.Sequential(),
  flatten: () => new nn.Sequential(new nn.Flatten(), new nn.Unflatten(1, [2, 3])),
  activations: () =>
    new nn.Sequential(
      new nn.ReLU(),
      new nn.ReLU6(),
      new nn.LeakyReLU({ negativeSlope: 0.2 }),
      new nn.PReLU({ numParameters: 3 }),
      new nn.RReLU(),
      new nn.ELU({ alpha: 0.5 }),
      new nn.CELU(),
      new nn.SELU(),
      new nn.GELU(),
      new nn.GELU({ approximate: 'tanh' }),
      new nn.SiLU(),
      new nn.Mish(),
      new nn.Hardswish(),
      new nn.Hardsigmoid(),
      new nn.Hardtanh({ minVal: -2, maxVal: 2 }),
      new nn.Hardshrink(),
      new nn.Softshrink({ lambd: 0.25 }),
      new nn.Tanhshrink(),
      new nn.Softplus({ beta: 2, threshold: 10 }),
      new nn.Softsign(),
      new nn.Sigmoid(),
      new nn.LogSigmoid(),
      new nn.Tanh(),
      new nn.Threshold(0.5, -1.5),
      new nn.GLU(),
      new nn.GLU(1),
      new nn.Softmin(1),
      new nn.Softmax(1),
      new nn.Softmax2d(),
      new nn.LogSoftmax(-1),
    ),
  losses: () =>
    new nn.ModuleList([
      new nn.MSELoss(),
      new nn.CrossEntropyLoss({ weight: ones([3]) }),
      new nn.BCEWithLogitsLoss(),
    ]),
  weightedLoss: () => new nn.CrossEntropyLoss({ weight: ones([3]), reduction: 'sum' }),
  adaptive: () => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]),
};
