/**
 * Functions of all pairs of rows of two matrices, block by block: memory is wanted for the result, never for rows x
 * rows x columns.
 */

import type { TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { type Recorder, recorder } from '../recording/index.ts';
import { type FloatArray, gather, type Strided } from '../strided/index.ts';
import { ensureBytes, type FloatLane } from '../wasm/index.ts';
import { bytesOfLane, scratchOf } from '../wasm/lanes.ts';
import { areaOf, areas, blockColumns, blockRows, pairGroup } from './pair-drivers.ts';
import { type PairShape, type PairTerm, pairKernels } from './pair-kernels.ts';

/** The matrices that a batch holds, float tensors of one dtype: (*, rows, columns). */
interface Matrices {
  readonly x: Strided;
  readonly rows: number;
  readonly columns: number;
  /** Where the one in hand begins. */
  offset: number;
}

function matricesOf(x: Strided): Matrices {
  const rank = x.shape.length;
  return { x, rows: x.shape[rank - 2]!, columns: x.shape[rank - 1]!, offset: x.offset };
}

/** Takes matrix number `index` of the batch in hand. */
function take(matrices: Matrices, index: number): void {
  const { shape, strides, offset } = matrices.x;
  let rest = index;
  matrices.offset = offset;
  for (let d = shape.length - 3; d >= 0; d--) {
    const size = shape[d]!;
    matrices.offset += (rest % size) * strides[d]!;
    rest = Math.floor(rest / size);
  }
}

/** A block of a matrix: its first row and column, and how many of them. */
interface Block {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

class Scratch {
  readonly lane: FloatLane;
  readonly array: FloatArray;
  readonly bytes: 4 | 8;
  readonly #area: number;

  constructor(x: Strided) {
    this.lane = x.dtype === 'float64' ? 'f64' : 'f32';
    this.bytes = bytesOfLane(this.lane);
    this.#area = areaOf(this.lane);
    ensureBytes(areas * this.#area);
    this.array = scratchOf(this.lane);
  }

  /** The byte addresses of areas of these names, one after another. */
  areas<N extends string>(...names: readonly N[]): Readonly<Record<N, number>> {
    return Object.fromEntries(names.map((name, i) => [name, i * this.#area])) as Record<N, number>;
  }

  /**
   * Zeros for `rows` of `columns` numbers at a byte address; gives how many elements apart they lie, and from which on.
   */
  clear(at: number, rows: number, columns: number): { pitch: number; from: number } {
    const group = pairGroup(this.lane);
    const pitch = Math.ceil(columns / group) * group;
    const from = at / this.bytes;
    this.array.fill(0, from, from + rows * pitch);
    return { pitch, from };
  }

  /**
   * Brings a block to a byte address, a row after another, `pitch` elements apart, or, transposed, a column after
   * another; of what is not there, nothing.
   */
  load(m: Matrices | undefined, block: Block, transposed: boolean, pitch: number, at: number): void {
    if (m === undefined) return;
    const { storage, strides, dtype } = m.x;
    const [rowStride, columnStride] = [strides.at(-2)!, strides.at(-1)!];
    const offset = m.offset + block.row * rowStride + block.column * columnStride;
    const [outer, inner] = transposed ? [block.columns, block.rows] : [block.rows, block.columns];
    const [outerStride, innerStride] = transposed ? [columnStride, rowStride] : [rowStride, columnStride];
    const to = at / this.bytes;
    const part = (first: number, count: number): void => {
      const shape = [count, inner];
      const view = {
        storage,
        dtype,
        shape,
        strides: [outerStride, innerStride],
        offset: offset + first * outerStride,
        count: count * inner,
        dense: false,
      };
      gather(view, shape, 0, count * inner, this.array, to + first * pitch);
    };
    if (pitch === inner) part(0, outer);
    else for (let i = 0; i < outer; i++) part(i, 1);
  }
}

/** Calls `run` for each part of 0 to `n`. */
function parts(n: number, size: number, run: (first: number, count: number) => void): void {
  for (let first = 0; first < n; first += size) run(first, Math.min(size, n - first));
}

const matrixCount = (x: Strided): number => x.shape.slice(0, -2).reduce((n, size) => n * size, 1);

/** What may be given beside the two operands. */
interface PairFactors {
  /** Tensors of the shapes of the operands, whose numbers their terms are multiplied by. */
  readonly scaleA?: Strided | undefined;
  readonly scaleB?: Strided | undefined;
  /** A number for each pair: see {@link hasLevels}. */
  readonly levels?: Strided | undefined;
  /** Takes the greatest term instead of the sum: `pmax` passes over NaN, `max` does not. */
  readonly greatest?: 'pmax' | 'max' | null;
  /** The power that is made of each sum. Default: 1. */
  readonly root?: number;
}

const exponentOf = (term: PairTerm): number => (term.kind === 'power' ? term.exponent : 0);

/** Stores a row of sums, raised to `root` where the kernel has not done that. */
function storeRow(sums: FloatArray, root: number, out: TypedArray, to: number): void {
  if (root === 1 || root === 0.5) out.set(sums, to);
  else for (let c = 0; c < sums.length; c++) out[to + c] = sums[c]! ** root;
}

/** Takes down all of it as one call, of operands in order, for the rows of two of them. */
function record(
  into: Recorder,
  name: 'pair_dots' | 'pair_sums',
  { term, root, ...shape }: { readonly term: PairTerm; readonly root: number } & PairShape,
  [a, b]: readonly [Strided, Strided],
  operands: readonly (Strided | undefined)[],
  out: TypedArray,
): void {
  if (out.length === 0) return;
  const lane = a.dtype === 'float64' ? 'f64' : 'f32';
  const kernels = pairKernels(lane, term, shape);
  const arrays = operands.map((x) => (x === undefined ? null : into.elements(x)));
  const room = allocateArray('uint8', areas * areaOf(lane));
  const given = [...arrays, room, out].map((array) => (array === null ? 0 : into.address(array)));
  const sizes = [matrixCount(a), a.shape.at(-2)!, b.shape.at(-2)!, a.shape.at(-1)!];
  const isDots = name === 'pair_dots';
  const numbers = isDots ? [exponentOf(term), root] : [exponentOf(term)];
  const args = [...sizes, ...given];
  const types = [...args.map(() => 'i32' as const), ...numbers.map(() => 'f64' as const)];
  const touched = { reads: arrays.filter((array) => array !== null), writes: [room, out] };
  into.call(name, isDots ? kernels.allDots : kernels.allSums, types, [...args, ...numbers], touched);
}

/**
 * `out[i, j]` = the sum over columns d of term(a[i, d] - b[j, d]) scaleA[i, d] scaleB[j, d], for each pair of rows of
 * `a`, (*, P, M), and `b`, (*, R, M), float tensors of one dtype and one batch shape. `out` is laid out as a contiguous
 * (*, P, R).
 */
export function pairDots(
  term: PairTerm,
  a: Strided,
  b: Strided,
  out: TypedArray,
  { scaleA, scaleB, levels, greatest = null, root = 1 }: PairFactors,
): void {
  if (recorder !== null) {
    const made = { term, greatest, root, scaledA: scaleA !== undefined, scaledB: scaleB !== undefined };
    record(recorder, 'pair_dots', made, [a, b], [a, b, scaleA, scaleB, levels], out);
    return;
  }
  const [ma, mb] = [matricesOf(a), matricesOf(b)];
  const factors = [scaleA, scaleB, levels].map((x) => (x === undefined ? undefined : matricesOf(x)));
  const [mScaleA, mScaleB, mLevels] = factors;
  const scratch = new Scratch(a);
  const at = scratch.areas('a', 'b', 'scaleA', 'scaleB', 'levels', 'out');
  const shape = { greatest, scaledA: scaleA !== undefined, scaledB: scaleB !== undefined };
  const kernels = pairKernels(scratch.lane, term, shape);
  const exponent = exponentOf(term);

  const block = (batch: number, column: number, columns: number, row: number, rows: number): void => {
    const { pitch, from } = scratch.clear(at.out, rows, columns);
    scratch.load(mLevels, { row, rows, column, columns }, false, pitch, at.levels);
    parts(ma.columns, blockColumns, (d, depth) => {
      const ofA = { row, rows, column: d, columns: depth };
      const ofB = { row: column, rows: columns, column: d, columns: depth };
      scratch.load(ma, ofA, false, depth, at.a);
      scratch.load(mb, ofB, true, pitch, at.b);
      scratch.load(mScaleA, ofA, false, depth, at.scaleA);
      scratch.load(mScaleB, ofB, true, pitch, at.scaleB);
      kernels.dots(rows, pitch, depth, at.a, at.b, at.scaleA, at.scaleB, at.levels, at.out, exponent);
    });
    if (root === 0.5) kernels.roots(rows * pitch, at.out);
    for (let r = 0; r < rows; r++) {
      const start = from + r * pitch;
      const sums = scratch.array.subarray(start, start + columns);
      storeRow(sums, root, out, (batch * ma.rows + row + r) * mb.rows + column);
    }
  };

  for (let batch = 0; batch < matrixCount(a); batch++) {
    for (const m of [ma, mb, mScaleA, mScaleB, mLevels]) if (m !== undefined) take(m, batch);
    parts(mb.rows, blockRows, (column, columns) =>
      parts(ma.rows, blockRows, (row, rows) => block(batch, column, columns, row, rows)),
    );
  }
}

/**
 * `out[j, d]` = the sum over rows i of `a` of term(b[j, d] - a[i, d]) weights[j, i] scaleA[i, d], for each row j of
 * `b`; the operands as in {@link pairDots}, `weights` and `levels` (*, R, P). `out` is laid out as a contiguous tensor
 * of the shape of `b`.
 */
export function pairSums(
  term: PairTerm,
  weights: Strided,
  b: Strided,
  a: Strided,
  out: TypedArray,
  { scaleA, levels }: PairFactors,
): void {
  if (recorder !== null) {
    const made = { term, greatest: null, root: 1, scaledA: scaleA !== undefined, scaledB: false };
    record(recorder, 'pair_sums', made, [a, b], [weights, b, a, scaleA, levels], out);
    return;
  }
  const [ma, mb, mWeights] = [matricesOf(a), matricesOf(b), matricesOf(weights)];
  const mScaleA = scaleA === undefined ? undefined : matricesOf(scaleA);
  const mLevels = levels === undefined ? undefined : matricesOf(levels);
  const scratch = new Scratch(a);
  const at = scratch.areas('a', 'b', 'scaleA', 'weights', 'levels', 'out');
  const shape = { greatest: null, scaledA: scaleA !== undefined, scaledB: false };
  const kernels = pairKernels(scratch.lane, term, shape);
  const exponent = exponentOf(term);

  const block = (batch: number, column: number, columns: number, d: number, depth: number): void => {
    const { pitch, from } = scratch.clear(at.out, depth, columns);
    scratch.load(mb, { row: column, rows: columns, column: d, columns: depth }, true, pitch, at.b);
    parts(ma.rows, blockRows, (row, rows) => {
      const ofA = { row, rows, column: d, columns: depth };
      const pairs = { row: column, rows: columns, column: row, columns: rows };
      scratch.load(ma, ofA, false, depth, at.a);
      scratch.load(mWeights, pairs, true, pitch, at.weights);
      scratch.load(mScaleA, ofA, false, depth, at.scaleA);
      scratch.load(mLevels, pairs, true, pitch, at.levels);
      kernels.sums(rows, pitch, depth, at.a, at.b, at.weights, at.scaleA, at.levels, at.out, exponent);
    });
    for (let j = 0; j < columns; j++) {
      const to = (batch * mb.rows + column + j) * mb.columns + d;
      for (let c = 0; c < depth; c++) out[to + c] = scratch.array[from + c * pitch + j]!;
    }
  };

  for (let batch = 0; batch < matrixCount(a); batch++) {
    for (const m of [ma, mb, mWeights, mScaleA, mLevels]) if (m !== undefined) take(m, batch);
    parts(mb.rows, blockRows, (column, columns) =>
      parts(mb.columns, blockColumns, (d, depth) => block(batch, column, columns, d, depth)),
    );
  }
}
