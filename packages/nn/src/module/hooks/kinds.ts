import type { Tensor } from '@kindling/core';
import type { AnyModule } from '../callable.ts';
import type { IncompatibleKeys, LoadingState, LocalMetadata, StateDict } from '../state/index.ts';

/** What registering a hook gives: `remove()` takes the hook away again. */
export interface RemovableHandle {
  /** Takes the hook away; a second time nothing happens. */
  remove(): void;
}

/** Options of the registering methods. */
export interface HookOptions {
  /** Run before the hooks registered so far, not after them. Default: false. */
  readonly prepend?: boolean;
}

/** Options of `registerForwardHook`. */
export interface ForwardHookOptions extends HookOptions {
  /**
   * Run also where the call fails: with what there is of the output by then, undefined before `forward` gave it. What
   * such a hook throws then is a warning, and the error of the call goes on. Default: false.
   */
  readonly alwaysCall?: boolean;
}

/*
 * A Module of any kind must pass for an AnyModule, though hooks name its arguments. So their types are taken from
 * methods, whose parameters TypeScript compares both ways, and marked, since it compares plain callbacks one way all
 * the same.
 */
interface Marked {
  readonly [hookMark]?: never;
}
declare const hookMark: unique symbol;

/** A gradient for each tensor; `null` for those that want none. */
export type Gradients = readonly (Tensor | null)[];

/** See `registerForwardPreHook`. */
export type ForwardPreHook<M, I> = { hook(module: M, input: I): unknown }['hook'] & Marked;

/** See `registerForwardHook`. */
export type ForwardHook<M, I, O> = { hook(module: M, input: I, output: O): O | void }['hook'] & Marked;

/** {@link ForwardHook} that is called always, also where there is no output. */
export type AlwaysHook<M, I, O> = {
  hook(module: M, input: I, output: O | undefined): O | void;
}['hook'] &
  Marked;

/** See `registerFullBackwardPreHook`. */
export type FullBackwardPreHook<M> = { hook(module: M, gradOutput: Gradients): Gradients | void }['hook'] &
  Marked;

/** See `registerFullBackwardHook`. */
export type FullBackwardHook<M> = {
  hook(module: M, gradInput: Gradients, gradOutput: Gradients): Gradients | void;
}['hook'] &
  Marked;

/** See `registerStateDictPreHook`. */
export type StateDictPreHook<M> = { hook(module: M, prefix: string, keepVars: boolean): void }['hook'] &
  Marked;

/** See `registerStateDictPostHook`. */
export type StateDictPostHook<M> = {
  hook(module: M, state: StateDict, prefix: string, localMetadata: LocalMetadata): undefined;
}['hook'] &
  Marked;

/** See `registerLoadStateDictPreHook`. */
export type LoadStateDictPreHook<M> = {
  hook(
    module: M,
    state: LoadingState,
    prefix: string,
    localMetadata: LocalMetadata,
    strict: boolean,
    missingKeys: string[],
    unexpectedKeys: string[],
    errorMessages: string[],
  ): void;
}['hook'] &
  Marked;

/** See `registerLoadStateDictPostHook`. */
export type LoadStateDictPostHook<M> = {
  hook(module: M, incompatibleKeys: IncompatibleKeys): undefined;
}['hook'] &
  Marked;

/** The hooks of a module by what they are called around. */
interface Hooks {
  readonly forwardPre: ForwardPreHook<AnyModule, unknown[]>;
  readonly forward: AlwaysHook<AnyModule, unknown[], unknown>;
  readonly backwardPre: FullBackwardPreHook<AnyModule>;
  readonly backward: FullBackwardHook<AnyModule>;
  readonly statePre: StateDictPreHook<AnyModule>;
  readonly statePost: StateDictPostHook<AnyModule>;
  readonly loadPre: LoadStateDictPreHook<AnyModule>;
  readonly loadPost: LoadStateDictPostHook<AnyModule>;
}

/** When a hook is called. */
export type HookKind = keyof Hooks;

/** A hook as it stands in the list: the same function may be there twice. */
export interface Entry<H> {
  readonly hook: H;
  readonly always: boolean;
}

/** The hooks of one module, in the order in which they run. */
export type ModuleHooks = { readonly [K in HookKind]: Entry<Hooks[K]>[] };

/** The method that registers each kind. */
export const registrars: { readonly [K in HookKind]: string } = {
  forwardPre: 'registerForwardPreHook',
  forward: 'registerForwardHook',
  backwardPre: 'registerFullBackwardPreHook',
  backward: 'registerFullBackwardHook',
  statePre: 'registerStateDictPreHook',
  statePost: 'registerStateDictPostHook',
  loadPre: 'registerLoadStateDictPreHook',
  loadPost: 'registerLoadStateDictPostHook',
};

/** The same hooks in lists of their own; none where there are none. */
export function copyOfHooks(hooks: ModuleHooks | null): ModuleHooks {
  const kinds = Object.keys(registrars) as HookKind[];
  return Object.fromEntries(
    kinds.map((kind) => [kind, [...(hooks?.[kind] ?? [])]]),
  ) as unknown as ModuleHooks;
}

/** Those of one kind as they are now: one that is called may add and remove others. */
export const hooksFor = <K extends HookKind>(hooks: ModuleHooks | null, kind: K): readonly Hooks[K][] =>
  (hooks?.[kind] ?? []).map(({ hook }) => hook);

/** Whether a module has any. */
export const hasHooks = (hooks: ModuleHooks | null): boolean =>
  hooks !== null && Object.values(hooks).some((list) => list.length > 0);
