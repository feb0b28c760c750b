/** The header of a safetensors file: which tensors it holds, and where. */
import type { DType } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import * as elements from './encodings.ts';
import { guessFormat } from './guess-format.ts';
import { JsonReader, quoted } from './json-reader.ts';

export const METADATA = '__metadata__';
/** The bytes before the header: its length. */
export const LENGTH_BYTES = 8;
/** The reference implementation's limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The format's names of the encodings, in the order in which it lays them out (widest first). */
export const names: Record<elements.Encoding, string> = {
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
export const layoutOrder = Object.values(names);
const encodingByName = new Map<string, elements.Encoding>(
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
  /** Where its bytes begin, counted from the first that follows the header. */
  readonly begin: number;
  /** Where they end. */
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

const malformed = (where: string, what: string): ValueError =>
  new ValueError(`${where}: malformed file: ${what}`);

/**
 * The length of the header that follows the first eight bytes. `start` holds those, and some more where there are more;
 * `size` is that of the file.
 */
export function headerLength(start: Uint8Array, size: number, where: string): number {
  const fail = (what: string): ValueError => malformed(where, what + guessFormat(start, 'safetensors'));
  if (size < LENGTH_BYTES) throw fail(`${size} bytes are too few for the length of the header`);
  const claimed = new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true);
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw fail(`the header claims ${claimed} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const length = Number(claimed);
  if (LENGTH_BYTES + length > size) {
    throw fail(`the header claims ${length} bytes, but only ${size - LENGTH_BYTES} follow (truncated?)`);
  }
  return length;
}

/**
 * Reads the header, which says what stands in the `dataBytes` that follow it. Nothing is allocated by what it claims.
 */
export function parseHeader(header: Uint8Array, dataBytes: number, where: string): SafetensorsHeader {
  const fail = (what: string): ValueError => malformed(where, what);
  if (header[0] !== 0x7b) throw fail("the header does not begin with '{'");
  const reader = new JsonReader(header, fail);
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  reader.object((name) => {
    if (name === METADATA) metadata = readMetadata(reader, fail);
    else tensors.set(name, readEntry(name, reader, dataBytes, where));
  });
  reader.end();
  checkSpans(tensors, dataBytes, fail);
  return { tensors, metadata };
}

type Fail = (what: string) => ValueError;

function readMetadata(reader: JsonReader, fail: Fail): Record<string, string> {
  if (reader.nothing()) return {};
  const wrong = `${METADATA} must be an object of strings`;
  if (!reader.atObject) throw fail(wrong);
  const entries: [string, string][] = [];
  reader.object((key) => {
    if (!reader.atString) throw fail(`${wrong}: the value of ${quoted(key)} is none`);
    entries.push([key, reader.string()]);
  });
  return Object.fromEntries(entries);
}

function readEntry(name: string, reader: JsonReader, dataBytes: number, where: string): SafetensorsEntry {
  const label = `tensor ${quoted(name)}`;
  const fail: Fail = (what) => malformed(where, what);
  if (!reader.atObject) throw fail(`${label} is not described by an object`);
  let dtype: string | null = null;
  let shape: number[] | null = null;
  let offsets: number[] | null = null;
  reader.object((key) => {
    if (key === 'dtype') {
      if (!reader.atString) throw fail(`the dtype of ${label} is no string`);
      dtype = reader.string();
    } else if (key === 'shape') {
      shape = reader.counts(elements.MAX_DIMS);
      if (shape === null)
        throw fail(`the shape of ${label} is no list of sizes, of which there may be ${elements.MAX_DIMS}`);
    } else if (key === 'data_offsets') {
      offsets = reader.counts(2);
      if (offsets === null) throw fail(`the data_offsets of ${label} are no pair of offsets`);
    } else reader.skip();
  });
  return checkEntry(label, { dtype, shape, offsets }, dataBytes, where);
}

interface Description {
  readonly dtype: string | null;
  readonly shape: readonly number[] | null;
  readonly offsets: readonly number[] | null;
}

function checkEntry(
  label: string,
  { dtype, shape, offsets }: Description,
  dataBytes: number,
  where: string,
): SafetensorsEntry {
  const fail: Fail = (what) => malformed(where, what);
  if (dtype === null) throw fail(`the dtype of ${label} is missing`);
  if (shape === null) throw fail(`the shape of ${label} is missing`);
  const [begin, end] = offsets ?? [];
  if (begin === undefined || end === undefined)
    throw fail(`the data_offsets of ${label} are no pair of offsets`);
  const encoding = encodingByName.get(dtype);
  if (encoding === undefined) {
    const known = layoutOrder.join(', ');
    throw new DTypeError(`${where}: ${label} has the unknown dtype ${quoted(dtype)}; known are ${known}`);
  }
  if (begin > end || end > dataBytes) {
    throw fail(
      `${label} lies at bytes ${begin} to ${end}, outside the ${dataBytes} bytes of data (truncated?)`,
    );
  }
  const needed = elements.byteLengthOf(shape, encoding);
  if (needed !== end - begin) {
    throw fail(
      `${label}, ${dtype} of ${elements.sizesOf(shape)}, takes ${needed} bytes, but its data_offsets span ${end - begin}`,
    );
  }
  const { dtype: read } = elements.encodings[encoding];
  return { storedDtype: dtype, encoding, dtype: read, shape, begin, end };
}

/** Throws unless the tensors' bytes are all of the data, without a hole and none twice. */
function checkSpans(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  dataBytes: number,
  fail: (what: string) => ValueError,
): void {
  const spans = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const [name, { begin, end }] of spans) {
    if (begin !== reached) {
      const what = begin < reached ? 'overlaps the tensor before it' : `leaves a hole after byte ${reached}`;
      throw fail(`tensor ${quoted(name)}, at bytes ${begin} to ${end}, ${what}`);
    }
    reached = end;
  }
  if (reached !== dataBytes) throw fail(`${dataBytes - reached} bytes of data belong to no tensor`);
}
