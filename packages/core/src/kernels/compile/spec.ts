import { KindlingError } from '../../errors.ts';
import type { Expr, Lane } from '../expression/index.ts';
import type { Stored } from './access.ts';

/**
 * How an operand lies in its slot of the scratch memory, for an iteration space of (outer, inner):
 * `dense` (outer, inner) elements; `row` (inner), the same in every row; `column` (outer), one for each row;
 * `scalar`, a single element.
 */
export type Mode = 'dense' | 'row' | 'column' | 'scalar';

/** An operand of a kernel. */
interface OperandSpec {
  readonly stored: Stored;
  readonly mode: Mode;
  /** Byte offset of the operand in the scratch memory. */
  readonly base: number;
  /** A local that is added to that. */
  readonly shift?: number;
}

/** A result of a kernel: what it computes, and where it goes. */
export interface OutputSpec {
  readonly expression: Expr;
  readonly stored: Stored;
  readonly base: number;
  /** As that of an operand. */
  readonly shift?: number;
}

/** What {@link compileKernel} makes a kernel of. */
export interface KernelSpec {
  readonly name: string;
  readonly lane: Lane;
  readonly inputs: readonly OperandSpec[];
  /** Outputs are dense, and must not share memory with the inputs. */
  readonly outputs: readonly OutputSpec[];
  /** Byte offset of the parameters: float64 numbers, one after another. */
  readonly params: number;
  /** A local that is added to that. */
  readonly paramsShift?: number;
}

/**
 * Runs a kernel over (outer, inner) elements, all operands being in their slots. Reads and writes up to 32 bytes past
 * each.
 */
export type KernelFunction = (outer: number, inner: number) => void;

/** Runs a kernel over `outer` rows from row `row` on, whose first element is number `start`. */
export type RangedFunction = (rows: number, inner: number, start: number, row: number) => void;

/** Runs a kernel over (outer, inner) elements of operands, then results, that lie from these addresses on. */
export type PlacedFunction = (outer: number, inner: number, ...addresses: number[]) => void;

/** The operand of that number. */
export function inputAt({ name, inputs }: KernelSpec, index: number): OperandSpec {
  const operand = inputs[index];
  if (operand === undefined) {
    throw new KindlingError(`${name}: input ${index} used, but there are only ${inputs.length}`);
  }
  return operand;
}
