import {
  addcmul,
  applyMulti,
  composed,
  defineMulti,
  formatShape,
  type GradNode,
  noGrad,
  OUTPUT,
  type Shape,
  ShapeError,
  type Tensor,
  ValueError,
} from '@kindling/core';

/** How elements are grouped: element (o, g, i) of the input seen as (outer, groups, inner) belongs to group g. */
interface Grouping {
  readonly outer: number;
  readonly groups: number;
  readonly inner: number;
}

interface StandardizeAttributes extends Grouping {
  readonly eps: number;
}

/** Index of the results of {@link standardize}. */
const NORMALIZED = 0;
const MEAN = 1;
const VARIANCE = 2;

/**
 * The one primitive behind layer and batch normalisation: (x - mean) / sqrt(var + eps) by group, and the groups' mean
 * and biased variance. Sums are in float64.
 */
function standardize(name: string) {
  return defineMulti<StandardizeAttributes, [Tensor], [Tensor, Tensor, Tensor]>({
    name,
    saves: OUTPUT,
    infer: ([x], { groups }) => [
      { shape: x.shape, dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
      { shape: [groups], dtype: x.dtype },
    ],
    kernel: ([x], attrs, outs) => standardizeKernel(x, attrs, outs),
    derivative: (grads, node) => [standardizeBackward(grads, node)],
  });
}

function standardizeKernel(
  x: Tensor,
  { outer, groups, inner, eps }: StandardizeAttributes,
  outs: readonly Tensor[],
): void {
  const source = x.data;
  const [normalized, means, variances] = outs.map((out) => out.data) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const stride = groups * inner;
  const count = outer * inner;
  for (let g = 0; g < groups; g++) {
    let sum = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) sum += source[i]!;
    }
    const mean = sum / count;
    let squares = 0;
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) {
        const d = source[i]! - mean;
        squares += d * d;
      }
    }
    const variance = squares / count;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let o = 0; o < outer; o++) {
      const start = o * stride + g * inner;
      for (let i = start; i < start + inner; i++) normalized[i] = (source[i]! - mean) * rstd;
    }
    means[g] = mean;
    variances[g] = variance;
  }
}

/** In terms of the results, which carry their own graph, so that it can be differentiated again. */
function standardizeBackward(
  grads: readonly (Tensor | null)[],
  node: GradNode<StandardizeAttributes>,
): Tensor | null {
  const { outer, groups, inner, eps } = node.attrs;
  const count = outer * inner;
  const parts = [outer, groups, inner];
  const xhat = node.output(NORMALIZED).reshape(parts);
  const std2 = node.output(VARIANCE).add(eps).reshape([1, groups, 1]);
  const [g, gMean, gVariance] = [grads[NORMALIZED], grads[MEAN], grads[VARIANCE]];
  let result: Tensor | null = null;
  if (g != null) {
    const gy = g.reshape(parts);
    const mean = gy.mean([0, 2], { keepdim: true });
    const projection = gy.mul(xhat).mean([0, 2], { keepdim: true });
    result = gy.sub(mean).sub(xhat.mul(projection)).mul(std2.rsqrt());
  }
  if (gMean != null) {
    const term = gMean.reshape([1, groups, 1]).div(count).expand(parts);
    result = result === null ? term : result.add(term);
  }
  if (gVariance != null) {
    const term = xhat.mul(
      gVariance
        .reshape([1, groups, 1])
        .mul(std2.sqrt())
        .mul(2 / count),
    );
    result = result === null ? term : result.add(term);
  }
  return result === null ? null : result.reshape(node.shape(0));
}

const layerNormPrimitive = standardize('native_layer_norm');
const batchNormPrimitive = standardize('native_batch_norm');

/** y * weight + bias, where there are any. */
function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  if (weight === null) return bias === null ? y : y.add(bias);
  return bias === null ? y.mul(weight) : addcmul(bias, y, weight);
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Of shape `normalizedShape`. */
  readonly weight?: Tensor | null;
  /** Of shape `normalizedShape`. */
  readonly bias?: Tensor | null;
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
}

const product = (sizes: Shape): number => sizes.reduce((n, size) => n * size, 1);

function checkNormalizedShape(
  name: string,
  x: Tensor,
  normalizedShape: Shape,
  options: LayerNormOptions,
): void {
  if (normalizedShape.length === 0) {
    throw new ShapeError(`${name}: Expected normalized_shape to be at least 1-dimensional, got []`);
  }
  for (const key of ['weight', 'bias'] as const) {
    const p = options[key];
    if (
      p != null &&
      (p.ndim !== normalizedShape.length || p.shape.some((size, d) => size !== normalizedShape[d]))
    ) {
      throw new ShapeError(
        `${name}: Expected ${key} to be of same shape as normalized_shape, but got ${key} of shape ` +
          `${formatShape(p.shape)} and normalized_shape = ${formatShape(normalizedShape)}`,
      );
    }
  }
  const lead = x.ndim - normalizedShape.length;
  if (lead < 0 || normalizedShape.some((size, d) => size !== x.shape[lead + d])) {
    throw new ShapeError(
      `${name}: Given normalized_shape=${formatShape(normalizedShape)}, expected input with shape ` +
        `[*, ${normalizedShape.join(', ')}], but got input of size ${formatShape(x.shape)}`,
    );
  }
}

/**
 * Normalises over the last dimensions, those of `normalizedShape`: (x - mean) / sqrt(var + eps) * weight + bias.
 * Follows `torch.nn.functional.layer_norm`.
 */
export function layerNorm(x: Tensor, normalizedShape: Shape, options: LayerNormOptions = {}): Tensor {
  checkNormalizedShape('layerNorm', x, normalizedShape, options);
  const { weight = null, bias = null, eps = 1e-5 } = options;
  const inner = product(normalizedShape);
  const groups = product(x.shape.slice(0, x.ndim - normalizedShape.length));
  const [y] = applyMulti(layerNormPrimitive, [x], { outer: 1, groups, inner, eps });
  return composed('native_layer_norm', affine(y!, weight, bias), x);
}

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions {
  /** Of shape `normalizedShape`. */
  readonly weight?: Tensor | null;
  /** Added to the mean square. Default: the dtype's machine epsilon. */
  readonly eps?: number | null;
}

/**
 * Divides by the root mean square over the last dimensions, those of `normalizedShape`.
 * Follows `torch.nn.functional.rms_norm`.
 */
export function rmsNorm(x: Tensor, normalizedShape: Shape, options: RmsNormOptions = {}): Tensor {
  const { weight = null } = options;
  checkNormalizedShape('rmsNorm', x, normalizedShape, { weight });
  const eps = options.eps ?? (x.dtype === 'float64' ? Number.EPSILON : 2 ** -23);
  const dims = normalizedShape.map((_, d) => d - normalizedShape.length);
  const y = x.mul(x.square().mean(dims, { keepdim: true }).add(eps).rsqrt());
  return weight === null ? y : y.mul(weight);
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** One for each channel. */
  readonly weight?: Tensor | null;
  /** One for each channel. */
  readonly bias?: Tensor | null;
  /** Normalise by the batch's statistics, and move the running ones towards them. Default: false. */
  readonly training?: boolean;
  /** How far the running statistics move. Default: 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number;
}

/**
 * Normalises each channel (dimension 1) over all other dimensions. Outside training by `runningMean` and `runningVar`, in
 * training by the batch's own mean and biased variance, while the running ones (if given) move towards the batch's mean
 * and unbiased variance. Follows `torch.nn.functional.batch_norm`.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  options: BatchNormOptions = {},
): Tensor {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  if (x.count === 0) return affine(x.clone(), weight?.select(0, 0) ?? null, bias?.select(0, 0) ?? null);
  if (x.ndim < 2)
    throw new ShapeError(`batchNorm: expected an input (N, C, ...), got shape ${formatShape(x.shape)}`);
  const channels = x.shape[1]!;
  for (const [name, p] of Object.entries({
    running_mean: runningMean,
    running_var: runningVar,
    weight,
    bias,
  })) {
    if (p != null && p.count !== channels) {
      throw new ShapeError(`batchNorm: ${name} should contain ${channels} elements not ${p.count}`);
    }
  }
  const wide = (p: Tensor | null): Tensor | null =>
    p === null || x.ndim === 2 ? p : p.reshape([channels, ...x.shape.slice(2).map(() => 1)]);
  if (!training) {
    if (runningMean == null || runningVar == null) {
      throw new ValueError(
        'batchNorm: Expected running_mean and running_var to be defined when training=False',
      );
    }
    const scale = wide(runningVar.add(eps).rsqrt())!;
    return composed(
      'native_batch_norm',
      affine(x.sub(wide(runningMean)!).mul(scale), wide(weight), wide(bias)),
      x,
    );
  }
  const inner = product(x.shape.slice(2));
  const outer = x.shape[0]!;
  const count = outer * inner;
  if (count === 1) {
    throw new ValueError(
      `batchNorm: Expected more than 1 value per channel when training, got input size torch.Size(${formatShape(x.shape)})`,
    );
  }
  const [y, mean, variance] = applyMulti(batchNormPrimitive, [x], { outer, groups: channels, inner, eps });
  noGrad(() => {
    runningMean?.mul_(1 - momentum).add_(mean!, { alpha: momentum });
    runningVar?.mul_(1 - momentum).add_(variance!, { alpha: (momentum * count) / (count - 1) });
  });
  return composed('native_batch_norm', affine(y!, wide(weight), wide(bias)), x);
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** The p of the norm. Default: 2. */
  readonly p?: number;
  /** Default: 1. */
  readonly dim?: number | readonly number[];
  /** The least divisor. Default: 1e-12. */
  readonly eps?: number;
}

/** x / max(norm(x), eps), the p-norm being taken along `dim`. Follows `torch.nn.functional.normalize`. */
export function normalize(x: Tensor, options: NormalizeOptions = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return x.div(x.norm(p, dim, { keepdim: true }).clampMin(eps));
}
