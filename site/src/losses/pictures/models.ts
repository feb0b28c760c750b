/** Tiny models of two numbers, with their data: what landscapes are made of. */
import { stack, type Tensor, tensor, zerosLike } from '@kindling/core';
import { type Axis, type Landscape, over } from './picture.ts';

export const column = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'float64' });
const w: Axis = over('weight w', -2, 4);
const b: Axis = over('bias b', -2, 3);

/** The model w x + b: (P, n) for P pairs of numbers and n samples. */
const linear = (first: Tensor, second: Tensor, x: Tensor): Tensor =>
  first.unsqueeze(1).mul(x).add(second.unsqueeze(1));

type ElementLoss = (prediction: Tensor, target: Tensor) => Tensor;

export interface LineOptions {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly axes: readonly [Axis, Axis];
  readonly start: readonly [number, number];
  readonly rate: number;
  readonly says: string;
}

/** A line through points, with the mean of a loss of each point. */
export function line(loss: ElementLoss, options: LineOptions): Landscape {
  const { axes, start, rate, says } = options;
  const [x, y] = [column(options.x), column(options.y)];
  return {
    axes,
    start,
    rate,
    says,
    loss(first, second) {
      const z = linear(first, second, x);
      return loss(z, y.expand(z.shape)).mean(1);
    },
  };
}

const regular = [-0.9, -0.6, -0.4, -0.1, 0.2, 0.4, 0.7, 0.9];
const noise = [0.1, -0.12, 0.05, 0.08, -0.1, 0.06, -0.05, 0.04];

/** Points on the line 1.5 x + 0.5, of which the last is far off. */
export const outlier: LineOptions = {
  x: [...regular, 1],
  y: [...regular.map((x, i) => 1.5 * x + 0.5 + (noise[i] ?? 0)), -4],
  axes: [w, b],
  start: [-1.5, 2.5],
  rate: 0.2,
  says: 'A line w x + b through nine points: eight lie near 1.5 x + 0.5, one is an outlier, 6 below. The nearer the lowest point is to w = 1.5 and b = 0.5, the less the outlier moves the line.',
};

/** Points whose targets span an order of magnitude, with one outlier. */
export const relative: LineOptions = {
  x: [0.1, 0.2, 0.3, 0.5, 0.7, 1, 0.9],
  y: [1.05, 1.95, 3.1, 4.9, 7.1, 9.9, 18],
  axes: [over('weight w', 0, 20), over('bias b', -4, 6)],
  start: [2, 5],
  rate: 2,
  says: 'A line w x + b through seven points from 1 to 18; six lie near 10 x, one is twice as high.',
};

export const counts: LineOptions = {
  x: [-1, -0.5, 0, 0.5, 1, 1.5],
  y: [0, 1, 1, 3, 5, 7],
  axes: [over('weight w', -1, 3), over('bias b', -2, 2)],
  start: [-0.5, 1.5],
  rate: 0.1,
  says: 'The logarithm of a rate, w x + b, and six counts that grow with x.',
};

const labelled = [-1.8, -1.2, -0.9, -0.3, 0.2, 0.6, 1.1, 1.7];

/** A logit w x + b for answers that are yes to the right of 0, with two that are not. */
export const yesNo: LineOptions = {
  x: labelled,
  y: [0, 0, 1, 0, 1, 0, 1, 1],
  axes: [over('weight w', -3, 6), over('bias b', -4, 4)],
  start: [-2.5, 3],
  rate: 1,
  says: 'A logit w x + b for eight samples: yes to the right of 0, no to the left, but for two that are the other way.',
};

/** The logits (P, 2, n) of two classes, of which the first has 0. */
export function twoClasses(z: Tensor): Tensor {
  return stack([zerosLike(z), z], 1);
}

/** A region of pixels on a line, found by a window of a centre and half a width; logits (P, 1, n), mask (P, 1, n). */
export function window(loss: (logits: Tensor, mask: Tensor) => Tensor): Landscape {
  const places = Array.from({ length: 33 }, (_, i) => -1 + i / 16);
  const [x, mask] = [column(places), column(places.map((place) => Number(place > 0.2 && place < 0.6)))];
  return {
    axes: [over('centre', -1, 1), over('half width', 0, 1)],
    start: [-0.3, 0.6],
    rate: 0.05,
    says: 'A window on a row of 33 pixels, of which six are the region. The model has two numbers, the centre of the window and half its width. Far from the region there is a plateau: a window that covers nothing of it hardly knows where to go.',
    loss(centre, half) {
      const logits = half
        .unsqueeze(1)
        .sub(x.sub(centre.unsqueeze(1)).abs())
        .mul(12)
        .unsqueeze(1);
      return loss(logits, mask.expand(logits.shape)).squeeze(1);
    },
  };
}

/** The two coordinates of an embedding; points are (P, 2). */
export function plane(
  loss: (points: Tensor) => Tensor,
  says: string,
  options: {
    readonly labels?: readonly [string, string];
    readonly start?: readonly [number, number];
    readonly rate?: number;
  } = {},
): Landscape {
  const [first, second] = options.labels ?? ['first coordinate', 'second coordinate'];
  return {
    axes: [over(first, -2, 2), over(second, -2, 2)],
    start: options.start ?? [-1.6, -1.4],
    rate: options.rate ?? 0.1,
    says,
    loss: (first, second) => loss(stack([first, second], 1)),
  };
}

/** The logits of the first two of three classes, that of the third being 0; (P, 3). */
export function threeLogits(loss: (logits: Tensor) => Tensor, says: string): Landscape {
  return {
    axes: [over('logit of class 0', -4, 6), over('logit of class 1', -4, 6)],
    start: [-1, 2.5],
    rate: 2,
    says,
    loss: (first, second) => loss(stack([first, second, zerosLike(first)], 1)),
  };
}

/** `point` as P rows. */
export const rows = (point: readonly number[], like: Tensor): Tensor =>
  column(point).expand([like.shape[0] ?? 1, point.length]);
