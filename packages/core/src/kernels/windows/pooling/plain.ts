/** Pooling of one plane element by element: of what is too large for the memory of kernels. */

import type { TypedArray } from '../../../dtype.ts';
import type { PoolName } from './kernels.ts';
import { type Along, dilationsOf, type Fractional, type Pooling, tableLength } from './windows.ts';

type Rounding = (value: number) => number;

function regularWindow({ size, num, den, extra, padding, dilation, counts }: Along, o: number): number[] {
  const first = Math.floor((o * num) / den) - padding;
  const end = Math.floor((o * num + extra) / den) - padding;
  const from = first < 0 ? first + Math.ceil(-first / dilation) * dilation : first;
  const count = Math.max(0, Math.ceil((Math.min(end, size) - from) / dilation));
  const all = Math.min(end, size + padding) - first;
  return [from, count, counts === 'inside' ? count : counts === 'padded' ? all : counts];
}

function drawnWindow(
  { kernel, sample }: Fractional,
  { size, out }: Pooling,
  d: 0 | 1 | 2,
  o: number,
  samples: TypedArray,
  round: Rounding,
): number[] {
  const last = size[d] - kernel[d];
  const alpha = round(last / (out[d] - 1));
  const u = samples[sample[d]] ?? 0;
  const from = Math.trunc(round(round(o + u) * alpha)) - Math.trunc(round(u * alpha));
  return [o + 1 === out[d] ? last : Math.max(0, Math.min(from, last)), kernel[d], kernel[d]];
}

/** A plane's table, as the kernels make it. */
function tableOf(g: Pooling, samples: TypedArray, round: Rounding): Int32Array {
  const { along } = g;
  const table = new Int32Array(tableLength(g));
  let at = 0;
  for (const d of [0, 1, 2] as const)
    for (let o = 0; o < g.out[d]; o++, at += 3)
      table.set(
        'kernel' in along ? drawnWindow(along, g, d, o, samples, round) : regularWindow(along[d], o),
        at,
      );
  return table;
}

/** The same as the kernels', in the same order; `samples` are the plane's. */
export function poolPlain(
  name: PoolName,
  g: Pooling,
  samples: TypedArray,
  x: TypedArray,
  y: TypedArray,
  index: TypedArray | null,
): void {
  const [, h, w] = g.size;
  const [od, oh, ow] = g.out;
  const [ld, lh, lw] = dilationsOf(g);
  const round: Rounding = x instanceof Float32Array ? Math.fround : (value) => value;
  const table = tableOf(g, samples, round);
  const windowOf = (entry: number): [first: number, count: number, weight: number] => [
    table[3 * entry] ?? 0,
    table[3 * entry + 1] ?? 0,
    table[3 * entry + 2] ?? 1,
  ];
  if (name === 'spread') x.fill(0);
  let o = 0;
  for (let oz = 0; oz < od; oz++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++, o++) {
        const [z, nz, wz] = windowOf(oz);
        const [top, ny, wy] = windowOf(od + oy);
        const [left, nx, wx] = windowOf(od + oh + ox);
        const weight = round(wz * wy * wx);
        const share = round((y[o] ?? 0) / weight);
        let best = Number.NEGATIVE_INFINITY;
        let place = (z * h + top) * w + left;
        let sum = 0;
        for (let iz = 0; iz < nz; iz++)
          for (let iy = 0; iy < ny; iy++) {
            let i = ((z + iz * ld) * h + top + iy * lh) * w + left;
            for (let ix = 0; ix < nx; ix++, i += lw) {
              const value = x[i] ?? 0;
              if (name === 'means') sum = round(value + sum);
              else if (name === 'spread') x[i] = value + share;
              else if (value > best || Number.isNaN(value)) {
                best = value;
                place = i;
              }
            }
          }
        if (name === 'means') y[o] = sum / weight;
        else if (name === 'greatest') {
          y[o] = best;
          if (index !== null) index[o] = place;
        }
      }
}
