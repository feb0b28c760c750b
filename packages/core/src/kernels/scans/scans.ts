import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { copyStrided } from '../elementwise/index.ts';
import { recordCall, recorder } from '../recording/index.ts';
import { copyRun, denseOver, type Extent, storeInt32 } from '../strided/index.ts';
import { align16, ensureBytes, f32, f64, i32, u8 } from '../wasm/index.ts';
import { type ScanConfig, type ScanKernel, type ScanName, scanKernel, statesOf } from './scan-kernels.ts';

/** Elements of one operand in scratch at a time. */
const CHUNK = 16_384;
/** Columns whose states are in scratch at a time. */
const COLUMNS = 2048;

function dtypeOf(array: TypedArray): DType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return array instanceof Int32Array ? 'int32' : 'uint8';
}

/** Which scans give totals, so that in int32 there is no telling whether they fit. */
const isTotal = (name: ScanName): boolean => name === 'cumsum' || name === 'cumprod';

/**
 * Scans arrays along the second dimension of an extent, from its end with `reverse`: each element of the results is made of those of
 * the operands that come no later. What is carried along is float64 numbers.
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
  const wide = isTotal(name) && outputs[0] instanceof Int32Array;
  const config = {
    name,
    reverse,
    inputs: inputs.map(dtypeOf),
    outputs: wide ? (['float64'] as const) : outputs.map(dtypeOf),
  };
  const kernel = scanKernel(config);
  if (recorder === null) runScan(kernel, config, inputs, outputs, extent);
  else recordScan(name, kernel, inputs, outputs, extent, wide);
}

function recordScan(
  name: ScanName,
  kernel: ScanKernel,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
  { outer, n, inner }: Extent,
  wide: boolean,
): void {
  const { length } = outputs[0]!;
  const results = wide ? [allocateArray('float64', length)] : outputs;
  recordCall(name, kernel, [outer, n, inner, 0, 0, ...inputs, ...results], { writes: results });
  if (wide) copyStrided(denseOver(results[0]!, 'float64', [length], 0, length), outputs[0]!, 0, 'int32');
}

/** Some of the elements of an extent: rows of `width` neighbours, which begin `pitch` apart. */
interface Part {
  readonly start: number;
  readonly rows: number;
  readonly width: number;
  readonly pitch: number;
}

/** Calls `visit` for each run of a part that lies together: where it begins, here and there, and how long it is. */
function eachRun(
  { start, rows, width, pitch }: Part,
  visit: (at: number, from: number, n: number) => void,
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

function runScan(
  kernel: ScanKernel,
  { name, reverse, inputs: from, outputs: into }: ScanConfig,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
  { outer, n, inner }: Extent,
): void {
  const states = 8 * statesOf(name);
  const width = Math.min(inner, COLUMNS);
  // Whole blocks where they fit, else some rows of some columns of one block at a time.
  const whole = n * inner <= CHUNK && width === inner;
  const blocks = whole ? Math.min(outer, Math.floor(CHUNK / (n * inner))) : 1;
  const rows = whole ? n : Math.max(1, Math.min(n, Math.floor(CHUNK / width)));
  const carryAt = 16;
  const first = align16(carryAt + states * width);
  const pitch = align16(8 * blocks * rows * width + 64);
  ensureBytes(first + pitch * (from.length + into.length));
  const addresses = [...from, ...into].map((_, i) => first + i * pitch);
  const run = (part: Part, outer: number, height: number, columns: number, before: number): void => {
    inputs.forEach((array, i) => {
      const view = viewOf(from[i]!);
      const base = addresses[i]! / bytesOf(from[i]!);
      eachRun(part, (at, offset, count) => copyRun(array, at, count, view, base + offset));
    });
    kernel(outer, height, columns, before, whole ? 0 : carryAt, ...addresses);
    outputs.forEach((array, i) => {
      const view = viewOf(into[i]!);
      const base = addresses[from.length + i]! / bytesOf(into[i]!);
      eachRun(part, (at, offset, count) => {
        if (view === f64 && array instanceof Int32Array) storeInt32(f64, base + offset, count, array, at);
        else copyRun(view, base + offset, count, array, at);
      });
    });
  };
  for (let o = 0; o < outer; o += blocks) {
    const start = o * n * inner;
    if (whole) {
      const count = Math.min(blocks, outer - o);
      run({ start, rows: count * n, width: inner, pitch: inner }, count, n, inner, 0);
      continue;
    }
    for (let c = 0; c < inner; c += width) {
      const columns = Math.min(width, inner - c);
      for (let done = 0; done < n; done += rows) {
        const height = Math.min(rows, n - done);
        const row = reverse ? n - done - height : done;
        run(
          { start: start + row * inner + c, rows: height, width: columns, pitch: inner },
          1,
          height,
          columns,
          done,
        );
      }
    }
  }
}
