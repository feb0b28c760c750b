/** What one step of a reduction is, in the instructions of a kernel. */

import type { Lane } from '../../dtype.ts';
import type { FloatLane, FunctionBuilder, LoadOp } from '../wasm/index.ts';
import {
  type Accumulator,
  accumulatorOf,
  type Combine,
  formOf,
  identityOf,
  type Mapping,
  type ReduceKind,
} from './kinds.ts';

/** How a kernel computes: `lane` is that of the elements, `type` that of the accumulators. */
export interface Spec {
  readonly type: Accumulator;
  readonly vector: 'f32x4' | 'f64x2' | 'i32x4' | 'i64x2';
  readonly lanes: 2 | 4;
  readonly bytes: 4 | 8;
  readonly elementBytes: 4 | 8;
  /** What makes accumulators of the two elements at the bottom of a vector, where these are narrower. */
  readonly widen: 'f64x2.promote_low_f32x4' | 'f64x2.convert_low_i32x4_s' | 'i64x2.extend_low_i32x4_s' | null;
  readonly combine: Combine;
  readonly map: Mapping;
  readonly identity: number;
  /** Whether the result depends on the order of the steps. */
  readonly ordered: boolean;
  /** Whether float32 numbers are added up in groups, before they are widened. */
  readonly grouped: boolean;
  /**
   * Of extremes of floats: the instruction that forgets NaN and does not tell 0 from -0, in an eighth of the time of
   * the right one.
   */
  readonly loose: 'pmax' | 'pmin' | null;
  /**
   * Whether elements are products, as their lane rounds them, of what is there and of what is so many bytes further: in
   * the place of a centre stands that distance, in a local of type i32.
   */
  readonly ofProducts?: true;
}

const vectors = { f32: 'f32x4', f64: 'f64x2', i32: 'i32x4', i64: 'i64x2' } as const;

/** How a reduction of elements in a lane computes. */
export function specOf(lane: Lane, kind: ReduceKind): Spec {
  const type = accumulatorOf(lane, kind);
  const twice = type === 'f64' || type === 'i64';
  const ofIntegers = type === 'i64' ? 'i64x2.extend_low_i32x4_s' : 'f64x2.convert_low_i32x4_s';
  const ofFloats = lane === 'f32' ? 'f64x2.promote_low_f32x4' : null;
  const form = formOf(kind);
  return {
    type,
    vector: vectors[type],
    lanes: twice ? 2 : 4,
    bytes: twice ? 8 : 4,
    elementBytes: lane === 'f64' ? 8 : 4,
    widen: twice ? (lane === 'i32' ? ofIntegers : ofFloats) : null,
    ...form,
    identity: identityOf(lane, kind),
    ordered: type === 'f64',
    grouped: lane === 'f32' && form.combine === 'add',
    loose: lane === 'i32' || !isExtreme(form.combine) ? null : `p${form.combine}`,
  };
}

const isExtreme = (combine: Combine): combine is 'max' | 'min' => combine === 'max' || combine === 'min';

/** Pushes a whole number in every lane. */
const splat = (f: FunctionBuilder, type: Accumulator, value: number): FunctionBuilder =>
  type === 'i64' ? f.i64Splat(BigInt(value)) : f.splat(type, value);

/** Pushes what nothing comes to in every lane. */
export const identity = (f: FunctionBuilder, s: Spec): FunctionBuilder => splat(f, s.type, s.identity);

/** Pushes the accumulator vector read from consecutive elements at `pointer + offset`, mapped. */
export function loadMapped(
  f: FunctionBuilder,
  s: Spec,
  pointer: number,
  offset: number,
  center: number,
  x: number,
): void {
  const load = s.widen === null ? 'v128.load' : 'v128.load64_zero';
  f.get(pointer).load(load, offset);
  if (s.ofProducts) {
    f.get(pointer).get(center).op('i32.add').load(load, offset);
    f.op(s.widen === null ? `${s.vector}.mul` : 'f32x4.mul');
  }
  if (s.widen !== null) f.op(s.widen);
  emitMap(f, s.type, s.map, [center], x);
}

/** Maps the vector on the stack, of which there is room for a copy in `x`. */
function emitMap(
  f: FunctionBuilder,
  type: Accumulator,
  map: Mapping,
  centers: readonly number[],
  x: number,
): void {
  const vector = vectors[type];
  switch (map) {
    case 'same':
      return;
    case 'abs':
      // V8 makes the mask of `abs` anew each time.
      if (type === 'f32') f.i32Splat(0x7fff_ffff).op('v128.and');
      else if (type === 'f64') f.i64Splat(0x7fff_ffff_ffff_ffffn).op('v128.and');
      else f.op(`${vector}.abs`);
      return;
    case 'deviation':
      for (const center of centers) f.get(center).op(`${vector}.sub`);
      return;
    case 'centered':
      emitMap(f, type, 'deviation', centers, x);
      f.tee(x).get(x).op(`${vector}.mul`);
      return;
    case 'square':
      f.tee(x).get(x).op(`${vector}.mul`);
      return;
    case 'nonzero':
      splat(f, type, 0).op(`${vector}.ne`);
      splat(f, type, 1).op('v128.and');
      return;
    case 'nanToZero':
      // An integer equals itself: the mask is all ones.
      f.tee(x).get(x).get(x).op(`${vector}.eq`).op('v128.and');
  }
}

/** Pops two vectors, pushes them combined. */
export function combineVectors(f: FunctionBuilder, s: Spec): void {
  if (s.vector === 'i32x4' && (s.combine === 'max' || s.combine === 'min')) f.op(`i32x4.${s.combine}_s`);
  else f.op(`${s.vector}.${s.combine}` as 'f32x4.add');
  // A product of integers that is far beyond int32 stays there, but must not become infinite: 0 times it is 0.
  if (s.widen === 'f64x2.convert_low_i32x4_s')
    f.splat('f64', BEYOND).op('f64x2.pmin').splat('f64', -BEYOND).op('f64x2.pmax');
}

/**
 * Pops an accumulator and a vector, pushes them combined by {@link Spec.loose}; notes in `doubt` where the vector, left
 * in `x`, has NaN.
 */
export function combineLoosely(f: FunctionBuilder, s: Spec, x: number, doubt: number): void {
  f.tee(x).op(`${s.vector}.${s.loose}` as 'f32x4.pmax');
  f.get(doubt)
    .get(x)
    .get(x)
    .op(`${s.vector}.ne` as 'f32x4.ne')
    .op('v128.or')
    .set(doubt);
}

/** Pushes whether results of {@link combineLoosely} may not be right: there was NaN, or one is 0 of either sign. */
export function whetherInDoubt(
  f: FunctionBuilder,
  s: Spec,
  doubt: number,
  results: readonly number[],
): FunctionBuilder {
  f.get(doubt);
  for (const result of results) {
    f.get(result);
    splat(f, s.type, 0)
      .op(`${s.vector}.eq` as 'f32x4.eq')
      .op('v128.or');
  }
  return f.op('v128.any_true');
}

/** A number that is no int32, and whose square is finite. */
const BEYOND = 2 ** 60;

/** Loads one accumulator into all lanes. */
export const loadOne = (s: Spec): LoadOp => (s.bytes === 8 ? 'v128.load64_splat' : 'v128.load32_splat');

/** Combines all lanes of `vector`, leaving the result in each lane. */
export function combineLanes(f: FunctionBuilder, s: Spec, vector: number): void {
  f.get(vector).get(vector).get(vector).shuffle64(1, 0);
  combineVectors(f, s);
  f.set(vector);
  if (s.lanes === 2) return;
  f.get(vector).get(vector).get(vector).shuffle32(1, 0, 3, 2);
  combineVectors(f, s);
  f.set(vector);
}

/** Stores the low lane. */
export function storeOne(f: FunctionBuilder, s: Spec, out: number, vector: number): void {
  f.get(out)
    .get(vector)
    .accessLane(s.bytes === 8 ? 'v128.store64_lane' : 'v128.store32_lane', 0);
}

/** Runs `body` as long as there is something left of `counter`, subtracting `step` each round. */
export function untilNoneLeft(f: FunctionBuilder, counter: number, step: number, body: () => void): void {
  f.get(counter).i32Const(0).op('i32.gt_s').if();
  const top = f.loop();
  body();
  f.get(counter).i32Const(step).op('i32.sub').tee(counter).i32Const(0).op('i32.gt_s').brIf(top);
  f.end().end();
}

/** Pushes what `load` pushes for each of the items, a power of two of them, combined two and two. */
export function combineInPairs<T>(
  f: FunctionBuilder,
  s: Spec,
  items: readonly T[],
  load: (item: T) => void,
  add?: 'f32x4.add',
): void {
  const half = items.length / 2;
  if (half < 1) {
    for (const item of items) load(item);
    return;
  }
  combineInPairs(f, s, items.slice(0, half), load, add);
  combineInPairs(f, s, items.slice(half), load, add);
  if (add === undefined) combineVectors(f, s);
  else f.op(add);
}

// ---- Sums of float32 ----

/** So many vectors of float32 are added up, two and two, before the sum is widened. */
export const GROUP = 8;

/** Pushes the float32 vector at `pointer + offset`, mapped; the centre is the sum of several. */
export function loadNarrow(
  f: FunctionBuilder,
  s: Spec,
  pointer: number,
  offset: number,
  centers: readonly number[],
  x: number,
): void {
  f.get(pointer).load('v128.load', offset);
  if (s.ofProducts)
    for (const distance of centers)
      f.get(pointer).get(distance).op('i32.add').load('v128.load', offset).op('f32x4.mul');
  emitMap(f, 'f32', s.map, centers, x);
}

/** Maps the float32 vector on the stack, of which there is room for a copy in `x`; without a centre. */
export const mapNarrow = (f: FunctionBuilder, s: Spec, x: number): void => emitMap(f, 'f32', s.map, [], x);

/** Pops a float32 vector and adds its elements to two accumulators. */
export function addWidened(f: FunctionBuilder, low: number, high: number, x: number): void {
  f.set(x);
  f.get(low).get(x).op('f64x2.promote_low_f32x4').op('f64x2.add').set(low);
  f.get(high).get(x).get(x).shuffle64(1, 1).op('f64x2.promote_low_f32x4').op('f64x2.add').set(high);
}

/**
 * What a sum of squares must reach so that what underflows in float32 is nothing beside it: of at most 2^12 squares
 * each loses less than 2^-149.
 */
const SAFE_SQUARES = 2 ** -100;

/**
 * Pushes the mask of the sums that are right: float32 has overflowed in those that are not finite, and squares may have
 * underflowed in those that are small.
 */
export function whereSafe(f: FunctionBuilder, s: Spec, lane: FloatLane, sum: number): void {
  const vector = vectors[lane];
  f.get(sum).get(sum).op(`${vector}.sub`).splat(lane, 0).op(`${vector}.eq`);
  if (s.map !== 'square' && s.map !== 'centered') return;
  f.get(sum).splat(lane, SAFE_SQUARES).op(`${vector}.ge`).op('v128.and');
}
