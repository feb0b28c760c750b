import type { Module } from '../module/module.ts';

/** The function that the layers of a class call. */
export const by: unique symbol = /* @__PURE__ */ Symbol('by');
/** Over how many dimensions they go. */
export const rank: unique symbol = /* @__PURE__ */ Symbol('rank');

/** The class of layers that are as `Base` says, which leaves open which function they call, of how many dimensions. */
export function layerOf<B extends abstract new (...given: never[]) => { readonly [by]: unknown }>(
  Base: B,
  call: InstanceType<B>[typeof by],
  dimensions?: number,
): B {
  class Layer extends (Base as unknown as typeof Module) {}
  Object.assign(Layer.prototype, { [by]: call, [rank]: dimensions });
  return Layer as unknown as B;
}
