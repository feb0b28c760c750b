/** Layers that learn from their first input how many features it has. */
import type { Tensor } from '@kindling/core';
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
import { lazyClass } from './lazy.ts';

const last = (x: Tensor): number | undefined => x.shape.at(-1);
const second = (x: Tensor): number | undefined => x.shape[1];
/** The channels of what may lack a batch. */
const before =
  (spatial: number) =>
  (x: Tensor): number | undefined =>
    x.shape.at(-1 - spatial);

/**
 * A {@link Linear} that learns from its first input how many features that has: until then its parameters have no
 * shape. Follows `torch.nn.LazyLinear`.
 * @throws ShapeError when the first input has no features
 * @example
 * ```ts
 * const layer = new nn.LazyLinear(4);
 * layer(ones([2, 3])).shape; // [ 2, 4 ]
 * layer; // Linear(in_features=3, out_features=4, bias=True)
 * ```
 */
export class LazyLinear extends /* @__PURE__ */ lazyClass(Linear, last) {}

/**
 * A {@link Conv1d} that learns `inChannels` from its first input, as {@link LazyLinear} does. Follows
 * `torch.nn.LazyConv1d`.
 */
export class LazyConv1d extends /* @__PURE__ */ lazyClass(Conv1d, /* @__PURE__ */ before(1)) {}
/** A {@link Conv2d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConv2d`. */
export class LazyConv2d extends /* @__PURE__ */ lazyClass(Conv2d, /* @__PURE__ */ before(2)) {}
/** A {@link Conv3d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConv3d`. */
export class LazyConv3d extends /* @__PURE__ */ lazyClass(Conv3d, /* @__PURE__ */ before(3)) {}
/** A {@link ConvTranspose1d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose1d`. */
export class LazyConvTranspose1d extends /* @__PURE__ */ lazyClass(
  ConvTranspose1d,
  /* @__PURE__ */ before(1),
) {}
/** A {@link ConvTranspose2d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose2d`. */
export class LazyConvTranspose2d extends /* @__PURE__ */ lazyClass(
  ConvTranspose2d,
  /* @__PURE__ */ before(2),
) {}
/** A {@link ConvTranspose3d} that learns `inChannels` from its first input. Follows `torch.nn.LazyConvTranspose3d`. */
export class LazyConvTranspose3d extends /* @__PURE__ */ lazyClass(
  ConvTranspose3d,
  /* @__PURE__ */ before(3),
) {}

/** A {@link BatchNorm1d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm1d`. */
export class LazyBatchNorm1d extends /* @__PURE__ */ lazyClass(BatchNorm1d, second) {}
/** A {@link BatchNorm2d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends /* @__PURE__ */ lazyClass(BatchNorm2d, second) {}
/** A {@link BatchNorm3d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyBatchNorm3d`. */
export class LazyBatchNorm3d extends /* @__PURE__ */ lazyClass(BatchNorm3d, second) {}

/** An {@link InstanceNorm1d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm1d`. */
export class LazyInstanceNorm1d extends /* @__PURE__ */ lazyClass(
  InstanceNorm1d,
  /* @__PURE__ */ before(1),
) {}
/** An {@link InstanceNorm2d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm2d`. */
export class LazyInstanceNorm2d extends /* @__PURE__ */ lazyClass(
  InstanceNorm2d,
  /* @__PURE__ */ before(2),
) {}
/** An {@link InstanceNorm3d} that learns `numFeatures` from its first input. Follows `torch.nn.LazyInstanceNorm3d`. */
export class LazyInstanceNorm3d extends /* @__PURE__ */ lazyClass(
  InstanceNorm3d,
  /* @__PURE__ */ before(3),
) {}
