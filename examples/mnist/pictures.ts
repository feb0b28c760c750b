import type { Tensor } from '@kindling/core';
import { encode } from 'fast-png';
import { frame, meanLosses, render, titled, twoLines } from '../vega.ts';
import { toBytes } from './data.ts';

/** The training loss, as means of a hundredth of all steps, and the test loss before the first epoch and after each. */
export function lossCurve(
  losses: readonly number[],
  testLosses: readonly number[],
  stepsPerEpoch: number,
  net = '784-128-10',
): Promise<string> {
  const { width, means } = meanLosses(losses);
  const { color, layer } = twoLines('test');
  const values = [
    ...means.map(({ at, loss }) => ({ epoch: at / stepsPerEpoch, loss, series: 'training' })),
    ...testLosses.map((loss, epoch) => ({ epoch, loss, series: 'test' })),
  ];
  const epochs = Math.ceil(losses.length / stepsPerEpoch);
  return render({
    ...frame,
    title: titled(`MNIST, ${net}: loss of training and test images`, width),
    width: 640,
    height: 320,
    data: { values },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'epochs done',
        scale: { domain: [0, epochs], nice: false },
        axis: { tickMinStep: 1, tickCount: Math.min(epochs, 20), format: 'd' },
      },
      y: {
        field: 'loss',
        type: 'quantitative',
        scale: { type: 'log', nice: false },
        title: 'cross entropy',
      },
      color,
    },
    layer,
  });
}

/**
 * The confusion matrix. Colour is for the errors alone, by how many they are: beside a thousand right answers, one
 * error and twenty would look the same.
 */
export function confusionPicture(matrix: readonly (readonly number[])[]): Promise<string> {
  const values = matrix.flatMap((row, label) =>
    row.map((count, predicted) => ({ label, predicted, count, right: label === predicted })),
  );
  const most = Math.max(1, ...values.map(({ count, right }) => (right ? 0 : count)));
  const axes = {
    x: { field: 'predicted', type: 'ordinal', title: 'predicted', axis: { labelAngle: 0 } },
    y: { field: 'label', type: 'ordinal', title: 'label' },
  } as const;
  return render({
    ...frame,
    title: 'MNIST test images by label and prediction',
    width: 440,
    height: 440,
    data: { values },
    layer: [
      {
        transform: [{ filter: 'datum.right' }],
        mark: { type: 'rect', color: '#e4ebe4' },
        encoding: axes,
      },
      {
        transform: [{ filter: '!datum.right' }],
        mark: 'rect',
        encoding: {
          ...axes,
          color: {
            field: 'count',
            type: 'quantitative',
            scale: {
              type: 'sqrt',
              domain: [0, most],
              range: ['#ffffff', '#fdd0a2', '#f16913', '#7f2704'],
              interpolate: 'rgb',
            },
            legend: { title: 'errors', tickMinStep: 1, format: 'd' },
          },
        },
      },
      {
        transform: [{ filter: 'datum.count > 0' }],
        mark: 'text',
        encoding: {
          ...axes,
          text: { field: 'count', type: 'quantitative' },
          color: {
            condition: { test: `!datum.right && sqrt(datum.count / ${most}) > 0.6`, value: 'white' },
            value: 'black',
          },
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

/** A standardised image, dark on white, as a PNG in a URL. */
function urlOf(image: Tensor): string {
  const data = toBytes(image).map((ink) => 255 - ink);
  const png = encode({ width: 28, height: 28, data, channels: 1, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/**
 * A sheet of misread digits, `total` being the number of all; below each, its label and, in red, what was read instead.
 */
export function mistakeSheet(mistakes: readonly Mistake[], total: number, columns = 12): Promise<string> {
  const cell = 64;
  const rows = Math.max(1, Math.ceil(mistakes.length / columns));
  const values = mistakes.map(({ image, label, predicted }, i) => ({
    column: i % columns,
    row: Math.floor(i / columns),
    url: urlOf(image),
    label: `${label} →`,
    predicted: `${predicted}`,
  }));
  const shown = mistakes.length < total ? `The first ${mistakes.length} of ${total}` : `All ${total}`;
  const place = (field: string, domain: [number, number]) => ({
    field,
    type: 'quantitative' as const,
    axis: null,
    scale: { domain, nice: false },
  });
  return render({
    ...frame,
    title: {
      text: 'MNIST test images that were misread',
      subtitle: `${shown}: what they are → what was read`,
    },
    width: columns * cell,
    height: rows * (cell + 16),
    view: { stroke: null },
    data: { values },
    encoding: {
      x: place('column', [-0.5, columns - 0.5]),
      y: place('row', [rows - 0.5, -0.5]),
    },
    layer: [
      {
        mark: { type: 'image', width: 52, height: 52, yOffset: -8, smooth: false },
        encoding: { url: { field: 'url' } },
      },
      {
        mark: { type: 'text', dx: 5, dy: 27, align: 'right', fontSize: 12 },
        encoding: { text: { field: 'label' } },
      },
      {
        mark: {
          type: 'text',
          dx: 9,
          dy: 27,
          align: 'left',
          fontSize: 12,
          fontWeight: 'bold',
          color: '#c00000',
        },
        encoding: { text: { field: 'predicted' } },
      },
    ],
  });
}
