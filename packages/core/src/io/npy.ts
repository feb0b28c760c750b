/** NumPy's .npy format, both ways, on bytes in memory. */

import type { TypedArray } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { elementsOf } from '../kernels/index.ts';
import { contiguousStrides, type Shape } from '../shape.ts';
import { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import * as elements from './elements.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The data begins at a multiple of this. */
const ALIGNMENT = 64;
/** NumPy leaves room in the header for the first dimension to grow to this many digits. */
const GROWTH_DIGITS = 21;
/** NumPy's own limit: a longer header is no array's description. */
const MAX_HEADER_BYTES = 10_000;

const malformed = (what: string): ValueError => new ValueError(`npy: malformed file: ${what}`);

/** The header's text and where the data begins. */
function readHeader(bytes: Uint8Array): { header: string; start: number } {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw malformed('it does not begin with the magic bytes \\x93NUMPY');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint8(6);
  const minor = view.getUint8(7);
  if (major < 1 || major > 3 || minor !== 0) {
    throw malformed(`version ${major}.${minor} is unknown; known are 1.0, 2.0 and 3.0`);
  }
  const fixed = major === 1 ? 10 : 12;
  if (bytes.length < fixed) throw malformed('it ends within the length of the header (truncated?)');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = fixed + length;
  if (start > bytes.length) {
    throw malformed(
      `the header claims ${length} bytes, but only ${bytes.length - fixed} follow (truncated?)`,
    );
  }
  if (length > MAX_HEADER_BYTES) {
    throw malformed(`the header has ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const decoder = new TextDecoder(major === 3 ? 'utf-8' : 'latin1', { fatal: true });
  try {
    return { header: decoder.decode(bytes.subarray(fixed, start)), start };
  } catch {
    throw malformed('the header is not valid UTF-8');
  }
}

interface Description {
  readonly encoding: elements.Encoding;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
}

const KEY = /\s*(?:'(\w+)'|"(\w+)")\s*:\s*/y;
/** A string, a truth value, or a tuple of integers (Python 2 wrote some with an L). */
const VALUE = /(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(((?:\s*\d+L?\s*,)*\s*(?:\d+L?)?)\s*\))\s*/y;

/** The fields of the Python dictionary that the header is. */
function readFields(header: string): Map<string, string | boolean | number[]> {
  const fields = new Map<string, string | boolean | number[]>();
  const text = header.trim();
  if (!text.startsWith('{') || !text.endsWith('}')) throw malformed('the header is no Python dictionary');
  let at = 1;
  const take = (pattern: RegExp): RegExpExecArray => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) {
      const found = text.slice(at, at + 20);
      throw /^\s*\[/.test(found)
        ? new DTypeError('npy: structured dtypes are not supported; save each field as an array of its own')
        : malformed(`the header cannot be read at ${JSON.stringify(found)}`);
    }
    at = pattern.lastIndex;
    return match;
  };
  while (!/^\s*\}$/.test(text.slice(at))) {
    const [, single, double] = take(KEY);
    const name = (single ?? double)!;
    const [, text1, text2, truth, sizes] = take(VALUE);
    if (fields.has(name)) throw malformed(`the header holds the key '${name}' twice`);
    if (truth !== undefined) fields.set(name, truth === 'True');
    else if (sizes !== undefined) fields.set(name, (sizes.match(/\d+/g) ?? []).map(Number));
    else fields.set(name, (text1 ?? text2)!);
    if (text[at] === ',') at++;
    else if (at !== text.length - 1) throw malformed('the header lacks a comma between two fields');
  }
  return fields;
}

function describe(header: string): Description {
  const fields = readFields(header);
  const descr = fields.get('descr');
  const fortranOrder = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (
    fields.size !== 3 ||
    typeof descr !== 'string' ||
    typeof fortranOrder !== 'boolean' ||
    !Array.isArray(shape)
  ) {
    throw malformed(
      `the header must hold descr, fortran_order and shape, got ${[...fields.keys()].join(', ')}`,
    );
  }
  if (!shape.every(Number.isSafeInteger))
    throw malformed(`the shape (${shape.join(', ')}) is beyond any file`);
  const [, order, kind] = /^([<>=|]?)([a-zA-Z]\d+)$/.exec(descr) ?? [];
  if (kind === undefined || !Object.hasOwn(elements.encodings, kind)) {
    const known = Object.keys(elements.encodings).filter((name) => name !== 'bf2');
    throw new DTypeError(
      `npy: unknown dtype '${descr}'; known are ${known.join(', ')} in either byte order ('<f4', '>f4')`,
    );
  }
  return { encoding: kind as elements.Encoding, littleEndian: order !== '>', fortranOrder, shape };
}

/** The elements of a column-major array in row-major order. */
function toRowMajor({ array, shape, dtype }: elements.DenseArray): TypedArray {
  const strides = contiguousStrides(shape.toReversed()).reverse();
  return elementsOf(new Tensor(new Storage(array), shape, dtype, 0, strides));
}

/**
 * Reads a .npy file of version 1, 2 or 3, of either byte order and either memory order, into a row-major array.
 * float16 is read as float32, every integer type but uint8 as int32 (a value that does not fit throws). Follows
 * `numpy.load`.
 *
 * Nothing is allocated by what the file claims.
 * @throws ValueError, DTypeError for a file that breaks the format or has bytes missing or left over
 */
export function parseNpy(bytes: Uint8Array): elements.DenseArray {
  const { header, start } = readHeader(bytes);
  const { encoding, littleEndian, fortranOrder, shape } = describe(header);
  const needed = elements.byteLengthOf(shape, encoding);
  const present = bytes.length - start;
  if (needed !== present) {
    throw malformed(
      `an array of '${encoding}' and shape (${shape.join(', ')}) takes ${needed} bytes, but ${present} follow the header`,
    );
  }
  const { dtype } = elements.encodings[encoding];
  const array = elements.decode(bytes.subarray(start), encoding, littleEndian, 'npy');
  const dense = { dtype, shape, array };
  return fortranOrder ? { ...dense, array: toRowMajor(dense) } : dense;
}

/**
 * Writes an array as a .npy file, byte for byte as `numpy.save` does. int32 is written as int64, PyTorch's integer type,
 * unless `integers` is 'int32'.
 */
export function serializeNpy(
  dense: elements.DenseArray,
  options: { integers?: elements.IntegerWidth } = {},
): Uint8Array {
  elements.checkDense(dense, 'serializeNpy');
  const { dtype, shape, array } = dense;
  const encoding = elements.encodingOf(dtype, options.integers ?? 'int64');
  const width = elements.encodings[encoding].bytes;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const room = shape.length === 0 ? 0 : Math.max(0, GROWTH_DIGITS - String(shape[0]).length);
  const header =
    `{'descr': '${width > 1 ? '<' : '|'}${encoding}', 'fortran_order': False, 'shape': (${sizes}), }` +
    ' '.repeat(room);
  const wide = header.length + ALIGNMENT > 0xffff;
  const fixed = wide ? 12 : 10;
  const filled = header.length + 1;
  const headerLength = filled + ALIGNMENT - ((fixed + filled) % ALIGNMENT);
  const start = fixed + headerLength;
  const bytes = new Uint8Array(start + array.length * width);
  bytes.set(MAGIC);
  bytes[6] = wide ? 2 : 1;
  const view = new DataView(bytes.buffer);
  if (wide) view.setUint32(8, headerLength, true);
  else view.setUint16(8, headerLength, true);
  bytes.fill(0x20, fixed, start - 1);
  bytes.set(new TextEncoder().encode(header), fixed);
  bytes[start - 1] = 0x0a;
  elements.encode(array, encoding, bytes, start);
  return bytes;
}
