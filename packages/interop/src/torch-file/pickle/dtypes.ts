import type { DType, TypedArray } from '@kindling/core';
import { io } from '@kindling/core';

/** How PyTorch stores elements, and what reads them. */
export interface ElementType {
  /** PyTorch's name. */
  readonly name: string;
  readonly bytes: number;
  /** The dtype that they are read as. */
  readonly dtype: DType;
  /** Elements of memory that nobody else needs. */
  readonly read: (bytes: ArrayBuffer, littleEndian: boolean) => TypedArray;
  /** Of integers that may not fit: one of them. */
  readonly wide?: (view: DataView, at: number, littleEndian: boolean) => bigint;
}

const plain = (
  name: string,
  bytes: number,
  dtype: DType,
  encoding: io.StoredAs,
  wide?: ElementType['wide'],
): ElementType => ({
  name,
  bytes,
  dtype,
  read: (buffer, littleEndian) => io.readElements(buffer, encoding, littleEndian, 'loadTorch'),
  ...(wide && { wide }),
});

/** How a format of eight bits spends them. */
interface Float8 {
  readonly exponentBits: number;
  readonly bias: number;
  /** The value of bits that are no ordinary number, or undefined for those that are. */
  readonly special: (bits: number) => number | undefined;
}

const NEGATIVE_ZERO = 0x80;
const isNaNOnly = (bits: number): number | undefined => (bits === NEGATIVE_ZERO ? Number.NaN : undefined);

const float8s: Readonly<Record<string, Float8>> = {
  float8_e4m3fn: {
    exponentBits: 4,
    bias: 7,
    special: (bits) => ((bits & 0x7f) === 0x7f ? Number.NaN : undefined),
  },
  float8_e4m3fnuz: { exponentBits: 4, bias: 8, special: isNaNOnly },
  float8_e5m2: {
    exponentBits: 5,
    bias: 15,
    special: (bits) => {
      if ((bits & 0x7c) !== 0x7c) return undefined;
      if ((bits & 3) !== 0) return Number.NaN;
      return bits & 0x80 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    },
  },
  float8_e5m2fnuz: { exponentBits: 5, bias: 16, special: isNaNOnly },
};

function float8Value(bits: number, { exponentBits, bias, special }: Float8): number {
  const odd = special(bits);
  if (odd !== undefined) return odd;
  const fractionBits = 7 - exponentBits;
  const one = 2 ** fractionBits;
  const exponent = (bits & 0x7f) >> fractionBits;
  const fraction = (bits & (one - 1)) / one;
  const size = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return bits & 0x80 ? -size : size;
}

/** A power of two alone, for the scales of blocks. */
const scaleValue = (bits: number): number => (bits === 0xff ? Number.NaN : 2 ** (bits - 127));

function byTable(name: string, valueOf: (bits: number) => number): ElementType {
  const table = Float32Array.from({ length: 256 }, (_, bits) => valueOf(bits));
  return {
    name,
    bytes: 1,
    dtype: 'float32',
    read: (buffer) => Float32Array.from(new Uint8Array(buffer), (bits) => table[bits] as number),
  };
}

const readable = (): ElementType[] => [
  plain('float32', 4, 'float32', 'f4'),
  plain('float64', 8, 'float64', 'f8'),
  plain('float16', 2, 'float32', 'f2'),
  plain('bfloat16', 2, 'float32', 'bf2'),
  plain('int64', 8, 'int32', 'i8', (view, at, little) => view.getBigInt64(at, little)),
  plain('int32', 4, 'int32', 'i4'),
  plain('int16', 2, 'int32', 'i2'),
  plain('int8', 1, 'int32', 'i1'),
  plain('uint64', 8, 'int32', 'u8', (view, at, little) => view.getBigUint64(at, little)),
  plain('uint32', 4, 'int32', 'u4', (view, at, little) => BigInt(view.getUint32(at, little))),
  plain('uint16', 2, 'int32', 'u2'),
  plain('uint8', 1, 'uint8', 'u1'),
  plain('bool', 1, 'bool', 'b1'),
  ...Object.entries(float8s).map(([name, format]) => byTable(name, (bits) => float8Value(bits, format))),
  byTable('float8_e8m0fnu', scaleValue),
];

/** What can be read, by PyTorch's name. */
export const elementTypes: ReadonlyMap<string, ElementType> = /* @__PURE__ */ byName();

function byName(): Map<string, ElementType> {
  return new Map(readable().map((type) => [type.name, type]));
}

/** PyTorch's classes of memory, and the dtype of each; that of complex and quantized numbers cannot be read. */
export const storageClasses: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['FloatStorage', 'float32'],
  ['DoubleStorage', 'float64'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  ['ComplexFloatStorage', 'complex64'],
  ['ComplexDoubleStorage', 'complex128'],
  ['QInt8Storage', 'qint8'],
  ['QUInt8Storage', 'quint8'],
  ['QInt32Storage', 'qint32'],
  ['QUInt4x2Storage', 'quint4x2'],
  ['QUInt2x4Storage', 'quint2x4'],
]);

/**
 * Dtypes that PyTorch knows and tensors here cannot have: they are told of by name, but no tensor of theirs is read.
 */
export const otherDtypes: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'complex32',
  'complex64',
  'complex128',
  'qint8',
  'quint8',
  'qint32',
  'quint4x2',
  'quint2x4',
  'float4_e2m1fn_x2',
]);

/** Why a tensor of a dtype is not read, and what to do in PyTorch. */
export function whyUnread(name: string): string {
  if (name.startsWith('complex'))
    return `${name}: there are no complex tensors here; save torch.view_as_real(x)`;
  if (/^qu?int/.test(name)) return `${name}: there are no quantized tensors here; save x.dequantize()`;
  return `${name}: there are no tensors of that dtype here; save x.float() or x.int()`;
}
