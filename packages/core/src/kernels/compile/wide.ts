/** Modules compiled for vectors of 256 bits, once it is seen that expressions keep their bits by them. */

import * as E from '../expression/index.ts';
import { wholeVectors } from '../math/index.ts';
import {
  align16,
  type Compiling,
  compileBy,
  compilingAsIs,
  ensureBytes,
  type FloatLane,
  u8,
} from '../wasm/index.ts';
import { scratchOf } from '../wasm/lanes.ts';
import { compileKernel } from './kernel.ts';

const [x, y, z] = [E.input(0), E.input(1), E.input(2)];

/** What is tried: arithmetic, comparisons, and the functions that are computed on whole vectors. */
const tried = (lane: FloatLane): readonly E.Expr[] => [
  ...[E.add(E.mul(x, y), z), E.sub(x, y), E.div(x, y), E.neg(x), E.abs(x), E.sqrt(x), E.copysign(x, y)],
  ...[E.floor(x), E.ceil(x), E.trunc(x), E.nearest(x)],
  ...[E.min(x, y), E.max(x, y), E.pmin(x, y), E.pmax(x, y)],
  ...[E.lt, E.le, E.gt, E.ge, E.eq, E.ne].map((compare) => E.select(compare(x, y), z, 1)),
  ...Object.values(wholeVectors(lane)).map((lowering) => lowering(x, y)),
];

const strange = [0, -0, 1, -1, Number.NaN, Infinity, -Infinity, 1e-40, 3e38, 0.5, 88, -88, 1e-320, 1e300];
/** Enough for whole rounds of vectors, single ones, and a rest. */
const COUNT = 75;

/** What one kernel for each expression gives of some numbers. */
function bytesGiven(lane: FloatLane, name: string): Uint8Array[] {
  const [stored, bytes] = lane === 'f32' ? (['float32', 4] as const) : (['float64', 8] as const);
  const place = (i: number): number => i * align16(COUNT * bytes + 64);
  ensureBytes(place(4));
  const numbers = scratchOf(lane);
  return tried(lane).map((expression) => {
    const inputs = [0, 1, 2].map((i) => ({ stored, mode: 'dense', base: place(i) }) as const);
    const outputs = [{ expression, stored, base: place(3) }];
    const run = compileKernel({ name, lane, params: 0, inputs, outputs });
    for (let i = 0; i < 3; i++)
      for (let k = 0; k < COUNT; k++)
        numbers[place(i) / bytes + k] = strange[(k * (2 * i + 1)) % COUNT] ?? 9 * Math.sin(k + i * k * k);
    run(1, COUNT);
    return u8.slice(place(3), place(3) + COUNT * bytes);
  });
}

/**
 * Has modules compiled by `compile` from now on, unless it changes a bit of any expression that is tried. Those that
 * are there already stay as they are; V8 knows modules by their bytes, hence a name for each trial.
 */
export function useWideModules(compile: Compiling): boolean {
  const lanes = ['f32', 'f64'] as const;
  const expected = lanes.map((lane) => bytesGiven(lane, 'tried'));
  compileBy(compile);
  const same = lanes.every((lane, i) =>
    bytesGiven(lane, 'tried wide').every((found, k) =>
      found.every((byte, at) => byte === expected[i]?.[k]?.[at]),
    ),
  );
  if (!same) compileBy(compilingAsIs);
  return same;
}
