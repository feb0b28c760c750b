import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { copyStrided } from '../elementwise/index.ts';
import { dtypeOf, recordCall, recorder } from '../recording/index.ts';
import { copyRun, denseOver, type Extent, storeInt32 } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32, u8, zip } from '../wasm/index.ts';
import { type ScanKernel, type ScanName, scanKernel, stateBytes } from './scan-kernels.ts';

/** Elements of one operand in scratch at a time. */
const CHUNK = 16_384;
/** Columns whose states are in scratch at a time. */
const COLUMNS = 2048;

/** An operand or result, and as what it is in the memory of kernels. */
interface Operand {
  readonly array: TypedArray;
  readonly dtype: DType;
}

/**
 * Scans arrays along the second dimension of an extent, from its end with `reverse`: each element of the results is
 * made of those of the operands that come no later. What is carried along is float64 numbers.
 * @throws BeyondInt32 when a total does not fit int32
 */
export function scan(
  name: ScanName,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
  extent: Extent,
  reverse = false,
): void {
  if (inputs[0]?.length === 0) return;
  if (name === 'logcumsumexp' && recorder === null) {
    logSums(inputs, outputs, extent);
    return;
  }
  // Of totals there is no telling whether they fit int32.
  const isTotal = name === 'cumsum' || name === 'cumprod';
  const from = inputs.map((array) => ({ array, dtype: dtypeOf(array) }));
  const into = outputs.map((array) => {
    const dtype = dtypeOf(array);
    return { array, dtype: isTotal && dtype === 'int32' ? 'float64' : dtype } as const;
  });
  const kernel = scanKernel({
    name,
    reverse,
    inputs: from.map(({ dtype }) => dtype),
    outputs: into.map(({ dtype }) => dtype),
  });
  if (recorder === null) runScan(kernel, from, into, extent, reverse);
  else recordScan(name, kernel, inputs, into, extent);
}

/**
 * As the kernel does it, with the same bits: JavaScript calls exponential and logarithm in a third less time than
 * WebAssembly.
 */
function logSums(
  [x]: readonly TypedArray[],
  [out]: readonly TypedArray[],
  { outer, n, inner }: Extent,
): void {
  if (x === undefined || out === undefined) return;
  for (let row = 0; row < outer * inner; row++) {
    let at = row + Math.floor(row / inner) * (n - 1) * inner;
    let total = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++, at += inner) {
      const value = x[at] as number;
      const greater = Math.max(total, value);
      total = Number.isFinite(greater) ? greater + Math.log1p(Math.exp(-Math.abs(total - value))) : greater;
      out[at] = total;
    }
  }
}

function recordScan(
  name: ScanName,
  kernel: ScanKernel,
  inputs: readonly TypedArray[],
  outputs: readonly Operand[],
  { outer, n, inner }: Extent,
): void {
  const writes = outputs.map(({ array, dtype }) =>
    dtype === dtypeOf(array) ? array : allocateArray(dtype, array.length),
  );
  recordCall(name, kernel, [outer, n, inner, 0, 0, ...inputs, ...writes], { writes });
  for (const [{ array, dtype }, own] of zip(outputs, writes))
    if (own !== array) copyStrided(denseOver(own, dtype, [own.length], 0, own.length), array, 0, 'int32');
}

/** Some of the elements of an extent: rows of `width` neighbours, which begin `pitch` apart. */
interface Part {
  readonly start: number;
  readonly rows: number;
  readonly width: number;
  readonly pitch: number;
}

/**
 * Calls `visit` for each run of a part that lies together: where it begins, there and in scratch, and how long it is.
 */
function eachRun(
  { start, rows, width, pitch }: Part,
  visit: (at: number, offset: number, count: number) => void,
): void {
  if (width === pitch) visit(start, 0, rows * width);
  else for (let r = 0; r < rows; r++) visit(start + r * pitch, r * width, width);
}

function viewOf(dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return f32;
    case 'float64':
      return f64;
    case 'int32':
      return i32;
    default:
      return u8;
  }
}

function bringIn({ array, dtype }: Operand, part: Part, address: number): void {
  const view = viewOf(dtype);
  const base = address / bytesOf(dtype);
  eachRun(part, (at, offset, count) => copyRun(array, at, count, view, base + offset));
}

function bringOut({ array, dtype }: Operand, part: Part, address: number): void {
  const view = viewOf(dtype);
  const base = address / bytesOf(dtype);
  eachRun(part, (at, offset, count) => {
    if (view === f64 && array instanceof Int32Array) storeInt32(f64, base + offset, count, array, at);
    else copyRun(view, base + offset, count, array, at);
  });
}

/** Where the states lie, in front of operands and results. */
const carryAt = 16;

function runScan(
  kernel: ScanKernel,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  { outer, n, inner }: Extent,
  reverse: boolean,
): void {
  const width = Math.min(inner, COLUMNS);
  // Whole blocks where they fit, else some rows of some columns of one block at a time.
  const whole = n * inner <= CHUNK && width === inner;
  const blocks = whole ? Math.min(outer, Math.floor(CHUNK / (n * inner))) : 1;
  const rows = whole ? n : Math.max(1, Math.min(n, Math.floor(CHUNK / width)));
  const first = align16(carryAt + stateBytes * width);
  const pitch = align16(8 * blocks * rows * width + 64);
  ensureBytes(first + pitch * (inputs.length + outputs.length));
  const read = inputs.map((x, i) => [x, first + i * pitch] as const);
  const written = outputs.map((y, i) => [y, first + (inputs.length + i) * pitch] as const);
  const addresses = [...read, ...written].map(([, address]) => address);
  const run = (part: Part, count: number, height: number, before: number): void => {
    for (const [x, address] of read) bringIn(x, part, address);
    kernel(count, height, part.width, before, whole ? 0 : carryAt, ...addresses);
    for (const [y, address] of written) bringOut(y, part, address);
  };
  for (let o = 0; o < outer; o += blocks) {
    const start = o * n * inner;
    if (whole) {
      const count = Math.min(blocks, outer - o);
      run({ start, rows: count * n, width, pitch: inner }, count, n, 0);
      continue;
    }
    for (let c = 0; c < inner; c += width) {
      const columns = Math.min(width, inner - c);
      for (let done = 0; done < n; done += rows) {
        const height = Math.min(rows, n - done);
        const row = reverse ? n - done - height : done;
        const part = { start: start + row * inner + c, rows: height, width: columns, pitch: inner };
        run(part, 1, height, done);
      }
    }
  }
}
