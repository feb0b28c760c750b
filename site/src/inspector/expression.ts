/** Scalar expressions, in which elementwise operations are declared, as formulas. */
import type { E } from '@kindling/core';

export type Expr = ReturnType<typeof E.sqrt>;

/** A formula, and how tightly its outermost operation binds. */
export interface Formula {
  readonly text: string;
  readonly binding: number;
}

const sum = 1;
const product = 2;
const power = 3;
const atom = 4;

export const atomic = (text: string): Formula => ({ text, binding: atom });

/** In brackets, unless it binds at least as tightly. */
export const within = ({ text, binding }: Formula, least: number): string =>
  binding >= least ? text : `(${text})`;

const comparisons: Readonly<Record<string, string>> = {
  lt: '<',
  le: '≤',
  gt: '>',
  ge: '≥',
  eq: '=',
  ne: '≠',
  and: 'and',
  or: 'or',
  xor: 'xor',
};

const names: Readonly<Record<string, string>> = { pmax: 'max', pmin: 'min', nearest: 'round' };

const superscripts = ['', '', '²', '³', '⁴'];

export function printNumber(x: number): string {
  if (Number.isInteger(x) || !Number.isFinite(x)) return String(x).replace('-', '−');
  return String(Number(x.toPrecision(6))).replace('-', '−');
}

/** How often the same is multiplied: x · x · x is x³. */
function powerOf(e: Expr): { base: Expr; exponent: number } {
  if (e.op !== 'mul') return { base: e, exponent: 1 };
  const [a, b] = e.args.map(powerOf);
  const same =
    a !== undefined && b !== undefined && a.base === b.base && a.exponent + b.exponent < superscripts.length;
  return same ? { base: a.base, exponent: a.exponent + b.exponent } : { base: e, exponent: 1 };
}

/** Writes expressions over such inputs and parameters. */
export function formulaOf(
  root: Expr,
  inputs: (i: number) => Formula,
  params: (i: number) => Formula,
): Formula {
  const write = (e: Expr): Formula => {
    const [a, b, c] = e.args;
    const operand = (x: Expr | undefined, least: number): string =>
      x === undefined ? '' : within(write(x), least);
    const infix = (sign: string, binding: number, right = binding): Formula => ({
      text: `${operand(a, binding)} ${sign} ${operand(b, right)}`,
      binding,
    });
    const { base, exponent } = powerOf(e);
    if (exponent > 1) return { text: `${operand(base, atom)}${superscripts[exponent]}`, binding: power };
    switch (e.op) {
      case 'input':
        return inputs(Number(e.attribute));
      case 'param':
        return params(Number(e.attribute));
      case 'constant':
        return atomic(printNumber(Number(e.attribute)));
      case 'add':
        return a !== undefined && a === b
          ? { text: `2 · ${operand(a, product)}`, binding: product }
          : infix('+', sum);
      case 'sub':
        return infix('−', sum, product);
      case 'mul':
        return infix('·', product);
      case 'div':
        return infix('/', product, power);
      case 'neg':
        return { text: `−${operand(a, power)}`, binding: product };
      case 'abs':
        return atomic(`|${operand(a, sum)}|`);
      case 'not':
        return { text: `not ${operand(a, power)}`, binding: 0 };
      case 'select':
        return { text: `${operand(b, sum)} if ${operand(a, 0)} else ${operand(c, sum)}`, binding: 0 };
      case 'call':
      case 'scalarCall':
        return atomic(`${String(e.attribute)}(${e.args.map((x) => operand(x, 0)).join(', ')})`);
      default: {
        const sign = comparisons[e.op];
        return sign === undefined
          ? atomic(`${names[e.op] ?? e.op}(${e.args.map((x) => operand(x, 0)).join(', ')})`)
          : { text: `${operand(a, sum)} ${sign} ${operand(b, sum)}`, binding: 0 };
      }
    }
  };
  return write(root);
}
