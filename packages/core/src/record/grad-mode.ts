import { AutogradError } from '../errors.ts';

/**
 * Whether operations are recorded for backward. A plain flag, which synchronous code sets and restores;
 * an asynchronous function needs a flag that follows its awaits, see {@link runInMode}.
 */
export interface GradMode {
  readonly grad: boolean;
  readonly inference: boolean;
}

const recording: GradMode = { grad: true, inference: false };
const silent: GradMode = { grad: false, inference: false };
const inferring: GradMode = { grad: false, inference: true };

let current = recording;

interface AsyncStorage {
  getStore(): GradMode | undefined;
  run<T>(mode: GradMode, fn: () => T): T;
}

/** Where the runtime carries context across awaits (Node, Deno, Bun), found without importing from Node. */
function findAsyncStorage(): AsyncStorage | null {
  const process = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  const hooks = process?.getBuiltinModule?.('node:async_hooks') as
    | { AsyncLocalStorage?: new () => AsyncStorage }
    | undefined;
  return hooks?.AsyncLocalStorage === undefined ? null : new hooks.AsyncLocalStorage();
}

let asyncStorage: AsyncStorage | null | undefined;
/** Asynchronous regions under way: while there are none, the flag alone decides, and costs nothing. */
let asyncRegions = 0;

function mode(): GradMode {
  return asyncRegions === 0 ? current : modeAcrossAwaits();
}

function modeAcrossAwaits(): GradMode {
  // Inside a synchronous region the flag differs from the region that the await chain carries.
  return synchronousDepth > 0 || asyncStorage == null ? current : (asyncStorage.getStore() ?? current);
}

let synchronousDepth = 0;

/** Whether operations are being recorded . Follows `torch.is_grad_enabled`. */
export const isGradEnabled = (): boolean => mode().grad;

/** Whether code runs inside `inferenceMode` . Follows `torch.is_inference_mode_enabled`. */
export const isInferenceModeEnabled = (): boolean => mode().inference;

function runInMode<T>(wanted: GradMode, fn: () => T): T {
  let after = current;
  current = wanted;
  synchronousDepth++;
  try {
    if (fn instanceof AsyncFunction) {
      const promise = startAsync(wanted, fn);
      if (asyncStorage === null) after = held.at(-1) ?? after;
      return promise;
    }
    const result = fn();
    if (result instanceof Promise) {
      throw new AutogradError(
        'noGrad, enableGrad and inferenceMode: the function returned a promise without being an async function, ' +
          'so what it does later would escape; pass `async () => await ...` instead',
      );
    }
    return result;
  } finally {
    synchronousDepth--;
    current = after;
  }
}

const AsyncFunction = (async () => {}).constructor;

/**
 * Runs an async function whose every part, also after an await, sees `wanted`, and nothing beside it does.
 * Without AsyncLocalStorage (browsers) the mode is held for all code until the promise settles.
 */
function startAsync<T>(wanted: GradMode, fn: () => T): T {
  asyncStorage ??= findAsyncStorage();
  if (asyncStorage === null) return holdUntilSettled(wanted, fn);
  asyncRegions++;
  const promise = asyncStorage.run(wanted, fn);
  const settle = (): void => {
    asyncRegions--;
  };
  (promise as unknown as Promise<unknown>).then(settle, settle);
  return promise;
}

const held: GradMode[] = [];

function holdUntilSettled<T>(wanted: GradMode, fn: () => T): T {
  const promise = fn();
  const entry = { ...wanted };
  held.push(entry);
  const release = (): void => {
    held.splice(held.indexOf(entry), 1);
    current = held.at(-1) ?? recording;
  };
  (promise as unknown as Promise<unknown>).then(release, release);
  return promise;
}

/** @internal Synchronous, and without the checks that {@link noGrad} makes: what the engine and optimizers use. */
export function withGradMode<T>(enabled: boolean, fn: () => T): T {
  const before = current;
  current = enabled ? recording : mode().inference ? inferring : silent;
  synchronousDepth++;
  try {
    return fn();
  } finally {
    synchronousDepth--;
    current = before;
  }
}

/**
 * Runs `fn` without recording operations. `fn` may be an `async` function: all of it, also what follows an `await`, runs
 * without recording, and code beside it is not touched. Follows `torch.no_grad`.
 * @throws AutogradError where `fn` returns a promise and is no `async` function: what it does later would escape
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * noGrad(() => w.mul(2)); // tensor([3.])
 * ```
 */
export const noGrad = <T>(fn: () => T): T => runInMode(silent, fn);

/**
 * Runs `fn` with recording on, inside `noGrad` say. Follows `torch.enable_grad`.
 * @throws AutogradError as {@link noGrad}
 */
export const enableGrad = <T>(fn: () => T): T => runInMode(recording, fn);

/**
 * Runs `fn` with recording as `enabled` says. Follows `torch.set_grad_enabled`.
 * @throws AutogradError as {@link noGrad}
 */
export const setGradEnabled = <T>(enabled: boolean, fn: () => T): T =>
  runInMode(enabled ? recording : silent, fn);

/**
 * Like {@link noGrad}, and the tensors made inside may never take part in recorded operations.
 * Follows `torch.inference_mode`.
 * @throws AutogradError as {@link noGrad}
 * @example
 * ```ts
 * const w = tensor([1.5], { requiresGrad: true });
 * const y = inferenceMode(() => w.mul(2));
 * y.mul(w); // throws AutogradError: mul: Inference tensors cannot be saved for backward.
 * ```
 */
export const inferenceMode = <T>(fn: () => T): T => runInMode(inferring, fn);
