import { ofCallback } from '../arguments/callback.ts';
import { checkArguments, K } from '../arguments/index.ts';
import { AutogradError } from '../errors.ts';
import { disown, whereReadable } from '../readable.ts';

/** An asynchronous function under way, with the value that a setting has in all of it. */
interface Region {
  readonly setting: FlowSetting<unknown>;
  value: unknown;
  ended: boolean;
  /** The region that it was started in. */
  outer: Region | undefined;
}

interface AsyncStorage {
  getStore(): Region | undefined;
  run<T>(region: Region, fn: () => T): T;
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

/**
 * The innermost region of a chain that goes on still. Ended ones are unlinked on the way, so that no chain grows for
 * ever.
 */
function live(region: Region | undefined): Region | undefined {
  let r = region;
  while (r?.ended === true) r = r.outer;
  if (r !== undefined) r.outer = live(r.outer);
  return r;
}

const AsyncFunction = (async () => {}).constructor;
const isAsync = /* @__PURE__ */ whereReadable((f): f is () => Promise<unknown> => f instanceof AsyncFunction);
const generators: object = Object.getPrototypeOf(function* () {}).prototype;
const asyncGenerators: object = Object.getPrototypeOf(async function* () {}).prototype;

/**
 * A setting that belongs to the flow of control it was set in: to a call, and all that the call runs before it returns;
 * or to an async function, all of it, also what follows an `await`, and nothing beside it. What such a function leaves
 * running (a timer) sees its value until the function ends, and after that the value outside.
 *
 * Synchronous regions are a plain field, set and restored. Asynchronous ones travel in an AsyncLocalStorage; where
 * there is none (browsers) they hold for all code until their promise settles. While there are none, reading the value
 * costs two comparisons.
 */
export class FlowSetting<T> {
  /** What synchronous code sees. */
  #value: T;
  /** How many synchronous regions enclose what runs now: inside of them, what an await chain carries does not count. */
  #depth = 0;
  /** How many asynchronous regions are under way, anywhere. */
  #regions = 0;
  /** Those regions, where nothing carries them across awaits. */
  readonly #held: Region[] = [];

  constructor(value: T) {
    this.#value = value;
  }

  /** The value in the flow that asks. */
  get value(): T {
    return this.#regions === 0 || this.#depth > 0 ? this.#value : this.#acrossAwaits();
  }

  #acrossAwaits(): T {
    const region = this.#region();
    return region === undefined ? this.#value : (region.value as T);
  }

  #region(): Region | undefined {
    if (asyncStorage == null) return this.#held.at(-1);
    let region = live(asyncStorage.getStore());
    while (region !== undefined && region.setting !== this) region = region.outer;
    return region;
  }

  /** Sets the value for the rest of the innermost region, or, outside of all, for all code outside of regions. */
  set(value: T): void {
    const region = this.#regions === 0 || this.#depth > 0 ? undefined : this.#region();
    if (region === undefined) this.#value = value;
    else region.value = value;
  }

  /** Runs a function that is known to be synchronous. */
  runNow<R>(value: T, fn: () => R): R {
    const before = this.#value;
    this.#value = value;
    this.#depth++;
    try {
      return fn();
    } finally {
      this.#depth--;
      this.#value = before;
    }
  }

  /**
   * Runs a function of a user's, which may be async, or give a generator: its body runs with the value too.
   * `caller` is the public function, for the error where a promise comes that would escape.
   */
  run<R>(value: T, caller: string, fn: () => R): R {
    if (typeof fn !== 'function') checkArguments(caller, { fn: K.callable }, [fn]);
    if (isAsync(fn)) return this.#start(value, fn as () => R & Promise<unknown>);
    let result: R;
    try {
      result = this.runNow(value, fn);
    } catch (error) {
      throw ofCallback(caller, fn, error);
    }
    if (typeof result !== 'object' || result === null) return result;
    if (Object.prototype.isPrototypeOf.call(generators, result)) {
      return this.#bound(result as R & Generator, (step) => this.runNow(value, step));
    }
    if (Object.prototype.isPrototypeOf.call(asyncGenerators, result)) {
      return this.#bound(result as R & AsyncGenerator, (step) => this.#start(value, step));
    }
    if (typeof (result as { then?: unknown }).then === 'function') {
      disown(result);
      throw new AutogradError(
        `${caller}: the function returned a promise without being an async function, so what it does later would escape; ` +
          'pass `async () => await ...` instead',
      );
    }
    return result;
  }

  /** Runs an async function as a region. */
  #start<P extends Promise<unknown>>(value: T, fn: () => P): P {
    if (asyncStorage === undefined) asyncStorage = findAsyncStorage();
    const region: Region = { setting: this as FlowSetting<unknown>, value, ended: false, outer: undefined };
    // Its first part, which runs at once, finds the value where the parts after its awaits will.
    const depth = this.#depth;
    this.#depth = 0;
    this.#regions++;
    let promise: P;
    try {
      if (asyncStorage === null) {
        this.#held.push(region);
        promise = fn();
      } else {
        region.outer = live(asyncStorage.getStore());
        promise = asyncStorage.run(region, fn);
      }
    } finally {
      this.#depth = depth;
    }
    // `finally` passes a rejection on: whoever gets the promise must handle it, or the runtime reports it.
    return promise.finally(() => {
      region.ended = true;
      this.#regions--;
      if (asyncStorage === null) this.#held.splice(this.#held.indexOf(region), 1);
    }) as P;
  }

  /** The generator, each of whose steps runs by way of `within`. */
  #bound<G extends Generator | AsyncGenerator>(
    generator: G,
    within: <P>(step: () => P & Promise<unknown>) => P,
  ): G {
    for (const name of ['next', 'return', 'throw'] as const) {
      const step = generator[name] as (...args: unknown[]) => never;
      Object.defineProperty(generator, name, {
        configurable: true,
        writable: true,
        value: (...args: unknown[]) => within(() => step.apply(generator, args)),
      });
    }
    return generator;
  }
}
