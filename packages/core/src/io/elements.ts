/** Arrays in files: how elements are stored, and which of our dtypes holds them. */
import { arrayConstructor, type DType, type TypedArray } from '../dtype.ts';
import { ValueError } from '../errors.ts';
import { numelOf, type Shape } from '../shape.ts';

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
export function encodingOf(dtype: DType, integers: IntegerWidth): Encoding {
  if (dtype === 'int32') return integers === 'int64' ? 'i8' : 'i4';
  return { float32: 'f4', float64: 'f8', uint8: 'u1', bool: 'b1' }[dtype] as Encoding;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

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

/** The bytes in an order the host's typed arrays understand, in a buffer of their own. */
function nativeCopy(bytes: Uint8Array, width: number, littleEndian: boolean): ArrayBuffer {
  const copy = new Uint8Array(bytes);
  if (width > 1 && littleEndian !== hostIsLittleEndian) {
    for (let i = 0; i < copy.length; i += width) copy.subarray(i, i + width).reverse();
  }
  return copy.buffer;
}

/**
 * Reads elements into a fresh array. Throws a {@link ValueError} that begins with `where` for an integer beyond 32 bits.
 * `bytes` must hold a whole number of elements.
 */
export function decode(
  bytes: Uint8Array,
  encoding: Encoding,
  littleEndian: boolean,
  where: string,
): TypedArray {
  const { bytes: width, dtype } = encodings[encoding];
  const buffer = nativeCopy(bytes, width, littleEndian);
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
      return Int32Array.from(new Int8Array(buffer));
    case 'i2':
      return Int32Array.from(new Int16Array(buffer));
    case 'u2':
      return Int32Array.from(new Uint16Array(buffer));
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'bf2':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (x) => x << 16).buffer);
  }
  const signed = encoding === 'i8';
  const out = new (arrayConstructor(dtype))(bytes.length / width);
  if (encoding === 'u4') {
    for (const [i, word] of new Uint32Array(buffer).entries()) {
      if (word > 0x7fffffff) outOfRange(where, i, BigInt(word));
      out[i] = word;
    }
    return out;
  }
  const words = new Int32Array(buffer);
  const lowWord = hostIsLittleEndian ? 0 : 1;
  for (let i = 0; i < out.length; i++) {
    const low = words[2 * i + lowWord]!;
    const high = words[2 * i + 1 - lowWord]!;
    if (high !== low >> 31 || (!signed && high !== 0)) {
      outOfRange(
        where,
        i,
        new DataView(buffer)[signed ? 'getBigInt64' : 'getBigUint64'](8 * i, hostIsLittleEndian),
      );
    }
    out[i] = low;
  }
  return out;
}

/** Writes an array's elements, little endian, to `out` from `offset` on. */
export function encode(array: TypedArray, encoding: Encoding, out: Uint8Array, offset: number): void {
  let source: TypedArray = array;
  if (encoding === 'i8') {
    source = new Int32Array(2 * array.length);
    const lowWord = hostIsLittleEndian ? 0 : 1;
    for (const [i, value] of array.entries()) {
      source[2 * i + lowWord] = value;
      source[2 * i + 1 - lowWord] = value >> 31;
    }
  }
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  out.set(
    hostIsLittleEndian ? bytes : new Uint8Array(nativeCopy(bytes, encodings[encoding].bytes, true)),
    offset,
  );
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

/** The bytes that `shape` takes in a file, or Infinity where that is beyond any file. */
export function byteLengthOf(shape: Shape, encoding: Encoding): number {
  if (shape.includes(0)) return 0;
  const bytes = shape.reduce((product, size) => product * size, encodings[encoding].bytes);
  return Number.isSafeInteger(bytes) ? bytes : Number.POSITIVE_INFINITY;
}
