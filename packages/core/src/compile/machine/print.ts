/** Kernels in words, and as plain data. */
import {
  type Address,
  type Area,
  type Expr,
  type Kernel,
  type Matrix,
  type Operand,
  readsOf,
  writesOf,
} from '../../kernels/index.ts';
import type { Equation } from '../program.ts';
import { isMemory } from './areas.ts';
import type { Step } from './lower.ts';

/** What an area is called: a memory by its name or its number, a kernel's own by `t` and a number. */
export function areaNames(steps: readonly Step[]): (area: Area) => string {
  const own = new Map<Area, string>();
  for (const step of steps)
    for (const area of step.kind === 'kernel' ? [...readsOf(step.kernel), ...writesOf(step.kernel)] : [])
      if (!isMemory(area) && !own.has(area)) own.set(area, `t${own.size}`);
  return (area) => (isMemory(area) ? (area.name ?? `m${area.id}`) : (own.get(area) ?? 't?'));
}

/** An expression in its inputs `x0`, `x1`, ... and parameters `p0`, `p1`, ... */
export function printExpression({ op, args, attribute }: Expr): string {
  if (op === 'input') return `x${attribute}`;
  if (op === 'param') return `p${attribute}`;
  if (op === 'constant' || op === 'intConstant') return String(attribute);
  const given = args.map(printExpression);
  if (op === 'call' || op === 'scalarCall' || op === 'scalarCallWhere')
    return `${attribute}(${given.join(', ')})`;
  return `${op}(${[...given, ...(attribute === undefined ? [] : [String(attribute)])].join(', ')})`;
}

function sizeOf(kernel: Kernel): string {
  switch (kernel.kind) {
    case 'elementwise':
      return ` ${kernel.count}`;
    case 'copy':
      return ` ${kernel.to.count}`;
    case 'product':
      return ` ${kernel.m}x${kernel.k}x${kernel.n}`;
    case 'call':
      return '';
  }
}

/** A step in one line. */
export function printStep(
  step: Step,
  equations: readonly Equation[],
  nameOf: (area: Area) => string,
): string {
  if (step.kind === 'eager')
    return `${equations[step.equation]?.name}${step.inJavaScript ? '' : ' by its eager kernel'}: ${step.reason}`;
  const { kernel } = step;
  const operands = (areas: readonly Area[]): string => [...new Set(areas)].map(nameOf).join(', ');
  return `${operands(writesOf(kernel))} = ${kernel.name}(${operands(readsOf(kernel))}): ${kernel.kind}${sizeOf(kernel)}`;
}

/** The steps as plain data, for JSON. */
export function stepsAsJson(steps: readonly Step[]): unknown[] {
  const nameOf = areaNames(steps);
  const operandAsJson = ({ area, dtype, shape, strides, offset }: Operand): unknown => ({
    area: nameOf(area),
    dtype,
    shape,
    strides,
    offset,
  });
  const addressAsJson = ({ area, bytes }: Address): unknown => ({ area: nameOf(area), bytes });
  const matrixAsJson = ({ at, row, column }: Matrix): unknown => ({ at: addressAsJson(at), row, column });
  const kernelAsJson = (kernel: Kernel): unknown => {
    switch (kernel.kind) {
      case 'elementwise':
        return {
          ...kernel,
          inputs: kernel.inputs.map(({ operand, reading }) => ({
            ...(operandAsJson(operand) as object),
            reading,
          })),
          outputs: kernel.outputs.map(({ operand, expression }) => ({
            ...(operandAsJson(operand) as object),
            expression: printExpression(expression),
          })),
        };
      case 'copy':
        return { ...kernel, from: operandAsJson(kernel.from), to: operandAsJson(kernel.to) };
      case 'product':
        return {
          ...kernel,
          a: matrixAsJson(kernel.a),
          b: matrixAsJson(kernel.b),
          c: addressAsJson(kernel.c),
          added: kernel.added === null ? null : matrixAsJson(kernel.added),
        };
      case 'call':
        return {
          kind: kernel.kind,
          name: kernel.name,
          types: kernel.types,
          args: kernel.args.map((arg) => (typeof arg === 'number' ? arg : addressAsJson(arg))),
          reads: kernel.reads.map(nameOf),
          writes: kernel.writes.map(nameOf),
          keeps: kernel.keeps.map(nameOf),
          checks: kernel.checks,
        };
    }
  };
  return steps.map((step) =>
    step.kind === 'kernel'
      ? { equation: step.equation, kernel: kernelAsJson(step.kernel) }
      : {
          equation: step.equation,
          eager: step.reason,
          reads: step.reads.map(nameOf),
          writes: step.writes.map(nameOf),
        },
  );
}
