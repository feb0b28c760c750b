import { K, signature } from '../../arguments/index.ts';
import { isFloatingPoint, type TypedArray } from '../../dtype.ts';
import { DTypeError, ShapeError } from '../../errors.ts';
import { elementsOf } from '../../kernels/index.ts';
import { applyMulti, defineMulti, OUTPUT } from '../../record/index.ts';
import { formatShape, numelOf } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { eye } from '../creation/fill.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';
import { square } from '../elementwise/functions.ts';
import { where } from '../elementwise/select.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import { matmul } from './matmul.ts';

/** Sweeps after which the columns are taken for orthogonal; a handful is enough in practice. */
const mostSweeps = 60;

/** A column of the matrix in work, and of the right factor, which takes part in its rotations. */
interface Column {
  readonly column: Float64Array;
  readonly v: Float64Array;
}

/** Makes the columns of a matrix that is at least as high as wide orthogonal, by rotations. */
function orthogonalise(columns: readonly Column[]): void {
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false;
    for (const [p, { column: a, v }] of columns.entries()) {
      for (const { column: b, v: w } of columns.slice(p + 1)) {
        const [aa, bb, ab] = [dotProduct(a, a), dotProduct(b, b), dotProduct(a, b)];
        if (Math.abs(ab) <= 4 * Number.EPSILON * Math.sqrt(aa * bb)) continue;
        rotated = true;
        const zeta = (bb - aa) / (2 * ab);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(a, b, cosine, cosine * tangent);
        rotate(v, w, cosine, cosine * tangent);
      }
    }
    if (!rotated) return;
  }
}

function dotProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function rotate(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    a[i] = cosine * x - sine * b[i]!;
    b[i] = sine * x + cosine * b[i]!;
  }
}

/** A unit vector of `m` elements that is orthogonal to those given; `null` if none is found. */
function orthogonalTo(vectors: readonly Float64Array[], m: number): Float64Array | null {
  for (let axis = 0; axis < m; axis++) {
    let candidate = new Float64Array(m);
    candidate[(vectors.length + axis) % m] = 1;
    for (let pass = 0; pass < 2; pass++) {
      for (const vector of vectors) {
        const along = dotProduct(candidate, vector);
        candidate = candidate.map((x, i) => x - along * vector[i]!);
      }
    }
    const length = Math.sqrt(dotProduct(candidate, candidate));
    if (length >= 0.5 / Math.sqrt(m)) return candidate.map((x) => x / length);
  }
  return null;
}

/** u, s and v of one m by n matrix a = u diag(s) vᵀ, s descending: by Jacobi rotations of the columns of the taller side. */
function decompose(a: (row: number, column: number) => number, m: number, n: number) {
  const tall = m >= n;
  const [height, count] = tall ? [m, n] : [n, m];
  const columns = Array.from({ length: count }, (_, c): Column => {
    const column = Float64Array.from({ length: height }, (_, r) => (tall ? a(r, c) : a(c, r)));
    return { column, v: Float64Array.from({ length: count }, (_, r) => (r === c ? 1 : 0)) };
  });
  // Infinity and NaN have no rotation.
  const finite = columns.every(({ column }) => column.every(Number.isFinite));
  if (finite) orthogonalise(columns);
  const parts = columns
    .map(({ column, v }) => ({ column, v, length: Math.sqrt(dotProduct(column, column)) }))
    .sort((first, second) => second.length - first.length);
  const s = parts.map(({ length }) => (finite ? length : Number.NaN));
  const left: Float64Array[] = parts.map(({ column, length }) => column.map((value) => value / length));
  const [largest = 0] = s;
  const tiny = largest * Number.EPSILON;
  for (const [k, value] of s.entries()) {
    // A column of zeros says nothing about its direction.
    const fitting = value > tiny ? null : orthogonalTo(left.slice(0, k), height);
    if (fitting !== null) left[k] = fitting;
  }
  const right = parts.map(({ v }) => v);
  return tall ? { u: left, s, v: right } : { u: right, s, v: left };
}

/** Stores columns as a row-major matrix. */
function storeColumns(columns: readonly Float64Array[], out: TypedArray, at: number): void {
  const count = columns.length;
  columns.forEach((column, c) => {
    column.forEach((value, r) => {
      out[at + r * count + c] = value;
    });
  });
}

const svdPrimitive = defineMulti<undefined, [Tensor], [Tensor, Tensor, Tensor]>({
  name: 'linalg_svd',
  saves: OUTPUT,
  infer([x]) {
    const { shape, dtype, ndim } = x;
    if (ndim < 2) {
      throw new ShapeError(
        `linalg.svdvals: The input tensor must have at least 2 dimensions, got ${formatShape(shape)}`,
      );
    }
    if (!isFloatingPoint(dtype))
      throw new DTypeError(`linalg.svdvals: Expected a floating point tensor, got ${dtype}`);
    const batch = shape.slice(0, -2);
    const [m, n] = shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    return [
      { shape: [...batch, m, k], dtype },
      { shape: [...batch, k], dtype },
      { shape: [...batch, n, k], dtype },
    ];
  },
  kernel([x], _, [us, ss, vs]) {
    const { shape } = x;
    const data = elementsOf(x);
    const [m, n] = shape.slice(-2) as [number, number];
    const k = Math.min(m, n);
    const count = numelOf(shape.slice(0, -2));
    for (let b = 0; b < count && k > 0; b++) {
      const { u, s, v } = decompose((r, c) => data[(b * m + r) * n + c]!, m, n);
      storeColumns(u, us.storage.array, b * m * k);
      ss.storage.array.set(s, b * k);
      storeColumns(v, vs.storage.array, b * n * k);
    }
  },
  derivative([gu, gs, gv], node) {
    const [u, s, v] = [node.output(0), node.output(1), node.output(2)];
    const [m, n] = node.shape(0).slice(-2) as [number, number];
    const k = s.shape.at(-1)!;
    const row = unsqueeze(s, -2);
    const vt = matrixTranspose(v);
    const terms: Tensor[] = [];
    if (gs != null) terms.push(matmul(mul(u, unsqueeze(gs, -2)), vt));
    if (gu != null || gv != null) {
      // Rotations of singular vectors into each other; diverges where two values meet.
      const gaps = where(eye(k, { dtype: 'bool' }), 1, sub(square(row), square(unsqueeze(s, -1))));
      const turn = (y: Tensor, g: Tensor): Tensor => {
        const inner = matmul(matrixTranspose(y), g);
        return div(sub(inner, matrixTranspose(inner)), gaps);
      };
      const outside = (y: Tensor, g: Tensor): Tensor =>
        div(sub(g, matmul(y, matmul(matrixTranspose(y), g))), row);
      if (gu != null) {
        terms.push(matmul(matmul(u, mul(turn(u, gu), row)), vt));
        if (m > k) terms.push(matmul(outside(u, gu), vt));
      }
      if (gv != null) {
        terms.push(matmul(matmul(u, mul(unsqueeze(s, -1), turn(v, gv))), vt));
        if (n > k) terms.push(matmul(u, matrixTranspose(outside(v, gv))));
      }
    }
    return [terms.reduce((a, b) => add(a, b))];
  },
});

const svdvalsTakes = signature('svdvals', { x: K.tensor });

/**
 * The singular values of matrices, (*, m, n), in descending order: (*, min(m, n)). Follows `torch.linalg.svdvals`.
 * @throws ShapeError for fewer than 2 dimensions; DTypeError for a dtype that is not float
 * @example linalg.svdvals(tensor([[3, 0], [0, -4]], { dtype: 'float32' })); // tensor([4., 3.])
 */
export function svdvals(x: Tensor): Tensor {
  svdvalsTakes(arguments);
  return applyMulti(svdPrimitive, [x], undefined)[1];
}
