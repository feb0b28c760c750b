import { linspace, noGrad } from '@kindling/core';
import { encode } from 'fast-png';
import { frame, render } from '../vega.ts';
import type { Reading } from './digits.ts';
import { families } from './entrants.ts';
import type { Course, Surface } from './surfaces.ts';

/** Of a panel, and of a pixel of the heights behind the paths. */
const [width, height] = [320, 240];
const coarse = 2;
const bands = 14;

/** The heights of a surface as bands of grey, a band for each factor of the same size, as a PNG in a URL. */
function heights(surface: Surface): string {
  const [columns, rows] = [width / coarse, height / coarse];
  const [left, right] = surface.x;
  const [low, high] = surface.y;
  const logs = noGrad(() => {
    const x = linspace(left, right, columns).reshape(1, columns).expand(rows, columns);
    // Rows of a picture go down.
    const y = linspace(high, low, rows).reshape(rows, 1).expand(rows, columns);
    return surface.at(x, y).add(0.1).log();
  });
  const [least, most] = [logs.min().item(), logs.max().item()];
  const data = Uint8Array.from(logs.contiguous().data, (value) => {
    const band = Math.floor((bands * (value - least)) / (most - least));
    return 255 - Math.round((110 * (bands - band)) / bands);
  });
  const png = encode({ width: columns, height: rows, data, channels: 1, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

const color = {
  field: 'name',
  type: 'nominal' as const,
  title: null,
  scale: { scheme: 'category10' as const },
  legend: { labelLimit: 0, symbolStrokeWidth: 3 },
};

/** Paths over a surface, cut off where they leave what is shown. */
function paths(surface: Surface, courses: readonly Course[]) {
  const values = courses.flatMap(({ name, path }) => path.map(([x, y], step) => ({ name, step, x, y })));
  const axis = (field: 'x' | 'y') => ({
    field,
    type: 'quantitative' as const,
    title: null,
    scale: { domain: [...surface[field]], nice: false, zero: false },
    axis: { grid: false },
  });
  const [x, y] = [axis('x'), axis('y')];
  const mark = (at: readonly [number, number], shape: string) => ({
    data: { values: [{ x: at[0], y: at[1] }] },
    mark: { type: 'point' as const, shape, size: 120, filled: true, color: '#222', opacity: 1 },
    encoding: { x, y },
  });
  return {
    title: surface.name,
    width,
    height,
    layer: [
      {
        data: { values: [{ url: heights(surface) }] },
        mark: { type: 'image' as const, width, height, smooth: false },
        encoding: { url: { field: 'url' }, x: { value: width / 2 }, y: { value: height / 2 } },
      },
      {
        data: { values },
        mark: { type: 'line' as const, strokeWidth: 1.5, clip: true },
        encoding: { x, y, color, order: { field: 'step' } },
      },
      mark(surface.start, 'circle'),
      mark(surface.least, 'cross'),
    ],
  };
}

/** Losses by the number of the step. */
const curves = (
  title: string,
  of: readonly { name: string; losses: readonly number[] }[],
  least: number,
) => ({
  title,
  width,
  height,
  data: {
    values: of.flatMap(({ name, losses }) =>
      losses.flatMap((loss, step) =>
        Number.isFinite(loss) ? [{ name, step, loss: Math.max(loss, least) }] : [],
      ),
    ),
  },
  mark: { type: 'line' as const, strokeWidth: 1.2, clip: true },
  encoding: {
    x: { field: 'step', type: 'quantitative' as const, scale: { nice: false } },
    y: { field: 'loss', type: 'quantitative' as const, scale: { type: 'log' as const } },
    color,
  },
});

/** The mean of each loss and of the nine before it. */
const smooth = (losses: readonly number[]): number[] =>
  losses.map((_, i) => {
    const window = losses.slice(Math.max(0, i - 9), i + 1);
    return window.reduce((a, b) => a + b, 0) / window.length;
  });

/**
 * The courses over each surface, their losses below, and the losses on digits: a pair of rows a family, with colours of
 * its own.
 */
export function sheet(
  courses: readonly { surface: Surface; courses: readonly Course[] }[],
  readings: readonly Reading[],
): Promise<string> {
  const rows = families.map((family) => {
    const names = new Set(family.entrants.map(({ name }) => name));
    const own = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
      all.filter(({ name }) => names.has(name));
    const digits = own(readings).map(({ name, losses }) => ({ name, losses: smooth(losses) }));
    return {
      title: { text: family.name, anchor: 'start' as const, fontSize: 16 },
      vconcat: [
        { hconcat: courses.map(({ surface, courses }) => paths(surface, own(courses))) },
        {
          hconcat: [
            ...courses.map(({ surface, courses }) => curves(`${surface.name}: loss`, own(courses), 1e-16)),
            curves('MNIST: loss', digits, 1e-4),
          ],
        },
      ],
    };
  });
  return render({
    ...frame,
    title: {
      text: 'Every optimizer, each at the best of some learning rates',
      subtitle: 'a dot is where all begin, a cross the least place; losses on digits are means of ten steps',
      fontSize: 18,
    },
    vconcat: rows,
    resolve: { scale: { color: 'independent' } },
  });
}
