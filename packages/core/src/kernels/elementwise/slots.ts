import type { DType, TypedArray } from '../../dtype.ts';
import type { Shape } from '../../shape.ts';
import { gather, type Strided, setAt } from '../strided/index.ts';
import { ensureBytes, f32, f64, i32, u8 } from '../wasm/index.ts';

/**
 * Slots of the scratch memory: each holds one operand's part of a chunk of work. In front of them lie the parameters,
 * as float64 numbers.
 */

/** What a slot holds, in bytes; its elements are this by the size of one. */
export const slotBytes = 65_536;
/** Kernels read and write up to a vector or two past the end. The odd size keeps slots from sharing cache sets. */
const slotPitch = slotBytes + 320;
/** Byte offset of the parameters. */
export const paramsBase = 0;
/** The most parameters of a kernel. */
export const maxParams = 64;
const firstSlot = 8 * maxParams;

/** Byte offset of a slot. */
export const slotBase = (slot: number): number => firstSlot + slot * slotPitch;

/** Makes room for `count` slots. */
export function ensureSlots(count: number): void {
  ensureBytes(slotBase(count));
}

/**
 * Up to this many elements a loop beats the call of a built-in. The loops stand once for each type of array: one loop
 * for all, which meets several types, makes small operations 10 to 30 % slower.
 */
const fewElements = 16;

/** Copies elements `start` to `start + count` of the dense elements of `x` into a slot. */
export function copyIn(x: Strided, start: number, count: number, slot: number): void {
  const from = x.offset + start;
  const base = slotBase(slot);
  switch (x.dtype) {
    case 'float32': {
      const source = x.storage.array as Float32Array;
      const target = f32;
      const to = base >>> 2;
      if (count <= fewElements) for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      else setAt(target, part(source, from, count), to);
      return;
    }
    case 'float64': {
      const source = x.storage.array as Float64Array;
      const target = f64;
      const to = base >>> 3;
      if (count <= fewElements) for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      else setAt(target, part(source, from, count), to);
      return;
    }
    case 'int32': {
      const source = x.storage.array as Int32Array;
      const target = i32;
      const to = base >>> 2;
      if (count <= fewElements) for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      else setAt(target, part(source, from, count), to);
      return;
    }
    default: {
      const source = x.storage.array as Uint8Array;
      const target = u8;
      if (count <= fewElements) for (let i = 0; i < count; i++) target[base + i] = source[from + i]!;
      else setAt(target, part(source, from, count), base);
    }
  }
}

const part = (array: TypedArray, from: number, count: number): TypedArray =>
  from === 0 && array.length === count ? array : array.subarray(from, from + count);

/** {@link copyIn} for any layout: `start` and `count` refer to `x` broadcast to `shape`. */
export function gatherIn(x: Strided, shape: Shape, start: number, count: number, slot: number): void {
  const [array, shift] = viewOf(x.dtype);
  gather(x, shape, start, count, array, slotBase(slot) >>> shift);
}

function viewOf(dtype: DType): [TypedArray, number] {
  switch (dtype) {
    case 'float32':
      return [f32, 2];
    case 'float64':
      return [f64, 3];
    case 'int32':
      return [i32, 2];
    default:
      return [u8, 0];
  }
}

/** Copies the first `count` elements of a slot to elements `start` and following of the dense `out`. */
export function copyOut(out: Strided, start: number, count: number, slot: number): void {
  const to = out.offset + start;
  const base = slotBase(slot);
  if (count > fewElements) {
    setAt(out.storage.array, slotView(out.dtype, slot, count), to);
    return;
  }
  switch (out.dtype) {
    case 'float32': {
      const target = out.storage.array as Float32Array;
      const source = f32;
      const from = base >>> 2;
      for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      return;
    }
    case 'float64': {
      const target = out.storage.array as Float64Array;
      const source = f64;
      const from = base >>> 3;
      for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      return;
    }
    case 'int32': {
      const target = out.storage.array as Int32Array;
      const source = i32;
      const from = base >>> 2;
      for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
      return;
    }
    default: {
      const target = out.storage.array as Uint8Array;
      const source = u8;
      for (let i = 0; i < count; i++) target[to + i] = source[base + i]!;
    }
  }
}

/** Views of the first slot by length and dtype: making one costs as much as copying a thousand elements. */
const views = new Map<number, TypedArray>();
const cachedLength = 4096;
const dtypeCode: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int32: 2, uint8: 3, bool: 3 };

function slotView(dtype: DType, slot: number, count: number): TypedArray {
  if (slot !== 0 || count > cachedLength) return makeView(dtype, slot, count);
  const key = 4 * count + dtypeCode[dtype];
  let view = views.get(key);
  // A view of a memory that has grown since is detached, and empty.
  if (view === undefined || view.length === 0) {
    view = makeView(dtype, slot, count);
    views.set(key, view);
  }
  return view;
}

function makeView(dtype: DType, slot: number, count: number): TypedArray {
  const [array, shift] = viewOf(dtype);
  const from = slotBase(slot) >>> shift;
  return array.subarray(from, from + count);
}
