import {
  addcmul,
  applyElementwise,
  composed,
  DTypeError,
  E,
  ElementwiseOp,
  formatShape,
  normalizeGroups,
  ShapeError,
  type Tensor,
} from '@kindling/core';

/** How x is grouped: `normalizeGroups` says what the sizes are. */
interface Grouped {
  readonly samples?: number;
  readonly outer?: number;
  readonly groups?: number;
  readonly parts?: number;
  readonly eps: number;
  readonly centered?: boolean;
  readonly scalesLast?: boolean;
}

/** What is learned, if anything: factors and summands. */
interface Learned {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
}

/**
 * x normalised by group, under PyTorch's name of the operation, times the factors and with the summands, and the
 * groups' variances and means. Summands alone take an operation of their own, for which `wide` has them broadcast to x.
 */
export function normalized(
  name: string,
  x: Tensor,
  grouped: Grouped,
  { weight, bias }: Learned,
  wide: (p: Tensor) => Tensor = (p) => p,
): readonly [y: Tensor, variances: Tensor, means: Tensor | undefined] {
  checkDtypes(name, x, { weight, bias });
  const learned = weight === null ? {} : { weight, bias };
  const [y, variances, means] = normalizeGroups(x, { name, ...grouped, ...learned });
  if (weight !== null || bias === null) return [y, variances, means];
  return [composed(name, y.add(wide(bias)), x), variances, means];
}

/** y * weight + bias, where there are any. */
export function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  if (weight === null) return bias === null ? y : y.add(bias);
  return bias === null ? y.mul(weight) : addcmul(bias, y, weight);
}

/** What is given for each channel, by PyTorch's names. */
type OfChannels = Readonly<
  Record<'running_mean' | 'running_var' | 'weight' | 'bias', Tensor | null | undefined>
>;

/** Refuses what is of another dtype than the input that is normalised. */
function checkDtypes(
  caller: string,
  x: Tensor,
  given: Readonly<Record<string, Tensor | null | undefined>>,
): void {
  for (const [name, p] of Object.entries(given)) {
    if (p == null || p.dtype === x.dtype) continue;
    throw new DTypeError(
      `${caller}: expected ${name} of the input's dtype ${x.dtype}, got ${p.dtype}; convert one with to()`,
    );
  }
}

/** Refuses an input without channels, and what is given for another number of them, or in another dtype. */
export function checkChannels(caller: string, x: Tensor, given: OfChannels): void {
  const [, channels] = x.shape;
  if (channels === undefined)
    throw new ShapeError(`${caller}: expected an input (N, C, ...), got shape ${formatShape(x.shape)}`);
  for (const [name, p] of Object.entries(given)) {
    if (p != null && p.count !== channels)
      throw new ShapeError(`${caller}: ${name} should contain ${channels} elements not ${p.count}`);
  }
  checkDtypes(caller, x, given);
}

const byStatistics = /* @__PURE__ */ new ElementwiseOp({
  name: 'native_batch_norm',
  arity: 5,
  dtype: 'float',
  expression: (x, mean, rstd, weight, bias) => {
    const factor = E.mul(rstd, weight);
    return E.add(E.mul(x, factor), E.sub(bias, E.mul(mean, factor)));
  },
  gradient: ({ g }, x, mean, rstd, weight) => {
    const toX = E.mul(E.mul(g, rstd), weight);
    const along = E.mul(g, E.sub(x, mean));
    return [toX, E.neg(toX), E.mul(along, weight), E.mul(along, rstd), g];
  },
});

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias, for each channel: as PyTorch's, x times a factor with a summand.
 */
export function normalizedBy(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  eps: number,
  { weight, bias }: Learned,
): Tensor {
  const [means, rstds] = [ofChannels(mean, x), ofChannels(variance.add(eps).rsqrt(), x)];
  const [factors, summands] = [weight && ofChannels(weight, x), bias && ofChannels(bias, x)];
  return applyElementwise(byStatistics, [x, means, rstds, factors ?? 1, summands ?? 0]);
}

/** What there is for each channel, as it broadcasts to x, (N, C, ...). */
export const ofChannels = (p: Tensor, x: Tensor): Tensor =>
  x.ndim === 2 ? p : p.reshape([p.count, ...x.shape.slice(2).map(() => 1)]);
