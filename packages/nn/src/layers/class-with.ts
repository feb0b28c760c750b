import type { Module } from '../module/module.ts';

/**
 * The class of layers that are as `Base` says, with `own` in their prototype: what tells those of one to three dimensions apart, the
 * function that they call, say.
 */
export function classWith<B extends abstract new (...given: never[]) => object>(
  Base: B,
  own: Partial<InstanceType<B>>,
): B {
  class Layer extends (Base as unknown as typeof Module) {}
  Object.assign(Layer.prototype, own);
  return Layer as unknown as B;
}
