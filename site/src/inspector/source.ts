/** The code that the reader sees, made a program that is looked at as it runs. */
import { declaredNames } from '../workbench/declared-names.ts';

/** The module of the worker that looks on, as programs import it. */
export const inspectorModule = '@site/inspector';

/** The blocks of the program: the code stands in the one of this number. */
export const codeBlock = 1;

/** The code between what begins to look on and what tells what was seen. */
export function inspected(code: string): string[] {
  const names = declaredNames(code);
  const given = [...new Set(names.map(({ name }) => name))].join(', ');
  return [
    `import { inspector as inspector__ } from '${inspectorModule}'; inspector__.begin();`,
    code,
    `inspector__.finish({ ${given} }, ${JSON.stringify(names)});`,
  ];
}
