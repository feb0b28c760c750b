/** Values and gradients of a loss along an axis, by the library and its autograd. */
import { linspace } from '@kindling/core';
import type { Curve } from './curve-reading.ts';
import type { Picture, Settings } from './pictures/index.ts';

const points = 241;

/** The loss of each prediction along the picture's axis, and its gradient. */
export function curveOf(picture: Picture, settings: Settings): Curve {
  const { from, to } = picture.axis;
  const x = linspace(from, to, picture.points ?? points, { dtype: 'float64', requiresGrad: true });
  const loss = picture.loss(x, settings);
  loss.sum().backward();
  const numbers = (values: Iterable<number> | undefined): number[] => Array.from(values ?? []);
  return { x: numbers(x.detach().data), value: numbers(loss.detach().data), gradient: numbers(x.grad?.data) };
}
