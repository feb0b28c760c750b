/** Values and gradients of a loss along an axis. */
import { linspace } from '@kindling/core';
import type { Picture, Settings } from './pictures/index.ts';

/** A loss along an axis: numbers of one length each. */
export interface Curve {
  readonly x: readonly number[];
  readonly value: readonly number[];
  readonly gradient: readonly number[];
}

const points = 241;

/** The loss of each prediction, and its gradient by autograd. */
export function curveOf(picture: Picture, settings: Settings, { from, to } = picture.axis): Curve {
  const x = linspace(from, to, picture.points ?? points, { dtype: 'float64', requiresGrad: true });
  const loss = picture.loss(x, settings);
  loss.sum().backward();
  const numbers = (values: Iterable<number> | undefined): number[] => Array.from(values ?? []);
  return { x: numbers(x.detach().data), value: numbers(loss.detach().data), gradient: numbers(x.grad?.data) };
}

/** The place of `curve` that is nearest to x. */
export function nearest(curve: Curve, x: number): number {
  let best = 0;
  curve.x.forEach((other, i) => {
    if (Math.abs(other - x) < Math.abs((curve.x[best] ?? 0) - x)) best = i;
  });
  return best;
}

/** A number as it is read out: three decimals at most. */
export const rounded = (value: number): string => String(Number(value.toFixed(3)));
