import type { Tensor } from '@kindling/core';
import { F } from '@kindling/nn';
import { type Controls, type Settings, type Slider, slider, toggle } from './controls.ts';
import { column, window } from './models.ts';
import { over, type Picture, picture } from './picture.ts';

const none = { reduction: 'none' } as const;
const pixels = 32;
const region = {
  size: slider('pixels of the region, of 32', 4, 0, 32, 1),
  background: slider('logit of the background', -4, -8, 4, 0.5),
  smooth: slider('smooth', 1, 0.01, 5, 0.01),
};
type Region = { readonly size: Slider; readonly background: Slider; readonly smooth: Slider };

/** A loss of logits and a mask, (N, 1, pixels) each, of which (N, 1) comes. */
function ofRegion<const C extends Controls>(
  options: C,
  loss: (logits: Tensor, mask: Tensor, settings: Settings<C & Region>) => Tensor,
): Picture {
  return picture<C & Region>({
    axis: over('logit of the pixels of the region', -8, 8),
    controls: { ...region, ...options },
    says: 'All pixels of a region have one logit, which is swept; those of the background have the one below.',
    loss(x, settings) {
      const { size, background }: { readonly size: number; readonly background: number } = settings;
      const mask = column(Array.from({ length: pixels }, (_, i) => Number(i < size)));
      const logits = x.unsqueeze(1).mul(mask).add(mask.rsub(1).mul(background));
      return loss(logits.unsqueeze(1), mask.expand(logits.shape).unsqueeze(1), settings).squeeze(1);
    },
    landscape: (settings) => window((logits, mask) => loss(logits, mask, settings)),
  });
}

const prices = { alpha: slider('alpha', 0.3, 0, 1, 0.05), beta: slider('beta', 0.7, 0, 1, 0.05) };

/** Pictures of losses of regions. */
export const regionPictures = {
  DiceLoss: ofRegion({ squared: toggle('squared') }, (x, mask, { smooth, squared }) =>
    F.diceLoss(x, mask, { smooth, squared, ...none }),
  ),
  JaccardLoss: ofRegion({}, (x, mask, { smooth }) => F.jaccardLoss(x, mask, { smooth, ...none })),
  TverskyLoss: ofRegion(prices, (x, mask, { smooth, alpha, beta }) =>
    F.tverskyLoss(x, mask, { smooth, alpha, beta, ...none }),
  ),
  FocalTverskyLoss: ofRegion(
    { ...prices, gamma: slider('gamma', 1.33, 0.5, 4, 0.01) },
    (x, mask, { smooth, alpha, beta, gamma }) =>
      F.focalTverskyLoss(x, mask, { smooth, alpha, beta, gamma, ...none }),
  ),
} as const;
