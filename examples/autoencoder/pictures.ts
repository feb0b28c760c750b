import { linspace, meshgrid, noGrad, quantile, stack, type Tensor, tensor } from '@kindling/core';
import { encode } from 'fast-png';
import { frame, render } from '../vega.ts';
import type { Autoencoder } from './model.ts';

const side = 28;

/** Images, (rows, columns, 784), of values from 0 to 1 side by side, dark on white, as a PNG. */
export function sheet(images: Tensor): Uint8Array {
  const [rows = 0, columns = 0] = images.shape;
  // Row by row of pixels: the rows of one image lie beside those of the next.
  const pixels = images.reshape(rows, columns, side, side).transpose(1, 2).mul(-255).add(255);
  const data = Uint8Array.from(pixels.round().contiguous().data);
  return encode({ width: columns * side, height: rows * side, data, channels: 1, depth: 8 });
}

/** Images, (n, 784), above what the net makes of them, in so many columns. */
export function reconstructions(model: Autoencoder, images: Tensor, columns: number): Uint8Array {
  const rows = Math.floor(images.shape[0]! / columns);
  const shown = images.narrow(0, 0, rows * columns);
  const made = noGrad(() => model(shown).sigmoid());
  const pairs = stack(
    [shown, made].map((x) => x.reshape(rows, columns, side * side)),
    1,
  );
  return sheet(pairs.reshape(2 * rows, columns, side * side));
}

/**
 * What codes on a grid stand for: over nearly all of the plane where there are `codes`, the second coordinate going up.
 */
export function decodedPlane(model: Autoencoder, codes: Tensor, count: number): Uint8Array {
  const ends = quantile(codes, tensor([0.02, 0.98]), 0);
  const along = (coordinate: number): Tensor => {
    const [least = 0, most = 0] = ends.select(1, coordinate).data;
    return linspace(least, most, count);
  };
  const [down, across] = meshgrid([along(1).flip(0), along(0)], { indexing: 'ij' }) as [Tensor, Tensor];
  return sheet(noGrad(() => model.decode(stack([across, down], 2))));
}

/** The codes of images in the plane, coloured by what digits they are. */
export function planeOfCodes(codes: Tensor, labels: Tensor): Promise<string> {
  const [across, up] = [codes.select(1, 0).data, codes.select(1, 1).data];
  // Hundredths are finer than the dots.
  const values = Array.from(labels.data, (digit, i) => ({
    x: Math.round(100 * across[i]!) / 100,
    y: Math.round(100 * up[i]!) / 100,
    digit,
  }));
  const axis = {
    type: 'quantitative',
    scale: { zero: false },
    axis: { grid: false, tickCount: 10 },
  } as const;
  return render({
    ...frame,
    title: {
      text: 'MNIST in two dimensions',
      subtitle: `where an autoencoder puts ${values.length} test images that it has not seen`,
    },
    width: 640,
    height: 640,
    data: { values },
    mark: { type: 'circle', size: 9, opacity: 0.7 },
    encoding: {
      x: { field: 'x', title: 'first number', ...axis },
      y: { field: 'y', title: 'second number', ...axis },
      color: {
        field: 'digit',
        type: 'nominal',
        title: 'digit',
        scale: { scheme: 'tableau10' },
        legend: { symbolOpacity: 1, symbolSize: 80 },
      },
    },
  });
}
