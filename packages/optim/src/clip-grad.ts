import { div, KindlingError, noGrad, stack, Tensor, tensor, ValueError } from '@kindling/core';

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The norm's order; may be Infinity. Default: 2. */
  normType?: number;
  /** Throw where the total norm is NaN or infinite. Default: false. */
  errorIfNonfinite?: boolean;
}

const gradsOf = (parameters: Tensor | Iterable<Tensor>): Tensor[] =>
  (parameters instanceof Tensor ? [parameters] : [...parameters])
    .map((p) => p.grad)
    .filter((g) => g !== null);

/**
 * The norm of all gradients taken as one vector, a 0-dimensional tensor. Follows `torch.nn.utils.get_total_norm`.
 * @throws KindlingError with `errorIfNonfinite` for a norm that is NaN or infinite
 */
export function getTotalNorm(tensors: readonly Tensor[], options: ClipGradNormOptions = {}): Tensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  if (tensors.length === 0) return tensor(0, { dtype: 'float32' });
  const total = noGrad(() => stack(tensors.map((g) => g.detach().norm(normType))).norm(normType));
  if (errorIfNonfinite && !Number.isFinite(total.item())) {
    throw new KindlingError(
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To ` +
        'disable this error and scale the gradients by the non-finite norm anyway, set errorIfNonfinite: false',
    );
  }
  return total;
}

/**
 * Scales the gradients of `parameters` in place so that their norm, taken as one vector, is at most `maxNorm`; returns the
 * norm before. Follows `torch.nn.utils.clip_grad_norm_`.
 * @throws KindlingError with `errorIfNonfinite` for a norm that is NaN or infinite
 * @example
 * ```ts
 * const w = tensor([1.5, 2], { requiresGrad: true });
 * w.square().sum().backward();
 * optim.clipGradNorm_([w], 1); // tensor(5.)
 * w.grad; // tensor([0.6000, 0.8000])
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  const grads = gradsOf(parameters);
  const total = getTotalNorm(grads, options);
  noGrad(() => {
    const factor = div(maxNorm, total.add(1e-6)).clamp({ max: 1 });
    for (const g of grads) g.mul_(factor);
  });
  return total;
}

/**
 * Clamps each element of the gradients to [-clipValue, clipValue], in place. Follows `torch.nn.utils.clip_grad_value_`.
 * @throws ValueError unless clipValue is at least 0
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0))
    throw new ValueError(`clipGradValue_: clipValue must be a number >= 0, got ${clipValue}`);
  noGrad(() => {
    for (const g of gradsOf(parameters)) g.clamp_({ min: -clipValue, max: clipValue });
  });
}
