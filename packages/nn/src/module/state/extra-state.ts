import { describeValue, fromJSON, isTensorJSON, K, KindlingError, Tensor } from '@kindling/core';
import type { AnyModule } from '../callable.ts';

/** PyTorch's name of the state that `getExtraState` gives. */
export const extraKey = '_extra_state';

/** @internal What a module is asked by whether its class has a method of its own for the extra state. */
export const overrides: unique symbol = Symbol('overrides');

/** @internal The methods for it. */
export type ExtraStateMethod = 'getExtraState' | 'setExtraState';

/** The error of the method of a class that has no extra state. */
export const noExtraState = (module: AnyModule, method: ExtraStateMethod): KindlingError =>
  new KindlingError(
    `${module.constructor.name}.${method}: the class has no extra state; override getExtraState and setExtraState`,
  );

const isPlain = /* @__PURE__ */ K.whereReadable((value): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
});

/** What JSON holds is not deeper than this. */
const deepest = 1000;

/** An entry of a state, where `JSON.parse` left the forms of tensors, with the tensors themselves. */
export function revived(key: string, value: unknown): unknown {
  if (Tensor.is(value)) return value;
  if (isTensorJSON(value)) return tensorOr(value);
  if (!key.endsWith(extraKey)) return value;
  const seen = new Set<object>();
  const read = tensorsIn(value, seen, 0);
  // JSON holds nothing twice, so this is none.
  return seen.has(notJSON) ? value : read;
}

const notJSON = {};

function tensorsIn(value: unknown, seen: Set<object>, depth: number): unknown {
  if (typeof value !== 'object' || value === null || Tensor.is(value)) return value;
  if (seen.has(value) || depth > deepest) {
    seen.add(notJSON);
    return value;
  }
  seen.add(value);
  if (isTensorJSON(value)) return tensorOr(value);
  const inside = (x: unknown): unknown => tensorsIn(x, seen, depth + 1);
  if (Array.isArray(value)) {
    const read = value.map(inside);
    return read.every((x, i) => x === value[i]) ? value : read;
  }
  if (!isPlain(value)) return value;
  const keys = Object.keys(value);
  const items = Object.values(value);
  const read = items.map(inside);
  return read.every((x, i) => x === items[i])
    ? value
    : Object.fromEntries(keys.map((key, i) => [key, read[i]]));
}

/** What has the form of a tensor and is none is left to who reads it. */
function tensorOr(value: Parameters<typeof fromJSON>[0]): unknown {
  try {
    return fromJSON(value);
  } catch {
    return value;
  }
}

/** Refuses state that JSON would lose, wherever in it. */
export function requireJSON(caller: string, state: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(state)) {
    if (Tensor.is(value)) continue;
    const lost = lostIn(value, '', 0);
    if (lost === null) continue;
    throw new KindlingError(
      `${caller}: '${key}' holds ${describeValue(lost.value)}${lost.at === '' ? '' : ` at ${lost.at}`}, which JSON ` +
        'would lose; extra state for JSON is made of tensors, strings, finite numbers, booleans, null, arrays and plain objects',
    );
  }
}

/** What JSON does not give back as it was, and where; null where there is nothing of that kind. */
function lostIn(
  value: unknown,
  at: string,
  depth: number,
): { readonly value: unknown; readonly at: string } | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Tensor.is(value))
    return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : { value, at };
  const entries = Array.isArray(value)
    ? Array.from(value, (item: unknown, i) => [`${at}[${i}]`, item] as const)
    : isPlain(value)
      ? Object.entries(value)
          .filter(([, item]) => item !== undefined)
          .map(([key, item]) => [`${at}.${key}`, item] as const)
      : null;
  if (entries === null || depth > deepest)
    return { value, at: at.length > 40 ? `${at.slice(0, 40)}...` : at };
  for (const [place, item] of entries) {
    const lost = lostIn(item, place, depth + 1);
    if (lost !== null) return lost;
  }
  return null;
}
