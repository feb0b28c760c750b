import { ValueError } from '@kindling/core';

/** Bytes of an integer: more than any number of a training has. */
const MAX_INTEGER_BYTES = 256;
/** Of the name of a module, or of what it holds. */
const MAX_NAME_BYTES = 1000;

/** A cursor over the bytes of a pickle. */
export class PickleReader {
  // Of each reader: environments that lack it (jsdom) can import the library.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #at: number;

  constructor(bytes: Uint8Array, where: string, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.#at = start;
  }

  get position(): number {
    return this.#at;
  }

  /** The bytes that follow. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  fail(what: string): ValueError {
    return new ValueError(`${this.#where}: at byte ${this.#at} of the pickle: ${what}`);
  }

  /** Goes on by `count` bytes, and says where they begin. */
  #pass(count: number): number {
    const start = this.#at;
    if (count > this.left) throw this.fail(`it ends too early, ${count} bytes should follow (truncated?)`);
    this.#at += count;
    return start;
  }

  /** A whole number of at least 0; of 8 bytes only the size matters. */
  uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#pass(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    return this.#view.getInt32(this.#pass(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#pass(8), false);
  }

  /** Bytes, as a view of the pickle. */
  bytes(length: number): Uint8Array {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.bytes(length);
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw this.fail('a text is no UTF-8');
    }
  }

  /** A text up to the end of its line. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_NAME_BYTES).indexOf(0x0a);
    if (end < 0) throw this.fail('the name of a global has no end');
    const text = this.text(end);
    this.#at++;
    return text;
  }

  /** A whole number in two's complement: a bigint where it is beyond 2^53. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw this.fail(`an integer has ${length} bytes`);
    const bytes = this.bytes(length);
    const value = BigInt.asIntN(
      8 * length,
      bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
    );
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
}
