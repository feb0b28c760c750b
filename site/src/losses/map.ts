/** Draws a field of losses and a way on it. */
import type { Descent, Field, Point } from './landscape.ts';
import type { Axis } from './pictures/picture.ts';

export interface Plot {
  readonly canvas: HTMLCanvasElement;
  readonly axes: readonly [Axis, Axis];
}

/** Bands of equal area, so that both a deep valley and a plateau show their shape. */
const bands = 16;

type Colour = readonly [number, number, number];

/** A colour of the theme, whatever way it is written. */
function themeColour(name: string): Colour {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!context) return [128, 128, 128];
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

const mixed = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** For each loss the share of losses that are lower, from 0 to 1, in bands; equal losses have one. */
function bandsOf({ values }: Field): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const limits = Array.from(
    { length: bands - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bands)] ?? 0,
  );
  return Float64Array.from(values, (value) => limits.filter((limit) => limit < value).length / (bands - 1));
}

export function drawField({ canvas }: Plot, field: Field): void {
  const { size } = field;
  const small = document.createElement('canvas');
  small.width = size;
  small.height = size;
  const [context, target] = [small.getContext('2d'), canvas.getContext('2d')];
  if (!context || !target) return;
  const [low, high] = [themeColour('--k-series-2'), themeColour('--vp-c-bg-soft')];
  const image = context.createImageData(size, size);
  bandsOf(field).forEach((band, i) => {
    // The first row is the lowest.
    const place = (size - 1 - Math.floor(i / size)) * size + (i % size);
    image.data.set([...mixed(low, high, band), 255], place * 4);
  });
  context.putImageData(image, 0, 0);
  target.imageSmoothingQuality = 'high';
  target.drawImage(small, 0, 0, canvas.width, canvas.height);
}

export function drawDescent({ canvas, axes }: Plot, { points }: Descent): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const [first, second] = axes;
  const place = ([a, b]: Point): Point => [
    ((a - first.from) / (first.to - first.from)) * canvas.width,
    (1 - (b - second.from) / (second.to - second.from)) * canvas.height,
  ];
  const [line, halo] = [
    `rgb(${themeColour('--k-series-1').join(' ')})`,
    `rgb(${themeColour('--vp-c-bg').join(' ')})`,
  ];
  const dot = (point: Point, radius: number): void => {
    context.beginPath();
    context.arc(...place(point), radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  };
  for (const [colour, width] of [
    [halo, 6],
    [line, 2.5],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.beginPath();
    for (const point of points) context.lineTo(...place(point));
    context.stroke();
  }
  context.fillStyle = line;
  context.strokeStyle = halo;
  context.lineWidth = 2;
  for (const point of points) dot(point, 4);
  const [start] = points;
  if (start) dot(start, 9);
}
