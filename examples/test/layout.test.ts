/** The rooms of the house: how much a file and a folder hold, and where each says what is in it. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from '@typescript/typescript6';
import { describe, expect, it } from 'vitest';
import { packages, root, sourceFiles } from './support/sources.ts';

const files = sourceFiles().map((path) => ({ path, text: readFileSync(join(packages, path), 'utf8') }));
const folders = [...new Set(files.map(({ path }) => dirname(path)))].sort();
const lineCount = (text: string): number => text.trimEnd().split('\n').length;

/** The rooms of core as docs/architecture.md lists them, those of a line beside each other. */
const [, list = ''] =
  /^## core\n\n((?: {4}.*\n)+)/m.exec(readFileSync(join(root, 'docs/architecture.md'), 'utf8')) ?? [];
const namesIn = (text: string): string[] => text.match(/\w+\/?/g) ?? [];
const rooms = list.split(/^ {4}(?=\w)/m).map((line) => namesIn(line.split(/ {2,}|\n/)[0] ?? ''));
/** The rooms that it lists within a room. */
const roomsOf = (room: string): string[] =>
  namesIn(new RegExp(`^ {4}${room}.*\\n((?: {5}.*\\n)+)`, 'm').exec(list)?.[1] ?? '').filter((name) =>
    name.endsWith('/'),
  );
/** The folders that a folder holds. */
const foldersIn = (folder: string): string[] =>
  folders.flatMap((path) => (dirname(path) === folder ? [`${path.slice(folder.length + 1)}/`] : [])).sort();

/** The imports among the files of a folder that lead from a room to one below it, or from a room that is not listed. */
function pointingDown(folder: string, listed: readonly (readonly string[])[]): string[] {
  const place = (path: string): number =>
    path === 'index.ts'
      ? listed.length
      : listed.findIndex((names) =>
          names.some((name) => (name.endsWith('/') ? path.startsWith(name) : path === `${name}.ts`)),
        );
  return files
    .filter(({ path }) => path.startsWith(folder))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^(?:import|export)\b[^;]*? from '(\.[^']+)';/gm)]
        .map(([, imported = '']) => join(dirname(path), imported))
        .filter((imported) => imported.startsWith(folder) && imported !== 'core/src/index.ts')
        .filter((imported) => place(imported.slice(folder.length)) > place(path.slice(folder.length)))
        .map((imported) => `${path} -> ${imported}`),
    );
}

describe('sources', () => {
  it('have files of at most 400 lines', () => {
    const long = files
      .map(({ path, text }) => ({ path, lines: lineCount(text) }))
      .filter(({ lines }) => lines > 400);
    expect(long.map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([]);
  });

  it('have folders of at most 15 files', () => {
    const sizes = folders.map((folder) => ({
      folder,
      size: files.filter(({ path }) => dirname(path) === folder).length,
    }));
    expect(
      sizes.filter(({ size }) => size > 15).map(({ folder, size }) => `${folder}: ${size} files`),
    ).toEqual([]);
  });

  it('have in each folder an index.ts that begins with what lives there', () => {
    const silent = folders.filter((folder) => {
      const face = files.find(({ path }) => path === `${folder}/index.ts`);
      return face === undefined || !(face.text.startsWith('/**') || /^\w+\/src$/.test(folder));
    });
    expect(silent).toEqual([]);
  });

  it('import up the list of rooms, two types aside', () => {
    expect(pointingDown('core/src/', rooms)).toEqual([
      'core/src/tensor.ts -> core/src/methods.ts',
      'core/src/tensor.ts -> core/src/record/node.ts',
    ]);
    expect(
      pointingDown(
        'core/src/kernels/',
        roomsOf('kernels/').map((name) => [name]),
      ),
    ).toEqual([]);
  });

  it('are in rooms that are listed', () => {
    const listed = rooms.flat().filter((name) => name.endsWith('/'));
    expect(listed.sort()).toEqual(foldersIn('core/src'));
    expect(roomsOf('kernels/').sort()).toEqual(foldersIn('core/src/kernels'));
    expect(roomsOf('ops/').sort()).toEqual(foldersIn('core/src/ops'));
  });

  it('have a root index that is faces', () => {
    const root = files.find(({ path }) => path === 'core/src/index.ts');
    expect(lineCount(root?.text ?? '')).toBeLessThanOrEqual(80);
  });

  it('export under its own name what a file lists for its methods', { timeout: 120_000 }, async () => {
    const wrong: string[] = [];
    for (const { path } of files.filter(({ text }) => /^export default \{/m.test(text))) {
      const module = (await import(pathToFileURL(join(packages, path)).href)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(module.default as object)) {
        if (module[name] !== value) wrong.push(`${path}: ${name}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('have fewer than 500 non-null marks', { timeout: 120_000 }, () => {
    let marks = 0;
    const count = (node: ts.Node): void => {
      if (ts.isNonNullExpression(node)) marks++;
      ts.forEachChild(node, count);
    };
    for (const { path, text } of files) count(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
    expect(marks, `${marks} expressions x!`).toBeLessThan(500);
  });
});
