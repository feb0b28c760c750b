import { alias } from '../arguments/composition.ts';
import { K, signature } from '../arguments/index.ts';
import { isFloatingPoint } from '../dtype.ts';
import { AutogradError, DTypeError, ShapeError } from '../errors.ts';
import { disown, isPromise } from '../readable.ts';
import { isInferenceModeEnabled } from '../record/grad-mode.ts';
import { changesSetting, isTraced } from '../record/host.ts';
import { formatShape, sameShape } from '../shape.ts';
import { autogradOf, type GradHook, type HookList, noteChange, requireUnfrozen, Tensor } from '../tensor.ts';
import { handOut } from './ownership.ts';

/** What registering a hook returns. */
export interface RemovableHandle {
  /** Takes the hook out again; a second call does nothing. */
  remove(): void;
}

function register<K extends PropertyKey, H>(
  place: { [key in K]: HookList<H> | null | undefined },
  key: K,
  hook: H,
): RemovableHandle {
  const entry = { hook };
  place[key] = [...(place[key] ?? []), entry];
  noteChange();
  return {
    remove() {
      place[key] = place[key]?.filter((other) => other !== entry) ?? null;
      noteChange();
    },
  };
}

const hooked = { x: K.tensor, hook: K.callable };
const registerHookTakes = signature('registerHook', hooked);
const registerPostTakes = signature('registerPostAccumulateGradHook', hooked);
const retainGradTakes = signature('retainGrad', { x: K.tensor });
const requiresGradInPlaceTakes = signature('requiresGrad_', { x: K.tensor, value: K.optional(K.flag) });

/**
 * Calls `hook` with the gradient of `x` each time one is computed, before it flows on; a tensor that the hook returns
 * takes its place (changing the gradient in place is not allowed). Hooks run in the order of registration. A hook on a
 * tensor that is later changed in place still sees the gradient of the old value. Follows `Tensor.register_hook`.
 * @returns a handle whose `remove()` takes the hook out.
 * @throws AutogradError if `x` does not require a gradient.
 * @example
 * ```ts
 * const x = tensor([1.5, 2], { requiresGrad: true });
 * const handle = x.registerHook((g) => g.mul(2));
 * x.sum().backward();
 * x.grad; // tensor([2., 2.])
 * handle.remove();
 * ```
 */
export function registerHook(x: Tensor, hook: GradHook): RemovableHandle {
  registerHookTakes(arguments);
  if (!x.requiresGrad)
    throw new AutogradError("registerHook: cannot register a hook on a tensor that doesn't require gradient");
  const { gradFn, outputNumber } = autogradOf(x);
  if (gradFn === null) requireUnfrozen('registerHook', x);
  return gradFn === null
    ? register(autogradOf(x), 'hooks', hook)
    : register((gradFn.hooks ??= []), outputNumber, hook);
}

/**
 * Lets backward keep the gradient of `x` in `x.grad` although `x` is no leaf; nothing on leaves, which keep it anyway.
 * The gradient is the one left after all hooks. Follows `Tensor.retain_grad`.
 * @throws AutogradError if `x` does not require a gradient.
 * @example
 * ```ts
 * const y = tensor([1.5, 2], { requiresGrad: true }).mul(3);
 * y.retainGrad();
 * y.square().sum().backward();
 * y.grad; // tensor([ 9., 12.])
 * ```
 */
export function retainGrad(x: Tensor): void {
  retainGradTakes(arguments);
  if (!x.requiresGrad)
    throw new AutogradError("retainGrad: can't retainGrad on Tensor that has requiresGrad=false");
  if (x.gradFn === null) return;
  (x.gradFn.retained ??= [])[autogradOf(x).outputNumber] = x;
}

/** Whether {@link retainGrad} was called on `x`, which is no leaf. Follows `Tensor.retains_grad`. */
export const retainsGrad = (x: Tensor): boolean =>
  Tensor.is(x) && x.gradFn?.retained?.[autogradOf(x).outputNumber] === x;

/**
 * Calls `hook` with the leaf `x` each time backward has added to `x.grad`: an optimizer may there update `x` and set
 * `x.grad` to `null`. Follows `Tensor.register_post_accumulate_grad_hook`.
 * @throws AutogradError if `x` does not require a gradient, or is no leaf.
 * @example
 * ```ts
 * const w = tensor([1.5, 2], { requiresGrad: true });
 * w.registerPostAccumulateGradHook((x) => noGrad(() => x.sub_(x.grad ?? 0, { alpha: 0.1 })));
 * w.square().sum().backward();
 * w.detach(); // tensor([1.2000, 1.6000])
 * ```
 */
export function registerPostAccumulateGradHook(x: Tensor, hook: (x: Tensor) => void): RemovableHandle {
  registerPostTakes(arguments);
  const name = 'registerPostAccumulateGradHook';
  if (!x.requiresGrad)
    throw new AutogradError(`${name}: cannot register a hook on a tensor that doesn't require gradient`);
  if (x.gradFn !== null) {
    throw new AutogradError(`${name}: post accumulate grad hooks cannot be registered on non-leaf tensors`);
  }
  requireUnfrozen(name, x);
  return register(autogradOf(x), 'accumulateHooks', hook);
}

/**
 * Sets whether operations on the leaf `x` are recorded, and returns `x`. Follows `Tensor.requires_grad_`.
 * @throws AutogradError for `true` on a dtype other than float, and for `false` on a tensor that is no leaf.
 * @example zeros(2).requiresGrad_(); // tensor([0., 0.], requires_grad=True)
 */
export function requiresGrad_(x: Tensor, value = true): Tensor {
  requiresGradInPlaceTakes(arguments);
  if (x.gradFn !== null) {
    if (value) return x;
    throw new AutogradError(
      'requiresGrad_: you can only change requiresGrad flags of leaf variables. If you want to use a computed variable in a subgraph ' +
        "that doesn't require differentiation use x.detach().",
    );
  }
  if (value && !isFloatingPoint(x.dtype)) {
    throw new AutogradError(
      `requiresGrad_: only Tensors of floating point dtype can require gradients, got ${x.dtype}`,
    );
  }
  if (value && autogradOf(x).inference && !isInferenceModeEnabled()) {
    throw new AutogradError(
      'requiresGrad_: Setting requiresGrad=true on inference tensor outside InferenceMode is not allowed.',
    );
  }
  requireUnfrozen('requiresGrad_', x);
  if (isTraced() && x.requiresGrad !== value)
    changesSetting(
      x,
      () => x.requiresGrad,
      (flag) => setFlag(x, flag),
    );
  setFlag(x, value);
  return x;
}

function setFlag(x: Tensor, value: boolean): void {
  autogradOf(x).leafRequiresGrad = value;
  noteChange();
}

/** {@link requiresGrad_}, which as a function has a name without underscore. Follows `Tensor.requires_grad_`. */
export const setRequiresGrad: typeof requiresGrad_ = alias('setRequiresGrad', requiresGrad_);

/** What the hooks of a tensor make of a gradient that arrives at it. */
export function runHooks(hooks: HookList<GradHook> | null | undefined, gradient: Tensor): Tensor {
  if (hooks == null || hooks.length === 0) return gradient;
  let g = gradient;
  handOut(g);
  for (const { hook } of hooks) {
    const result = hook(g);
    if (result == null) continue;
    checkHookResult(result, g, hook.name);
    handOut(result);
    result.storage.holders++;
    g.storage.holders--;
    g = result;
  }
  return g;
}

/** Tells the hooks of a leaf that its `.grad` has grown. */
export function runAccumulateHooks(x: Tensor): void {
  const hooks = autogradOf(x).accumulateHooks;
  if (hooks !== null) for (const { hook } of hooks) hook(x);
}

function checkHookResult(result: unknown, g: Tensor, name: string): asserts result is Tensor {
  const who = `gradient hook '${name || '<anonymous>'}'`;
  if (!(result instanceof Tensor)) {
    disown(result);
    throw new AutogradError(
      `${who}: expected a Tensor or nothing, but the hook returned ${describe(result)}`,
    );
  }
  if (!sameShape(result.shape, g.shape)) {
    throw new ShapeError(
      `${who} has changed the size of value (was ${formatShape(g.shape)} got ${formatShape(result.shape)})`,
    );
  }
  if (result.dtype !== g.dtype) {
    throw new DTypeError(`${who} has changed the type of value (was ${g.dtype} got ${result.dtype})`);
  }
}

const describe = (x: unknown): string =>
  isPromise(x) ? 'a Promise' : typeof x === 'object' ? 'an object' : `a ${typeof x}`;

/** The functions of this file that are methods too. */
export default { registerHook, registerPostAccumulateGradHook, retainGrad, requiresGrad_ };
