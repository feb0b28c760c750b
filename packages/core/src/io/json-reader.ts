/** JSON read piece by piece, by who knows what must come: nothing is built but what is asked for. */

import type { KindlingError } from '../errors.ts';

/**
 * Deeper texts are refused, as Rust's serde does: they are no description of tensors, and cost memory at each level.
 */
const MAX_DEPTH = 127;

const codeOf = (character: string): number => character.charCodeAt(0);
const QUOTE = codeOf('"');
const COMMA = codeOf(',');
const ZERO = codeOf('0');
const COLON = codeOf(':');
const BACKSLASH = codeOf('\\');
const OPEN_LIST = codeOf('[');
const CLOSE_LIST = codeOf(']');
const OPEN_OBJECT = codeOf('{');
const CLOSE_OBJECT = codeOf('}');

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= 0x39;

/** Of a number, or of the words true, false and null. */
const isWord = (byte: number | undefined): boolean =>
  byte !== undefined &&
  (isDigit(byte) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45);

/** A cursor over the bytes of a JSON text. What breaks the grammar throws what `fail` makes of the reason. */
export class JsonReader {
  // Of each reader: environments that lack it (jsdom) can import the library.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #bytes: Uint8Array;
  readonly #fail: (what: string) => KindlingError;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, fail: (what: string) => KindlingError) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  /**
   * Calls `visit` with each key of the object that must come next; it reads the value. A key that comes twice is
   * refused.
   */
  object(visit: (key: string) => void): void {
    const seen = new Set<string>();
    this.#list(OPEN_OBJECT, CLOSE_OBJECT, () => {
      const key = this.string();
      if (seen.has(key)) throw this.#fail(`the header holds the key ${quoted(key)} twice`);
      seen.add(key);
      this.#expect(COLON);
      visit(key);
    });
  }

  /** Whether an object comes next. */
  get atObject(): boolean {
    return this.#peek() === OPEN_OBJECT;
  }

  /** Whether a string comes next. */
  get atString(): boolean {
    return this.#peek() === QUOTE;
  }

  /** Reads the null that may come next; whether it did. */
  nothing(): boolean {
    return this.#peek() === 0x6e && this.#word() === 'null';
  }

  /**
   * The list of at most `most` numbers from 0 to 2^53 - 1 that comes next, or null (the cursor being anywhere) where
   * something else does.
   */
  counts(most: number): number[] | null {
    if (this.#peek() !== OPEN_LIST) return null;
    const counts: number[] = [];
    let fits = true;
    this.#list(OPEN_LIST, CLOSE_LIST, () => {
      const count = this.#count();
      fits = Number.isSafeInteger(count) && counts.length < most;
      counts.push(count);
      return fits;
    });
    return fits ? counts : null;
  }

  /** A whole number of plain digits, or NaN. */
  #count(): number {
    const bytes = this.#bytes;
    const first = this.#peek();
    const start = this.#at;
    let count = 0;
    while (isDigit(bytes[this.#at])) count = 10 * count + (bytes[this.#at++]! - ZERO);
    const digits = this.#at - start;
    const plain = digits > 0 && (digits === 1 || first !== ZERO) && !isWord(bytes[this.#at]);
    return plain ? count : Number.NaN;
  }

  /** The string that must come next. */
  string(): string {
    const bytes = this.#bytes;
    this.#expect(QUOTE);
    const start = this.#at;
    let escaped = false;
    for (; bytes[this.#at] !== QUOTE; this.#at++) {
      const byte = bytes[this.#at];
      if (byte === undefined || byte < 0x20) throw this.#invalid();
      if (byte === BACKSLASH) {
        escaped = true;
        this.#at++;
      }
    }
    const text = this.#decode(start, this.#at++);
    if (!escaped) return text;
    let unescaped: string;
    try {
      unescaped = JSON.parse(`"${text}"`) as string;
    } catch {
      throw this.#invalid();
    }
    if (LONE_SURROGATE.test(unescaped)) throw this.#fail('the header is not valid Unicode');
    return unescaped;
  }

  /** Passes over a value of any kind. */
  skip(): void {
    const first = this.#peek();
    if (first === QUOTE) this.string();
    else if (first === OPEN_LIST) this.#list(OPEN_LIST, CLOSE_LIST, () => this.skip());
    else if (first === OPEN_OBJECT) {
      this.#list(OPEN_OBJECT, CLOSE_OBJECT, () => {
        this.string();
        this.#expect(COLON);
        this.skip();
      });
    } else {
      const word = this.#word();
      if (word !== 'true' && word !== 'false' && word !== 'null' && !NUMBER.test(word)) throw this.#invalid();
    }
  }

  /** Throws unless nothing but white space is left. */
  end(): void {
    if (this.#peek() !== undefined) throw this.#invalid();
  }

  /** Calls `visit` for each item between two brackets, until it returns false. */
  #list(open: number, close: number, visit: () => boolean | void): void {
    this.#expect(open);
    if (++this.#depth > MAX_DEPTH)
      throw this.#fail(`the header is nested more than ${MAX_DEPTH} deep at byte ${this.#at}`);
    if (this.#peek() !== close) {
      for (;;) {
        if (visit() === false) return;
        if (this.#peek() === close) break;
        this.#expect(COMMA);
      }
    }
    this.#at++;
    this.#depth--;
  }

  #peek(): number | undefined {
    while (isSpace(this.#bytes[this.#at])) this.#at++;
    return this.#bytes[this.#at];
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) throw this.#invalid();
    this.#at++;
  }

  #word(): string {
    const start = this.#at;
    while (isWord(this.#bytes[this.#at])) this.#at++;
    return this.#decode(start, this.#at);
  }

  #decode(start: number, end: number): string {
    try {
      return this.#decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      throw this.#fail('the header is not valid UTF-8');
    }
  }

  #invalid(): KindlingError {
    const what = this.#at < this.#bytes.length ? `byte ${this.#at}` : 'its end';
    return this.#fail(`the header is not valid JSON at ${what}`);
  }
}

/** A name for a message, cut where it is endless. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
