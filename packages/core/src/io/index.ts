import { valuesOf } from '../record/values.ts';
import { requireTensors, type Tensor, wrapArray } from '../tensor.ts';
import type { DenseArray } from './elements.ts';
import { parseNpy, serializeNpy } from './npy.ts';
import { parseSafetensors, readSafetensor, serializeSafetensors } from './safetensors.ts';

/** Named tensors, as `stateDict()` gives them. */
export type TensorDict = Record<string, Tensor>;

/** Options of {@link saveSafetensors}. */
export interface SaveSafetensorsOptions {
  /** Strings to store beside the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The width of stored integers: int32 is written as PyTorch's int64, unless this is 'int32'. */
  readonly integers?: 'int64' | 'int32';
}

function denseOf(x: Tensor): DenseArray {
  requireTensors('save', x);
  return { dtype: x.dtype, shape: x.shape, array: valuesOf(x, 'save') };
}

const tensorOf = ({ dtype, shape, array }: DenseArray): Tensor => wrapArray(array, shape, dtype);

const entriesOf = (tensors: TensorDict | ReadonlyMap<string, Tensor>): Iterable<[string, Tensor]> =>
  tensors instanceof Map ? tensors : Object.entries(tensors as TensorDict);

/**
 * Named tensors as the bytes of a safetensors file. Follows `safetensors.torch.save`.
 *
 * @example
 * ```ts
 * const bytes = io.saveSafetensors(model.stateDict());
 * model.loadStateDict(io.loadSafetensors(bytes));
 * ```
 */
export function saveSafetensors(
  tensors: TensorDict | ReadonlyMap<string, Tensor>,
  options: SaveSafetensorsOptions = {},
): Uint8Array {
  const entries = Array.from(entriesOf(tensors), ([name, x]): [string, DenseArray] => [name, denseOf(x)]);
  return serializeSafetensors(entries, options);
}

/** The tensors of a safetensors file, by name. A malformed file is a ValueError. Follows `safetensors.torch.load`. */
export function loadSafetensors(bytes: Uint8Array): TensorDict {
  const { tensors } = parseSafetensors(bytes);
  return Object.fromEntries(Array.from(tensors, ([name, entry]) => [name, tensorOf(readSafetensor(entry))]));
}

/** The strings stored beside the tensors of a safetensors file. */
export const safetensorsMetadata = (bytes: Uint8Array): Record<string, string> => ({
  ...parseSafetensors(bytes).metadata,
});

/** A tensor as the bytes of a .npy file. Follows `numpy.save`. */
export const saveNpy = (x: Tensor, options?: { integers?: 'int64' | 'int32' }): Uint8Array =>
  serializeNpy(denseOf(x), options);

/** The tensor of a .npy file. A malformed file is a ValueError. Follows `numpy.load`. */
export const loadNpy = (bytes: Uint8Array): Tensor => tensorOf(parseNpy(bytes));
