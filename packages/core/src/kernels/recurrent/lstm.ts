/** An LSTM along a sequence: by the kernels, some steps at a time. */

import type { TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { gemmLanes, MOST_TILE_ROWS, TiledKernels } from '../gemm/index.ts';
import { scalarFunctions } from '../math/index.ts';
import { recorder } from '../recording/index.ts';
import { copyRun, type FloatArray, type Strided } from '../strided/index.ts';
import {
  align16,
  type Compiling,
  ensureBytes,
  type FloatLane,
  f32,
  f64,
  roomBehindScratch,
  scratchLimit,
  u8,
} from '../wasm/index.ts';
import { backwardParams, forwardParams, lstmKernels } from './lstm-kernels.ts';

type Kernel = (...args: number[]) => void;
type Kernels = Readonly<Record<'forward' | 'backward', Kernel>>;

/** What float64 lanes call. */
const functions = { exp: Math.exp, tanh: Math.tanh, sigmoid: scalarFunctions.sigmoid } as const;

const kernels = /* @__PURE__ */ new TiledKernels<Kernels>((module, lane, size) => {
  const callees = new Map<string, number>();
  const env: Record<string, (...args: number[]) => number> = {};
  for (const [name, f] of Object.entries(functions)) {
    if (f === undefined) continue;
    callees.set(name, module.importFunction(name, ['f64'], ['f64']));
    env[name] = f;
  }
  lstmKernels(module, { ...gemmLanes[lane], log: 0, exp: callees.get('exp') ?? 0, callees }, size);
  return env;
});

/** A sequence of so many steps of `rows` rows of `size` elements, gone through from its end if `reversed`. */
export interface Passage {
  readonly steps: number;
  readonly rows: number;
  readonly size: number;
  readonly reversed: boolean;
}

/** An operand of a kernel: of each step, or of each call, so many rows; or the weights. */
interface Operand {
  readonly of: 'steps' | 'state' | 'weight';
  /** Elements for each element of a state. */
  readonly gates: number;
  readonly array: TypedArray | null;
  readonly isResult: boolean;
}

const operand = (of: Operand['of'], x: Strided | null, isResult = false, gates = 1): Operand => ({
  of,
  gates,
  array: x && elementsOf(x),
  isResult,
});

/** Gates by input, weights, first h and c; and the results: h, c and the gates after their functions, of all steps. */
export function lstmForward(
  passage: Passage,
  [gates, weight, h0, c0]: readonly [Strided, Strided, Strided, Strided],
  [states, cells, active]: readonly [Strided, Strided, Strided],
): void {
  run('lstm', 'forward', forwardParams, passage, [
    operand('steps', gates, false, GATES),
    operand('weight', weight),
    operand('state', h0),
    operand('state', c0),
    operand('steps', states, true),
    operand('steps', cells, true),
    operand('steps', active, true, GATES),
  ]);
}

/** Of the gradients of h and c of all steps, those of the gates by input, and of the first h and c. */
export function lstmBackward(
  passage: Passage,
  [gh, gc]: readonly [Strided, Strided | null],
  [active, cells, c0, weight]: readonly [Strided, Strided, Strided, Strided],
  [toGates, toState, toCell]: readonly [Strided, Strided, Strided],
): void {
  run('lstm_backward', 'backward', backwardParams, passage, [
    operand('steps', gh),
    operand('steps', gc),
    operand('steps', active, false, GATES),
    operand('steps', cells),
    operand('state', c0),
    operand('weight', weight),
    operand('steps', toGates, true, GATES),
    operand('state', toState, true),
    operand('state', toCell, true),
  ]);
}

const GATES = 4;
/** Steps at a time take about so many bytes. */
const CHUNK_BYTES = 3 << 18;
/** Panels are whole, of up to so many columns. */
const widestPanel = 16;
const TILE_BYTES = MOST_TILE_ROWS * 64;

/** Bytes of the room for a tile and the packed weights. */
const roomOf = ({ size }: Passage, bytes: number): number =>
  TILE_BYTES + (size + widestPanel) * GATES * (size + widestPanel) * bytes;

function run(
  name: string,
  way: 'forward' | 'backward',
  params: Readonly<Record<string, 'i32'>>,
  passage: Passage,
  operands: readonly Operand[],
): void {
  const bytes = operands[0]?.array?.BYTES_PER_ELEMENT === 8 ? 8 : 4;
  const kernel = kernels.of(bytes === 8 ? 'f64' : 'f32')[way];
  if (recorder === null) {
    runInChunks(way, kernel, passage, operands, bytes);
    return;
  }
  const into = recorder;
  const room = into.temporary(bytes === 8 ? 'float64' : 'float32', roomOf(passage, bytes) / bytes);
  const at = (array: TypedArray | null) => (array === null ? 0 : into.address(array));
  const args = argsOf(
    way,
    passage,
    passage.steps,
    false,
    operands.map(({ array }) => at(array)),
  );
  const touched = (results: boolean): TypedArray[] =>
    operands.flatMap(({ array, isResult }) => (array !== null && isResult === results ? [array] : []));
  into.call(
    name,
    kernel,
    Object.values(params),
    [...args, into.address(room), into.address(room, TILE_BYTES / bytes)],
    { reads: touched(false), writes: [...touched(true), room] },
  );
}

/** The arguments but those of the room, where operands lie at such places. */
function argsOf<A>(
  way: 'forward' | 'backward',
  { rows, size, reversed }: Passage,
  steps: number,
  goesOn: boolean,
  places: readonly (number | A)[],
): (number | A)[] {
  const flags = way === 'forward' ? [] : [Number(goesOn)];
  const read = way === 'forward' ? places.length : 6;
  return [steps, rows, size, Number(reversed), ...places.slice(0, read), ...flags, ...places.slice(read)];
}

function runInChunks(
  way: 'forward' | 'backward',
  kernel: Kernel,
  passage: Passage,
  operands: readonly Operand[],
  bytes: 4 | 8,
): void {
  const { steps, rows, size, reversed } = passage;
  const state = rows * size;
  const ofStep = operands.reduce((sum, { of, gates }) => sum + (of === 'steps' ? gates : 0), 0);
  const most = Math.min(steps, Math.max(1, Math.floor(CHUNK_BYTES / (ofStep * state * bytes))));
  const counts = { steps: most * state, state, weight: GATES * size * size };
  let end = align16(roomOf(passage, bytes)) + 64;
  const offsets = operands.map(({ of, gates, array }) => {
    const at = end;
    if (array !== null) end = align16(end + counts[of] * gates * bytes) + 64;
    return array === null ? null : at;
  });
  const base = end > scratchLimit ? roomBehindScratch(end) : 0;
  if (base === 0) ensureBytes(end);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  const places = offsets.map((offset) => (offset === null ? 0 : base + offset));
  const elementAt = (i: number): number => (places[i] ?? 0) / bytes;
  const move = (i: number, { array, isResult }: Operand, start: number, count: number): void => {
    if (array === null) return;
    if (isResult) copyRun(scratch, elementAt(i), count, array, start);
    else copyRun(array, start, count, scratch, elementAt(i));
  };
  for (const [i, given] of operands.entries())
    if (!given.isResult && given.of !== 'steps') move(i, given, 0, counts[given.of]);
  // Steps come one after another in time, and on the way back the other way round.
  const fromEnd = reversed !== (way === 'backward');
  for (let done = 0; done < steps; done += most) {
    const some = Math.min(most, steps - done);
    const first = fromEnd ? steps - done - some : done;
    for (const [i, given] of operands.entries())
      if (!given.isResult && given.of === 'steps')
        move(i, given, first * state * given.gates, some * state * given.gates);
    if (way === 'backward') {
      // The steps begin with the c of the one before, or the first c.
      const before = reversed ? first + some : first - 1;
      const isFirst = before < 0 || before >= steps;
      const from = operands[isFirst ? 4 : 3]?.array;
      if (from != null) copyRun(from, isFirst ? 0 : before * state, state, scratch, elementAt(4));
    }
    kernel(...argsOf<number>(way, passage, some, done > 0, places), base, base + TILE_BYTES);
    for (const [i, given] of operands.entries())
      if (given.isResult && given.of === 'steps')
        move(i, given, first * state * given.gates, some * state * given.gates);
    if (way === 'forward') {
      // The next steps begin with the last h and c of these.
      const last = reversed ? 0 : some - 1;
      for (const [from, to] of [
        [4, 2],
        [5, 3],
      ] as const) {
        const start = elementAt(from) + last * state;
        scratch.copyWithin(elementAt(to), start, start + state);
      }
    }
  }
  for (const [i, given] of operands.entries())
    if (given.isResult && given.of === 'state') move(i, given, 0, state);
}

/** Remainders of panels, tiles and vectors of every kind. */
const tried: Passage = { steps: 2, rows: 7, size: 13, reversed: false };

/** What kernels give of some numbers. */
function bytesGiven(all: Kernels, lane: FloatLane): Uint8Array {
  const { bytes } = gemmLanes[lane];
  const each = align16(tried.steps * tried.rows * tried.size * GATES * bytes) + 64;
  const first = align16(roomOf(tried, bytes)) + 64;
  ensureBytes(first + 10 * each);
  const numbers = lane === 'f32' ? f32 : f64;
  for (let i = first / bytes; i < (first + 10 * each) / bytes; i++) numbers[i] = Math.sin(i);
  const place = (i: number): number => first + i * each;
  const room = [0, TILE_BYTES];
  all.forward(...argsOf<number>('forward', tried, 2, false, [0, 1, 2, 3, 4, 5, 6].map(place)), ...room);
  const back = [0, 1, 6, 5, 3, 1, 7, 8, 9].map(place);
  all.backward(...argsOf<number>('backward', tried, 2, false, back), ...room);
  return u8.slice(place(4), place(10));
}

/** Compiles the kernels by `compile`, and uses those of each lane from now on that give the same bits. */
export const useWideRecurrence = (compile: Compiling): void => kernels.useWide(compile, bytesGiven);
