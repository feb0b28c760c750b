import type { Lane } from '../../dtype.ts';
import { KindlingError } from '../../errors.ts';

/** The nodes of scalar expressions and their construction. */

/** The type that every number of a kernel has: `f32` (f32x4 vectors), `f64` (f64x2) or `i32` (i32x4). */
export type { Lane };

/** What a node stands for: a number, a truth value, or a number's bits. */
export type Kind = 'value' | 'mask' | 'int';

/** The signature of each of these operations: argument kinds, then the result's kind. */
const all = <Name extends string>(names: readonly Name[], ...signature: Kind[]): Record<Name, Kind[]> =>
  Object.fromEntries(names.map((name) => [name, signature])) as Record<Name, Kind[]>;

/** What each operation takes and gives. */
const signatures = {
  // Arithmetic.
  ...all(['add', 'sub', 'mul', 'div', 'min', 'max', 'pmin', 'pmax', 'copysign'], 'value', 'value', 'value'),
  ...all(['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest'], 'value', 'value'),
  // Of float lanes, where there is relaxed SIMD: rounded once or twice.
  ...all(['madd'], 'value', 'value', 'value', 'value'),
  // Comparisons and masks.
  ...all(['lt', 'le', 'gt', 'ge', 'eq', 'ne'], 'value', 'value', 'mask'),
  ...all(['and', 'or', 'xor'], 'mask', 'mask', 'mask'),
  ...all(['not'], 'mask', 'mask'),
  ...all(['select'], 'mask', 'value', 'value', 'value'),
  // Integers of the lane's width.
  ...all(['bitsOf', 'truncToInt'], 'value', 'int'),
  ...all(['fromBits', 'toFloat'], 'int', 'value'),
  ...all(['maskBits'], 'mask', 'int'),
  ...all(['iadd', 'isub', 'imul', 'iand', 'ior', 'ixor'], 'int', 'int', 'int'),
  ...all(['inot'], 'int', 'int'),
  ...all(['ilt', 'ile', 'igt', 'ige', 'ieq', 'ine'], 'int', 'int', 'mask'),
  ...all(['iselect'], 'mask', 'int', 'int', 'int'),
  // Of whole numbers, in i32 and f64 lanes.
  ...all(['idiv', 'irem'], 'value', 'value', 'value'),
};

/** Operations whose node carries no attribute: exactly the rows of the table of signatures. */
export type PlainOp = keyof typeof signatures;

/** Every operation a node can have. */
export type Op =
  | PlainOp
  | 'input'
  | 'param'
  | 'constant'
  | 'intConstant'
  | 'shl'
  | 'shrU'
  | 'call'
  | 'scalarCall'
  | 'scalarCallWhere';

/** Those that carry an attribute. */
const withAttribute: readonly unknown[] = [
  'input',
  'param',
  'constant',
  'intConstant',
  'shl',
  'shrU',
  'call',
  'scalarCall',
  'scalarCallWhere',
] satisfies Exclude<Op, PlainOp>[];

/** Whether something names an operation. */
export const isOp = (x: unknown): x is Op =>
  withAttribute.includes(x) || (typeof x === 'string' && Object.hasOwn(signatures, x));

/** A node of an expression. Build nodes with the functions of this file, never by hand. */
export interface Expr {
  /** What it does. */
  readonly op: Op;
  /** What it gives. */
  readonly kind: Kind;
  /** Its operands. */
  readonly args: readonly Expr[];
  /**
   * The attribute: the index of an `input` or `param`, the value of a `constant`, the bits (a bigint) of an
   * `intConstant`, the distance of a shift by a constant, the function's name of a `call`, `scalarCall` or
   * `scalarCallWhere`; `undefined` elsewhere.
   */
  readonly attribute: number | bigint | string | undefined;
}

/** A node, or a number that stands for a constant node. */
export type Operand = Expr | number;

/** A node, its operands having been checked. */
export function node(op: Op, kind: Kind, args: readonly Expr[], attribute?: number | bigint | string): Expr {
  return Object.freeze({ op, kind, args: Object.freeze(args), attribute });
}

/** An operand as a node: a number as a constant of this kind. */
export function lift(operand: Operand, kind: Kind): Expr {
  if (typeof operand !== 'number') return operand;
  return kind === 'int' ? intConstant(operand) : constant(operand);
}

/**
 * A node of an op without attribute.
 * @throws KindlingError when the number or the kind of the operands is wrong.
 */
export function build(op: PlainOp, ...operands: Operand[]): Expr {
  const signature: readonly Kind[] = signatures[op];
  const arity = signature.length - 1;
  if (operands.length !== arity) {
    throw new KindlingError(`${op}: takes ${arity} operands, got ${operands.length}`);
  }
  const args = operands.map((operand, i) => lift(operand, signature[i]!));
  checkKinds(op, args, signature);
  return node(op, signature[arity]!, args);
}

/**
 * Refuses operands of other kinds than these.
 * @throws KindlingError when an operand is of another kind.
 */
export function checkKinds(op: string, args: readonly Expr[], kinds: readonly Kind[]): void {
  for (const [i, arg] of args.entries()) {
    if (arg.kind !== kinds[i]) {
      throw new KindlingError(`${op}: operand ${i} is a ${arg.kind} (${arg.op}), expected a ${kinds[i]}`);
    }
  }
}

/** Makes a node of one operand. */
export type Unary = (x: Operand) => Expr;
/** Makes a node of two operands. */
export type Binary = (a: Operand, b: Operand) => Expr;
/** The function that makes nodes of an op with one operand. */
export const unary =
  (op: PlainOp): Unary =>
  (x) =>
    build(op, x);
/** The function that makes nodes of an op with two operands. */
export const binary =
  (op: PlainOp): Binary =>
  (a, b) =>
    build(op, a, b);

/** The element of operand number `index` at the current position. */
export function input(index: number): Expr {
  return node('input', 'value', [], index);
}

/**
 * Parameter number `index`: a scalar given anew at each run, the same for all elements. It is converted to the lane
 * once.
 */
export function param(index: number): Expr {
  return node('param', 'value', [], index);
}

/** The constant `value`, rounded to the lane's type (f32: to nearest; i32: truncated, saturating). */
export function constant(value: number): Expr {
  return node('constant', 'value', [], value);
}

/**
 * An integer constant of the lane's width, wrapped to it. Bits above 2^53 need a bigint:
 * `fromBits(intConstant(0x3ff0000000000000n))` is 1 in f64 lanes.
 */
export function intConstant(value: number | bigint): Expr {
  return node('intConstant', 'int', [], BigInt(value));
}
