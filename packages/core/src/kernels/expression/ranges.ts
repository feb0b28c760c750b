/** Within which bounds the numbers of an expression lie that computes with integers. */

import type { Kind } from './node.ts';

/** A node of an expression, or of one that was lowered for int32 lanes. */
interface Term {
  readonly op: string;
  readonly kind: Kind;
  readonly args: readonly Term[];
  readonly attribute: unknown;
}

type Range = readonly [least: number, most: number];

/** Bounds of all that int32 holds, and a byte. */
const ofInt32: Range = [-(2 ** 31), 2 ** 31 - 1];
export const ofByte: Range = [0, 255];
const unknown: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

const within = ([least, most]: Range, bounds: Range): boolean => least >= bounds[0] && most <= bounds[1];

const hull = (...values: readonly number[]): Range => [Math.min(...values), Math.max(...values)];

/** The bounds of a number that an operation makes of operands within theirs. */
function bounded(op: string, operands: readonly Range[]): Range {
  const [a = unknown, b = unknown, c = unknown] = operands;
  switch (op) {
    case 'select':
    case 'iselect':
      return hull(...b, ...c);
    case 'min':
    case 'pmin':
      return [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
    case 'max':
    case 'pmax':
      return [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    case 'add':
    case 'iadd':
      return [a[0] + b[0], a[1] + b[1]];
    case 'sub':
    case 'isub':
      return [a[0] - b[1], a[1] - b[0]];
    case 'mul':
    case 'imul':
      return hull(a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]);
    case 'neg':
      return [-a[1], -a[0]];
    case 'abs':
      return a[0] >= 0 ? a : [0, Math.max(-a[0], a[1])];
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'nearest':
    case 'bitsOf':
    case 'fromBits':
    case 'truncToInt':
    case 'toFloat':
      return a;
    case 'iand':
    case 'ior':
    case 'ixor':
      return within(a, ofByte) && within(b, ofByte) ? ofByte : unknown;
    default:
      return unknown;
  }
}

/** What tells the bounds of nodes, where inputs and parameters lie within these. */
export function boundsBy(input: Range, param: Range): (x: Term) => Range {
  const known = new Map<Term, Range>();
  const of = (x: Term): Range => {
    let range = known.get(x);
    if (range === undefined) {
      if (x.op === 'input') range = input;
      else if (x.op === 'param') range = param;
      else if (x.op === 'constant' || x.op === 'intConstant') range = hull(Number(x.attribute));
      else range = bounded(x.op, x.args.map(of));
      known.set(x, range);
    }
    return range;
  };
  return of;
}

/** Whether a number is a byte by its bounds. */
export const isByte = (range: Range): boolean => within(range, ofByte);

/** Whether an expression of numbers of int32 meets none beyond on its way, so that lanes of int32 do for it. */
export function staysInInt32(expression: Term): boolean {
  const rangeOf = boundsBy(ofInt32, ofInt32);
  const seen = new Set<Term>();
  const stays = (x: Term): boolean => {
    if (seen.has(x)) return true;
    seen.add(x);
    if (x.op === 'constant' && !Number.isInteger(x.attribute)) return false;
    // Bits are those of the lane.
    if (x.kind === 'int' || (x.kind === 'value' && !within(rangeOf(x), ofInt32))) return false;
    return x.args.every(stays);
  };
  return stays(expression);
}
