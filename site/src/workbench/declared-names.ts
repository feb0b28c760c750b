/** The names that code declares. */

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
