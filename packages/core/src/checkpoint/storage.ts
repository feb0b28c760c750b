import { refuseExcess } from '../arguments/index.ts';
import { KindlingError } from '../errors.ts';

/**
 * Where checkpoints lie: whole files by name. A `Checkpoint` needs no more of a place than these three methods, so
 * write them for any other: a server, a bucket. Kindling's own.
 *
 * `write` must be atomic: whatever ends the program, `read` gives all of the old file or all of the new one, and `list`
 * names no part of one. Where several programs save into one place, it needs {@link create} as well.
 * @example
 * ```ts
 * const files = new Map<string, Uint8Array>();
 * const storage: CheckpointStorage = {
 *   list: async () => [...files.keys()],
 *   read: async (name) => files.get(name) ?? null,
 *   write: async (name, bytes) => void (bytes === null ? files.delete(name) : files.set(name, bytes)),
 * };
 * const w = tensor([1, 2]);
 * const model = { stateDict: () => ({ w }), loadStateDict: (state: { w: Tensor }) => w.copy_(state.w) };
 * const checkpoint = new Checkpoint({ storage, parts: { model } });
 * await checkpoint.save({ step: 1 }); // 'checkpoint-00000001.safetensors'
 * ```
 */
export interface CheckpointStorage {
  /** The names of all files, in any order. It may remove what a process left behind that was killed while it wrote. */
  list(): Promise<readonly string[]>;
  /** A file, or `null` where there is none of that name. */
  read(name: string): Promise<Uint8Array | null>;
  /** Puts a file under a name, in place of the one that may be there; `null` removes that, if there is one. */
  write(name: string, bytes: Uint8Array | null): Promise<void>;
  /**
   * Puts a file under a name that no file has, as a whole, and says whether it could; `false` where there is one by
   * then. Without it a checkpoint is written under the number after the last that is there, which another program may
   * take at the same time.
   */
  create?(name: string, bytes: Uint8Array): Promise<boolean>;
}

/**
 * Checkpoints in memory, gone with the program: for tests, and for going back within one run. Kindling's own.
 * @example
 * ```ts
 * const storage = memoryStorage();
 * await storage.write('x', Uint8Array.of(1, 2));
 * await storage.list(); // [ 'x' ]
 * ```
 */
export function memoryStorage(): CheckpointStorage {
  if (arguments.length > 0) refuseExcess('memoryStorage', [], arguments);
  const files = new Map<string, Uint8Array>();
  return {
    list: async () => [...files.keys()],
    read: async (name) => files.get(name)?.slice() ?? null,
    write: async (name, bytes) => {
      if (bytes === null) files.delete(name);
      else files.set(name, bytes.slice());
    },
    create: async (name, bytes) => {
      if (files.has(name)) return false;
      files.set(name, bytes.slice());
      return true;
    },
  };
}

/** @internal What a browser threw, in the name of the storage: of its errors some have a name alone. */
export function refusedBy(storage: string, cause: unknown): KindlingError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new KindlingError(`${storage}: ${reason}`, { cause });
}
