import { checkArguments, K } from '@kindling/core';
import type { AnyModule } from './callable.ts';
import type { NamedOptions } from './registry.ts';
import type { LoadStateDictOptions, StateDictOptions } from './state-dict.ts';

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
  zeroGrad: () => ({ options: K.options<{ setToNull?: boolean }>({ setToNull: K.flag }) }),
  apply: () => ({ fn: K.callable }),
  to: () => ({ dtype: K.dtype }),
  registerBuffer: () => ({ options: K.options<{ persistent?: boolean }>({ persistent: K.flag }) }),
  stateDict: () => ({ options: K.options<StateDictOptions>({ prefix: K.text, keepVars: K.flag }) }),
  loadStateDict: () => ({ options: K.options<LoadStateDictOptions>({ strict: K.flag }) }),
};

/** An argument of a method, once it is known to fit. */
export function given<T>(module: AnyModule, method: keyof typeof taken, value: T): T {
  checkArguments(`${module.constructor.name}.${method}`, taken[method](), [value]);
  return value;
}
