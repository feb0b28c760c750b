/**
 * The WebAssembly instructions that kernels are made of, those that take no immediate, and those that access memory or
 * a lane, with their opcodes. One that a kernel wants besides is a row, or stands in one, as the compiler says.
 *
 * A row is a first opcode and the mnemonics that follow one another from there, in the order of the specification;
 * a gap in the numbering starts a new row. Prefixed opcodes (0xfc, 0xfd) carry their prefix above bit 16.
 */

const SATURATING = 0xfc_0000;
const SIMD = 0xfd_0000;

/** Instructions without immediates. */
const PLAIN = [
  [0x00, ['unreachable', 'nop']],
  [0x1a, ['drop', 'select']],
  [0x45, ['i32.eqz', 'i32.eq', 'i32.ne', 'i32.lt_s', 'i32.lt_u', 'i32.gt_s', 'i32.gt_u', 'i32.le_s']],
  [0x4e, ['i32.ge_s', 'i32.ge_u', 'i64.eqz', 'i64.eq']],
  [0x54, ['i64.lt_u']],
  [0x58, ['i64.le_u']],
  [0x5c, ['f32.ne']],
  [0x5e, ['f32.gt']],
  [0x61, ['f64.eq', 'f64.ne', 'f64.lt', 'f64.gt', 'f64.le', 'f64.ge']],
  [0x67, ['i32.clz']],
  [0x6a, ['i32.add', 'i32.sub', 'i32.mul', 'i32.div_s']],
  [0x6f, ['i32.rem_s']],
  [0x71, ['i32.and', 'i32.or', 'i32.xor', 'i32.shl', 'i32.shr_s', 'i32.shr_u']],
  [0x79, ['i64.clz']],
  [0x7c, ['i64.add', 'i64.sub', 'i64.mul', 'i64.div_s', 'i64.div_u', 'i64.rem_s']],
  [0x84, ['i64.or', 'i64.xor', 'i64.shl', 'i64.shr_s', 'i64.shr_u']],
  [0x92, ['f32.add', 'f32.sub', 'f32.mul', 'f32.div', 'f32.min', 'f32.max']],
  [0x99, ['f64.abs', 'f64.neg']],
  [0x9f, ['f64.sqrt', 'f64.add', 'f64.sub', 'f64.mul', 'f64.div', 'f64.min', 'f64.max']],
  [0xa7, ['i32.wrap_i64']],
  [0xac, ['i64.extend_i32_s', 'i64.extend_i32_u']],
  [0xb2, ['f32.convert_i32_s']],
  [0xb6, ['f32.demote_f64', 'f64.convert_i32_s']],
  [0xb9, ['f64.convert_i64_s']],
  [0xbb, ['f64.promote_f32', 'i32.reinterpret_f32', 'i64.reinterpret_f64']],

  [SATURATING + 0, ['i32.trunc_sat_f32_s']],
  [SATURATING + 2, ['i32.trunc_sat_f64_s']],
  [SATURATING + 6, ['i64.trunc_sat_f64_s']],

  [SIMD + 15, ['i8x16.splat']],
  [SIMD + 17, ['i32x4.splat', 'i64x2.splat', 'f32x4.splat', 'f64x2.splat']],
  [SIMD + 35, ['i8x16.eq', 'i8x16.ne']],
  [SIMD + 38, ['i8x16.lt_u']],
  [SIMD + 40, ['i8x16.gt_u']],
  [SIMD + 42, ['i8x16.le_u']],
  [SIMD + 44, ['i8x16.ge_u']],
  [SIMD + 55, ['i32x4.eq', 'i32x4.ne', 'i32x4.lt_s']],
  [SIMD + 59, ['i32x4.gt_s']],
  [SIMD + 61, ['i32x4.le_s']],
  [SIMD + 63, ['i32x4.ge_s']],
  [SIMD + 65, ['f32x4.eq', 'f32x4.ne', 'f32x4.lt', 'f32x4.gt', 'f32x4.le', 'f32x4.ge', 'f64x2.eq']],
  [SIMD + 72, ['f64x2.ne', 'f64x2.lt', 'f64x2.gt', 'f64x2.le', 'f64x2.ge', 'v128.not', 'v128.and']],
  [SIMD + 79, ['v128.andnot', 'v128.or', 'v128.xor', 'v128.bitselect', 'v128.any_true']],
  [SIMD + 94, ['f32x4.demote_f64x2_zero', 'f64x2.promote_low_f32x4']],
  [SIMD + 97, ['i8x16.neg']],
  [SIMD + 101, ['i8x16.narrow_i16x8_s']],
  [SIMD + 103, ['f32x4.ceil', 'f32x4.floor', 'f32x4.trunc', 'f32x4.nearest']],
  [SIMD + 110, ['i8x16.add']],
  [SIMD + 113, ['i8x16.sub']],
  [SIMD + 116, ['f64x2.ceil', 'f64x2.floor']],
  [SIMD + 119, ['i8x16.min_u']],
  [SIMD + 121, ['i8x16.max_u', 'f64x2.trunc']],
  [SIMD + 133, ['i16x8.narrow_i32x4_s']],
  [SIMD + 137, ['i16x8.extend_low_i8x16_u']],
  [SIMD + 139, ['i16x8.shl']],
  [SIMD + 141, ['i16x8.shr_u']],
  [SIMD + 148, ['f64x2.nearest', 'i16x8.mul']],
  [SIMD + 160, ['i32x4.abs', 'i32x4.neg']],
  [SIMD + 163, ['i32x4.all_true']],
  [SIMD + 169, ['i32x4.extend_low_i16x8_u']],
  [SIMD + 171, ['i32x4.shl', 'i32x4.shr_s', 'i32x4.shr_u', 'i32x4.add']],
  [SIMD + 177, ['i32x4.sub']],
  [SIMD + 181, ['i32x4.mul', 'i32x4.min_s']],
  [SIMD + 184, ['i32x4.max_s']],
  [SIMD + 192, ['i64x2.abs']],
  [SIMD + 195, ['i64x2.all_true']],
  [SIMD + 199, ['i64x2.extend_low_i32x4_s']],
  [SIMD + 203, ['i64x2.shl', 'i64x2.shr_s', 'i64x2.shr_u', 'i64x2.add']],
  [SIMD + 209, ['i64x2.sub']],
  [SIMD + 213, ['i64x2.mul', 'i64x2.eq', 'i64x2.ne', 'i64x2.lt_s', 'i64x2.gt_s', 'i64x2.le_s']],
  [SIMD + 219, ['i64x2.ge_s']],
  [SIMD + 224, ['f32x4.abs', 'f32x4.neg']],
  [SIMD + 227, ['f32x4.sqrt', 'f32x4.add', 'f32x4.sub', 'f32x4.mul', 'f32x4.div', 'f32x4.min']],
  [SIMD + 233, ['f32x4.max', 'f32x4.pmin', 'f32x4.pmax', 'f64x2.abs', 'f64x2.neg']],
  [SIMD + 239, ['f64x2.sqrt', 'f64x2.add', 'f64x2.sub', 'f64x2.mul', 'f64x2.div', 'f64x2.min']],
  [SIMD + 245, ['f64x2.max', 'f64x2.pmin', 'f64x2.pmax', 'i32x4.trunc_sat_f32x4_s']],
  [SIMD + 250, ['f32x4.convert_i32x4_s']],
  [SIMD + 252, ['i32x4.trunc_sat_f64x2_s_zero']],
  [SIMD + 254, ['f64x2.convert_low_i32x4_s']],
  [SIMD + 0x105, ['f32x4.relaxed_madd']],
  [SIMD + 0x107, ['f64x2.relaxed_madd']],
] as const;

/** Loads, with the natural alignment of what they read as a power of two. */
const LOADS = {
  'i32.load': [0x28, 2],
  'i64.load': [0x29, 3],
  'f32.load': [0x2a, 2],
  'f64.load': [0x2b, 3],
  'i32.load8_u': [0x2d, 0],
  'i64.load8_u': [0x31, 0],
  'v128.load': [SIMD + 0, 4],
  'v128.load16_splat': [SIMD + 8, 1],
  'v128.load8_splat': [SIMD + 7, 0],
  'v128.load32_splat': [SIMD + 9, 2],
  'v128.load64_splat': [SIMD + 10, 3],
  'v128.load32_zero': [SIMD + 92, 2],
  'v128.load64_zero': [SIMD + 93, 3],
} as const;

/** Stores, with the natural alignment of what they write as a power of two. */
const STORES = {
  'i32.store': [0x36, 2],
  'i64.store': [0x37, 3],
  'f32.store': [0x38, 2],
  'f64.store': [0x39, 3],
  'i32.store8': [0x3a, 0],
  'i32.store16': [0x3b, 1],
  'v128.store': [SIMD + 11, 4],
} as const;

/** Loads of one lane into a vector and stores of one lane, with their natural alignment. */
const LANE_ACCESSES = {
  'v128.load32_lane': [SIMD + 86, 2],
  'v128.load64_lane': [SIMD + 87, 3],
  'v128.store32_lane': [SIMD + 90, 2],
  'v128.store64_lane': [SIMD + 91, 3],
} as const;

/** Extraction and replacement of one lane. */
const LANES = {
  'i16x8.extract_lane_u': SIMD + 25,
  'i32x4.extract_lane': SIMD + 27,
  'i32x4.replace_lane': SIMD + 28,
  'i64x2.extract_lane': SIMD + 29,
  'i64x2.replace_lane': SIMD + 30,
  'f32x4.extract_lane': SIMD + 31,
  'f32x4.replace_lane': SIMD + 32,
  'f64x2.extract_lane': SIMD + 33,
  'f64x2.replace_lane': SIMD + 34,
} as const;

/** An instruction without immediates. */
export type PlainOp = (typeof PLAIN)[number][1][number];
/** A load. */
export type LoadOp = keyof typeof LOADS;
/** A store. */
export type StoreOp = keyof typeof STORES;
/** A load or store of one lane. */
export type LaneAccessOp = keyof typeof LANE_ACCESSES;
/** An extraction or replacement of one lane. */
export type LaneOp = keyof typeof LANES;

/** Opcode of every instruction without immediates, by mnemonic. */
export const plainOpcodes: ReadonlyMap<PlainOp, number> = new Map(
  PLAIN.flatMap(([first, names]) => names.map((name, i): [PlainOp, number] => [name, first + i])),
);
/** `[opcode, log2 of the natural alignment]` of every instruction that accesses memory. */
export const accessOpcodes: Readonly<Record<LoadOp | StoreOp | LaneAccessOp, readonly [number, number]>> = {
  ...LOADS,
  ...STORES,
  ...LANE_ACCESSES,
};
/** Opcode of every instruction that extracts or replaces a lane. */
export const laneOpcodes: Readonly<Record<LaneOp, number>> = LANES;
