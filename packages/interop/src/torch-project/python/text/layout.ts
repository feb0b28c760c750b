/** Python's expressions, and how `ruff format` lays them out. */

/** An expression: text, or brackets with items between. What stands before a bracket is part of its head. */
export type Py = string | Brackets;

interface Brackets {
  readonly head: string;
  readonly items: readonly Py[];
  readonly tail: string;
}

const width = 88;

/** A call, `nn.Linear(3, 4)`. */
export const call = (callee: string, items: readonly Py[]): Py => ({ head: `${callee}(`, items, tail: ')' });
/** A list. */
export const list = (items: readonly Py[]): Py => ({ head: '[', items, tail: ']' });
/** A tuple: of one item with a comma. */
export const tuple = (items: readonly Py[]): Py => ({
  head: '(',
  items,
  tail: items.length === 1 ? ',)' : ')',
});
/** An expression with text before it: `name=value`. */
export const prefixed = (prefix: string, x: Py): Py =>
  typeof x === 'string' ? `${prefix}${x}` : { ...x, head: `${prefix}${x.head}` };
/** An expression with text behind it. */
export const suffixed = (x: Py, suffix: string): Py =>
  typeof x === 'string' ? `${x}${suffix}` : { ...x, tail: `${x.tail}${suffix}` };

/** An expression on one line. */
export const flat = (x: Py): string =>
  typeof x === 'string' ? x : `${x.head}${x.items.map(flat).join(', ')}${x.tail}`;

/** The lines of an expression, of which as much stands on one line as fits; `behind` is what follows it. */
export function layOut(x: Py, indent: number, behind = ''): string[] {
  const line = flat(x);
  const pad = ' '.repeat(indent);
  if (typeof x === 'string' || x.items.length === 0 || indent + line.length + behind.length <= width)
    return [`${pad}${line}${behind}`];
  const end = `${pad}${x.tail.replace(/^,/, '')}${behind}`;
  const joined = x.items.map(flat).join(', ');
  // Items of a list or tuple stand one on a line; arguments of a call may share one.
  const isCall = /[\w\])]\($/.test(x.head);
  if (isCall && indent + 4 + joined.length <= width) return [`${pad}${x.head}`, `${pad}    ${joined}`, end];
  return [`${pad}${x.head}`, ...x.items.flatMap((item) => layOut(item, indent + 4, ',')), end];
}

/** The text of an expression that `before` stands in front of, which begins with the indentation. */
export function statement(before: string, x: Py): string {
  const start = before.trimStart();
  return layOut(prefixed(start, x), before.length - start.length).join('\n');
}
