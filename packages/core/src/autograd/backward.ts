import { AutogradError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { runBackward } from './engine.ts';

/** Options of {@link backward}, and of the method `x.backward()`, which also takes `gradient`. */
export interface BackwardOptions {
  /** The gradient of the tensor itself; needed unless it has one element. */
  readonly gradient?: Tensor;
  /** Keep what was saved, so that the graph can be walked again. Default: `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the backward pass itself, for higher derivatives. */
  readonly createGraph?: boolean;
  /** Only these get gradients. */
  readonly inputs?: Tensor | readonly Tensor[];
}

const asList = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);

/**
 * Computes the gradients of `tensors` (each with one element, or with a gradient in `gradients`) with respect to the
 * leaves that they were computed from, and adds them to the leaves' `.grad`.
 *
 * @example
 * ```ts
 * const w = tensor([2, 3], { requiresGrad: true });
 * autograd.backward(w.mul(w).sum());
 * w.grad; // tensor([4., 6.])
 * ```
 */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradients: Tensor | readonly (Tensor | null)[] | null = null,
  options: Omit<BackwardOptions, 'gradient'> = {},
): void {
  const roots = asList<Tensor>(tensors);
  const { createGraph = false, retainGraph = createGraph, inputs } = options;
  const targets = inputs === undefined ? null : asList<Tensor>(inputs);
  if (targets?.length === 0) throw new AutogradError('`inputs` argument to `backward()` cannot be empty.');
  const firsts = gradients === null ? [] : asList<Tensor | null>(gradients);
  runBackward({ roots, gradients: firsts, retainGraph, createGraph, inputs: targets, accumulate: true });
}

/** Options of {@link grad}. */
export interface GradOptions {
  /** The gradients of the outputs; needed for those with more than one element. */
  readonly gradOutputs?: Tensor | readonly (Tensor | null)[];
  readonly retainGraph?: boolean;
  readonly createGraph?: boolean;
  /** Give `null`, instead of an error, for inputs that the outputs do not depend on. */
  readonly allowUnused?: boolean;
}

/**
 * The sum of the gradients of `outputs` with respect to each of `inputs`; `.grad` is not touched
 * (PyTorch's `torch.autograd.grad`).
 *
 * @example
 * ```ts
 * const x = tensor(3, { dtype: 'float64', requiresGrad: true });
 * const [dx] = autograd.grad(x.pow(3), [x], { createGraph: true }); // 27
 * const [d2x] = autograd.grad(dx, [x]); // 18
 * ```
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, gradOutputs } = options;
  const gradients = gradOutputs === undefined ? [] : asList<Tensor | null>(gradOutputs);
  const targets = asList<Tensor>(inputs);
  const request = { roots: asList<Tensor>(outputs), gradients, retainGraph, createGraph, inputs: targets };
  const found = runBackward({ ...request, accumulate: false });
  if (!allowUnused) {
    const missing = found.indexOf(null);
    if (missing >= 0) {
      throw new AutogradError(
        `The differentiated Tensor at index ${missing} appears to not have been used in the graph. ` +
          'Set allowUnused: true if this is the desired behavior.',
      );
    }
  }
  return found;
}
