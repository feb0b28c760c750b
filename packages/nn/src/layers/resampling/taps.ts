/** Which elements of a dimension each element of the resampled one is made of, and with what weights. */
import type { DType } from '@kindling/core';

/** How {@link interpolate} finds the values between those that there are. */
export type InterpolationMode =
  | 'nearest'
  | 'nearest-exact'
  | 'linear'
  | 'bilinear'
  | 'trilinear'
  | 'bicubic'
  | 'lanczos'
  | 'area';

/** A dimension that is resampled. */
export interface Resampled {
  readonly from: number;
  readonly to: number;
  /** The factor that the user gave; `null`: it follows from the sizes. */
  readonly factor: number | null;
}

/**
 * Each element is the sum over the taps of the element of that index times its weight; `weights: null` stands for 1.
 */
export interface Tap {
  readonly indices: Int32Array;
  readonly weights: readonly number[] | null;
}

/** The settings that are those of all dimensions. */
export interface TapOptions {
  readonly mode: InterpolationMode;
  readonly alignCorners: boolean;
  readonly antialias: boolean;
  /** Of the elements: PyTorch works out positions in float32 for float32. */
  readonly dtype: DType;
}

/** How far a filter reaches to both sides, and its weight at a distance. */
interface Filter {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

/** Keys' cubic convolution. */
const cubic = (a: number): Filter => ({
  reach: 2,
  weight: (distance) => {
    const x = Math.abs(distance);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  },
});
const triangle: Filter = { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const lanczos: Filter = { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) };
/** PyTorch's own cubic is sharper than the one that images are shrunk by, which is Pillow's. */
const sharpCubic = cubic(-0.75);
const filters: { readonly [mode in InterpolationMode]?: Filter } = {
  bilinear: triangle,
  bicubic: cubic(-0.5),
  lanczos,
};

type Round = (x: number) => number;

/** How many old elements a step to the next new one is. */
function stepOf({ from, to, factor }: Resampled, alignCorners: boolean, round: Round): number {
  if (alignCorners) return to > 1 ? round((from - 1) / (to - 1)) : 0;
  return round(factor !== null && factor > 0 ? 1 / factor : from / to);
}

const upTo = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const clamp = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);

/** The taps of one dimension. */
export function tapsOf(along: Resampled, { mode, alignCorners, antialias, dtype }: TapOptions): Tap[] {
  const round: Round = dtype === 'float64' ? (x) => x : Math.fround;
  if (mode === 'nearest' || mode === 'nearest-exact') return [nearest(along, mode === 'nearest' ? 0 : 0.5)];
  const step = stepOf(along, alignCorners, round);
  const filter = filters[mode];
  if (antialias && filter !== undefined) return filtered(along, step, filter, round);
  return mode === 'bicubic'
    ? cubics(along, step, alignCorners, round)
    : pairs(along, step, alignCorners, round);
}

function nearest(along: Resampled, shift: number): Tap {
  const { from, to } = along;
  const step = stepOf(along, false, Math.fround);
  const at = (i: number): number => Math.floor(Math.fround(Math.fround(i + shift) * step));
  return { indices: Int32Array.from(upTo(to, (i) => clamp(at(i), from))), weights: null };
}

/** Where the new element `i` lies among the old ones. */
const positionOf = (i: number, step: number, alignCorners: boolean, round: Round): number =>
  alignCorners ? round(step * i) : round(round(step * round(i + 0.5)) - 0.5);

function pairs({ from, to }: Resampled, step: number, alignCorners: boolean, round: Round): Tap[] {
  if (from === to) return [{ indices: Int32Array.from(upTo(to, (i) => i)), weights: null }];
  const positions = upTo(to, (i) => Math.max(0, positionOf(i, step, alignCorners, round)));
  const first = positions.map((x) => Math.min(Math.floor(x), from - 1));
  const second = positions.map((x, i) => Math.min(Math.max(round(x - (first[i] ?? 0)), 0), 1));
  return [
    { indices: Int32Array.from(first), weights: second.map((w) => round(1 - w)) },
    { indices: Int32Array.from(first, (i) => Math.min(i + 1, from - 1)), weights: second },
  ];
}

function cubics({ from, to }: Resampled, step: number, alignCorners: boolean, round: Round): Tap[] {
  const positions = upTo(to, (i) => positionOf(i, step, alignCorners, round));
  const before = positions.map(Math.floor);
  const rest = positions.map((x, i) => round(x - (before[i] ?? 0)));
  return [-1, 0, 1, 2].map((k) => ({
    indices: Int32Array.from(before, (i) => clamp(i + k, from)),
    weights: rest.map((t) => round(sharpCubic.weight(t - k))),
  }));
}

/**
 * A filter that is as wide as the new elements where these are fewer; in PyTorch `alignCorners` says no more than how
 * long a step is.
 */
function filtered({ from, to }: Resampled, step: number, { reach, weight }: Filter, round: Round): Tap[] {
  const width = Math.max(step, 1);
  const reaches = reach * width;
  return weighed(
    from,
    upTo(to, (i) => {
      const center = round(step * (i + 0.5));
      const first = Math.max(Math.trunc(center - reaches + 0.5), 0);
      const end = Math.min(Math.trunc(center + reaches + 0.5), from);
      const raw = upTo(end - first, (j) => weight((first + j - center + 0.5) / width));
      const sum = raw.reduce((a, b) => a + b, 0);
      return { first, weights: raw.map((w) => round(w / sum)) };
    }),
  );
}

/** Taps of runs of elements, each of its own length. */
function weighed(from: number, runs: readonly { first: number; weights: readonly number[] }[]): Tap[] {
  const most = Math.max(0, ...runs.map(({ weights }) => weights.length));
  return upTo(most, (k) => ({
    // Beyond a run's end stands an element of its own: others may be NaN, of which 0 times is too.
    indices: Int32Array.from(runs, ({ first, weights }) =>
      clamp(k < weights.length ? first + k : first, from),
    ),
    weights: runs.map(({ weights }) => weights[k] ?? 0),
  }));
}
