/** Pooling of one plane element by element: of what is too large for the memory of kernels. */

import type { TypedArray } from '../../../dtype.ts';
import type { PoolName } from './kernels.ts';
import { dilationsOf, type Pooling } from './windows.ts';

/** The same as the kernels', in the same order, by the same table. */
export function poolPlain(
  name: PoolName,
  g: Pooling,
  table: Int32Array,
  x: TypedArray,
  y: TypedArray,
  index: TypedArray | null,
): void {
  const [, h, w] = g.size;
  const [od, oh, ow] = g.out;
  const [ld, lh, lw] = dilationsOf(g);
  const round = x instanceof Float32Array ? Math.fround : (value: number): number => value;
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
