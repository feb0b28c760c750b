/** Operations along one dimension behind which others lie: columns of dense operands, chunk by chunk in the scratch memory. */

import { bytesOf, type TypedArray } from '../../dtype.ts';
import { elementsOf } from '../elementwise/index.ts';
import { recorder, type Split } from '../recording/index.ts';
import { copyRun, type Extent, extentOf, type FloatArray, type Strided } from '../strided/index.ts';
import { onThreads, type RowsFunction, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, f32, f64 } from '../wasm/index.ts';
import { workOfElement } from './chunks.ts';

/** From this many columns on they are worked on side by side, where rows would have to be brought together first. */
export const FEW_COLUMNS = 4;
/** Elements of one operand in scratch at a time, unless a single sample has more. */
const CHUNK = 16_384;
/** The same where several threads work on it. */
const sharedChunk = 8 * CHUNK;
/** A larger sample than this is worked on by parts of its columns, of which each row is a copy of its own: few of them, or long ones. */
const mostTogether = 2 ** 18;
const leastColumns = 64;

/** A function of so many samples of n rows of `inner` columns: addresses of the operands, and of the result. */
export type ColumnKernel = (samples: number, n: number, inner: number, ...addresses: number[]) => void;

const argumentTypes = (operands: number): RowsFunction['types'] =>
  Array.from({ length: 4 + operands }, () => 'i32' as const);

/** How a call is cut: by samples. */
function samplesOf({ n, inner }: Extent, x: Strided, operands: number, height: number): Split {
  const row = inner * bytesOf(x.dtype);
  return {
    count: 0,
    steps: Array.from(
      { length: operands + 1 },
      (_, i) => [3 + i, (i < operands ? n : height) * row] as const,
    ),
    scratch: null,
    together: 1,
    work: n * inner * workOfElement(x.dtype),
  };
}

/**
 * Runs a kernel on float operands (of one shape and dtype) down their columns along `dim`; `out`, from `outOffset` on, takes the results,
 * of which there is one for each element, or one for each column.
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
  const rows = samplesOf(extent, x, operands.length, height);
  const types = argumentTypes(operands.length);
  if (recorder !== null) {
    const into = recorder;
    const target = out.subarray(outOffset, outOffset + outer * height * inner);
    const addresses = [...arrays, target].map((array) => into.address(array));
    const effects = { reads: arrays, writes: [target], rows };
    into.call(name, kernel, types, [outer, n, inner, ...addresses], effects);
    return;
  }
  const alone = (): void =>
    inChunks(arrays, extent, height, out, outOffset, CHUNK, (...args) => kernel(...args));
  const work = x.count * workOfElement(x.dtype);
  const shared =
    work >= worthThreads &&
    onThreads(work, x.count * (operands.length + 1), (byRows) =>
      inChunks(arrays, extent, height, out, outOffset, sharedChunk, (...args) =>
        byRows({ kernel, types }, args, rows),
      ),
    );
  if (!shared) alone();
}

/** Brings whole samples into scratch, or parts of the columns of one, calls `run`, and brings the results back. */
function inChunks(
  arrays: readonly TypedArray[],
  { outer, n, inner }: Extent,
  height: number,
  out: TypedArray,
  outOffset: number,
  elements: number,
  run: ColumnKernel,
): void {
  const bytes = out.BYTES_PER_ELEMENT;
  const samples = Math.min(outer, Math.max(1, Math.floor(elements / (n * inner))));
  const width = Math.min(inner, Math.max(leastColumns, Math.floor(mostTogether / n)));
  const pitch = align16(samples * n * width * bytes);
  const addresses = [...arrays, out].map((_, i) => i * pitch);
  ensureBytes(pitch * addresses.length);
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  /** Moves `count` samples of `rows` rows, of each of which the columns from `from` on, between an array and the scratch memory. */
  const each = (
    count: number,
    rows: number,
    columns: number,
    move: (at: number, step: number, size: number) => void,
  ) => {
    if (columns === inner) move(0, 0, count * rows * inner);
    else for (let row = 0; row < rows; row++) move(row * inner, row * columns, columns);
  };
  for (let o = 0; o < outer; o += samples) {
    const count = Math.min(samples, outer - o);
    for (let next = 0; next < inner; next += width) {
      // A kernel takes no fewer columns, though some are worked on twice.
      const from = Math.min(next, inner - FEW_COLUMNS);
      const columns = Math.min(width, inner - from);
      for (const [i, array] of arrays.entries()) {
        const to = (addresses[i] as number) / bytes;
        each(count, n, columns, (at, step, size) =>
          copyRun(array, o * n * inner + from + at, size, scratch, to + step),
        );
      }
      run(count, n, columns, ...addresses);
      const start = (addresses[arrays.length] as number) / bytes;
      each(count, height, columns, (at, step, size) =>
        copyRun(scratch, start + step, size, out, outOffset + o * height * inner + from + at),
      );
    }
  }
}
