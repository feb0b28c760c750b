/** NumPy's .npy format, both ways, on bytes in memory. */

import type { TypedArray } from '../dtype.ts';
import { elementsOf } from '../kernels/index.ts';
import { contiguousStrides } from '../shape.ts';
import { Storage } from '../storage.ts';
import { Tensor } from '../tensor.ts';
import * as elements from './encodings.ts';
import { MAGIC, type NpyHeader, parseNpyHeader } from './npy-header.ts';

/** The data begins at a multiple of this. */
const ALIGNMENT = 64;
/** NumPy leaves room in the header for the first dimension to grow to this many digits, more than any has. */
const GROWTH_DIGITS = 21;
/** What stands before the header: the magic bytes, a version, and the length of the header. */
const FIXED_BYTES = 10;

/** The elements of a column-major array in row-major order. */
function toRowMajor(array: TypedArray, { shape, encoding }: NpyHeader): TypedArray {
  const { dtype } = elements.encodings[encoding];
  const strides = contiguousStrides(shape.toReversed()).reverse();
  return elementsOf(new Tensor(new Storage(array), shape, dtype, 0, strides));
}

/** The array of a header and the elements that follow it, memory that nobody else needs. */
export function npyArray(header: NpyHeader, buffer: ArrayBuffer, where: string): elements.DenseArray {
  const { encoding, littleEndian, fortranOrder, shape } = header;
  const array = elements.decodeOwn(buffer, encoding, littleEndian, where);
  const { dtype } = elements.encodings[encoding];
  return { dtype, shape, array: fortranOrder ? toRowMajor(array, header) : array };
}

/**
 * Reads a .npy file of version 1, 2 or 3, of either byte order and either memory order, into a row-major array.
 * float16 is read as float32, every integer type but uint8 as int32 (a value that does not fit throws). Follows
 * `numpy.load`.
 *
 * Nothing is allocated by what the file claims.
 * @throws ValueError, DTypeError for a file that breaks the format or has bytes missing or left over
 */
export function parseNpy(bytes: Uint8Array, where = 'loadNpy'): elements.DenseArray {
  elements.requireBytes(bytes, where);
  const header = parseNpyHeader(bytes, bytes.length, where);
  const own = elements.allocateBytes(header.dataBytes, where);
  own.set(bytes.subarray(header.start));
  return npyArray(header, own.buffer, where);
}

/**
 * Writes an array as a .npy file, byte for byte as `numpy.save` does. int32 is written as int64, PyTorch's integer
 * type, unless `integers` is 'int32'.
 */
export function serializeNpy(
  dense: elements.DenseArray,
  options: { integers?: elements.IntegerWidth } = {},
  caller = 'saveNpy',
): Uint8Array<ArrayBuffer> {
  elements.checkDense(dense, caller);
  const { dtype, shape, array } = dense;
  const encoding = elements.encodingOf(dtype, options.integers ?? 'int64', caller);
  const width = elements.encodings[encoding].bytes;
  const dataBytes = elements.storedBytes(dense, encoding, caller);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const [first] = shape;
  const room = first === undefined ? 0 : GROWTH_DIGITS - String(first).length;
  const header =
    `{'descr': '${width > 1 ? '<' : '|'}${encoding}', 'fortran_order': False, 'shape': (${sizes}), }` +
    ' '.repeat(room);
  const filled = FIXED_BYTES + header.length + 1;
  const start = filled + ALIGNMENT - (filled % ALIGNMENT);
  const bytes = elements.allocateBytes(start + dataBytes, caller);
  bytes.set(MAGIC);
  // Of version 1: no shape that a file has makes the header longer than 16 bits can say.
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, start - FIXED_BYTES, true);
  bytes.fill(0x20, FIXED_BYTES, start - 1);
  bytes.set(new TextEncoder().encode(header), FIXED_BYTES);
  bytes[start - 1] = 0x0a;
  elements.encode(array, encoding, bytes, start);
  return bytes;
}
