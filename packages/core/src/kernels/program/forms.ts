/** When kernels are one but for where their operands lie, so that one function does for them. */
import type { Expr } from '../expression/index.ts';
import type { Elementwise, Kernel } from '../recording/index.ts';
import { formOfCopy } from './copy.ts';
import { formOfProduct } from './products.ts';

const texts = new WeakMap<Expr, string>();

/** An expression in words: each node once, and by number where it is used. */
function textOf(root: Expr): string {
  let text = texts.get(root);
  if (text !== undefined) return text;
  const numbers = new Map<Expr, number>();
  const lines: string[] = [];
  const visit = (expr: Expr): number => {
    let number = numbers.get(expr);
    if (number === undefined) {
      const { op, kind, args, attribute } = expr;
      const operands = args.map(visit);
      number = numbers.size;
      numbers.set(expr, number);
      lines.push(`${op} ${kind} ${Object.is(attribute, -0) ? '-0' : attribute} ${operands}`);
    }
    return number;
  };
  visit(root);
  text = lines.join(';');
  texts.set(root, text);
  return text;
}

const functionNumbers = new WeakMap<object, number>();
let functionCount = 0;

/** What tells a function from others, in words. */
export function functionNumber(f: object): number {
  const known = functionNumbers.get(f) ?? functionCount++;
  functionNumbers.set(f, known);
  return known;
}

const formOfElementwise = ({ lane, count, inner, inputs, outputs }: Elementwise): string =>
  [
    lane,
    count,
    inner,
    ...inputs.map(({ operand, reading }) => `${operand.dtype} ${reading}`),
    ...outputs.map(({ operand, expression, addedUp }) => {
      const how = addedUp === undefined ? '' : `sum ${functionNumber(addedUp.callee)} of `;
      return `${operand.dtype} = ${how}${textOf(expression)}`;
    }),
  ].join('\n');

/** What kernels have in common that one function does for, in words; `null` for calls, which have one. */
export function formOf(kernel: Kernel): string | null {
  switch (kernel.kind) {
    case 'elementwise':
      return formOfElementwise(kernel);
    case 'copy':
      return formOfCopy(kernel);
    case 'product':
      return formOfProduct(kernel);
    case 'call':
      return null;
  }
}
