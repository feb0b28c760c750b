import { checkArguments, K, signature } from '../arguments/index.ts';
import { AutogradError, ValueError } from '../errors.ts';
import { defaultGenerator } from '../random/generator.ts';
import { disown, isArray, isPromise } from '../readable.ts';
import { isRecording, withGradMode, withRecording } from '../record/flags.ts';
import { observe } from '../record/index.ts';
import { announce } from '../record/observe.ts';
import { SavedTensors } from '../record/saved-tensors.ts';
import { formatShape, sameShape } from '../shape.ts';
import { autogradOf, isOfClass, Tensor } from '../tensor.ts';
import { runBackward } from './engine.ts';
import { bindOutputs, FunctionNode, type FunctionOutput } from './function.ts';

/** Options of {@link checkpointWith}. */
export interface CheckpointOptions {
  /** Whether the recomputation draws the same random numbers (dropout) as the first run. Default: true. */
  readonly preserveRngState?: boolean;
}

const checkpointWithTakes = signature('checkpointWith', {
  options: K.given<CheckpointOptions>({ preserveRngState: K.flag }),
  fn: K.callable,
});

/**
 * Runs `fn(...args)` without keeping what its backward needs: backward runs `fn` again instead. Memory for time.
 *
 * Gradients reach the tensors among `args` and also those that `fn` captures, parameters say. `fn` must give the same
 * result both times; random numbers of the default generator are repeated. Checkpoints may be nested, and second
 * derivatives work. Follows `torch.utils.checkpoint.checkpoint` with `use_reentrant=False`.
 * @throws AutogradError where `fn` returns a promise, and in backward where it gives results of another shape than
 *   before
 * @example
 * ```ts
 * const x = tensor([0.5, 1], { requiresGrad: true });
 * const y = autograd.checkpoint((h: Tensor) => h.square().exp(), x);
 * y.sum().backward();
 * x.grad; // tensor([1.2840, 5.4366])
 * ```
 */
export function checkpoint<Args extends readonly unknown[], Out extends FunctionOutput>(
  fn: (...args: Args) => Out,
  ...args: Args
): Out {
  checkArguments('checkpoint', { fn: K.callable }, [fn]);
  return withoutGraph('checkpoint', true, fn, args);
}

/**
 * {@link checkpoint} with options, Kindling's own form: they come first, since `args` may end in an object of the
 * caller's.
 * @throws AutogradError as {@link checkpoint}
 */
export function checkpointWith<Args extends readonly unknown[], Out extends FunctionOutput>(
  options: CheckpointOptions,
  fn: (...args: Args) => Out,
  ...args: Args
): Out {
  checkpointWithTakes([options, fn]);
  return withoutGraph('checkpointWith', options.preserveRngState ?? true, fn, args);
}

const sequentialTakes = signature('checkpointSequential', {
  functions: K.iterable('the parts in their order, such as an nn.Sequential'),
  segments: K.positiveCount,
  input: K.anything,
  options: K.options<CheckpointOptions>({ preserveRngState: K.flag }),
});

/**
 * Calls one function after the other, in so many segments: each but the last is a {@link checkpoint}, which keeps its
 * input alone and is run again in backward. Follows `torch.utils.checkpoint.checkpoint_sequential` with
 * `use_reentrant=False`.
 * @param functions functions or modules, each of which takes what the one before it gives: an `nn.Sequential`
 * @throws ValueError for what cannot be iterated, and for segments that are no positive integer or more than there are
 *   functions; AutogradError as {@link checkpoint}
 * @example
 * ```ts
 * const x = tensor([0.5, 1], { requiresGrad: true });
 * const parts = [(h: Tensor) => h.square(), (h: Tensor) => h.exp()];
 * autograd.checkpointSequential(parts, 2, x).sum().backward();
 * x.grad; // tensor([1.2840, 5.4366])
 * ```
 */
export function checkpointSequential<In = Tensor, Out extends FunctionOutput = Tensor>(
  functions: Iterable<(input: never) => unknown>,
  segments: number,
  input: In,
  options: CheckpointOptions = {},
): Out {
  sequentialTakes(arguments);
  const parts = [...functions] as unknown as ((x: unknown) => Out)[];
  for (const [i, part] of parts.entries())
    checkArguments('checkpointSequential', { [`function ${i}`]: K.callable }, [part]);
  if (segments > parts.length)
    throw new ValueError(`checkpointSequential: ${parts.length} functions do not make ${segments} segments`);
  const size = Math.floor(parts.length / segments);
  const run = (from: number, to?: number) => (x: unknown) =>
    parts.slice(from, to).reduce((value: unknown, part) => part(value), x) as Out;
  const preserve = options.preserveRngState ?? true;
  let value: unknown = input;
  const last = size * (segments - 1);
  for (let from = 0; from < last; from += size)
    value = withoutGraph('checkpointSequential', preserve, run(from, from + size), [value]);
  return run(last)(value);
}

function withoutGraph<Args extends readonly unknown[], Out extends FunctionOutput>(
  caller: string,
  preserveRngState: boolean,
  fn: (...args: Args) => Out,
  args: Args,
): Out {
  if (!isRecording()) return fn(...args);
  const rngState = preserveRngState ? defaultGenerator.getState() : null;
  const { result, inputs } = runWithoutGraph(caller, fn, args);
  if (inputs.length === 0) return result;

  const single = !Array.isArray(result);
  const outputs: readonly unknown[] = single ? [result] : result;
  const shapes = outputs.map((y) => (y instanceof Tensor ? y.shape : null));
  const saved = new SavedTensors(inputs);
  const node = announce(
    new FunctionNode('Checkpoint', inputs, saved, (grads, self) => {
      saved.read(self.name, self.trace);
      const again = repeatingRandom(rngState, () => withRecording(() => fn(...args)));
      return gradientsOf(caller, Array.isArray(again) ? again : [again], shapes, grads, inputs);
    }),
  );
  const bound = bindOutputs(node, outputs, inputs, new Set(), new Set());
  return (single ? bound[0] : bound) as Out;
}

/** Runs `fn` without recording, and finds the tensors from outside, given or captured, that want a gradient. */
function runWithoutGraph<Args extends readonly unknown[], Out>(
  caller: string,
  fn: (...args: Args) => Out,
  args: Args,
) {
  const found = new Set<Tensor>();
  const made = new Set<Tensor>();
  const stop = observe({
    before(_, inputs) {
      for (const x of inputs) if (x.requiresGrad && !made.has(x)) found.add(x);
    },
    after(_, __, ___, outputs) {
      for (const y of outputs) if (y.requiresGrad && !found.has(y)) made.add(y);
    },
  });
  try {
    const result = withGradMode(false, () => fn(...args));
    if (isPromise(result)) {
      disown(result);
      throw new AutogradError(`${caller}: the function must be synchronous, but it returned a Promise`);
    }
    for (const y of isArray(result) ? result : [result]) {
      if (isOfClass(y) && y.requiresGrad && !made.has(y)) found.add(y);
    }
    return { result, inputs: withoutRepeats([...found]) };
  } finally {
    stop();
  }
}

/** Two tensors may stand for one value of the graph (a detached alias bound to it): its gradient is wanted once. */
function withoutRepeats(tensors: readonly Tensor[]): Tensor[] {
  return tensors.filter(
    (x, i) =>
      i ===
      tensors.findIndex(
        (y) =>
          y === x ||
          (x.gradFn !== null &&
            y.gradFn === x.gradFn &&
            autogradOf(y).outputNumber === autogradOf(x).outputNumber),
      ),
  );
}

function repeatingRandom<T>(state: Uint8Array | null, fn: () => T): T {
  if (state === null) return fn();
  const now = defaultGenerator.getState();
  defaultGenerator.setState(state);
  try {
    return fn();
  } finally {
    defaultGenerator.setState(now);
  }
}

/** Differentiates the recomputed outputs, no further back than to `inputs`. */
function gradientsOf(
  caller: string,
  outputs: readonly unknown[],
  shapes: readonly (readonly number[] | null)[],
  grads: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
): (Tensor | null)[] {
  const roots: Tensor[] = [];
  const gradients: Tensor[] = [];
  for (let i = 0; i < outputs.length; i++) {
    const y = outputs[i];
    const expected = shapes[i];
    if (expected != null && !(y instanceof Tensor && sameShape(y.shape, expected))) {
      throw new AutogradError(
        `${caller}: Recomputed values have different metadata than during the forward pass: output ${i} had shape ` +
          `${formatShape(expected)} and now ${y instanceof Tensor ? formatShape(y.shape) : `is of type ${typeof y}`}`,
      );
    }
    const g = grads[i];
    if (g == null || !(y instanceof Tensor) || !y.requiresGrad) continue;
    roots.push(y);
    gradients.push(g);
  }
  if (roots.length === 0) return inputs.map(() => null);
  // Under createGraph the recomputed graph stays, as part of the graph of the gradients.
  const createGraph = isRecording();
  const request = { caller, roots, gradients, createGraph, retainGraph: createGraph, inputs };
  return runBackward({ ...request, accumulate: false, stopAtInputs: true });
}
