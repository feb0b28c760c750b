/** Norms of the rows and of the columns of matrices, in one pass over memory. */

import { bytesOf, laneOf } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { type Recorder, recorder } from '../recording/index.ts';
import { denseOver, type Strided } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32Params, ModuleBuilder, memoized } from '../wasm/index.ts';
import { emitColumns, ROWS } from './column-kernels.ts';
import { finish } from './recorded.ts';
import { reduce } from './reduce.ts';
import { reduceKernels } from './reduce-kernels.ts';
import { emitRows } from './row-kernels.ts';
import { specOf, untilNoneLeft } from './steps.ts';

/**
 * Adds up the squares along the rows and down the columns of `outer` matrices of n rows and `inner` columns. Reads and
 * writes up to 32 bytes past the ends.
 */
type Crosswise = (outer: number, n: number, inner: number, x: number, rows: number, columns: number) => void;

const crosswise = memoized((lane: 'f32' | 'f64'): Crosswise => {
  const spec = specOf(lane, 'sumSquares');
  const module = new ModuleBuilder();
  const [rows, columns] = [emitRows(module, spec), emitColumns(module, spec)];
  const params = i32Params('outer', 'n', 'inner', 'x', 'rows', 'columns');
  module.define({ export: 'crosswise' }, params, (f, p) => {
    const { left, count, begun } = f.locals('i32', 'left', 'count', 'begun');
    f.countdown(p.outer, 1, () => {
      f.get(p.n).set(left).i32Const(0).set(begun);
      // So many rows are added up crosswise while they are in a cache: columns go on where they are parted.
      untilNoneLeft(f, left, ROWS, () => {
        f.atMost(left, ROWS).set(count);
        f.get(count).get(p.inner).get(p.x).get(p.rows).i32Const(0).i32Const(0).call(rows);
        f.i32Const(1).get(count).get(p.inner).get(p.x).get(p.columns).i32Const(0).get(begun).call(columns);
        f.i32Const(1).set(begun);
        const elements = (): unknown => f.get(count).get(p.inner).op('i32.mul');
        f.get(p.x);
        elements();
        f.i32Const(spec.elementBytes).op('i32.mul').op('i32.add').set(p.x);
        f.get(p.rows).get(count).i32Const(8).op('i32.mul').op('i32.add').set(p.rows);
      });
      f.get(p.columns).get(p.inner).i32Const(8).op('i32.mul').op('i32.add').set(p.columns);
    });
  });
  return module.instantiate<{ crosswise: Crosswise }>().crosswise;
});

/** Elements behind results, which kernels may overwrite. */
const slack = 16;
/** Rows that are wider do not stay in a cache by the block. */
const mostBlockBytes = 2 ** 21;

/**
 * The Euclidean norms along the last dimension of `x`, and those along the one before it, with the bits of `reduce`;
 * `x` has two dimensions at least, and the results are dense.
 */
export function crosswiseNorms(x: Strided, rowNorms: Strided, columnNorms: Strided): void {
  const { shape, count, dtype } = x;
  const [n = 1, inner = 1] = shape.slice(-2);
  const blockBytes = ROWS * inner * bytesOf(dtype);
  // A single column is added up as a row.
  const isApart = !x.dense || count === 0 || inner === 1;
  if (isApart || (recorder === null && blockBytes > mostBlockBytes)) {
    const [rows, columns] = [rowNorms.storage.array, columnNorms.storage.array];
    reduce('sumSquares', x, [shape.length - 1], rows, rowNorms.offset, { root: true });
    reduce('sumSquares', x, [shape.length - 2], columns, columnNorms.offset, { root: true });
    return;
  }
  const matrices = { outer: count / (n * inner), n, inner };
  if (recorder !== null) record(recorder, x, matrices, rowNorms, columnNorms);
  else run(x, matrices, rowNorms, columnNorms);
}

interface Matrices {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

const types = Array(6).fill('i32' as const);

function record(
  recorder: Recorder,
  x: Strided,
  { outer, n, inner }: Matrices,
  rowNorms: Strided,
  columnNorms: Strided,
): void {
  const elements = recorder.elements(x);
  const sums = [outer * n, outer * inner].map((length) => allocateArray('float64', length + slack));
  const args = [outer, n, inner, ...[elements, ...sums].map((array) => recorder.address(array))];
  const callee = crosswise(laneOf(x.dtype) as 'f32') as (...args: number[]) => unknown;
  recorder.call('crosswise', callee, types, args, { reads: [elements], writes: sums, ofSizes: true });
  for (const [i, out] of [rowNorms, columnNorms].entries()) {
    const length = (sums[i]?.length ?? slack) - slack;
    const found = denseOver(sums[i] as Float64Array, 'float64', [length], 0, length);
    finish(found, undefined, true, denseOver(out.storage.array, x.dtype, [length], out.offset, length));
  }
}

function run(x: Strided, { outer, n, inner }: Matrices, rowNorms: Strided, columnNorms: Strided): void {
  const { dtype, storage, offset } = x;
  const bytes = bytesOf(dtype);
  const { rows, columns, finish } = reduceKernels(laneOf(dtype), 'sumSquares');
  const columnsAt = align16(8 * Math.min(n, ROWS)) + 64;
  const blockAt = align16(columnsAt + 8 * inner) + 64;
  ensureBytes(blockAt + ROWS * inner * bytes + 64);
  const array = dtype === 'float64' ? f64 : f32;
  const narrow = dtype === 'float64' ? 0 : 1;
  const store = (at: number, length: number, out: Strided, to: number): void => {
    finish(length, at, 1, 1, narrow);
    out.storage.array.set(array.subarray(at / bytes, at / bytes + length), out.offset + to);
  };
  for (let o = 0; o < outer; o++) {
    for (let r = 0; r < n; r += ROWS) {
      const height = Math.min(ROWS, n - r);
      const from = offset + (o * n + r) * inner;
      array.set(storage.array.subarray(from, from + height * inner), blockAt / bytes);
      rows(height, inner, blockAt, 0, 0, 0);
      columns(1, height, inner, blockAt, columnsAt, 0, r === 0 ? 0 : 1);
      store(0, height, rowNorms, o * n + r);
    }
    store(columnsAt, inner, columnNorms, o * inner);
  }
}
