import { checkArguments } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';
import { folderName } from './kinds.ts';
import { type CheckpointStorage, refusedBy } from './storage.ts';

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
 * listed. Several pages and workers may save into one folder: they write one after another, by a lock of the browser
 * (Web Locks). Kindling's own.
 * @throws KindlingError by its methods, where the browser has no such file system, or files there cannot be renamed:
 *   use {@link indexedDBStorage}; and where the browser refuses, as for want of room
 * @example const storage = opfsStorage('run');
 */
export function opfsStorage(folder: string): CheckpointStorage {
  checkArguments('opfsStorage', { folder: folderName }, arguments);
  const own = `.${crypto.randomUUID()}${TEMPORARY}`;
  const lock = `kindling.opfsStorage('${folder}')`;
  let cleaned = false;

  async function open(): Promise<FileSystemDirectoryHandle> {
    const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage;
    if (storage?.getDirectory === undefined)
      throw missing('no origin private file system here (it needs https)');
    return await (await storage.getDirectory()).getDirectoryHandle(folder, { create: true });
  }

  /** The browser's own errors, such as that of a quota that is used up, do not say who failed. */
  async function named<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw cause instanceof KindlingError ? cause : refusedBy(`opfsStorage('${folder}')`, cause);
    }
  }

  async function list(): Promise<string[]> {
    const directory = await open();
    // Whoever writes holds the lock: then there is no telling what was left behind.
    if (!cleaned)
      await locks().request(lock, { ifAvailable: true }, (free) =>
        free === null ? undefined : clean(directory),
      );
    const names: string[] = [];
    for await (const name of directory.keys()) if (!isTemporary(name)) names.push(name);
    return names;
  }

  async function clean(directory: FileSystemDirectoryHandle): Promise<void> {
    for await (const name of directory.keys())
      if (isTemporary(name)) await directory.removeEntry(name).catch(() => {});
    cleaned = true;
  }

  async function read(name: string): Promise<Uint8Array | null> {
    const directory = await open();
    const file = await directory.getFileHandle(name).catch(unlessMissing);
    return file === null ? null : new Uint8Array(await (await file.getFile()).arrayBuffer());
  }

  async function write(name: string, bytes: Uint8Array | null): Promise<void> {
    const directory = await open();
    if (bytes === null) {
      await directory.removeEntry(name).catch(unlessMissing);
      return;
    }
    const temporary = `${name}${own}`;
    try {
      await writeWhole(await directory.getFileHandle(temporary, { create: true }), name, bytes);
    } catch (error) {
      // It takes room, of which there may be none left.
      await directory.removeEntry(temporary).catch(() => {});
      throw error;
    }
  }

  async function create(name: string, bytes: Uint8Array): Promise<boolean> {
    const directory = await open();
    if ((await directory.getFileHandle(name).catch(unlessMissing)) !== null) return false;
    await write(name, bytes);
    return true;
  }

  const alone = <T>(act: () => Promise<T>): Promise<T> => named(() => locks().request(lock, {}, act));
  return {
    list: () => named(list),
    read: (name) => named(() => read(name)),
    write: (name, bytes) => alone(() => write(name, bytes)),
    create: (name, bytes) => alone(() => create(name, bytes)),
  };
}

const isTemporary = (name: string): boolean => name.endsWith(TEMPORARY) || name.endsWith(SWAP);

/** What is asked of the browser's locks. */
interface Locks {
  request<T>(
    name: string,
    options: { readonly ifAvailable?: boolean },
    act: (lock: object | null) => Promise<T> | T,
  ): Promise<T>;
}

/** Browsers that write here have them; elsewhere nobody else is there. */
const locks = (): Locks =>
  (globalThis.navigator as Partial<Navigator> | undefined)?.locks ?? {
    request: async (_name, _options, act) => await act({}),
  };

/** Writes a file, all of it, then gives it its name. */
async function writeWhole(file: Movable, name: string, bytes: Uint8Array): Promise<void> {
  if (file.move === undefined || file.createWritable === undefined)
    throw missing('this browser cannot write a file as a whole');
  const stream = await file.createWritable();
  try {
    await stream.write(bytes as Uint8Array<ArrayBuffer>);
    await stream.close();
  } catch (error) {
    // While it is open the file cannot be removed.
    await stream.abort().catch(() => {});
    throw error;
  }
  await file.move(name);
}

const missing = (what: string): KindlingError =>
  new KindlingError(`opfsStorage: ${what}; use indexedDBStorage`);

function unlessMissing(error: unknown): null {
  if ((error as { name?: string }).name === 'NotFoundError') return null;
  throw error;
}
