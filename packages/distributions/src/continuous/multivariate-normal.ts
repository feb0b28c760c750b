import {
  broadcastShapes,
  checkArguments,
  eye,
  K,
  linalg,
  randn,
  type Shape,
  ShapeError,
  snakeCase,
  type Tensor,
  ValueError,
} from '@kindling/core';
import {
  Distribution,
  type DistributionOptions,
  distributionKinds,
  type SampleOptions,
} from '../distribution.ts';
import { asFloat, ranges, within } from '../values.ts';

/** Options of {@link MultivariateNormal}: one of the matrices, (..., D, D). */
export interface MultivariateNormalOptions extends DistributionOptions {
  /** Positive definite. */
  readonly covarianceMatrix?: Tensor;
  /** The inverse of the covariance. */
  readonly precisionMatrix?: Tensor;
  /** The lower triangular L of the covariance L Lᵀ, its diagonal above 0. */
  readonly scaleTril?: Tensor;
}

const takes = {
  loc: K.tensor,
  options: /* @__PURE__ */ K.options<MultivariateNormalOptions>({
    ...distributionKinds,
    covarianceMatrix: K.tensor,
    precisionMatrix: K.tensor,
    scaleTril: K.tensor,
  }),
};

/** The squared length of L⁻¹ x, for rows x. */
export const mahalanobis = (tril: Tensor, x: Tensor): Tensor =>
  linalg.solveTriangular(tril, x.unsqueeze(-1), { upper: false }).squeeze(-1).pow(2).sum(-1);

/** The sum of the logarithms of the diagonal. */
export const halfLogDet = (tril: Tensor): Tensor => tril.diagonal({ dim1: -2, dim2: -1 }).log().sum(-1);

/**
 * The normal distribution of vectors: mean `loc` (..., D), and a covariance, given as such, by its inverse or by its
 * Cholesky factor. Follows `torch.distributions.MultivariateNormal`.
 * @throws ValueError unless one matrix is given, ShapeError where it does not fit loc, KindlingError for a covariance
 *   that is not positive definite
 * @example
 * ```ts
 * const d = new MultivariateNormal(zeros([2]), { scaleTril: eye(2) });
 * d.logProb(tensor([0, 1])); // tensor(-2.3379)
 * ```
 */
export class MultivariateNormal extends Distribution {
  override readonly hasRsample = true;
  /** The mean. */
  readonly loc: Tensor;
  /** The lower triangular factor of the covariance. */
  readonly scaleTril: Tensor;
  /** Which matrix was given, as PyTorch calls it. */
  private readonly matrixName: string;

  constructor(loc: Tensor, options: MultivariateNormalOptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { covarianceMatrix, precisionMatrix, scaleTril } = options;
    const given = [covarianceMatrix, precisionMatrix, scaleTril].filter((x) => x !== undefined);
    const [matrix] = given;
    if (matrix === undefined || given.length > 1)
      throw new ValueError(`${name}: expected one of covarianceMatrix, precisionMatrix and scaleTril`);
    const size = loc.shape.at(-1);
    if (size === undefined || matrix.ndim < 2 || matrix.size(-1) !== size || matrix.size(-2) !== size)
      throw new ShapeError(
        `${name}: expected loc (..., D) and a matrix (..., D, D), got [${loc.shape}] and [${matrix.shape}]`,
      );
    const batchShape = broadcastShapes(matrix.shape.slice(0, -2), loc.shape.slice(0, -1));
    super(batchShape, [size], options);
    this.matrixName = snakeCase(Object.entries(options).find(([, x]) => x === matrix)?.[0] ?? '');
    const mean = asFloat(loc, matrix.dtype).expand([...batchShape, size]);
    const tril = scaleTril ?? (precisionMatrix ? ofPrecision(matrix) : linalg.cholesky(matrix));
    this.loc = this.parameter('loc', mean, ranges.real);
    this.scaleTril = (this.validates ? factor(name, tril) : tril).expand([...batchShape, size, size]);
  }

  override get mean(): Tensor {
    return this.loc;
  }

  override get mode(): Tensor {
    return this.loc;
  }

  override get variance(): Tensor {
    return this.scaleTril.pow(2).sum(-1);
  }

  /** L Lᵀ. */
  get covarianceMatrix(): Tensor {
    return this.scaleTril.matmul(this.scaleTril.mT);
  }

  protected override printed() {
    return { loc: this.loc, [this.matrixName]: this.scaleTril };
  }

  protected override draw(sampleShape: Shape, options: SampleOptions): Tensor {
    const noise = randn(this.extended(sampleShape), { dtype: this.loc.dtype, ...options });
    return this.loc.add(this.scaleTril.matmul(noise.unsqueeze(-1)).squeeze(-1));
  }

  protected override supported(caller: string, value: Tensor): Tensor {
    return within(caller, 'value', value, ranges.real);
  }

  protected override logDensity(value: Tensor): Tensor {
    const away = value.sub(this.loc);
    const constant = (this.eventShape[0] ?? 0) * Math.log(2 * Math.PI);
    return mahalanobis(this.scaleTril, away).add(constant).mul(-0.5).sub(halfLogDet(this.scaleTril));
  }

  protected override entropyOf(): Tensor {
    const constant = 0.5 * (this.eventShape[0] ?? 0) * (1 + Math.log(2 * Math.PI));
    return halfLogDet(this.scaleTril).add(constant);
  }

  protected override expanded(batchShape: Shape): Distribution {
    const [size = 0] = this.eventShape;
    const scaleTril = this.scaleTril.expand([...batchShape, size, size]);
    return new MultivariateNormal(this.loc.expand([...batchShape, size]), {
      scaleTril,
      validateArgs: this.validates,
    });
  }
}

/** The factor of the inverse, as PyTorch takes it: it inverts a triangle alone. */
function ofPrecision(precision: Tensor): Tensor {
  const inverse = linalg.cholesky(precision.flip([-2, -1])).flip([-2, -1]).mT;
  return linalg.solveTriangular(inverse, eye(precision.size(-1), { dtype: precision.dtype }), {
    upper: false,
  });
}

/** A lower triangle with a diagonal above 0. */
function factor(name: string, tril: Tensor): Tensor {
  const zero = { least: 0, most: 0, expected: 'a lower triangular matrix' };
  const lower = within(name, 'scaleTril', tril, zero, tril.triu(1));
  const positive = { ...ranges.positive, expected: 'a diagonal of numbers > 0' };
  return within(name, 'scaleTril', lower, positive, tril.diagonal({ dim1: -2, dim2: -1 }));
}
