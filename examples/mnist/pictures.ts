import type { Tensor } from '@kindling/core';
import { encode } from 'fast-png';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { toBytes } from './data.ts';

/** Renders a Vega-Lite specification. */
const render = (spec: TopLevelSpec): Promise<string> =>
  new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();

/** The training loss of every step, and its mean over the steps around. */
export function lossCurve(losses: readonly number[], stepsPerEpoch: number): Promise<string> {
  const width = Math.max(1, Math.round(losses.length / 100));
  const rows: { epoch: number; loss: number; series: string }[] = [];
  for (let end = width; end <= losses.length; end += width) {
    const window = losses.slice(end - width, end);
    rows.push({
      epoch: end / stepsPerEpoch,
      loss: window.reduce((a, b) => a + b, 0) / width,
      series: 'training',
    });
  }
  return render({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: 'MNIST, 784-128-10: training loss',
    width: 640,
    height: 320,
    background: 'white',
    data: { values: rows },
    mark: { type: 'line', interpolate: 'monotone', tooltip: true },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', title: 'epoch' },
      y: {
        field: 'loss',
        type: 'quantitative',
        scale: { type: 'log' },
        title: `cross entropy, mean of ${width} step${width === 1 ? '' : 's'}`,
      },
    },
  });
}

/** The confusion matrix as a heat map. */
export function confusionPicture(matrix: readonly (readonly number[])[]): Promise<string> {
  const values = matrix.flatMap((row, label) =>
    row.map((count, predicted) => ({
      label,
      predicted,
      count,
      share: count / row.reduce((a, b) => a + b, 0),
    })),
  );
  const axes = {
    x: { field: 'predicted', type: 'ordinal', title: 'predicted', axis: { labelAngle: 0 } },
    y: { field: 'label', type: 'ordinal', title: 'label' },
  } as const;
  return render({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: 'MNIST test images by label and prediction',
    width: 400,
    height: 400,
    background: 'white',
    data: { values },
    layer: [
      {
        mark: 'rect',
        encoding: {
          ...axes,
          color: { field: 'share', type: 'quantitative', scale: { scheme: 'blues' }, legend: null },
        },
      },
      {
        mark: 'text',
        encoding: {
          ...axes,
          text: { field: 'count', type: 'quantitative' },
          color: { condition: { test: 'datum.share > 0.5', value: 'white' }, value: 'black' },
        },
      },
    ],
  });
}

/** A digit that was read wrongly. */
export interface Mistake {
  readonly image: Tensor;
  readonly label: number;
  readonly predicted: number;
}

const scale = 2;
const cell = 28 * scale;
const caption = 14;
const gap = 6;

/** Digits of 3 by 5 dots, a row a number of three bits: captions need nothing more. */
const font = [
  [7, 5, 5, 5, 7], [2, 6, 2, 2, 7], [7, 1, 7, 4, 7], [7, 1, 7, 1, 7], [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7], [7, 4, 7, 5, 7], [7, 1, 1, 1, 1], [7, 5, 7, 5, 7], [7, 5, 7, 1, 7],
]; // biome-ignore format: one digit a group
const arrow = [4, 2, 1, 2, 4];

/** A sheet of misread digits as a PNG; below each, its label and, in red, what was read instead. */
export function mistakeSheet(mistakes: readonly Mistake[], columns = 12): Uint8Array {
  const rows = Math.max(1, Math.ceil(mistakes.length / columns));
  const width = columns * (cell + gap) + gap;
  const height = rows * (cell + caption + gap) + gap;
  const data = new Uint8Array(3 * width * height).fill(255);
  const dot = (x: number, y: number, rgb: readonly [number, number, number]): void =>
    data.set(rgb, 3 * (y * width + x));
  const glyph = (
    bits: readonly number[],
    x0: number,
    y0: number,
    rgb: readonly [number, number, number],
  ): void => {
    for (let y = 0; y < 10; y++) {
      for (let x = 0; x < 6; x++) if ((bits[y >> 1]! >> (2 - (x >> 1))) & 1) dot(x0 + x, y0 + y, rgb);
    }
  };
  mistakes.forEach(({ image, label, predicted }, i) => {
    const left = gap + (i % columns) * (cell + gap);
    const top = gap + Math.floor(i / columns) * (cell + caption + gap);
    const pixels = toBytes(image);
    for (let y = 0; y < cell; y++) {
      for (let x = 0; x < cell; x++) {
        const ink = 255 - pixels[Math.floor(y / scale) * 28 + Math.floor(x / scale)]!;
        dot(left + x, top + y, [ink, ink, ink]);
      }
    }
    const below = top + cell + 3;
    glyph(font[label]!, left + 14, below, [0, 0, 0]);
    glyph(arrow, left + 25, below, [150, 150, 150]);
    glyph(font[predicted]!, left + 36, below, [200, 0, 0]);
  });
  return encode({ width, height, data, channels: 3, depth: 8 });
}
