import { KindlingError, noGrad, stack, Tensor, tensor, ValueError } from '@kindling/core';

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The norm's order; may be Infinity. Default: 2. */
  normType?: number;
  /** Throw where the total norm is NaN or infinite. Default: false. */
  errorIfNonfinite?: boolean;
}

const listOf = (parameters: Tensor | Iterable<Tensor>): Tensor[] =>
  parameters instanceof Tensor ? [parameters] : [...parameters];

const gradsOf = (parameters: Tensor | Iterable<Tensor>): Tensor[] =>
  listOf(parameters)
    .map((p) => p.grad)
    .filter((g): g is Tensor => g !== null);

/** The norm of all gradients taken as one vector. Follows `torch.nn.utils.get_total_norm`. */
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
 *
 * @example
 * ```ts
 * loss.backward();
 * clipGradNorm_(model.parameters(), 1);
 * optimizer.step();
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  const grads = gradsOf(parameters);
  const total = getTotalNorm(grads, options);
  const factor = Math.min(maxNorm / (total.item() + 1e-6), 1);

  if (factor !== 1) noGrad(() => grads.forEach((g) => void g.mul_(factor)));
  return total;
}

/** Clamps each element of the gradients to [-clipValue, clipValue], in place. Follows `torch.nn.utils.clip_grad_value_`. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  if (!(clipValue >= 0))
    throw new ValueError(`clipGradValue_: clipValue must be a number >= 0, got ${clipValue}`);
  noGrad(() => gradsOf(parameters).forEach((g) => void g.clamp_({ min: -clipValue, max: clipValue })));
}
