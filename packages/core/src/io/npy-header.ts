/** The header of NumPy's .npy format: the text of a Python dictionary that says dtype, memory order and shape. */
import { DTypeError, ValueError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import * as elements from './encodings.ts';
import { guessFormat } from './guess-format.ts';

export const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy's own limit: a longer header is no array's description. */
const MAX_HEADER_BYTES = 10_000;
/** So much of a file holds its header, whatever that says. */
export const HEADER_ROOM = 12 + MAX_HEADER_BYTES;

export interface NpyHeader {
  readonly encoding: elements.Encoding;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  /** Where the elements begin. */
  readonly start: number;
  /** The bytes that they take. */
  readonly dataBytes: number;
}

const malformed = (where: string, what: string): ValueError =>
  new ValueError(`${where}: malformed file: ${what}`);

/**
 * Reads the header. `bytes` is the file, or its first {@link HEADER_ROOM} bytes; `size` is that of the file.
 * @throws ValueError, DTypeError where it breaks the format, or the file has bytes missing or left over
 */
export function parseNpyHeader(bytes: Uint8Array, size: number, where: string): NpyHeader {
  const { text, start } = headerText(bytes, size, where);
  const header = describe(new DictReader(text, where).fields(), where);
  const { encoding, shape } = header;
  const dataBytes = elements.byteLengthOf(shape, encoding);
  const present = size - start;
  if (dataBytes !== present) {
    throw malformed(
      where,
      `an array of '${encoding}' and ${elements.sizesOf(shape)} takes ${dataBytes} bytes, but ${present} follow the header`,
    );
  }
  return { ...header, start, dataBytes };
}

function headerText(bytes: Uint8Array, size: number, where: string): { text: string; start: number } {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    const guess = MAGIC.every((byte, i) => bytes[i] === byte) ? '' : guessFormat(bytes, 'npy');
    throw malformed(where, `it does not begin with the magic bytes \\x93NUMPY and a version${guess}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = view.getUint8(6);
  const minor = view.getUint8(7);
  if (major < 1 || major > 3 || minor !== 0) {
    throw malformed(where, `version ${major}.${minor} is unknown; known are 1.0, 2.0 and 3.0`);
  }
  const fixed = major === 1 ? 10 : 12;
  if (size < fixed) throw malformed(where, 'it ends within the length of the header (truncated?)');
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = fixed + length;
  if (start > size) {
    throw malformed(where, `the header claims ${length} bytes, but only ${size - fixed} follow (truncated?)`);
  }
  if (length > MAX_HEADER_BYTES) {
    throw malformed(where, `the header has ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  const decoder = new TextDecoder(major === 3 ? 'utf-8' : 'latin1', { fatal: true, ignoreBOM: true });
  try {
    return { text: decoder.decode(bytes.subarray(fixed, start)), start };
  } catch {
    throw malformed(where, 'the header is not valid UTF-8');
  }
}

type Field = string | boolean | readonly number[];

/** What Python passes over between two tokens: less than `\s` of JavaScript, which takes any of Unicode's. */
const SPACE = ' \t\f\r\n';

/** Reads the header's text from left to right, each character once. */
class DictReader {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  fields(): Map<string, Field> {
    const fields = new Map<string, Field>();
    if (this.#take(/\{/y) === null) throw malformed(this.#where, 'the header is no Python dictionary');
    while (this.#take(/\}/y) === null) {
      const name = this.#string() ?? this.#fail();
      if (this.#take(/:/y) === null) this.#fail();
      if (fields.has(name)) throw malformed(this.#where, `the header holds the key '${name}' twice`);
      fields.set(name, this.#value());
      if (this.#take(/,/y) === null && this.#text[this.#at] !== '}')
        this.#fail(', where a comma should follow');
    }
    if (this.#at < this.#text.length) this.#fail();
    return fields;
  }

  #value(): Field {
    const text = this.#string();
    if (text !== null) return text;
    const truth = this.#take(/True|False/y);
    if (truth !== null) return truth === 'True';
    if (this.#take(/\(/y) !== null) return this.#sizes();
    if (this.#text[this.#at] === '[') {
      throw new DTypeError(
        `${this.#where}: structured dtypes are not supported; save each field as an array of its own`,
      );
    }
    return this.#fail();
  }

  /** What stands between the parentheses of a tuple of integers, of which Python 2 wrote some with an L. */
  #sizes(): number[] {
    const sizes: number[] = [];
    let comma = true;
    while (this.#take(/\)/y) === null) {
      const size = comma ? this.#take(/(?:0+|[1-9]\d*)L?/y) : null;
      if (size === null) this.#fail();
      sizes.push(Number.parseInt(size, 10));
      comma = this.#take(/,/y) !== null;
    }
    // Without a comma, (3) is no tuple in Python.
    if (sizes.length === 1 && !comma) throw malformed(this.#where, `the shape (${sizes[0]}) is no tuple`);
    return sizes;
  }

  #string(): string | null {
    const quoted = this.#take(/'[^'\\]*'|"[^"\\]*"/y);
    return quoted === null ? null : quoted.slice(1, -1);
  }

  /** What the pattern matches here, or null; white space behind it is passed over. */
  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#skipSpace();
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    this.#skipSpace();
    return match[0];
  }

  #skipSpace(): number {
    while (SPACE.includes(this.#text[this.#at] ?? '?')) this.#at++;
    return this.#at;
  }

  #fail(why = ''): never {
    const found = this.#text.slice(this.#at, this.#at + 20);
    throw malformed(
      this.#where,
      `the header cannot be read at ${found === '' ? 'its end' : JSON.stringify(found)}${why}`,
    );
  }
}

function describe(fields: ReadonlyMap<string, Field>, where: string) {
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
      where,
      `the header must hold descr, fortran_order and shape (a string, True or False, a tuple), got ${[...fields.keys()].join(', ')}`,
    );
  }
  const sizes = shape as readonly number[];
  if (!sizes.every(Number.isSafeInteger))
    throw malformed(where, `the shape (${sizes.join(', ')}) is beyond any file`);
  const [, order, kind] = /^([<>=|]?)([a-zA-Z]\d+)$/.exec(descr) ?? [];
  if (kind === undefined || !Object.hasOwn(elements.encodings, kind)) {
    const known = Object.keys(elements.encodings).filter((name) => name !== 'bf2');
    throw new DTypeError(
      `${where}: unknown dtype '${descr}'; known are ${known.join(', ')} in either byte order ('<f4', '>f4')`,
    );
  }
  const encoding = kind as elements.Encoding;
  return { encoding, littleEndian: order !== '>', fortranOrder, shape: sizes };
}
