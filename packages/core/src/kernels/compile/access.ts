import type { DType } from '../../dtype.ts';
import type { Kind, Lane } from '../expression/index.ts';
import type { FunctionBuilder } from '../wasm/index.ts';
import { vectorOf } from '../wasm/lanes.ts';

/** How elements lie in memory. A kernel converts between this and its lane as it loads and stores. */
export type Stored = DType;

/** Bytes of an element as a power of two. */
export const shiftOf: Readonly<Record<Stored, number>> = {
  float32: 2,
  float64: 3,
  int32: 2,
  uint8: 0,
  bool: 0,
};

/** Pops an address; pushes a vector of the lane's type read from consecutive elements. Reads up to 32 bytes. */
export function emitVectorLoad(
  f: FunctionBuilder,
  lane: Lane,
  stored: Stored,
  offset: number,
  address: number,
): void {
  f.get(address);
  switch (stored) {
    case 'float32':
      if (lane === 'f64') f.load('v128.load64_zero', offset).op('f64x2.promote_low_f32x4');
      else f.load('v128.load', offset);
      if (lane === 'i32') f.op('i32x4.trunc_sat_f32x4_s');
      return;
    case 'float64':
      f.load('v128.load', offset);
      if (lane === 'f64') return;
      f.op(lane === 'f32' ? 'f32x4.demote_f64x2_zero' : 'i32x4.trunc_sat_f64x2_s_zero');
      f.get(address).load('v128.load', offset + 16);
      f.op(lane === 'f32' ? 'f32x4.demote_f64x2_zero' : 'i32x4.trunc_sat_f64x2_s_zero');
      f.shuffle64(0, 2);
      return;
    case 'int32':
      if (lane === 'f64') f.load('v128.load64_zero', offset).op('f64x2.convert_low_i32x4_s');
      else f.load('v128.load', offset);
      if (lane === 'f32') f.op('f32x4.convert_i32x4_s');
      return;
    default:
      f.load(lane === 'f64' ? 'v128.load16_splat' : 'v128.load32_zero', offset);
      f.op('i16x8.extend_low_i8x16_u').op('i32x4.extend_low_i16x8_u');
      if (lane === 'f32') f.op('f32x4.convert_i32x4_s');
      else if (lane === 'f64') f.op('f64x2.convert_low_i32x4_s');
  }
}

/** Pops an address; pushes one element in every lane. */
export function emitSplatLoad(f: FunctionBuilder, lane: Lane, stored: Stored, offset: number): void {
  switch (stored) {
    case 'float32':
      if (lane === 'f64') f.load('f32.load', offset).op('f64.promote_f32').op('f64x2.splat');
      else f.load('v128.load32_splat', offset);
      if (lane === 'i32') f.op('i32x4.trunc_sat_f32x4_s');
      return;
    case 'float64':
      if (lane === 'f64') f.load('v128.load64_splat', offset);
      else if (lane === 'f32') f.load('f64.load', offset).op('f32.demote_f64').op('f32x4.splat');
      else f.load('f64.load', offset).op('i32.trunc_sat_f64_s').op('i32x4.splat');
      return;
    default:
      f.load(stored === 'int32' ? 'i32.load' : 'i32.load8_u', offset);
      if (lane === 'f64') {
        f.op('f64.convert_i32_s').op('f64x2.splat');
      } else {
        f.op('i32x4.splat');
        if (lane === 'f32') f.op('f32x4.convert_i32x4_s');
      }
  }
}

/**
 * Pops a vector, then an address; stores the vector's elements consecutively. Masks are stored as 1 and 0. Conversion
 * is PyTorch's: floats lose their fraction on the way to integers, uint8 keeps the low byte (0 of NaN and infinity),
 * bool is `!= 0`. Floats saturate in int32, for which whoever minds stores float64. `spare` is a v128 local that may be
 * overwritten.
 */
export function emitStore(
  f: FunctionBuilder,
  lane: Lane,
  kind: Kind,
  stored: Stored,
  offset: number,
  address: number,
  spare: number,
): void {
  const isMask = kind === 'mask';
  if (stored === 'uint8' || stored === 'bool') {
    if (isMask || stored === 'bool') {
      if (!isMask) f.splat(lane, 0).op(notEqual[lane]);
      emitBytesOfMask(f, lane);
    } else {
      emitLowBytes(f, lane, spare);
    }
    if (lane === 'f64') f.lane('i16x8.extract_lane_u', 0).store('i32.store16', offset);
    else f.lane('i32x4.extract_lane', 0).store('i32.store', offset);
    return;
  }
  if (isMask) f.splat(lane, 1).op('v128.and');
  switch (stored) {
    case 'float32':
      if (lane === 'f64') {
        f.op('f32x4.demote_f64x2_zero').lane('i64x2.extract_lane', 0).store('i64.store', offset);
        return;
      }
      if (lane === 'i32') f.op('f32x4.convert_i32x4_s');
      f.store('v128.store', offset);
      return;
    case 'float64': {
      if (lane === 'f64') {
        f.store('v128.store', offset);
        return;
      }
      const widen = lane === 'f32' ? 'f64x2.promote_low_f32x4' : 'f64x2.convert_low_i32x4_s';
      f.tee(spare).op(widen).store('v128.store', offset);
      f.get(address)
        .get(spare)
        .get(spare)
        .shuffle64(1, 1)
        .op(widen)
        .store('v128.store', offset + 16);
      return;
    }
    default:
      if (lane === 'f64') {
        f.op('i32x4.trunc_sat_f64x2_s_zero').lane('i64x2.extract_lane', 0).store('i64.store', offset);
        return;
      }
      if (lane === 'f32') f.op('i32x4.trunc_sat_f32x4_s');
      f.store('v128.store', offset);
  }
}

const notEqual = { f32: 'f32x4.ne', f64: 'f64x2.ne', i32: 'i32x4.ne' } as const;

/** A mask's truth values as bytes 1 and 0 at the bottom of the vector. */
function emitBytesOfMask(f: FunctionBuilder, lane: Lane): void {
  if (lane === 'f64') {
    f.i32Splat(0).shuffle([0, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]);
  } else {
    f.i32Splat(0).op('i16x8.narrow_i32x4_s').i32Splat(0).op('i8x16.narrow_i16x8_s');
  }
  f.i32Splat(0x0101_0101).op('v128.and');
}

/** The low byte of each number (a float's integral part), at the bottom of the vector. */
function emitLowBytes(f: FunctionBuilder, lane: Lane, spare: number): void {
  if (lane !== 'i32') {
    // What is beyond int32 would saturate: only the rest of division by 256 goes there.
    const vector = vectorOf(lane);
    f.op(`${vector}.trunc`)
      .tee(spare)
      .get(spare)
      .splat(lane, 1 / 256)
      .op(`${vector}.mul`)
      .op(`${vector}.floor`);
    f.splat(lane, 256).op(`${vector}.mul`).op(`${vector}.sub`);
    f.op(lane === 'f32' ? 'i32x4.trunc_sat_f32x4_s' : 'i32x4.trunc_sat_f64x2_s_zero');
  }
  f.i32Splat(0).shuffle([0, 4, 8, 12, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]);
}
