/** Cells along a sequence: by the kernels, some steps at a time. */

import type { TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { gemmLanes, MOST_TILE_ROWS, TiledKernels } from '../gemm/index.ts';
import { recorder } from '../recording/index.ts';
import { copyRun, type FloatArray, type Strided } from '../strided/index.ts';
import {
  align16,
  type Compiling,
  ensureBytes,
  f32,
  f64,
  roomBehindScratch,
  scratchLimit,
  u8,
} from '../wasm/index.ts';
import { bytesOfLane } from '../wasm/lanes.ts';
import { type CellName, cells } from './cells.ts';
import {
  backwardOperands,
  backwardParams,
  forwardOperands,
  forwardParams,
  mayLieOver,
  sequenceKernels,
} from './sequence-kernels.ts';

type Way = 'forward' | 'backward';
type Kernels = Readonly<Record<`${CellName}_${Way}`, (...args: number[]) => void>>;

const kernels = /* @__PURE__ */ new TiledKernels<Kernels>((module, lane, size) => {
  const t = { ...gemmLanes[lane], log: 0, exp: 0 };
  sequenceKernels(module, t, size, Object.values(cells));
  return {};
});

/**
 * A sequence of so many steps of `rows` rows, gone through from its end if `reversed`: the cell's state has `size`
 * elements a row, of which others see `out`.
 */
export interface Passage {
  readonly cell: CellName;
  readonly steps: number;
  readonly rows: number;
  readonly size: number;
  readonly out: number;
  readonly reversed: boolean;
}

type ForwardOperand = (typeof forwardOperands)[number];
type BackwardOperand = (typeof backwardOperands)[number];
type OperandName = ForwardOperand | BackwardOperand;
/** Those that there are. */
type Operands<Name extends OperandName> = Readonly<Partial<Record<Name, Strided | null>>>;

/** What a first state is in the steps after the first. */
const continued = { h0: 'states', c0: 'inner' } as const;
/** Operands that hold something once a call; the others of each step. */
const whole: ReadonlySet<OperandName> = /* @__PURE__ */ new Set([
  ...(['weight', 'bias', 'projection', 'h0', 'c0', 'toState', 'toInner'] as const),
]);

const ways = {
  forward: {
    operands: forwardOperands,
    params: forwardParams,
    results: new Set<OperandName>(['states', 'inner', 'kept', 'hidden']),
  },
  backward: {
    operands: backwardOperands,
    params: backwardParams,
    results: new Set<OperandName>(['toGates', 'toProduct', 'toStates', 'toState', 'toInner']),
  },
} as const;

/** The states of all steps, and what is kept of them for the way back, of gates by input, weights and first states. */
export const alongSequence = (passage: Passage, operands: Operands<ForwardOperand>): void =>
  run('forward', passage, operands);

/**
 * The gradients of gates, products and first states, of those of the states of all steps and what was kept of these.
 */
export const backAlongSequence = (passage: Passage, operands: Operands<BackwardOperand>): void =>
  run('backward', passage, operands);

/** A result, and the operand whose place it may have. */
const laidOver = (way: Way, { cell }: Passage): readonly [OperandName, OperandName] | null =>
  cells[cell].sums ? mayLieOver[way] : null;

/** An operand: its elements, and how many it has of each step, or of each call. */
interface Given {
  readonly name: OperandName;
  readonly array: TypedArray | null;
  readonly each: number;
}

function run(way: Way, passage: Passage, operands: Operands<OperandName>): void {
  const { operands: names, params, results } = ways[way];
  const given = names.map((name): Given => {
    const x = operands[name] ?? null;
    const count = x?.count ?? 0;
    return { name, array: x && elementsOf(x), each: whole.has(name) ? count : count / passage.steps };
  });
  const bytes = given.some(({ array }) => array?.BYTES_PER_ELEMENT === 8) ? 8 : 4;
  const name = `${passage.cell}_${way}` as const;
  const kernel = kernels.of(bytes === 8 ? 'f64' : 'f32')[name];
  if (recorder === null) {
    new Chunks(way, passage, given, bytes).run(kernel);
    return;
  }
  const into = recorder;
  const { places, end } = roomOf(passage, bytes);
  const arrayOf = (of: OperandName) => given.find(({ name }) => name === of)?.array ?? null;
  const [result, operand] = laidOver(way, passage)?.map(arrayOf) ?? [];
  const room = into.temporary(bytes === 8 ? 'float64' : 'float32', end / bytes);
  const touched = (written: boolean): TypedArray[] =>
    given.flatMap(({ name, array }) => (array !== null && results.has(name) === written ? [array] : []));
  into.call(
    name,
    kernel,
    Object.values(params),
    [
      ...whatPasses(passage, passage.steps),
      ...given.map(({ array }) => (array === null ? 0 : into.address(array))),
      ...places.map((place) => into.address(room, place / bytes)),
      ...(way === 'backward' ? [0] : []),
    ],
    {
      ...{ reads: touched(false), writes: [...touched(true), room] },
      ...(result && operand ? { over: [[result, operand]] } : {}),
    },
  );
}

const whatPasses = ({ rows, size, out, reversed }: Passage, steps: number): number[] => [
  ...[steps, rows, size, out],
  Number(reversed),
];

/** Panels are whole, of up to so many columns. */
const widestPanel = 16;

/** Where a tile, packed weights, those of a projection and rows of the state lie in the room that a kernel works in. */
function roomOf({ cell, rows, size, out }: Passage, bytes: number): { places: number[]; end: number } {
  const { gates, projected } = cells[cell];
  const parts = [
    MOST_TILE_ROWS * 64,
    (gates * size + widestPanel) * (out + widestPanel) * bytes,
    projected ? (size + widestPanel) * (out + widestPanel) * bytes : 0,
    projected ? rows * size * bytes : 0,
  ];
  let end = 0;
  const places = parts.map((part) => {
    const place = end;
    end += align16(part);
    return place;
  });
  return { places, end };
}

/** Steps at a time take about so many bytes. */
const CHUNK_BYTES = 3 << 18;

/** A call by chunks of steps in scratch memory. */
class Chunks {
  /** Steps at a time. */
  private readonly most: number;
  private readonly room: readonly number[];
  /** Where operands lie; 0 for those that there are not. */
  private readonly places: readonly number[];
  private readonly scratch: FloatArray;
  private readonly way: Way;
  private readonly passage: Passage;
  private readonly given: readonly Given[];
  private readonly bytes: number;

  constructor(way: Way, passage: Passage, given: readonly Given[], bytes: number) {
    this.way = way;
    this.passage = passage;
    this.given = given;
    this.bytes = bytes;
    const { steps } = passage;
    const ofStep = given.reduce((sum, { name, each }) => sum + (whole.has(name) ? 0 : each), 0);
    this.most = Math.min(steps, Math.max(1, Math.floor(CHUNK_BYTES / (ofStep * bytes))));
    const room = roomOf(passage, bytes);
    let end = room.end + 64;
    const over = laidOver(way, passage);
    const offsets: (number | null)[] = [];
    for (const { name, array, each } of given) {
      const under = given.findIndex((other) => over?.[0] === name && other.name === over[1]);
      offsets.push(array === null ? null : (offsets[under] ?? end));
      if (array === null || under >= 0) continue;
      end = align16(end + each * (whole.has(name) ? 1 : this.most) * bytes) + 64;
    }
    const base = end > scratchLimit ? roomBehindScratch(end) : 0;
    if (base === 0) ensureBytes(end);
    this.scratch = bytes === 8 ? f64 : f32;
    this.room = room.places.map((place) => base + place);
    this.places = offsets.map((offset) => (offset === null ? 0 : base + offset));
  }

  run(kernel: (...args: number[]) => void): void {
    const { way, passage, given, most } = this;
    const { steps, reversed } = passage;
    const { results } = ways[way];
    // Steps come one after another in time, and on the way back the other way round.
    const fromEnd = reversed !== (way === 'backward');
    for (let done = 0; done < steps; done += most) {
      const some = Math.min(most, steps - done);
      const first = fromEnd ? steps - done - some : done;
      const before = reversed ? first + some : first - 1;
      for (const [i, { name }] of given.entries()) {
        if (name === 'h0' || name === 'c0') this.bringFirst(i, continued[name], before);
        else if (!results.has(name) && (done === 0 || !whole.has(name))) this.move(i, first, some, false);
      }
      const goesOn = way === 'backward' ? [Number(done > 0)] : [];
      kernel(...whatPasses(passage, some), ...this.places, ...this.room, ...goesOn);
      for (const [i, { name }] of given.entries())
        if (results.has(name) && (done + some === steps || !whole.has(name))) this.move(i, first, some, true);
    }
  }

  /** The steps at a time begin with the state of the one before, or the first state. */
  private bringFirst(i: number, name: OperandName, before: number): void {
    if (this.given[i]?.array == null) return;
    if (before < 0 || before >= this.passage.steps) this.move(i, 0, 1, false);
    else {
      const { array = null, each = 0 } = this.given.find((other) => other.name === name) ?? {};
      if (array !== null)
        copyRun(array, before * each, each, this.scratch, (this.places[i] ?? 0) / this.bytes);
    }
  }

  /** Brings an operand of some steps, or of the call, to scratch memory, or a result back. */
  private move(i: number, first: number, some: number, back: boolean): void {
    const { name, array, each } = this.given[i] as Given;
    if (array === null) return;
    const [start, count] = whole.has(name) ? [0, each] : [first * each, some * each];
    const place = (this.places[i] ?? 0) / this.bytes;
    if (back) copyRun(this.scratch, place, count, array, start);
    else copyRun(array, start, count, this.scratch, place);
  }
}

/** Remainders of panels, tiles and vectors of every kind. */
const tried = { steps: 2, rows: 7, size: 13, out: 13, reversed: false };

/** What kernels give of some numbers. */
function bytesGiven(all: Kernels, bytes: 4 | 8): Uint8Array {
  const found: Uint8Array[] = [];
  for (const cell of Object.keys(cells) as CellName[]) {
    const passage: Passage = { ...tried, cell, out: cells[cell].projected ? 5 : tried.out };
    const room = roomOf(passage, bytes);
    const each = align16(tried.steps * tried.rows * tried.size * 4 * bytes) + 64;
    for (const [way, { operands, results }] of Object.entries(ways)) {
      const first = room.end + 64;
      const end = first + operands.length * each;
      ensureBytes(end);
      const numbers = bytes === 4 ? f32 : f64;
      for (let i = first / bytes; i < end / bytes; i++) numbers[i] = Math.sin(i);
      const places = operands.map((_, i) => first + i * each);
      const goesOn = way === 'backward' ? [0] : [];
      all[`${cell}_${way as Way}`](
        ...whatPasses(passage, passage.steps),
        ...places,
        ...room.places,
        ...goesOn,
      );
      for (const [i, name] of operands.entries())
        if (results.has(name)) found.push(u8.slice(places[i], (places[i] ?? 0) + each));
    }
  }
  return new Uint8Array(found.flatMap((part) => [...part]));
}

/** Compiles the kernels by `compile`, and uses those of each lane from now on that give the same bits. */
export const useWideRecurrence = (compile: Compiling): void =>
  kernels.useWide(compile, (all, lane) => bytesGiven(all, bytesOfLane(lane)));
