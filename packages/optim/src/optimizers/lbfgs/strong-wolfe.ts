import type { Tensor } from '@kindling/core';
import { type Arithmetic, python, type Scalar } from './scalars.ts';

/**
 * A place on the line: how far along the direction, with the loss there, its gradient, and its slope along the
 * direction.
 */
export interface Place {
  readonly t: Scalar;
  readonly loss: number;
  readonly gradient: Tensor;
  readonly slope: number;
}

/** Sufficient decrease and curvature, of the Wolfe conditions. */
const decrease = /* @__PURE__ */ python(1e-4);
const curvature = /* @__PURE__ */ python(-0.9);
/** A bracket whose step would change no parameter by more is not divided further. */
const leastChange = /* @__PURE__ */ python(1e-9);

/**
 * Where the cubic with the losses and slopes of two places is least, or the middle of the bounds where it has no such
 * place.
 */
function leastOfCubic(
  a: Place,
  b: Place,
  [from, to]: readonly [Scalar, Scalar],
  { add, sub, mul, div, min, max, isAtMost, tensor }: Arithmetic,
): Scalar {
  const [slopeA, slopeB] = [tensor(a.slope), tensor(b.slope)];
  const bend = sub(add(slopeA, slopeB), div(python(3 * (a.loss - b.loss)), sub(a.t, b.t)));
  const square = sub(mul(bend, bend), mul(slopeA, slopeB));
  if (!(square.value >= 0)) return div(add(from, to), python(2));
  const root = tensor(Math.sqrt(square.value));
  const [near, far, slopeNear, slopeFar] = isAtMost(a.t, b.t)
    ? [a.t, b.t, slopeA, slopeB]
    : [b.t, a.t, slopeB, slopeA];
  const part = div(sub(add(slopeFar, root), bend), add(sub(slopeFar, slopeNear), mul(python(2), root)));
  return min(max(sub(far, mul(sub(far, near), part)), from), to);
}

/** What the search goes by. */
interface Search {
  readonly at: (t: Scalar) => Place;
  /** Whether the loss has not decreased enough. */
  readonly tooHigh: (place: Place) => boolean;
  /** Whether the slope is flat enough. */
  readonly isFlat: (place: Place) => boolean;
  /** The greatest change of a parameter for t = 1. */
  readonly size: number;
  readonly most: number;
  readonly arithmetic: Arithmetic;
}

/**
 * Goes on from `start`, first to `t`, to two places that have a good one between them; or, as `found`, to a good one.
 */
function bracketed(
  { at, tooHigh, isFlat, most, arithmetic }: Search,
  start: Place,
  t: Scalar,
): { bracket: [Place, Place]; step: number; found?: Place } {
  const { add, sub, mul } = arithmetic;
  let now = at(t);
  let before = start;
  let step = 0;
  while (step < most) {
    if (tooHigh(now) || (step > 1 && now.loss >= before.loss)) return { bracket: [before, now], step };
    if (isFlat(now)) return { bracket: [before, now], step, found: now };
    if (now.slope >= 0) return { bracket: [before, now], step };
    const further = add(now.t, mul(python(0.01), sub(now.t, before.t)));
    const next = leastOfCubic(before, now, [further, mul(now.t, python(10))], arithmetic);
    before = now;
    now = at(next);
    step++;
  }
  // No step is left: the beginning, or the last one.
  return { bracket: [start, now], step };
}

/** Where to divide a bracket: where the cubic is least, or further from an end that this came close to before. */
function division(
  [first, second]: readonly [Place, Place],
  wasClose: boolean,
  arithmetic: Arithmetic,
): { t: Scalar; isClose: boolean } {
  const { add, sub, mul, isLess, isAtMost, min, max } = arithmetic;
  // Not those of min and max, where one of them is NaN.
  const bounds = isAtMost(first.t, second.t)
    ? ([first.t, second.t] as const)
    : ([second.t, first.t] as const);
  const t = leastOfCubic(first, second, bounds, arithmetic);
  // Twice in a row close to an end, or on it: a tenth of the bracket away from that end, for some progress.
  const [from, to] = [min(first.t, second.t), max(first.t, second.t)];
  const margin = mul(python(0.1), sub(to, from));
  const [ahead, behind] = [sub(to, t), sub(t, from)];
  const isClose = isLess(min(ahead, behind), margin);
  if (!isClose || !(wasClose || isAtMost(to, t) || isAtMost(t, from))) return { t, isClose };
  const moved = Math.abs(ahead.value) < Math.abs(behind.value) ? sub(to, margin) : add(from, margin);
  return { t: moved, isClose: false };
}

/** Divides a bracket until its better end is good, its change is too small, or no step is left. */
function divided(search: Search, given: [Place, Place], from: number): { place: Place; evaluations: number } {
  const { at, tooHigh, isFlat, size, most, arithmetic } = search;
  const { sub, mul, isLess, tensor } = arithmetic;
  let bracket = given;
  let step = from;
  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  let wasClose = false;
  let isDone = false;
  while (!isDone && step < most) {
    const length = Math.abs(sub(bracket[1].t, bracket[0].t).value);
    if (isLess(mul(python(length), tensor(size)), leastChange)) break;
    const next = division(bracket, wasClose, arithmetic);
    wasClose = next.isClose;
    const now = at(next.t);
    step++;
    const best: Place = low === 0 ? bracket[0] : bracket[1];
    const worst: Place = low === 0 ? bracket[1] : bracket[0];
    if (tooHigh(now) || now.loss >= best.loss) {
      bracket = low === 0 ? [best, now] : [now, best];
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    } else {
      isDone = isFlat(now);
      const other = !isDone && mul(tensor(now.slope), sub(worst.t, best.t)).value >= 0 ? best : worst;
      bracket = low === 0 ? [now, other] : [other, now];
    }
  }
  return { place: low === 0 ? bracket[0] : bracket[1], evaluations: step + 1 };
}

/**
 * A place on the line from `start` at which the loss has decreased enough and the slope is flat enough, first tried at
 * `t`; or the best one that `most` steps lead to. `size` is the greatest change of a parameter for t = 1. Nocedal and
 * Wright, "Numerical Optimization", 2006, 3.5; with the constants and the order of PyTorch's.
 */
export function strongWolfe(
  at: (t: Scalar) => Place,
  start: Place,
  t: Scalar,
  size: number,
  most: number,
  arithmetic: Arithmetic,
): { place: Place; evaluations: number } {
  const { add, mul, isLess, tensor } = arithmetic;
  const startSlope = tensor(start.slope);
  const flat = mul(curvature, startSlope).value;
  const tooHigh = ({ t, loss }: Place): boolean =>
    isLess(add(python(start.loss), mul(mul(decrease, t), startSlope)), python(loss));
  const isFlat = ({ slope }: Place): boolean => Math.abs(slope) <= flat;
  const search = { at, tooHigh, isFlat, size, most, arithmetic };
  const { bracket, step, found } = bracketed(search, start, t);
  return found === undefined ? divided(search, bracket, step) : { place: found, evaluations: step + 1 };
}
