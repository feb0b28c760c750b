/** Files of Python: classes and functions as text, with the imports that they need. */
import type { Statement } from './body.ts';
import type { PythonClass } from './classes.ts';
import { flat, layOut, type Py, prefixed, unmarked } from './text/index.ts';

const width = 88;

/** A statement's lines, with the user's line behind the first or, where there is no room, above. */
function statementLines({ target, value, line }: Statement, indent: number): string[] {
  const code = layOut(prefixed(target === '' ? '' : `${target} = `, unmarked(value)), indent);
  if (line === null) return code;
  const [first = ''] = code;
  const comment = `  # ${line}`;
  if (code.length === 1 && first.length + comment.length <= width) return [first + comment];
  return [`${' '.repeat(indent)}# ${line}`, ...code];
}

/** `return x`: a tuple without brackets. */
function returnLines(result: Py, indent: number): string[] {
  const x = unmarked(result);
  if (x === 'None') return [];
  const isTuple = typeof x !== 'string' && x.head === '(' && x.items.length > 1;
  const bare = isTuple ? `return ${x.items.map(flat).join(', ')}` : '';
  if (isTuple && indent + bare.length <= width) return [`${' '.repeat(indent)}${bare}`];
  return layOut(prefixed('return ', x), indent);
}

/** The lines of a body: its statements, and what it returns, in one line where the last statement makes it. */
export function bodyLines(body: readonly Statement[], result: Py, indent: number): string[] {
  const last = body.at(-1);
  const isLast = last !== undefined && last.target !== '' && last.target === result && last.noGrad !== true;
  const lines: string[] = [];
  let open = false;
  for (const statement of isLast ? body.slice(0, -1) : body) {
    const noGrad = statement.noGrad === true;
    if (noGrad && !open) lines.push(`${' '.repeat(indent)}with torch.no_grad():`);
    open = noGrad;
    lines.push(...statementLines(statement, noGrad ? indent + 4 : indent));
  }
  if (!isLast) return [...lines, ...returnLines(result, indent)];
  return [
    ...lines,
    ...statementLines({ ...last, target: '', value: prefixed('return ', last.value) }, indent),
  ];
}

/** A definition of a function; its parameters one a line where they do not fit. */
export function definition(
  name: string,
  parameters: readonly string[],
  returns: string,
  indent: number,
): string[] {
  const head = {
    head: `def ${name}(`,
    items: parameters,
    tail: `)${returns === '' ? '' : ` -> ${returns}`}:`,
  };
  return layOut(head, indent);
}

/** The lines of a class; `more` are the last ones of its constructor. */
export function classLines(written: PythonClass, more: readonly string[]): string[] {
  const { name, base, takes, keeps, given, parts, parameters, body, result, evaluation } = written;
  const constructed = [
    ...layOut({ head: 'super().__init__(', items: given.map(unmarked), tail: ')' }, 8),
    ...keeps.map((p) => `        self.${p} = ${p}`),
    ...parts.flatMap(({ target, value }) => statementLines({ target, value, line: null }, 8)),
    ...more,
  ];
  const needsConstructor = constructed.length > 1 || given.length > 0;
  const lines = [`class ${name}(${base}):`];
  if (needsConstructor) lines.push(...definition('__init__', ['self', ...takes], '', 4), ...constructed);
  if (parameters !== null) {
    if (needsConstructor) lines.push('');
    lines.push(...definition('forward', ['self', ...parameters.map((p) => `${p}: Tensor`)], '', 4));
    if (evaluation !== null) {
      lines.push('        if self.training:', ...bodyLines(body, result, 12));
      lines.push(...bodyLines(evaluation.body, evaluation.result, 8));
    } else lines.push(...bodyLines(body, result, 8));
    if (/:$/.test(lines.at(-1) ?? '')) lines.push('        pass');
  }
  if (lines.length === 1) lines.push('    pass');
  return lines;
}

/** The imports that a text needs, as ruff sorts them. */
function importsFor(text: string): string[] {
  const standard = /\bOrderedDict\(/.test(text) ? ['from collections import OrderedDict'] : [];
  const names = [
    ...(/\bTensor\b/.test(text) ? ['Tensor'] : []),
    ...(/(?<![\w.])nn\./.test(text) ? ['nn'] : []),
  ];
  const torch = [
    ...(/(?<![\w.])torch\./.test(text) ? ['import torch'] : []),
    ...(/(?<![\w.])F\./.test(text) ? ['import torch.nn.functional as F'] : []),
    ...(names.length > 0 ? [`from torch import ${names.join(', ')}`] : []),
  ];
  return [...standard, ...(standard.length > 0 && torch.length > 0 ? [''] : []), ...torch];
}

/** A file: its docstring, imports, and definitions two lines apart. */
export function fileOf(docstring: string, definitions: readonly (readonly string[])[]): string {
  const text = definitions.map((lines) => lines.join('\n')).join('\n\n\n');
  const imports = importsFor(text.replace(/#.*$/gm, ''));
  const isAssignment = !/^(?:class|def|@)/.test(text);
  const gap = isAssignment ? '\n\n' : '\n\n\n';
  return `"""${docstring}"""\n\n${imports.length === 0 ? '' : `${imports.join('\n')}${gap}`}${text}\n`;
}
