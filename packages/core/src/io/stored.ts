import { K, signature } from '../arguments/index.ts';
import type { TypedArray } from '../dtype.ts';
import { decodeOwn, type Encoding, encode, encodings } from './encodings.ts';

/**
 * How a file stores elements: float, brain float, signed, unsigned or bool, and in how many bytes. Kindling's own.
 * @internal
 */
export type StoredAs = Encoding;

const encoding = /* @__PURE__ */ K.oneOf(...Object.keys(encodings));
const array = /* @__PURE__ */ K.kind(
  'the array of a dtype',
  (x) => ArrayBuffer.isView(x) && !(x instanceof DataView),
);

const readElementsTakes = /* @__PURE__ */ signature('readElements', {
  buffer: K.instanceOf(ArrayBuffer, 'an ArrayBuffer'),
  encoding,
  littleEndian: K.flag,
  where: K.text,
});

/**
 * The elements of a file by the rule of all formats here: halves as float32, integers but bytes as int32. The array may
 * be a view of `buffer`. For packages that read other formats. Kindling's own.
 * @internal
 * @throws ValueError that begins with `where`, for an integer beyond 32 bits
 */
export function readElements(
  buffer: ArrayBuffer,
  encoding: StoredAs,
  littleEndian: boolean,
  where: string,
): TypedArray {
  readElementsTakes(arguments);
  return decodeOwn(buffer, encoding, littleEndian, where);
}

const writeElementsTakes = /* @__PURE__ */ signature('writeElements', { array, encoding });

/**
 * The bytes of an array's elements, little endian: int32 as `'i4'` or `'i8'`, the others as they are. Kindling's own.
 * @internal
 * @throws ValueError where the arguments are none of these
 */
export function writeElements(array: TypedArray, encoding: StoredAs): Uint8Array<ArrayBuffer> {
  writeElementsTakes(arguments);
  const bytes = new Uint8Array(array.length * encodings[encoding].bytes);
  encode(array, encoding, bytes, 0);
  return bytes;
}
