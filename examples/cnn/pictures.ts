import type { Tensor } from '@kindling/core';
import { encode } from 'fast-png';
import { frame, render } from '../vega.ts';
import type { Seen } from './net.ts';

type Colour = readonly [red: number, green: number, blue: number];
const black: Colour = [0, 0, 0];
const red: Colour = [178, 24, 43];
const blue: Colour = [33, 102, 172];

/**
 * A matrix as a PNG in a URL: white is 0, and a number has the more of the colour of its sign the nearer it is to
 * `most`.
 */
function urlOf(matrix: Tensor, most: number, positive: Colour = black, negative: Colour = blue): string {
  const [height = 0, width = 0] = matrix.shape;
  const pixels = Array.from(matrix.contiguous().data, (value) => {
    const part = Math.min(1, Math.abs(value) / (most || 1));
    return (value < 0 ? negative : positive).map((full) => Math.round(255 + part * (full - 255)));
  });
  const png = encode({ width, height, data: Uint8Array.from(pixels.flat()), channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

const channels = (x: Tensor): Tensor[] => Array.from({ length: x.shape[0] ?? 0 }, (_, i) => x.select(0, i));
const largest = (x: Tensor): number => x.abs().max().item();

/**
 * What a net shows of itself: the filters of its first layer, and below them, for each of some images (n, 1, 28, 28),
 * where the layers found what they look for. What a filter finds is as dark as it is much beside what it finds in the
 * other images.
 */
export function featureSheet(images: Tensor, { filters, maps }: Seen): Promise<string> {
  const cell = 44;
  const values: { column: number; row: number; url: string }[] = [];
  const headings: { column: number; row: number; text: string }[] = [];
  let column = 0;
  /**
   * A column of pictures for each channel of what is (n, channels, height, width), with a heading over its first row,
   * or that of filters.
   */
  const addColumns = (x: Tensor, heading: string, row: number): void => {
    headings.push({ column, row, text: heading });
    for (const channel of channels(x.transpose(0, 1))) {
      const most = largest(channel);
      for (const [i, map] of channels(channel).entries())
        values.push({ column, row: 1 + i, url: urlOf(map, most) });
      column++;
    }
    column += 0.5;
  };
  addColumns(images.sub(images.min()), 'digit', 1);
  const most = largest(filters);
  for (const [i, filter] of channels(filters).entries())
    values.push({ column: column + i, row: 0, url: urlOf(filter, most, red, blue) });
  for (const [i, layer] of maps.entries()) {
    const [, count, height, width] = layer.shape;
    const name = i === 0 ? 'first' : 'second';
    addColumns(layer, `${name} layer: ${count} maps of ${height} × ${width}`, i === 0 ? 0 : 1);
  }

  const rows = 1 + (images.shape[0] ?? 0);
  const columns = column - 0.5;
  const at = (field: string, domain: [number, number]) => ({
    field,
    type: 'quantitative' as const,
    axis: null,
    scale: { domain, nice: false },
  });
  const x = at('column', [-0.5, columns - 0.5]);
  const y = at('row', [rows - 0.5, -0.5]);
  return render({
    ...frame,
    title: {
      text: 'MNIST: what the layers of a convolutional net find in test images',
      subtitle:
        'on top, the filters of the first layer: red adds, blue takes away; below, dark is where a filter found much',
    },
    width: columns * cell,
    height: rows * cell,
    view: { stroke: null },
    layer: [
      {
        data: { values },
        mark: { type: 'point', shape: 'square', size: (cell - 3) ** 2, stroke: '#ddd', strokeWidth: 1 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: 'image', width: cell - 4, height: cell - 4, smooth: false },
        encoding: { x, y, url: { field: 'url' } },
      },
      {
        data: { values: headings },
        mark: { type: 'text', align: 'left', dx: 2 - cell / 2, dy: -cell / 2 - 6, fontSize: 12 },
        encoding: { x, y, text: { field: 'text' } },
      },
    ],
  });
}
