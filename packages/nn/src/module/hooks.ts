import {
  AutogradError,
  applyMulti,
  checkArguments,
  copyElements,
  type DType,
  DTypeError,
  defineMulti,
  formatShape,
  type GradNode,
  isGradEnabled,
  K,
  noteChange,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
} from '@kindling/core';
import type { AnyModule } from './callable.ts';
import { refuseExcessInput } from './excess-input.ts';

/** What registering a hook gives: `remove()` takes the hook away again. */
export interface RemovableHandle {
  /** Takes the hook away; a second time nothing happens. */
  remove(): void;
}

/** Options of the registering methods. */
export interface HookOptions {
  /** Run before the hooks registered so far, not after them. Default: false. */
  readonly prepend?: boolean;
}

/*
 * A Module of any kind must pass for an AnyModule, though hooks name its arguments. So their types are taken from
 * methods, whose parameters TypeScript compares both ways, and marked, since it compares plain callbacks one way all
 * the same.
 */
interface Marked {
  readonly [hookMark]?: never;
}
declare const hookMark: unique symbol;

/** See `registerForwardPreHook`. */
export type ForwardPreHook<M, I> = { hook(module: M, input: I): unknown }['hook'] & Marked;

/** See `registerForwardHook`. */
export type ForwardHook<M, I, O> = { hook(module: M, input: I, output: O): O | void }['hook'] & Marked;

/** See `registerFullBackwardHook`. */
export type FullBackwardHook<M> = {
  hook(module: M, gradInput: Gradients, gradOutput: Gradients): Gradients | void;
}['hook'] &
  Marked;

type PreHook = (module: AnyModule, input: unknown[]) => unknown;
type AnyForwardHook = (module: AnyModule, input: unknown[], output: unknown) => unknown;
type Gradients = readonly (Tensor | null)[];
type BackwardHook = (module: AnyModule, gradInput: Gradients, gradOutput: Gradients) => Gradients | void;

/** The hooks of one module, in the order in which they run. */
export interface ModuleHooks {
  readonly pre: PreHook[];
  readonly forward: AnyForwardHook[];
  readonly backward: BackwardHook[];
}

const registrars: Record<keyof ModuleHooks, string> = {
  pre: 'registerForwardPreHook',
  forward: 'registerForwardHook',
  backward: 'registerFullBackwardHook',
};
const hookParameters = {
  hook: K.callable,
  options: /* @__PURE__ */ K.options<HookOptions>({ prepend: K.flag }),
};

/** Adds a hook to the list; the handle takes this one away, also where the same function stands there twice. */
export function addHook(
  module: AnyModule,
  hooks: ModuleHooks,
  kind: keyof ModuleHooks,
  hook: (...input: never[]) => unknown,
  options: HookOptions = {},
): RemovableHandle {
  checkArguments(`${module.constructor.name}.${registrars[kind]}`, hookParameters, [hook, options]);
  const list: ((...input: never[]) => unknown)[] = hooks[kind];
  const entry = (...input: never[]): unknown => hook(...input);
  if (options.prepend === true) list.unshift(entry);
  else list.push(entry);
  noteChange();
  return {
    remove() {
      const i = list.indexOf(entry);
      if (i >= 0) list.splice(i, 1);
      noteChange();
    },
  };
}

/** Calls a module that has hooks: pre-hooks may replace the input, forward hooks the output. */
export function runWithHooks(
  module: AnyModule & { forward(...input: unknown[]): unknown },
  input: unknown[],
  hooks: ModuleHooks,
): unknown {
  // Those that a pre-hook adds begin with the next call, as in PyTorch.
  const watch = hooks.backward.length === 0 ? null : new BackwardWatch(module, [...hooks.backward]);
  let args = input;
  for (const hook of [...hooks.pre]) {
    const result = hook(module, args);
    if (result !== undefined && result !== null) args = Array.isArray(result) ? result : [result];
  }
  if (watch !== null) args = watch.enter(args);
  refuseExcessInput(module, args);
  let output = module.forward(...args);
  for (const hook of [...hooks.forward]) {
    const result = hook(module, args, output);
    if (result !== undefined) output = result;
  }
  return watch === null ? output : watch.leave(output);
}

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
class BackwardWatch {
  readonly #module: AnyModule;
  readonly #hooks: readonly BackwardHook[];
  /** How many tensors went in, and which of them want a gradient. */
  #inputCount = 0;
  #wanting: readonly number[] = [];
  /** What has arrived at the outputs and not yet at the inputs. */
  #gradOutput: Gradients | null = null;

  constructor(module: AnyModule, hooks: readonly BackwardHook[]) {
    this.#module = module;
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
    const { values, count, wanting } = tapped(outputs, (grads) => {
      const gradOutput = atPlaces(grads, wanting, count);
      // Nothing will arrive at the inputs: the hooks run now.
      if (this.#wanting.length === 0) this.#runWithoutInputs(gradOutput);
      else this.#gradOutput = gradOutput;
      return grads;
    });
    return values;
  }

  #inputGradients(grads: Gradients, node: TapNode): Gradients {
    const gradOutput = this.#gradOutput;
    // In a double backward gradients may come to the inputs past the outputs: that is not the module's backward.
    if (gradOutput === null) return grads;
    this.#gradOutput = null;
    const places = this.#wanting;
    let result = atPlaces(grads, places, this.#inputCount);
    for (const hook of this.#hooks) {
      const returned = hook(this.#module, result, gradOutput);
      if (returned == null) continue;
      checkCount(returned, result.length);
      places.forEach((at, k) => {
        checkGradient(returned[at], at, node.shape(k), node.dtype(k));
      });
      result = returned;
    }
    return places.map((at) => result[at] ?? null);
  }

  #runWithoutInputs(gradOutput: Gradients): void {
    const none = atPlaces([], [], this.#inputCount);
    for (const hook of this.#hooks) {
      const returned: unknown = hook(this.#module, none, gradOutput);
      if (returned == null || (Array.isArray(returned) && returned.every((g) => g === null))) continue;
      throw new AutogradError(
        'registerFullBackwardHook: the backward hook of a module where no input requires a gradient should always return ' +
          'nothing, or null for all gradients',
      );
    }
  }
}

function checkCount(returned: unknown, expected: number): asserts returned is Gradients {
  if (Array.isArray(returned) && returned.length === expected) return;
  const got = Array.isArray(returned)
    ? returned.length
    : returned instanceof Tensor
      ? 'a Tensor'
      : `a ${typeof returned}`;
  throw new AutogradError(
    `registerFullBackwardHook: Backward hook returned an invalid number of gradInput, got ${got}, but expected ${expected}: ` +
      'an array with one gradient, or null, for each tensor among the inputs',
  );
}

function checkGradient(g: unknown, i: number, shape: Shape, dtype: DType): void {
  if (g === null) return;
  const who = `registerFullBackwardHook: gradient ${i} that the hook returned`;
  if (!(g instanceof Tensor)) throw new DTypeError(`${who} is a ${typeof g}; expected a Tensor or null`);
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
