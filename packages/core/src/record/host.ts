import { ofCallback } from '../arguments/callback.ts';
import { checkArguments, K, signature } from '../arguments/index.ts';
import type { Tensor } from '../tensor.ts';
import { divider, timesTraced, told, tracer } from './observe.ts';

/**
 * Runs `fn`, and where a call is being compiled runs it again at each later one: for what a step does beside tensors,
 * such as counting, or working out the numbers of an optimizer's update. An object that it returns may be handed to an
 * operation as its attributes, which are then those of each call. Kindling's own.
 * @throws ValueError for what is no function
 * @example
 * ```ts
 * let count = 0;
 * const step = compile((x: Tensor) => {
 *   onHost(() => ++count);
 *   return x.mul(2);
 * });
 * for (let i = 0; i < 5; i++) step(ones(3));
 * count; // 5
 * ```
 */
export function onHost<T>(fn: () => T): T {
  try {
    return tracer === null ? fn() : tracer.host(fn);
  } catch (error) {
    throw ofCallback('onHost', fn, error);
  }
}

const dependsOnTakes = signature('dependsOn', { what: K.text, read: K.callable });

/**
 * Where a call is being compiled: the program serves as long as `read` gives the same value, or an array of the same
 * values; otherwise the call is compiled anew, and `explain()` says that it was for `what`. For what decides which
 * operations run, such as the flag `training` of a module. Kindling's own.
 * @throws ValueError for what is no function
 * @example
 * ```ts
 * let scale = 2;
 * const scaled = compile((x: Tensor) => {
 *   dependsOn('scale', () => scale);
 *   return x.mul(scale);
 * });
 * for (let i = 0; i < 3; i++) scaled(ones(1));
 * scale = 5;
 * scaled(ones(1)); // tensor([5.])
 * ```
 */
export function dependsOn(what: string, read: () => unknown): void {
  dependsOnTakes(arguments);
  if (tracer === null) return;
  const before = read();
  if (Array.isArray(before)) assumesSame(what, read as () => readonly unknown[]);
  else tracer.assumes(what, () => Object.is(read(), before), false);
}

/**
 * {@link dependsOn} by a check, which may be one that allocates nothing. What changes `seldom` is only checked after
 * `noteChange()`. Kindling's own.
 */
export const assumes = (what: string, holds: () => boolean, seldom = false): void =>
  tracer?.assumes(what, holds, seldom);

/** {@link assumes} that a list has the same values. Kindling's own. */
export function assumesSame(what: string, read: () => readonly unknown[], seldom = false): void {
  if (tracer === null) return;
  const before = [...read()];
  tracer.assumes(what, () => areSame(read(), before), seldom);
}

/**
 * Before a setting changes that lasts beyond a call, such as the flag `training` of a module: where a call is being
 * compiled, the program serves where the setting is then as it was when this call began, and leaves it as this call
 * does. There is one setting `of` each object. Kindling's own.
 */
export const changesSetting = <T>(of: object, read: () => T, write: (value: T) => void): void =>
  tracer?.sets(of, read, write as (value: unknown) => void);

/** What holds a compiled function, as a module does, and says on what of it a call depends. */
interface Owner {
  ownsCompiled?(): void;
}

/** Has the one on which a compiled function is called, as its method, say so. */
export function askOwner(owner: unknown): void {
  const { ownsCompiled } = (owner ?? {}) as Owner;
  if (typeof ownsCompiled === 'function') ownsCompiled.call(owner as Owner);
}

/**
 * Where a call is being compiled: `read` gives numbers that host parts work with, such as the learning rates of an
 * optimizer. A call that changes them beside `onHost` is refused, since later ones would not. Kindling's own.
 */
export const readOnHost = (what: string, read: () => readonly unknown[]): void => tracer?.guards(what, read);

/**
 * Runs `check`, which throws what it refuses and changes nothing, and where a call is being compiled runs it again
 * before each later one: where it throws then, the function itself runs, and ends in that error where it stands. After
 * the first {@link onHost} of a call, which may decide what comes of it, it runs in its place too. `explain()` says
 * that it was for `what`. Kindling's own.
 * @throws ValueError for what is no text, or no function
 * @example
 * ```ts
 * const options = { factor: 2 };
 * const scaled = compile((x: Tensor) => {
 *   checkOnHost('options', () => {
 *     if (!(options.factor > 0)) throw new Error('expected a factor above 0');
 *   });
 *   return x.mul(2);
 * });
 * for (let i = 0; i < 3; i++) scaled(ones(1));
 * options.factor = 0;
 * scaled(ones(1)); // throws Error: expected a factor above 0
 * ```
 */
export function checkOnHost(what: string, check: () => void): void {
  if (typeof check !== 'function' || typeof what !== 'string')
    checkArguments('checkOnHost', { what: K.text, check: K.callable }, arguments);
  try {
    if (tracer === null) check();
    else tracer.checks(what, check);
  } catch (error) {
    throw ofCallback('checkOnHost', check, error);
  }
}

/** Whether something throws. */
export function fails(check: () => void): boolean {
  try {
    check();
    return false;
  } catch {
    return true;
  }
}

const numberOnHostTakes = signature('numberOnHost', { x: K.tensor });

/**
 * The number in a tensor of one element as it is now, for host parts, which read no other tensor: one that
 * {@link readOnHost} names, so that no program changes it. Kindling's own.
 * @throws DTypeError for what is no tensor
 */
export function numberOnHost(x: Tensor): number {
  numberOnHostTakes(arguments);
  return x.storage.array[x.offset] ?? Number.NaN;
}

const fillOnHostTakes = signature('fillOnHost', { x: K.tensor, value: K.number });

/**
 * Fills a tensor of one element, for host parts: as its `fill_`, in no program. Kindling's own.
 * @throws DTypeError for what is no tensor, ValueError for what is no number
 */
export function fillOnHost(x: Tensor, value: number): void {
  fillOnHostTakes(arguments);
  x.storage.array[x.offset] = value;
  x.storage.version++;
}

export function areSame(now: readonly unknown[], before: readonly unknown[]): boolean {
  if (now.length !== before.length) return false;
  for (let i = 0; i < before.length; i++) if (!Object.is(now[i], before[i])) return false;
  return true;
}

/** Whether a call is being compiled. Follows `torch.compiler.is_compiling`. */
export const isCompiling = (): boolean => tracer?.records === true;

/**
 * Whether somebody asks what a call depends on: the first call of a compiled function, and those that are compiled.
 * Kindling's own.
 */
export const isTraced = (): boolean => tracer !== null;

/** @internal What can be kept without keeping it alive. */
export const anObject = K.kind(
  'an object or a function',
  (x) => (typeof x === 'object' && x !== null) || typeof x === 'function',
);

/**
 * Whether somebody asks what a call depends on and has not been told about `what`; from now on they have, so that
 * nobody says anything twice. Kindling's own.
 * @throws ValueError for what is no object, where somebody asks
 */
export function tellsOnce(what: object): boolean {
  if (tracer === null || told.has(what)) return false;
  if (!anObject.accepts(what)) checkArguments('tellsOnce', { what: anObject }, arguments);
  told.add(what);
  return true;
}

/**
 * Whether somebody asks what a call depends on, and has been told about `what` by {@link tellsOnce}. Kindling's own.
 */
export const wasTold = (what: object): boolean => tracer !== null && told.has(what);

/**
 * A number of its own for each time that somebody asks what a call depends on; 0 where nobody asks. What keeps it knows
 * whether it was made in the call that is asked about. Kindling's own.
 */
export const traceNumber = (): number => (tracer === null ? 0 : timesTraced);

/**
 * Makes state, a tensor that lasts; and says that this call cannot be compiled, but a later one may. Kindling's own.
 * @throws ValueError for what is no function
 */
export function compileLater(reason: string, make: () => Tensor): Tensor {
  if (!K.fits(K.callable, make))
    checkArguments('compileLater', { reason: K.text, make: K.callable }, arguments);
  return tracer === null ? make() : tracer.postpone(reason, make);
}

const cannotCompileTakes = signature('cannotCompile', { reason: K.text });

/**
 * Where a call is being compiled: refuses it, since no program could follow what comes; `reason` says what to write
 * instead. Such a function runs as it is where `fallback: 'eager'` says so. Kindling's own.
 * @throws CompileError with the reason, where a call is being compiled; ValueError for what is no text
 * @example
 * ```ts
 * function search(x: Tensor): Tensor {
 *   cannotCompile('search: how far it goes depends on values; call it outside');
 *   let y = x;
 *   while (y.sum().item() < 10) y = y.mul(2);
 *   return y;
 * }
 * const step = compile(search);
 * step(ones(2)); // tensor([8., 8.])
 * step(ones(2)); // throws CompileError: compile: search: how far it goes depends on values; call it outside
 * ```
 */
export function cannotCompile(reason: string): void {
  cannotCompileTakes(arguments);
  tracer?.refuses(reason);
}

const compileApartTakes = signature('compileApart', { owner: K.anything, part: K.callable });

/**
 * What to call in the place of `part`, where how often it is called, or what comes of it, depends on values. Inside of
 * a compiled function that is a program of its own, from the function's second call on, and all else in the function
 * runs as it is, in each call; elsewhere it is `part` itself. What `part` takes of the arguments of the compiled
 * function may be others in each call. The parts of one `owner` are told apart by their order. Kindling's own.
 * @throws ValueError for what is no function
 * @example
 * ```ts
 * const w = tensor([4, 2], { requiresGrad: true });
 * const descend = compile((x: Tensor) => {
 *   const loss = compileApart(w, () => {
 *     w.grad = null;
 *     const loss = w.mul(x).square().sum();
 *     loss.backward();
 *     noGrad(() => w.sub_(w.grad!, { alpha: 0.25 }));
 *     return loss.detach();
 *   });
 *   while (loss().item() > 0.1);
 * });
 * descend(tensor([1, 0.5]));
 * w; // tensor([0.0039, 0.5262], requires_grad=True)
 * ```
 */
export function compileApart<T>(owner: object, part: () => T): () => T {
  compileApartTakes(arguments);
  if (tracer === null) return divider === null ? part : divider.programOf(owner, part);
  tracer.divides();
  return part;
}

/** How the memory of a tensor is called in programs. Kindling's own. */
export const nameForCompile = (x: Tensor, name: string): void => tracer?.names(x, name);

/** Where a call is being compiled: it matters whether a leaf has a gradient when the call begins. Kindling's own. */
export const dependsOnGradient = (leaf: Tensor): void => tracer?.gradientMatters(leaf);
