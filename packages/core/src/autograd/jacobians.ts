import { offsetsOf } from '../ops/views/layout.ts';
import { formatTensor } from '../print/format.ts';
import { memoryOf, valuesOf } from '../record/values.ts';
import { formatShape, indexOf, type Shape } from '../shape.ts';
import { type Tensor, wrapArray } from '../tensor.ts';
import { grad } from './backward.ts';

/** The derivatives of an output by an input: one row for each input element, one column for each output element. */
class Jacobian {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.data = new Float64Array(rows * columns);
  }

  setRow(row: number, values: Float64Array): void {
    this.data.set(values, row * this.columns);
  }

  setColumn(column: number, values: Float64Array): void {
    for (const [row, value] of values.entries()) this.data[row * this.columns + column] = value;
  }
}

/** The elements in row-major order, in memory of their own. */
export const copyOfData = (x: Tensor): Float64Array =>
  Float64Array.from(valuesOf(x, 'gradcheck: comparison'));

/** Where an element stands in its storage, and how far it is moved. */
interface Step {
  readonly position: number;
  readonly by: number;
}

/** Where each element of x stands in its storage. */
const positionsOf = (x: Tensor): Int32Array => offsetsOf(x.shape, x.strides).map((p) => p + x.offset);

/** Calls `values` with `factor` times the steps added to elements of x, and puts these back. */
function displaced<T>(x: Tensor, steps: readonly Step[], factor: number, values: () => T): T {
  const array = memoryOf(x, 'gradcheck: finite differences');
  const moves = steps.map(({ position, by }) => ({ position, by, before: array[position]! }));
  for (const { position, by, before } of moves) array[position] = before + factor * by;
  try {
    return values();
  } finally {
    for (const { position, before } of moves) array[position] = before;
  }
}

/** Both lists, which have one length, side by side. */
export const zip = <A, B>(a: ArrayLike<A>, b: ArrayLike<B>): [A, B][] => Array.from(a, (x, i) => [x, b[i]!]);

/** How much each output changes from steps of -eps to steps of eps. */
function changes(x: Tensor, steps: readonly Step[], eps: number, values: Values): Float64Array[] {
  const above = displaced(x, steps, eps, values);
  const below = displaced(x, steps, -eps, values);
  return zip(above, below).map(([p, q]) => Float64Array.from(zip(p, q), ([a, b]) => a - b));
}

/** Evaluates the outputs. */
type Values = () => readonly Float64Array[];

/** The Jacobian of each output by x from central differences. */
export function numericalJacobian(x: Tensor, values: Values, eps: number): Jacobian[] {
  const positions = positionsOf(x);
  let jacobians: Jacobian[] | null = null;
  for (const [row, position] of positions.entries()) {
    const changed = changes(x, [{ position, by: 1 }], eps, values);
    jacobians ??= changed.map((y) => new Jacobian(positions.length, y.length));
    for (const [j, y] of changed.entries()) {
      jacobians[j]?.setRow(
        row,
        y.map((change) => change / (2 * eps)),
      );
    }
  }
  return jacobians ?? values().map((y) => new Jacobian(0, y.length));
}

/** The Jacobian of an output by each input from one backward pass for each output element. */
export function analyticalJacobian(output: Tensor, inputs: readonly Tensor[]): Jacobian[] {
  const columns = output.count;
  const jacobians = inputs.map((x) => new Jacobian(x.count, columns));
  for (let i = 0; i < columns; i++) {
    const oneHot = new Float64Array(columns);
    oneHot[i] = 1;
    const gradOutputs = wrapArray(oneHot, output.shape, 'float64');
    const found = grad(output, inputs, { gradOutputs, retainGraph: true, allowUnused: true });
    for (const [k, g] of found.entries()) if (g !== null) jacobians[k]?.setColumn(i, copyOfData(g));
  }
  return jacobians;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** For each output, uᵀJv for random u and v: by finite differences along v, and by backward from u. */
export function directionalDerivatives(
  x: Tensor,
  outputs: readonly Tensor[],
  values: Values,
  eps: number,
): { numerical: number; analytical: number }[] {
  const positions = positionsOf(x);
  const v = randomVector(positions.length, 77);
  const steps = zip(positions, v).map(([position, by]) => ({ position, by }));
  const changed = changes(x, steps, eps, values);
  return zip(outputs, changed).map(([y, change], j) => {
    const u = randomVector(y.count, j + 1);
    const numerical = sumOf(zip(u, change).map(([factor, by]) => (factor * by) / (2 * eps)));
    const gradOutputs = wrapArray(u, y.shape, 'float64');
    const [g = null] = grad(y, x, { gradOutputs, retainGraph: true, allowUnused: true });
    const analytical = g === null ? 0 : sumOf(zip(v, copyOfData(g)).map(([a, b]) => a * b));
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
interface Comparison {
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
  const { columns } = numerical;
  let off = 0;
  let worst = { at: -1, n: 0, a: 0, excess: -1 };
  for (const [at, [n, a]] of zip(numerical.data, analytical.data).entries()) {
    if (!offByTolerance(a, n, tolerances)) continue;
    off++;
    const ratio = Math.abs(a - n) / (tolerances.atol + tolerances.rtol * Math.abs(n));
    const excess = Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
    if (excess > worst.excess) worst = { at, n, a, excess };
  }
  if (off === 0) return null;

  const { at, n, a } = worst;
  const input = `input ${where.input}${indexText(Math.floor(at / columns), where.inputShape)}`;
  const output = `output ${where.output}${indexText(at % columns, where.outputShape)}`;
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
    lines.push(`numerical (${rowsAre}; ${columnsAre}):`, show(numerical));
    lines.push('analytical:', show(analytical));
  }
  return lines.join('\n');
}

const show = ({ data, rows, columns }: Jacobian): string =>
  formatTensor({
    storage: { array: data },
    shape: [rows, columns],
    strides: [columns, 1],
    offset: 0,
    dtype: 'float64',
  });

/** `[1, 2]`, the place of the element at `position` in row-major order; nothing for a tensor without dimensions. */
const indexText = (position: number, shape: Shape): string =>
  shape.length === 0 ? '' : formatShape(indexOf(position, shape));
