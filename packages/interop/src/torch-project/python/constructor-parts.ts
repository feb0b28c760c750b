/** What the parts of a class are written as in its constructor. */
import type { Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { call, dtypeName, flat, literal, marked, number, type Py, unmarked } from './text/index.ts';

/** The one property of a module that holds a number: what the user calls it. */
export function propertyOf(module: AnyModule, value: string): string | null {
  const [name, ...others] = Object.entries(module).flatMap(([key, x]) =>
    typeof x === 'number' && number(x) === value ? [key] : [],
  );
  return name !== undefined && others.length === 0 ? name : null;
}

/** A value whose numbers may become parameters. */
export const markedLiteral = (x: unknown, argument: string): Py => {
  const value = literal(x) as Py;
  return x === null || typeof x === 'boolean' ? value : marked(flat(value), argument);
};

/** Memory for a tensor that the state fills. */
export function emptyLike(x: Tensor): Py {
  const dtype = x.dtype === 'float32' ? [] : [`dtype=${dtypeName(x.dtype)}`];
  return call('torch.empty', [
    ...(x.ndim === 0 ? ['()'] : x.shape.map((n) => marked(number(n), 'size'))),
    ...dtype,
  ]);
}

/** A parameter, which the state fills. */
export const parameter = (p: Tensor): Py => call('nn.Parameter', [emptyLike(p)]);

/** `[Block(4) for _ in range(6)]`, where all are constructed alike. */
export function repeated(items: readonly Py[]): Py | null {
  const [first] = items.map(flat);
  if (first === undefined || items.length < 3 || items.some((item) => flat(item) !== first)) return null;
  const text = `[${first} for _ in range(${items.length})]`;
  // A longer one would be broken.
  return flat(unmarked(text)).length > 50 ? null : text;
}
