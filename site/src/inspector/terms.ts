/** How a tensor was computed, written as a formula once all names are known. */
import { atomic, type Expr, type Formula, formulaOf, printNumber, within } from './expression.ts';
import { callOf } from './formulas.ts';

export type Term =
  /** A tensor of the program. */
  | { readonly kind: 'value'; readonly id: number }
  /** What has arrived at an output. */
  | { readonly kind: 'gradient'; readonly output: number; readonly outputs: number }
  /** A scalar expression of each element; its numbers; and whether the elements are then added up. */
  | {
      readonly kind: 'elementwise';
      readonly expression: Expr;
      readonly inputs: readonly Term[];
      readonly numbers: readonly number[];
      readonly reduction: 'mean' | 'sum' | null;
    }
  /** Any other operation. */
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly inputs: readonly Term[];
      readonly attributes: unknown;
    };

const digits = '₀₁₂₃₄₅₆₇₈₉';

export function write(term: Term, labelOf: (value: number) => string): Formula {
  switch (term.kind) {
    case 'value':
      return atomic(labelOf(term.id));
    case 'gradient':
      return atomic(term.outputs === 1 ? 'g' : `g${digits[term.output] ?? term.output}`);
    case 'elementwise': {
      const inputs = term.inputs.map((x) => write(x, labelOf));
      const formula = formulaOf(
        term.expression,
        (i) => inputs[i] ?? atomic('?'),
        (i) => atomic(printNumber(term.numbers[i] ?? Number.NaN)),
      );
      return term.reduction === null ? formula : atomic(`${term.reduction}(${formula.text})`);
    }
    default: {
      const inputs = term.inputs.map((x) => within(write(x, labelOf), 0));
      const text = callOf(term.name, inputs, term.attributes);
      return { text, binding: /^[\w.]+(?:\([^()]*\))?$/.test(text) ? 4 : 0 };
    }
  }
}
