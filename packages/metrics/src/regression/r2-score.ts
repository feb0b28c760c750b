import { K, type Tensor, tensor, where, zerosLike } from '@kindling/core';
import { metricFunction, numbersOf } from '../metric.ts';
import { ratio } from '../ratio.ts';
import {
  checkOutputs,
  type MultiOutput,
  type OutputOptions,
  outputKinds,
  RegressionMetric,
} from './outputs.ts';

/** Options of {@link R2Score}. */
export interface R2ScoreOptions extends OutputOptions<MultiOutput | 'varianceWeighted'> {}

const kinds: K.Kinds<R2ScoreOptions> = /* @__PURE__ */ outputKinds('varianceWeighted');
const takes = /* @__PURE__ */ K.options(kinds);

/**
 * For each output: the samples, their weight, mean and sum of squares around it, and the sum of squares of errors. The
 * mean is `anchor` (one of the targets) and what it is beyond: so targets that lie far from 0 lose no digits.
 */
type Moments = Record<'count' | 'weight' | 'anchor' | 'mean' | 'spread' | 'error', Float64Array>;

/**
 * How much of the spread of the target is predicted, 1 - sum w (y - x)^2 / sum w (y - mean)^2: 1 is all of it, 0 what
 * the mean does. Where the target does not vary it is 1 for a prediction without error, else 0; of one sample it is
 * NaN. `'varianceWeighted'` averages outputs by their variances. Means and spreads of batches are joined as in Chan et
 * al. (1979), without cancellation. Follows `torchmetrics.R2Score`, with the numbers of `sklearn.metrics.r2_score`.
 * @throws ValueError for options that cannot be
 * @example
 * ```ts
 * const score = new R2Score();
 * score.update(tensor([2.5, 0]), tensor([3, -0.5]));
 * score.update(tensor([2, 8]), tensor([2, 7]));
 * score.compute(); // tensor(0.9486, dtype=torch.float64)
 * ```
 */
export class R2Score extends RegressionMetric<MultiOutput | 'varianceWeighted'> {
  protected readonly sums: Moments;

  constructor(options: R2ScoreOptions = {}) {
    const numOutputs = checkOutputs(new.target.name, takes, arguments, options);
    super(numOutputs, options);
    const sum = (): Float64Array => new Float64Array(numOutputs);
    this.sums = { count: sum(), weight: sum(), anchor: sum(), mean: sum(), spread: sum(), error: sum() };
  }

  protected override add(caller: string, input: Tensor, target: Tensor, weight: number | Tensor): number {
    const { x, y, weights } = this.read(caller, input, target, weight);
    if (y.count === 0) return 0;
    const total = weights.sum(0);
    const anchor = y.select(0, 0);
    const beyond = y.sub(anchor);
    const mean = ratio(beyond.mul(weights).sum(0), total, 0);
    const vector = (of: Tensor): Float64Array => Float64Array.from(numbersOf(of));
    this.join({
      count: new Float64Array(this.numOutputs).fill(y.shape[0] ?? 0),
      weight: vector(total),
      anchor: vector(anchor),
      mean: vector(mean),
      spread: vector(beyond.sub(mean).square().mul(weights).sum(0)),
      error: vector(y.sub(x).square().mul(weights).sum(0)),
    });
    return total.sum().item();
  }

  protected override combine({ sums }: this): void {
    this.join(sums);
  }

  private join(other: Moments): void {
    const { sums } = this;
    const [a, b] = [tensor(sums.weight), tensor(other.weight)];
    const both = a.add(b);
    const anchor = where(a.eq(0), tensor(other.anchor), tensor(sums.anchor));
    const apart = tensor(other.mean).sub(tensor(sums.mean)).add(tensor(other.anchor).sub(anchor));
    const set = (sum: Float64Array, value: Tensor): void => sum.set(numbersOf(value));
    const plus = (name: keyof Moments): Tensor => tensor(sums[name]).add(tensor(other[name]));
    set(sums.anchor, anchor);
    set(sums.spread, plus('spread').add(apart.square().mul(ratio(a.mul(b), both, 0))));
    set(sums.mean, tensor(sums.mean).add(apart.mul(ratio(b, both, 0))));
    set(sums.error, plus('error'));
    set(sums.count, plus('count'));
    set(sums.weight, both);
  }

  protected override result(): Tensor {
    const error = tensor(this.sums.error);
    const spread = tensor(this.sums.spread);
    const constant = error.gt(0).logicalNot().to('float64');
    const scores = where(spread.eq(0), constant, zerosLike(spread).add(1).sub(error.div(spread)));
    const known = scores.maskedFill(tensor(this.sums.count).lt(2), Number.NaN);
    if (this.multioutput !== 'varianceWeighted') return this.averaged(known);
    const total = spread.sum();
    return total.item() === 0 ? known.mean() : known.mul(spread).sum().div(total);
  }
}

/**
 * {@link R2Score} of one batch. Follows `torchmetrics.functional.r2_score`.
 * @throws ShapeError, DTypeError, ValueError as {@link R2Score}
 * @example r2Score(tensor([2.5, 0, 2, 8]), tensor([3, -0.5, 2, 7])); // tensor(0.9486, dtype=torch.float64)
 */
export const r2Score = /* @__PURE__ */ metricFunction('r2Score', R2Score, kinds);
