/** Storages of browsers, on an IndexedDB in memory and on as much of a file system as they ask for. */
import {
  Checkpoint,
  type CheckpointStorage,
  indexedDBStorage,
  KindlingError,
  opfsStorage,
} from '@kindling/core';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);

/** Folders that hold files by name; what is written is there once its stream is closed. */
function fileSystem() {
  let room = Infinity;
  let ready: Promise<unknown> = Promise.resolve();
  const folders = new Map<string, Map<string, Uint8Array>>();
  const missing = () => Object.assign(new Error('gone'), { name: 'NotFoundError' });
  const handle = (files: Map<string, Uint8Array>, name: string) => {
    let own = name;
    return {
      getFile: async () => new Blob([files.get(own) as Uint8Array<ArrayBuffer>]),
      async createWritable() {
        let written = new Uint8Array();
        return {
          async write(content: Uint8Array) {
            await ready;
            if (content.length > room) throw new Error('no room');
            written = content.slice();
          },
          abort: async () => {},
          close: async () => void files.set(own, written),
        };
      },
      async move(to: string) {
        files.set(to, files.get(own) as Uint8Array);
        files.delete(own);
        own = to;
      },
    };
  };
  const folder = (files: Map<string, Uint8Array>) => ({
    async *keys() {
      yield* [...files.keys()];
    },
    async getFileHandle(name: string, { create = false } = {}) {
      if (!create && !files.has(name)) throw missing();
      if (!files.has(name)) files.set(name, new Uint8Array());
      return handle(files, name);
    },
    async removeEntry(name: string) {
      if (!files.delete(name)) throw missing();
    },
  });
  const storage = {
    getDirectory: async () => ({
      async getDirectoryHandle(name: string, { create = false } = {}) {
        if (!folders.has(name) && !create) throw missing();
        if (!folders.has(name)) folders.set(name, new Map());
        return folder(folders.get(name) as Map<string, Uint8Array>);
      },
    }),
  };
  return {
    folders,
    storage,
    leaveRoom: (bytes: number) => void (room = bytes),
    wait: (until: Promise<unknown>) => void (ready = until),
  };
}

/** As much of the browser's locks: one holder of a name at a time, the others in a row. */
function lockManager() {
  const held = new Map<string, Promise<unknown>>();
  return {
    async request<T>(
      name: string,
      { ifAvailable = false }: { ifAvailable?: boolean },
      act: (lock: object | null) => T,
    ) {
      if (ifAvailable && held.has(name)) return await act(null);
      const turn = (held.get(name) ?? Promise.resolve()).then(() => act({}));
      const over = turn.then(
        () => {},
        () => {},
      );
      held.set(name, over);
      void over.then(() => held.get(name) === over && held.delete(name));
      return await turn;
    },
  };
}

let disk: ReturnType<typeof fileSystem>;

beforeEach(() => {
  disk = fileSystem();
  vi.stubGlobal('navigator', { storage: disk.storage, locks: lockManager() });
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});
afterEach(() => vi.unstubAllGlobals());

const storages: Readonly<Record<string, (name: string) => CheckpointStorage>> = {
  opfsStorage,
  indexedDBStorage,
};

describe.each(Object.entries(storages))('%s', (_, storageOf) => {
  test('gives back what was written, of any length, and lists each file once', async () => {
    const storage = storageOf('run');
    expect(await storage.list()).toEqual([]);
    // Lengths around those of the pieces that a database holds.
    const lengths = [0, 1, 32_767, 32_768, 32_769, 100_000];
    for (const length of lengths) await storage.write(`file-${length}`, bytes(length));
    expect([...(await storage.list())].sort()).toEqual(lengths.map((length) => `file-${length}`).sort());
    for (const length of lengths) expect(await storage.read(`file-${length}`)).toEqual(bytes(length));
  });

  test('a file written again is the new one alone; one that is removed is gone', async () => {
    const storage = storageOf('run');
    await storage.write('a', bytes(100_000));
    await storage.write('b', bytes(5));
    await storage.write('a', bytes(3));
    expect(await storage.read('a')).toEqual(bytes(3));
    await storage.write('a', null);
    expect(await storage.read('a')).toBeNull();
    expect(await storage.list()).toEqual(['b']);
    await storage.write('a', null);
  });

  test('what is written later does not change with the array', async () => {
    const storage = storageOf('run');
    const content = bytes(4);
    const writing = storage.write('a', content);
    await writing;
    content.fill(9);
    expect(await storage.read('a')).toEqual(bytes(4));
  });

  test('creates a file under a name that is free, as a whole, and leaves one that is there', async () => {
    const storage = storageOf('run');
    expect(await storage.create?.('a', bytes(100_000))).toBe(true);
    expect(await storage.create?.('a', bytes(3))).toBe(false);
    expect(await storage.create?.('empty', bytes(0))).toBe(true);
    expect(await storage.create?.('empty', bytes(200_000))).toBe(false);
    expect(await storage.read('a')).toEqual(bytes(100_000));
    expect(await storage.read('empty')).toEqual(bytes(0));
    await storage.write('a', null);
    expect(await storage.create?.('a', bytes(3))).toBe(true);
    expect(await storage.read('a')).toEqual(bytes(3));
  });

  test('holds all that the checkpoints of several pages save at the same moment', async () => {
    const pages = [1, 2, 3].map(
      () => new Checkpoint({ storage: storageOf('run'), parts: {}, keepLast: Infinity }),
    );
    const names = await Promise.all(pages.map((page, step) => page.save({ step })));
    expect(new Set(names).size).toBe(3);
    expect([...(await storageOf('run').list())].sort()).toEqual([...names].sort());
    const reader = new Checkpoint({ storage: storageOf('run'), parts: {} });
    const steps = await Promise.all(names.map(async (name) => (await reader.load(name)).step));
    expect(steps).toEqual([0, 1, 2]);
  });

  test('runs of other names do not see each other', async () => {
    await storageOf('one').write('a', bytes(2));
    expect(await storageOf('two').list()).toEqual([]);
    expect(await storageOf('one').read('a')).toEqual(bytes(2));
  });
});

describe('opfsStorage', () => {
  test('removes what a page left that was closed while it wrote, when the folder is first listed', async () => {
    const left = new Map([
      ['a.safetensors', bytes(3)],
      ['b.safetensors.1234.tmp', bytes(2)],
      ['c.safetensors.crswap', bytes(2)],
    ]);
    disk.folders.set('run', left);
    const storage = opfsStorage('run');
    expect(await storage.list()).toEqual(['a.safetensors']);
    expect([...left.keys()]).toEqual(['a.safetensors']);
    left.set('of-another-page.5.tmp', bytes(1));
    expect(await storage.list()).toEqual(['a.safetensors']);
    expect(left.has('of-another-page.5.tmp')).toBe(true);
  });

  test('takes nothing that another page is writing for what was left behind', async () => {
    let goOn = (): void => {};
    disk.wait(new Promise<void>((resolve) => void (goOn = resolve)));
    const writing = opfsStorage('run').write('a', bytes(3));
    const other = opfsStorage('run');
    expect(await other.list()).toEqual([]);
    expect(disk.folders.get('run')?.size).toBe(1);
    goOn();
    await writing;
    disk.folders.get('run')?.set('b.5.tmp', bytes(1));
    expect(await other.list()).toEqual(['a']);
    expect([...(disk.folders.get('run') ?? new Map()).keys()]).toEqual(['a']);
  });

  test('does without locks where there are none', async () => {
    vi.stubGlobal('navigator', { storage: disk.storage });
    const storage = opfsStorage('run');
    expect(await storage.create?.('a', bytes(3))).toBe(true);
    expect(await storage.create?.('a', bytes(4))).toBe(false);
    expect(await storage.list()).toEqual(['a']);
    expect(await storage.read('a')).toEqual(bytes(3));
  });

  test('leaves nothing under the name of a file that is not whole yet', async () => {
    const storage = opfsStorage('run');
    const writing = storage.write('a', bytes(3));
    expect(await storage.list()).toEqual([]);
    await writing;
    expect([...(disk.folders.get('run') ?? new Map()).keys()]).toEqual(['a']);
  });

  test('says so where files cannot be renamed, or the file system fails', async () => {
    const removed: string[] = [];
    const handle = {
      getFileHandle: async () => ({ createWritable: async () => undefined }),
      removeEntry: async (name: string) => void removed.push(name),
    };
    const root = { getDirectoryHandle: async () => handle };
    vi.stubGlobal('navigator', { storage: { getDirectory: async () => root } });
    await expect(opfsStorage('run').write('a', bytes(1))).rejects.toThrow(
      'this browser cannot write a file as a whole; use indexedDBStorage',
    );
    expect(removed).toHaveLength(1);
    const cause = new Error('the disk is on fire');
    handle.getFileHandle = () => Promise.reject(cause);
    await expect(opfsStorage('run').read('a')).rejects.toThrow(
      new KindlingError("opfsStorage('run'): the disk is on fire", { cause }),
    );
  });

  test('leaves nothing of a file for which there was no room, and goes on', async () => {
    const storage = opfsStorage('run');
    await storage.write('a', bytes(5));
    disk.leaveRoom(4);
    for (const name of ['a', 'b'])
      await expect(storage.write(name, bytes(6))).rejects.toThrow("opfsStorage('run'): no room");
    expect([...(disk.folders.get('run') ?? new Map()).keys()]).toEqual(['a']);
    expect(await storage.read('a')).toEqual(bytes(5));
    await storage.write('b', bytes(4));
    expect(await storage.list()).toEqual(['a', 'b']);
  });
});

describe('indexedDBStorage', () => {
  test('writes nothing of a file of which not all can be had', async () => {
    const storage = indexedDBStorage('run');
    await storage.write('a', bytes(100_000));
    const torn = bytes(100_000);
    torn.slice = (from = 0, to) => {
      if (from > 50_000) throw new RangeError('no memory');
      return Uint8Array.prototype.slice.call(torn, from, to);
    };
    await expect(storage.write('a', torn)).rejects.toThrow('no memory');
    expect(await storage.read('a')).toEqual(bytes(100_000));
  });

  test('says which database refused, and why', async () => {
    const request: { onerror?: () => void; error: Error } = { error: new Error('no room') };
    vi.stubGlobal('indexedDB', {
      open() {
        queueMicrotask(() => request.onerror?.());
        return request;
      },
    });
    await expect(indexedDBStorage('run').list()).rejects.toThrow("indexedDBStorage('run'): no room");
    // Chromium's error of a quota that is used up says nothing else.
    request.error = Object.assign(new Error(), { name: 'QuotaExceededError' });
    await expect(indexedDBStorage('run').list()).rejects.toThrow(
      "indexedDBStorage('run'): QuotaExceededError",
    );
  });
});
