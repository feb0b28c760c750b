import { offsetsOf } from '../ops/views/layout.ts';
import { formatTensor } from '../print/format.ts';
import { memoryOf, valuesOf } from '../record/values.ts';
import { formatShape, numelOf, type Shape } from '../shape.ts';
import { type Tensor, wrapArray } from '../tensor.ts';
import { grad } from './backward.ts';

/** The derivatives of an output by an input: one row for each input element, one column for each output element. */
export interface Jacobian {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

const emptyJacobian = (rows: number, columns: number): Jacobian => ({
  rows,
  columns,
  data: new Float64Array(rows * columns),
});

/** The elements in row-major order, in memory of their own. */
export const copyOfData = (x: Tensor): Float64Array =>
  Float64Array.from(valuesOf(x, 'gradcheck: comparison'));

/** Where each element of x stands in its storage. */
const positionsOf = (x: Tensor): Int32Array => offsetsOf(x.shape, x.strides).map((p) => p + x.offset);

/** Calls `values` with `delta * direction` added to the elements of x at `positions`, and puts them back. */
function displaced<T>(
  x: Tensor,
  positions: ArrayLike<number>,
  direction: ArrayLike<number>,
  delta: number,
  values: () => T,
): T {
  const array = memoryOf(x, 'gradcheck: finite differences');
  const before = Array.from(positions, (p) => array[p]!);
  for (let i = 0; i < before.length; i++) array[positions[i]!] = before[i]! + delta * direction[i]!;
  try {
    return values();
  } finally {
    for (let i = 0; i < before.length; i++) array[positions[i]!] = before[i]!;
  }
}

/** The Jacobian of each output by x from central differences; `values` evaluates the outputs. */
export function numericalJacobian(x: Tensor, values: () => readonly Float64Array[], eps: number): Jacobian[] {
  const positions = positionsOf(x);
  let jacobians: Jacobian[] | null = null;
  for (let row = 0; row < positions.length; row++) {
    const at = [positions[row]!];
    const above = displaced(x, at, [1], eps, values);
    const below = displaced(x, at, [1], -eps, values);
    jacobians ??= above.map((y) => emptyJacobian(positions.length, y.length));
    for (const [j, { columns, data }] of jacobians.entries()) {
      for (let i = 0; i < columns; i++) data[row * columns + i] = (above[j]![i]! - below[j]![i]!) / (2 * eps);
    }
  }
  return jacobians ?? values().map((y) => emptyJacobian(0, y.length));
}

/** The Jacobian of an output by each input from one backward pass for each output element. */
export function analyticalJacobian(output: Tensor, inputs: readonly Tensor[]): Jacobian[] {
  const columns = output.count;
  const jacobians = inputs.map((x) => emptyJacobian(x.count, columns));
  for (let i = 0; i < columns; i++) {
    const oneHot = new Float64Array(columns);
    oneHot[i] = 1;
    const gradOutputs = wrapArray(oneHot, output.shape, 'float64');
    const found = grad(output, inputs, { gradOutputs, retainGraph: true, allowUnused: true });
    for (const [k, g] of found.entries()) {
      if (g === null) continue;
      const { data } = jacobians[k]!;
      const column = valuesOf(g, 'gradcheck: comparison');
      for (let row = 0; row < column.length; row++) data[row * columns + i] = column[row]!;
    }
  }
  return jacobians;
}

/** For each output, uᵀJv for random u and v: by finite differences along v, and by backward from u. */
export function directionalDerivatives(
  x: Tensor,
  outputs: readonly Tensor[],
  values: () => readonly Float64Array[],
  eps: number,
): { numerical: number; analytical: number }[] {
  const positions = positionsOf(x);
  const v = randomVector(positions.length, 77);
  const above = displaced(x, positions, v, eps, values);
  const below = displaced(x, positions, v, -eps, values);
  return outputs.map((y, j) => {
    const u = randomVector(y.count, j + 1);
    let numerical = 0;
    for (let i = 0; i < u.length; i++) numerical += (u[i]! * (above[j]![i]! - below[j]![i]!)) / (2 * eps);
    const gradOutputs = wrapArray(u, y.shape, 'float64');
    const [g] = grad(y, x, { gradOutputs, retainGraph: true, allowUnused: true });
    let analytical = 0;
    if (g != null) {
      const row = valuesOf(g, 'gradcheck: comparison');
      for (let i = 0; i < v.length; i++) analytical += v[i]! * row[i]!;
    }
    return { numerical, analytical };
  });
}

/** Numbers in [-1, 1) that depend on the seed only: checks neither draw from the user's generator nor vary. */
export function randomVector(n: number, seed: number): Float64Array {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  return Float64Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** What is compared: for the report. */
export interface Comparison {
  readonly name: string;
  readonly output: number;
  readonly outputShape: Shape;
  readonly input: number;
  readonly inputShape: Shape;
}

interface Tolerances {
  readonly atol: number;
  readonly rtol: number;
}

/** Whether `actual` is further from `expected` than the tolerances allow. */
export function offByTolerance(actual: number, expected: number, { atol, rtol }: Tolerances): boolean {
  return !(actual === expected || Math.abs(actual - expected) <= atol + rtol * Math.abs(expected));
}

/** Jacobians of more entries than this are not shown in a report. */
const shownEntries = 100;

/** `null` where the Jacobians agree, else a report of the entry that is furthest beyond its tolerance. */
export function compareJacobians(
  numerical: Jacobian,
  analytical: Jacobian,
  where: Comparison,
  tolerances: Tolerances,
): string | null {
  const { rows, columns } = numerical;
  let off = 0;
  let worst = -1;
  let worstExcess = -1;
  for (let k = 0; k < numerical.data.length; k++) {
    const n = numerical.data[k]!;
    const a = analytical.data[k]!;
    if (!offByTolerance(a, n, tolerances)) continue;
    off++;
    const ratio = Math.abs(a - n) / (tolerances.atol + tolerances.rtol * Math.abs(n));
    const excess = Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
    if (excess > worstExcess) {
      worstExcess = excess;
      worst = k;
    }
  }
  if (off === 0) return null;

  const n = numerical.data[worst]!;
  const a = analytical.data[worst]!;
  const input = `input ${where.input}${indexText(Math.floor(worst / columns), where.inputShape)}`;
  const output = `output ${where.output}${indexText(worst % columns, where.outputShape)}`;
  const allowed = tolerances.atol + tolerances.rtol * Math.abs(n);
  const lines = [
    `Jacobian mismatch for output ${where.output} with respect to input ${where.input} of ${where.name}: ` +
      `${off} of ${numerical.data.length} entries are off (atol ${tolerances.atol}, rtol ${tolerances.rtol}).`,
    `Worst: the derivative of ${output} by ${input} is numerically ${n}, analytically ${a}: ` +
      `they differ by ${Math.abs(a - n)}, allowed is ${allowed}.`,
  ];
  if (numerical.data.length <= shownEntries) {
    const rowsAre = `rows: elements of the input ${formatShape(where.inputShape)}`;
    const columnsAre = `columns: elements of the output ${formatShape(where.outputShape)}`;
    lines.push(`numerical (${rowsAre}; ${columnsAre}):`, show(numerical, rows, columns));
    lines.push('analytical:', show(analytical, rows, columns));
  }
  return lines.join('\n');
}

const show = (jacobian: Jacobian, rows: number, columns: number): string =>
  formatTensor(wrapArray(jacobian.data, [rows, columns], 'float64'));

/** `[1, 2]`, the place of the element at `position` in row-major order; nothing for a tensor without dimensions. */
function indexText(position: number, shape: Shape): string {
  if (shape.length === 0) return '';
  const index: number[] = [];
  let rest = position;
  let step = numelOf(shape);
  for (const size of shape) {
    step /= size;
    index.push(Math.floor(rest / step));
    rest %= step;
  }
  return formatShape(index);
}
