/**
 * Pooling of tensors: by the kernels, in chunks of planes; planes that are too large for their memory element by
 * element.
 */

import type { TypedArray } from '../../../dtype.ts';
import { allocateArray } from '../../../storage.ts';
import { elementsOf, fillStrided } from '../../elementwise/index.ts';
import { recorder, type Split } from '../../recording/index.ts';
import { copyRun, type FloatArray, type Strided } from '../../strided/index.ts';
import { align16, ensureBytes, type FloatLane, i32, scratchLimit } from '../../wasm/index.ts';
import { bytesOfLane, scratchOf } from '../../wasm/lanes.ts';
import { type PoolKernel, type PoolName, poolKernel, poolNames } from './kernels.ts';
import { poolPlain } from './plain.ts';
import {
  dilationsOf,
  type Pooling,
  planeCounts,
  tableLength,
  tableParts,
  tablePitch,
  wholeWindows,
} from './windows.ts';

/** What a pooling works on: planes, a result for each window, and the places of greatest entries. */
interface Operands<A> {
  readonly x: A;
  readonly y: A;
  readonly index: A | 0;
}

/** The arguments of a kernel for some planes, where table and operands lie at addresses. */
function argumentsOf<A>(g: Pooling, planes: number, table: A, { x, y, index }: Operands<A>): (number | A)[] {
  const { first, past, step, kernel } = wholeWindows(g);
  const sizes = [planes, ...g.size, ...g.out, ...dilationsOf(g), first, past, step, kernel, tablePitch(g)];
  return [...sizes, table, x, y, index];
}

const laneOf = ({ dtype }: Strided): FloatLane => (dtype === 'float32' ? 'f32' : 'f64');

function run(
  name: PoolName,
  g: Pooling,
  x: Strided,
  y: Strided,
  index: Strided | null,
  samples: Strided | null,
): void {
  if (x.count === 0 || y.count === 0) {
    fillStrided(name === 'spread' ? x : y, 0);
    return;
  }
  const lane = laneOf(x);
  const kernel = poolKernel(name, lane, wholeWindows(g).step);
  const operands = {
    x: elementsOf(x),
    y: elementsOf(y),
    index: index === null ? (0 as const) : elementsOf(index),
  };
  const random = samples === null ? null : elementsOf(samples);
  if (recorder === null) runInChunks(name, kernel, g, lane, operands, random);
  else record(name, kernel, g, lane, operands, random);
}

/** Takes the same down. */
function record(
  name: PoolName,
  kernel: PoolKernel,
  g: Pooling,
  lane: FloatLane,
  operands: Operands<TypedArray>,
  samples: TypedArray | null,
): void {
  if (recorder === null) return;
  const into = recorder;
  const pitch = tablePitch(g);
  const table = allocateArray('int32', tableLength(g) * (pitch === 0 ? 1 : g.planes));
  const parts = tableParts(g, lane, g.planes, samples === null ? null : into.address(samples));
  for (const [i, part] of parts.entries()) {
    const args = [...part.args, into.address(table, part.at)];
    const types = args.map(() => 'i32' as const);
    const keeps = i === 0 ? [] : [table];
    into.call('windows', part.kernel, types, args, {
      reads: samples === null ? [] : [samples],
      writes: [table],
      keeps,
    });
  }
  const { x, y, index } = operands;
  const at = {
    x: into.address(x),
    y: into.address(y),
    index: index === 0 ? (0 as const) : into.address(index),
  };
  const args = argumentsOf(g, g.planes, into.address(table), at);
  const back = name === 'spread';
  const places = index === 0 ? [] : [index];
  into.call(
    name,
    kernel,
    args.map(() => 'i32' as const),
    args,
    {
      reads: [table, back ? y : x],
      writes: back ? [x] : [y, ...places],
      rows: rowsOf(g, lane, index !== 0),
    },
  );
}

const argument = (name: string): number => poolNames.indexOf(name);

/** How a call is cut: by planes. */
function rowsOf(g: Pooling, lane: FloatLane, hasIndex: boolean): Split {
  const bytes = bytesOfLane(lane);
  const [size, out] = planeCounts(g);
  const pitch = tablePitch(g);
  return {
    count: argument('planes'),
    steps: [
      [argument('x'), size * bytes],
      [argument('y'), out * bytes],
      ...(hasIndex ? ([[argument('index'), out * 4]] as const) : []),
      ...(pitch === 0 ? [] : ([[argument('table'), pitch]] as const)),
    ],
    scratch: null,
    together: 1,
    work: size + out,
  };
}

/** Bytes of planes that are in scratch at a time, if one is not more. */
const CHUNK_BYTES = 1 << 18;

function runInChunks(
  name: PoolName,
  kernel: PoolKernel,
  g: Pooling,
  lane: FloatLane,
  { x, y, index }: Operands<TypedArray>,
  samples: TypedArray | null,
): void {
  const bytes = bytesOfLane(lane);
  const [size, out] = planeCounts(g);
  const pitch = tablePitch(g);
  const ofPlane = samples === null ? 0 : samples.length / g.planes;
  const perPlane = (size + out + ofPlane) * bytes + out * 4 + pitch;
  const planes = Math.max(1, Math.min(g.planes, Math.floor(CHUNK_BYTES / perPlane)));
  const at = { table: 0, samples: 0, x: 0, y: 0, index: 0 };
  at.samples = align16(4 * tableLength(g) * (pitch === 0 ? 1 : planes));
  at.x = align16(at.samples + planes * ofPlane * bytes);
  at.y = align16(at.x + planes * size * bytes);
  at.index = align16(at.y + planes * out * bytes);
  const end = at.index + (index === 0 ? 0 : planes * out * 4) + 16;
  const tables = (planes: number): void => {
    for (const part of tableParts(g, lane, planes, at.samples))
      part.kernel(...part.args, at.table + 4 * part.at);
  };
  if (end > scratchLimit) {
    for (let n = 0; n < g.planes; n++) {
      const places = index === 0 ? null : index.subarray(n * out, (n + 1) * out);
      const [ofX, ofY] = [x.subarray(n * size, (n + 1) * size), y.subarray(n * out, (n + 1) * out)];
      const random = samples ?? new Float64Array(0);
      poolPlain(name, g, random.subarray(n * ofPlane, (n + 1) * ofPlane), ofX, ofY, places);
    }
    return;
  }
  ensureBytes(end);
  const scratch: FloatArray = scratchOf(lane);
  if (samples === null) tables(planes);
  const [from, to] = name === 'spread' ? (['y', 'x'] as const) : (['x', 'y'] as const);
  const counts = { x: size, y: out };
  const arrays = { x, y };
  for (let n = 0; n < g.planes; n += planes) {
    const some = Math.min(planes, g.planes - n);
    if (samples !== null) {
      copyRun(samples, n * ofPlane, some * ofPlane, scratch, at.samples / bytes);
      tables(some);
    }
    copyRun(arrays[from], n * counts[from], some * counts[from], scratch, at[from] / bytes);
    kernel(...(argumentsOf(g, some, at.table, at) as number[]));
    copyRun(scratch, at[to] / bytes, some * counts[to], arrays[to], n * counts[to]);
    if (index !== 0) copyRun(i32, at.index / 4, some * out, index, n * out);
  }
}

/**
 * The greatest entry of each window of x's planes, and its index in the plane. `samples` are the random numbers of
 * windows that lie by them, of x's dtype, those of each plane together.
 */
export const poolGreatest = (
  g: Pooling,
  x: Strided,
  samples: Strided | null,
  y: Strided,
  index: Strided,
): void => run('greatest', g, x, y, index, samples);

/** The mean of each window, by the divisor that its counts say. */
export const poolMeans = (g: Pooling, x: Strided, y: Strided): void => run('means', g, x, y, null, null);

/** What {@link poolMeans} does to gradients: x of y. */
export const poolSpread = (g: Pooling, y: Strided, x: Strided): void => run('spread', g, x, y, null, null);
