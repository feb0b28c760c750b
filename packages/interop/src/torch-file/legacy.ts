/**
 * What torch.save wrote before version 1.6, and writes with _use_new_zipfile_serialization=False: pickles, and the
 * storages' bytes behind.
 */
import { ValueError } from '@kindling/core';
import type { Caller } from './pickle/index.ts';
import { PyList, type PyStorage, type PyValue, unpickle } from './pickle/index.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** Before the bytes of each storage stands how many elements it has. */
const COUNT_BYTES = 8;

/** The value of such a file, and the bytes of its storages by key. They are little endian whatever wrote them. */
export function readLegacy(
  bytes: Uint8Array,
  where: string,
  persistent: (id: PyValue, by: Caller) => PyValue,
  storages: ReadonlyMap<string, PyStorage>,
): { value: PyValue; data: Map<string, Uint8Array<ArrayBuffer>> } {
  const malformed = (what: string): ValueError => new ValueError(`${where}: malformed file: ${what}`);
  let at = 0;
  const next = (): PyValue => {
    const { value, end } = unpickle(bytes, where, persistent, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw malformed('it is a Python pickle, but none that torch.save wrote');
  if (next() !== VERSION) throw malformed(`it is not of version ${VERSION} of the format before ZIP`);
  next();
  const value = next();
  const keys = next();
  if (!(keys instanceof PyList)) throw malformed('the list of its storages is missing');
  const data = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const key of keys.items) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined || data.has(storage.key))
      throw malformed('it lists a storage that it does not hold');
    const begin = at + COUNT_BYTES;
    if (begin + storage.bytes > bytes.length) throw malformed('it ends too early (truncated?)');
    const count = new DataView(bytes.buffer, bytes.byteOffset + at, COUNT_BYTES).getBigUint64(0, true);
    if (count * BigInt(storage.type?.bytes ?? 1) !== BigInt(storage.bytes))
      throw malformed(
        `storage ${JSON.stringify(key)} has ${count} elements, which is not what the tensors say`,
      );
    at = begin + storage.bytes;
    data.set(storage.key, bytes.slice(begin, at) as Uint8Array<ArrayBuffer>);
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes are left over`);
  return { value, data };
}
