import { fullLike, type Tensor } from '@kindling/core';
import type { Controls, Settings, Slider } from './controls.ts';
import { type LineOptions, line } from './models.ts';
import { type Axis, type Picture, picture } from './picture.ts';

/** What the losses of a kind are drawn over. */
interface Frame {
  readonly axis: Axis;
  readonly target: Slider;
  readonly says: string;
  /** What a line is fitted to, in the landscape. */
  readonly points: LineOptions;
}

/** Pictures of losses of a prediction and a target, whose only controls besides the target are their options. */
export const ofTarget =
  ({ axis, target, says, points }: Frame) =>
  <const C extends Controls>(
    options: C,
    loss: (x: Tensor, y: Tensor, settings: Settings<C & { readonly target: Slider }>) => Tensor,
    rate = points.rate,
  ): Picture =>
    picture<C & { readonly target: Slider }>({
      axis,
      controls: { target, ...options },
      says,
      loss: (x, settings) => loss(x, fullLike(x, settings.target), settings),
      landscape: (settings) => line((z, y) => loss(z, y, settings), { ...points, rate }),
    });
