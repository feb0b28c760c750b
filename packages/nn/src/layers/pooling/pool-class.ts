import type { Module } from '../../module/module.ts';

/** The class of layers that are as `Base` says, whose `forward` pools by `poolBy`: the function of so many dimensions. */
export function poolClass<B extends abstract new (...given: never[]) => { readonly poolBy: unknown }>(
  Base: B,
  poolBy: InstanceType<B>['poolBy'],
): B {
  class Pool extends (Base as unknown as typeof Module) {}
  Object.defineProperty(Pool.prototype, 'poolBy', { value: poolBy });
  return Pool as unknown as B;
}
