/** Operations along one dimension of strided operands, chunk by chunk of whole rows in the scratch memory. */

import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { contiguousStrides, isContiguousLayout } from '../../shape.ts';
import { allocateArray } from '../../storage.ts';
import { recorder, type Split } from '../recording/index.ts';
import { copyRun, extentOf, type FloatArray, gather, type Strided, stridedOver } from '../strided/index.ts';
import { onThreads, worthThreads } from '../threads/index.ts';
import { align16, ensureBytes, f32, f64 } from '../wasm/index.ts';

/** Elements of one operand in scratch at a time, unless a single row is longer: up to the limit of long-rows.ts. */
const CHUNK = 16_384;
/** The same where several threads work on it. */
const sharedChunk = 8 * CHUNK;

/** A chunk of rows: byte addresses of the operands and of the result, all rows contiguous. */
interface Chunk<Inputs extends readonly unknown[]> {
  /** Number of the first row. */
  readonly first: number;
  readonly rows: number;
  /** Length of a row. */
  readonly n: number;
  readonly inputs: { readonly [K in keyof Inputs]: number };
  readonly out: number;
  /** The scratch memory, and the bytes of its elements. */
  readonly scratch: FloatArray;
  readonly bytes: 4 | 8;
}

/** `x` with `dim` moved to the end, so that its rows in logical order are those along `dim`. */
export function dimLast(x: Strided, dim: number): Strided {
  const last = x.shape.length - 1;
  if (dim === last || x.shape.length === 0) return x;
  const atEnd = (list: readonly number[]): number[] => [
    ...list.toSpliced(dim, 1),
    ...list.slice(dim, dim + 1),
  ];
  const shape = atEnd(x.shape);
  const strides = atEnd(
    x.dense && x.strides.length < x.shape.length ? contiguousStrides(x.shape) : x.strides,
  );
  const { storage, offset, dtype, count } = x;
  return { storage, offset, dtype, count, shape, strides, dense: isContiguousLayout(shape, strides) };
}

/**
 * Brings the rows of float operands (of one shape and dtype) along `dim` into scratch and calls `run` for each chunk of
 * them. `out`, where given, takes the results: an array laid out as a contiguous tensor of the operands' shape.
 */
export function forEachRows<const Inputs extends readonly [Strided, ...Strided[]]>(
  operands: Inputs,
  dim: number,
  out: FloatArray | undefined,
  outOffset: number,
  run: (chunk: Chunk<Inputs>) => void,
  elements = CHUNK,
): void {
  const [x] = operands;
  const { outer, n, inner } = extentOf(x.shape, dim);
  const total = outer * inner;
  if (total * n === 0) return;
  const bytes = x.dtype === 'float64' ? 8 : 4;
  const group = Math.min(total, Math.max(1, Math.floor(elements / n)));
  const slot = align16(group * n * bytes + 64);
  // In front of the operands: two float64 numbers for each row.
  const firstSlot = align16(16 * group + 64);
  ensureBytes(firstSlot + slot * (operands.length + 1));
  const scratch: FloatArray = bytes === 8 ? f64 : f32;
  const rowsOf = operands.map((operand) => dimLast(operand, dim));
  const inputs = operands.map((_, i) => firstSlot + slot * i) as { [K in keyof Inputs]: number };
  const outAt = firstSlot + slot * operands.length;
  for (let first = 0; first < total; first += group) {
    const chunk = {
      first,
      rows: Math.min(group, total - first),
      n,
      inputs,
      out: outAt,
      scratch,
      bytes,
    } as const;
    for (let i = 0; i < rowsOf.length; i++)
      load(rowsOf[i]!, first * n, chunk.rows * n, scratch, (inputs[i] as number) / bytes);
    run(chunk);
    if (out !== undefined) store(scratch, outAt / bytes, chunk, inner, out, outOffset);
  }
}

/**
 * A function of rows in the memory of kernels: their number and length, the addresses of the operands, and that of the
 * result.
 */
type RowKernel = (rows: number, n: number, ...addresses: number[]) => void;

/**
 * Runs a kernel on rows of float operands (of one shape and dtype) along `dim`; `out`, from `outOffset` on, takes the
 * results, laid out as a contiguous tensor of the operands' shape.
 */
export function runRows(
  name: string,
  kernel: RowKernel,
  operands: readonly [Strided, ...Strided[]],
  dim: number,
  out: TypedArray,
  outOffset: number,
): void {
  const [{ shape, dtype, count }] = operands;
  if (recorder === null) {
    const work = count * workOfElement(dtype);
    if (work < worthThreads || !runRowsShared(kernel, operands, dim, out, outOffset, work))
      forEachRows(operands, dim, out as FloatArray, outOffset, ({ rows, n, inputs, out }) => {
        const [first, second] = [inputs[0] as number, inputs[1] as number];
        // By hand: to spread the addresses takes as long as a short row.
        if (inputs.length === 1) kernel(rows, n, first, out);
        else if (inputs.length === 2) kernel(rows, n, first, second, out);
        else kernel(rows, n, ...inputs, out);
      });
    return;
  }
  if (count === 0) return;
  const result = dimLast(stridedOver(out, dtype, shape, outOffset), dim);
  const target = result.dense ? out.subarray(outOffset, outOffset + count) : allocateArray(dtype, count);
  recordRows(name, kernel, operands, dim, target, true);
  if (!result.dense) recorder.copy(stridedOver(target, dtype, result.shape), result);
}

/** {@link runRows} on several threads, if they are free. */
function runRowsShared(
  kernel: RowKernel,
  operands: readonly [Strided, ...Strided[]],
  dim: number,
  out: TypedArray,
  outOffset: number,
  work: number,
): boolean {
  const [{ shape, dtype, count }] = operands;
  const { n } = extentOf(shape, dim);
  const types = [0, 1, ...operands, out].map(() => 'i32' as const);
  const rows = rowsOf(dtype, n, operands.length + 1);
  return onThreads(work, count * (operands.length + 1), (byRows) =>
    forEachRows(
      operands,
      dim,
      out as FloatArray,
      outOffset,
      (chunk) => byRows({ kernel, types }, [chunk.rows, n, ...chunk.inputs, chunk.out], rows),
      sharedChunk,
    ),
  );
}

/**
 * Takes down a kernel on all rows of operands along `dim`, whose results stand side by side in `out`: with `divisible`
 * they are rows of the same length, and the kernel writes not one byte beyond them.
 */
export function recordRows(
  name: string,
  kernel: RowKernel,
  operands: readonly [Strided, ...Strided[]],
  dim: number,
  out: TypedArray,
  divisible = false,
): void {
  if (recorder === null) return;
  const into = recorder;
  const [{ shape, dtype, count }] = operands;
  const { n } = extentOf(shape, dim);
  const reads = operands.map((x) => into.elements(dimLast(x, dim)));
  const arrays = [...reads, out];
  const args = [count / n, n, ...arrays.map((array) => into.address(array))];
  into.call(
    name,
    kernel,
    args.map(() => 'i32'),
    args,
    { reads, writes: [out], ...(divisible ? { rows: rowsOf(dtype, n, arrays.length) } : {}) },
  );
}

/** Multiply-adds of about the time that an element takes: of float64 each exponential is a call. */
export const workOfElement = (dtype: DType): number => (dtype === 'float64' ? 200 : 30);

/** How a {@link RowKernel} on so many arrays is cut: it takes rows one by one. */
const rowsOf = (dtype: DType, n: number, arrays: number): Split => ({
  count: 0,
  steps: Array.from({ length: arrays }, (_, i) => [2 + i, n * bytesOf(dtype)] as const),
  scratch: null,
  together: 1,
  work: n * workOfElement(dtype),
});

/**
 * Copies the rows of a chunk from scratch to where they belong in a contiguous tensor that has `inner` of them side by
 * side.
 */
export function store(
  scratch: FloatArray,
  from: number,
  { first, rows, n }: Pick<Chunk<[]>, 'first' | 'rows' | 'n'>,
  inner: number,
  out: TypedArray,
  outOffset: number,
): void {
  if (inner === 1) {
    copyRun(scratch, from, rows * n, out, outOffset + first * n);
    return;
  }
  for (let r = 0; r < rows; r++) {
    const row = first + r;
    const i = row % inner;
    let to = outOffset + (row - i) * n + i;
    const start = from + r * n;
    for (let c = 0; c < n; c++) {
      out[to] = scratch[start + c]!;
      to += inner;
    }
  }
}

/** Copies elements `start` to `start + count` of `x`, in row-major order, into `scratch` from element `at` on. */
export function load(x: Strided, start: number, count: number, scratch: FloatArray, at: number): void {
  if (x.dense) copyRun(x.storage.array, x.offset + start, count, scratch, at);
  else gather(x, x.shape, start, count, scratch, at);
}
