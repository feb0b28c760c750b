/** Files read piece by piece: no more is held than the tensors themselves, and none is too large for one read. */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ValueError } from '../errors.ts';
import type { io, Tensor } from '../index.ts';
import { allocateBytes, decodeOwn } from '../io/encodings.ts';
import { npyArray, parseNpy } from '../io/npy.ts';
import { HEADER_ROOM, parseNpyHeader } from '../io/npy-header.ts';
import { parseSafetensors, readSafetensor, tensorIn } from '../io/safetensors.ts';
import { headerLength, LENGTH_BYTES, parseHeader } from '../io/safetensors-header.ts';
import { tensorOf } from '../io/tensors.ts';
import { refuseEndless } from './endless.ts';
import { type Call, ofFile } from './file-error.ts';

/** The system reads at most 2 GiB at once. */
const CHUNK = 2 ** 28;
/** What does not say its size is taken for endless behind this many bytes. */
const MOST = 2 ** 31;
/** Enough of a file to say what it is. */
const START = 64;

/** An open file of a known size. */
class OpenFile {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #where: string;

  constructor(handle: FileHandle, size: number, where: string) {
    this.#handle = handle;
    this.size = size;
    this.#where = where;
  }

  /** The bytes from `begin` to `end`, in memory of their own. */
  async read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = allocateBytes(end - begin, this.#where);
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(CHUNK, bytes.length - at);
      const { bytesRead } = await this.#handle.read(bytes, at, length, begin + at);
      if (bytesRead === 0)
        throw new ValueError(`${this.#where}: the file ended at byte ${begin + at} while it was read`);
      at += bytesRead;
    }
    return bytes;
  }

  /** The first bytes of the file, at most `count`. */
  start(count: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.read(0, Math.min(count, this.size));
  }
}

/** Opens a file for `parts`; what has no size, such as a pipe, is read to its end for `whole`. */
async function reading<T>(
  call: Call,
  parts: (file: OpenFile) => Promise<T>,
  whole: (bytes: Uint8Array) => T,
): Promise<T> {
  return await ofFile(call, async () => {
    await refuseEndless(call.path, 'read');
    const handle = await open(call.path, 'r');
    try {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile() || before.size === 0n) return whole(await readToEnd(handle, call.where));
      const result = await parts(new OpenFile(handle, Number(before.size), call.where));
      refuseChanged(before, await handle.stat({ bigint: true }), call.where);
      return result;
    } finally {
      await handle.close();
    }
  });
}

/** Half of one state and half of the next would pass for what was saved. */
function refuseChanged(before: BigIntStats, after: BigIntStats, where: string): void {
  if (before.size !== after.size || before.mtimeNs !== after.mtimeNs)
    throw new ValueError(`${where}: the file was written to while it was read`);
}

async function readToEnd(handle: FileHandle, where: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let room = 2 ** 16; size <= MOST; room = Math.min(2 * room, CHUNK)) {
    const chunk = allocateBytes(room, where);
    const { bytesRead } = await handle.read(chunk, 0, room, null);
    if (bytesRead === 0) return Buffer.concat(chunks, size);
    chunks.push(chunk.subarray(0, bytesRead));
    size += bytesRead;
  }
  throw new ValueError(`${where}: there was no end after ${size} bytes, expected at most ${MOST}`);
}

/** All of a file. */
export const readBytes = (call: Call): Promise<Uint8Array> =>
  reading<Uint8Array>(
    call,
    (file) => file.read(0, file.size),
    (bytes) => bytes,
  );

export async function readTensors(call: Call): Promise<io.TensorDict> {
  const { where } = call;
  const entries = await reading<[string, Tensor][]>(
    call,
    async (file) => {
      const { tensors, begin } = await readHeader(file, where);
      const read: [string, Tensor][] = [];
      for (const [name, entry] of tensors) {
        const { buffer } = await file.read(begin + entry.begin, begin + entry.end);
        const array = decodeOwn(buffer, entry.encoding, true, tensorIn(where, name));
        read.push([name, tensorOf({ dtype: entry.dtype, shape: entry.shape, array })]);
      }
      return read;
    },
    (bytes) => {
      const { tensors, data } = parseSafetensors(bytes, where);
      return Array.from(tensors, ([name, entry]) => [
        name,
        tensorOf(readSafetensor(data, entry, tensorIn(where, name))),
      ]);
    },
  );
  return Object.fromEntries(entries);
}

async function readHeader(file: OpenFile, where: string) {
  const length = headerLength(await file.start(START), file.size, where);
  const begin = LENGTH_BYTES + length;
  const header = await file.read(LENGTH_BYTES, begin);
  return { ...parseHeader(header, file.size - begin, where), begin };
}

export async function readArray(call: Call): Promise<Tensor> {
  const { where } = call;
  const dense = await reading(
    call,
    async (file) => {
      const header = parseNpyHeader(await file.start(HEADER_ROOM), file.size, where);
      const { buffer } = await file.read(header.start, file.size);
      return npyArray(header, buffer, where);
    },
    (bytes) => parseNpy(bytes, where),
  );
  return tensorOf(dense);
}
