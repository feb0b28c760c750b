import { type DType, K, Tensor, ValueError } from '@kindling/core';
import { Module, Parameter } from '@kindling/nn';
import { instanceText } from '../../class-of.ts';
import { op } from './opcodes.ts';
import { PyFloat } from './py-float.ts';
import type { Ranges } from './ranges.ts';
import { isIntegerKey, MAX_DEPTH, pathOf } from './values.ts';

/** How many items a pickle adds at once, as Python's does: readers keep them on their stack. */
const BATCH = 1000;

const utf8 = new TextEncoder();

/** Options of an optimizer that count something: Python needs an int of them, and takes a float for all others. */
const counting: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'ns_steps',
  'max_iter',
  'max_eval',
  'history_size',
]);
/** What is a list in the groups of an optimizer; betas and their kin are tuples. */
const lists: ReadonlySet<string> = /* @__PURE__ */ new Set(['params', 'param_names']);

/** What the surroundings say of a value: in the groups of an optimizer numbers are floats, and arrays tuples. */
type Role = 'any' | 'groups' | 'group' | 'option';

/** Writes one value as a pickle of protocol 2, of what torch.load reads with weights_only=True and nothing else. */
export class Pickler {
  readonly #caller: string;
  readonly #ranges: Ranges;
  readonly #storageClass: (dtype: DType) => string;
  readonly #memo = new Map<unknown, number>();
  readonly #open = new Set<object>();
  readonly #path: (string | number)[] = [];
  #bytes = new Uint8Array(1024);
  #length = 0;
  #places = 0;

  /** @param ranges which part of each memory the tensors show: of a first value, it is found out as that is written */
  constructor(caller: string, ranges: Ranges, storageClass: (dtype: DType) => string) {
    this.#caller = caller;
    this.#ranges = ranges;
    this.#storageClass = storageClass;
  }

  /** The pickle of a value. */
  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.#put(op.PROTO, 2);
    this.#value(value, 'any');
    this.#put(op.STOP);
    return this.#bytes.slice(0, this.#length);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #put(...bytes: number[]): void {
    this.#room(bytes.length);
    for (const byte of bytes) this.#bytes[this.#length++] = byte;
  }

  #putBytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #putUint32(value: number): void {
    this.#put(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  }

  #fail(what: string): ValueError {
    return new ValueError(`${this.#caller}: ${pathOf(this.#path)} ${what}`);
  }

  #below(step: string | number, value: unknown, role: Role): void {
    this.#path.push(step);
    this.#value(value, role);
    this.#path.pop();
  }

  #value(value: unknown, role: Role): void {
    if (value === null) this.#put(op.NONE);
    else if (typeof value === 'boolean') this.#put(value ? op.NEWTRUE : op.NEWFALSE);
    else if (typeof value === 'number') this.#number(value, role === 'option');
    else if (typeof value === 'bigint') this.#long(value);
    else if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'object' && K.isReadable(value)) this.#object(value, role);
    else throw this.#fail(`is ${this.#kindOf(value)}`);
  }

  #kindOf(value: unknown): string {
    if (value === undefined) return 'undefined; leave it out, or write null';
    if (!K.isReadable(value)) return 'an object that cannot be read';
    if (value instanceof Module) return 'a module; save its stateDict()';
    if (typeof value !== 'object' || value === null) return `a ${typeof value}, of which Python has no like`;
    if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}; write tensor(...)`;
    if (typeof (value as { stateDict?: unknown }).stateDict === 'function')
      return `${instanceText(value)}; save its stateDict()`;
    return `${instanceText(value)}: tensors, numbers, texts, arrays, plain objects, Map and Set can be saved`;
  }

  #number(value: number, asFloat: boolean): void {
    if (asFloat || !Number.isSafeInteger(value) || Object.is(value, -0)) this.#float(value);
    else if (value >= 0 && value < 256) this.#put(op.BININT1, value);
    else if (value === (value | 0)) {
      this.#put(op.BININT);
      this.#putUint32(value >>> 0);
    } else this.#long(BigInt(value));
  }

  #float(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, false);
    this.#put(op.BINFLOAT);
    this.#putBytes(bytes);
  }

  #long(value: bigint): void {
    let length = 0;
    while (BigInt.asIntN(8 * length, value) !== value) length++;
    if (length > 255) throw this.#fail(`is an integer of ${length} bytes, more than 255`);
    this.#put(op.LONG1, length);
    for (let i = 0; i < length; i++) this.#put(Number((value >> BigInt(8 * i)) & 0xffn));
  }

  /** Writes what was written before as a reference to it; else calls `write`, and remembers it. */
  #once(key: unknown, write: () => void): void {
    const place = this.#memo.get(key);
    if (place === undefined) {
      write();
      this.#remember(key);
    } else this.#putPlace(op.BINGET, op.LONG_BINGET, place);
  }

  #remember(key: unknown): void {
    const place = this.#places++;
    this.#memo.set(key, place);
    this.#putPlace(op.BINPUT, op.LONG_BINPUT, place);
  }

  #putPlace(short: number, long: number, place: number): void {
    if (place < 256) this.#put(short, place);
    else {
      this.#put(long);
      this.#putUint32(place);
    }
  }

  #text(text: string): void {
    if (/\p{Surrogate}/u.test(text)) throw this.#fail('is, or has as a key, a text that is no Unicode');
    this.#once(text, () => {
      const bytes = utf8.encode(text);
      this.#put(op.BINUNICODE);
      this.#putUint32(bytes.length);
      this.#putBytes(bytes);
    });
  }

  #global(module: string, name: string): void {
    this.#once(`\ud800${module}\n${name}`, () => {
      this.#put(op.GLOBAL);
      this.#putBytes(utf8.encode(`${module}\n${name}\n`));
    });
  }

  #object(value: object, role: Role): void {
    if (this.#open.has(value)) throw this.#fail('holds itself');
    if (this.#path.length > MAX_DEPTH)
      throw new ValueError(`${this.#caller}: values are nested deeper than ${MAX_DEPTH} levels`);
    const key = this.#keyOf(value, role);
    this.#open.add(value);
    if (value instanceof PyFloat) this.#float(value.value);
    else if (this.#memo.has(key)) this.#once(key, () => {});
    else if (Tensor.is(value)) this.#once(key, () => this.#tensor(value));
    else if (value instanceof Uint8Array) this.#once(key, () => this.#binary(value));
    else if (value instanceof Set) this.#once(key, () => this.#set(value));
    else if (Array.isArray(value) && role === 'option') this.#tuple(value, role);
    else if (Array.isArray(value)) this.#array(value, key, role);
    else if (value instanceof Map) this.#map(value, key);
    else this.#plain(value, key, role);
    this.#open.delete(value);
  }

  /** The same object in two roles is written twice. */
  #keyOf(value: object, role: Role): unknown {
    return role === 'any' ? value : `\ud800${role} ${this.#places}`;
  }

  #array(items: readonly unknown[], key: unknown, role: Role): void {
    this.#put(op.EMPTY_LIST);
    this.#remember(key);
    const within = role === 'groups' ? 'group' : 'any';
    for (let start = 0; start < items.length; start += BATCH) {
      this.#put(op.MARK);
      for (let i = start; i < Math.min(start + BATCH, items.length); i++) this.#below(i, items[i], within);
      this.#put(op.APPENDS);
    }
  }

  #tuple(items: readonly unknown[], role: Role): void {
    this.#put(op.MARK);
    for (const [i, item] of items.entries()) this.#below(i, item, role);
    this.#put(op.TUPLE);
  }

  #set(items: ReadonlySet<unknown>): void {
    // Set by the name that Python itself writes in this protocol.
    this.#global('__builtin__', 'set');
    this.#put(op.MARK, op.EMPTY_LIST, op.MARK);
    let i = 0;
    for (const item of items) this.#asKey(i++, item);
    this.#put(op.APPENDS, op.TUPLE, op.REDUCE);
  }

  /** What Python hashes: an array is a tuple there. */
  #asKey(step: string | number, key: unknown): void {
    if (!K.isReadable(key)) throw this.#fail('has a key that cannot be read');
    if (Array.isArray(key)) {
      this.#path.push(step);
      if (this.#path.length > MAX_DEPTH) throw this.#fail('is nested too deep');
      this.#put(op.MARK);
      for (const [i, item] of key.entries()) this.#asKey(i, item);
      this.#put(op.TUPLE);
      this.#path.pop();
    } else if (typeof key !== 'object' || key === null || key instanceof Uint8Array || key instanceof PyFloat)
      this.#below(step, key, 'any');
    else throw this.#fail('has a key that is an object, which Python would not find again');
  }

  #map(map: ReadonlyMap<unknown, unknown>, key: unknown): void {
    this.#put(op.EMPTY_DICT);
    this.#remember(key);
    this.#items(
      [...map],
      (name) => this.#asKey('key', name),
      () => 'any',
    );
  }

  #plain(object: object, key: unknown, role: Role): void {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) throw this.#fail(`is ${this.#kindOf(object)}`);
    const entries = Object.entries(object);
    const tensors = entries.length > 0 && entries.every(([, x]) => Tensor.is(x));
    if (tensors && role === 'any') {
      this.#orderedDict();
    } else this.#put(op.EMPTY_DICT);
    this.#remember(key);
    const asNumbers = !tensors && entries.length > 0 && entries.every(([name]) => isIntegerKey(name));
    const roleOf = (name: string): Role => {
      if (role === 'group') return lists.has(name) || counting.has(name) ? 'any' : 'option';
      return name === 'param_groups' && Array.isArray((object as { param_groups?: unknown }).param_groups)
        ? 'groups'
        : 'any';
    };
    this.#items(
      entries,
      (name) => (asNumbers ? this.#number(Number(name), false) : this.#text(name)),
      roleOf,
    );
  }

  #orderedDict(): void {
    this.#global('collections', 'OrderedDict');
    this.#put(op.EMPTY_TUPLE, op.REDUCE);
  }

  #items<K>(
    entries: readonly (readonly [K, unknown])[],
    writeKey: (key: K) => void,
    roleOf: (key: K) => Role,
  ): void {
    for (let start = 0; start < entries.length; start += BATCH) {
      this.#put(op.MARK);
      for (const [key, value] of entries.slice(start, start + BATCH)) {
        writeKey(key);
        this.#below(typeof key === 'number' ? key : String(key), value, roleOf(key));
      }
      this.#put(op.SETITEMS);
    }
  }

  #binary(bytes: Uint8Array): void {
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    this.#global('_codecs', 'encode');
    this.#text(text);
    this.#text('latin1');
    this.#put(op.TUPLE2, op.REDUCE);
  }

  #tensor(x: Tensor): void {
    const isParameter = x instanceof Parameter;
    if (isParameter) {
      this.#global('torch._utils', '_rebuild_parameter');
      this.#put(op.MARK);
    }
    this.#data(x, isParameter ? false : x.requiresGrad);
    if (isParameter) {
      this.#put(x.requiresGrad ? op.NEWTRUE : op.NEWFALSE);
      this.#orderedDict();
      this.#put(op.TUPLE, op.REDUCE);
    }
  }

  /** The tensor itself: its storage, its layout, whether it wants a gradient, and no hooks. */
  #data(x: Tensor, requiresGrad: boolean): void {
    const { key, first, count } = this.#ranges.of(x);
    this.#global('torch._utils', '_rebuild_tensor_v2');
    this.#put(op.MARK, op.MARK);
    this.#text('storage');
    this.#global('torch', this.#storageClass(x.dtype));
    this.#text(key);
    this.#text('cpu');
    this.#number(count, false);
    this.#put(op.TUPLE, op.BINPERSID);
    this.#number(x.count === 0 ? 0 : x.offset - first, false);
    this.#sizes(x.shape);
    this.#sizes(x.strides);
    this.#put(requiresGrad ? op.NEWTRUE : op.NEWFALSE);
    this.#orderedDict();
    this.#put(op.TUPLE, op.REDUCE);
  }

  #sizes(sizes: readonly number[]): void {
    this.#put(op.MARK);
    for (const size of sizes) this.#number(size, false);
    this.#put(op.TUPLE);
  }
}
