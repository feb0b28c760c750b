import { composition, K, signature } from '../arguments/index.ts';
import type { DType } from '../dtype.ts';
import { KindlingError } from '../errors.ts';
import { stack } from '../ops/arranging/joining.ts';
import { finfo } from '../ops/creation/limits.ts';
import { add, div, mul_ } from '../ops/elementwise/arithmetic.ts';
import { withinBounds } from '../ops/elementwise/define.ts';
import { applyUnary, type ElementwiseOp } from '../ops/elementwise/operation.ts';
import { clamp, clamp_ } from '../ops/elementwise/select.ts';
import { vectorNorm } from '../ops/products/linalg-norm.ts';
import { noGrad } from '../record/grad-mode.ts';
import { Tensor } from '../tensor.ts';
import { tensorList } from './list.ts';

/** Options of {@link getTotalNorm} and {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** The norm's order: any number, Infinity (or 'inf') for the greatest absolute value. Default: 2. */
  readonly normType?: number | 'inf';
  /** Throw where the total norm is NaN or infinite. Default: false. */
  readonly errorIfNonfinite?: boolean;
}

const takesOptions = /* @__PURE__ */ K.options<ClipGradNormOptions>({
  normType: /* @__PURE__ */ K.either(K.number, /* @__PURE__ */ K.oneOf('inf')),
  errorIfNonfinite: K.flag,
});

/**
 * The gradients of those that have one. An iterable that is used up already would leave all as they are: that is said.
 */
function gradientsOf(caller: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  const list = tensorList(caller, 'parameters', parameters);
  if (list.length === 0 && !Array.isArray(parameters)) {
    console.warn(
      `${caller}: the iterable of parameters gave none, so no gradient is clipped: was it used up before?`,
    );
  }
  const gradients: Tensor[] = [];
  for (const { grad } of list) if (grad !== null) gradients.push(grad);
  return gradients;
}

/** What gives a norm itself, if it is finite, by caller and order. */
const finiteNorms = new Map<string, ElementwiseOp>();

function finiteNorm(caller: string, order: number | 'inf'): ElementwiseOp {
  const key = `${caller} ${order}`;
  const known = finiteNorms.get(key);
  if (known !== undefined) return known;
  const bounds = (dtype: DType) => [-finfo(dtype).max, finfo(dtype).max] as const;
  const refusal = () =>
    new KindlingError(
      `${caller}: The total norm of order ${order} for gradients from \`parameters\` is non-finite, so it cannot be ` +
        'clipped. To disable this error and scale the gradients by the non-finite norm anyway, set errorIfNonfinite: false',
    );
  const op = withinBounds(caller, bounds, refusal);
  finiteNorms.set(key, op);
  return op;
}

/** What {@link getTotalNorm} computes, for `caller`. */
function totalNorm(caller: string, tensors: readonly Tensor[], options: ClipGradNormOptions): Tensor {
  const { normType = 2, errorIfNonfinite = false } = options;
  if (tensors.length === 0) return Tensor.scalar(0, 'float32');
  const order = normType === 'inf' ? Infinity : normType;
  return noGrad(() => {
    const total = vectorNorm(stack(tensors.map((x) => vectorNorm(x, order))), order);
    return errorIfNonfinite ? applyUnary(finiteNorm(caller, normType), total) : total;
  });
}

/** Scales the gradients by maxNorm / total, where that is less than 1. */
function scale(gradients: readonly Tensor[], maxNorm: number, total: Tensor): void {
  noGrad(() => {
    const factor = clamp(div(maxNorm, add(total, 1e-6)), { max: 1 });
    for (const g of gradients) mul_(g, factor);
  });
}

/**
 * The norm of all tensors taken as one vector, a 0-dimensional tensor. Follows `torch.nn.utils.get_total_norm`.
 * @throws ValueError for what are no tensors; KindlingError with `errorIfNonfinite` for a norm that is NaN or infinite
 * @example getTotalNorm([tensor([1.5, 2]), tensor([6, 0], { dtype: 'float32' })]); // tensor(6.5000)
 */
export const getTotalNorm = /* @__PURE__ */ composition(
  'getTotalNorm',
  { tensors: K.anything, options: takesOptions },
  (tensors: Tensor | Iterable<Tensor>, options: ClipGradNormOptions = {}): Tensor =>
    totalNorm('getTotalNorm', tensorList('getTotalNorm', 'tensors', tensors), options),
);

const takesClip = /* @__PURE__ */ signature('clipGradNorm_', {
  parameters: K.anything,
  maxNorm: K.nonNegative,
  options: takesOptions,
});

/**
 * Scales the gradients of `parameters` in place so that their norm, taken as one vector, is at most `maxNorm`; returns
 * the norm before. Follows `torch.nn.utils.clip_grad_norm_`.
 * @throws ValueError unless maxNorm is at least 0; KindlingError with `errorIfNonfinite` for a norm that is NaN or
 *   infinite
 * @example
 * ```ts
 * const w = tensor([1.5, 2], { requiresGrad: true });
 * w.square().sum().backward();
 * clipGradNorm_([w], 1); // tensor(5.)
 * w.grad; // tensor([0.6000, 0.8000])
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  takesClip(arguments);
  const gradients = gradientsOf('clipGradNorm_', parameters);
  const total = totalNorm('clipGradNorm_', gradients, options);
  scale(gradients, maxNorm, total);
  return total;
}

const takesNorm = /* @__PURE__ */ signature('clipGradsWithNorm_', {
  parameters: K.anything,
  maxNorm: K.nonNegative,
  totalNorm: K.tensor,
});

/**
 * The second half of {@link clipGradNorm_}: scales the gradients in place by maxNorm / (totalNorm + 1e-6) where that is
 * less than 1. Follows `torch.nn.utils.clip_grads_with_norm_`.
 * @throws ValueError unless maxNorm is at least 0; DTypeError where totalNorm is no tensor
 */
export function clipGradsWithNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  totalNorm: Tensor,
): void {
  takesNorm(arguments);
  scale(gradientsOf('clipGradsWithNorm_', parameters), maxNorm, totalNorm);
}

const takesValue = /* @__PURE__ */ signature('clipGradValue_', {
  parameters: K.anything,
  clipValue: K.nonNegative,
});

/**
 * Clamps each element of the gradients to [-clipValue, clipValue], in place. Follows `torch.nn.utils.clip_grad_value_`.
 * @throws ValueError unless clipValue is at least 0
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  takesValue(arguments);
  const gradients = gradientsOf('clipGradValue_', parameters);
  noGrad(() => {
    for (const g of gradients) clamp_(g, { min: -clipValue, max: clipValue });
  });
}
