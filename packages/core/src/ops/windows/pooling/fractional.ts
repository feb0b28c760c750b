import { composition, K } from '../../../arguments/index.ts';
import { DTypeError, ShapeError, ValueError } from '../../../errors.ts';
import { triple } from '../../../kernels/index.ts';
import { formatShape, type Shape } from '../../../shape.ts';
import type { Tensor } from '../../../tensor.ts';
import { rand } from '../../random/random-tensors.ts';
import { narrow } from '../../views/slices.ts';
import type { PerDimension } from '../convolution-checks.ts';
import { checkFloats, checkPlanes, forEach } from './checks.ts';
import { asked, type Pool } from './pooling.ts';
import { greatestOf, type Windows } from './primitives.ts';

/** Options of {@link fractionalMaxPool2d} and {@link fractionalMaxPool3d}, of which one of the first two is needed. */
export interface FractionalMaxPoolOptions {
  /** The sizes of the result, or one for all. */
  readonly outputSize?: PerDimension;
  /** The sizes of the result in parts of x's, between 0 and 1, or one for all. */
  readonly outputRatio?: PerDimension;
  /** Whether the result is `[values, indices]`, the index of each value among its plane's entries. Default: false. */
  readonly returnIndices?: boolean;
  /**
   * What decides where windows lie: uniform numbers (N, C, spatial dimensions) of x's dtype, the last dimension's first
   * in 2d.
   */
  readonly _randomSamples?: Tensor;
}

const fractionalKinds: K.Kinds<FractionalMaxPoolOptions> = {
  outputSize: K.sizeOrSizes,
  outputRatio: /* @__PURE__ */ K.either(K.number, /* @__PURE__ */ K.listOf(K.number)),
  returnIndices: K.flag,
  _randomSamples: K.tensor,
};

function outputOf(sizes: Shape, { outputSize, outputRatio }: FractionalMaxPoolOptions, rank: number): Shape {
  if (outputSize !== undefined) return forEach('output_size', outputSize, rank);
  if (outputRatio === undefined)
    throw new ValueError('requires specifying either an output_size or an output_ratio');
  const ratios = forEach('output_ratio', outputRatio, rank);
  return sizes.map((size, d) => Math.trunc(size * (ratios[d] ?? 1)));
}

/** Refuses random numbers that are not those of x's planes; gives as many as there are planes. */
function samplesOf(x: Tensor, samples: Tensor, batch: number, channels: number, rank: number): Tensor {
  if (samples.dtype !== x.dtype) {
    throw new DTypeError(
      `Expect _random_samples to have the same dtype as input, but got ${samples.dtype} and ${x.dtype}`,
    );
  }
  const [first = 0, second, third] = samples.shape;
  if (samples.ndim !== 3 || first < batch || second !== channels || third !== rank) {
    throw new ShapeError(
      `Expect _random_samples of shape [${batch}, ${channels}, ${rank}]: batch, input channel size, and number of dimensions; got ` +
        formatShape(samples.shape),
    );
  }
  return first === batch ? samples : narrow(samples, 0, 0, batch);
}

const fractionalMaxPool = (caller: string, rank: 2 | 3): Pool<PerDimension, FractionalMaxPoolOptions> =>
  composition(
    caller,
    { x: K.tensor, kernelSize: K.sizeOrSizes, options: K.options(fractionalKinds) },
    (x: Tensor, kernelSize: PerDimension, options: FractionalMaxPoolOptions = {}) => {
      checkPlanes(x, rank, 1);
      checkFloats(x);
      const sizes = x.shape.slice(-rank);
      const kernel = forEach('kernel_size', kernelSize, rank);
      if (kernel.some((k) => k < 1))
        throw new ValueError(`kernel size should be greater than zero, but got ${kernel.join('x')}`);
      const out = outputOf(sizes, options, rank);
      if (out.some((n) => n < 0))
        throw new ValueError(`output_size must not be negative, but got ${formatShape(out)}`);
      for (const [d, size] of sizes.entries()) {
        const room = size - (out[d] ?? 1) - (kernel[d] ?? 1) + 1;
        if (room < (rank === 3 ? 1 : 0)) {
          const name = ['time', 'height', 'width'].slice(-rank)[d];
          throw new ShapeError(
            `pool ${name} ${kernel[d]} too large relative to input ${name} ${size} for an output of ${out[d]}`,
          );
        }
      }
      const [channels = 0, batch = 1] = x.shape.slice(0, -rank).reverse();
      const { returnIndices, _randomSamples } = options;
      const given = _randomSamples ?? rand([batch, channels, rank], { dtype: x.dtype });
      const samples = samplesOf(x, given, batch, channels, rank);
      const windows: Windows = {
        rank,
        out,
        along: { kernel: triple(kernel, 1), sample: rank === 2 ? [1, 0, 0] : [0, 1, 2], samples: rank },
      };
      return asked(caller, x, greatestOf(x, samples, windows), returnIndices);
    },
  ) as Pool<PerDimension, FractionalMaxPoolOptions>;

/**
 * The greatest entry of each of `outputSize` windows of `kernelSize`, which lie at places that a random number for each
 * plane and dimension decides (fractional max pooling, by Graham): window i begins at entry floor(a * (i + u)) -
 * floor(a * u), with a = (size - kernel) / (out - 1), and the last one ends where the image does. Shapes: x (N, C, H,
 * W) or (C, H, W); the result (N, C, outH, outW). Floats. Follows `torch.nn.functional.fractional_max_pool2d`.
 * @throws ShapeError where x has other dimensions or windows do not fit, ValueError for no size or sizes that are too
 *   small, DTypeError where x is no tensor of floats
 * @example fractionalMaxPool2d(randn([1, 3, 9, 9]), 2, { outputRatio: 0.6 }).shape; // [ 1, 3, 5, 5 ]
 */
export const fractionalMaxPool2d = /* @__PURE__ */ fractionalMaxPool('fractionalMaxPool2d', 2);

/**
 * {@link fractionalMaxPool2d} of volumes: x (N, C, D, H, W) or (C, D, H, W). Follows
 * `torch.nn.functional.fractional_max_pool3d`.
 * @throws ShapeError where x has other dimensions or windows do not fit, ValueError for no size or sizes that are too
 *   small, DTypeError where x is no tensor of floats
 */
export const fractionalMaxPool3d = /* @__PURE__ */ fractionalMaxPool('fractionalMaxPool3d', 3);
