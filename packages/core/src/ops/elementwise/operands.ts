import { describe } from '../../arguments/explain.ts';
import { checkArguments, K } from '../../arguments/index.ts';
import { storedNumber } from '../../dtype.ts';
import { DTypeError, ValueError } from '../../errors.ts';
import type { Expr } from '../../kernels/index.ts';
import { isArray } from '../../readable.ts';
import { publicName } from '../../record/apply.ts';
import { isOfClass, Tensor } from '../../tensor.ts';
import type { ElementwiseSpec, Operand } from './operation.ts';

/** The name under which the operation is public. */
export const callerOf = ({ caller, name }: ElementwiseSpec): string => caller ?? publicName(name);

/** The operands that are tensors: there is always one. */
export type Inputs = readonly [Tensor, ...Tensor[]];

export function isFilled(tensors: readonly Tensor[]): tensors is Inputs {
  return tensors.length > 0;
}

/** Splits operands into tensors and scalars; a boolean counts as a 0-dimensional bool tensor. */
export function splitOperands(
  spec: ElementwiseSpec,
  operands: readonly Operand[],
  params: readonly number[],
) {
  const [a, b] = operands;
  if (operands.length === 2 && isOfClass(a)) {
    // Nearly all calls are these, and lists that grow cost as much as a small kernel.
    if (isOfClass(b)) return { tensors: [a, b] as const, params, mask: 0 };
    if (typeof b === 'number') return { tensors: [a] as const, params: [b, ...params], mask: 2 };
  }
  const tensors: Tensor[] = [];
  const scalars: number[] = [];
  let mask = 0;
  for (let i = 0; i < operands.length; i++) {
    const x = operands[i];
    if (isOfClass(x)) tensors.push(x);
    else if (typeof x === 'number') {
      scalars.push(x);
      mask |= 1 << i;
    } else if (typeof x === 'boolean') tensors.push(Tensor.scalar(x ? 1 : 0, 'bool'));
    else throw notATensor(callerOf(spec), operands);
  }
  if (!isFilled(tensors)) {
    const [first = 0, ...others] = scalars;
    const dtype = Number.isInteger(first) ? 'int32' : 'float32';
    const tensor = Tensor.scalar(
      dtype === 'int32' ? storedNumber(first, dtype, callerOf(spec)) : first,
      dtype,
    );
    return { tensors: [tensor] as const, params: [...others, ...params], mask: mask & (mask - 1) };
  }
  if (params.length > 0) scalars.push(...params);
  return { tensors, params: scalars, mask };
}

/** The error that says what came where tensors and numbers were expected. */
export function notATensor(name: string, operands: readonly unknown[]): DTypeError {
  const came = operands.map((x) => (isOfClass(x) ? 'Tensor' : describe(x))).join(', ');
  const remedy = operands.some((x) => isArray(x)) ? '; make a tensor of an array with tensor()' : '';
  return new DTypeError(`${name}: expected tensors or numbers, got (${came})${remedy}`);
}

/** What an elementwise operation is made of. */
export const elementwiseSpec = K.kind('an object with name, arity and expression', (x) => {
  const { name, arity, expression } = (K.isOptions(x) ? x : {}) as Partial<ElementwiseSpec>;
  return typeof name === 'string' && K.positiveCount.accepts(arity) && K.callable.accepts(expression);
});

const isExpression = (x: unknown): x is Expr =>
  typeof x === 'object' && x !== null && 'op' in x && 'args' in x && 'kind' in x;

/**
 * What a user's function made of nodes, where it failed as JavaScript fails: with an error that says whose function it
 * is.
 */
function made(caller: string, what: string, build: () => unknown): unknown {
  try {
    return build();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof ReferenceError)) throw cause;
    throw new ValueError(`${caller}: its ${what} failed: ${cause.name}: ${cause.message}`, { cause });
  }
}

/** The spec with an expression that is held to giving one, as that of a user may not. */
export function checkedSpec<S extends ElementwiseSpec>(spec: S): S {
  const expression = (...x: Expr[]): Expr => {
    const value = made(callerOf(spec), 'expression', () => spec.expression(...x));
    if (isExpression(value)) return value;
    throw new ValueError(
      `${callerOf(spec)}: its expression must return one built with E, got ${describe(value)}`,
    );
  };
  return { ...spec, expression };
}

/**
 * The new values that a user's function states, once it is known that there is an expression for each of the targets.
 */
export function checkedUpdate(
  caller: string,
  targets: number,
  build: (...x: Expr[]) => Expr[],
): (...x: Expr[]) => Expr[] {
  return (...x) => {
    const values = made(caller, 'update', () => build(...x));
    if (Array.isArray(values) && values.length === targets && values.every(isExpression)) return values;
    throw new ValueError(
      `${caller}: its update must return an array of ${targets}, an expression built with E for each target, got ` +
        describe(values),
    );
  };
}

/** What `gradient` of a spec gave, once it is known to be an expression, or none, for each operand. */
export function checkedGradients(
  spec: ElementwiseSpec,
  stated: readonly (Expr | null | undefined)[],
): readonly (Expr | null | undefined)[] {
  if (Array.isArray(stated) && stated.every((x) => x == null || isExpression(x))) return stated;
  throw new ValueError(
    `${callerOf(spec)}: its gradient must return an array, an expression built with E or null for each operand, got ` +
      describe(stated),
  );
}

/**
 * Whether a list is one of numbers: asked at each call of what takes some, where {@link paramsKind} would cost as much
 * as small kernels.
 */
export function areNumbers(list: unknown): boolean {
  if (!isArray(list)) return false;
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'number') return false;
  return true;
}

/** Refuses parameters that are no list of numbers: kernels read them as they are. */
export function requireParams(caller: string, params: unknown): void {
  if (!areNumbers(params)) checkArguments(caller, { params: paramsKind }, [params]);
}

/** The numbers that an operation takes beside its operands. */
export const paramsKind = K.listOf(K.scalar, 'an array of numbers');
