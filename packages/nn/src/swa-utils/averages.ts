import { checkArguments, isFloatingPoint, K, noGrad, refuseExcess, Tensor } from '@kindling/core';

/**
 * Gives the new average of a parameter, from the average, the parameter, and how many were averaged before: an int32
 * scalar, or a number.
 */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor | number) => Tensor;

/** Changes averages in place: parameters of one dtype, as lists. */
export type MultiAvgFn = (
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  numAveraged: Tensor | number,
) => void;

/** Options of {@link getEmaAvgFn} and {@link getEmaMultiAvgFn}. */
export interface EmaOptions {
  /** How much of the average stays at each update. Default: 0.999. */
  readonly decay?: number;
}

const emaTakes = () => ({ options: K.options<EmaOptions>({ decay: K.probability }) });

const isFloat = (x: Tensor | undefined): boolean => x === undefined || isFloatingPoint(x.dtype);

/** Calls f on each average and its parameter. */
const pairwise = (
  averaged: readonly Tensor[],
  current: readonly Tensor[],
  f: (average: Tensor, parameter: Tensor) => unknown,
): void =>
  noGrad(() => {
    for (const [i, average] of averaged.entries()) {
      const parameter = current[i];
      if (parameter !== undefined) f(average, parameter);
    }
  });

/**
 * The exponential moving average of one parameter: decay * average + (1 - decay) * parameter. Follows
 * `torch.optim.swa_utils.get_ema_avg_fn`.
 * @throws ValueError unless the decay lies in [0, 1]
 * @example nn.swaUtils.getEmaAvgFn({ decay: 0.75 })(tensor([4.0, 0.5]), tensor([8.0, 0.5]), 1); // tensor([5.0000, 0.5000])
 */
export function getEmaAvgFn(options: EmaOptions = {}): AvgFn {
  checkArguments('getEmaAvgFn', emaTakes(), arguments);
  const { decay = 0.999 } = options;
  return (averaged, current) => noGrad(() => averaged.mul(decay).add(current.mul(1 - decay)));
}

/**
 * The exponential moving average of several parameters, in place: average + (1 - decay) * (parameter - average).
 * Follows `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 * @throws ValueError unless the decay lies in [0, 1]
 * @example
 * ```ts
 * const average = tensor([4.0, 0.5]);
 * nn.swaUtils.getEmaMultiAvgFn({ decay: 0.75 })([average], [tensor([8.0, 0.5])], 1);
 * average; // tensor([5.0000, 0.5000])
 * ```
 */
export function getEmaMultiAvgFn(options: EmaOptions = {}): MultiAvgFn {
  checkArguments('getEmaMultiAvgFn', emaTakes(), arguments);
  const { decay = 0.999 } = options;
  return (averaged, current) =>
    pairwise(averaged, current, (average, parameter) =>
      isFloat(average)
        ? average.lerp_(parameter, 1 - decay)
        : average.copy_(average.mul(decay).add(parameter.mul(1 - decay))),
    );
}

/**
 * The plain mean of one parameter: average + (parameter - average) / (n + 1). Follows
 * `torch.optim.swa_utils.get_swa_avg_fn`.
 * @example nn.swaUtils.getSwaAvgFn()(tensor([4.0, 0.5]), tensor([8.0, 0.5]), 1); // tensor([6.0000, 0.5000])
 */
export function getSwaAvgFn(): AvgFn {
  refuseExcess('getSwaAvgFn', [], arguments);
  return (averaged, current, numAveraged) =>
    noGrad(() => averaged.add(current.sub(averaged).div(next(numAveraged))));
}

/**
 * The plain mean of several parameters, in place: average + 1 / (n + 1) * (parameter - average); of integers it takes
 * the whole part. Follows `torch.optim.swa_utils.get_swa_multi_avg_fn`.
 * @example
 * ```ts
 * const average = tensor([4.0, 0.5]);
 * nn.swaUtils.getSwaMultiAvgFn()([average], [tensor([8.0, 0.5])], 1);
 * average; // tensor([6.0000, 0.5000])
 * ```
 */
export function getSwaMultiAvgFn(): MultiAvgFn {
  refuseExcess('getSwaMultiAvgFn', [], arguments);
  return (averaged, current, numAveraged) => {
    const [first] = averaged;
    if (!isFloat(first)) {
      const average = getSwaAvgFn();
      pairwise(averaged, current, (x, parameter) => x.copy_(average(x, parameter, numAveraged)));
      return;
    }
    const weight = first === undefined ? 0 : weightOf(numAveraged, first);
    pairwise(averaged, current, (average, parameter) => average.lerp_(parameter, weight));
  };
}

const next = (n: Tensor | number): Tensor | number => (n instanceof Tensor ? n.add(1) : n + 1);

/** 1 / (n + 1): of a tensor, which counts in integers, it is a float32, as in PyTorch. */
const weightOf = (n: Tensor | number, { dtype }: Tensor): Tensor | number =>
  n instanceof Tensor ? n.add(1).to('float32').reciprocal().to(dtype) : 1 / (n + 1);
