import './methods.ts';

export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from './autograd/grad-mode.ts';
export * as autograd from './autograd/index.ts';
export * as data from './data/index.ts';
export {
  bool,
  canCast,
  type DType,
  dtypes,
  float32,
  float64,
  int32,
  isFloatingPoint,
  promoteTypes,
  type TypedArray,
  uint8,
} from './dtype.ts';
export { AutogradError, DTypeError, IndexError, KindlingError, ShapeError, ValueError } from './errors.ts';
export * as io from './io/index.ts';
export * as E from './kernels/expression.ts';
export {
  type AlphaOptions,
  add,
  addcdiv,
  addcmul,
  type DivOptions,
  div,
  floorDivide,
  fmod,
  lerp,
  mul,
  neg,
  remainder,
  rsub,
  sub,
  type ValueOptions,
} from './ops/arithmetic.ts';
export {
  type ClampOptions,
  clamp,
  clampMax,
  clampMin,
  type NanToNumOptions,
  nanToNum,
  where,
} from './ops/choice.ts';
export {
  allclose,
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  type CloseOptions,
  eq,
  equal,
  ge,
  gt,
  isclose,
  isfinite,
  isinf,
  isnan,
  isneginf,
  isposinf,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  ne,
  signbit,
} from './ops/compare.ts';
export { clone, contiguous, detach, to } from './ops/copy.ts';
export {
  type BincountOptions,
  bincount,
  bucketize,
  oneHot,
  type SearchsortedOptions,
  searchsorted,
} from './ops/counting.ts';
export {
  arange,
  eye,
  type FromBufferOptions,
  fromBuffer,
  type LogspaceOptions,
  linspace,
  logspace,
  type NestedArray,
  tensor,
} from './ops/creation.ts';
export { type CrossEntropyAttributes, classShares, fusedCrossEntropy } from './ops/cross-entropy.ts';
export { cumprod } from './ops/cumprod.ts';
export {
  type CosineSimilarityOptions,
  cdist,
  cosineSimilarity,
  type DistanceOptions,
  dist,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from './ops/distance.ts';
export { einsum } from './ops/einsum.ts';
export {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  type BinaryFunction,
  ElementwiseOp,
  type ElementwiseSpec,
  type Operand,
  type UnaryFunction,
} from './ops/elementwise.ts';
export { ElementwiseReduction, type Reduction } from './ops/elementwise-reduction.ts';
export { type AminmaxOptions, amax, amin, aminmax, argmax, argmin, max, min } from './ops/extremes.ts';
export {
  type CreationOptions,
  empty,
  emptyLike,
  full,
  fullLike,
  getDefaultDtype,
  ones,
  onesLike,
  setDefaultDtype,
  zeros,
  zerosLike,
} from './ops/fill.ts';
export { FusedUpdate } from './ops/fused.ts';
export { gather, takeAlongDim } from './ops/gather.ts';
export { type HistogramOptions, histc } from './ops/histogram.ts';
export { type IndexAddOptions, indexAdd, indexCopy, indexFill, indexSelect } from './ops/index-along.ts';
export {
  assign,
  type IndexItem,
  type IndexList,
  type IndexPutOptions,
  type IndexValue,
  index,
  indexPut,
  slice,
} from './ops/indexing.ts';
export {
  blockDiag,
  cat,
  columnStack,
  concat,
  concatenate,
  dstack,
  hstack,
  rowStack,
  stack,
  vstack,
} from './ops/joining.ts';
export * as linalg from './ops/linalg.ts';
export { logcumsumexp } from './ops/log-scan.ts';
export { maskedFill, maskedScatter, maskedSelect, type PutOptions, put, take } from './ops/masked.ts';
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  digamma,
  erf,
  erfc,
  erfinv,
  exp,
  exp2,
  expm1,
  floor,
  frac,
  lgamma,
  log,
  log1p,
  log2,
  log10,
  logit,
  positive,
  type RoundOptions,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
} from './ops/math.ts';
export {
  addbmm,
  addmm,
  addmv,
  baddbmm,
  bmm,
  dot,
  inner,
  linear,
  matmul,
  mm,
  mv,
  outer,
  type ScaleOptions,
  vdot,
} from './ops/matmul.ts';
export { median, mode, nanmedian } from './ops/median.ts';
export { std, stdMean, type VarianceOptions, var, variance, varMean } from './ops/moments.ts';
export { fusedNll, type NllAttributes } from './ops/nll.ts';
export { argwhere, type NonzeroOptions, nonzero, nonzeroTuple } from './ops/nonzero.ts';
export { type MatrixNormOrder, norm } from './ops/norm.ts';
export { type PadOptions, pad } from './ops/pad.ts';
export {
  atan2,
  copysign,
  fmax,
  fmin,
  heaviside,
  hypot,
  logaddexp,
  logaddexp2,
  maximum,
  minimum,
  pow,
  xlogy,
} from './ops/pairs.ts';
export {
  chunk,
  type DiagonalOptions,
  diag,
  diagEmbed,
  diagonal,
  diagonalScatter,
  dsplit,
  hsplit,
  narrow,
  type SliceRange,
  select,
  selectScatter,
  sliceAlong,
  sliceScatter,
  split,
  splitWithSizes,
  tensorSplit,
  unbind,
  unfold,
  vsplit,
} from './ops/parts.ts';
export { prod } from './ops/prod.ts';
export { type Interpolation, nanquantile, type QuantileOptions, quantile } from './ops/quantile.ts';
export {
  bernoulli,
  type DrawOptions,
  dropoutMask,
  type MultinomialOptions,
  multinomial,
  normal,
  type RandomOptions,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
} from './ops/random.ts';
export {
  cartesianProd,
  flip,
  fliplr,
  flipud,
  type MeshgridOptions,
  meshgrid,
  type RepeatInterleaveOptions,
  repeat,
  repeatInterleave,
  roll,
  rot90,
  tile,
} from './ops/rearrange.ts';
export type { Dims, ReduceOptions, SumOptions } from './ops/reduce.ts';
export { resultType } from './ops/result-type.ts';
export { cummax, cummin, cumsum, type DiffOptions, diff, type ScanOptions } from './ops/scan.ts';
export {
  type ScatterOptions,
  type ScatterReduceOptions,
  type ScatterReduction,
  scatter,
  scatterAdd,
  scatterReduce,
} from './ops/scatter.ts';
export { firstInOrder, kthInOrder } from './ops/selection.ts';
export { logSoftmax, logsumexp, type SoftmaxOptions, softmax, softmin } from './ops/softmax.ts';
export {
  argsort,
  type KthvalueOptions,
  kthvalue,
  msort,
  type SortOptions,
  sort,
  type TopkOptions,
  topk,
  type ValuesAndIndices,
} from './ops/sorting.ts';
export { mean, nanmean, nansum, sum } from './ops/sum.ts';
export { type CrossOptions, cross, type TensordotOptions, tensordot, trace } from './ops/tensordot.ts';
export {
  type TriangleIndicesOptions,
  type TriangleOptions,
  tril,
  trilIndices,
  triu,
  triuIndices,
} from './ops/triangle.ts';
export { all, any, countNonzero } from './ops/truth.ts';
export {
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  type UniqueResult,
  unique,
  uniqueConsecutive,
} from './ops/unique.ts';
export {
  adjoint,
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastTensors,
  broadcastTo,
  expand,
  expandAs,
  flatten,
  moveaxis,
  movedim,
  permute,
  ravel,
  reshape,
  reshapeAs,
  squeeze,
  swapaxes,
  swapdims,
  t,
  transpose,
  unflatten,
  unsqueeze,
  view,
  viewAs,
} from './ops/views.ts';
export {
  apply,
  applyInPlace,
  applyMulti,
  applyView,
  composed,
  defineMulti,
  definePrimitive,
  defineView,
  type GradNode,
  INPUT,
  type Meta,
  type MultiPrimitive,
  type Observer,
  OUTPUT,
  observe,
  type Primitive,
  type ViewPrimitive,
} from './primitive.ts';
export { getPrintOptions, type PrintOptions, setPrintOptions } from './print/options.ts';
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from './random/generator.ts';
export { broadcastShapes, formatShape, type Shape, sameShape } from './shape.ts';
export { Storage } from './storage.ts';
export { type GradHook, Tensor } from './tensor.ts';
