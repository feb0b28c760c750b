/** What a program shows, made into numbers for the page. */
import { noGrad, type Tensor, tensor } from '@kindling/core';
import { reach } from './data-sets.ts';
import type { CartState, Pictures, Scatter } from './protocol.ts';

/** Pictures by name; each is a function, which is called when a picture is due, up to 25 times a second. */
export interface Shown {
  /** Values from 0 to 1 of places in the plane: (N, 2) gives (N, 1). */
  readonly field?: (places: Tensor) => Tensor;
  /** Heights over the plane: (N, 1) gives (N, 1). */
  readonly curve?: (places: Tensor) => Tensor;
  /** Probabilities of the digits 0 to 9 for what the reader drew: (1, 196) gives (1, 10). */
  readonly bars?: (drawing: Tensor) => Tensor;
  /** Places, of shape (N, 2), coloured by labels of shape (N,). */
  readonly scatter?: () => readonly [places: Tensor, labels: Tensor];
  /** Gray images, of shape (N, side * side). */
  readonly images?: () => Tensor;
  readonly text?: () => string;
  readonly cart?: () => CartState;
}

/** Values along each side of a field, and of a curve. */
const fieldSide = 64;
const curvePoints = 161;

const axis = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => ((2 * i + 1) / count - 1) * reach);

let plane: Tensor | undefined;
let line: Tensor | undefined;

function planePlaces(): Tensor {
  const along = axis(fieldSide);
  plane ??= tensor(
    along.toReversed().flatMap((y) => along.map((x) => [x, y])),
    { dtype: 'float32' },
  );
  return plane;
}

function linePlaces(): Tensor {
  line ??= tensor(
    axis(curvePoints).map((x) => [x]),
    { dtype: 'float32' },
  );
  return line;
}

/** The values of a result, which must be as many as there are places. */
function valuesOf(result: Tensor, count: number, name: string): Float32Array {
  if (result.numel() !== count)
    throw new Error(
      `${name} got values of shape [${result.shape}]; it shows one value a place, of shape [${count}, 1]`,
    );
  return Float32Array.from(result.flatten().toArray() as number[]);
}

function imagesOf(images: Tensor): { pixels: Float32Array; side: number } {
  const flat = images.flatten(1);
  const side = Math.sqrt(flat.shape[1] ?? 0);
  if (!Number.isInteger(side))
    throw new Error(`images got shape [${images.shape}]; it shows squares, of shape [N, side * side]`);
  return { pixels: valuesOf(flat, flat.numel(), 'images'), side };
}

function scatterOf([places, labels]: readonly [Tensor, Tensor]): Scatter {
  const count = places.shape[0] ?? 0;
  if (places.dim() !== 2 || places.shape[1] !== 2)
    throw new Error(
      `scatter got places of shape [${places.shape}]; it shows places in the plane, of shape [N, 2]`,
    );
  return {
    x: valuesOf(places.select(1, 0), count, 'scatter'),
    y: valuesOf(places.select(1, 1), count, 'scatter'),
    labels: Int32Array.from(labels.flatten().toArray() as number[]),
  };
}

/** The pictures as they are now; `drawing` is what the reader drew. */
export function draw(shown: Shown, drawing: Float32Array | undefined): Pictures {
  const { field, curve, bars, scatter, images, text, cart } = shown;
  return noGrad(() => ({
    ...(field && { field: valuesOf(field(planePlaces()), fieldSide ** 2, 'field') }),
    ...(curve && { curve: valuesOf(curve(linePlaces()), curvePoints, 'curve') }),
    ...(bars && drawing && { bars: valuesOf(bars(tensor(drawing).reshape([1, -1])), 10, 'bars') }),
    ...(scatter && { scatter: scatterOf(scatter()) }),
    ...(images && { images: imagesOf(images()) }),
    ...(text && { text: text() }),
    ...(cart && { cart: cart() }),
  }));
}
