/** The code that the reader sees, made a program whose compiled functions are looked at. */
import { type Declared, declaredNames } from '../workbench/declared-names.ts';

/** The module of the worker that looks on, as programs import it. */
export const explorerModule = '@site/explorer';

export const codeBlock = 1;

/** The code between what takes notice of `compile` and what tells what came of it. */
export function explored(code: string): string[] {
  const names: Declared[] = declaredNames(code);
  const given = [...new Set(names.map(({ name }) => name))].join(', ');
  return [
    `import { explorer as explorer__ } from '${explorerModule}'; import * as core__ from '@kindling/core'; explorer__.begin(core__);`,
    code,
    `explorer__.finish({ ${given} });`,
  ];
}
