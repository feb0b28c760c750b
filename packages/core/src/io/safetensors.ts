/** The safetensors format, both ways, on bytes in memory. */
import { describe } from '../arguments/explain.ts';
import { isOptions } from '../arguments/kinds.ts';
import { ValueError } from '../errors.ts';
import * as elements from './encodings.ts';
import { quoted } from './json-reader.ts';
import {
  headerLength,
  LENGTH_BYTES,
  layoutOrder,
  MAX_HEADER_BYTES,
  METADATA,
  names,
  parseHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from './safetensors-header.ts';

/** A safetensors file in memory. */
interface Safetensors extends SafetensorsHeader {
  /** What follows the header: the tensors' bytes, a view into the file. */
  readonly data: Uint8Array;
}

/**
 * Reads the header of a safetensors file, which tells where each tensor's bytes lie. Nothing is copied.
 * @throws ValueError, DTypeError for a file that breaks the format: truncated, with overlapping or out-of-range offsets
 *   or with holes, a header that is too long or nested too deep, no JSON, no UTF-8 or holds a key twice, or sizes that
 *   do not match
 */
export function parseSafetensors(bytes: Uint8Array, where = 'loadSafetensors'): Safetensors {
  elements.requireBytes(bytes, where);
  const end = LENGTH_BYTES + headerLength(bytes, bytes.length, where);
  const data = bytes.subarray(end);
  return { ...parseHeader(bytes.subarray(LENGTH_BYTES, end), data.length, where), data };
}

/** `where`, and the tensor in it, for errors about its elements. */
export const tensorIn = (where: string, name: string): string => `${where}: tensor ${quoted(name)}`;

/**
 * A tensor's elements in a fresh array of its `dtype`. Integers of 64 bits are read as int32; one that does not fit
 * throws a {@link ValueError}.
 */
export function readSafetensor(
  data: Uint8Array,
  { encoding, dtype, shape, begin, end }: SafetensorsEntry,
  where = 'loadSafetensors',
): elements.DenseArray {
  return { dtype, shape, array: elements.decode(data.subarray(begin, end), encoding, true, where) };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  const at = a.subarray(0, shared).findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length - b.length : a[at]! - b[at]!;
}

interface Part {
  readonly name: string;
  readonly dense: elements.DenseArray;
  readonly encoding: elements.Encoding;
  readonly size: number;
  /** The name in UTF-8, which orders the parts of one dtype. */
  readonly key: Uint8Array;
}

/** What stands in a safetensors file, in its order. */
interface Layout {
  /** The length of the header, and the header. */
  readonly head: Uint8Array;
  readonly parts: readonly Part[];
  /** The bytes of the whole file. */
  readonly size: number;
}

interface SerializeOptions {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly integers?: elements.IntegerWidth | undefined;
}

type NamedArrays = Iterable<readonly [string, elements.DenseArray]>;

const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);

function checkMetadata(metadata: Readonly<Record<string, unknown>>, caller: string): void {
  if (!isOptions(metadata))
    throw new ValueError(`${caller}: metadata must be an object of strings, got ${describe(metadata)}`);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      const kind = value === null ? 'null' : typeof value;
      throw new ValueError(
        `${caller}: metadata holds strings, but ${quoted(key)} is ${kind}; write String(value), or JSON.stringify(value)`,
      );
    }
    if (!isUnicode(key) || !isUnicode(value))
      throw new ValueError(`${caller}: metadata ${quoted(key)} is not valid Unicode`);
  }
}

function partOf(
  name: string,
  dense: elements.DenseArray,
  integers: elements.IntegerWidth,
  caller: string,
): Part {
  elements.checkDense(dense, `${caller}: tensor ${quoted(name)}`);
  const encoding = elements.encodingOf(dense.dtype, integers, caller);
  const size = elements.storedBytes(dense, encoding, `${caller}: tensor ${quoted(name)}`);
  return { name, dense, encoding, size, key: new TextEncoder().encode(name) };
}

function layOut(
  tensors: NamedArrays,
  { metadata, integers = 'int64' }: SerializeOptions,
  caller: string,
): Layout {
  if (metadata !== undefined) checkMetadata(metadata, caller);
  const parts = new Map<string, Part>();
  for (const [name, dense] of tensors) {
    if (typeof name !== 'string')
      throw new ValueError(`${caller}: names must be strings, got ${typeof name}`);
    const why = parts.has(name) ? 'given twice' : name === METADATA ? 'reserved' : 'not valid Unicode';
    if (parts.has(name) || name === METADATA || !isUnicode(name))
      throw new ValueError(`${caller}: the name ${quoted(name)} is ${why}`);
    parts.set(name, partOf(name, dense, integers, caller));
  }
  const rank = ({ encoding }: Part): number => layoutOrder.indexOf(names[encoding]);
  const ordered = [...parts.values()].sort((a, b) => rank(a) - rank(b) || compareBytes(a.key, b.key));
  let offset = 0;
  const fields =
    metadata && Object.keys(metadata).length > 0 ? [`"${METADATA}":${JSON.stringify(metadata)}`] : [];
  for (const { name, dense, encoding, size } of ordered) {
    const dtype = names[encoding];
    const description = { dtype, shape: dense.shape, data_offsets: [offset, offset + size] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(description)}`);
    offset += size;
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  if (text.length > MAX_HEADER_BYTES) {
    throw new ValueError(
      `${caller}: names, shapes and metadata take ${text.length} bytes, more than the ${MAX_HEADER_BYTES} of a header`,
    );
  }
  const head = new Uint8Array(LENGTH_BYTES + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - LENGTH_BYTES), true);
  head.set(text, LENGTH_BYTES);
  return { head, parts: ordered, size: head.length + offset };
}

/**
 * Writes tensors as a safetensors file, byte for byte as the reference implementation does. int32 is written as I64,
 * PyTorch's integer type, unless `integers` is 'int32'.
 */
export function serializeSafetensors(
  tensors: NamedArrays,
  options: SerializeOptions = {},
  caller = 'saveSafetensors',
): Uint8Array<ArrayBuffer> {
  const { head, parts, size } = layOut(tensors, options, caller);
  const bytes = elements.allocateBytes(size, caller);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    elements.encode(part.dense.array, part.encoding, bytes, at);
    at += part.size;
  }
  return bytes;
}

/**
 * {@link serializeSafetensors} in pieces, for a file that is larger than one array can be. They are copies: nothing
 * changes them.
 */
export function serializeSafetensorsInParts(
  tensors: NamedArrays,
  options: SerializeOptions = {},
  caller = 'saveSafetensors',
): Uint8Array[] {
  const { head, parts } = layOut(tensors, options, caller);
  const pieces = parts.map(({ dense, encoding, size }) => {
    const bytes = elements.allocateBytes(size, caller);
    elements.encode(dense.array, encoding, bytes, 0);
    return bytes;
  });
  return [head, ...pieces];
}
