/** Between tensors and the arrays that files hold. */
import { DTypeError } from '../errors.ts';
import { valuesOf } from '../record/values.ts';
import { requireTensors, Tensor, wrapArray } from '../tensor.ts';
import type { DenseArray } from './encodings.ts';
import { quoted } from './json-reader.ts';

export function denseOf(x: Tensor, caller: string): DenseArray {
  requireTensors(caller, x);
  return { dtype: x.dtype, shape: x.shape, array: valuesOf(x, 'save') };
}

export const tensorOf = ({ dtype, shape, array }: DenseArray): Tensor => wrapArray(array, shape, dtype);

/** The arrays of named tensors, by name. */
export function densesOf(tensors: unknown, caller: string): [string, DenseArray][] {
  const named = tensors instanceof Map || (typeof tensors === 'object' && tensors !== null);
  if (!named || tensors instanceof Tensor || Array.isArray(tensors)) {
    const kind =
      typeof tensors === 'function'
        ? 'a function; of a module, save model.stateDict()'
        : tensors instanceof Tensor
          ? 'a Tensor; give it a name: { x }'
          : Array.isArray(tensors)
            ? 'an array'
            : tensors === null
              ? 'null'
              : typeof tensors;
    throw new DTypeError(`${caller}: expected tensors by name, in an object or a Map, got ${kind}`);
  }
  const entries: Iterable<[string, Tensor]> = tensors instanceof Map ? tensors : Object.entries(tensors);
  return Array.from(entries, ([name, x]) => [
    name,
    denseOf(x, typeof name === 'string' ? `${caller}: ${quoted(name)}` : caller),
  ]);
}
