import './methods.ts';

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
export * as E from './kernels/expression/index.ts';
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
} from './ops/arranging/joining.ts';
export { type PadOptions, pad } from './ops/arranging/pad.ts';
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
} from './ops/arranging/rearrange.ts';
export {
  type TriangleIndicesOptions,
  type TriangleOptions,
  tril,
  trilIndices,
  triu,
  triuIndices,
} from './ops/arranging/triangle.ts';
export { clone, contiguous, detach, to } from './ops/creation/copy.ts';
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
} from './ops/creation/fill.ts';
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
} from './ops/creation/tensor.ts';
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
} from './ops/elementwise/arithmetic.ts';
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
} from './ops/elementwise/binary.ts';
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
} from './ops/elementwise/compare.ts';
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
} from './ops/elementwise/functions.ts';
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
} from './ops/elementwise/operation.ts';
export { ElementwiseReduction, type Reduction } from './ops/elementwise/reduced.ts';
export { resultType } from './ops/elementwise/result-type.ts';
export {
  type ClampOptions,
  clamp,
  clampMax,
  clampMin,
  type NanToNumOptions,
  nanToNum,
  where,
} from './ops/elementwise/select.ts';
export { FusedUpdate } from './ops/elementwise/update.ts';
export { gather, takeAlongDim } from './ops/indexing/gather.ts';
export {
  type IndexAddOptions,
  indexAdd,
  indexCopy,
  indexFill,
  indexSelect,
} from './ops/indexing/index-along.ts';
export {
  assign,
  type IndexItem,
  type IndexList,
  type IndexPutOptions,
  type IndexValue,
  index,
  indexPut,
  slice,
} from './ops/indexing/index-items.ts';
export {
  maskedFill,
  maskedScatter,
  maskedSelect,
  type PutOptions,
  put,
  take,
} from './ops/indexing/masked.ts';
export { argwhere, type NonzeroOptions, nonzero, nonzeroTuple } from './ops/indexing/nonzero.ts';
export {
  type ScatterOptions,
  type ScatterReduceOptions,
  type ScatterReduction,
  scatter,
  scatterAdd,
  scatterReduce,
} from './ops/indexing/scatter.ts';
export { type CrossEntropyAttributes, classShares, fusedCrossEntropy } from './ops/losses/cross-entropy.ts';
export { fusedNll, type NllAttributes } from './ops/losses/nll.ts';
export {
  type BincountOptions,
  bincount,
  bucketize,
  oneHot,
  type SearchsortedOptions,
  searchsorted,
} from './ops/order/counting.ts';
export { firstInOrder, kthInOrder } from './ops/order/selection.ts';
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
} from './ops/order/sorting.ts';
export {
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  type UniqueResult,
  unique,
  uniqueConsecutive,
} from './ops/order/unique.ts';
export {
  type CosineSimilarityOptions,
  cdist,
  cosineSimilarity,
  type DistanceOptions,
  dist,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from './ops/products/distance.ts';
export { einsum } from './ops/products/einsum.ts';
export * as linalg from './ops/products/linalg.ts';
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
} from './ops/products/matmul.ts';
export { type MatrixNormOrder, norm } from './ops/products/norm.ts';
export {
  type CrossOptions,
  cross,
  type TensordotOptions,
  tensordot,
  trace,
} from './ops/products/tensordot.ts';
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
} from './ops/random/draws.ts';
export {
  type AminmaxOptions,
  amax,
  amin,
  aminmax,
  argmax,
  argmin,
  max,
  min,
} from './ops/reductions/extremes.ts';
export { type HistogramOptions, histc } from './ops/reductions/histogram.ts';
export { all, any, countNonzero } from './ops/reductions/logical.ts';
export { median, mode, nanmedian } from './ops/reductions/median.ts';
export { std, stdMean, type VarianceOptions, var, variance, varMean } from './ops/reductions/moments.ts';
export { prod } from './ops/reductions/prod.ts';
export {
  type Interpolation,
  nanquantile,
  type QuantileOptions,
  quantile,
} from './ops/reductions/quantile.ts';
export type { Dims, ReduceOptions, SumOptions } from './ops/reductions/reduction.ts';
export { logSoftmax, logsumexp, type SoftmaxOptions, softmax, softmin } from './ops/reductions/softmax.ts';
export { mean, nanmean, nansum, sum } from './ops/reductions/sum.ts';
export { cumprod } from './ops/scans/cumprod.ts';
export { cummax, cummin, cumsum, type DiffOptions, diff, type ScanOptions } from './ops/scans/cumulative.ts';
export { logcumsumexp } from './ops/scans/logcumsumexp.ts';
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
} from './ops/views/parts.ts';
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
} from './ops/views/shape.ts';
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
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from './record/grad-mode.ts';
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
} from './record/index.ts';
export { broadcastShapes, formatShape, type Shape, sameShape } from './shape.ts';
export { Storage } from './storage.ts';
export { type GradHook, Tensor } from './tensor.ts';
