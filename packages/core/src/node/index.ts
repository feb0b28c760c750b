/** What needs Node: files on disk, and flags of its engine. `@kindling/core/node`. */

import { K, refuseExcess, signature } from '../arguments/index.ts';
import type { io, Tensor } from '../index.ts';
import { serializeNpy } from '../io/npy.ts';
import { serializeSafetensorsInParts } from '../io/safetensors.ts';
import { denseOf, densesOf } from '../io/tensors.ts';
import { isBytes } from '../readable.ts';
import { callOf } from './file-error.ts';
import { readArray, readBytes, readTensors } from './load.ts';
import { writeWhole } from './save.ts';

export { FileError } from './file-error.ts';
export { folderStorage } from './folder-storage.ts';
export { useWideVectors, type WideVectors } from './wide-vectors.ts';

// Installs Tensor's methods.
import '../index.ts';

/** A path, or a file URL: a `URL`, of which no more is named than that, so that no declaration needs Node's types. */
type Path = string | { readonly href: string; readonly searchParams: object };

/**
 * Writes named tensors, such as a `stateDict()`, to a safetensors file. Follows `safetensors.torch.save_file`.
 *
 * What is written is what the tensors hold at the call, whatever happens to them before the promise is fulfilled. The
 * file is replaced as a whole: it is written beside its place under another name, brought to the disk, and renamed. So
 * a crash leaves the old file or the new one; what it leaves beside them, the next save in that folder removes.
 * Symbolic links are followed; the mode of an old file is kept.
 * @throws FileError where the file cannot be written; otherwise as `io.saveSafetensors`
 * @example
 * ```ts
 * // in a program: import { saveSafetensors } from '@kindling/core/node';
 * const save = () => saveSafetensors('model.safetensors', { weight: zeros(2) });
 * ```
 */
export async function saveSafetensors(
  path: Path,
  tensors: io.TensorDict | ReadonlyMap<string, Tensor>,
  options?: io.SaveSafetensorsOptions,
): Promise<void> {
  const call = callOf('saveSafetensors', path);
  await writeWhole(call, serializeSafetensorsInParts(densesOf(tensors, call.where), options, call.where));
}

/**
 * Reads the tensors of a safetensors file, by name; the file may be larger than memory allows to hold twice. Follows
 * `safetensors.torch.load_file`.
 * @throws FileError where the file cannot be read; otherwise as `io.loadSafetensors`
 */
export async function loadSafetensors(path: Path): Promise<io.TensorDict> {
  if (arguments.length > 1) refuseExcess('loadSafetensors', ['path'], arguments);
  return await readTensors(callOf('loadSafetensors', path));
}

/**
 * Writes a tensor to a .npy file, as {@link saveSafetensors} does. Follows `numpy.save`.
 * @throws FileError where the file cannot be written; otherwise as `io.saveNpy`
 */
export async function saveNpy(
  path: Path,
  x: Tensor,
  options?: { integers?: 'int64' | 'int32' },
): Promise<void> {
  const call = callOf('saveNpy', path);
  await writeWhole(call, [serializeNpy(denseOf(x, call.where), options, call.where)]);
}

/**
 * Reads the tensor of a .npy file. Follows `numpy.load`.
 * @throws FileError where the file cannot be read; otherwise as `io.loadNpy`
 */
export async function loadNpy(path: Path): Promise<Tensor> {
  if (arguments.length > 1) refuseExcess('loadNpy', ['path'], arguments);
  return await readArray(callOf('loadNpy', path));
}

/** Options of {@link saveBytes} and {@link loadBytes}. */
export interface BytesOptions {
  /** The function in whose name errors come. Default: their own. */
  readonly caller?: string;
}

const bytesOptions = /* @__PURE__ */ K.options<BytesOptions>({ caller: K.text });
const bytesKind = /* @__PURE__ */ K.kind('a Uint8Array, or an array of them', (x) =>
  [x].flat().every((part) => isBytes(part)),
);
const saveBytesTakes = /* @__PURE__ */ signature('saveBytes', {
  path: K.anything,
  bytes: bytesKind,
  options: K.optional(bytesOptions),
});

/**
 * Writes bytes to a file, those of a list one behind the other, as whole as {@link saveSafetensors} does: for formats
 * of other packages. Kindling's own.
 * @throws FileError where the file cannot be written; ValueError where the path is none
 * @example
 * ```ts
 * const save = () => saveBytes('letters.txt', Uint8Array.of(107, 105, 110, 100));
 * ```
 */
export async function saveBytes(
  path: Path,
  bytes: Uint8Array | readonly Uint8Array[],
  options: BytesOptions = {},
): Promise<void> {
  saveBytesTakes(arguments);
  const parts = isBytes(bytes) ? [bytes] : bytes;
  await writeWhole(callOf(options.caller ?? 'saveBytes', path), parts);
}

const loadBytesTakes = /* @__PURE__ */ signature('loadBytes', {
  path: K.anything,
  options: K.optional(bytesOptions),
});

/**
 * Reads all of a file, which may be larger than the system reads at once. Kindling's own.
 * @throws FileError where the file cannot be read; ValueError where the path is none
 */
export async function loadBytes(path: Path, options: BytesOptions = {}): Promise<Uint8Array> {
  loadBytesTakes(arguments);
  return await readBytes(callOf(options.caller ?? 'loadBytes', path));
}
