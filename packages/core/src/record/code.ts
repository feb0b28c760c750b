/** How operations are written down, so that they are found again where a program is read. */
import type { Differentiable } from './node.ts';

/** @internal An operation as plain data: by what it is read, and what that needs to know. */
export interface Code {
  readonly by: string;
  readonly [part: string]: unknown;
}

/** @internal A function that says how it is written down, given the attributes of a call. */
export type Coded<F> = F & { readonly code?: (attrs: never) => Code };

/** @internal A function together with how it is written down. */
export const coded = <F extends (...args: never[]) => unknown>(f: F, code: () => Code): Coded<F> =>
  Object.assign(f, { code });

type Write = (inputs: never, attrs: never, targets: never) => void;
const writes = new Map<string, Write>();

/** @internal What changes tensors and is no operation's kernel, noted under a name. */
export function writing<F extends Write>(name: string, write: F): Coded<F> {
  writes.set(name, write);
  return coded(write, () => ({ by: 'write', name }));
}

/** @internal What has been noted so. */
export const writeNamed = (name: string): Write | undefined => writes.get(name);

/** Operations with one result, and those with several, which may have the name of one. */
const known = {
  one: new Map<string, Differentiable<never>>(),
  several: new Map<string, Differentiable<never>>(),
};
/** @internal How many results an operation has. */
export type Results = keyof typeof known;

/** Notes an operation under its name, or another where that of another operation is the same; gives its code. */
export function named(operation: Differentiable<never>, results: Results, key: string): () => Code {
  known[results].set(key, operation);
  return () => ({ by: 'name', name: key, results });
}

/** @internal The operation that has been noted under a name. */
export const operationNamed = (results: Results, key: string): Differentiable<never> | undefined =>
  known[results].get(key);
