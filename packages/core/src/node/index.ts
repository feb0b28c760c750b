/** What needs Node: files on disk. `@kindling/core/node`. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { io, type Tensor } from '../index.ts';

type Path = string | URL;

/** Writes beside the target and renames, so that no half-written file is ever seen under the name. */
async function writeWhole(path: Path, bytes: Uint8Array): Promise<void> {
  const temporary =
    path instanceof URL ? new URL(`${path.href}.${randomUUID()}.tmp`) : `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes named tensors, such as a `stateDict()`, to a safetensors file. Follows `safetensors.torch.save_file`.
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
  await writeWhole(path, io.saveSafetensors(tensors, options));
}

/** Reads the tensors of a safetensors file, by name. Follows `safetensors.torch.load_file`. */
export async function loadSafetensors(path: Path): Promise<io.TensorDict> {
  return io.loadSafetensors(await readFile(path));
}

/** Writes a tensor to a .npy file. Follows `numpy.save`. */
export async function saveNpy(
  path: Path,
  x: Tensor,
  options?: { integers?: 'int64' | 'int32' },
): Promise<void> {
  await writeWhole(path, io.saveNpy(x, options));
}

/** Reads the tensor of a .npy file. Follows `numpy.load`. */
export async function loadNpy(path: Path): Promise<Tensor> {
  return io.loadNpy(await readFile(path));
}
