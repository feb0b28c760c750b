import { composition, K } from '../../arguments/index.ts';
import { ShapeError } from '../../errors.ts';
import { solveTriangle } from '../../kernels/index.ts';
import { apply, definePrimitive, INPUT, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { tril, triu } from '../arranging/triangle.ts';
import { neg } from '../elementwise/arithmetic.ts';
import { matmul } from '../products/matmul.ts';
import { matrixTranspose } from '../views/properties.ts';
import { checkFloatMatrices, checkSameDtype, checkSquare, matricesIn, sameBatch, sizesOf } from './checks.ts';

/** Which triangle is read, on which side of the unknown it stands, and whether its diagonal counts as ones. */
export interface Triangle {
  readonly upper: boolean;
  readonly left: boolean;
  readonly unitriangular: boolean;
}

const trianglePrimitive = definePrimitive<Triangle, [Tensor, Tensor]>({
  name: 'linalg_solve_triangular',
  saves: INPUT(0) | OUTPUT,
  infer: ([, b]) => b,
  kernel([a, b], { upper, left, unitriangular }, out) {
    const triangles = matricesIn(a);
    const sides = matricesIn(b);
    for (let k = 0; k < sides.count; k++) {
      const [t, side] = [triangles.read(k), sides.read(k)];
      const [system, unknown] = left ? [t, side] : [t.transposed(), side.transposed()];
      solveTriangle(system, unknown, left === upper, unitriangular);
      (left ? unknown : unknown.transposed()).write(out.storage.array, k);
    }
  },
  derivative(g, node) {
    const { attrs } = node;
    const { upper, left, unitriangular } = attrs;
    const gb = triangleSolution(matrixTranspose(node.input(0)), g, { ...attrs, upper: !upper });
    if (!node.needs(0)) return [null, gb];
    const xt = matrixTranspose(node.output());
    const full = neg(left ? matmul(gb, xt) : matmul(xt, gb));
    return [upper ? triu(full, unitriangular ? 1 : 0) : tril(full, unitriangular ? -1 : 0), gb];
  },
});

/** The solution of a triangular system, both operands of one batch. */
export const triangleSolution = (a: Tensor, b: Tensor, triangle: Triangle): Tensor =>
  apply(trianglePrimitive, [a, b], triangle);

/** Options of {@link solveTriangular}. */
export interface SolveTriangularOptions {
  /** Whether the upper triangle of A is read, or the lower one. Must be given. */
  readonly upper: boolean;
  /** Whether to solve A X = B, or X A = B. Default: true. */
  readonly left?: boolean;
  /** Whether A's diagonal counts as ones, and is not read. Default: false. */
  readonly unitriangular?: boolean;
}

/** Refuses sides that do not fit a system. */
export function checkSystem(a: Tensor, b: Tensor, left: boolean, caller: string): void {
  const [n] = sizesOf(a);
  const [rows, columns] = sizesOf(b);
  if (n === (left ? rows : columns)) return;
  const equation = left ? 'AX = B' : 'XA = B';
  throw new ShapeError(
    `${caller}: Incompatible shapes of A and B for the equation ${equation} (${n}x${n} and ${rows}x${columns})`,
  );
}

/**
 * The solution X of A X = B for triangular matrices A, (*, n, n), and B, (*, n, k); of X A = B for B, (*, k, n), with
 * `left: false`. Only one triangle of A is read. float32 or float64; a zero on the diagonal gives infinities. Follows
 * `torch.linalg.solve_triangular`.
 * @throws ShapeError where the shapes do not fit; DTypeError for other or different dtypes
 * @example
 * ```ts
 * const a = tensor([[2, 0], [1, 4]], { dtype: 'float32' });
 * linalg.solveTriangular(a, tensor([[2], [9]], { dtype: 'float32' }), { upper: false }).tolist(); // [ [ 1 ], [ 2 ] ]
 * ```
 */
export const solveTriangular = composition(
  'linalg.solveTriangular',
  {
    a: K.tensor,
    b: K.tensor,
    options: K.given<SolveTriangularOptions>({ upper: K.flag, left: K.flag, unitriangular: K.flag }),
  },
  (a: Tensor, b: Tensor, options: SolveTriangularOptions): Tensor => {
    const { upper = false, left = true, unitriangular = false } = options;
    checkSquare(a, 'linalg.solveTriangular');
    checkFloatMatrices(b, 'linalg.solveTriangular', 'B');
    checkSameDtype(a, b, 'linalg.solveTriangular');
    checkSystem(a, b, left, 'linalg.solveTriangular');
    const [system, side] = sameBatch(a, b, 'linalg.solveTriangular');
    return triangleSolution(system, side, { upper, left, unitriangular });
  },
);
