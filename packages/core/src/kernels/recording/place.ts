/** Arrays that stand for memory which is not there yet: kernels can be told of them, but cannot look inside. */

import { arrayConstructor, bytesOf, type DType, type TypedArray } from '../../dtype.ts';

/** A stretch of memory that will hold so many elements of a dtype. */
export interface Area {
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
}

/** Where in an area something begins, in elements. */
export interface Place {
  readonly area: Area;
  readonly start: number;
}

/** Says that a kernel does something in JavaScript, on elements, which no program can do in its stead. */
export class NotLowered extends Error {
  override readonly name: string = 'NotLowered';
}

/** Says that a kernel is meant to work in JavaScript: where the elements lie, without a copy. */
export class InJavaScript extends NotLowered {}

const places = new WeakMap<object, Place>();
const wholes = new WeakMap<Area, TypedArray>();

function shell({ area, start }: Place, length: number): TypedArray {
  const bytes = bytesOf(area.dtype);
  const known: Readonly<Record<PropertyKey, unknown>> = {
    length,
    byteLength: length * bytes,
    byteOffset: start * bytes,
    BYTES_PER_ELEMENT: bytes,
    // By which kernels tell whether two arrays share memory.
    buffer: area,
    subarray: (from = 0, to = length) => shell({ area, start: start + from }, to - from),
  };
  const refuse = (_: unknown, key: PropertyKey): never => {
    throw new NotLowered(`its kernel works on elements in JavaScript (${String(key)})`);
  };
  const array = new Proxy<TypedArray>(new (arrayConstructor(area.dtype))(0), {
    get: (target, key) => (Object.hasOwn(known, key) ? known[key] : refuse(target, key)),
    set: refuse,
    has: refuse,
    ownKeys: (target) => refuse(target, 'keys'),
    getOwnPropertyDescriptor: refuse,
  });
  places.set(array, { area, start });
  return array;
}

/** The array that stands for an area. To read or write its elements throws {@link NotLowered}. */
export function standIn(area: Area): TypedArray {
  let array = wholes.get(area);
  if (array === undefined) {
    array = shell({ area, start: 0 }, area.length);
    wholes.set(area, array);
  }
  return array;
}

/**
 * What such an array stands for.
 * @throws NotLowered for any other array
 */
export function placeOf(array: TypedArray): Place {
  const place = places.get(array);
  if (place === undefined) throw new NotLowered('its kernel takes memory that is not of the program');
  return place;
}
