import {
  bincount,
  formatShape,
  ShapeError,
  sameShape,
  stack,
  type Tensor,
  ValueError,
  valuesOf,
} from '@kindling/core';
import { PrCurvePluginDataSchema } from '../proto/index.ts';
import { bytesOf, pluginValue, type Value } from './message.ts';

/** So that 0 / 0 is 0. */
const LEAST = 1e-7;

/** From each place on to the end. */
const fromHere = (x: Tensor): Tensor => x.flip([0]).cumsum(0).flip([0]);

/**
 * Precision and recall at thresholds from 0 to 1, with what they are made of: six rows.
 * @throws ShapeError, ValueError
 */
export function prCurveOf(
  caller: string,
  tag: string,
  labels: Tensor,
  predictions: Tensor,
  numThresholds: number,
  weights: Tensor | null,
): Value {
  for (const [name, other] of [
    ['predictions', predictions],
    ['weights', weights ?? labels],
  ] as const) {
    if (!sameShape(labels.shape, other.shape)) {
      throw new ShapeError(
        `${caller}: ${name}: expected the shape of labels, ${formatShape(labels.shape)}, got ${formatShape(other.shape)}`,
      );
    }
  }
  const flat = (x: Tensor): Tensor => x.detach().to('float64').flatten();
  const [p, y] = [flat(predictions), flat(labels)];
  const w = weights === null ? y.mul(0).add(1) : flat(weights);
  const refuse = (name: string, x: Tensor, good: Tensor, expected: string): void => {
    const bad = x.maskedSelect(good.logicalNot());
    if (bad.count > 0)
      throw new ValueError(`${caller}: ${name}: expected ${expected}, got ${bad.select(0, 0).item()}`);
  };
  refuse('predictions', p, p.ge(0).logicalAnd(p.le(1)), 'probabilities in [0, 1]');
  refuse('weights', w, w.isfinite().logicalAnd(w.ge(0)), 'finite numbers >= 0');
  refuse('labels', y, y.eq(0).logicalOr(y.eq(1)), '0 and 1');
  const places = p
    .mul(numThresholds - 1)
    .floor()
    .to('int32');
  const at = (of: Tensor): Tensor => fromHere(bincount(places, { weights: of, minlength: numThresholds }));
  const tp = at(w.mul(y));
  const fp = at(w.mul(y.neg().add(1)));
  const tn = fp.select(0, 0).sub(fp);
  const fn = tp.select(0, 0).sub(tp);
  const part = (of: Tensor): Tensor => tp.div(of.clamp({ min: LEAST }));
  const rows = stack([tp, fp, tn, fn, part(tp.add(fp)), part(tp.add(fn))]);
  return pluginValue(tag, 'pr_curves', bytesOf(PrCurvePluginDataSchema, { version: 0, numThresholds }), {
    dtype: 1,
    tensorShape: { dim: [{ size: 6n }, { size: BigInt(numThresholds) }] },
    floatVal: Array.from(valuesOf(rows, caller), Math.fround),
  });
}
