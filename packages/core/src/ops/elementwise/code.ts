/** Elementwise operations as plain data: their expressions, from which kernels are made anew. */
import { KindlingError } from '../../errors.ts';
import { E, type Expr, expressionData, expressionsOf, substitute } from '../../kernels/index.ts';
import type { Code } from '../../record/code.ts';
import type { ElementwiseSpec } from './operation.ts';

/** So many parameters an operation may have. */
const mostParams = 16;

type Inspect = NonNullable<ElementwiseSpec['inspect']>;
/** What looks at values, by the names of operations: no expression says what is refused. */
const inspections = new Map<string, Inspect>();

export function noteInspection({ name, inspect }: ElementwiseSpec): void {
  if (inspect !== undefined) inspections.set(name, inspect);
}

/** That values are looked at, in a code. */
export const inspectionOf = ({ name, inspect }: ElementwiseSpec): { inspects?: string } =>
  inspect === undefined ? {} : { inspects: name };

/** What looks at them. */
export function inspectionIn({ inspects }: Code): Inspect | undefined {
  if (inspects === undefined) return undefined;
  const inspect = inspections.get(String(inspects));
  if (inspect === undefined)
    throw new KindlingError(`there is no operation ${String(inspects)}, whose values are looked at`);
  return inspect;
}

/** How an operation is written in a program, of which the operands `scalars` are numbers. */
export function codeOf(spec: ElementwiseSpec, scalars: number): Code {
  const { name, arity, dtype, onBits, beyondByte, expression, integer } = spec;
  const nodes = [
    ...Array.from({ length: arity }, (_, i) => E.input(i)),
    ...Array.from({ length: mostParams }, (_, i) => E.param(i)),
  ];
  return {
    by: 'elementwise',
    operation: { name, arity, dtype, onBits, beyondByte },
    scalars,
    expressions: expressionData([expression, integer ?? expression].map((f) => f(...nodes))),
    ...inspectionOf(spec),
  };
}

/** What such an operation was made of. */
export function specIn(code: Code): ElementwiseSpec {
  const { operation, expressions } = code;
  const [float, integer] = expressionsOf(expressions);
  const { name, arity } = (operation ?? {}) as Partial<ElementwiseSpec>;
  if (float === undefined || integer === undefined || typeof name !== 'string' || typeof arity !== 'number')
    throw new KindlingError('an elementwise operation without name, arity or expressions');
  const on =
    (expression: Expr) =>
    (...x: Expr[]): Expr =>
      substitute(expression, x, x.slice(arity));
  const inspect = inspectionIn(code);
  return {
    ...(operation as ElementwiseSpec),
    expression: on(float),
    integer: on(integer),
    gradient: false,
    ...(inspect && { inspect }),
  };
}
