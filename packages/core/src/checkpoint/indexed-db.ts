import { checkArguments } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';
import { folderName } from './kinds.ts';
import type { CheckpointStorage } from './storage.ts';

/** The one table: pieces of bytes by the file's name and their number. */
const FILES = 'files';

/**
 * Chromium puts larger values into files beside its database, and has lost all of a database when it was killed while it did.
 * Pieces of this size stay within.
 */
const PIECE = 32_768;

/**
 * Checkpoints in a database of the browser, one a run. Each file is written by one transaction, which is done as a whole or not at
 * all. Kindling's own.
 * @throws KindlingError by its methods, where there is no IndexedDB, or it refuses
 * @example const storage = indexedDBStorage('run');
 */
export function indexedDBStorage(database: string): CheckpointStorage {
  checkArguments('indexedDBStorage', { database: folderName }, arguments);

  /** Runs requests in a transaction of their own; fulfilled, with the first one's result, once that is on the disk. */
  async function transact<T>(
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
    async list() {
      const keys = await transact('readonly', (files) => files.getAllKeys());
      return [...new Set(keys.map((key) => String((key as [string, number])[0])))];
    },
    async read(name) {
      const pieces = await transact<Uint8Array[]>('readonly', (files) => files.getAll(piecesOf(name)));
      if (pieces.length === 0) return null;
      const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0));
      for (const [i, piece] of pieces.entries()) bytes.set(piece, i * PIECE);
      return bytes;
    },
    async write(name, bytes) {
      await transact('readwrite', (files) => {
        const removed = files.delete(piecesOf(name));
        // An empty file has one piece too.
        const count = bytes === null ? 0 : Math.max(1, Math.ceil(bytes.length / PIECE));
        for (let i = 0; i < count; i++) files.put(bytes?.slice(i * PIECE, (i + 1) * PIECE), [name, i]);
        return removed;
      });
    },
  };
}

const piecesOf = (name: string): IDBKeyRange =>
  IDBKeyRange.bound([name, 0], [name, Number.POSITIVE_INFINITY]);

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
