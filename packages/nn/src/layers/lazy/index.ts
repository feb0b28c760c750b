/** Layers that learn from their first input how many features it has. */
import { type Shape, ValueError } from '@kindling/core';
import {
  Conv1d,
  Conv2d,
  Conv3d,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
} from '../convolution/index.ts';
import { Linear } from '../linear.ts';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../normalization/batch-norm.ts';
import { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from '../normalization/instance-norm.ts';
import { type Features, lazyClass } from './lazy.ts';

/** The size of a dimension of what the state has by a name, if that has one size for each of `ndim`. */
const sizeOf = (shape: Shape | undefined, ndim: number, dim: number): number | undefined =>
  shape?.length === ndim ? shape[dim] : undefined;

const ofLinear: Features<Linear> = {
  property: 'inFeatures',
  ofInput: (x) => x.shape.at(-1),
  ofState: (shapeOf) => sizeOf(shapeOf('weight'), 2, 1),
  shapeOf: (name, features, { outFeatures }) => (name === 'bias' ? [outFeatures] : [outFeatures, features]),
};

/** What the shapes of a convolution's parameters follow from. */
interface Convolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: Shape;
  readonly groups: number;
}

function weightShape(features: number, layer: Convolution, transposed: boolean): Shape {
  const { outChannels, kernelSize, groups } = layer;
  if (features % groups !== 0) {
    throw new ValueError(
      `${layer.constructor.name}: in_channels must be divisible by groups, got ${features} and ${groups}`,
    );
  }
  const [first, second] = transposed ? [features, outChannels] : [outChannels, features];
  return [first, second / groups, ...kernelSize];
}

/** Of convolutions over so many dimensions, which may lack a batch. */
const ofConv = (spatial: number, transposed = false): Features<Convolution> => ({
  property: 'inChannels',
  ofInput: (x) => x.shape.at(-1 - spatial),
  ofState(shapeOf, { groups }) {
    const channels = sizeOf(shapeOf('weight'), spatial + 2, transposed ? 0 : 1);
    return channels === undefined || transposed ? channels : channels * groups;
  },
  shapeOf: (name, features, layer) =>
    name === 'bias' ? [layer.outChannels] : weightShape(features, layer, transposed),
});

/** Of normalisations whose channels stand at a place that follows from the number of dimensions. */
const ofNorm = (place: (ndim: number) => number): Features<{ readonly numFeatures: number }> => ({
  property: 'numFeatures',
  ofInput: (x) => x.shape[place(x.ndim)],
  // Where the state is of one that has no shape yet either, there are none.
  ofState: (shapeOf) => sizeOf(shapeOf('weight') ?? shapeOf('running_mean'), 1, 0) || undefined,
  shapeOf: (_, features) => [features],
});

/**
 * A {@link Linear} that learns from its first input how many features that has, or from the state that is loaded: until
 * then its parameters have no shape. Follows `torch.nn.LazyLinear`.
 * @throws ShapeError when the first input has no features
 * @example
 * ```ts
 * const layer = new nn.LazyLinear(4);
 * layer(ones([2, 3])).shape; // [ 2, 4 ]
 * layer; // Linear(in_features=3, out_features=4, bias=True)
 * ```
 */
export class LazyLinear extends /* @__PURE__ */ lazyClass(Linear, ofLinear) {}

/**
 * A {@link Conv1d} that learns `inChannels` from its first input, as {@link LazyLinear} does. Follows
 * `torch.nn.LazyConv1d`.
 */
export class LazyConv1d extends /* @__PURE__ */ lazyClass(Conv1d, /* @__PURE__ */ ofConv(1)) {}
/** A {@link Conv2d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConv2d`. */
export class LazyConv2d extends /* @__PURE__ */ lazyClass(Conv2d, /* @__PURE__ */ ofConv(2)) {}
/** A {@link Conv3d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConv3d`. */
export class LazyConv3d extends /* @__PURE__ */ lazyClass(Conv3d, /* @__PURE__ */ ofConv(3)) {}
/** A {@link ConvTranspose1d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose1d`. */
export class LazyConvTranspose1d extends /* @__PURE__ */ lazyClass(
  ConvTranspose1d,
  /* @__PURE__ */ ofConv(1, true),
) {}
/** A {@link ConvTranspose2d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose2d`. */
export class LazyConvTranspose2d extends /* @__PURE__ */ lazyClass(
  ConvTranspose2d,
  /* @__PURE__ */ ofConv(2, true),
) {}
/** A {@link ConvTranspose3d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose3d`. */
export class LazyConvTranspose3d extends /* @__PURE__ */ lazyClass(
  ConvTranspose3d,
  /* @__PURE__ */ ofConv(3, true),
) {}

/** A {@link BatchNorm1d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm1d`. */
export class LazyBatchNorm1d extends /* @__PURE__ */ lazyClass(
  BatchNorm1d,
  /* @__PURE__ */ ofNorm(() => 1),
) {}
/** A {@link BatchNorm2d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends /* @__PURE__ */ lazyClass(
  BatchNorm2d,
  /* @__PURE__ */ ofNorm(() => 1),
) {}
/** A {@link BatchNorm3d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm3d`. */
export class LazyBatchNorm3d extends /* @__PURE__ */ lazyClass(
  BatchNorm3d,
  /* @__PURE__ */ ofNorm(() => 1),
) {}

/** An {@link InstanceNorm1d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm1d`. */
export class LazyInstanceNorm1d extends /* @__PURE__ */ lazyClass(
  InstanceNorm1d,
  /* @__PURE__ */ ofNorm((ndim) => ndim - 2),
) {}
/** An {@link InstanceNorm2d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm2d`. */
export class LazyInstanceNorm2d extends /* @__PURE__ */ lazyClass(
  InstanceNorm2d,
  /* @__PURE__ */ ofNorm((ndim) => ndim - 3),
) {}
/** An {@link InstanceNorm3d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm3d`. */
export class LazyInstanceNorm3d extends /* @__PURE__ */ lazyClass(
  InstanceNorm3d,
  /* @__PURE__ */ ofNorm((ndim) => ndim - 4),
) {}
