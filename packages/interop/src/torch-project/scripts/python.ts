/** Python text as `ruff format` leaves it. */

/** The length of lines that ruff keeps. */
const WIDTH = 88;

/** A value as Python writes it: strings, numbers, booleans, `null`, and lists of them as tuples. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) return `(${value.map(literal).join(', ')}${value.length === 1 ? ',' : ''})`;
  return JSON.stringify(value);
}

function number(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return `float("${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}")`;
}

/** An expression: text that stays on one line, or what stands in brackets. */
export type Python = string | Brackets;

/** Items between brackets. */
interface Brackets {
  readonly open: string;
  readonly items: readonly Python[];
  readonly close: string;
}

/** A call: `call('f', ['x', 'y=1'])` is `f(x, y=1)`. */
export const call = (name: string, items: readonly Python[]): Brackets => ({
  open: `${name}(`,
  items,
  close: ')',
});
/** A list: `list(['1', '2'], 'x=')` is `x=[1, 2]`. */
export const list = (items: readonly Python[], before = ''): Brackets => ({
  open: `${before}[`,
  items,
  close: ']',
});

const flat = (x: Python): string =>
  typeof x === 'string' ? x : `${x.open}${x.items.map(flat).join(', ')}${x.close}`;

/** An expression that `before` stands in front of, which begins with the indentation, and `after` behind. */
export function printed(before: string, x: Python, after = ''): string {
  const line = `${before}${flat(x)}${after}`;
  if (typeof x === 'string' || line.length <= WIDTH) return line;
  const indent = /^ */.exec(before)?.[0] ?? '';
  const inner = `${indent}    `;
  const second = `${inner}${x.items.map(flat).join(', ')}`;
  // Of calls, ruff tries a second line for all arguments.
  const isShort = x.close === ')' && second.length <= WIDTH;
  const body = isShort ? second : x.items.map((item) => printed(inner, item, ',')).join('\n');
  return `${before}${x.open}\n${body}\n${indent}${x.close}${after}`;
}

/** Text with each `$NAME$` replaced; a line that holds nothing but a name whose text is empty is left out. */
export function filled(template: string, values: Readonly<Record<string, string>>): string {
  const whole = template.replace(/^[ \t]*\$([A-Z_]+)\$\n/gm, (_, name: string) => {
    const text = valueOf(values, name);
    return text === '' ? '' : `${text}\n`;
  });
  return whole.replace(/\$([A-Z_]+)\$/g, (_, name: string) => valueOf(values, name));
}

function valueOf(values: Readonly<Record<string, string>>, name: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`the template asks for ${name}`);
  return value;
}
