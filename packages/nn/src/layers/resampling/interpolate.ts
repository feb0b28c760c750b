import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  applyElementwise,
  checkArguments,
  composed,
  composition,
  E,
  ElementwiseOp,
  floatsOnly,
  formatShape,
  indexSelect,
  K,
  type Shape,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { Module } from '../../module/module.ts';
import { pyFloat, pyTuple } from '../../module/print.ts';
import { sumOfTaps } from './sum-taps.ts';
import { type InterpolationMode, type Resampled, type Tap, type TapOptions, tapsOf } from './taps.ts';

/** Options of {@link interpolate}: one of `size` and `scaleFactor`. */
export interface InterpolateOptions {
  /** The new spatial sizes, or one for all. */
  readonly size?: number | Shape | null;
  /** The factor of the spatial sizes, or one for each; the new sizes are rounded down. */
  readonly scaleFactor?: number | readonly number[] | null;
  /**
   * `'nearest'`, `'nearest-exact'` (which takes the middle of each new element), `'area'`, and by the number of spatial
   * dimensions `'linear'` (1), `'bilinear'`, `'bicubic'`, `'lanczos'` (2), `'trilinear'` (3). Default: `'nearest'`.
   */
  readonly mode?: InterpolationMode;
  /** Whether the middles of the corner elements stay in place, or their outer edges. Default: false. */
  readonly alignCorners?: boolean | null;
  /** Whether positions follow from the sizes although a factor is given. Default: false. */
  readonly recomputeScaleFactor?: boolean | null;
  /** Whether the filter widens where elements become fewer. Default: false. */
  readonly antialias?: boolean;
}

const mostElements = 2 ** 31 - 1;

/** For how many spatial dimensions each mode is. */
const dimensions: Readonly<Record<InterpolationMode, readonly number[]>> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  lanczos: [2],
  trilinear: [3],
};
const modes = Object.keys(dimensions) as InterpolationMode[];
const withoutCorners: readonly InterpolationMode[] = ['nearest', 'nearest-exact', 'area'];
const withAntialias: readonly InterpolationMode[] = ['bilinear', 'bicubic', 'lanczos'];

const floats = /* @__PURE__ */ floatsOnly('interpolate');
const factors = /* @__PURE__ */ K.either(K.finite, /* @__PURE__ */ K.listOf(K.finite));
const sizeKinds = {
  size: /* @__PURE__ */ K.nullable(K.sizeOrSizes),
  scaleFactor: /* @__PURE__ */ K.nullable(factors),
  mode: /* @__PURE__ */ K.oneOf(...modes),
  alignCorners: /* @__PURE__ */ K.nullable(K.flag),
  recomputeScaleFactor: /* @__PURE__ */ K.nullable(K.flag),
};

/** One of each spatial dimension. */
function each(name: string, given: number | readonly number[], field: Shape): readonly number[] {
  if (typeof given === 'number') return field.map(() => given);
  if (given.length === field.length) return given;
  throw new ShapeError(
    `interpolate: Input and ${name} must have the same number of spatial dimensions, but got input with spatial dimensions of ` +
      `${formatShape(field)} and ${name} ${formatShape(given)}; the input is (N, C, d1, d2, ...)`,
  );
}

/** How each spatial dimension is resampled. */
function resampledOf(field: Shape, options: InterpolateOptions): Resampled[] {
  const { size = null, scaleFactor = null, mode, recomputeScaleFactor } = options;
  if ((size === null) === (scaleFactor === null)) {
    const problem = size === null ? 'either size or scaleFactor' : 'only one of size or scaleFactor';
    throw new ValueError(`interpolate: ${problem} should be defined`);
  }
  if (size !== null) {
    if (recomputeScaleFactor === true) {
      throw new ValueError('interpolate: recomputeScaleFactor is not meaningful with an explicit size.');
    }
    const sizes = each('size', size, field);
    return field.map((from, d) => ({ from, to: sizes[d] ?? from, factor: null }));
  }
  const given = each('scaleFactor', scaleFactor ?? 1, field);
  const forgets = recomputeScaleFactor === true || mode === 'area';
  return field.map((from, d) => {
    const factor = given[d] ?? 1;
    return { from, to: Math.floor(from * factor), factor: forgets ? null : factor };
  });
}

/**
 * Whether PyTorch looks at the sizes alone, though a factor that is no whole number was given: where they are the same,
 * or one twice the other.
 */
const ignoresFactor = ({ from, to }: Resampled, { mode, antialias }: TapOptions, dims: number): boolean =>
  mode === 'nearest'
    ? dims === 2 && (to === from || to === 2 * from)
    : to === from && (antialias || mode.endsWith('linear'));

/** The means of the elements that new ones cover, those at their edges whole. */
function areas(x: Tensor, resampled: readonly Resampled[]): Tensor {
  const sizes = resampled.map(({ to }) => to);
  if (sizes.length === 1) return adaptiveAvgPool1d(x, sizes);
  return sizes.length === 2 ? adaptiveAvgPool2d(x, sizes) : adaptiveAvgPool3d(x, sizes);
}

/** As many taps as one pass over memory takes: with the sum that there is, two operands each. */
const tapsAtOnce = 4;
const weighedSums: ElementwiseOp[] = [];

/**
 * The sum of so many elements, each times its weight: operands in pairs, and in front of them what they are added to.
 */
function weighedSum(terms: readonly Tensor[]): Tensor {
  const arity = terms.length;
  weighedSums[arity] ??= new ElementwiseOp({
    name: 'weighed_sum',
    arity,
    expression(...x) {
      const [before, pairs] = [x.slice(0, arity % 2), x.slice(arity % 2, arity)];
      const products = pairs.flatMap((part, i) => (i % 2 === 0 ? E.mul(part, pairs[i + 1] ?? 1) : []));
      return [...before, ...products].reduce((a, b) => E.add(a, b));
    },
  });
  return applyElementwise(weighedSums[arity], terms);
}

/** The sum over the taps along a dimension. */
function alongTaps(x: Tensor, dim: number, taps: readonly Tap[]): Tensor {
  if (dim === x.ndim - 1 && taps[0]?.weights) return alongLast(x, taps);
  const field = x.shape.map((_, d) => (d === dim ? -1 : 1));
  let sum: Tensor[] = [];
  for (let k = 0; k < taps.length; k += tapsAtOnce) {
    const terms = taps.slice(k, k + tapsAtOnce).flatMap(({ indices, weights }) => {
      const part = indexSelect(x, dim, tensor(indices, { dtype: 'int32' }));
      return weights === null ? [part] : [part, tensor([...weights], { dtype: x.dtype }).reshape(field)];
    });
    sum = terms.length === 1 ? terms : [weighedSum([...sum, ...terms])];
  }
  return sum[0] ?? x;
}

/**
 * The same along the last dimension, where no elements lie side by side that have one weight: all before are channels.
 */
function alongLast(x: Tensor, taps: readonly Tap[]): Tensor {
  const points = taps[0]?.indices.length ?? 0;
  const sizes = [1, taps.length, points];
  const index = tensor(
    taps.flatMap(({ indices }) => [...indices]),
    { dtype: 'int32' },
  ).reshape(sizes);
  const weights = tensor(
    taps.flatMap(({ weights }) => weights ?? []),
    { dtype: x.dtype },
  ).reshape(sizes);
  const lead = x.shape.slice(0, -1);
  const rows = x.reshape([1, lead.reduce((n, size) => n * size, 1), x.size(-1)]);
  return sumOfTaps(rows, index, weights).reshape([...lead, points]);
}

/**
 * x, (N, C, d1, ...) with 1 to 3 spatial dimensions, resampled to `size`, or to `scaleFactor` times its size. Follows
 * `torch.nn.functional.interpolate`.
 * @throws ShapeError for another number of dimensions than the mode takes, and for sizes below 1 or beyond what a
 *   tensor holds
 * @throws ValueError unless one of `size` and `scaleFactor` is given, and for options that do not go with the mode;
 *   DTypeError for integers, unless the mode is `'nearest'` or `'nearest-exact'`
 * @example
 * ```ts
 * const x = tensor([[[1, 2, 4]]], { dtype: 'float32' });
 * F.interpolate(x, { scaleFactor: 2 }); // tensor([[[1., 1., 2., 2., 4., 4.]]])
 * F.interpolate(x, { size: 5, mode: 'linear', alignCorners: true }); // tensor([[[1.0000, 1.5000, 2.0000, 3.0000, 4.0000]]])
 * ```
 */
export const interpolate = /* @__PURE__ */ composition(
  'interpolate',
  () => ({ x: K.tensor, options: K.options<InterpolateOptions>({ ...sizeKinds, antialias: K.flag }) }),
  (x: Tensor, options: InterpolateOptions = {}): Tensor => {
    const { mode = 'nearest', alignCorners = null, antialias = false } = options;
    const field = x.shape.slice(2);
    if (!dimensions[mode].includes(field.length)) {
      throw new ShapeError(
        `interpolate: mode '${mode}' takes an input (N, C, ...) with ${dimensions[mode].join(', ')} spatial dimensions, got shape ` +
          formatShape(x.shape),
      );
    }
    if (alignCorners !== null && withoutCorners.includes(mode)) {
      throw new ValueError(
        'interpolate: alignCorners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
      );
    }
    if (antialias && !withAntialias.includes(mode)) {
      throw new ValueError(
        'interpolate: Anti-alias option is restricted to bilinear, bicubic, and lanczos modes',
      );
    }
    if (mode === 'lanczos' && !antialias)
      throw new ValueError("interpolate: mode 'lanczos' requires antialias: true");
    if (!mode.startsWith('nearest')) floats(x.dtype);
    const resampled = resampledOf(field, options);
    if (mode !== 'area' && x.shape[1] === 0) {
      throw new ShapeError(
        `interpolate: Non-empty ${x.ndim}D data tensor expected, of which only the batch may be empty, but got shape ${formatShape(x.shape)}`,
      );
    }
    // Means of no windows are none, in PyTorch no error.
    if (resampled.some(({ from, to }) => from < 1 || to < (mode === 'area' ? 0 : 1))) {
      throw new ShapeError(
        `interpolate: Input and output sizes should be greater than 0, but got input ${formatShape(field)} and output ` +
          formatShape(resampled.map(({ to }) => to)),
      );
    }
    if (resampled.some(({ to }) => to > mostElements)) {
      throw new ShapeError(
        `interpolate: a tensor has at most 2^31 - 1 elements, but the output sizes would be ${formatShape(resampled.map(({ to }) => to))}`,
      );
    }
    if (mode === 'area') return areas(x, resampled);
    const settings = { mode, alignCorners: alignCorners ?? false, antialias, dtype: x.dtype };
    // The last dimension first: it is the one whose elements lie side by side.
    const y = resampled.reduceRight((part, given, d) => {
      const along = ignoresFactor(given, settings, field.length) ? { ...given, factor: null } : given;
      return along.from === along.to && along.factor === null
        ? part
        : alongTaps(part, d + 2, tapsOf(along, settings));
    }, x);
    return composed(`upsample_${mode.replace('-', '_')}${field.length}d${antialias ? '_aa' : ''}`, y, x);
  },
);

/** Options of {@link Upsample}: one of `size` and `scaleFactor`. */
export type UpsampleOptions = Omit<InterpolateOptions, 'antialias'>;

/**
 * Resamples (N, C, ...) to a size, or by a factor: {@link interpolate}. Follows `torch.nn.Upsample`.
 * @throws ShapeError for another number of dimensions than the mode takes
 * @throws ValueError unless one of `size` and `scaleFactor` is given
 * @example
 * ```ts
 * const up = new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' });
 * up(ones([1, 3, 4, 4])).shape; // [ 1, 3, 8, 8 ]
 * up; // Upsample(scale_factor=2.0, mode='bilinear')
 * ```
 */
export class Upsample extends Module<[Tensor], Tensor> {
  /** The new spatial sizes, or `null`. */
  readonly size: number | Shape | null;
  /** The factor of the spatial sizes, or `null`. */
  readonly scaleFactor: number | readonly number[] | null;
  /** How values between those that there are come about. */
  readonly mode: InterpolationMode;
  /** Whether the middles of the corner elements stay in place. */
  readonly alignCorners: boolean | null;
  /** Whether positions follow from the sizes although a factor is given. */
  readonly recomputeScaleFactor: boolean | null;

  constructor(options: UpsampleOptions = {}) {
    checkArguments(new.target.name, { options: K.options<UpsampleOptions>(sizeKinds) }, arguments);
    super();
    this.size = options.size ?? null;
    this.scaleFactor = options.scaleFactor ?? null;
    this.mode = options.mode ?? 'nearest';
    this.alignCorners = options.alignCorners ?? null;
    this.recomputeScaleFactor = options.recomputeScaleFactor ?? null;
  }

  override forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { size, scaleFactor } = this;
    const factor =
      typeof scaleFactor === 'number' ? pyFloat(scaleFactor) : pyTuple((scaleFactor ?? []).map(pyFloat));
    const target = size === null ? 'None' : typeof size === 'number' ? `${size}` : pyTuple(size);
    const given = scaleFactor === null ? `size=${target}` : `scale_factor=${factor}`;
    return `${given}, mode='${this.mode}'`;
  }
}

/** Options of {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d}: one of both. */
export type UpsamplingOptions = Pick<UpsampleOptions, 'size' | 'scaleFactor'>;

const upsamplingKind = /* @__PURE__ */ K.options<UpsamplingOptions>({
  size: sizeKinds.size,
  scaleFactor: sizeKinds.scaleFactor,
});

/**
 * {@link Upsample} of (N, C, H, W) by `'nearest'`. Follows `torch.nn.UpsamplingNearest2d`.
 * @throws ValueError for other options
 */
export class UpsamplingNearest2d extends Upsample {
  constructor(options: UpsamplingOptions = {}) {
    checkArguments(new.target.name, { options: upsamplingKind }, arguments);
    super({ ...options, mode: 'nearest' });
  }
}

/**
 * {@link Upsample} of (N, C, H, W) by `'bilinear'`, corners aligned. Follows `torch.nn.UpsamplingBilinear2d`.
 * @throws ValueError for other options
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: UpsamplingOptions = {}) {
    checkArguments(new.target.name, { options: upsamplingKind }, arguments);
    super({ ...options, mode: 'bilinear', alignCorners: true });
  }
}
