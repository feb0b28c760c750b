import { bytesOf, type DType, type TypedArray } from '../../dtype.ts';
import { allocateArray } from '../../storage.ts';
import { clearOfPages, ensureBytes, f32, f64, i32, u8 } from '../wasm/index.ts';
import type { Call } from './kernel.ts';
import { placeOf } from './place.ts';
import { type Effects, recorder } from './recorder.ts';

/** {@link Effects} of which what is written need not be said where it is the last array among the arguments. */
type Said = Partial<Effects>;

/**
 * Takes down a call of a function that takes nothing but integers: numbers, and for each array the address of its first
 * element. It writes to the last array, unless `said` says otherwise, and reads the others.
 */
export function recordCall(
  name: string,
  callee: Call['callee'],
  args: readonly (number | TypedArray)[],
  said: Said = {},
): void {
  if (recorder === null) return;
  const into = recorder;
  const arrays = args.filter((arg) => typeof arg === 'object');
  const writes = said.writes ?? arrays.slice(-1);
  into.call(
    name,
    callee,
    args.map(() => 'i32'),
    args.map((arg) => (typeof arg === 'object' ? into.address(arg) : arg)),
    { reads: arrays.filter((array) => !writes.includes(array)), ...said, writes },
  );
}

/** The dtype of the elements of an array, as far as kernels tell them apart: bools are bytes. */
export function dtypeOf(array: TypedArray): DType {
  if (recorder !== null) return placeOf(array).area.dtype;
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  return array instanceof Int32Array ? 'int32' : 'uint8';
}

/** Memory that a function needs while it runs. */
export class Room {
  readonly dtype: DType;
  readonly length: number;

  constructor(dtype: DType, length: number) {
    this.dtype = dtype;
    this.length = length;
  }
}

type Argument = number | TypedArray | Room;

/** What a call takes of scratch at most: the memory cannot shrink. */
const mostBytes = 2 ** 23;

/** Addresses of the arguments of the call that is made. */
const addresses: number[] = [];

/**
 * {@link recordCall}, and where nobody takes down kernels the call itself, for which arrays are copied to scratch and
 * back. Gives false, nothing having been written, where they do not fit, or the function refuses what it found: then
 * the caller does the work, or says why not.
 */
export function runCall(
  name: string,
  callee: Call['callee'],
  args: readonly Argument[],
  { writes = [args.at(-1) as TypedArray], keeps = [], checks = false }: Said = {},
): boolean {
  if (recorder !== null) {
    const rooms: TypedArray[] = [];
    const given = args.map((arg) => {
      if (!(arg instanceof Room)) return arg;
      const room = allocateArray(arg.dtype, arg.length);
      rooms.push(room);
      return room;
    });
    recordCall(name, callee, given, { writes: [...rooms, ...writes], keeps, checks });
    return true;
  }
  let end = clearOfPages(0);
  addresses.length = 0;
  for (const arg of args) {
    addresses.push(typeof arg === 'number' ? arg : end);
    if (arg instanceof Room) end = clearOfPages(end + arg.length * bytesOf(arg.dtype));
    else if (typeof arg === 'object') end = clearOfPages(end + arg.byteLength);
  }
  if (end > mostBytes) return false;
  ensureBytes(end);
  // One array may stand in two places; it is written in the last.
  const placeIn = (array: TypedArray, i: number): number =>
    (addresses[i] as number) / array.BYTES_PER_ELEMENT;
  for (const [i, arg] of args.entries()) {
    if (typeof arg === 'number' || arg instanceof Room) continue;
    if (!writes.includes(arg) || keeps.includes(arg)) scratchLike(arg).set(arg, placeIn(arg, i));
  }
  if (callee(...addresses) !== 0 && checks) return false;
  for (const array of writes) {
    const from = placeIn(array, args.lastIndexOf(array));
    array.set(scratchLike(array).subarray(from, from + array.length));
  }
  return true;
}

/** The scratch memory as elements of the kind that an array has. */
export function scratchLike(array: TypedArray): TypedArray {
  if (array instanceof Float32Array) return f32;
  if (array instanceof Float64Array) return f64;
  return array instanceof Int32Array ? i32 : u8;
}
