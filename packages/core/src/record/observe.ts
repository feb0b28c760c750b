import type { Tensor } from '../tensor.ts';
import type { GradNode } from './node.ts';

/** Sees every operation as it runs, and every look at data beside it: profilers, tracers and anomaly mode install one. */
export interface Observer {
  /** Before an operation runs. */
  before?(name: string, inputs: readonly Tensor[], attrs: unknown): void;
  /** After an operation ran. */
  after?(name: string, inputs: readonly Tensor[], attrs: unknown, outputs: readonly Tensor[]): void;
  /** For each node recorded for backward. */
  recorded?(node: GradNode<never>): void;
  /** Before elements are read outside the kernel of an operation; `reason` says by what and for what. */
  read?(x: Tensor, reason: string): void;
}

const observers: Observer[] = [];
/** @internal Whether there is any observer: the hot paths ask before they call. */
export let observed = false;

/**
 * Adds an observer of every operation; the returned function removes it. Kindling's own.
 * @example
 * ```ts
 * const names: string[] = [];
 * const stop = observe({ before: (name) => names.push(name) });
 * ones(2).mul(3).sum();
 * stop();
 * names; // [ 'full', 'mul', 'sum' ]
 * ```
 */
export function observe(observer: Observer): () => void {
  observers.push(observer);
  observed = true;
  return () => {
    const i = observers.indexOf(observer);
    if (i >= 0) observers.splice(i, 1);
    observed = observers.length > 0;
  };
}

/** @internal */
export function notifyBefore(name: string, inputs: readonly Tensor[], attrs: unknown): void {
  for (const o of observers) o.before?.(name, inputs, attrs);
}

/** @internal */
export function notifyAfter(
  name: string,
  inputs: readonly Tensor[],
  attrs: unknown,
  outputs: readonly Tensor[],
): void {
  for (const o of observers) o.after?.(name, inputs, attrs, outputs);
}

/** @internal */
export function notifyRead(x: Tensor, reason: string): void {
  for (const o of observers) o.read?.(x, reason);
}

/** @internal Shows a node to the observers. */
export function announce<A, N extends GradNode<A>>(node: N): N {
  if (observed) for (const o of observers) o.recorded?.(node as unknown as GradNode<never>);
  return node;
}
