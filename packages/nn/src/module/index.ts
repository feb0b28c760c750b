/** Modules: the base class, parameters, hooks, and what is found in them, saved and printed. */
export type { AnyModule } from './callable.ts';
export { deepcopy } from './deepcopy.ts';
export type { ForwardHookOptions, HookOptions, RemovableHandle } from './hooks/index.ts';
export { Module } from './module.ts';
export { Parameter, type ParameterOptions } from './parameter.ts';
export type { NamedOptions, StateNames } from './registry.ts';
export type {
  IncompatibleKeys,
  LoadingState,
  LoadStateDictOptions,
  LocalMetadata,
  StateDict,
  StateDictLike,
  StateDictOptions,
} from './state/index.ts';
