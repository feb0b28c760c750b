import type { Shape, Tensor } from '@kindling/core';

/** @internal Tensors for those of a module that have no shape yet; they become its own by `install`. */
export interface Fit {
  readonly tensors: ReadonlyMap<Tensor, Tensor>;
  install(): void;
}

/** @internal What a module that takes its shapes from a state is asked for them by; `null` where the state has none. */
export const fitTo: unique symbol = Symbol('fitTo');

/** @internal Such a module. */
export interface Fitting {
  /** @param shapeOf the shape of what the state has by a name */
  [fitTo](shapeOf: (name: string) => Shape | undefined): Fit | null;
}
