/** Regressions of one value or of several. */
import {
  checkArguments,
  formatShape,
  K,
  ShapeError,
  sameShape,
  type Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import { refuseInfinite, weightsOf } from '../checks.ts';
import { Metric } from '../metric.ts';

/**
 * How the values of several outputs become one: `'uniformAverage'` is their mean, `'rawValues'` leaves them as they
 * are, shape (D,), numbers are their weights.
 */
export type MultiOutput = 'uniformAverage' | 'rawValues' | readonly number[];

/** What the options of all regressions have. */
export interface OutputOptions<M = MultiOutput> {
  /**
   * Values a sample. With 1 each element of a tensor is a sample, whatever its shape; with D `input` and `target` have
   * shape (N, D). Default: 1.
   */
  readonly numOutputs?: number;
  /** How the values of several outputs become one. Default: `'uniformAverage'`. */
  readonly multioutput?: M;
}

const weightsKind = /* @__PURE__ */ K.listOf(K.nonNegative, 'an array with a weight >= 0 for each output');

/** The kinds of {@link OutputOptions}, with other modes of averaging. */
export const outputKinds = <M>(...modes: readonly string[]): K.Kinds<OutputOptions<M>> => ({
  numOutputs: K.positiveCount,
  multioutput: K.either(K.oneOf('uniformAverage', 'rawValues', ...modes), weightsKind),
});

/** @throws ValueError for weights of another number of outputs, or of 0 alone */
export function checkOutputs(
  name: string,
  kind: K.Kind,
  given: ArrayLike<unknown>,
  options: OutputOptions<unknown>,
): number {
  checkArguments(name, { options: kind }, given);
  const { numOutputs = 1, multioutput } = options;
  if (!Array.isArray(multioutput)) return numOutputs;
  if (multioutput.length !== numOutputs || !multioutput.some((w) => w > 0)) {
    throw new ValueError(
      `${name}: multioutput: expected ${numOutputs} weights, not all 0, for as many outputs, got [${multioutput.join(', ')}]`,
    );
  }
  return numOutputs;
}

/** What was predicted, what is true, and the weight of each: (N, D), float64. */
interface Outputs {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly weights: Tensor;
}

function readOutputs(
  caller: string,
  numOutputs: number,
  [input, target, weight]: readonly [Tensor, Tensor, number | Tensor],
): Outputs {
  const { shape } = target;
  const fits =
    sameShape(input.shape, shape) && (numOutputs === 1 || (shape.length === 2 && shape[1] === numOutputs));
  if (!fits) {
    const expected =
      numOutputs === 1 ? 'input and target of one shape' : `input and target of shape [N, ${numOutputs}]`;
    throw new ShapeError(
      `${caller}: expected ${expected}, got ${formatShape(input.shape)} and ${formatShape(shape)}`,
    );
  }
  refuseInfinite(caller, 'input', input.detach());
  refuseInfinite(caller, 'target', target.detach());
  const rows = target.count / numOutputs;
  const matrix = (x: Tensor): Tensor => x.detach().to('float64').reshape([rows, numOutputs]);
  const each = weightsOf(caller, weight, numOutputs === 1 ? shape : [rows]);
  return { x: matrix(input), y: matrix(target), weights: each.unsqueeze(1).expand([rows, numOutputs]) };
}

/** The values of outputs as `multioutput` wants them. */
function outputsAs(values: Tensor, multioutput: MultiOutput): Tensor {
  if (multioutput === 'rawValues') return values;
  if (multioutput === 'uniformAverage') return values.mean();
  const weights = tensor(Float64Array.from(multioutput));
  return values.mul(weights).sum().div(weights.sum());
}

/** A metric of outputs, of which each has its value. */
export abstract class RegressionMetric<M = MultiOutput> extends Metric {
  protected readonly numOutputs: number;
  protected readonly multioutput: M | 'uniformAverage';

  constructor(
    numOutputs: number,
    { multioutput = 'uniformAverage' }: OutputOptions<M | 'uniformAverage'>,
    more: object = {},
  ) {
    super({ numOutputs, multioutput, ...more });
    this.numOutputs = numOutputs;
    this.multioutput = multioutput;
  }

  /** What an update was given. */
  protected read(caller: string, ...given: readonly [Tensor, Tensor, number | Tensor]): Outputs {
    return readOutputs(caller, this.numOutputs, given);
  }

  /** The values of outputs as one, or as they are, by a mode that all regressions have. */
  protected averaged(values: Tensor): Tensor {
    return outputsAs(values, this.multioutput as MultiOutput);
  }
}
