/** Hooks of modules: their kinds, how they are added, and the calls around which they run. */
export { addHook, checkHook } from './add.ts';
export { runWithHooks } from './call.ts';
export {
  type AlwaysHook,
  copyOfHooks,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type FullBackwardHook,
  type FullBackwardPreHook,
  type HookKind,
  type HookOptions,
  hasHooks,
  hooksFor,
  type LoadStateDictPostHook,
  type LoadStateDictPreHook,
  type ModuleHooks,
  type RemovableHandle,
  registrars,
  type StateDictPostHook,
  type StateDictPreHook,
} from './kinds.ts';
