/** The code that the reader sees, made a program that is looked at as it runs. */

/** The module of the worker that looks on, as programs import it. */
export const inspectorModule = '@site/inspector';

/** A name that the code declares at its top level, and the line, from 0. */
export interface Declared {
  readonly name: string;
  readonly line: number;
}

/** The names that a program declares at its top level, in lines that are not indented. */
export function declaredNames(code: string): Declared[] {
  return code.split('\n').flatMap((text, line) => {
    const [, target = ''] = /^(?:const|let|var)\s+([\w$]+|\[[^\]=]*\]|\{[^}=]*\})/.exec(text) ?? [];
    const names = /^[[{]/.test(target) ? target.slice(1, -1).split(',') : [target];
    return names.flatMap((part) => {
      const name = /(?:^|:)\s*(?:\.\.\.)?([A-Za-z_$][\w$]*)\s*$/.exec(part)?.[1];
      return name === undefined ? [] : [{ name, line }];
    });
  });
}

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
