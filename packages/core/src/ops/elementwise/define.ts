import { alias, checkArguments, K, refuseExcess } from '../../arguments/index.ts';
import { fits } from '../../arguments/kinds.ts';
import type { DType } from '../../dtype.ts';
import type { KindlingError } from '../../errors.ts';
import { E, type Expr, holdsOutside } from '../../kernels/index.ts';
import type { Tensor } from '../../tensor.ts';
import { callerOf } from './operands.ts';
import {
  applyBinary,
  applyElementwise,
  applyElementwiseInPlace,
  applyUnary,
  type BinaryFunction,
  ElementwiseOp,
  type ElementwiseSpec,
  type Operand,
  type UnaryFunction,
} from './operation.ts';

/** What a family of operations that share a form leaves open. */
export type ElementwiseDefinition = Omit<ElementwiseSpec, 'name' | 'arity' | 'expression'>;

/** A function of one tensor, declared as an expression. */
export function unary(
  name: string,
  expression: (x: Expr) => Expr,
  definition: ElementwiseDefinition = {},
): UnaryFunction {
  const op = new ElementwiseOp({ name, arity: 1, expression: (x) => expression(x), ...definition });
  const f = function (x: Tensor): Tensor {
    if (arguments.length > 1) refuseExcess(callerOf(op.spec), operandNames(1), arguments);
    return applyUnary(op, x);
  };
  const { caller } = definition;
  return Object.assign(caller === undefined ? f : alias(caller, f), { op });
}

/** A function of two operands, declared as an expression. */
export function binary(
  name: string,
  expression: (a: Expr, b: Expr) => Expr,
  definition: ElementwiseDefinition = {},
): BinaryFunction {
  const op = new ElementwiseOp({
    name,
    arity: 2,
    expression: (a, b) => expression(a, b),
    ...definition,
  });
  const f = function (a: Operand, b: Operand): Tensor {
    if (arguments.length > 2) refuseExcess(callerOf(op.spec), operandNames(2), arguments);
    return applyBinary(op, a, b);
  };
  return Object.assign(f, { op });
}

const operandNames = (count: number): string[] => ['x', 'y', 'z'].slice(0, count);

/** Refuses what `kind` does not take for options, which are seldom given; `operands` are for the error. */
export function checkOptions(caller: string, kind: K.Kind, options: unknown, ...operands: unknown[]): void {
  if (options === undefined || fits(kind, options)) return;
  const parameters = Object.fromEntries(operandNames(operands.length).map((name) => [name, K.anything]));
  checkArguments(caller, { ...parameters, options: kind }, [...operands, options]);
}

/** What a call stands for: an operation, its operands and its parameters. */
interface Call {
  readonly op: ElementwiseOp;
  readonly operands: readonly Operand[];
  readonly params?: readonly number[];
}

/** What the arguments of a function with options stand for; its errors name the `caller`. */
export type Resolve<A extends unknown[]> = (caller: string, ...args: A) => Call;

export const run = ({ op, operands, params }: Call): Tensor => applyElementwise(op, operands, params);

/** Runs a call in place: the result takes the place of its first operand, a tensor. */
export const runInPlace = ({ op, operands, params }: Call): Tensor =>
  applyElementwiseInPlace(op, operands, params);

/** The in-place form of a function: its result takes the place of the first operand, a tensor. */
export function inPlace(f: UnaryFunction): (x: Tensor) => Tensor;
export function inPlace(f: BinaryFunction): (x: Tensor, other: Operand) => Tensor;
export function inPlace({ op }: UnaryFunction | BinaryFunction): (...operands: Operand[]) => Tensor {
  const { arity } = op.spec;
  return (...operands) => {
    if (operands.length > arity) refuseExcess(`${callerOf(op.spec)}_`, operandNames(arity), operands);
    // One that is missing is refused as it is elsewhere: as undefined.
    const all = operands.length === arity ? operands : Array.from({ length: arity }, (_, i) => operands[i]);
    return applyElementwiseInPlace(op, all as readonly Operand[]);
  };
}

/**
 * {@link inPlace} for a function with options, or others than one or two operands: `parameters` are their names, or
 * their kinds too.
 */
export const inPlaceCall = <A extends unknown[]>(
  caller: string,
  resolve: Resolve<A>,
  parameters: readonly string[] | K.Parameters,
): ((...args: A) => Tensor) => {
  const most = Object.keys(parameters).length;
  return alias(caller, (...args: A) => {
    if (args.length > most) refuseExcess(caller, parameters, args);
    return runInPlace(resolve(caller, ...args));
  });
};

/**
 * What a function a f(b), 0 where a is 0, states of its gradients and of theirs: a gradient of 0 has one too. `times` is
 * the function, `over` divides by what log is taken of, `isOut` says where that is not positive.
 */
export function timesLogarithm(
  times: (a: Expr, b: Expr) => Expr,
  isOut: (b: Expr) => Expr,
  over: (x: Expr, b: Expr) => Expr,
): Required<Pick<ElementwiseSpec, 'gradient' | 'second'>> {
  const byFirst = (g: Expr, a: Expr, b: Expr): Expr => E.select(E.and(E.eq(a, 0), isOut(b)), 0, times(g, b));
  return {
    gradient: ({ g }, a, b) => [byFirst(g, a, b), over(E.mul(g, a), b)],
    second({ h, g }, a, b) {
      const kept = E.select(E.and(E.eq(a, 0), isOut(b)), 0, h);
      return [
        [byFirst(kept, g, b), null, over(E.mul(kept, g), b)],
        [over(E.mul(h, a), b), over(E.mul(h, g), b), E.neg(E.mul(h, over(over(E.mul(g, a), b), b)))],
      ];
    },
  };
}

/**
 * What gives a tensor itself, where all of it lies within bounds, both included, and none is NaN. A kernel refuses it,
 * so that a program does too.
 */
export const withinBounds = (
  name: string,
  boundsOf: (dtype: DType) => readonly [least: number, most: number],
  refusal: (x: Tensor) => KindlingError,
): ElementwiseOp =>
  new ElementwiseOp({
    name,
    arity: 1,
    expression: (x) => x,
    inspect([x], dtype) {
      const [least, most] = boundsOf(dtype);
      if (holdsOutside(x as Tensor, least, most, true)) throw refusal(x as Tensor);
    },
  });
