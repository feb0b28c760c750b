/** Elementwise operations: the expression that says what one computes, as nodes. */
import type { DType, E } from '@kindling/core';
import { functions, truncated } from './expression-functions.ts';
import type { Graph, Name, Size } from './graph.ts';

/** What a part of an expression is: a number that is known, elements in the lanes' type, or truth values. */
export type Term =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'elements'; readonly name: Name }
  | { readonly kind: 'mask'; readonly name: Name };

/** What an operand is given as. */
interface Operand {
  readonly name: Name;
  readonly dtype: DType;
}

/** Thrown where ONNX has nothing for a part of an expression. */
export class NoCounterpart extends Error {}

const elements = (name: Name): Term => ({ kind: 'elements', name });
const mask = (name: Name): Term => ({ kind: 'mask', name });
const number = (value: number): Term => ({ kind: 'number', value });

/** Writes an expression whose lanes have one dtype: float32, float64, or int32 for all integers and bools. */
export class ExpressionWriter {
  readonly graph: Graph;
  readonly dtype: DType;
  readonly #operands: readonly Operand[];
  readonly #numbers: readonly Size[];
  readonly #done = new Map<E.Expr, Term>();
  readonly #cast = new Map<number, Name>();
  readonly #met = new Set<number>();

  constructor(graph: Graph, dtype: DType, operands: readonly Operand[], numbers: readonly Size[]) {
    this.graph = graph;
    this.dtype = dtype === 'bool' || dtype === 'uint8' ? 'int32' : dtype;
    this.#operands = operands;
    this.#numbers = numbers;
  }

  /** How many of the operands stand in what was written. */
  get uses(): number {
    return this.#met.size;
  }

  get isFloat(): boolean {
    return this.dtype !== 'int32';
  }

  write(x: E.Expr): Term {
    let term = this.#done.get(x);
    if (term === undefined) {
      term = this.#write(x);
      this.#done.set(x, term);
    }
    return term;
  }

  #write(x: E.Expr): Term {
    switch (x.op) {
      case 'input':
        return this.#input(x.attribute as number);
      case 'param':
        return this.#param(x.attribute as number);
      case 'constant':
        return number(this.isFloat ? (x.attribute as number) : Math.trunc(x.attribute as number));
      case 'intConstant':
        return number(Number(x.attribute));
      case 'call':
      case 'scalarCall': {
        const name = x.attribute as string;
        const write = Object.hasOwn(functions, name) ? functions[name] : undefined;
        if (write === undefined) throw new NoCounterpart(name);
        return elements(write(this, ...x.args.map((arg) => this.elements(this.write(arg)))));
      }
      case 'ne': {
        const [a, b] = x.args as [E.Expr, E.Expr];
        // Bools as masks are themselves.
        const operand = a.op === 'input' ? this.#operands[a.attribute as number] : undefined;
        if (operand?.dtype === 'bool' && b.op === 'constant' && b.attribute === 0) {
          this.#met.add(a.attribute as number);
          return mask(operand.name);
        }
        return this.#plain(x);
      }
      case 'select':
        return this.#select(x.args as [E.Expr, E.Expr, E.Expr]);
      default:
        return this.#plain(x);
    }
  }

  #input(index: number): Term {
    const operand = this.#operands[index];
    if (operand === undefined) throw new NoCounterpart(`operand ${index}`);
    this.#met.add(index);
    let name = this.#cast.get(index);
    if (name === undefined) {
      name = operand.dtype === this.dtype ? operand.name : this.graph.cast(operand.name, this.dtype);
      this.#cast.set(index, name);
    }
    return elements(name);
  }

  #param(index: number): Term {
    const value = this.#numbers[index];
    if (value === undefined) throw new NoCounterpart(`parameter ${index}`);
    if (typeof value === 'number') return number(this.isFloat ? value : Math.trunc(value));
    return elements(this.graph.number(value, this.dtype));
  }

  #select([condition, a, b]: readonly [E.Expr, E.Expr, E.Expr]): Term {
    const chosen = this.write(condition);
    if (chosen.kind === 'number') return this.write(chosen.value !== 0 ? a : b);
    const [yes, no] = [this.write(a), this.write(b)];
    if (yes.kind === 'number' && no.kind === 'number' && yes.value === 1 && no.value === 0)
      return elements(this.graph.cast(chosen.name, this.dtype));
    return elements(this.graph.add('Where', [chosen.name, this.elements(yes), this.elements(no)]));
  }

  #plain(x: E.Expr): Term {
    const rule = rules[x.op];
    if (rule === undefined) throw new NoCounterpart(x.op);
    const terms = x.args.map((arg) => this.write(arg));
    const numbers = terms.flatMap((term) => (term.kind === 'number' ? [term.value] : []));
    if (numbers.length === terms.length && rule.fold !== undefined)
      return number(Number(rule.fold(...numbers)));
    const same = rule.same?.(terms);
    if (same !== undefined) return same;
    const masks = x.args.map((arg) => arg.kind === 'mask');
    const names = terms.map((term, i) => (masks[i] === true ? this.mask(term) : this.elements(term)));
    const name = rule.write(this, ...(names as [Name, Name, Name]));
    return x.kind === 'mask' ? mask(name) : elements(name);
  }

  /** A term as elements of the lanes' type. */
  elements(term: Term): Name {
    if (term.kind === 'elements') return term.name;
    return term.kind === 'mask'
      ? this.graph.cast(term.name, this.dtype)
      : this.graph.constant([term.value], [], this.dtype);
  }

  /** A term as truth values. */
  mask(term: Term): Name {
    if (term.kind === 'mask') return term.name;
    if (term.kind === 'number') return this.graph.constant([term.value === 0 ? 0 : 1], [], 'bool');
    return this.graph.add('Not', [this.graph.add('Equal', [term.name, this.constant(0)])]);
  }

  constant(x: number): Name {
    return this.graph.constant([x], [], this.dtype);
  }
}

/** How a node of an expression is written. */
interface Rule {
  /** Its value where all operands are known. */
  readonly fold?: (...x: number[]) => number | boolean;
  /** The operand that the result is, where it is one. */
  readonly same?: (terms: readonly Term[]) => Term | undefined;
  readonly write: (w: ExpressionWriter, a: Name, b: Name, c: Name) => Name;
}

const node =
  (opType: string) =>
  (w: ExpressionWriter, ...names: Name[]): Name =>
    w.graph.add(
      opType,
      names.filter((name) => name !== undefined),
    );
const binary = (opType: string, fold: (a: number, b: number) => number | boolean): Rule => ({
  fold: fold as (...x: number[]) => number | boolean,
  write: (w, a, b) => w.graph.add(opType, [a, b]),
});
const not = (w: ExpressionWriter, name: Name): Name => w.graph.add('Not', [name]);
/** Of integers, which no rounding changes, the operand itself. */
const rounding = (fold: (x: number) => number, write: Rule['write']): Rule => ({
  fold: fold as (...x: number[]) => number,
  write: (w, a, b, c) => (w.isFloat ? write(w, a, b, c) : a),
});
const isNumber = (term: Term | undefined, value: number): boolean =>
  term?.kind === 'number' && term.value === value;
const neutral =
  (value: number) =>
  ([a, b]: readonly Term[]): Term | undefined =>
    isNumber(a, value) ? b : isNumber(b, value) ? a : undefined;
const refused: Rule['write'] = () => {
  throw new NoCounterpart('bits of numbers');
};
/** Of integers: bits are their own. */
const onIntegers = (rule: Rule): Rule => ({
  write: (w, a, b, c) => (w.isFloat ? refused(w, a, b, c) : rule.write(w, a, b, c)),
});

const rules: Partial<Record<E.Op, Rule>> = {
  add: binary('Add', (a, b) => a + b),
  sub: binary('Sub', (a, b) => a - b),
  mul: { ...binary('Mul', (a, b) => a * b), same: neutral(1) },
  div: { ...binary('Div', (a, b) => a / b), same: ([a, b]) => (isNumber(b, 1) ? a : undefined) },
  neg: { fold: (a = 0) => -a, write: node('Neg') },
  abs: { fold: (a = 0) => Math.abs(a), write: node('Abs') },
  sqrt: { fold: (a = 0) => Math.sqrt(a), write: node('Sqrt') },
  floor: rounding(Math.floor, node('Floor')),
  ceil: rounding(Math.ceil, node('Ceil')),
  trunc: rounding(Math.trunc, (w, a) => truncated(w, a)),
  nearest: rounding((a) => (Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)), node('Round')),
  min: binary('Min', Math.min),
  max: binary('Max', Math.max),
  pmin: {
    fold: Math.min,
    write: (w, a, b) => w.graph.add('Where', [w.graph.add('Less', [b, a]), b, a]),
  },
  pmax: {
    fold: Math.max,
    write: (w, a, b) => w.graph.add('Where', [w.graph.add('Less', [a, b]), b, a]),
  },
  copysign: {
    write(w, a, b) {
      const reciprocal = w.graph.add('Div', [w.constant(1), b]);
      const isNegative = ['Less', 'Less'].map((op, i) =>
        w.graph.add(op, [i === 0 ? b : reciprocal, w.constant(0)]),
      );
      const size = w.graph.add('Abs', [a]);
      return w.graph.add('Where', [w.graph.add('Or', isNegative), w.graph.add('Neg', [size]), size]);
    },
  },
  lt: binary('Less', (a, b) => a < b),
  le: binary('LessOrEqual', (a, b) => a <= b),
  gt: binary('Greater', (a, b) => a > b),
  ge: binary('GreaterOrEqual', (a, b) => a >= b),
  eq: binary('Equal', (a, b) => a === b),
  ne: { fold: (a, b) => a !== b, write: (w, a, b) => not(w, w.graph.add('Equal', [a, b])) },
  and: binary('And', (a, b) => a !== 0 && b !== 0),
  or: binary('Or', (a, b) => a !== 0 || b !== 0),
  xor: binary('Xor', (a, b) => (a !== 0) !== (b !== 0)),
  not: { fold: (a) => a === 0, write: not },
  idiv: binary('Div', (a, b) => Math.trunc(a / b)),
  irem: { fold: (a = 0, b = 0) => a % b, write: (w, a, b) => w.graph.add('Mod', [a, b], { fmod: 1 }) },
  bitsOf: onIntegers({ write: (_, a) => a }),
  fromBits: onIntegers({ write: (_, a) => a }),
  truncToInt: onIntegers({ write: (_, a) => a }),
  toFloat: onIntegers({ write: (_, a) => a }),
  iand: onIntegers({ write: node('BitwiseAnd') }),
  ior: onIntegers({ write: node('BitwiseOr') }),
  ixor: onIntegers({ write: node('BitwiseXor') }),
  inot: onIntegers({ write: node('BitwiseNot') }),
};
