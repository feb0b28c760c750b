/** Values of JavaScript as Python writes them. */
import { type DType, dtypes } from '@kindling/core';
import { flat, type Py, tuple } from './layout.ts';

/** Python's name of a dtype: Kindling's int32 stands for PyTorch's int64. */
export const dtypeName = (dtype: DType): string => `torch.${dtype === 'int32' ? 'int64' : dtype}`;

export const isDType = (x: unknown): x is DType => (dtypes as readonly unknown[]).includes(x);

/** A number, as Python's `repr` writes it. */
export function number(x: number): string {
  if (Number.isNaN(x)) return 'float("nan")';
  if (!Number.isFinite(x)) return x > 0 ? 'float("inf")' : 'float("-inf")';
  if (Object.is(x, -0)) return '-0.0';
  if (Number.isInteger(x) && Math.abs(x) < 1e16) return String(x);
  const [digits = '', exponent = '0'] = x.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 16) return String(x);
  // As ruff writes it.
  return `${digits}e${power < 0 ? `-${String(-power).padStart(2, '0')}` : power}`;
}

/** A text in double quotes. */
export const text = (x: string): string => {
  const quoted = JSON.stringify(x);
  // Ruff takes the quotes that spare escapes.
  return x.includes('"') && !x.includes("'") ? `'${x.replaceAll('\\', '\\\\')}'` : quoted;
};

/** A value without tensors; `null` where it has no form in Python. */
export function literal(x: unknown): Py | null {
  if (x === null || x === undefined) return 'None';
  if (typeof x === 'number') return number(x);
  if (typeof x === 'boolean') return x ? 'True' : 'False';
  if (typeof x === 'string') return text(x);
  if (!Array.isArray(x)) return null;
  const items = x.map(literal);
  return items.includes(null) ? null : tuple(items as Py[]);
}

/** A value without tensors as text on one line. */
export const written = (x: unknown): string => flat(literal(x) ?? JSON.stringify(x));

/** One element of a tensor. */
export function element(x: number, dtype: DType): string {
  if (dtype === 'bool') return x === 0 ? 'False' : 'True';
  const written = number(x);
  return dtype.startsWith('float') && /^-?\d+$/.test(written) ? `${written}.0` : written;
}

/** Numbers nested as a tensor's elements are. */
export function nested(values: ArrayLike<number>, shape: readonly number[], dtype: DType): Py {
  let at = 0;
  const level = (d: number): Py =>
    d === shape.length
      ? element(values[at++] as number, dtype)
      : { head: '[', items: Array.from({ length: shape[d] as number }, () => level(d + 1)), tail: ']' };
  return level(0);
}

const reserved =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
  'lambda nonlocal not or pass raise return try while with yield';
const keywords = new Set(
  (
    `${reserved} ` +
    'self torch nn F Tensor OrderedDict super print len ' +
    'abs all any bool dict dir float hash hex id input int iter list map max min next object oct ord pow range repr round set slice ' +
    'sorted str sum tuple type vars zip'
  ).split(' '),
);
/** Whether a name is Python's own, or one that the files use. */
export const isTaken = (name: string): boolean => keywords.has(name);
/** Whether a name can stand behind a dot. */
export const isAttribute = (name: string): boolean =>
  isIdentifier(name) && !reserved.split(' ').includes(name);
export const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);
