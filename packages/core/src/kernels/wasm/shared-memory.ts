/**
 * A memory that threads share, beside the one that eager calls use as scratch: copying into shared memory costs more,
 * so what lies here stays where it is, but for calls with so much to compute that threads are worth it.
 */

import { unsigned } from './encoding.ts';
import {
  type CompiledModule,
  compiled,
  hasOrigin,
  type Imports,
  type Origin,
  originOf,
  presentCompiling,
  scratchLimit,
  settledAfter,
  settledBefore,
} from './memory.ts';

const PAGE_BYTES = 65536;
/** What modules allow a shared memory to grow to, and what one is made for: less where that is not to be had. */
const mostPages = 65536;
const wantedPages = [mostPages, mostPages / 4, mostPages / 16];

/**
 * A memory that threads share. It is said here what it is, as programs without the types of WebAssembly read the
 * declarations too.
 */
export interface SharedMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/**
 * Up to here lies what serves as scratch: that of eager calls on several threads, as large as that on one, then that of
 * each thread.
 */
export const sharedScratchLimit: number = 2 * scratchLimit;

let memory: SharedMemory | null | undefined;

/** The memory that threads share; `null` where the engine has none. */
export function sharedMemory(): SharedMemory | null {
  if (memory === undefined) {
    memory = null;
    if (typeof SharedArrayBuffer !== 'undefined' && typeof WebAssembly !== 'undefined') {
      for (const maximum of wantedPages) {
        memory = made(maximum);
        if (memory !== null) break;
      }
    }
  }
  return memory;
}

function made(maximum: number): SharedMemory | null {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
  } catch {
    return null;
  }
}

/** Makes a memory at least `bytes` long. */
export function growMemory(memory: SharedMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/**
 * A module that was built for the scratch memory, for shared memory: its import of a memory is declared so, and no more
 * differs.
 */
function forSharedMemory(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const numberAt = (at: number): { value: number; next: number } => {
    let value = 0;
    for (let i = at, shift = 0; ; i++, shift += 7) {
      const byte = bytes[i] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return { value, next: i + 1 };
    }
  };
  for (let at = 8; at < bytes.length; ) {
    const { value: size, next: content } = numberAt(at + 1);
    if (bytes[at] === importSection) {
      // The memory comes first: the number of imports, 'env' and 'memory', then its description.
      const description = numberAt(content).next + '.env.memory'.length;
      const { length } = sharedDescription;
      const head = [importSection, ...unsigned(size - plainMemory + length)];
      const parts = [
        bytes.subarray(0, at),
        head,
        bytes.subarray(content, description),
        sharedDescription,
        bytes.subarray(description + plainMemory),
      ];
      const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let end = 0;
      for (const part of parts) {
        made.set(part, end);
        end += part.length;
      }
      return made;
    }
    at = content + size;
  }
  return bytes;
}

const importSection = 2;
/** A memory of one page or more: the length of what {@link ModuleBuilder} writes of it. */
const plainMemory = 3;
const sharedDescription = [0x02, 0x03, 0x01, ...unsigned(mostPages)];

/** A module on shared memory. */
export interface SharedModule {
  readonly module: CompiledModule;
  /** What it was said to import. */
  readonly env: Imports;
  readonly exports: Readonly<Record<string, (...args: number[]) => unknown>>;
  /** The same, to be called from JavaScript. */
  readonly forJavaScript: SharedModule['exports'];
}

/**
 * Compiles a module that was built for the scratch memory, and instantiates it on shared memory, with kernels that work
 * there.
 */
export function instantiateShared(
  memory: SharedMemory,
  { bytes, env, compiling = presentCompiling() }: Omit<Origin, 'compiling'> & Partial<Origin>,
): SharedModule {
  const module = compiling(() => compiled(forSharedMemory(bytes)));
  const twin: Imports = Object.fromEntries(
    Object.entries(env).map(([name, f]) => [
      name,
      hasOrigin(f) ? onSharedMemory(memory, f).kernel : settledBefore(f, env, compiling),
    ]),
  );
  const imports = { env: { memory: memory as WebAssembly.Memory, ...twin } };
  const { exports } = new WebAssembly.Instance(module as WebAssembly.Module, imports);
  const functions = Object.entries(exports as SharedModule['exports']);
  const forJavaScript = Object.fromEntries(functions.map(([name, f]) => [name, settledAfter(f, compiling)]));
  return { module, env, exports: exports as SharedModule['exports'], forJavaScript };
}

const twins = new WeakMap<Origin, SharedModule>();

/** The same function on shared memory, with the module that it is of. */
export function onSharedMemory(
  memory: SharedMemory,
  kernel: (...args: number[]) => unknown,
): { from: SharedModule; name: string; kernel: (...args: number[]) => unknown } {
  const { origin, name } = originOf(kernel);
  let from = twins.get(origin);
  if (from === undefined) {
    from = instantiateShared(memory, origin);
    twins.set(origin, from);
  }
  return { from, name, kernel: from.exports[name] as (...args: number[]) => unknown };
}
