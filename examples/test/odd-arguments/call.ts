/** A right call of a public function, and how to make it again. */
import { Tensor } from '@kindling/core';

export type Callable = ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);

/** A call that succeeds. */
export interface Call {
  /** The path under which a function is exported, or `path#method` of a class's instance. */
  readonly path: string;
  /** The names by which an error may call it: those under which it is exported, a method's, its class's. */
  readonly names: readonly string[];
  readonly f: Callable;
  /** Makes what a method is called on. */
  readonly self: () => unknown;
  /** Makes its arguments. */
  readonly args: () => unknown[];
}

export const isClass = (f: unknown): boolean =>
  typeof f === 'function' && /^class\b/.test(Function.prototype.toString.call(f));

/** Tensors that are leaves, and what holds them: anew, so that a call leaves no traces. All else as it is. */
export function anew(value: unknown): unknown {
  if (value instanceof Tensor) {
    if (value.constructor !== Tensor || !value.isLeaf) return value;
    return value.detach().clone().requiresGrad_(value.requiresGrad);
  }
  if (Array.isArray(value)) return value.map(anew);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, x]) => [name, anew(x)]));
}

/** Makes the call with other arguments. */
export const run = ({ f, self }: Pick<Call, 'f' | 'self'>, args: readonly unknown[]): unknown =>
  isClass(f) ? new f(...args) : f.apply(self(), [...args]);
