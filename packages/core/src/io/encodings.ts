/**
 * Arrays in files: how elements are stored, and which of our dtypes holds them. The host is little endian, as the
 * WebAssembly that computes is.
 */

import { describe } from '../arguments/explain.ts';
import { arrayConstructor, type DType, type TypedArray } from '../dtype.ts';
import { DTypeError, ValueError } from '../errors.ts';
import { isArrayBuffer } from '../readable.ts';
import { numelOf, type Shape } from '../shape.ts';
import { requireMemory } from '../transferred.ts';

/** A dense array as it stands in a file: row-major, with `array.length` the product of `shape`. */
export interface DenseArray {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly array: TypedArray;
}

interface EncodingInfo {
  readonly bytes: number;
  /** The dtype that reading gives; wider integers must fit into 32 bits. */
  readonly dtype: DType;
}

/** How an element is stored: float, brain float, signed, unsigned or bool, and in how many bytes. */
export type Encoding = keyof typeof encodings;

export const encodings = {
  f2: { bytes: 2, dtype: 'float32' },
  bf2: { bytes: 2, dtype: 'float32' },
  f4: { bytes: 4, dtype: 'float32' },
  f8: { bytes: 8, dtype: 'float64' },
  i1: { bytes: 1, dtype: 'int32' },
  i2: { bytes: 2, dtype: 'int32' },
  i4: { bytes: 4, dtype: 'int32' },
  i8: { bytes: 8, dtype: 'int32' },
  u1: { bytes: 1, dtype: 'uint8' },
  u2: { bytes: 2, dtype: 'int32' },
  u4: { bytes: 4, dtype: 'int32' },
  u8: { bytes: 8, dtype: 'int32' },
  b1: { bytes: 1, dtype: 'bool' },
} as const satisfies Record<string, EncodingInfo>;

/** The width at which int32 is written: PyTorch's integers have 64 bits, and int32 stands for them. */
export type IntegerWidth = 'int64' | 'int32';

/** How each dtype is written. */
export function encodingOf(dtype: DType, integers: IntegerWidth, caller: string): Encoding {
  if (integers !== 'int64' && integers !== 'int32') {
    throw new ValueError(`${caller}: integers must be 'int64' or 'int32', got ${String(integers)}`);
  }
  if (dtype === 'int32') return integers === 'int64' ? 'i8' : 'i4';
  return { float32: 'f4', float64: 'f8', uint8: 'u1', bool: 'b1' }[dtype] as Encoding;
}

/** `bytes` fresh bytes; the error where there is no room for them names whose they are. */
export function allocateBytes(bytes: number, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new ValueError(`${where}: ${bytes} bytes are more than memory, or one array, can hold`, { cause });
  }
}

/** Throws a DTypeError unless a file's content came as bytes. */
export function requireBytes(bytes: unknown, caller: string): asserts bytes is Uint8Array {
  if (ArrayBuffer.isView(bytes) && (bytes as Partial<Uint8Array>).BYTES_PER_ELEMENT === 1)
    return requireMemory(bytes, caller);
  const hint = isArrayBuffer(bytes)
    ? ': write new Uint8Array(buffer)'
    : typeof bytes === 'string'
      ? '; files are read by @kindling/core/node'
      : '';
  throw new DTypeError(
    `${caller}: expected the bytes of a file, a Uint8Array, got ${describe(bytes)}${hint}`,
  );
}

/** The value of a half-precision number's 16 bits. */
function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

function outOfRange(where: string, index: number, value: bigint): never {
  throw new ValueError(
    `${where}: element ${index} is ${value}, which does not fit into int32 (integers are read as int32)`,
  );
}

/** Reverses the bytes of each element. */
function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    for (let i = start, j = start + width - 1; i < j; i++, j--) {
      [bytes[i], bytes[j]] = [bytes[j]!, bytes[i]!];
    }
  }
}

/**
 * Reads elements into a fresh array. Throws a {@link ValueError} that begins with `where` for an integer beyond 32
 * bits. `bytes` must hold a whole number of elements.
 */
export function decode(
  bytes: Uint8Array,
  encoding: Encoding,
  littleEndian: boolean,
  where: string,
): TypedArray {
  const own = allocateBytes(bytes.length, where);
  own.set(bytes);
  return decodeOwn(own.buffer, encoding, littleEndian, where);
}

/** {@link decode} of memory that nobody else needs: the array may be a view of it. */
export function decodeOwn(
  buffer: ArrayBuffer,
  encoding: Encoding,
  littleEndian: boolean,
  where: string,
): TypedArray {
  const { bytes: width, dtype } = encodings[encoding];
  if (!littleEndian) swapBytes(new Uint8Array(buffer), width);
  switch (encoding) {
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return new Float64Array(buffer);
    case 'i4':
      return new Int32Array(buffer);
    case 'u1':
      return new Uint8Array(buffer);
    case 'b1':
      return new Uint8Array(buffer).map((x) => (x === 0 ? 0 : 1));
    case 'i1':
      return new Int32Array(new Int8Array(buffer));
    case 'i2':
      return new Int32Array(new Int16Array(buffer));
    case 'u2':
      return new Int32Array(new Uint16Array(buffer));
  }
  const out = new (arrayConstructor(dtype))(buffer.byteLength / width);
  if (encoding === 'f2') {
    const halves = new Uint16Array(buffer);
    for (let i = 0; i < out.length; i++) out[i] = halfToNumber(halves[i]!);
  } else if (encoding === 'bf2') {
    const upper = new Uint16Array(buffer);
    const words = new Uint32Array(out.buffer);
    for (let i = 0; i < out.length; i++) words[i] = upper[i]! << 16;
  } else if (encoding === 'u4') {
    const words = new Uint32Array(buffer);
    for (let i = 0; i < out.length; i++) {
      const word = words[i]!;
      if (word > 0x7fffffff) outOfRange(where, i, BigInt(word));
      out[i] = word;
    }
  } else narrow(buffer, encoding === 'i8', out, where);
  return out;
}

/** 64-bit integers as 32-bit ones. */
function narrow(buffer: ArrayBuffer, signed: boolean, out: TypedArray, where: string): void {
  const words = new Int32Array(buffer);
  for (let i = 0; i < out.length; i++) {
    const low = words[2 * i]!;
    const high = words[2 * i + 1]!;
    if (high !== low >> 31 || (!signed && high !== 0)) {
      const read = signed ? 'getBigInt64' : 'getBigUint64';
      outOfRange(where, i, new DataView(buffer)[read](8 * i, true));
    }
    out[i] = low;
  }
}

/** Writes an array's elements, little endian, to `out` from `offset` on. */
export function encode(array: TypedArray, encoding: Encoding, out: Uint8Array, offset: number): void {
  let source: TypedArray = array;
  if (encoding === 'i8') {
    source = new Int32Array(2 * array.length);
    for (let i = 0; i < array.length; i++) {
      const value = array[i]!;
      source[2 * i] = value;
      source[2 * i + 1] = value >> 31;
    }
  }
  out.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), offset);
}

/** Throws unless the array has as many elements as its shape and the storage of its dtype. */
export function checkDense({ dtype, shape, array }: DenseArray, where: string): void {
  const fits = array instanceof (arrayConstructor(dtype) as unknown as new (n: number) => TypedArray);
  if (!fits || array.length !== numelOf(shape)) {
    throw new ValueError(
      `${where}: an array of dtype ${dtype} and shape [${shape.join(', ')}] needs ${numelOf(shape)} elements in a ` +
        `${arrayConstructor(dtype).name}, got ${array.length} in a ${array.constructor.name}`,
    );
  }
}

/** As many as NumPy and PyTorch's kernels take. */
export const MAX_DIMS = 64;

/**
 * The bytes that `shape` takes in a file, or Infinity where that is beyond any file: then it is the shape of no tensor
 * either.
 */
export function byteLengthOf(shape: Shape, encoding: Encoding): number {
  // Sizes beside a 0 count too: strides are their products.
  const count = shape.reduce((product, size) => product * Math.max(size, 1), 1);
  if (!Number.isSafeInteger(count) || shape.length > MAX_DIMS) return Number.POSITIVE_INFINITY;
  if (shape.includes(0)) return 0;
  const bytes = count * encodings[encoding].bytes;
  return Number.isSafeInteger(bytes) ? bytes : Number.POSITIVE_INFINITY;
}

/** The bytes that an array takes in a file. Throws where the shape is none that a file, or its reader, knows. */
export function storedBytes({ shape }: DenseArray, encoding: Encoding, where: string): number {
  const bytes = byteLengthOf(shape, encoding);
  if (bytes !== Number.POSITIVE_INFINITY) return bytes;
  throw new ValueError(
    `${where}: ${sizesOf(shape)} fits into no file (at most ${MAX_DIMS} dimensions, below 2^53 bytes)`,
  );
}

/** A shape for a message, cut where it is endless. */
export const sizesOf = (shape: Shape): string =>
  shape.length > MAX_DIMS ? `a shape of ${shape.length} dimensions` : `shape [${shape.join(', ')}]`;
