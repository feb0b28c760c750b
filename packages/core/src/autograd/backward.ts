import { K, signature } from '../arguments/index.ts';
import { AutogradError, ValueError } from '../errors.ts';
import { zerosLike } from '../ops/creation/fill.ts';
import type { Tensor } from '../tensor.ts';
import { runBackward } from './engine.ts';

/** Options of {@link backward}, and of the method `x.backward()`, which also takes `gradient`. */
export interface BackwardOptions {
  /** The gradient of the tensor itself; needed unless it has one element. */
  readonly gradient?: Tensor;
  /** Keep what was saved, so that the graph can be walked again. Default: `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the backward pass itself, for higher derivatives. Default: false. */
  readonly createGraph?: boolean;
  /**
   * Only these get gradients; those that are no leaves retain theirs from then on. Default: every leaf that the tensor
   * was computed from.
   */
  readonly inputs?: Tensor | readonly Tensor[];
}

const tensorOrTensors = K.either(K.tensor, K.tensors);
const gradientsKind = K.nullable(K.either(K.tensor, K.listOf(K.nullable(K.tensor), 'an array of tensors')));
/** @internal What the options of a walk take. */
export const backwardKinds = {
  retainGraph: K.flag,
  createGraph: K.flag,
  inputs: tensorOrTensors,
};
const graphKinds = { retainGraph: K.flag, createGraph: K.flag };
const backwardTakes = signature('backward', {
  tensors: tensorOrTensors,
  gradients: gradientsKind,
  options: K.options<Omit<BackwardOptions, 'gradient'>>(backwardKinds),
});
const gradTakes = signature('grad', {
  outputs: tensorOrTensors,
  inputs: tensorOrTensors,
  options: K.options<GradOptions>({
    gradOutputs: gradientsKind,
    ...graphKinds,
    allowUnused: K.flag,
    materializeGrads: K.flag,
  }),
});

const asList = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);

/**
 * Computes the gradients of `tensors` (each with one element, or with a gradient in `gradients`) with respect to the
 * leaves that they were computed from, and adds them to the leaves' `.grad`. Follows `torch.autograd.backward`.
 * @throws AutogradError where a tensor requires no gradient, or has more than one element and no gradient is given;
 *   where the graph was freed by an earlier walk, or a tensor that it saved was changed in place since
 * @throws ShapeError where a gradient has not the shape of its tensor
 * @example
 * ```ts
 * const w = tensor([2.5, 3], { requiresGrad: true });
 * autograd.backward(w.mul(w).sum());
 * w.grad; // tensor([5., 6.])
 * ```
 */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradients: Tensor | readonly (Tensor | null)[] | null = null,
  options: Omit<BackwardOptions, 'gradient'> = {},
): void {
  backwardTakes(arguments);
  const roots = asList<Tensor>(tensors);
  const { createGraph = false, retainGraph = createGraph, inputs } = options;
  const targets = inputs === undefined ? null : asList<Tensor>(inputs);
  if (targets?.length === 0)
    throw new AutogradError('backward: `inputs` argument to `backward()` cannot be empty.');
  const firsts = gradients === null ? [] : asList<Tensor | null>(gradients);
  const walk = { retainGraph, createGraph, inputs: targets };
  runBackward({ caller: 'backward', roots, gradients: firsts, ...walk, accumulate: true });
}

/** Options of {@link grad}. */
export interface GradOptions {
  /** The gradients of the outputs; needed for those with more than one element. */
  readonly gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Keep what was saved, so that the graph can be walked again. Default: `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the backward pass itself, for higher derivatives. Default: false. */
  readonly createGraph?: boolean;
  /** Give `null`, instead of an error, for inputs that the outputs do not depend on. Default: false. */
  readonly allowUnused?: boolean;
  /** Give zeros for those, which allows them. Default: false. */
  readonly materializeGrads?: boolean;
}

/** A list with one for each of what is given, which may be one tensor alone. */
export type ForEach<I, T> = I extends readonly unknown[] ? { -readonly [P in keyof I]: T } : [T];

/**
 * The sum of the gradients of `outputs` with respect to each of `inputs`; `.grad` is not touched.
 * Follows `torch.autograd.grad`.
 * @throws AutogradError as {@link backward}, and, unless `allowUnused` or `materializeGrads`, where the outputs do not
 *   depend on an input; ValueError for `materializeGrads` where `allowUnused` is false
 * @throws ShapeError where a gradient has not the shape of its output
 * @example
 * ```ts
 * const x = tensor(1.5, { requiresGrad: true });
 * const [dx] = autograd.grad(x.pow(2), [x], { createGraph: true });
 * dx.item(); // 3
 * autograd.grad(dx, x); // [ tensor(2.) ]
 * ```
 */
export function grad<const I extends Tensor | readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: I,
  options: GradOptions & { allowUnused: true; materializeGrads?: false },
): ForEach<I, Tensor | null>;
export function grad<const I extends Tensor | readonly Tensor[]>(
  outputs: Tensor | readonly Tensor[],
  inputs: I,
  options?: GradOptions,
): ForEach<I, Tensor>;
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): unknown {
  gradTakes(arguments);
  const { createGraph = false, retainGraph = createGraph, gradOutputs, materializeGrads = false } = options;
  const { allowUnused = materializeGrads } = options;
  if (materializeGrads && !allowUnused)
    throw new ValueError('grad: allowUnused: expected true, or nothing, with materializeGrads: true');
  const gradients = gradOutputs === undefined ? [] : asList<Tensor | null>(gradOutputs);
  const targets = asList<Tensor>(inputs);
  const request = { roots: asList<Tensor>(outputs), gradients, retainGraph, createGraph, inputs: targets };
  const found = runBackward({ caller: 'grad', ...request, accumulate: false });
  if (!allowUnused) {
    const missing = found.indexOf(null);
    if (missing >= 0) {
      throw new AutogradError(
        `grad: The differentiated Tensor at index ${missing} appears to not have been used in the graph. ` +
          'Set allowUnused: true if this is the desired behavior.',
      );
    }
  }
  return materializeGrads ? found.map((gradient, i) => gradient ?? zerosLike(targets[i] as Tensor)) : found;
}
