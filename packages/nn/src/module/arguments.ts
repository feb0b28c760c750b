import { checkArguments, K, Tensor } from '@kindling/core';
import { type AnyModule, isModule } from './callable.ts';
import type { NamedOptions } from './registry.ts';
import type { LoadStateDictOptions, StateDictOptions } from './state/index.ts';

const target = () => ({ target: K.text });
const recurse = () => ({ options: K.options<{ recurse?: boolean }>({ recurse: K.flag }) });
const named = () => ({
  options: K.options<NamedOptions>({ prefix: K.text, recurse: K.flag, removeDuplicate: K.flag }),
});

/** What each method of a module takes for one of its arguments. */
const taken = {
  parameters: recurse,
  buffers: recurse,
  namedParameters: named,
  namedBuffers: named,
  getSubmodule: target,
  train: () => ({ mode: K.flag }),
  zeroGrad: () => ({ options: K.options<{ setToNone?: boolean }>({ setToNone: K.flag }) }),
  apply: () => ({ fn: K.callable }),
  to: () => ({ dtype: K.dtype }),
  namedModules: () => ({
    options: K.options<Omit<NamedOptions, 'recurse'>>({ prefix: K.text, removeDuplicate: K.flag }),
  }),
  modules: () => ({
    options: K.options<Pick<NamedOptions, 'removeDuplicate'>>({ removeDuplicate: K.flag }),
  }),
  getParameter: target,
  getBuffer: target,
  requiresGrad_: () => ({ requiresGrad: K.flag }),
  registerBuffer: () => ({ options: K.options<{ persistent?: boolean }>({ persistent: K.flag }) }),
  stateDict: () => ({ options: K.options<StateDictOptions>({ prefix: K.text, keepVars: K.flag }) }),
  loadStateDict: () => ({ options: K.options<LoadStateDictOptions>({ strict: K.flag, assign: K.flag }) }),
};

/** What containers and `registerModule` take. */
export const moduleKind = /* @__PURE__ */ K.kind('a module such as new nn.Linear(2, 3)', isModule);

/** What `setSubmodule` takes. */
export const submodule = {
  target: K.text,
  module: moduleKind,
  options: /* @__PURE__ */ K.options<{ strict?: boolean }>({ strict: K.flag }),
};

/** Refuses an input of a module that is no tensor. */
export function checkInput(module: AnyModule, input: unknown): void {
  if (!Tensor.is(input)) checkArguments(module.constructor.name, { input: K.tensor }, [input]);
}

/** An argument of a method, once it is known to fit. */
export function given<T>(module: AnyModule, method: keyof typeof taken, value: T): T {
  checkArguments(`${module.constructor.name}.${method}`, taken[method](), [value]);
  return value;
}
