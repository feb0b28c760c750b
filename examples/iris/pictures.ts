import { linspace, noGrad, stack, type Tensor } from '@kindling/core';
import { encode } from 'fast-png';
import { frame, render } from '../vega.ts';
import type { Flowers } from './data.ts';
import type { Model, Trained } from './train.ts';

/** The losses of each fold, and the epoch at which its validation loss was lowest. */
export function learningCurves(folds: readonly Trained[]): Promise<string> {
  const values = folds.flatMap(({ losses, best }, fold) =>
    losses.flatMap(({ training, validation }, epoch) => [
      { fold, epoch, loss: training, series: 'training', best: false },
      { fold, epoch, loss: validation, series: 'validation', best: epoch === best },
    ]),
  );
  return render({
    ...frame,
    title: { text: 'Iris: losses of each fold', subtitle: 'points: where the validation loss was lowest' },
    width: 640,
    height: 320,
    data: { values },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', scale: { nice: false } },
      y: { field: 'loss', type: 'quantitative', scale: { type: 'log' }, title: 'cross entropy' },
      color: {
        field: 'series',
        type: 'nominal',
        title: null,
        scale: { domain: ['training', 'validation'], range: ['#4c78a8', '#e45756'] },
      },
      detail: { field: 'fold' },
    },
    layer: [
      { mark: { type: 'line', strokeWidth: 1 } },
      { transform: [{ filter: 'datum.best' }], mark: { type: 'point', filled: true, size: 60, opacity: 1 } },
    ],
  });
}

/** The colours of three classes: of points, and of the regions behind them. */
const colours = ['#4c78a8', '#f58518', '#54a24b'];
const pale = [
  [214, 227, 240],
  [253, 228, 200],
  [219, 238, 216],
];
const [width, height] = [560, 400];
/** Pixels of the picture to one of the regions. */
const coarse = 4;

/** What the models say on average over a plane of two measurements, the others being means, as a PNG in a URL. */
function regions(
  models: readonly Model[],
  x: Tensor,
  across: number,
  up: number,
  bounds: readonly Bounds[],
): string {
  const [columns, rows] = [width / coarse, height / coarse];
  const [horizontal, vertical] = bounds.map(({ least, most }) => ({
    along: linspace(least, most, columns),
    // Rows of a picture go down.
    down: linspace(most, least, rows).reshape(rows, 1),
  }));
  const mean = x.mean(0);
  const grid = stack(
    mean.unbind(0).map((value, feature) => {
      const measured = feature === across ? horizontal?.along : feature === up ? vertical?.down : value;
      return (measured ?? value).expand(rows, columns);
    }),
    2,
  );
  const found = noGrad(() =>
    stack(models.map((model) => model(grid).softmax(-1)))
      .mean(0)
      .argmax(-1),
  );
  const data = Uint8Array.from(Array.from(found.data).flatMap((label) => pale[label] ?? [255, 255, 255]));
  const png = encode({ width: columns, height: rows, data, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/**
 * The flowers by two measurements, and behind them what the models say of such flowers; rings: those that were misread.
 */
export function decisionPicture(
  { features, species, x, y }: Flowers,
  predicted: Tensor,
  models: readonly Model[],
  [across, up]: readonly [number, number] = [2, 3],
): Promise<string> {
  const bounds = [across, up].map((feature) => {
    const column = x.select(1, feature);
    const [least, most] = [column.min().item(), column.max().item()];
    return { least: least - 0.1 * (most - least), most: most + 0.1 * (most - least) };
  });
  const guesses = predicted.data;
  const [horizontal, vertical] = [x.select(1, across).data, x.select(1, up).data];
  const values = Array.from(y.data, (label, i) => ({
    x: horizontal[i],
    y: vertical[i],
    species: species[label],
    right: guesses[i] === label,
  }));
  const axis = (field: 'x' | 'y', feature: number, at: Bounds | undefined) => ({
    field,
    type: 'quantitative' as const,
    title: `${features[feature]} (cm)`,
    scale: { domain: [at?.least ?? 0, at?.most ?? 1], nice: false, zero: false },
    axis: { grid: false },
  });
  return render({
    ...frame,
    title: {
      text: 'Irises, and what the nets say of flowers between them',
      subtitle: 'rings: flowers that were misread by the net that had not seen them',
    },
    width,
    height,
    layer: [
      {
        data: { values: [{ url: regions(models, x, across, up, bounds) }] },
        mark: { type: 'image', width, height, smooth: false },
        encoding: { url: { field: 'url' }, x: { value: width / 2 }, y: { value: height / 2 } },
      },
      {
        data: { values },
        encoding: {
          x: axis('x', across, bounds[0]),
          y: axis('y', up, bounds[1]),
          color: {
            field: 'species',
            type: 'nominal',
            title: null,
            scale: { domain: [...species], range: colours },
          },
        },
        layer: [
          { mark: { type: 'point', filled: true, size: 50, opacity: 0.9 } },
          {
            transform: [{ filter: '!datum.right' }],
            mark: { type: 'point', size: 220, strokeWidth: 2, color: '#c00000' },
            encoding: { color: { value: '#c00000' } },
          },
        ],
      },
    ],
  });
}
