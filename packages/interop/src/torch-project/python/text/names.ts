/** Names of variables. */
import { snakeCase } from '@kindling/core';
import { isTaken } from './literals.ts';

/** What the results of operators are called. */
const results: Readonly<Record<string, string>> = {
  ...{
    add: 'added',
    sub: 'difference',
    mul: 'product',
    div: 'ratio',
    pow: 'power',
    matmul: 'product',
    neg: 'negative',
  },
  ...{
    sum: 'total',
    max: 'greatest',
    min: 'least',
    abs: 'magnitude',
    any: 'some',
    all: 'every',
    round: 'rounded',
  },
  ...{ eq: 'equal', ne: 'unequal', lt: 'less', le: 'at_most', gt: 'greater', ge: 'at_least', slice: 'part' },
};

/** A name in Python's style that Python has not taken. */
function variableName(of: string): string {
  const last = of.split('.').at(-1) ?? of;
  const name = snakeCase(results[last] ?? last)
    .replace(/\W/g, '_')
    .replace(/^_+|_+$/g, '');
  const sound = /^[A-Za-z_]/.test(name) ? name : `x${name}`;
  return isTaken(sound) ? `${sound}_` : sound;
}

/** Names of which each is given once. */
export class Names {
  readonly #given = new Set<string>();

  /** The name, with a number behind it where it was given before. */
  fresh(of: string): string {
    const base = variableName(of);
    let name = base;
    for (let n = 2; this.#given.has(name); n++) name = /\d$/.test(base) ? `${base}_${n}` : `${base}${n}`;
    this.#given.add(name);
    return name;
  }
}
