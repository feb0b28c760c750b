import { checkArguments } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';
import { folderName } from './kinds.ts';
import { type CheckpointStorage, refusedBy } from './storage.ts';

/** The one table: pieces of bytes by the file's name and their number. */
const FILES = 'files';

/**
 * Chromium puts larger values into files beside its database, and has lost all of a database when it was killed while
 * it did. Pieces of this size stay within.
 */
const PIECE = 32_768;

/**
 * Checkpoints in a database of the browser, one a run. Each file is written by one transaction, which is done as a
 * whole or not at all; of two pages that save into one database neither takes the other's names. Kindling's own.
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
        transaction.onabort = () => reject(refused(database, transaction.error));
        try {
          const asked = act(transaction.objectStore(FILES));
          transaction.oncomplete = () => resolve(asked.result);
        } catch (error) {
          reject(error);
          // What was asked for before would else be done.
          transaction.abort();
        }
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
        const removed: IDBRequest = files.delete(piecesOf(name));
        return bytes === null ? removed : put(files, 'put', name, bytes);
      });
    },
    async create(name, bytes) {
      try {
        await transact('readwrite', (files) => put(files, 'add', name, bytes));
        return true;
      } catch (error) {
        if (((error as Error).cause as Partial<Error> | undefined)?.name === 'ConstraintError') return false;
        throw error;
      }
    },
  };
}

/**
 * Puts the pieces of a file there, an empty one too; `add` fails where there is one of that name. Gives the first
 * request.
 */
function put(files: IDBObjectStore, how: 'put' | 'add', name: string, bytes: Uint8Array): IDBRequest {
  const asked = files[how](bytes.slice(0, PIECE), [name, 0]);
  for (let i = 1; i * PIECE < bytes.length; i++)
    files[how](bytes.slice(i * PIECE, (i + 1) * PIECE), [name, i]);
  return asked;
}

const piecesOf = (name: string): IDBKeyRange =>
  IDBKeyRange.bound([name, 0], [name, Number.POSITIVE_INFINITY]);

const refused = (database: string, cause: unknown): KindlingError =>
  refusedBy(`indexedDBStorage('${database}')`, cause);

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
