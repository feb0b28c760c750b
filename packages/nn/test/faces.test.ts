/**
 * The faces `index.ts` (nn) and `functional.ts` (F) list what the families' files export: classes stand in nn, functions in F,
 * types in both, by way of `types.ts` unless they have another name in one of them. `npx vitest run packages/nn/test/faces.test.ts -u` writes the lists anew.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as nn from '@kindling/nn';
import ts from '@typescript/typescript6';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../src');
const folders = ['activations', 'layers', 'losses'];

/** What the faces list by hand: functions that stand in nn since they are about losses or models, and no loss, with their type. */
const byHand = ['deepcopy', 'InputChecks', 'getInputChecks', 'reduceLoss', 'setInputChecks', 'summary'];

/** Divides what is written by hand from what is not. */
const mark = '// From here on test/faces.test.ts writes, and holds, what stands here.';

type Kind = 'class' | 'function' | 'type';

/** What a file exports, also by way of the files it names. Of values it does not declare itself all are functions. */
function exportsOf(file: string, found = new Map<string, Kind>()): Map<string, Kind> {
  const text = readFileSync(file, 'utf8');
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, isTypeOnly } = statement;
      const from = statement.moduleSpecifier as ts.StringLiteral | undefined;
      if (exportClause === undefined) exportsOf(join(dirname(file), (from as ts.StringLiteral).text), found);
      else if (ts.isNamedExports(exportClause)) {
        for (const { name, isTypeOnly: alone } of exportClause.elements)
          found.set(name.text, isTypeOnly || alone ? 'type' : 'function');
      }
      continue;
    }
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        found.set((name as ts.Identifier).text, 'function');
    } else if (ts.isClassDeclaration(statement)) found.set((statement.name as ts.Identifier).text, 'class');
    else if (ts.isFunctionDeclaration(statement))
      found.set((statement.name as ts.Identifier).text, 'function');
    else if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      // An interface may add to a class.
      if (!found.has(statement.name.text)) found.set(statement.name.text, 'type');
    }
  }
  return found;
}

/** Options that function and class cannot share: F calls those of the function, `XFunctionOptions`, `XOptions`. */
const ofFunction = (name: string): string => name.replace(/FunctionOptions$/, 'Options');
const functionTwin = (name: string): string => name.replace(/(?<!Function)Options$/, 'FunctionOptions');

const collator = new Intl.Collator('en', { numeric: true, caseFirst: 'upper' });

/** The order in which Biome sorts them: the first letter that differs decides, if only by its case. */
function byName(a: string, b: string): number {
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  const [x, y] = [a[at], b[at]];
  const onlyCase = x !== undefined && y !== undefined && x.toLowerCase() === y.toLowerCase();
  return onlyCase ? (x < y ? -1 : 1) : collator.compare(a, b);
}

type Face = 'class' | 'function' | 'type';

/** The statements that export those names of a folder which belong into a face: classes, functions, or the types that are of both. */
function statements(folder: string, face: Face): string[] {
  const all = exportsOf(join(src, folder, 'index.ts'));
  const values: string[] = [];
  const types: string[] = [];
  for (const [name, kind] of all) {
    if (byHand.includes(name)) continue;
    const isFunctions = ofFunction(name) !== name;
    const isClasses = functionTwin(name) !== name && all.has(functionTwin(name));
    const faceOfType: Face = isFunctions ? 'function' : isClasses ? 'class' : 'type';
    if (kind === 'type') {
      if (faceOfType === face) types.push(isFunctions ? `${name} as ${ofFunction(name)}` : name);
    } else if (kind === face) values.push(name);
  }
  return [
    ...(types.length === 0 ? [] : filled('export type {', types, folder)),
    ...(values.length === 0 ? [] : filled('export {', values, folder)),
  ];
}

/** The statement in lines, as many names a line as there is room for. */
function filled(first: string, names: readonly string[], folder: string): string[] {
  const lines = [''];
  for (const name of [...names].sort(byName)) {
    const line = lines.at(-1) as string;
    if (line.length + name.length > 105) lines.push(`  ${name},`);
    else lines[lines.length - 1] = line === '' ? `  ${name},` : `${line} ${name},`;
  }
  return ['// biome-ignore format: lists', first, ...lines, `} from './${folder}/index.ts';`];
}

/** A face whose lists are made anew; what stands before them is written by hand. */
function renewed(file: string, face: Face): string {
  const [hand] = readFileSync(join(src, file), 'utf8').split(mark);
  return [`${hand}${mark}`, '', ...folders.flatMap((folder) => statements(folder, face)), ''].join('\n');
}

describe('the faces', () => {
  it('nn lists the classes', async () => {
    await expect(renewed('index.ts', 'class')).toMatchFileSnapshot(join(src, 'index.ts'));
  });

  it('F lists the functions', async () => {
    await expect(renewed('functional.ts', 'function')).toMatchFileSnapshot(join(src, 'functional.ts'));
  });

  it('both have the types', async () => {
    await expect(renewed('types.ts', 'type')).toMatchFileSnapshot(join(src, 'types.ts'));
  });

  it('nn holds classes, F functions', () => {
    const isClass = (value: unknown): boolean => /^class\b/.test(String(value));
    const named = (values: object, odd: (value: unknown) => boolean): string[] =>
      Object.entries(values).flatMap(([name, value]) => (odd(value) ? [name] : []));
    expect(byHand).toEqual(
      expect.arrayContaining(named(nn, (value) => typeof value === 'function' && !isClass(value))),
    );
    expect(named(nn.F, (value) => typeof value !== 'function' || isClass(value))).toEqual([]);
    expect(named(nn.init, (value) => typeof value !== 'function' || isClass(value))).toEqual([]);
  });
});
