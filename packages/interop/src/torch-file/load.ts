import { K, refuseExcess, ValueError } from '@kindling/core';
import { type FileURL, pathOf } from '../file-url.ts';
import { readLegacy } from './legacy.ts';
import { Memories } from './memory.ts';
import type { TorchValue } from './pickle/index.ts';
import {
  type Caller,
  describe,
  dtypeOfStorage,
  PyGlobal,
  PyStorage,
  PyTuple,
  type PyValue,
  readableType,
  unpickle,
} from './pickle/index.ts';
import type { BlobLike } from './source.ts';
import { Unpacker } from './unpack.ts';
import { Archive, isArchive } from './zip/index.ts';

const PROTO = 0x80;

/**
 * What `torch.save` wrote: tensors and containers, of a `.pt` or `.pth` file. Follows
 * `torch.load(..., weights_only=True)`.
 *
 * Nothing of the file is ever run, and no name in it is used as a path: tensors and containers are built, everything
 * else (objects of other classes, a whole pickled model, TorchScript) is an error that names it. Both the ZIP format
 * and that from before PyTorch 1.6 are read. The values are as {@link TorchValue} says; float16, bfloat16 and float8
 * are read as float32, integers but uint8 as int32. Tensors that share memory in the file share it here, tied weights
 * among them; the state dict of a module has the form that `loadStateDict` takes, that of an optimizer too.
 *
 * The type parameter is what the caller knows of the file; who takes the value checks it, as `loadStateDict` does.
 * @param source the path of a file or its URL, or its content
 * @throws ValueError where the file is malformed, holds what is refused, or an integer that does not fit int32; where
 *   values are nested deeper than 256 levels, or a container holds itself; FileError where the file cannot be read
 * @example
 * ```ts
 * const bytes = await serializeTorch({ weight: tensor([[0.5, 2]]), epoch: 3 });
 * await loadTorch(bytes); // { weight: tensor([[0.5000, 2.0000]]), epoch: 3 }
 * const resume = async (model: nn.Linear) => model.loadStateDict(await loadTorch<nn.StateDict>('model.pt'));
 * ```
 */
export async function loadTorch<T = TorchValue>(
  source: string | FileURL | ArrayBuffer | Uint8Array | BlobLike,
): Promise<T> {
  if (arguments.length > 1) refuseExcess('loadTorch', ['source'], arguments);
  const { bytes, where } = await contentOf(source);
  // Typed by who calls: what is in a file, no compiler knows.
  return (await valueOf(bytes, where)) as T;
}

const noSource = (where: string, got: string): ValueError =>
  new ValueError(
    `${where}: expected the path of a file, a file URL, or its content (Uint8Array, ArrayBuffer, Blob), got ${got}`,
  );

async function contentOf(source: unknown): Promise<{ bytes: Uint8Array; where: string }> {
  const where = 'loadTorch';
  if (!K.isReadable(source)) throw noSource(where, 'an object that cannot be read');
  if (source instanceof Uint8Array) return { bytes: plainBytes(source), where };
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), where };
  if (source instanceof Blob) return { bytes: new Uint8Array(await source.arrayBuffer()), where };
  if (typeof source !== 'string' && !(source instanceof URL)) {
    const got = source === null ? 'null' : Array.isArray(source) ? 'an array' : typeof source;
    throw noSource(where, got);
  }
  if (source instanceof URL && source.protocol !== 'file:') {
    throw new ValueError(
      `${where}: ${source} names no file; write loadTorch(await (await fetch(url)).arrayBuffer())`,
    );
  }
  const { loadBytes } = await import('@kindling/core/node');
  const bytes = plainBytes(await loadBytes(source, { caller: where }));
  return { bytes, where: `${where}('${await pathOf(source)}')` };
}

/** Of Node's Buffer, slice() is no copy. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

async function valueOf(bytes: Uint8Array, where: string): Promise<TorchValue> {
  const storages = new Map<string, PyStorage>();
  const persistent = (id: PyValue, by: Caller): PyStorage => storageOf(id, storages, by);
  if (isArchive(bytes)) return await ofArchive(bytes, where, persistent, storages);
  if (bytes[0] !== PROTO) throw new ValueError(`${where}: malformed file: ${whatItIs(bytes)}`);
  const { value, data } = readLegacy(bytes, where, persistent, storages);
  return new Unpacker(new Memories(data, true), where).unpack(value);
}

async function ofArchive(
  bytes: Uint8Array,
  where: string,
  persistent: (id: PyValue, by: Caller) => PyStorage,
  storages: ReadonlyMap<string, PyStorage>,
): Promise<TorchValue> {
  const archive = await Archive.open(bytes, where);
  if (archive.has('constants.pkl')) {
    throw new ValueError(
      `${where}: it is a TorchScript archive, a program; in PyTorch, save its state dict: ` +
        'torch.save(torch.jit.load(path).state_dict(), path)',
    );
  }
  const littleEndian = !archive.has('byteorder') || isLittle(await archive.read('byteorder'), where);
  const pickle = await archive.read('data.pkl');
  const { value, end } = unpickle(pickle, where, persistent);
  if (end !== pickle.length)
    throw new ValueError(`${where}: malformed file: ${pickle.length - end} bytes follow the pickle`);
  const data = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { key, bytes: expected } of storages.values()) {
    const read = await archive.read(`data/${key}`);
    if (read.length !== expected) {
      throw new ValueError(
        `${where}: malformed file: storage ${JSON.stringify(key)} has ${read.length} bytes, where tensors say ${expected}`,
      );
    }
    data.set(key, read);
  }
  return new Unpacker(new Memories(data, littleEndian), where).unpack(value);
}

function isLittle(record: Uint8Array, where: string): boolean {
  const order = String.fromCharCode(...record.subarray(0, 20));
  if (order === 'little' || order === 'big') return order === 'little';
  throw new ValueError(`${where}: malformed file: its byte order is ${JSON.stringify(order)}`);
}

/**
 * The storage that a tuple names: 'storage', its class, its key, a device, how many elements it has; before ZIP, also a
 * view of it.
 */
function storageOf(id: PyValue, storages: Map<string, PyStorage>, by: Caller): PyStorage {
  const [kind, type, key, location, count, view = null, ...more] = id instanceof PyTuple ? id.items : [];
  if (kind === 'module')
    throw by.fail(
      'it holds a whole model; in PyTorch, save its state dict: torch.save(model.state_dict(), path)',
    );
  const dtype = type instanceof PyGlobal ? dtypeOfStorage(type) : undefined;
  const isStorage = kind === 'storage' && dtype !== undefined && typeof key === 'string';
  if (!isStorage || typeof location !== 'string' || more.length > 0 || view !== null)
    throw by.fail(`${describe(id)} names no storage`);
  if (!Number.isSafeInteger(count) || (count as number) < 0)
    throw by.fail(`a storage has ${describe(count)} elements`);
  const element = dtype === null ? null : readableType(dtype, by);
  const bytes = (count as number) * (element?.bytes ?? 1);
  const known = storages.get(key);
  if (known === undefined) {
    const storage = new PyStorage(key, element, bytes);
    storages.set(key, storage);
    return storage;
  }
  if (known.type === element && known.bytes === bytes) return known;
  // Memory without elements has one key, whatever it is of.
  if (known.bytes === 0 && bytes === 0) return new PyStorage(key, element, 0);
  throw by.fail(`storage ${JSON.stringify(key.slice(0, 40))} is of two dtypes or sizes`);
}

/** What a file is that is none of PyTorch's. */
function whatItIs(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (bytes.length === 0) return 'it is empty';
  if (bytes[8] === 0x7b) return 'it begins like a safetensors file: read it with loadSafetensors';
  if (start.startsWith('<'))
    return 'it begins like HTML or XML: perhaps a page that says why there is no such file';
  if (start.startsWith('\x1f\x8b')) return 'it is compressed by gzip: decompress it first';
  if (start.startsWith('version https://git-lfs'))
    return 'it is a pointer of Git LFS: fetch the file itself (git lfs pull)';
  if (start.startsWith('\x89HDF')) return 'it is an HDF5 file';
  return 'it is neither a ZIP archive nor a pickle, one of which torch.save writes';
}
