import { checkArguments } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';
import { folderName } from './kinds.ts';
import type { CheckpointStorage } from './storage.ts';

/** The one table, of bytes by name. */
const FILES = 'files';

/**
 * Checkpoints in a database of the browser, one a run. Each file is written by one transaction, which is done as a whole or not at
 * all. Kindling's own.
 * @throws KindlingError by its methods, where there is no IndexedDB, or it refuses
 * @example const storage = indexedDBStorage('run');
 */
export function indexedDBStorage(database: string): CheckpointStorage {
  checkArguments('indexedDBStorage', { database: folderName }, arguments);

  /** Runs one request in a transaction of its own; fulfilled once that is on the disk. */
  async function request<T>(
    mode: IDBTransactionMode,
    act: (files: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    const db = await open(database);
    try {
      return await new Promise((resolve, reject) => {
        const transaction = db.transaction(FILES, mode, { durability: 'strict' });
        const asked = act(transaction.objectStore(FILES));
        transaction.oncomplete = () => resolve(asked.result);
        transaction.onabort = () => reject(refused(database, transaction.error));
      });
    } finally {
      // An open database cannot be deleted.
      db.close();
    }
  }

  return {
    list: async () => (await request('readonly', (files) => files.getAllKeys())).map(String),
    read: async (name) =>
      (await request<Uint8Array | undefined>('readonly', (files) => files.get(name))) ?? null,
    async write(name, bytes) {
      if (bytes === null) await request<undefined>('readwrite', (files) => files.delete(name));
      else await request<IDBValidKey>('readwrite', (files) => files.put(bytes, name));
    },
  };
}

const refused = (database: string, cause: unknown): KindlingError =>
  new KindlingError(
    `indexedDBStorage('${database}'): ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );

async function open(database: string): Promise<IDBDatabase> {
  const factory = (globalThis as { indexedDB?: IDBFactory }).indexedDB;
  if (factory === undefined) throw new KindlingError('indexedDBStorage: there is no IndexedDB here');
  return await new Promise((resolve, reject) => {
    const opening = factory.open(database, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(FILES);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(refused(database, opening.error));
  });
}
