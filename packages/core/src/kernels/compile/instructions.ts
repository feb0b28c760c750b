import { KindlingError } from '../../errors.ts';
import type { Lane } from '../expression/index.ts';
import type { PlainOp } from '../expression/node.ts';
import type { FunctionBuilder, PlainOp as Instruction, LaneOp } from '../wasm/index.ts';
import type { Node } from './lower.ts';

/** Elements of a vector, by lane. */
export const lanesOf: Readonly<Record<Lane, number>> = { f32: 4, f64: 2, i32: 4 };

type Sequence = readonly Instruction[];
type Table = Partial<Record<PlainOp, Sequence>>;

const floatOps = [
  'add',
  'sub',
  'mul',
  'div',
  'neg',
  'abs',
  'sqrt',
  'floor',
  'ceil',
  'trunc',
  'nearest',
] as const;
const extremeOps = ['min', 'max', 'pmin', 'pmax'] as const;
const comparisons = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'] as const;

function floatTable(shape: 'f32x4' | 'f64x2'): Table {
  const table: Table = {};
  for (const op of [...floatOps, ...extremeOps, ...comparisons]) table[op] = [`${shape}.${op}`];
  table.madd = [`${shape}.relaxed_madd`];
  return table;
}

/**
 * The part that treats lanes as integers or bits: the same for float lanes and, under other names, for integer values.
 */
function integerTable(shape: 'i32x4' | 'i64x2'): Table {
  const table: Table = {
    and: ['v128.and'],
    or: ['v128.or'],
    xor: ['v128.xor'],
    not: ['v128.not'],
    bitsOf: [],
    fromBits: [],
    maskBits: [],
    iadd: [`${shape}.add`],
    isub: [`${shape}.sub`],
    imul: [`${shape}.mul`],
    iand: ['v128.and'],
    ior: ['v128.or'],
    ixor: ['v128.xor'],
    inot: ['v128.not'],
  };
  for (const op of comparisons) {
    const signed = op === 'eq' || op === 'ne' ? op : (`${op}_s` as const);
    table[`i${op}`] = [`${shape}.${signed}`];
  }
  return table;
}

const i32Bits = integerTable('i32x4');

const tables: Readonly<Record<Lane, Table>> = {
  f32: {
    ...i32Bits,
    ...floatTable('f32x4'),
    truncToInt: ['i32x4.trunc_sat_f32x4_s'],
    toFloat: ['f32x4.convert_i32x4_s'],
  },
  f64: {
    ...integerTable('i64x2'),
    ...floatTable('f64x2'),
    truncToInt: ['i32x4.trunc_sat_f64x2_s_zero', 'i64x2.extend_low_i32x4_s'],
  },
  i32: {
    ...i32Bits,
    add: ['i32x4.add'],
    sub: ['i32x4.sub'],
    mul: ['i32x4.mul'],
    neg: ['i32x4.neg'],
    abs: ['i32x4.abs'],
    floor: [],
    ceil: [],
    trunc: [],
    nearest: [],
    min: ['i32x4.min_s'],
    max: ['i32x4.max_s'],
    pmin: ['i32x4.min_s'],
    pmax: ['i32x4.max_s'],
    truncToInt: [],
    toFloat: [],
    ...Object.fromEntries(comparisons.map((op) => [op, i32Bits[`i${op}`]])),
  },
};

/** Emits a node whose operands lie on the stack, in {@link stackOrder}. */
export function emitPlain(f: FunctionBuilder, node: Node, lane: Lane): void {
  const integers = lane === 'f64' ? 'i64x2' : 'i32x4';
  switch (node.op) {
    case 'shl':
      f.i32Const(node.attribute).op(`${integers}.shl`);
      return;
    case 'shrU':
      f.i32Const(node.attribute).op(`${integers}.shr_u`);
      return;
    case 'select':
    case 'iselect':
      f.op(selectionOf(node));
      return;
    case 'copysign':
      if (lane === 'i32') break;
      if (lane === 'f32') f.i32Splat(0x7fff_ffff);
      else f.i64Splat(0x7fff_ffff_ffff_ffffn);
      f.op('v128.bitselect');
      return;
    case 'toFloat':
      if (lane !== 'f64') break;
      f.i32Splat(0).shuffle32(0, 2, 4, 4).op('f64x2.convert_low_i32x4_s');
      return;
  }
  const sequence = tables[lane][node.op as PlainOp];
  if (sequence === undefined) throw new KindlingError(`${node.op}: not defined in ${lane} lanes`);
  for (const instruction of sequence) f.op(instruction);
}

/** The operands in the order in which {@link emitPlain} wants them on the stack. */
export function stackOrder(node: Node): readonly Node[] {
  if (!isSelection(node)) return node.args;
  const [mask, a, b] = node.args;
  return isZero(a) ? [b, mask] : isZero(b) ? [a, mask] : [a, b, mask];
}

type Selection = Extract<Node, { op: 'select' | 'iselect' }>;

/** Whether a node selects one of two operands by a mask. */
export const isSelection = (node: Node): node is Selection => node.op === 'select' || node.op === 'iselect';

/** The instruction that selects one of two operands, which lie in {@link stackOrder}, by a mask. */
export function selectionOf({ args: [, a, b] }: Selection): 'v128.andnot' | 'v128.and' | 'v128.bitselect' {
  return isZero(a) ? 'v128.andnot' : isZero(b) ? 'v128.and' : 'v128.bitselect';
}

/** Whether a node is a constant of which no bit is set. */
const isZero = ({ op, attribute }: Node): boolean =>
  (op === 'constant' || op === 'intConstant') && (Object.is(attribute, 0) || attribute === 0n);

/** Pushes a constant in every lane. */
export function emitConstant(f: FunctionBuilder, node: Node, lane: Lane): void {
  if (lane === 'f64' && node.op === 'intConstant') f.i64Splat(node.attribute);
  else if (lane === 'i32' || node.op === 'intConstant') f.i32Splat(int32Of(node));
  else f.splat(lane, Number(node.attribute));
}

/** A constant as lanes of int32 hold it. */
export function int32Of(node: Node): number {
  if (node.op === 'intConstant') return Number(BigInt.asIntN(32, node.attribute));
  return saturate(Number(node.attribute));
}

function saturate(value: number): number {
  return Math.max(-0x8000_0000, Math.min(0x7fff_ffff, Math.trunc(value) || 0));
}

const extract: Readonly<Record<Lane, LaneOp>> = {
  f32: 'f32x4.extract_lane',
  f64: 'f64x2.extract_lane',
  i32: 'i32x4.extract_lane',
};
const replace: Readonly<Record<Lane, LaneOp>> = {
  f32: 'f32x4.replace_lane',
  f64: 'f64x2.replace_lane',
  i32: 'i32x4.replace_lane',
};
const splat: Readonly<Record<Lane, Instruction>> = {
  f32: 'f32x4.splat',
  f64: 'f64x2.splat',
  i32: 'i32x4.splat',
};

/** Computes each lane alone: `one(lane)` pushes a scalar of the lane's type. */
function eachLane(f: FunctionBuilder, lane: Lane, one: (index: number) => void): void {
  for (let i = 0; i < lanesOf[lane]; i++) {
    one(i);
    if (i === 0) f.op(splat[lane]);
    else f.lane(replace[lane], i);
  }
}

/** Calls an imported function of float64 numbers for each lane of operands that lie in locals. */
export function emitScalarCall(
  f: FunctionBuilder,
  lane: Lane,
  operands: readonly number[],
  callee: number,
): void {
  eachLane(f, lane, (i) => emitCallOfLane(f, lane, operands, callee, i));
}

/**
 * {@link emitScalarCall} for the lanes where a mask is set; the others keep what the local `result` holds. Calls
 * nothing where no lane is. `before` comes before each call.
 */
export function emitScalarCallWhere(
  f: FunctionBuilder,
  lane: Lane,
  mask: number,
  result: number,
  operands: readonly number[],
  callee: number,
  before: () => void = () => {},
): void {
  f.get(mask).op('v128.any_true').if();
  for (let i = 0; i < lanesOf[lane]; i++) {
    f.get(mask);
    if (lane === 'f64') f.lane('i64x2.extract_lane', i).op('i32.wrap_i64');
    else f.lane('i32x4.extract_lane', i);
    f.if();
    before();
    f.get(result);
    emitCallOfLane(f, lane, operands, callee, i);
    f.lane(replace[lane], i).set(result).end();
  }
  f.end().get(result);
}

function emitCallOfLane(
  f: FunctionBuilder,
  lane: Lane,
  operands: readonly number[],
  callee: number,
  index: number,
): void {
  for (const operand of operands) f.get(operand).lane(extract[lane], index).toNumber(lane);
  f.call(callee).fromNumber(lane);
}

/** Scalar locals of {@link emitIntegerDivision}: the operands, then a third for its use. */
export type IntegerScratch = readonly [a: number, b: number, c: number];

/**
 * Integer division, quotient or rest, for which there are no vector instructions, of two operands that lie in locals.
 * Division by 0 and -1, where `i32.div_s` may trap, divides by 1 instead and mends the quotient: `-a & b` is 0 for b =
 * 0 and -a for b = -1.
 */
export function emitIntegerDivision(
  f: FunctionBuilder,
  op: 'idiv' | 'irem',
  operands: readonly number[],
  [a, b, c]: IntegerScratch,
): void {
  eachLane(f, 'i32', (i) => {
    for (const operand of operands) f.get(operand).lane('i32x4.extract_lane', i);
    f.set(b).set(a);
    const isTrap = () => f.get(b).i32Const(1).op('i32.add').i32Const(2).op('i32.lt_u');
    f.i32Const(1).get(b);
    isTrap().op('select').set(c);
    if (op === 'irem') {
      f.get(a).get(c).op('i32.rem_s');
      return;
    }
    f.i32Const(0).get(a).op('i32.sub').get(b).op('i32.and');
    f.get(a).get(c).op('i32.div_s');
    isTrap().op('select');
  });
}

/** {@link emitIntegerDivision} of whole numbers in f64 lanes: quotients of numbers below 2^53 are truncated exactly. */
export function emitWholeDivision(
  f: FunctionBuilder,
  op: 'idiv' | 'irem',
  operands: readonly number[],
): void {
  const [a = 0, b = 0] = operands;
  const quotient = () => f.get(a).get(b).op('f64x2.div').op('f64x2.trunc');
  if (op === 'idiv') quotient();
  else {
    f.get(a);
    quotient().get(b).op('f64x2.mul').op('f64x2.sub');
  }
}
