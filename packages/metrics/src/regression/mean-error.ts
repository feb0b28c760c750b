import { K, type Tensor, tensor } from '@kindling/core';
import { metricFunction, numbersOf } from '../metric.ts';
import { addTo } from '../samples.ts';
import { checkOutputs, type OutputOptions, outputKinds, RegressionMetric } from './outputs.ts';

/** Options of {@link MeanSquaredError}. */
export interface MeanSquaredErrorOptions extends OutputOptions {
  /** With false the root of it, of each output before they are averaged. Default: true. */
  readonly squared?: boolean;
}

const kinds: K.Kinds<OutputOptions> = /* @__PURE__ */ outputKinds();
const takes = /* @__PURE__ */ K.options(kinds);
const squaredKinds: K.Kinds<MeanSquaredErrorOptions> = { ...kinds, squared: K.flag };
const squaredTakes = /* @__PURE__ */ K.options(squaredKinds);

/** A weighted mean, over samples, of how far they are off. */
abstract class MeanError extends RegressionMetric {
  protected readonly sums: { error: Float64Array; weight: Float64Array };

  constructor(numOutputs: number, options: OutputOptions, more?: object) {
    super(numOutputs, options, more);
    this.sums = { error: new Float64Array(numOutputs), weight: new Float64Array(numOutputs) };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { x, y, weights } = this.read(caller, input, target, weight);
    const total = weights.sum(0);
    addTo(this.sums.error, numbersOf(this.errorOf(x.sub(y)).mul(weights).sum(0)));
    addTo(this.sums.weight, numbersOf(total));
    return total.sum().item();
  }

  protected override result(): Tensor {
    return this.averaged(this.meanAs(tensor(this.sums.error).div(tensor(this.sums.weight))));
  }

  /** What counts of differences. */
  protected abstract errorOf(difference: Tensor): Tensor;

  /** What becomes of the mean of an output. */
  protected meanAs(mean: Tensor): Tensor {
    return mean;
  }
}

/**
 * The mean of (x - y)^2, or its root. Follows `torchmetrics.MeanSquaredError`, with the numbers of
 * `sklearn.metrics.mean_squared_error` and `root_mean_squared_error`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const error = new MeanSquaredError({ squared: false });
 * error.update(tensor([1.5, 2]), tensor([0.5, 2]), { weight: tensor([1, 3]) });
 * error.compute(); // tensor(0.5000, dtype=torch.float64)
 * ```
 */
export class MeanSquaredError extends MeanError {
  private readonly squared: boolean;

  constructor(options: MeanSquaredErrorOptions = {}) {
    const { squared = true } = options;
    super(checkOutputs(new.target.name, squaredTakes, arguments, options), options, { squared });
    this.squared = squared;
  }

  protected override errorOf(difference: Tensor): Tensor {
    return difference.square();
  }

  protected override meanAs(mean: Tensor): Tensor {
    return this.squared ? mean : mean.sqrt();
  }
}

/**
 * The mean of |x - y|. Follows `torchmetrics.MeanAbsoluteError`, with the numbers of
 * `sklearn.metrics.mean_absolute_error`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const error = new MeanAbsoluteError({ numOutputs: 2, multioutput: 'rawValues' });
 * error.update(tensor([[1.5, 2], [3, 4]]), tensor([[1, 2], [3, 5]]));
 * error.compute(); // tensor([0.2500, 0.5000], dtype=torch.float64)
 * ```
 */
export class MeanAbsoluteError extends MeanError {
  constructor(options: OutputOptions = {}) {
    super(checkOutputs(new.target.name, takes, arguments, options), options);
  }

  protected override errorOf(difference: Tensor): Tensor {
    return difference.abs();
  }
}

/**
 * {@link MeanSquaredError} of one batch. Follows `torchmetrics.functional.mean_squared_error`.
 * @throws ShapeError, DTypeError, ValueError as {@link MeanSquaredError}
 * @example meanSquaredError(tensor([1.5, 2]), tensor([1, 2])); // tensor(0.1250, dtype=torch.float64)
 */
export const meanSquaredError = /* @__PURE__ */ metricFunction(
  'meanSquaredError',
  MeanSquaredError,
  squaredKinds,
);

/**
 * {@link MeanAbsoluteError} of one batch. Follows `torchmetrics.functional.mean_absolute_error`.
 * @throws ShapeError, DTypeError, ValueError as {@link MeanAbsoluteError}
 * @example meanAbsoluteError(tensor([1.5, 2]), tensor([1, 2])); // tensor(0.2500, dtype=torch.float64)
 */
export const meanAbsoluteError = /* @__PURE__ */ metricFunction(
  'meanAbsoluteError',
  MeanAbsoluteError,
  kinds,
);
