/** Numbers in Python that may become parameters of a class, where its instances differ in them. */
import type { Py } from './layout.ts';

const [open, middle, close] = ['⟦', '⦙', '⟧'];
const mark = /⟦([^⦙]*)⦙([^⟧]*)⟧/g;

/** A number, with the name that it would have as a parameter. */
export const marked = (value: string, name = 'value'): string => `${open}${name}${middle}${value}${close}`;

/** A number that is marked. */
export interface Mark {
  readonly name: string;
  readonly value: string;
}

/** An expression with its marks replaced, in order. */
export function withMarks(x: Py, replace: (mark: Mark) => string): Py {
  if (typeof x === 'string')
    return x.replace(mark, (_, name: string, value: string) => replace({ name, value }));
  return {
    head: withMarks(x.head, replace) as string,
    items: x.items.map((item) => withMarks(item, replace)),
    tail: withMarks(x.tail, replace) as string,
  };
}

/** An expression with its numbers as they are. */
export const unmarked = (x: Py): Py => withMarks(x, ({ value }) => value);

/** The numbers of an expression, in order. */
export function marksIn(x: Py): Mark[] {
  const marks: Mark[] = [];
  withMarks(x, (found) => {
    marks.push(found);
    return '';
  });
  return marks;
}
