import { type DType, isFloatingPoint } from '../dtype.ts';
import { type NestedArray, tensor } from '../ops/creation/from-data.ts';
import { valuesOf } from '../record/values.ts';
import { formatShape, indexOf, type Shape, sameShape } from '../shape.ts';
import { Tensor } from '../tensor.ts';
// The main entry installs the methods of Tensor: tensors made here must have them too.
import '../index.ts';

/** What {@link assertClose} compares: a tensor, a number, or nested arrays of numbers. */
export type Comparable = Tensor | NestedArray;

/** Options of {@link assertClose}. */
export interface AssertCloseOptions {
  /** Relative tolerance, of |expected|. Default: 1.3e-6 for float32, 1e-7 for float64, else 0. */
  readonly rtol?: number;
  /** Absolute tolerance. Default: 1e-5 for float32, 1e-7 for float64, else 0. */
  readonly atol?: number;
  /** Whether NaN equals NaN. Default: false. */
  readonly equalNan?: boolean;
  /** Whether the dtypes must be the same. Default: true; only of two tensors. */
  readonly checkDtype?: boolean;
  /** Put before the message of a failure. */
  readonly message?: string;
}

const tolerances: Record<DType, { rtol: number; atol: number }> = {
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  int32: { rtol: 0, atol: 0 },
  uint8: { rtol: 0, atol: 0 },
  bool: { rtol: 0, atol: 0 },
};

/**
 * Raises an error unless shapes and dtypes are the same and |actual - expected| <= atol + rtol |expected| for every
 * element. Numbers and nested arrays are taken in the dtype of the tensor that they are compared with, else as float64.
 * The tolerances default to those of the less precise dtype. Follows `torch.testing.assert_close`.
 * @throws an Error that gives the number of mismatches, and the greatest differences and where they are.
 * @example assertClose(tensor([1, 2]).exp(), [Math.E, Math.E ** 2]);
 */
export function assertClose(
  actual: Comparable,
  expected: Comparable,
  options: AssertCloseOptions = {},
): void {
  const fail = (text: string): never => {
    const error = new Error(options.message === undefined ? text : `${options.message}\n${text}`);
    error.name = 'AssertionError';
    throw error;
  };
  const dtype =
    actual instanceof Tensor ? actual.dtype : expected instanceof Tensor ? expected.dtype : 'float64';
  const a = actual instanceof Tensor ? actual : tensor(actual, { dtype });
  const b = expected instanceof Tensor ? expected : tensor(expected, { dtype });
  if (!sameShape(a.shape, b.shape)) {
    fail(
      `The values for attribute 'shape' do not match: ${formatShape(a.shape)} != ${formatShape(b.shape)}.`,
    );
  }
  if (a.dtype !== b.dtype && (options.checkDtype ?? true)) {
    fail(`The values for attribute 'dtype' do not match: ${a.dtype} != ${b.dtype}.`);
  }
  const rtol = options.rtol ?? Math.max(tolerances[a.dtype].rtol, tolerances[b.dtype].rtol);
  const atol = options.atol ?? Math.max(tolerances[a.dtype].atol, tolerances[b.dtype].atol);
  const differences = compare(a, b, { rtol, atol, equalNan: options.equalNan ?? false });
  if (differences.mismatches > 0) fail(report(a.shape, differences, rtol, atol, isFloatingPoint(a.dtype)));
}

interface Difference {
  readonly value: number;
  readonly at: number;
}

interface Differences {
  readonly mismatches: number;
  readonly count: number;
  readonly absolute: Difference;
  readonly relative: Difference;
  readonly first: readonly [number, number];
}

function compare(
  a: Tensor,
  b: Tensor,
  { rtol, atol, equalNan }: { rtol: number; atol: number; equalNan: boolean },
): Differences {
  const x = valuesOf(a, 'assertClose');
  const y = valuesOf(b, 'assertClose');
  let mismatches = 0;
  let absolute: Difference = { value: -1, at: 0 };
  let relative: Difference = { value: -1, at: 0 };
  const above = (value: number, than: number): boolean =>
    Number.isNaN(value) ? !Number.isNaN(than) : value > than;
  for (const [i, p] of x.entries()) {
    const q = y[i]!;
    if (p === q || (equalNan && Number.isNaN(p) && Number.isNaN(q))) continue;
    const difference = Math.abs(p - q);
    if (Number.isFinite(q) && difference <= atol + rtol * Math.abs(q)) continue;
    mismatches++;
    const ratio = difference / Math.abs(q);
    if (above(difference, absolute.value)) absolute = { value: difference, at: i };
    if (above(ratio, relative.value)) relative = { value: ratio, at: i };
  }
  return { mismatches, count: x.length, absolute, relative, first: [x[0] ?? 0, y[0] ?? 0] };
}

function report(shape: Shape, d: Differences, rtol: number, atol: number, floating: boolean): string {
  const exact = rtol === 0 && atol === 0;
  const upTo = (tolerance: number): string => (exact ? '' : ` (up to ${formatNumber(tolerance)} allowed)`);
  const relation = exact ? 'equal' : 'close';
  const absolute = floating ? formatFloat(d.absolute.value) : String(d.absolute.value);
  const relative = formatFloat(d.relative.value);
  if (shape.length === 0) {
    const [actual, expected] = d.first.map((v) => (floating ? formatFloat(v) : String(v)));
    return [
      `Scalars are not ${relation}!\n`,
      `Expected ${expected} but got ${actual}.`,
      `Absolute difference: ${absolute}${upTo(atol)}`,
      `Relative difference: ${relative}${upTo(rtol)}`,
    ].join('\n');
  }
  const percent = ((100 * d.mismatches) / d.count).toFixed(1);
  return [
    `Tensor-likes are not ${relation}!\n`,
    `Mismatched elements: ${d.mismatches} / ${d.count} (${percent}%)`,
    `Greatest absolute difference: ${absolute} at index ${tupleOf(d.absolute.at, shape)}${upTo(atol)}`,
    `Greatest relative difference: ${relative} at index ${tupleOf(d.relative.at, shape)}${upTo(rtol)}`,
  ].join('\n');
}

/** As Python writes them: `1e-05`. */
const formatNumber = (v: number): string =>
  (v !== 0 && Math.abs(v) < 1e-4 ? v.toExponential() : String(v)).replace(/e([+-])(\d)$/, 'e$10$2');
const formatFloat = (v: number): string =>
  Number.isInteger(v) && Math.abs(v) < 1e16 ? `${v}.0` : formatNumber(v);

/** As Python writes a tuple. */
function tupleOf(position: number, shape: Shape): string {
  const index = indexOf(position, shape);
  return index.length === 1 ? `(${index[0]},)` : `(${index.join(', ')})`;
}
