import {
  checkArguments,
  composed,
  composition,
  formatShape,
  K,
  ShapeError,
  snakeCase,
  type Tensor,
} from '@kindling/core';
import { Module } from '../../module/module.ts';

const takes = (factor: string) => () => ({ x: K.tensor, [factor]: K.positiveCount });

function checkRank(caller: string, x: Tensor, least: number): void {
  if (x.ndim < least)
    throw new ShapeError(
      `${caller}: expects input to have at least ${least} dimensions, but got input of shape ${formatShape(x.shape)}`,
    );
}

/** What images (..., C, H, W) are: their sizes, what stands before these, and the numbers of those dimensions. */
function imagesOf(caller: string, x: Tensor) {
  checkRank(caller, x, 3);
  const [channels = 0, height = 0, width = 0] = x.shape.slice(-3);
  const lead = x.shape.slice(0, -3);
  return { channels, height, width, lead, batch: lead.map((_, d) => d), n: lead.length };
}

/**
 * (..., C r², H, W) as (..., C, H r, W r): r² channels become the elements of a square. Follows
 * `torch.nn.functional.pixel_shuffle`.
 * @throws ShapeError when x has fewer than 3 dimensions, or its channels cannot be divided by r²
 */
export const pixelShuffle = /* @__PURE__ */ composition(
  'pixelShuffle',
  takes('upscaleFactor'),
  (x: Tensor, upscaleFactor: number): Tensor => {
    const { channels, height, width, lead, batch, n } = imagesOf('pixelShuffle', x);
    const r = upscaleFactor;
    if (channels % (r * r) !== 0) {
      throw new ShapeError(
        `pixelShuffle: expects its input's channel dimension to be divisible by the square of upscale_factor, but got input of ` +
          `shape ${formatShape(x.shape)} and upscale_factor=${r}`,
      );
    }
    const apart = x.reshape([...lead, channels / (r * r), r, r, height, width]);
    const beside = apart.permute([...batch, n, n + 3, n + 1, n + 4, n + 2]);
    return composed('pixel_shuffle', beside.reshape([...lead, channels / (r * r), height * r, width * r]));
  },
);

/**
 * (..., C, H r, W r) as (..., C r², H, W): {@link pixelShuffle} undone. Follows `torch.nn.functional.pixel_unshuffle`.
 * @throws ShapeError when x has fewer than 3 dimensions, or its height or width cannot be divided by r
 */
export const pixelUnshuffle = /* @__PURE__ */ composition(
  'pixelUnshuffle',
  takes('downscaleFactor'),
  (x: Tensor, downscaleFactor: number): Tensor => {
    const { channels, height, width, lead, batch, n } = imagesOf('pixelUnshuffle', x);
    const r = downscaleFactor;
    if (height % r !== 0 || width % r !== 0) {
      throw new ShapeError(
        `pixelUnshuffle: expects height and width to be divisible by downscale_factor, but got input of shape ` +
          `${formatShape(x.shape)} and downscale_factor=${r}`,
      );
    }
    const apart = x.reshape([...lead, channels, height / r, r, width / r, r]);
    const stacked = apart.permute([...batch, n, n + 2, n + 4, n + 1, n + 3]);
    return composed('pixel_unshuffle', stacked.reshape([...lead, channels * r * r, height / r, width / r]));
  },
);

/**
 * The channels of (N, C, ...) cut into groups and interleaved: channel i of group g goes to i groups + g. Follows
 * `torch.nn.functional.channel_shuffle`.
 * @throws ShapeError when x has fewer than 3 dimensions, or its channels cannot be divided by `groups`
 */
export const channelShuffle = /* @__PURE__ */ composition(
  'channelShuffle',
  takes('groups'),
  (x: Tensor, groups: number): Tensor => {
    checkRank('channelShuffle', x, 3);
    const [batch = 0, channels = 0, ...field] = x.shape;
    if (channels % groups !== 0) {
      throw new ShapeError(
        `channelShuffle: Number of channels must be divisible by groups. Got ${channels} channels and ${groups} groups.`,
      );
    }
    const grouped = x.reshape([batch, groups, channels / groups, ...field]);
    return composed('channel_shuffle', grouped.transpose(1, 2).reshape(x.shape));
  },
);

/** The class of layers that hold one whole number, by this name, and give it to the function. */
function byFactor(
  name: string,
  call: (x: Tensor, factor: number) => Tensor,
): abstract new (
  factor: number,
) => Module<[Tensor], Tensor> {
  const factorOf = (layer: object): number => Reflect.get(layer, name);
  return class extends Module<[Tensor], Tensor> {
    constructor(factor: number) {
      checkArguments(new.target.name, { [name]: K.positiveCount }, arguments);
      super();
      Object.assign(this, { [name]: factor });
    }

    override forward(x: Tensor): Tensor {
      return call(x, factorOf(this));
    }

    override extraRepr(): string {
      return `${snakeCase(name)}=${factorOf(this)}`;
    }
  };
}

/**
 * (..., C r², H, W) as (..., C, H r, W r): {@link pixelShuffle}. Follows `torch.nn.PixelShuffle`.
 * @throws ShapeError when the channels cannot be divided by r²
 * @example
 * ```ts
 * const shuffle = new nn.PixelShuffle(3);
 * shuffle(ones([1, 9, 4, 4])).shape; // [ 1, 1, 12, 12 ]
 * ```
 */
export class PixelShuffle extends /* @__PURE__ */ byFactor('upscaleFactor', pixelShuffle) {
  /** r, the factor of height and width. */
  declare upscaleFactor: number;
}

/**
 * (..., C, H r, W r) as (..., C r², H, W): {@link pixelUnshuffle}. Follows `torch.nn.PixelUnshuffle`.
 * @throws ShapeError when height or width cannot be divided by r
 */
export class PixelUnshuffle extends /* @__PURE__ */ byFactor('downscaleFactor', pixelUnshuffle) {
  /** r, the divisor of height and width. */
  declare downscaleFactor: number;
}

/**
 * Interleaves groups of channels: {@link channelShuffle}. Follows `torch.nn.ChannelShuffle`.
 * @throws ShapeError when the channels cannot be divided by `groups`
 */
export class ChannelShuffle extends /* @__PURE__ */ byFactor('groups', channelShuffle) {
  /** How many groups the channels are cut into. */
  declare groups: number;
}
