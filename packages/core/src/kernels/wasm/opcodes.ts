/**
 * The WebAssembly instructions that take no immediate, and those that access memory or a lane, with their opcodes.
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
  [0x45, ['i32.eqz', 'i32.eq', 'i32.ne', 'i32.lt_s', 'i32.lt_u', 'i32.gt_s', 'i32.gt_u']],
  [0x4c, ['i32.le_s', 'i32.le_u', 'i32.ge_s', 'i32.ge_u']],
  [0x50, ['i64.eqz', 'i64.eq', 'i64.ne', 'i64.lt_s', 'i64.lt_u', 'i64.gt_s', 'i64.gt_u']],
  [0x57, ['i64.le_s', 'i64.le_u', 'i64.ge_s', 'i64.ge_u']],
  [0x5b, ['f32.eq', 'f32.ne', 'f32.lt', 'f32.gt', 'f32.le', 'f32.ge']],
  [0x61, ['f64.eq', 'f64.ne', 'f64.lt', 'f64.gt', 'f64.le', 'f64.ge']],
  [0x67, ['i32.clz', 'i32.ctz', 'i32.popcnt', 'i32.add', 'i32.sub', 'i32.mul', 'i32.div_s', 'i32.div_u']],
  [0x6f, ['i32.rem_s', 'i32.rem_u', 'i32.and', 'i32.or', 'i32.xor', 'i32.shl', 'i32.shr_s', 'i32.shr_u']],
  [0x77, ['i32.rotl', 'i32.rotr']],
  [0x79, ['i64.clz', 'i64.ctz', 'i64.popcnt', 'i64.add', 'i64.sub', 'i64.mul', 'i64.div_s', 'i64.div_u']],
  [0x81, ['i64.rem_s', 'i64.rem_u', 'i64.and', 'i64.or', 'i64.xor', 'i64.shl', 'i64.shr_s', 'i64.shr_u']],
  [0x89, ['i64.rotl', 'i64.rotr']],
  [0x8b, ['f32.abs', 'f32.neg', 'f32.ceil', 'f32.floor', 'f32.trunc', 'f32.nearest', 'f32.sqrt']],
  [0x92, ['f32.add', 'f32.sub', 'f32.mul', 'f32.div', 'f32.min', 'f32.max', 'f32.copysign']],
  [0x99, ['f64.abs', 'f64.neg', 'f64.ceil', 'f64.floor', 'f64.trunc', 'f64.nearest', 'f64.sqrt']],
  [0xa0, ['f64.add', 'f64.sub', 'f64.mul', 'f64.div', 'f64.min', 'f64.max', 'f64.copysign']],
  [0xa7, ['i32.wrap_i64', 'i32.trunc_f32_s', 'i32.trunc_f32_u', 'i32.trunc_f64_s', 'i32.trunc_f64_u']],
  [0xac, ['i64.extend_i32_s', 'i64.extend_i32_u', 'i64.trunc_f32_s', 'i64.trunc_f32_u']],
  [0xb0, ['i64.trunc_f64_s', 'i64.trunc_f64_u', 'f32.convert_i32_s', 'f32.convert_i32_u']],
  [0xb4, ['f32.convert_i64_s', 'f32.convert_i64_u', 'f32.demote_f64', 'f64.convert_i32_s']],
  [0xb8, ['f64.convert_i32_u', 'f64.convert_i64_s', 'f64.convert_i64_u', 'f64.promote_f32']],
  [0xbc, ['i32.reinterpret_f32', 'i64.reinterpret_f64', 'f32.reinterpret_i32', 'f64.reinterpret_i64']],
  [0xc0, ['i32.extend8_s', 'i32.extend16_s', 'i64.extend8_s', 'i64.extend16_s', 'i64.extend32_s']],
  [
    SATURATING + 0,
    ['i32.trunc_sat_f32_s', 'i32.trunc_sat_f32_u', 'i32.trunc_sat_f64_s', 'i32.trunc_sat_f64_u'],
  ],
  [
    SATURATING + 4,
    ['i64.trunc_sat_f32_s', 'i64.trunc_sat_f32_u', 'i64.trunc_sat_f64_s', 'i64.trunc_sat_f64_u'],
  ],

  [SIMD + 14, ['i8x16.swizzle', 'i8x16.splat', 'i16x8.splat', 'i32x4.splat', 'i64x2.splat']],
  [SIMD + 19, ['f32x4.splat', 'f64x2.splat']],
  [SIMD + 35, ['i8x16.eq', 'i8x16.ne', 'i8x16.lt_s', 'i8x16.lt_u', 'i8x16.gt_s', 'i8x16.gt_u']],
  [SIMD + 41, ['i8x16.le_s', 'i8x16.le_u', 'i8x16.ge_s', 'i8x16.ge_u']],
  [SIMD + 45, ['i16x8.eq', 'i16x8.ne', 'i16x8.lt_s', 'i16x8.lt_u', 'i16x8.gt_s', 'i16x8.gt_u']],
  [SIMD + 51, ['i16x8.le_s', 'i16x8.le_u', 'i16x8.ge_s', 'i16x8.ge_u']],
  [SIMD + 55, ['i32x4.eq', 'i32x4.ne', 'i32x4.lt_s', 'i32x4.lt_u', 'i32x4.gt_s', 'i32x4.gt_u']],
  [SIMD + 61, ['i32x4.le_s', 'i32x4.le_u', 'i32x4.ge_s', 'i32x4.ge_u']],
  [SIMD + 65, ['f32x4.eq', 'f32x4.ne', 'f32x4.lt', 'f32x4.gt', 'f32x4.le', 'f32x4.ge']],
  [SIMD + 71, ['f64x2.eq', 'f64x2.ne', 'f64x2.lt', 'f64x2.gt', 'f64x2.le', 'f64x2.ge']],
  [SIMD + 77, ['v128.not', 'v128.and', 'v128.andnot', 'v128.or', 'v128.xor', 'v128.bitselect']],
  [SIMD + 83, ['v128.any_true']],
  [SIMD + 94, ['f32x4.demote_f64x2_zero', 'f64x2.promote_low_f32x4', 'i8x16.abs', 'i8x16.neg']],
  [SIMD + 98, ['i8x16.popcnt', 'i8x16.all_true', 'i8x16.bitmask']],
  [SIMD + 101, ['i8x16.narrow_i16x8_s', 'i8x16.narrow_i16x8_u']],
  [SIMD + 103, ['f32x4.ceil', 'f32x4.floor', 'f32x4.trunc', 'f32x4.nearest']],
  [
    SIMD + 107,
    ['i8x16.shl', 'i8x16.shr_s', 'i8x16.shr_u', 'i8x16.add', 'i8x16.add_sat_s', 'i8x16.add_sat_u'],
  ],
  [SIMD + 113, ['i8x16.sub', 'i8x16.sub_sat_s', 'i8x16.sub_sat_u', 'f64x2.ceil', 'f64x2.floor']],
  [SIMD + 118, ['i8x16.min_s', 'i8x16.min_u', 'i8x16.max_s', 'i8x16.max_u', 'f64x2.trunc', 'i8x16.avgr_u']],
  [SIMD + 124, ['i16x8.extadd_pairwise_i8x16_s', 'i16x8.extadd_pairwise_i8x16_u']],
  [SIMD + 126, ['i32x4.extadd_pairwise_i16x8_s', 'i32x4.extadd_pairwise_i16x8_u']],
  [SIMD + 128, ['i16x8.abs', 'i16x8.neg', 'i16x8.q15mulr_sat_s', 'i16x8.all_true', 'i16x8.bitmask']],
  [SIMD + 133, ['i16x8.narrow_i32x4_s', 'i16x8.narrow_i32x4_u']],
  [SIMD + 135, ['i16x8.extend_low_i8x16_s', 'i16x8.extend_high_i8x16_s']],
  [SIMD + 137, ['i16x8.extend_low_i8x16_u', 'i16x8.extend_high_i8x16_u']],
  [
    SIMD + 139,
    ['i16x8.shl', 'i16x8.shr_s', 'i16x8.shr_u', 'i16x8.add', 'i16x8.add_sat_s', 'i16x8.add_sat_u'],
  ],
  [SIMD + 145, ['i16x8.sub', 'i16x8.sub_sat_s', 'i16x8.sub_sat_u', 'f64x2.nearest', 'i16x8.mul']],
  [SIMD + 150, ['i16x8.min_s', 'i16x8.min_u', 'i16x8.max_s', 'i16x8.max_u']],
  [SIMD + 155, ['i16x8.avgr_u', 'i16x8.extmul_low_i8x16_s', 'i16x8.extmul_high_i8x16_s']],
  [SIMD + 158, ['i16x8.extmul_low_i8x16_u', 'i16x8.extmul_high_i8x16_u', 'i32x4.abs', 'i32x4.neg']],
  [SIMD + 163, ['i32x4.all_true', 'i32x4.bitmask']],
  [SIMD + 167, ['i32x4.extend_low_i16x8_s', 'i32x4.extend_high_i16x8_s']],
  [SIMD + 169, ['i32x4.extend_low_i16x8_u', 'i32x4.extend_high_i16x8_u']],
  [SIMD + 171, ['i32x4.shl', 'i32x4.shr_s', 'i32x4.shr_u', 'i32x4.add']],
  [SIMD + 177, ['i32x4.sub']],
  [
    SIMD + 181,
    ['i32x4.mul', 'i32x4.min_s', 'i32x4.min_u', 'i32x4.max_s', 'i32x4.max_u', 'i32x4.dot_i16x8_s'],
  ],
  [SIMD + 188, ['i32x4.extmul_low_i16x8_s', 'i32x4.extmul_high_i16x8_s']],
  [SIMD + 190, ['i32x4.extmul_low_i16x8_u', 'i32x4.extmul_high_i16x8_u', 'i64x2.abs', 'i64x2.neg']],
  [SIMD + 195, ['i64x2.all_true', 'i64x2.bitmask']],
  [SIMD + 199, ['i64x2.extend_low_i32x4_s', 'i64x2.extend_high_i32x4_s']],
  [SIMD + 201, ['i64x2.extend_low_i32x4_u', 'i64x2.extend_high_i32x4_u']],
  [SIMD + 203, ['i64x2.shl', 'i64x2.shr_s', 'i64x2.shr_u', 'i64x2.add']],
  [SIMD + 209, ['i64x2.sub']],
  [SIMD + 213, ['i64x2.mul', 'i64x2.eq', 'i64x2.ne', 'i64x2.lt_s', 'i64x2.gt_s', 'i64x2.le_s', 'i64x2.ge_s']],
  [SIMD + 220, ['i64x2.extmul_low_i32x4_s', 'i64x2.extmul_high_i32x4_s']],
  [SIMD + 222, ['i64x2.extmul_low_i32x4_u', 'i64x2.extmul_high_i32x4_u', 'f32x4.abs', 'f32x4.neg']],
  [SIMD + 227, ['f32x4.sqrt', 'f32x4.add', 'f32x4.sub', 'f32x4.mul', 'f32x4.div']],
  [SIMD + 232, ['f32x4.min', 'f32x4.max', 'f32x4.pmin', 'f32x4.pmax', 'f64x2.abs', 'f64x2.neg']],
  [SIMD + 239, ['f64x2.sqrt', 'f64x2.add', 'f64x2.sub', 'f64x2.mul', 'f64x2.div']],
  [SIMD + 244, ['f64x2.min', 'f64x2.max', 'f64x2.pmin', 'f64x2.pmax']],
  [SIMD + 248, ['i32x4.trunc_sat_f32x4_s', 'i32x4.trunc_sat_f32x4_u']],
  [SIMD + 250, ['f32x4.convert_i32x4_s', 'f32x4.convert_i32x4_u']],
  [SIMD + 252, ['i32x4.trunc_sat_f64x2_s_zero', 'i32x4.trunc_sat_f64x2_u_zero']],
  [SIMD + 254, ['f64x2.convert_low_i32x4_s', 'f64x2.convert_low_i32x4_u']],

  [SIMD + 0x100, ['i8x16.relaxed_swizzle', 'i32x4.relaxed_trunc_f32x4_s', 'i32x4.relaxed_trunc_f32x4_u']],
  [SIMD + 0x103, ['i32x4.relaxed_trunc_f64x2_s_zero', 'i32x4.relaxed_trunc_f64x2_u_zero']],
  [SIMD + 0x105, ['f32x4.relaxed_madd', 'f32x4.relaxed_nmadd', 'f64x2.relaxed_madd', 'f64x2.relaxed_nmadd']],
  [SIMD + 0x109, ['i8x16.relaxed_laneselect', 'i16x8.relaxed_laneselect']],
  [SIMD + 0x10b, ['i32x4.relaxed_laneselect', 'i64x2.relaxed_laneselect']],
  [SIMD + 0x10d, ['f32x4.relaxed_min', 'f32x4.relaxed_max', 'f64x2.relaxed_min', 'f64x2.relaxed_max']],
  [SIMD + 0x111, ['i16x8.relaxed_q15mulr_s', 'i16x8.relaxed_dot_i8x16_i7x16_s']],
  [SIMD + 0x113, ['i32x4.relaxed_dot_i8x16_i7x16_add_s']],
] as const;

/** Loads, with the natural alignment of what they read as a power of two. */
const LOADS = {
  'i32.load': [0x28, 2],
  'i64.load': [0x29, 3],
  'f32.load': [0x2a, 2],
  'f64.load': [0x2b, 3],
  'i32.load8_s': [0x2c, 0],
  'i32.load8_u': [0x2d, 0],
  'i32.load16_s': [0x2e, 1],
  'i32.load16_u': [0x2f, 1],
  'i64.load8_s': [0x30, 0],
  'i64.load8_u': [0x31, 0],
  'i64.load16_s': [0x32, 1],
  'i64.load16_u': [0x33, 1],
  'i64.load32_s': [0x34, 2],
  'i64.load32_u': [0x35, 2],
  'v128.load': [SIMD + 0, 4],
  'v128.load8x8_s': [SIMD + 1, 3],
  'v128.load8x8_u': [SIMD + 2, 3],
  'v128.load16x4_s': [SIMD + 3, 3],
  'v128.load16x4_u': [SIMD + 4, 3],
  'v128.load32x2_s': [SIMD + 5, 3],
  'v128.load32x2_u': [SIMD + 6, 3],
  'v128.load8_splat': [SIMD + 7, 0],
  'v128.load16_splat': [SIMD + 8, 1],
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
  'i64.store8': [0x3c, 0],
  'i64.store16': [0x3d, 1],
  'i64.store32': [0x3e, 2],
  'v128.store': [SIMD + 11, 4],
} as const;

/** Loads of one lane into a vector and stores of one lane, with their natural alignment. */
const LANE_ACCESSES = {
  'v128.load8_lane': [SIMD + 84, 0],
  'v128.load16_lane': [SIMD + 85, 1],
  'v128.load32_lane': [SIMD + 86, 2],
  'v128.load64_lane': [SIMD + 87, 3],
  'v128.store8_lane': [SIMD + 88, 0],
  'v128.store16_lane': [SIMD + 89, 1],
  'v128.store32_lane': [SIMD + 90, 2],
  'v128.store64_lane': [SIMD + 91, 3],
} as const;

/** Extraction and replacement of one lane. */
const LANES = {
  'i8x16.extract_lane_s': SIMD + 21,
  'i8x16.extract_lane_u': SIMD + 22,
  'i8x16.replace_lane': SIMD + 23,
  'i16x8.extract_lane_s': SIMD + 24,
  'i16x8.extract_lane_u': SIMD + 25,
  'i16x8.replace_lane': SIMD + 26,
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
