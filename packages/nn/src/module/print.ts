import type { Shape } from '@kindling/core';
import type { AnyModule } from './callable.ts';
import { goingDown, partsOf } from './registry.ts';

/** Python's `repr` of a float: `1.0`, `1e-05`, `0.3333333333333333`. */
export function pyFloat(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
  if (x === 0) return Object.is(x, -0) ? '-0.0' : '0.0';
  const [digits, exponent] = x.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16)
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return Number.isInteger(x) ? `${x}.0` : String(x);
}

/** Python's `repr` of a number that may be an int: whole numbers are. */
export const pyNumber = (x: number): string => (Number.isInteger(x) ? String(x) : pyFloat(x));

/** Python's `True` and `False`. */
export const pyBool = (x: boolean): string => (x ? 'True' : 'False');

/** Python's tuple of ints: `(5,)`, `(5, 2)`. */
export const pyTuple = (sizes: readonly (number | string)[]): string =>
  sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;

/** Where the element of this number, counted in row-major order, stands: `[1, 0]`. */
export function placeOf(index: number, shape: Shape): string {
  const place: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(', ')}]`;
}

const indent = (text: string, by: string): string => text.replaceAll('\n', `\n${by}`);

/** A module in PyTorch's printed form: the class, `extraRepr()`, and the submodules below each other. */
export function formatModule(module: AnyModule): string {
  const extra = module.extraRepr();
  const extraLines = extra === '' ? [] : extra.split('\n');
  const children = goingDown(module, 'toString', () =>
    partsOf(module).children.map(([name, child]) => `(${name}): ${indent(child.toString(), '  ')}`),
  );
  return formatLines(module.constructor.name, extraLines, children);
}

function formatLines(name: string, extra: readonly string[], children: readonly string[]): string {
  const lines = [...extra, ...children];
  if (lines.length === 0) return `${name}()`;
  if (extra.length === 1 && children.length === 0) return `${name}(${extra[0]})`;
  return `${name}(\n  ${lines.join('\n  ')}\n)`;
}

/** The form of a ModuleList: neighbours that print alike share a line, `(0-2): 3 x Linear(...)`. */
export function formatModuleList(module: AnyModule): string {
  const runs: { first: number; last: number; text: string }[] = [];
  partsOf(module).children.forEach(([, child], i) => {
    const text = child.toString();
    const run = runs.at(-1);
    if (run?.text === text) run.last = i;
    else runs.push({ first: i, last: i, text });
  });
  const lines = runs.map(({ first, last, text }) =>
    indent(
      first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`,
      '  ',
    ),
  );
  return formatLines(module.constructor.name, [], lines);
}
