import { checkArguments } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';
import { folderName } from './kinds.ts';
import type { CheckpointStorage } from './storage.ts';

/** A file that can be given another name: of browsers, not yet of their declarations. */
interface Movable extends FileSystemFileHandle {
  move?(name: string): Promise<void>;
}

const TEMPORARY = '.tmp';
/** Chromium's copies of files that were being written when the page ended. */
const SWAP = '.crswap';

/**
 * Checkpoints in a folder of the origin private file system, which browsers keep for a page's origin. A file is written
 * under a temporary name, then renamed. What a page left that was closed meanwhile is removed when the folder is first
 * listed: two pages need two folders. Kindling's own.
 * @throws KindlingError by its methods, where the browser has no such file system, or files there cannot be renamed:
 *   use {@link indexedDBStorage}
 * @example const storage = opfsStorage('run');
 */
export function opfsStorage(folder: string): CheckpointStorage {
  checkArguments('opfsStorage', { folder: folderName }, arguments);
  const own = `.${crypto.randomUUID()}${TEMPORARY}`;
  let cleaned = false;

  async function open(): Promise<FileSystemDirectoryHandle> {
    const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
    if (storage?.getDirectory === undefined)
      throw missing('no origin private file system here (it needs https)');
    return await (await storage.getDirectory()).getDirectoryHandle(folder, { create: true });
  }

  return {
    async list() {
      const directory = await open();
      const names: string[] = [];
      for await (const name of directory.keys()) {
        const isTemporary = name.endsWith(TEMPORARY) || name.endsWith(SWAP);
        if (!isTemporary) names.push(name);
        else if (!cleaned && !name.includes(own)) await directory.removeEntry(name).catch(() => {});
      }
      cleaned = true;
      return names;
    },

    async read(name) {
      const directory = await open();
      const file = await directory.getFileHandle(name).catch(unlessMissing);
      return file === null ? null : new Uint8Array(await (await file.getFile()).arrayBuffer());
    },

    async write(name, bytes) {
      const directory = await open();
      if (bytes === null) {
        await directory.removeEntry(name).catch(unlessMissing);
        return;
      }
      const file: Movable = await directory.getFileHandle(`${name}${own}`, { create: true });
      if (file.move === undefined || file.createWritable === undefined)
        throw missing('this browser cannot write a file as a whole');
      const stream = await file.createWritable();
      await stream.write(bytes as Uint8Array<ArrayBuffer>);
      await stream.close();
      await file.move(name);
    },
  };
}

const missing = (what: string): KindlingError =>
  new KindlingError(`opfsStorage: ${what}; use indexedDBStorage`);

function unlessMissing(error: unknown): null {
  if ((error as { name?: string }).name === 'NotFoundError') return null;
  throw error;
}
