/** The safetensors format, both ways, on bytes in memory. */
import type { DType } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import * as elements from './elements.ts';
import { uniqueKeys } from './json-keys.ts';

const METADATA = '__metadata__';
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** The format's names of the encodings, in the order in which it lays them out (widest first). */
const names: Record<elements.Encoding, string> = {
  u8: 'U64',
  i8: 'I64',
  f8: 'F64',
  f4: 'F32',
  u4: 'U32',
  i4: 'I32',
  bf2: 'BF16',
  f2: 'F16',
  u2: 'U16',
  i2: 'I16',
  i1: 'I8',
  u1: 'U8',
  b1: 'BOOL',
};
const layoutOrder = Object.values(names);
const encodingByName = new Map<unknown, elements.Encoding>(
  Object.entries(names).map(([encoding, name]) => [name, encoding as elements.Encoding]),
);

/** A tensor within a safetensors file. */
export interface SafetensorsEntry {
  /** The dtype the file states, such as 'F32' or 'BF16'. */
  readonly storedDtype: string;
  /** How it stores the elements. */
  readonly encoding: elements.Encoding;
  /** The dtype it is read as: F16 and BF16 as float32, all integers but U8 as int32. */
  readonly dtype: DType;
  readonly shape: Shape;
  /** The raw bytes, a view into the file. */
  readonly data: Uint8Array;
}

export interface Safetensors {
  /** In the order of the file's header. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const malformed = (what: string): ValueError => new ValueError(`safetensors: malformed file: ${what}`);
const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);
const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;

/** The header's text and the tensors' bytes. */
function split(bytes: Uint8Array): { header: string; body: Uint8Array } {
  if (bytes.length < 8) throw malformed(`${bytes.length} bytes are too few for the length of the header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const claimed = view.getBigUint64(0, true);
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw malformed(`the header claims ${claimed} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const end = 8 + Number(claimed);
  if (end > bytes.length) {
    throw malformed(`the header claims ${claimed} bytes, but only ${bytes.length - 8} follow (truncated?)`);
  }
  if (bytes[8] !== 0x7b) throw malformed("the header does not begin with '{'");
  try {
    const header = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, end));
    return { header, body: bytes.subarray(end) };
  } catch {
    throw malformed('the header is not valid UTF-8');
  }
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw malformed(`${METADATA} must be an object of strings`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown, body: Uint8Array): SafetensorsEntry & { begin: number } {
  const label = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(value)) throw malformed(`${label} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const encoding = encodingByName.get(dtype);
  if (encoding === undefined) {
    throw new DTypeError(
      `safetensors: ${label} has the unknown dtype ${JSON.stringify(dtype)}; known are ${layoutOrder.join(', ')}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw malformed(`the shape of ${label} is no list of sizes`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw malformed(`the data_offsets of ${label} are no pair of offsets`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > body.length) {
    throw malformed(
      `${label} lies at bytes ${begin} to ${end}, outside the ${body.length} bytes of data (truncated?)`,
    );
  }
  const needed = elements.byteLengthOf(shape, encoding);
  if (needed !== end - begin) {
    throw malformed(
      `${label}, ${dtype} of shape [${shape.join(', ')}], takes ${needed} bytes, but its data_offsets span ${end - begin}`,
    );
  }
  return {
    storedDtype: names[encoding],
    encoding,
    dtype: elements.encodings[encoding].dtype,
    shape: shape.map((size) => size + 0),
    data: body.subarray(begin, end),
    begin,
  };
}

/**
 * Reads the header of a safetensors file and finds each tensor's bytes, without copying them.
 *
 * Nothing is allocated by what the file claims.
 * @throws ValueError, DTypeError for a file that breaks the format: truncated, with overlapping or out-of-range offsets or with
 *   holes, a header that is too long, no JSON, no UTF-8 or holds a key twice, or sizes that do not match
 */
export function parseSafetensors(bytes: Uint8Array): Safetensors {
  const { header, body } = split(bytes);
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    throw malformed('the header is not valid JSON');
  }
  if (!isRecord(parsed)) throw malformed('the header is no JSON object');
  const names = uniqueKeys(header, 'safetensors: malformed file');
  const metadata = Object.hasOwn(parsed, METADATA) ? readMetadata(parsed[METADATA]) : {};
  const tensors = new Map<string, SafetensorsEntry>();
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const name of names) {
    if (name === METADATA) continue;
    const { begin, ...entry } = readEntry(name, parsed[name], body);
    tensors.set(name, entry);
    spans.push({ name, begin, end: begin + entry.data.length });
  }
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of spans) {
    if (begin !== reached) {
      const what = begin < reached ? 'overlaps the tensor before it' : `leaves a hole after byte ${reached}`;
      throw malformed(`tensor ${JSON.stringify(name)}, at bytes ${begin} to ${end}, ${what}`);
    }
    reached = end;
  }
  if (reached !== body.length) throw malformed(`${body.length - reached} bytes of data belong to no tensor`);
  return { tensors, metadata };
}

/**
 * A tensor's elements in a fresh array of its `dtype`. Integers of 64 bits are read as int32; one that does not fit
 * throws a {@link ValueError}.
 */
export function readSafetensor(entry: SafetensorsEntry): elements.DenseArray {
  const array = elements.decode(entry.data, entry.encoding, true, 'safetensors');
  return { dtype: entry.dtype, shape: entry.shape, array };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  const at = a.subarray(0, shared).findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length - b.length : a[at]! - b[at]!;
}

/**
 * Writes tensors as a safetensors file, byte for byte as the reference implementation does. int32 is written as I64,
 * PyTorch's integer type, unless `integers` is 'int32'.
 */
export function serializeSafetensors(
  tensors: Iterable<readonly [string, elements.DenseArray]>,
  options: { metadata?: Readonly<Record<string, string>> | undefined; integers?: elements.IntegerWidth } = {},
): Uint8Array {
  const { metadata, integers = 'int64' } = options;
  const encoder = new TextEncoder();
  const seen = new Set<string>();
  const parts = Array.from(tensors, ([name, dense]) => {
    if (name === METADATA || seen.has(name) || /\p{Surrogate}/u.test(name)) {
      const why = seen.has(name) ? 'given twice' : name === METADATA ? 'reserved' : 'not valid Unicode';
      throw new ValueError(`serializeSafetensors: the name ${JSON.stringify(name)} is ${why}`);
    }
    seen.add(name);
    elements.checkDense(dense, `serializeSafetensors: tensor ${JSON.stringify(name)}`);
    const encoding = elements.encodingOf(dense.dtype, integers);
    const dtype = names[encoding];
    const size = dense.array.length * elements.encodings[encoding].bytes;
    return {
      name,
      dense,
      encoding,
      dtype,
      size,
      rank: layoutOrder.indexOf(dtype),
      key: encoder.encode(name),
    };
  });
  parts.sort((a, b) => a.rank - b.rank || compareBytes(a.key, b.key));

  let offset = 0;
  const fields =
    metadata && Object.keys(metadata).length > 0 ? [`"${METADATA}":${JSON.stringify(metadata)}`] : [];
  for (const { name, dense, dtype, size } of parts) {
    const description = { dtype, shape: dense.shape, data_offsets: [offset, offset + size] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(description)}`);
    offset += size;
  }
  const header = encoder.encode(`{${fields.join(',')}}`);
  const padded = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(header, 8);
  let at = 8 + padded;
  for (const { dense, encoding, size } of parts) {
    elements.encode(dense.array, encoding, bytes, at);
    at += size;
  }
  return bytes;
}
