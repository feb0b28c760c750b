/**
 * Operations along one dimension behind which others lie: columns of dense operands, chunk by chunk in the scratch
 * memory.
 */

import { bytesOf, type TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { recorder, type Split } from '../recording/index.ts';
import { copyRun, type Extent, extentOf, type FloatArray, type Strided } from '../strided/index.ts';
import { onThreads, type RowsFunction, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, f32, f64 } from '../wasm/index.ts';
import { workOfElement } from './chunks.ts';

/** From this many columns on they are worked on side by side, where rows would have to be brought together first. */
export const FEW_COLUMNS = 4;
/**
 * A larger sample than this is worked on by parts of its columns, of which each row is a copy of its own: few of them,
 * or long ones.
 */
const mostTogether = 2 ** 18;
const leastColumns = 32;

/** A function of so many samples of n rows of `inner` columns: addresses of the operands, and of the result. */
export type ColumnKernel = (samples: number, n: number, inner: number, ...addresses: number[]) => void;

const argumentTypes = (operands: number): RowsFunction['types'] =>
  Array.from({ length: 4 + operands }, () => 'i32' as const);

/** How a call is cut: by samples. */
function samplesOf(n: number, inner: number, { dtype }: Strided, operands: number, height: number): Split {
  const row = inner * bytesOf(dtype);
  return {
    count: 0,
    steps: Array.from(
      { length: operands + 1 },
      (_, i) => [3 + i, (i < operands ? n : height) * row] as const,
    ),
    scratch: null,
    together: 1,
    work: n * inner * workOfElement(dtype),
  };
}

/**
 * Runs a kernel on float operands (of one shape and dtype) down their columns along `dim`; `out`, from `outOffset` on,
 * takes the results, of which there is one for each element, or one for each column.
 */
export function runColumns(
  name: string,
  kernel: ColumnKernel,
  operands: readonly [Strided, ...Strided[]],
  dim: number,
  out: TypedArray,
  outOffset: number,
  results: 'each' | 'one' = 'each',
): void {
  const [x] = operands;
  const extent = extentOf(x.shape, dim);
  const { outer, n, inner } = extent;
  if (x.count === 0) return;
  const height = results === 'each' ? n : 1;
  const arrays = operands.map(elementsOf);
  const rowsOf = (columns: number): Split => samplesOf(n, columns, x, operands.length, height);
  const types = argumentTypes(operands.length);
  if (recorder !== null) {
    const into = recorder;
    const target = out.subarray(outOffset, outOffset + outer * height * inner);
    const addresses = [...arrays, target].map((array) => into.address(array));
    const effects = { reads: arrays, writes: [target], rows: rowsOf(inner) };
    into.call(name, kernel, types, [outer, n, inner, ...addresses], effects);
    return;
  }
  const job = { arrays, extent, height, out, outOffset };
  const work = x.count * workOfElement(x.dtype);
  const shared =
    work >= worthThreads &&
    onThreads(work, x.count * (operands.length + 1), (byRows) =>
      inChunks(job, forThreads, (...args) => byRows({ kernel, types }, args, rowsOf(args[2]))),
    );
  if (!shared) inChunks(job, forOne, (...args) => kernel(...args));
}

interface Job {
  readonly arrays: readonly TypedArray[];
  readonly extent: Extent;
  /** Rows of a sample's result. */
  readonly height: number;
  readonly out: TypedArray;
  readonly outOffset: number;
}

/**
 * How many elements of an operand are in scratch at a time, and into how many parts of its columns a larger sample is
 * cut for that.
 */
interface Chunks {
  readonly elements: number;
  readonly parts: number;
}

const forOne: Chunks = { elements: 16_384, parts: 1 };
const forThreads: Chunks = { elements: 131_072, parts: 8 };

/** Brings blocks of columns into scratch, whole samples or parts of one, calls `run`, and brings the results back. */
function inChunks({ arrays, extent, height, out, outOffset }: Job, chunks: Chunks, run: ColumnKernel): void {
  const { outer, n, inner } = extent;
  const bytes = out.BYTES_PER_ELEMENT;
  const samples = Math.min(outer, Math.floor(chunks.elements / (n * inner)));
  const most = Math.max(leastColumns, Math.floor(mostTogether / (n * chunks.parts)));
  const areWhole = samples >= Math.min(2, chunks.parts);
  const width = areWhole ? inner : Math.min(inner, most);
  const atOnce = Math.max(samples, width === inner ? 1 : chunks.parts);
  const pitch = align16(atOnce * n * width * bytes);
  const addresses = [...arrays, out].map((_, i) => i * pitch);
  ensureBytes(pitch * addresses.length);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;

  /** Works on so many blocks of columns, of which the first begins at column `from` of sample `o`. */
  const work = (o: number, from: number, blocks: number, columns: number): void => {
    /** Moves rows of the blocks: from where in a tensor, to where in scratch, and how many elements. */
    const each = (rows: number, move: (at: number, to: number, size: number) => void): void => {
      const at = o * rows * inner + from;
      if (columns === inner) move(at, 0, blocks * rows * inner);
      else
        for (let b = 0; b < blocks; b++)
          for (let row = 0; row < rows; row++)
            move(at + row * inner + b * columns, (b * rows + row) * columns, columns);
    };
    for (const [i, array] of arrays.entries()) {
      const begin = (addresses[i] as number) / bytes;
      each(n, (at, to, size) => copyRun(array, at, size, scratch, begin + to));
    }
    run(blocks, n, columns, ...addresses);
    const begin = (addresses[arrays.length] as number) / bytes;
    each(height, (at, to, size) => copyRun(scratch, begin + to, size, out, outOffset + at));
  };

  if (width === inner) {
    for (let o = 0; o < outer; o += atOnce) work(o, 0, Math.min(atOnce, outer - o), inner);
    return;
  }
  const whole = Math.floor(inner / width);
  for (let o = 0; o < outer; o++) {
    for (let b = 0; b < whole; b += atOnce) work(o, b * width, Math.min(atOnce, whole - b), width);
    // A kernel takes no fewer columns than a vector may have: then some are worked on twice.
    const rest = inner % width;
    const columns = Math.max(rest, FEW_COLUMNS);
    if (rest > 0) work(o, inner - columns, 1, columns);
  }
}
