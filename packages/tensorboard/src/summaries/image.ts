import { cat, formatShape, ShapeError, type Tensor, ValueError, valuesOf, zeros } from '@kindling/core';
import { encode } from 'fast-png';
import type { Value } from './message.ts';

/** Images side by side in a row of `addImages`. */
const COLUMNS = 8;

/** Floats in [0, 1] as bytes; bytes as they are. Bools are black and white. */
function toBytes(caller: string, x: Tensor): Tensor {
  if (x.dtype === 'uint8') return x;
  if (x.dtype === 'bool') return x.to('uint8').mul(255);
  const outside = x.maskedSelect(x.ge(0).logicalAnd(x.le(1)).logicalNot());
  if (outside.count > 0) {
    throw new ValueError(
      `${caller}: image: expected uint8, or numbers in [0, 1], got ${outside.select(0, 0).item()} in ${x.dtype}; bring it there, as by clamp`,
    );
  }
  return x.to('float32').mul(255).to('uint8');
}

/**
 * An image of dimensions `dataformats`, each letter one of them: `'CHW'`.
 * @throws ShapeError, ValueError
 */
export function imageOf(caller: string, tag: string, image: Tensor, dataformats: string): Value {
  if (image.ndim !== dataformats.length) {
    throw new ShapeError(
      `${caller}: image: expected ${dataformats.length} dimensions, ${dataformats}, got ${formatShape(image.shape)}; say { dataformats } for others`,
    );
  }
  const x = image.detach();
  const pixels = dataformats === 'HW' ? x.unsqueeze(2) : dataformats === 'CHW' ? x.permute([1, 2, 0]) : x;
  const [height = 0, width = 0, channels = 0] = pixels.shape;
  if (![1, 3, 4].includes(channels) || height === 0 || width === 0) {
    throw new ShapeError(
      `${caller}: image: expected 1, 3 or 4 channels and pixels, got ${formatShape(image.shape)} as ${dataformats}`,
    );
  }
  const data = Uint8Array.from(valuesOf(toBytes(caller, pixels), caller));
  const encodedImageString = encode({ width, height, data, channels, depth: 8 });
  return {
    tag,
    value: { case: 'image', value: { height, width, colorspace: channels, encodedImageString } },
  };
}

/**
 * Images (N, C, H, W), or `'NHWC'`, in rows of 8 as one, (C, H, W): black where there is none.
 * @throws ShapeError
 */
export function gridOf(caller: string, images: Tensor, dataformats: string): Tensor {
  if (images.ndim !== 4 || images.count === 0) {
    throw new ShapeError(
      `${caller}: images: expected 4 dimensions, ${dataformats}, got ${formatShape(images.shape)}`,
    );
  }
  const x = dataformats === 'NHWC' ? images.detach().permute([0, 3, 1, 2]) : images.detach();
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  const columns = Math.min(n, COLUMNS);
  const rows = Math.ceil(n / columns);
  const black = zeros([rows * columns - n, c, h, w], { dtype: x.dtype });
  const whole = black.count === 0 ? x : cat([x, black]);
  return whole
    .reshape([rows, columns, c, h, w])
    .permute([2, 0, 3, 1, 4])
    .reshape([c, rows * h, columns * w]);
}
