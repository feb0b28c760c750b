/** Sets of points in the plane from -2 to 2, the same at each visit. */
import type { Point } from './protocol.ts';

/** The plane reaches this far from its centre in each direction. */
export const reach = 2;

/** Numbers from 0 to 1 of mulberry32, so that the draws of a program are its own. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws around zero: a sum of three is near enough to a bell. */
const bell = (draw: () => number): number => draw() + draw() + draw() - 1.5;

type Maker = (draw: () => number, i: number, count: number) => Point;

const classes: Record<string, Maker> = {
  spiral(draw, i, count) {
    const label = i % 2 === 0 ? 0 : 1;
    const along = (i - (i % 2)) / (count - 2);
    const radius = 0.15 + 1.65 * along;
    const angle = 1.5 * 2 * Math.PI * along ** 0.8 + (label === 0 ? 0 : Math.PI);
    return {
      x: radius * Math.sin(angle) + 0.08 * bell(draw),
      y: radius * Math.cos(angle) + 0.08 * bell(draw),
      label,
    };
  },
  xor(draw) {
    const [x, y] = [3.6 * draw() - 1.8, 3.6 * draw() - 1.8];
    const push = (value: number) => value + 0.1 * Math.sign(value);
    return { x: push(x), y: push(y), label: x * y > 0 ? 0 : 1 };
  },
  circles(draw, i) {
    const label = i % 2 === 0 ? 0 : 1;
    const angle = 2 * Math.PI * draw();
    const radius = (label === 0 ? 1.5 : 0.45) + 0.35 * bell(draw);
    return { x: radius * Math.cos(angle), y: radius * Math.sin(angle), label };
  },
  moons(draw, i) {
    const label = i % 2 === 0 ? 0 : 1;
    const angle = Math.PI * draw();
    const [side, shift] = label === 0 ? [1, -0.5] : [-1, 0.5];
    return {
      x: 1.1 * side * Math.cos(angle) + shift + 0.15 * bell(draw),
      y: 1.1 * side * Math.sin(angle) + shift * 0.6 + 0.15 * bell(draw),
      label,
    };
  },
  clusters(draw, i) {
    const label = i % 2 === 0 ? 0 : 1;
    const centre = label === 0 ? -0.6 : 0.6;
    return { x: centre + 0.9 * bell(draw), y: centre + 0.9 * bell(draw), label };
  },
};

const along = (i: number, count: number): number => -1.8 + (3.6 * i) / (count - 1);

const curves: Record<string, Maker> = {
  sine: (draw, i, count) => {
    const x = along(i, count);
    return { x, y: 1.1 * Math.sin(2.4 * x) + 0.15 * bell(draw), label: 0 };
  },
  steps: (draw, i, count) => {
    const x = along(i, count);
    return { x, y: (x < -0.6 ? -1 : x < 0.6 ? 1 : 0) + 0.1 * bell(draw), label: 0 };
  },
  line: (draw, i, count) => {
    const x = along(i, count);
    // A few lie far off: what a loss makes of them tells one from another.
    return { x, y: 0.6 * x + 0.15 * bell(draw) - (i % 13 === 6 ? 1.3 : 0), label: 0 };
  },
};

export const classSets: readonly string[] = Object.keys(classes);
export const curveSets: readonly string[] = Object.keys(curves);

const clamped = (value: number): number => Math.min(1.95, Math.max(-1.95, Number(value.toFixed(3))));

/** The points of a set, in an order that tells nothing; `undefined` where there is none of the name. */
export function pointsOf(set: string): Point[] | undefined {
  const make = classes[set] ?? curves[set];
  if (make === undefined) return undefined;
  const draw = numbers(7);
  const count = set in curves ? 40 : 120;
  return Array.from({ length: count }, (_, i) => {
    const { x, y, label } = make(draw, i, count);
    return { x: clamped(x), y: clamped(y), label };
  });
}
