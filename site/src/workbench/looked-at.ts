/** The code that the reader sees, made a program that is looked at as it runs. */
import { type Declared, declaredNames } from './declared-names.ts';

/** The blocks of the program: the code stands in the one of this number. */
export const codeBlock = 1;

/**
 * The code between what begins to look on and what tells what was seen; that is given the names which the code
 * declares, as the text of an object of their values and one by one.
 */
export function lookedAt(
  code: string,
  begin: string,
  finish: (values: string, names: readonly Declared[]) => string,
): string[] {
  const names = declaredNames(code);
  const values = `{ ${[...new Set(names.map(({ name }) => name))].join(', ')} }`;
  return [begin, code, finish(values, names)];
}
