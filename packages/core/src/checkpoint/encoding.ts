/** States as JSON, with their tensors beside it: what a checkpoint's header and what its data hold. */
import { describe } from '../arguments/explain.ts';
import { ValueError } from '../errors.ts';
import type { DenseArray } from '../io/encodings.ts';
import { denseOf, tensorOf } from '../io/tensors.ts';
import { isBytes, isReadable } from '../readable.ts';
import { Tensor } from '../tensor.ts';

/** Arrays by the names that they have in the file. */
export type Arrays = Map<string, DenseArray>;

/** Where the arrays of a state go, and who asks. */
export interface Sink {
  readonly arrays: Arrays;
  readonly caller: string;
}

/** Values are nested less deep, unless they hold themselves. */
const MAX_DEPTH = 100;

/** What JSON has not stands there as an object of one key that begins so; such keys of the user's get it once more. */
const MARK = '$';

const isPlain = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** What a value is called that was not taken. */
const refusal = (where: string, what: string): ValueError =>
  new ValueError(
    `${where} is ${what}, and a checkpoint holds numbers, strings, booleans, null, tensors, bytes (Uint8Array), and arrays and ` +
      'plain objects of them',
  );

/**
 * A state as JSON. Its tensors and bytes are copied, under the path that leads to them: what is saved is what they
 * hold now.
 * @throws ValueError of a value that is neither JSON nor a tensor nor bytes
 */
export function encodeState(value: unknown, path: string, to: Sink, depth = 0): unknown {
  const { arrays, caller } = to;
  const where = `${caller}: ${path}`;
  const keep = (dense: DenseArray): string => {
    let name = path;
    while (arrays.has(name)) name += "'";
    arrays.set(name, { ...dense, array: dense.array.slice() });
    return name;
  };
  if (depth > MAX_DEPTH) throw new ValueError(`${where} is nested more than ${MAX_DEPTH} deep`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return { [`${MARK}number`]: '-0' };
    return Number.isFinite(value) ? value : { [`${MARK}number`]: String(value) };
  }
  if (!isReadable(value)) throw refusal(where, describe(value));
  if (value instanceof Tensor) return { [`${MARK}tensor`]: keep(denseOf(value, where)) };
  if (isBytes(value))
    return { [`${MARK}bytes`]: keep({ dtype: 'uint8', shape: [value.length], array: value }) };
  // Array.from, unlike map, comes to holes too.
  if (Array.isArray(value))
    return Array.from(value, (x: unknown, i) => encodeState(x, `${path}.${i}`, to, depth + 1));
  if (typeof value !== 'object' || !isPlain(value)) throw refusal(where, describe(value));
  const entries = Object.entries(value).filter(([, x]) => x !== undefined);
  return Object.fromEntries(
    entries.map(([key, x]) => [
      key.startsWith(MARK) ? MARK + key : key,
      encodeState(x, `${path}.${key}`, to, depth + 1),
    ]),
  );
}

/**
 * The state that {@link encodeState} wrote; its tensors and bytes are the arrays themselves.
 * @throws ValueError where it names an array that is not there
 */
export function decodeState(json: unknown, arrays: ReadonlyMap<string, DenseArray>): unknown {
  if (Array.isArray(json)) return json.map((x) => decodeState(x, arrays));
  if (typeof json !== 'object' || json === null) return json;
  const named = (name: unknown): DenseArray => {
    const dense = arrays.get(String(name));
    if (dense === undefined)
      throw new ValueError(`it names tensor ${describe(name)}, and has none of that name`);
    return dense;
  };
  const marked: Record<string, (value: unknown) => unknown> = {
    [`${MARK}number`]: Number,
    [`${MARK}tensor`]: (name) => tensorOf(named(name)),
    [`${MARK}bytes`]: (name) => named(name).array,
  };
  const entries = Object.entries(json);
  for (const [key, value] of entries) {
    const read = Object.hasOwn(marked, key) ? marked[key] : undefined;
    if (read !== undefined) return read(value);
  }
  return Object.fromEntries(
    entries.map(([key, x]) => [key.startsWith(MARK + MARK) ? key.slice(1) : key, decodeState(x, arrays)]),
  );
}
