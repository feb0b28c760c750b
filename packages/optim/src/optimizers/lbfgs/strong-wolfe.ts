import type { Tensor } from '@kindling/core';

/** A place on the line: how far along the direction, with the loss there, its gradient, and its slope along the direction. */
export interface Place {
  readonly t: number;
  readonly loss: number;
  readonly gradient: Tensor;
  readonly slope: number;
}

/** A number as the dtype of the parameters holds it. */
export type Rounded = (x: number) => number;

/** Sufficient decrease and curvature, of the Wolfe conditions. */
const decrease = 1e-4;
const curvature = 0.9;
/** A bracket whose step would change no parameter by more is not divided further. */
const leastChange = 1e-9;

/** Python's min and max: unlike those of Math they give a NaN only where it comes first. */
function least(a: number, b: number): number {
  if (b < a) return b;
  return a;
}
function greatest(a: number, b: number): number {
  if (b > a) return b;
  return a;
}

/** Where the cubic with the losses and slopes of two places is least, or the middle of the bounds where it has no such place. */
function leastOfCubic(a: Place, b: Place, [from, to]: readonly [number, number], r: Rounded): number {
  const bend = r(r(a.slope + b.slope) - r((3 * (a.loss - b.loss)) / (a.t - b.t)));
  const square = r(r(bend * bend) - r(a.slope * b.slope));
  if (!(square >= 0)) return (from + to) / 2;
  const root = r(Math.sqrt(square));
  const [near, far] = a.t <= b.t ? [a, b] : [b, a];
  const part = r(r(r(far.slope + root) - bend) / r(r(far.slope - near.slope) + r(2 * root)));
  return least(greatest(r(far.t - r((far.t - near.t) * part)), from), to);
}

/**
 * A place on the line from `start` at which the loss has decreased enough and the slope is flat enough, first tried at `t`; or
 * the best one that `most` steps lead to. `size` is the greatest change of a parameter for t = 1. Nocedal and Wright, "Numerical
 * Optimization", 2006, 3.5; with the constants and the order of PyTorch's.
 */
export function strongWolfe(
  at: (t: number) => Place,
  start: Place,
  t: number,
  size: number,
  most: number,
  r: Rounded,
): { place: Place; evaluations: number } {
  const tooHigh = ({ t, loss }: Place): boolean => loss > r(start.loss + r(r(decrease * t) * start.slope));
  const isFlat = ({ slope }: Place): boolean => Math.abs(slope) <= r(-r(curvature) * start.slope);

  let now = at(t);
  let before = start;
  let step = 0;
  let bracket: [Place, Place] | null = null;
  for (; step < most && bracket === null; ) {
    if (tooHigh(now) || (step > 1 && now.loss >= before.loss)) bracket = [before, now];
    else if (isFlat(now)) return { place: now, evaluations: step + 1 };
    else if (now.slope >= 0) bracket = [before, now];
    else {
      const next = leastOfCubic(before, now, [now.t + 0.01 * (now.t - before.t), now.t * 10], r);
      before = now;
      now = at(next);
      step++;
    }
  }
  // No step is left: the beginning, or the last one.
  bracket ??= [start, now];

  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  let wasClose = false;
  let isDone = false;
  while (!isDone && step < most) {
    const [first, second] = bracket;
    if (Math.abs(second.t - first.t) * size < leastChange) break;
    const [from, to] = [least(first.t, second.t), greatest(first.t, second.t)];
    let next = leastOfCubic(first, second, [from, to], r);
    // Twice in a row close to an end, or on it: a tenth of the bracket away from that end, for some progress.
    const margin = 0.1 * (to - from);
    const isClose = least(to - next, next - from) < margin;
    const moves: boolean = isClose && (wasClose || next >= to || next <= from);
    if (moves) next = Math.abs(next - to) < Math.abs(next - from) ? to - margin : from + margin;
    wasClose = isClose && !moves;

    now = at(next);
    step++;
    const best: Place = low === 0 ? bracket[0] : bracket[1];
    const worst: Place = low === 0 ? bracket[1] : bracket[0];
    if (tooHigh(now) || now.loss >= best.loss) {
      bracket = low === 0 ? [best, now] : [now, best];
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    } else {
      isDone = isFlat(now);
      const other = !isDone && now.slope * (worst.t - best.t) >= 0 ? best : worst;
      bracket = low === 0 ? [now, other] : [other, now];
    }
  }
  return { place: low === 0 ? bracket[0] : bracket[1], evaluations: step + 1 };
}
