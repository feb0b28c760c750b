import { checkArguments, K, refuseExcess, signature } from '../arguments/index.ts';
import type { Tensor } from '../tensor.ts';
import { parseNpy, serializeNpy } from './npy.ts';
import { parseSafetensors, readSafetensor, serializeSafetensors, tensorIn } from './safetensors.ts';
import { denseOf, densesOf, tensorOf } from './tensors.ts';

/** Named tensors, as `stateDict()` gives them. */
export type TensorDict = Record<string, Tensor>;

/** Options of {@link saveSafetensors}. */
export interface SaveSafetensorsOptions {
  /** Strings to store beside the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The width of stored integers: int32 is written as PyTorch's int64, unless this is 'int32'. */
  readonly integers?: 'int64' | 'int32';
}

const integers = K.oneOf('int64', 'int32');
const saveNpyTakes = signature('saveNpy', {
  x: K.tensor,
  options: K.options<{ integers?: 'int64' | 'int32' }>({ integers }),
});
const saveOptions = K.options<SaveSafetensorsOptions>({ metadata: K.anything, integers });

/**
 * Named tensors as the bytes of a safetensors file. Follows `safetensors.torch.save`.
 * @throws DTypeError where a value is no tensor, ValueError where a name is reserved or no Unicode, metadata is no
 *   strings, or the file is larger than an array can be
 * @example
 * ```ts
 * const bytes = io.saveSafetensors({ weight: tensor([[0.5, 2]]), bias: zeros(1) });
 * const { weight } = io.loadSafetensors(bytes);
 * weight; // tensor([[0.5000, 2.0000]])
 * ```
 */
export function saveSafetensors(
  tensors: TensorDict | ReadonlyMap<string, Tensor>,
  options: SaveSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  checkArguments('saveSafetensors', { tensors: K.anything, options: saveOptions }, arguments);
  return serializeSafetensors(densesOf(tensors, 'saveSafetensors'), options);
}

/**
 * The tensors of a safetensors file, by name: F16 and BF16 as float32, integers but U8 as int32. Follows
 * `safetensors.torch.load`.
 * @throws ValueError where the file is malformed or an integer does not fit int32, DTypeError of a dtype that is
 *   unknown
 */
export function loadSafetensors(bytes: Uint8Array): TensorDict {
  if (arguments.length > 1) refuseExcess('loadSafetensors', ['bytes'], arguments);
  const caller = 'loadSafetensors';
  const { tensors, data } = parseSafetensors(bytes, caller);
  return Object.fromEntries(
    Array.from(tensors, ([name, entry]) => [
      name,
      tensorOf(readSafetensor(data, entry, tensorIn(caller, name))),
    ]),
  );
}

/**
 * The strings stored beside the tensors of a safetensors file. Follows `safetensors.safe_open(...).metadata()`.
 * @throws ValueError where the file is malformed
 */
export function safetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  if (arguments.length > 1) refuseExcess('safetensorsMetadata', ['bytes'], arguments);
  return { ...parseSafetensors(bytes, 'safetensorsMetadata').metadata };
}

/**
 * A tensor as the bytes of a .npy file. Follows `numpy.save`.
 * @throws DTypeError where x is no tensor
 * @example io.loadNpy(io.saveNpy(tensor([0.5, 2]))); // tensor([0.5000, 2.0000])
 */
export const saveNpy = function (
  x: Tensor,
  options?: { integers?: 'int64' | 'int32' },
): Uint8Array<ArrayBuffer> {
  saveNpyTakes(arguments);
  return serializeNpy(denseOf(x, 'saveNpy'), options);
};

/**
 * The tensor of a .npy file of either memory order: float16 as float32, integers but uint8 as int32. Follows
 * `numpy.load`.
 * @throws ValueError where the file is malformed or an integer does not fit int32, DTypeError of a dtype that is
 *   unknown
 */
export function loadNpy(bytes: Uint8Array): Tensor {
  if (arguments.length > 1) refuseExcess('loadNpy', ['bytes'], arguments);
  return tensorOf(parseNpy(bytes));
}
