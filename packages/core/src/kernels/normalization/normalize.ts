/** Groups of tensors normalised, and the derivative: by the kernels, in chunks of samples or groups. */

import type { TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { type Address, recorder, type Split } from '../recording/index.ts';
import { rowKernels } from '../rows/index.ts';
import { copyRun, type FloatArray, type Strided } from '../strided/index.ts';
import {
  align16,
  ensureBytes,
  f32,
  f64,
  roomBehindScratch,
  scratchLimit,
  type ValueType,
} from '../wasm/index.ts';
import { backwardParams, emitBackward } from './backward.ts';
import { emitBackwardOfElements } from './backward-elements.ts';
import { emitBackwardOfColumns, emitForwardOfColumns } from './columns.ts';
import { emitForward, forwardParams } from './forward.ts';
import { BLOCK, type Grouping, pitchOfSums, type Variant, variantOf } from './grouping.ts';
import { sizes } from './numbers.ts';
import { emitTotals } from './totals.ts';

type Kernel = (...args: number[]) => void;
type KernelsOf<Names extends string> = ReturnType<typeof rowKernels<Record<Names, Kernel>>>;

const totals: KernelsOf<'addRows' | 'narrow'> = /* @__PURE__ */ rowKernels(emitTotals);
const made = new Map<string, KernelsOf<string>>();

/** The kernel of a variant, compiled at its first use. */
function kernelOf(name: 'forward' | 'backward', v: Variant, x: Strided): Kernel {
  const key = [name, v.form, v.shifts, v.centered, v.scalesLast, v.columns].join();
  let kernels = made.get(key);
  if (kernels === undefined) {
    const emit =
      name === 'forward'
        ? v.columns
          ? emitForwardOfColumns
          : emitForward
        : v.columns
          ? emitBackwardOfColumns
          : v.form === 'elements'
            ? emitBackwardOfElements
            : emitBackward;
    kernels = rowKernels((module, t) => emit(module, t, v));
    made.set(key, kernels);
  }
  return kernels(x.dtype === 'float64' ? 'f64' : 'f32')[name] as Kernel;
}

/**
 * What an operand of a kernel has a number for: each element, each group of each sample, each factor, or, summed up
 * over samples, these.
 */
interface Operand {
  readonly of: 'elements' | 'statistics' | 'factors' | 'sums';
  readonly array: TypedArray | null;
  readonly isResult?: boolean;
}

/** A kernel with its operands, in the order of its parameters. */
interface Run {
  readonly name: string;
  readonly kernel: Kernel;
  readonly params: Readonly<Record<string, ValueType>>;
  readonly g: Grouping;
  readonly v: Variant;
  readonly operands: readonly Operand[];
}

const given = (of: Operand['of'], x: Strided | null): Operand => ({ of, array: x && elementsOf(x) });
const result = (of: Operand['of'], x: Strided | null): Operand => ({ ...given(of, x), isResult: true });

/** What is learned of groups, and what is found of them. */
export interface Statistics<T> {
  /** The groups' means; `null` where these count as 0. */
  readonly means: T | null;
  /** The groups' biased variances, or the means of squares. */
  readonly variances: T;
}

/**
 * y = (x - mean) / sqrt(variance + eps) by group, times a factor and with a summand where there are such; and the
 * statistics.
 */
export function normalizeGroups(
  x: Strided,
  [weight, bias]: readonly [Strided | null, Strided | null],
  g: Grouping,
  y: Strided,
  { means, variances }: Statistics<Strided>,
): void {
  const v = variantOf(g, weight !== null, bias !== null);
  run({
    name: 'normalize',
    kernel: kernelOf('forward', v, x),
    params: forwardParams,
    g,
    v,
    operands: [
      given('elements', x),
      given('factors', weight),
      given('factors', bias),
      result('elements', y),
      result('statistics', means),
      result('statistics', variances),
    ],
  });
}

/** Of the gradient of y, that by x, and where there are factors, those by factors and summands. */
export function normalizeGroupsBackward(
  gradient: Strided,
  x: Strided,
  weight: Strided | null,
  { means, variances }: Statistics<Strided>,
  g: Grouping,
  [toX, toWeight, toBias]: readonly [Strided, ...Strided[]],
): void {
  const v = variantOf(g, weight !== null, false);
  run({
    name: 'normalize_backward',
    kernel: kernelOf('backward', v, x),
    params: backwardParams,
    g,
    v,
    operands: [
      given('elements', x),
      given('elements', gradient),
      given('factors', weight),
      given('statistics', means),
      given('statistics', variances),
      result('elements', toX),
      result('sums', toWeight ?? null),
      result('sums', toBias ?? null),
    ],
  });
}

/** Elements of a chunk, if one group, or as many samples as are summed up at a time, are not more. */
const CHUNK = 32_768;
/** Neighbouring columns of a chunk, since less than a cache line is not worth it. */
const fewestColumns = 16;

/** How many samples, and of each how many groups, are worked on at a time. */
function chunkOf({ samples, outer, groups, parts, run }: Grouping, v: Variant): readonly [number, number] {
  const inner = parts * run;
  const group = outer * inner;
  const together = v.form === 'elements' ? BLOCK : 1;
  if (v.form !== 'elements' && (outer > 1 || groups * group > CHUNK)) {
    const least = v.columns ? fewestColumns : 1;
    return [1, Math.min(groups, Math.max(least, Math.floor(CHUNK / group)))];
  }
  const some = Math.floor(CHUNK / (groups * group) / together) * together;
  return [Math.min(samples, Math.max(together, some)), groups];
}

/** The numbers of a grouping as kernels take them, for some of its samples and groups. */
function sizesOf(g: Grouping, v: Variant, samples: number, groups: number, bytes: number): number[] {
  const inner = g.parts * g.run;
  const pitch = v.form === 'elements' ? pitchOfSums(groups * inner) : groups * inner;
  return [samples, g.outer, groups, g.parts, g.run, inner, pitch * bytes, g.eps];
}

/** Rows of sums that so many samples give, and elements from one to the next. */
const sumsOf = (g: Grouping, v: Variant, samples: number, groups: number): readonly [number, number] =>
  v.form === 'elements'
    ? [Math.ceil(samples / BLOCK), pitchOfSums(groups * g.parts * g.run)]
    : [samples, groups * g.parts];

function run(given: Run): void {
  const { g, v } = given;
  // Without factors a group need not be cut into parts.
  const r = v.form === 'plain' ? { ...given, g: { ...g, parts: 1, run: g.parts * g.run } } : given;
  const [first] = r.operands;
  const bytes = first?.array?.BYTES_PER_ELEMENT === 8 ? 8 : 4;
  if (recorder === null) runInChunks(r, bytes);
  else record(r, bytes);
}

/** An operand with its place in scratch. */
interface Place {
  readonly of: Operand['of'];
  readonly array: TypedArray;
  readonly isResult: boolean;
  /** Its address, and that of its totals. */
  readonly at: number;
  readonly total: number;
  /** How many numbers lie side by side for one group, and in how many blocks each sample has such. */
  readonly each: number;
  readonly blocks: number;
}

/** The samples and groups of a chunk. */
interface Chunk {
  sample: number;
  samples: number;
  group: number;
  groups: number;
}

/** Copies what an operand has of a chunk to scratch, or from there. */
function move(
  { of, array, at, each, blocks, isResult }: Place,
  g: Grouping,
  chunk: Chunk,
  scratch: FloatArray,
): void {
  const here = at / scratch.BYTES_PER_ELEMENT;
  const rows = of === 'factors' ? 1 : chunk.samples * blocks;
  const first = of === 'factors' ? 0 : chunk.sample * blocks;
  const isWhole = chunk.groups === g.groups;
  const run = chunk.groups * each * (isWhole ? rows : 1);
  for (let row = 0; row < (isWhole ? 1 : rows); row++) {
    const there = ((first + row) * g.groups + chunk.group) * each;
    if (isResult) copyRun(scratch, here + row * run, run, array, there);
    else copyRun(array, there, run, scratch, here + row * run);
  }
}

/** Finds places in scratch for chunks of so many samples and groups, and what the kernel takes of the first of them. */
function placed({ g, v, operands }: Run, bytes: 4 | 8, samples: number, groups: number): [Place[], number[]] {
  const inner = g.parts * g.run;
  const factors = groups * g.parts;
  const [sumRows, sumPitch] = sumsOf(g, v, samples, groups);
  const counts = {
    elements: samples * g.outer * groups * inner,
    statistics: samples * groups,
    factors,
    sums: sumRows * sumPitch,
  };
  let end = 0;
  const take = (size: number): number => {
    const at = end;
    end = align16(end + size) + 64;
    return at;
  };
  const taken = operands.map(({ of, array }) => ({
    at: array === null ? 0 : take(counts[of] * bytes),
    // Rounded up to whole vectors, in float64.
    total: of === 'sums' && array !== null ? take((factors + 4) * 8) : 0,
  }));
  const base = end > scratchLimit ? roomBehindScratch(end) : 0;
  if (base === 0) ensureBytes(end);
  const args = sizesOf(g, v, samples, groups, bytes);
  const places: Place[] = [];
  for (const [i, { of, array, isResult = false }] of operands.entries()) {
    const { at = 0, total = 0 } = taken[i] ?? {};
    args.push(array === null ? 0 : base + at);
    if (array === null) continue;
    const each = of === 'elements' ? inner : of === 'statistics' ? 1 : g.parts;
    const blocks = of === 'elements' ? g.outer : 1;
    places.push({ of, array, isResult, at: base + at, total: base + total, each, blocks });
  }
  return [places, args];
}

function runInChunks(given: Run, bytes: 4 | 8): void {
  const { kernel, g, v } = given;
  const [samples, groups] = chunkOf(g, v);
  const [places, args] = placed(given, bytes, samples, groups);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  const { addRows } = totals(bytes === 8 ? 'f64' : 'f32');
  const chunk: Chunk = { sample: 0, samples, group: 0, groups };
  const runChunk = (): void => {
    if (chunk.samples !== samples || chunk.groups !== groups)
      args.splice(0, Object.keys(sizes).length, ...sizesOf(g, v, chunk.samples, chunk.groups, bytes));
    for (const place of places) if (!place.isResult) move(place, g, chunk, scratch);
    kernel(...args);
    for (const place of places) {
      if (!place.isResult) continue;
      if (place.of !== 'sums') move(place, g, chunk, scratch);
      else {
        const [rows, pitch] = sumsOf(g, v, chunk.samples, chunk.groups);
        const isLater = chunk.sample > 0 ? 1 : 0;
        addRows(rows, chunk.groups * g.parts, pitch * bytes, isLater, place.at, place.total);
      }
    }
  };
  for (chunk.group = 0; chunk.group < g.groups; chunk.group += groups) {
    chunk.groups = Math.min(groups, g.groups - chunk.group);
    for (chunk.sample = 0; chunk.sample < g.samples; chunk.sample += samples) {
      chunk.samples = Math.min(samples, g.samples - chunk.sample);
      runChunk();
    }
    for (const { array, of, total } of places) {
      if (of !== 'sums') continue;
      if (g.samples === 0) array.fill(0);
      else copyRun(f64, total / 8, chunk.groups * g.parts, array, chunk.group * g.parts);
    }
  }
}

/** Multiply-adds of about the time that an element takes. */
const workOfElement = 6;

/** How the call is cut: by samples, or where there is one, by groups. */
function splitOf({ g, v, operands, params }: Run, bytes: number): Split {
  const names = Object.keys(params);
  const first = Object.keys(sizes).length;
  const bySample = g.samples > 1;
  const inner = g.parts * g.run;
  const groups = bySample ? g.groups : 1;
  const [, sumPitch] = sumsOf(g, v, 1, groups);
  const together = v.form === 'elements' ? BLOCK : 1;
  const advance = {
    elements: groups * inner,
    statistics: groups,
    factors: bySample ? 0 : g.parts,
    sums: sumPitch / together,
  };
  return {
    count: names.indexOf(bySample ? 'samples' : 'groups'),
    steps: operands.flatMap(({ of, array }, i) =>
      array === null ? [] : [[first + i, advance[of] * bytes] as const],
    ),
    scratch: null,
    together: v.columns ? fewestColumns : together,
    work: g.outer * groups * inner * workOfElement,
  };
}

/** Takes the same down. */
function record(r: Run, bytes: number): void {
  if (recorder === null) return;
  const into = recorder;
  const { g, v, operands, params } = r;
  const dtype = bytes === 8 ? 'float64' : 'float32';
  const [rows, pitch] = sumsOf(g, v, g.samples, g.groups);
  const arrays = operands.map(({ of, array }) =>
    array !== null && of === 'sums' ? into.temporary(dtype, rows * pitch) : array,
  );
  const touched = (results: boolean): TypedArray[] =>
    arrays.filter(
      (array, i): array is TypedArray => array !== null && (operands[i]?.isResult === true) === results,
    );
  const args: (number | Address)[] = [
    ...sizesOf(g, v, g.samples, g.groups, bytes),
    ...arrays.map((array) => (array === null ? 0 : into.address(array))),
  ];
  // Rows of elements of one sample are not cut into groups.
  const mayCut = g.samples > 1 || v.form !== 'elements';
  into.call(r.name, r.kernel, Object.values(params), args, {
    reads: touched(false),
    writes: touched(true),
    ...(mayCut ? { rows: splitOf(r, bytes) } : {}),
  });
  const { addRows, narrow } = totals(bytes === 8 ? 'f64' : 'f32');
  const n = g.groups * g.parts;
  for (const [i, { of, array }] of operands.entries()) {
    const parts = arrays[i];
    if (of !== 'sums' || array === null || parts == null) continue;
    const sums = into.temporary('float64', n + 4);
    const types = (count: number): ValueType[] => Array.from({ length: count }, () => 'i32');
    into.call(
      'add_rows',
      addRows,
      types(6),
      [rows, n, pitch * bytes, 0, into.address(parts), into.address(sums)],
      { reads: [parts], writes: [sums] },
    );
    into.call('narrow', narrow, types(3), [n, into.address(sums), into.address(array)], {
      reads: [sums],
      writes: [array],
    });
  }
}
