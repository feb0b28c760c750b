import { checkArguments, K, noteChange } from '@kindling/core';
import type { AnyModule } from '../callable.ts';
import {
  type Entry,
  type ForwardHookOptions,
  type HookKind,
  type HookOptions,
  type ModuleHooks,
  type RemovableHandle,
  registrars,
} from './kinds.ts';

const hook = K.callable;
const options = /* @__PURE__ */ K.options<HookOptions>({ prepend: K.flag });
const ofForward = /* @__PURE__ */ K.options<ForwardHookOptions>({ prepend: K.flag, alwaysCall: K.flag });

type Hook = (...input: never[]) => unknown;

/** What the methods take; hooks around states run in the order in which they came. */
const taken: { readonly [H in HookKind]: Readonly<Record<string, K.Kind>> } = {
  forwardPre: { hook, options },
  forward: { hook, options: ofForward },
  backwardPre: { hook, options },
  backward: { hook, options },
  statePre: { hook },
  statePost: { hook },
  loadPre: { hook },
  loadPost: { hook },
};

/** Refuses what the method that registers a kind does not take. */
export const checkHook = (module: AnyModule, kind: HookKind, given: ArrayLike<unknown>): void =>
  checkArguments(`${module.constructor.name}.${registrars[kind]}`, taken[kind], given);

/** Adds a hook to the list; the handle takes this one away, also where the same function stands there twice. */
export function addHook(
  hooks: ModuleHooks,
  kind: HookKind,
  hook: Hook,
  options: ForwardHookOptions = {},
): RemovableHandle {
  const list: Entry<Hook>[] = hooks[kind];
  const entry = { hook, always: options.alwaysCall === true };
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
