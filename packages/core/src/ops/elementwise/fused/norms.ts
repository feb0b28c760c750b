import { K, signature } from '../../../arguments/index.ts';
import { isFloatingPoint } from '../../../dtype.ts';
import { DTypeError, ShapeError } from '../../../errors.ts';
import { crosswiseNorms, type Expr, normsOfElementwise } from '../../../kernels/index.ts';
import { coded, writing } from '../../../record/code.ts';
import { updateInPlace } from '../../../record/in-place.ts';
import type { Rerun } from '../../../record/observe.ts';
import { emptyTensor, type Tensor } from '../../../tensor.ts';
import { FusedKernel } from './kernel.ts';

const fusedNormsTakes = signature('FusedNorms', {
  name: K.text,
  inputs: K.positiveCount,
  norms: K.positiveCount,
  build: K.callable,
});

/**
 * The Euclidean norms of expressions over all elements, in one pass over memory: what an update needs to know of its
 * own size before it is made. The kernel gets the inputs, then the numbers of each call, and gives the expressions,
 * whose values are not stored. The first input has the shape that the others broadcast to, and all are of one float
 * dtype. Squares are carried in float64, row by row. It is not recorded for backward. Kindling's own.
 * @example
 * ```ts
 * const sizes = new FusedNorms('sizes', 2, 2, (w, g, lr) => [w, E.mul(lr, g)]);
 * const weights = tensor([3, 4], { dtype: 'float32' });
 * const [ofWeights, ofStep] = sizes.run([weights, weights.mul(2)], [0.5]);
 * ofWeights; // tensor(5.)
 * ofStep; // tensor(5.)
 * ```
 */
export class FusedNorms {
  /** The name in errors and before observers. */
  readonly name: string;
  /** How many norms it gives. */
  readonly norms: number;
  readonly #fused: FusedKernel;

  constructor(name: string, inputs: number, norms: number, build: (...x: Expr[]) => Expr[]) {
    fusedNormsTakes(arguments);
    this.name = name;
    this.norms = norms;
    this.#fused = new FusedKernel(name, inputs, norms, build);
  }

  /**
   * The norms of what the expressions give for these tensors, 0-dimensional; `params` are the numbers of this call.
   * @throws DTypeError where the tensors are not of one float dtype
   * @throws ShapeError where one does not broadcast to the shape of the first
   * @throws ValueError for more or fewer tensors than it takes, or fewer numbers
   * @throws AutogradError where gradients are recorded of one of them
   */
  run(tensors: readonly Tensor[], params: readonly number[] = []): Tensor[] {
    const dtype = this.#fused.floatDType(1, tensors, params);
    const norms = Array.from({ length: this.norms }, () => emptyTensor([], dtype));
    updateInPlace(this.name, norms, tensors, params, this.#write);
    return norms;
  }

  /** What a program does where it is written in it. @internal */
  rerun(): Rerun {
    return this.#write as Rerun;
  }

  readonly #write = coded(
    (tensors: readonly Tensor[], params: readonly number[], outs: readonly Tensor[]): void => {
      normsOfElementwise(this.#fused.kernel, (tensors[0] as Tensor).dtype, tensors, params, outs);
    },
    () => this.#fused.code('norms', this.norms),
  );
}

const rowAndColumnNormsTakes = signature('rowAndColumnNorms', { x: K.tensor });

/**
 * The Euclidean norms of the rows and of the columns of matrices, of shapes (*, n, 1) and (*, 1, m), in one pass over
 * memory; with the bits of `linalg.vectorNorm(x, 2, -1, { keepdim: true })` and of that along -2. It is not recorded for
 * backward. Kindling's own.
 * @throws ShapeError for a tensor of fewer than two dimensions; DTypeError for one of integers; AutogradError where
 * gradients are recorded of it
 * @example
 * ```ts
 * const [rows, columns] = rowAndColumnNorms(tensor([[3, 4], [4, 3]], { dtype: 'float32' }));
 * rows; // tensor([[5.], [5.]])
 * columns; // tensor([[5., 5.]])
 * ```
 */
export function rowAndColumnNorms(x: Tensor): [rows: Tensor, columns: Tensor] {
  rowAndColumnNormsTakes(arguments);
  const { shape, dtype } = x;
  if (shape.length < 2)
    throw new ShapeError(
      `rowAndColumnNorms: expected a tensor of at least 2 dimensions, got one of ${shape.length}`,
    );
  if (!isFloatingPoint(dtype))
    throw new DTypeError(`rowAndColumnNorms: expected a float dtype, got ${dtype}`);
  const rows = emptyTensor([...shape.slice(0, -1), 1], dtype);
  const columns = emptyTensor([...shape.slice(0, -2), 1, ...shape.slice(-1)], dtype);
  updateInPlace('row_and_column_norms', [rows, columns], [x], [], writeNorms);
  return [rows, columns];
}

const writeNorms = /* @__PURE__ */ writing(
  'row and column norms',
  ([x]: readonly Tensor[], _params: readonly number[], [rows, columns]: readonly Tensor[]): void =>
    crosswiseNorms(x as Tensor, rows as Tensor, columns as Tensor),
);
