/** Checkpoints in a folder. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { refuseExcess } from '../arguments/index.ts';
import type { CheckpointStorage } from '../index.ts';
import { callOf, FileError, ofFile } from './file-error.ts';
import { readBytes } from './load.ts';
import { createWhole, removeAbandoned, syncFolder, writeWhole } from './save.ts';

const isMissing = (error: unknown): boolean => error instanceof FileError && error.code === 'ENOENT';

function unlessMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isMissing(error)) return instead;
    throw error;
  };
}

/**
 * Checkpoints in a folder, which is made where it is not there. A file is written as `saveSafetensors` does, so that a
 * crash or a loss of power leaves all of it or nothing; what a killed process left beside it is removed when the folder
 * is next listed. Kindling's own.
 * @throws ValueError where `path` is none; FileError by its methods, where the folder cannot be read or written
 * @example
 * ```ts
 * const storage = folderStorage('run');
 * await storage.write('x', Uint8Array.of(1, 2));
 * await storage.list(); // [ 'x' ]
 * ```
 */
export function folderStorage(
  path: string | { readonly href: string; readonly searchParams: object },
): CheckpointStorage {
  if (arguments.length > 1) refuseExcess('folderStorage', ['path'], arguments);
  // Where the process stands now: it may have gone elsewhere when a checkpoint is written.
  const folder = resolve(callOf('folderStorage', path).path);
  const call = (name: string) => callOf('folderStorage', join(folder, name));
  const ofFolder = callOf('folderStorage', folder);
  return {
    async list() {
      return await ofFile(ofFolder, async () => {
        await removeAbandoned(folder);
        return await readdir(folder);
      }).catch(unlessMissing<string[]>([]));
    },
    async read(name) {
      return await readBytes(call(name)).catch(unlessMissing(null));
    },
    async create(name, bytes) {
      await ofFile(ofFolder, () => mkdir(folder, { recursive: true }));
      return await createWhole(call(name), [bytes]);
    },
    async write(name, bytes) {
      await ofFile(ofFolder, () => mkdir(folder, { recursive: true }));
      if (bytes !== null) return await writeWhole(call(name), [bytes]);
      await ofFile(call(name), () => rm(join(folder, name), { force: true }));
      await ofFile(ofFolder, () => syncFolder(folder));
    },
  };
}
