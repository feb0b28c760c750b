import { composition, K } from '../../arguments/index.ts';
import { eigenSymmetric, type RealMatrix } from '../../kernels/index.ts';
import { applyMulti, defineMulti, OUTPUT } from '../../record/index.ts';
import type { Tensor } from '../../tensor.ts';
import { eye } from '../creation/fill.ts';
import { add, div, mul, sub } from '../elementwise/arithmetic.ts';

import { where } from '../elementwise/select.ts';
import { matmul } from '../products/matmul.ts';
import { diagEmbed } from '../views/diagonal.ts';
import { matrixTranspose } from '../views/properties.ts';
import { unsqueeze } from '../views/shape.ts';
import { batchOf, checkSquare, matricesIn, sizesOf } from './checks.ts';

/** Overwrites one triangle with the other. */
function mirror(a: RealMatrix, upper: boolean): RealMatrix {
  for (let r = 0; r < a.rows; r++) {
    for (let c = 0; c < r; c++) {
      if (upper) a.set(r, c, a.at(c, r));
      else a.set(c, r, a.at(r, c));
    }
  }
  return a;
}

const eighPrimitive = defineMulti<{ upper: boolean }>({
  name: 'linalg_eigh',
  saves: OUTPUT,
  infer([a]) {
    checkSquare(a, 'linalg.eigh');
    return [{ shape: [...batchOf(a), sizesOf(a)[0]], dtype: a.dtype }, a];
  },
  kernel([a], { upper }, [values, vectors]) {
    const matrices = matricesIn(a);
    for (let b = 0; b < matrices.count; b++) {
      const found = eigenSymmetric(mirror(matrices.read(b), upper));
      values.storage.array.set(found.values, b * found.values.length);
      found.vectors.write(vectors.storage.array, b);
    }
  },
  derivative([gl, gv], node) {
    const [l, v] = [node.output(0), node.output(1)];
    const vt = matrixTranspose(v);
    if (gv === null) return [gl === null ? null : matmul(mul(v, unsqueeze(gl, -2)), vt)];
    // Rotations of eigenvectors into each other; diverges where two values meet.
    const same = eye(sizesOf(v)[0], { dtype: 'bool' });
    const gaps = where(same, 1, sub(unsqueeze(l, -2), unsqueeze(l, -1)));
    const inner = where(same, 0, div(matmul(vt, gv), gaps));
    const full = matmul(v, matmul(gl === null ? inner : add(inner, diagEmbed(gl)), vt));
    return [mul(add(full, matrixTranspose(full)), 0.5)];
  },
});

/** Options of {@link eigh}. */
export interface EighOptions {
  /** Which triangle is read. Default: `'L'`. */
  readonly UPLO?: 'L' | 'U' | 'l' | 'u';
}

const eighParameters = {
  a: K.tensor,
  options: K.options<EighOptions>({ UPLO: K.oneOf('L', 'U', 'l', 'u') }),
};
const isUpper = ({ UPLO = 'L' }: EighOptions): boolean => UPLO.toUpperCase() === 'U';

/**
 * The eigenvalues, (*, n), in ascending order, and as columns the orthonormal eigenvectors of symmetric matrices, (*, n, n), of which
 * one triangle is read. Eigenvectors are unique up to their signs at most, and a gradient of them is infinite where two eigenvalues
 * are equal. float32 or float64. Follows `torch.linalg.eigh`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError for another `UPLO`
 * @example linalg.eigh(tensor([[2, 1], [1, 2]], { dtype: 'float64' })).eigenvalues.round(); // tensor([1., 3.], dtype=torch.float64)
 */
export const eigh = composition(
  'linalg.eigh',
  eighParameters,
  (a: Tensor, options: EighOptions = {}): { eigenvalues: Tensor; eigenvectors: Tensor } => {
    const [eigenvalues, eigenvectors] = applyMulti(eighPrimitive, [a], { upper: isUpper(options) });
    return { eigenvalues, eigenvectors };
  },
);

/**
 * The eigenvalues of {@link eigh}: those of symmetric matrices, (*, n, n), in ascending order. Follows `torch.linalg.eigvalsh`.
 * @throws ShapeError for what are no square matrices; DTypeError for a dtype that is not float; ValueError for another `UPLO`
 * @example linalg.eigvalsh(tensor([[3, 0], [0, 1]], { dtype: 'float32' })); // tensor([1., 3.])
 */
export const eigvalsh = composition(
  'linalg.eigvalsh',
  eighParameters,
  (a: Tensor, options: EighOptions = {}): Tensor => eigh(a, options).eigenvalues,
);
