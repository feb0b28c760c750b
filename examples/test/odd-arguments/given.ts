/** Right arguments of functions that no example calls, and that want more than a few simple values. */
import * as core from '@kindling/core';
import * as metrics from '@kindling/metrics';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

const { ones, tensor, zeros } = core;
const { lrScheduler } = optim;
const sgd = () => new optim.SGD([ones([1], { requiresGrad: true })], { momentum: 0.9 });
const x = () => ones([3, 3]);
const index = () => tensor([[0, 1, 2]], { dtype: 'int32' });
const row = () => tensor([0, 2], { dtype: 'int32' });
const cube = () => ones([2, 3, 3]);
const double = core.definePrimitive({
  name: 'double',
  saves: 0,
  infer: ([a]) => ({ shape: a.shape, dtype: a.dtype }),
  kernel: ([a], _, out) => out.storage.array.set(core.elementsOf(a).map((v) => 2 * v)),
  derivative: (g) => [g.mul(2)],
});
const twice = core.defineMulti({
  name: 'twice',
  saves: 0,
  infer: ([a]) => [a, a].map(({ shape, dtype }) => ({ shape, dtype })),
  kernel: ([a], _, outs) => {
    for (const out of outs) out.storage.array.set(core.elementsOf(a));
  },
  derivative: ([g]) => [g ?? null],
});
const whole = core.defineView({
  name: 'whole',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
  derivative: (g) => g,
});
const axpy = new core.ElementwiseOp({
  name: 'axpy',
  arity: 2,
  expression: (a, b, k) => core.E.add(core.E.mul(k, a), b),
});
const twofold = new core.ElementwiseOp({
  name: 'twofold',
  arity: 1,
  expression: (a) => core.E.mul(a, 2),
});
const attributes = { dim: 1, ignoreIndex: -100, labelSmoothing: 0, reduction: 'mean', caller: 'mine' };
const normalisation = () => ({
  runningMean: zeros(3),
  runningVar: ones(3),
  eps: 1e-5,
  weight: null,
  bias: null,
});
const alignments = () => [ones([2, 1, 3]), tensor([[1]]), tensor([2]), tensor([1])];

/** By name: for a function that is a method too, the first argument is what the method is called on. */
export const given: Readonly<Record<string, () => unknown[]>> = {
  'autograd.registerHook': () => [ones(2, { requiresGrad: true }), () => undefined],
  'autograd.registerPostAccumulateGradHook': () => [ones(2, { requiresGrad: true }), () => undefined],
  'autograd.retainGrad': () => [ones(2, { requiresGrad: true }).mul(2)],
  'autograd.backward': () => [[ones(2, { requiresGrad: true }).sum()], {}],
  'autograd.grad': () => {
    const w = ones(2, { requiresGrad: true });
    return [w.square().sum(), [w], {}];
  },
  backward: () => [ones(2, { requiresGrad: true }).sum(), {}],
  canCast: () => ['int32', 'float32'],
  isFloatingPoint: () => ['int32'],
  promoteTypes: () => ['int32', 'float32'],
  'io.safetensorsMetadata': () => [core.io.saveSafetensors({ a: x() })],
  applyInPlace: () => [double, [x()], undefined],
  applyMulti: () => [twice, [x()], undefined],
  applyView: () => [whole, x(), undefined],
  defineMulti: () => [twice],
  defineView: () => [whole],
  filled: () => [[2], 1, 'float32'],
  setDefaultDtype: () => ['float64'],
  applyUnary: () => [twofold, x(), []],
  applyElementwise: () => [axpy, [x(), x()], [2]],
  applyElementwiseInPlace: () => [axpy, [x(), x()], [2]],
  clamp: () => [x(), { min: 0, max: 1 }],
  clamp_: () => [x(), { min: 0, max: 1 }],
  clip: () => [x(), { min: 0, max: 1 }],
  asStridedCopy: () => [x(), [2, 2], [3, 1]],
  asStridedScatter: () => [x(), ones([2, 2]), [2, 2], [3, 1], { storageOffset: 1 }],
  narrowCopy: () => [x(), 0, 1, 2],
  nonzeroStatic: () => [x(), { size: 4 }],
  renorm: () => [x(), 2, 0, 1],
  renorm_: () => [x(), 2, 0, 1],
  'signal.windows.generalCosine': () => [5, { a: [0.5, 0.5] }],
  bitwiseAnd: () => [index(), index()],
  bitwiseOr: () => [index(), index()],
  bitwiseXor: () => [index(), index()],
  bitwiseNot: () => [index()],
  gather: () => [x(), 0, index()],
  scatter: () => [x(), 0, index(), ones([1, 3]), { reduce: 'add' }],
  scatter_: () => [x(), 0, index(), ones([1, 3])],
  scatterAdd: () => [x(), 0, index(), ones([1, 3])],
  scatterAdd_: () => [x(), 0, index(), ones([1, 3])],
  scatterReduce: () => [x(), 0, index(), ones([1, 3]), 'sum', {}],
  scatterReduce_: () => [x(), 0, index(), ones([1, 3]), 'sum', {}],
  indexAdd: () => [x(), 0, row(), ones([2, 3]), { alpha: 2 }],
  indexAdd_: () => [x(), 0, row(), ones([2, 3])],
  indexCopy: () => [x(), 0, row(), ones([2, 3])],
  indexCopy_: () => [x(), 0, row(), ones([2, 3])],
  indexFill: () => [x(), 0, row(), 2],
  indexFill_: () => [x(), 0, row(), 2],
  indexPut: () => [x(), [row()], 2],
  indexPut_: () => [x(), [row()], 2],
  bincount: () => [row(), { minlength: 4 }],
  fusedCrossEntropy: () => [x(), tensor([0, 1, 2]), null, attributes],
  holdsOutside: () => [x(), 0, 1],
  worksInJavaScript: () => ['drawn'],
  copyElements: () => [x(), ones(9)],
  readTableRows: () => [x(), row(), ones([2, 3]), -1],
  addTableRows: () => [ones([2, 3]), row(), x(), { skipped: -1, byFrequency: false }],
  greatestTableRows: () => [x(), row(), row(), zeros([3, 3], { dtype: 'int32' })],
  numberBags: () => [row(), row()],
  normalizeGroups: () => [x(), { name: 'native_layer_norm', samples: 3, parts: 3, eps: 1e-5 }],
  maskClasses: () => [row(), { classes: 3, dim: 1, ignoreIndex: null }, ones([2, 3])],
  sumTaps: () => [
    'y',
    ones([1, 2, 3]),
    zeros([1, 2, 4], { dtype: 'int32' }),
    ones([1, 2, 4]),
    ones([1, 2, 4]),
  ],
  groupRows: () => [row(), [0, 3]],
  weighClasses: () => [row(), null, { classes: 3, scale: 0.5 }, ones([2, 3])],
  multilabelMargins: () => [x(), zeros([3, 3], { dtype: 'int32' }), null, ones(3)],
  alignmentsFit: () => [alignments()],
  alignmentLosses: () => [alignments(), { blank: 0, zeroInfinity: false }, null, ones(1)],
  fusedNll: () => [x(), tensor([0, 1, 2]), null, attributes],
  classShares: () => [tensor([0, 1, 2]), null, -100, 'float32'],
  addmv: () => [ones(3), x(), ones(3), { alpha: 2 }],
  addbmm: () => [x(), cube(), cube(), { alpha: 2 }],
  baddbmm: () => [cube(), cube(), cube(), { alpha: 2 }],
  bmm: () => [cube(), cube()],
  dot: () => [ones(3), ones(3)],
  vdot: () => [ones(3), ones(3)],
  outer: () => [ones(3), ones(3)],
  randintLike: () => [x(), 0, 5],
  selectScatter: () => [x(), ones(3), 0, 1],
  sliceScatter: () => [x(), ones([2, 3]), 0, { start: 0, end: 2 }],
  splitWithSizes: () => [x(), [1, 2], 0],
  dsplit: () => [cube(), 3],
  permute: () => [x(), [1, 0]],
  unflatten: () => [x(), 0, [3, 1]],
  asStrided: () => [x(), [2, 2], [1, 1], { storageOffset: 1 }],
  to: () => [x(), 'float64'],
  'nn.BatchNorm3d#forward': () => [zeros([2, 3, 1, 1, 1])],
  'nn.LazyBatchNorm3d#forward': () => [ones([2, 1, 1, 1, 2])],
  'nn.Conv3d#forward': () => [ones([1, 1, 2, 2, 2])],
  'nn.ConvTranspose2d#forward': () => [ones([1, 1, 2, 2])],
  'nn.ConvTranspose3d#forward': () => [ones([1, 1, 2, 2, 2])],
  'nn.MaxUnpool2d#forward': () => [ones([1, 1, 2, 2]), core.arange(4).view(1, 1, 2, 2)],
  'nn.MaxUnpool3d#forward': () => [ones([1, 1, 2, 2, 2]), core.arange(8).view(1, 1, 2, 2, 2)],
  'nn.GRUCell#forward': () => [ones([3, 10])],
  'nn.TransformerDecoder#forward': () => [ones([3, 4, 8]), ones([5, 4, 8])],
  'nn.F.lpPool2d': () => [ones([1, 4, 4]), 2, 2],
  'nn.F.lpPool3d': () => [ones([1, 4, 4, 4]), 2, 2],
  'nn.FractionalMaxPool3d': () => [2, { outputSize: 2 }],
  'nn.utils.fuseLinearBnEval': () => [new nn.Linear(2, 3).eval(), new nn.BatchNorm1d(3).eval()],
  'nn.utils.fuseConvBnWeights': () => [ones([3, 2, 1]), null, normalisation()],
  'nn.utils.fuseLinearBnWeights': () => [ones([3, 2]), null, normalisation()],
  'nn.utils.rnn.padPackedSequence': () => [nn.utils.rnn.packSequence([ones([2, 3])])],
  'nn.utils.rnn.unpackSequence': () => [nn.utils.rnn.packSequence([ones([2, 3])])],
  'nn.utils.parametrize.removeParametrizations': () => [
    nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2)),
    'weight',
  ],
  fractionalMaxPool3d: () => [ones([1, 4, 4, 4]), 2, { outputSize: 2 }],
  maxUnpool2d: () => [ones([1, 1, 1]), zeros([1, 1, 1], { dtype: 'int32' }), 2],
  maxUnpool3d: () => [ones([1, 1, 1, 1]), zeros([1, 1, 1, 1], { dtype: 'int32' }), 2],
  unfoldCopy: () => [x(), 0, 2, 1],
  splitWithSizesCopy: () => [x(), [1, 2]],
  indexReduce: () => [x(), 0, row(), ones([2, 3]), 'prod'],
  indexReduce_: () => [x(), 0, row(), ones([2, 3]), 'prod'],
  luSolve: () => [x(), core.linalg.luFactor(core.eye(3)).LU, core.linalg.luFactor(core.eye(3)).pivots],
  gcd: () => [row(), row()],
  lcm: () => [row(), row()],
  bitwiseLeftShift: () => [row(), row()],
  bitwiseRightShift: () => [row(), row()],
  gcd_: () => [row(), row()],
  lcm_: () => [row(), row()],
  bitwiseAnd_: () => [index(), index()],
  bitwiseOr_: () => [index(), index()],
  bitwiseXor_: () => [index(), index()],
  bitwiseNot_: () => [index()],
  addmv_: () => [ones(3), x(), ones(3), { alpha: 2 }],
  addbmm_: () => [x(), cube(), cube(), { alpha: 2 }],
  baddbmm_: () => [cube(), cube(), cube(), { alpha: 2 }],
  bitwiseLeftShift_: () => [row(), row()],
  bitwiseRightShift_: () => [row(), row()],
  'nn.GLU#forward': () => [ones([2, 4])],
  ...Object.fromEntries(
    [1, 2, 3].flatMap((rank) => {
      const image = () => ones([1, 2, ...Array<number>(rank).fill(3)]);
      return [
        [`conv${rank}d`, () => [image(), image(), ones(1), { padding: 1 }]],
        [`convTranspose${rank}d`, () => [image(), image().transpose(0, 1), ones(1), { stride: 2 }]],
      ];
    }),
  ),
  im2col: () => [ones([1, 2, 3, 3]), 2, { padding: 1 }],
  col2im: () => [ones([4, 4]), 3, 2, { padding: 0 }],
  'nn.swaUtils.AveragedModel#forward': () => [ones([1, 1])],
  'nn.swaUtils.AveragedModel#getSubmodule': () => ['module'],
  'nn.swaUtils.AveragedModel#getParameter': () => ['module.weight'],
  'nn.swaUtils.AveragedModel#getBuffer': () => ['n_averaged'],
  'nn.swaUtils.AveragedModel#to': () => ['float64'],
  'optim.EarlyStopping#loadStateDict': () => [new optim.EarlyStopping().stateDict()],
  'optim.lrScheduler.ConstantLR#loadStateDict': () => [new lrScheduler.ConstantLR(sgd()).stateDict()],
  'optim.lrScheduler.LambdaLR#loadStateDict': () => [new lrScheduler.LambdaLR(sgd(), () => 1).stateDict()],
  'optim.lrScheduler.ReduceLROnPlateau#loadStateDict': () => [
    new lrScheduler.ReduceLROnPlateau(sgd()).stateDict(),
  ],
  'optim.lrScheduler.ChainedScheduler#loadStateDict': () => {
    const of = sgd();
    const parts = [new lrScheduler.ConstantLR(of), new lrScheduler.ExponentialLR(of, 0.5)];
    return [new lrScheduler.ChainedScheduler(parts).stateDict()];
  },
  'optim.lrScheduler.OneCycleLR#loadStateDict': () => [
    new lrScheduler.OneCycleLR(sgd(), 0.5, { totalSteps: 100 }).stateDict(),
  ],
  'optim.swaUtils.SWALR#loadStateDict': () => [new optim.swaUtils.SWALR(sgd(), 0.5).stateDict()],
  'metrics.MetricCollection': () => [{ mean: new metrics.MeanSquaredError() }],
  'metrics.MetricCollection#merge': () => [
    new metrics.MetricCollection({ mean: new metrics.MeanSquaredError() }),
  ],
  'metrics.MetricCollection#loadStateDict': () => [
    new metrics.MetricCollection({ mean: new metrics.MeanSquaredError() }).stateDict(),
  ],
  'nn.F.bilinear': () => [ones([2, 3]), ones([2, 3]), ones([4, 3, 3]), ones(4)],
};
