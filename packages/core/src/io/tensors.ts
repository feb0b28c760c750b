/** Between tensors and the arrays that files hold. */
import { describe } from '../arguments/explain.ts';
import { isNamed } from '../arguments/kinds.ts';
import { DTypeError } from '../errors.ts';
import { isMap } from '../readable.ts';
import { valuesOf } from '../record/values.ts';
import { isOfClass, requireTensors, type Tensor, wrapArray } from '../tensor.ts';
import type { DenseArray } from './encodings.ts';
import { quoted } from './json-reader.ts';

export function denseOf(x: Tensor, caller: string): DenseArray {
  requireTensors(caller, x);
  return { dtype: x.dtype, shape: x.shape, array: valuesOf(x, 'save') };
}

export const tensorOf = ({ dtype, shape, array }: DenseArray): Tensor => wrapArray(array, shape, dtype);

/** The arrays of named tensors, by name. */
export function densesOf(tensors: unknown, caller: string): [string, DenseArray][] {
  if (!isNamed(tensors)) {
    const hint = isOfClass(tensors)
      ? '; give it a name: { x }'
      : typeof tensors === 'function'
        ? '; of a module, save model.stateDict()'
        : '';
    throw new DTypeError(
      `${caller}: expected tensors by name, in an object or a Map, got ${describe(tensors)}${hint}`,
    );
  }
  const entries: Iterable<[string, Tensor]> = isMap(tensors)
    ? tensors
    : Object.entries(tensors as Record<string, Tensor>);
  return Array.from(entries, ([name, x]) => [
    name,
    denseOf(x, typeof name === 'string' ? `${caller}: ${quoted(name)}` : caller),
  ]);
}
