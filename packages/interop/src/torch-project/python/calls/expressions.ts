/** Elementwise operations that PyTorch has not, by the expression that says what they compute. */
import type { E } from '@kindling/core';
import { ExportError } from '../../../errors.ts';
import { call, flat, number, type Py, unmarked } from '../text/index.ts';

/** Makes a statement of a part of an expression; gives the variable. */
type Name = (of: string, value: Py) => string;

/** The longest part that stands within another. */
const longest = 34;

const signs: Readonly<Record<string, readonly [string, number]>> = {
  ...{ add: ['+', 2], sub: ['-', 2], mul: ['*', 3], div: ['/', 3] },
  ...{ lt: ['<', 0], le: ['<=', 0], gt: ['>', 0], ge: ['>=', 0], eq: ['==', 0], ne: ['!=', 0] },
  ...{ and: ['&', 1], or: ['|', 1], xor: ['^', 1] },
};
const functions: Readonly<Record<string, string>> = {
  nearest: 'round',
  log_sigmoid: 'nn.functional.logsigmoid',
};

/** A part of an expression, and how tightly its operator binds. */
interface Part {
  readonly text: string;
  readonly binds: number;
  readonly isNumber: boolean;
  /** A call, for the layout. */
  readonly py?: Py;
}

/**
 * Writes an expression over operands and numbers as Python; what is long, or stands in several places, has a name of
 * its own.
 */
export class Expressions {
  readonly #operands: readonly string[];
  readonly #numbers: readonly number[];
  readonly #name: Name;
  readonly #done = new Map<E.Expr, Part>();
  readonly #uses = new Map<E.Expr, number>();

  constructor(operands: readonly string[], numbers: readonly number[], name: Name) {
    this.#operands = operands;
    this.#numbers = numbers;
    this.#name = name;
  }

  write(x: E.Expr): Py {
    this.#count(x);
    const made = this.#make(x);
    return made.py ?? made.text;
  }

  #count(x: E.Expr): void {
    const uses = (this.#uses.get(x) ?? 0) + 1;
    this.#uses.set(x, uses);
    if (uses === 1) for (const arg of x.args) this.#count(arg);
  }

  #part(x: E.Expr): Part {
    const known = this.#done.get(x);
    if (known !== undefined) return known;
    const made = this.#make(x);
    const isLong = made.text.length > longest || ((this.#uses.get(x) ?? 0) > 1 && made.binds < 9);
    const part = isLong
      ? { text: this.#name(nameFor(x), made.py ?? made.text), binds: 9, isNumber: false }
      : made;
    this.#done.set(x, part);
    return part;
  }

  #make(x: E.Expr): Part {
    const { op, attribute } = x;
    const leaf = (value: number): Part => ({ text: number(value), binds: value < 0 ? 4 : 9, isNumber: true });
    if (op === 'input') return { text: this.#operands[attribute as number] ?? '', binds: 9, isNumber: false };
    if (op === 'param') return leaf(this.#numbers[attribute as number] as number);
    if (op === 'constant' || op === 'intConstant') return leaf(Number(attribute));
    const args = x.args.map((arg) => this.#part(arg));
    const [a, b, c] = args as [Part, Part, Part];
    const known = args.every(({ isNumber }) => isNumber)
      ? computed(
          op,
          args.map(({ text }) => valueOf(text)),
        )
      : null;
    if (typeof known === 'number') return leaf(known);
    if (typeof known === 'boolean') return { text: known ? 'True' : 'False', binds: 9, isNumber: true };
    if (op === 'select' && a.isNumber) return a.text === 'True' ? b : c;
    if (op === 'and' && (a.text === 'True' || b.text === 'True')) return a.text === 'True' ? b : a;
    if (op === 'or' && (a.text === 'False' || b.text === 'False')) return a.text === 'False' ? b : a;
    const within = (part: Part, binds: number): string => (part.binds > binds ? part.text : `(${part.text})`);
    const sign = signs[op];
    if (sign !== undefined) {
      const [text, binds] = sign;
      return { text: `${within(a, binds - 1)} ${text} ${within(b, binds)}`, binds, isNumber: false };
    }
    const made = (text: string): Part => ({ text, binds: 9, isNumber: false });
    const name = op === 'call' || op === 'scalarCall' ? String(attribute) : op;
    switch (name) {
      case 'neg':
        return { text: `-${within(a, 3)}`, binds: 4, isNumber: false };
      case 'not':
        return { text: `~${within(a, 4)}`, binds: 4, isNumber: false };
      case 'pow':
        return { text: power(within(a, 5), within(b, 3)), binds: 5, isNumber: false };
      case 'select':
        return called('torch.where', args);
      case 'min':
      case 'pmin':
      case 'max':
      case 'pmax': {
        const isMin = name.endsWith('min');
        const [x_, bound] = a.isNumber ? [b, a] : [a, b];
        if (bound.isNumber) return made(`${within(x_, 8)}.clamp(${isMin ? 'max' : 'min'}=${bound.text})`);
        return called(`torch.${isMin ? 'minimum' : 'maximum'}`, args);
      }
      default:
        if (!/^[a-z]\w*$/.test(name) || /^(?:i[a-z]+|bitsOf|fromBits|maskBits|truncToInt|toFloat)$/.test(op))
          throw new ExportError('computes with the bits of numbers, which has no counterpart in PyTorch');
        return called(
          `torch.${functions[name] ?? name.replace(/[A-Z]/g, (c_) => `_${c_.toLowerCase()}`)}`,
          args,
        );
    }
  }
}

/** A call, as text and for the layout. */
const called = (callee: string, args: readonly Part[]): Part => {
  const py = call(
    callee,
    args.map((part) => part.py ?? part.text),
  );
  return { text: flat(py), binds: 9, isNumber: false, py };
};

/** Whether ruff writes a power of it without spaces. */
const isSimple = (x: string): boolean => /^-?[\w.]+(?:e[-+]\d+)?$/.test(flat(unmarked(x)));
/** A power: with spaces around the sign, unless both operands are simple. */
export const power = (a: string, b: string): string =>
  isSimple(a) && isSimple(b) ? `${a}**${b}` : `${a} ** ${b}`;

const valueOf = (text: string): number => (text === 'True' ? 1 : text === 'False' ? 0 : Number(text));

/** What an operation on numbers gives; `null` where it is left to PyTorch. */
function computed(op: string, [a = 0, b = 0]: readonly number[]): number | boolean | null {
  const results: Readonly<Record<string, number | boolean>> = {
    ...{
      add: a + b,
      sub: a - b,
      mul: a * b,
      div: a / b,
      neg: -a,
      lt: a < b,
      le: a <= b,
      gt: a > b,
      ge: a >= b,
      eq: a === b,
      ne: a !== b,
    },
    ...{ and: a === 1 && b === 1, or: a === 1 || b === 1, not: a !== 1 },
  };
  return results[op] ?? null;
}

const nameFor = ({ op, attribute }: E.Expr): string =>
  op === 'call' || op === 'scalarCall' ? String(attribute) : op === 'select' ? 'chosen' : op;
