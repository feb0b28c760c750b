import {
  AutogradError,
  applyMulti,
  copyElements,
  type DType,
  DTypeError,
  defineMulti,
  describeValue,
  formatShape,
  type GradNode,
  isGradEnabled,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
} from '@kindling/core';
import type { AnyModule } from '../callable.ts';
import {
  type Entry,
  type FullBackwardHook,
  type FullBackwardPreHook,
  type Gradients,
  registrars,
} from './kinds.ts';

type TapNode = GradNode<Tap>;

interface Tap {
  receive(grads: Gradients, node: TapNode): Gradients;
}

/** The identity of several tensors at once, whose derivative sees their gradients together, and hands them to hooks. */
const tap = defineMulti<Tap, readonly Tensor[], readonly Tensor[]>({
  name: 'backward_hook_function',
  saves: 0,
  infer: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
  kernel: (inputs, _, outs) =>
    inputs.forEach((x, i) => {
      copyElements(x, outs[i]!);
    }),
  derivative: (grads, node) => node.attrs.receive(grads, node),
});

/** One call of a module with backward hooks: gathers the gradients of its outputs, then of its inputs. */
export class BackwardWatch {
  readonly #module: AnyModule;
  readonly #preHooks: readonly Entry<FullBackwardPreHook<AnyModule>>[];
  readonly #hooks: readonly Entry<FullBackwardHook<AnyModule>>[];
  /** How many tensors went in, and which of them want a gradient. */
  #inputCount = 0;
  #wanting: readonly number[] = [];
  /** What has arrived at the outputs and not yet at the inputs. */
  #gradOutput: Gradients | null = null;

  constructor(
    module: AnyModule,
    preHooks: readonly Entry<FullBackwardPreHook<AnyModule>>[],
    hooks: readonly Entry<FullBackwardHook<AnyModule>>[],
  ) {
    this.#module = module;
    this.#preHooks = preHooks;
    this.#hooks = hooks;
  }

  enter(args: unknown[]): unknown[] {
    const { values, count, wanting } = tapped(args, (grads, node) => this.#inputGradients(grads, node));
    this.#inputCount = count;
    this.#wanting = wanting;
    return values;
  }

  leave(output: unknown): unknown {
    if (Array.isArray(output)) return this.#tapOutputs(output);
    return this.#tapOutputs([output])[0];
  }

  #tapOutputs(outputs: unknown[]): unknown[] {
    const { values, count, wanting } = tapped(outputs, (grads, node) => {
      const gradOutput = this.#outputGradients(atPlaces(grads, wanting, count), wanting, node);
      // Nothing will arrive at the inputs: the hooks run now.
      if (this.#wanting.length === 0) this.#runWithoutInputs(gradOutput);
      else this.#gradOutput = gradOutput;
      return wanting.map((at) => gradOutput[at] ?? null);
    });
    return values;
  }

  /** What the pre-hooks make of the gradients of the outputs. */
  #outputGradients(grads: Gradients, wanting: readonly number[], node: TapNode): Gradients {
    let result = grads;
    for (const { hook } of this.#preHooks) {
      const returned = hook(this.#module, result);
      if (returned != null) result = checked('backwardPre', returned, wanting, result.length, node);
    }
    return result;
  }

  #inputGradients(grads: Gradients, node: TapNode): Gradients {
    const gradOutput = this.#gradOutput;
    // In a double backward gradients may come to the inputs past the outputs: that is not the module's backward.
    if (gradOutput === null) return grads;
    this.#gradOutput = null;
    const places = this.#wanting;
    let result = atPlaces(grads, places, this.#inputCount);
    for (const { hook } of this.#hooks) {
      const returned = hook(this.#module, result, gradOutput);
      if (returned != null) result = checked('backward', returned, places, result.length, node);
    }
    return places.map((at) => result[at] ?? null);
  }

  #runWithoutInputs(gradOutput: Gradients): void {
    const none = atPlaces([], [], this.#inputCount);
    for (const { hook } of this.#hooks) {
      const returned: unknown = hook(this.#module, none, gradOutput);
      if (returned == null || (Array.isArray(returned) && returned.every((g) => g === null))) continue;
      throw new AutogradError(
        'registerFullBackwardHook: the backward hook of a module where no input requires a gradient should always return ' +
          'nothing, or null for all gradients',
      );
    }
  }
}

/** Which gradients hooks give: of what, and the name of each. */
const given = {
  backwardPre: {
    caller: registrars.backwardPre,
    hook: 'Backward pre hook',
    grads: 'gradOutput',
    of: 'outputs',
  },
  backward: { caller: registrars.backward, hook: 'Backward hook', grads: 'gradInput', of: 'inputs' },
} as const;

/** What a hook returned, once it is known to be gradients for the tensors at these places, of `count`. */
function checked(
  kind: keyof typeof given,
  returned: unknown,
  places: readonly number[],
  count: number,
  node: TapNode,
): Gradients {
  const { caller, hook, grads, of } = given[kind];
  if (!Array.isArray(returned) || returned.length !== count) {
    const got = Array.isArray(returned) ? returned.length : describeValue(returned);
    throw new AutogradError(
      `${caller}: ${hook} returned an invalid number of ${grads}, got ${got}, but expected ${count}: ` +
        `an array with one gradient, or null, for each tensor among the ${of}`,
    );
  }
  places.forEach((at, k) => {
    checkGradient(caller, returned[at], at, node.shape(k), node.dtype(k));
  });
  return returned as Gradients;
}

function checkGradient(caller: string, g: unknown, i: number, shape: Shape, dtype: DType): void {
  if (g === null) return;
  const who = `${caller}: gradient ${i} that the hook returned`;
  if (!(g instanceof Tensor))
    throw new DTypeError(`${who} is ${describeValue(g)}; expected a Tensor or null`);
  if (!sameShape(g.shape, shape)) {
    throw new ShapeError(
      `${who} has changed the size of value (was ${formatShape(shape)} got ${formatShape(g.shape)})`,
    );
  }
  if (g.dtype !== dtype)
    throw new DTypeError(`${who} has changed the type of value (was ${dtype} got ${g.dtype})`);
}

/** A gradient for each of `count` tensors, `null` for those that want none. */
function atPlaces(grads: Gradients, wanting: readonly number[], count: number): Gradients {
  const all = new Array<Tensor | null>(count).fill(null);
  wanting.forEach((at, k) => {
    all[at] = grads[k] ?? null;
  });
  return all;
}

/** Passes those tensors that require a gradient through {@link tap}. `wanting` are their places among the tensors. */
function tapped(list: unknown[], receive: Tap['receive']) {
  const values = [...list];
  const places: number[] = [];
  const wanting: number[] = [];
  let count = 0;
  list.forEach((x, i) => {
    if (!(x instanceof Tensor)) return;
    if (x.requiresGrad && isGradEnabled()) {
      places.push(i);
      wanting.push(count);
    }
    count++;
  });
  if (places.length > 0) {
    const inputs = places.map((i) => list[i] as Tensor);
    const outs = applyMulti(tap, inputs, { receive });
    places.forEach((i, k) => {
      values[i] = outs[k];
    });
  }
  return { values, count, wanting };
}
