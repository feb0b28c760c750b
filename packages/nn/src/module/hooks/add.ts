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

const ofForward = /* @__PURE__ */ K.options<ForwardHookOptions>({ prepend: K.flag, alwaysCall: K.flag });
const ofOthers = /* @__PURE__ */ K.options<HookOptions>({ prepend: K.flag });

/** Adds a hook to the list; the handle takes this one away, also where the same function stands there twice. */
export function addHook(
  module: AnyModule,
  hooks: ModuleHooks,
  kind: HookKind,
  hook: (...input: never[]) => unknown,
  options: ForwardHookOptions = {},
): RemovableHandle {
  const kinds = { hook: K.callable, options: kind === 'forward' ? ofForward : ofOthers };
  checkArguments(`${module.constructor.name}.${registrars[kind]}`, kinds, [hook, options]);
  const list: Entry<(...input: never[]) => unknown>[] = hooks[kind];
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
