/**
 * What an editor shows a user of Kindling, asked of TypeScript's own language service: of each member of Tensor the
 * documentation on hover and where "go to definition" leads, and what completion offers.
 */
import { join } from 'node:path';
import ts from '@typescript/typescript6';

/** Fields that the parts of Kindling share, none of a user's business. */
const internal = [
  'leafRequiresGrad',
  'accumulator',
  'hooks',
  'accumulateHooks',
  'base',
  'baseRebinds',
  'rebinds',
  'inference',
  'outputNumber',
];

interface Place {
  /** The folder that a user's file stands in, from which `@kindling/core` is found. */
  readonly directory: string;
  readonly options: ts.CompilerOptions;
  /** The folder of the files that hold what "go to definition" must lead to. */
  readonly sources: string;
}

/** A language service over a user's one file, whose text can be changed. */
class Editor {
  readonly #file: string;
  #text = '';
  #version = 0;
  readonly service: ts.LanguageService;

  constructor({ directory, options }: Place) {
    this.#file = join(directory, 'a-users-file.ts');
    const { fileExists, readFile, readDirectory, directoryExists, getDirectories, realpath } = ts.sys;
    const textOf = (path: string): string | undefined => (path === this.#file ? this.#text : readFile(path));
    const host: ts.LanguageServiceHost = {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [this.#file],
      getScriptVersion: (path) => (path === this.#file ? String(this.#version) : '0'),
      getScriptSnapshot: (path) => {
        const text = textOf(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => directory,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => path === this.#file || fileExists(path),
      readFile: textOf,
      readDirectory,
      directoryExists,
      getDirectories,
      ...(realpath && { realpath }),
    };
    this.service = ts.createLanguageService(host, ts.createDocumentRegistry());
  }

  write(text: string): void {
    this.#text = text;
    this.#version++;
  }

  /** The names offered where the text ends. */
  completions(): string[] {
    const found = this.service.getCompletionsAtPosition(this.#file, this.#text.length, {});
    return found?.entries.map(({ name }) => name) ?? [];
  }

  hover(at: number): { documentation: string; type: string } {
    const info = this.service.getQuickInfoAtPosition(this.#file, at);
    return {
      documentation: ts.displayPartsToString(info?.documentation),
      type: ts.displayPartsToString(info?.displayParts),
    };
  }

  definitions(at: number): readonly ts.DefinitionInfo[] {
    return this.service.getDefinitionAtPosition(this.#file, at) ?? [];
  }

  /** The innermost node that begins at a place of a file. */
  #nodeAt(path: string, at: number): ts.Node | undefined {
    const file = this.service.getProgram()?.getSourceFile(path);
    const find = (node: ts.Node): ts.Node | undefined =>
      node.end <= at || node.pos > at
        ? undefined
        : (ts.forEachChild(node, find) ?? (node.getStart(file) === at ? node : undefined));
    return file && find(file);
  }

  /** What is declared by the name that "go to definition" leads to. */
  declaration({ fileName, textSpan }: ts.DefinitionInfo): ts.Node | undefined {
    return this.#nodeAt(fileName, textSpan.start)?.parent;
  }

  isCallable(at: number): boolean {
    const checker = this.service.getProgram()?.getTypeChecker();
    const node = this.#nodeAt(this.#file, at);
    return (
      checker !== undefined &&
      node !== undefined &&
      checker.getTypeAtLocation(node).getCallSignatures().length > 0
    );
  }
}

/** What is wrong with where a method's definition is said to stand; null if nothing is. */
function complaint(
  definition: ts.DefinitionInfo,
  declaration: ts.Node | undefined,
  { sources }: Place,
): string | null {
  const file = definition.fileName;
  if (!file.startsWith(sources)) return `leads out of the package, to ${file}`;
  const at = file.slice(sources.length + 1);
  // A class that extends Tensor can override a method of an interface, but no property with a function's type.
  if (definition.name === 'toString') return null;
  if (/^methods\./.test(at)) return `leads into the table of methods, ${at}`;
  if (declaration === undefined) return `leads nowhere in ${at}`;
  const { parent } = declaration;
  const ofFile =
    ts.isFunctionDeclaration(declaration) ||
    (ts.isVariableDeclaration(declaration) && ts.isSourceFile(declaration.parent.parent.parent));
  const ofTensor = ts.isClassDeclaration(parent) && parent.name?.text === 'Tensor';
  // No function can be called `var`: it is another name of the function beside it.
  const reserved = ts.isExportSpecifier(declaration) && declaration.name.text === 'var';
  return ofFile || ofTensor || reserved ? null : `leads to a ${ts.SyntaxKind[declaration.kind]} in ${at}`;
}

/** Symbols and the like cannot be written behind a point. */
const identifier = /^[A-Za-z_$][\w$]*$/;

/**
 * Every fault that a user's editor would show in the members of Tensor, each beginning with the member's name. `known`
 * has the names that exist at run time; those that completion offers are added.
 */
export function faultsOfMembers(
  place: Place,
  known: Iterable<string>,
): { names: string[]; faults: string[] } {
  const editor = new Editor(place);
  const head = "import type { Tensor } from '@kindling/core';\ndeclare const x: Tensor;\n";
  editor.write(`${head}x.`);
  const offered = editor.completions();
  const names = [...new Set([...known, ...offered])].filter((name) => identifier.test(name)).sort();
  const positions = new Map<string, number>();
  let text = head;
  for (const name of names) {
    positions.set(name, text.length + 'x.'.length);
    text += `x.${name};\n`;
  }
  editor.write(text);
  const faults = internal
    .filter((name) => offered.includes(name))
    .map((name) => `${name}: offered by completion`);
  for (const [name, at] of positions) {
    const { documentation, type } = editor.hover(at);
    if (type === '') faults.push(`${name}: not in the type`);
    else if (documentation.trim() === '') faults.push(`${name}: no documentation`);
    if (!editor.isCallable(at)) continue;
    // Of a name declared several times (overloads, properties on a function) one place is enough.
    const wrong = editor
      .definitions(at)
      .map((definition) => complaint(definition, editor.declaration(definition), place));
    if (!wrong.includes(null)) faults.push(`${name}: ${wrong[0] ?? 'no definition'}`);
  }
  return { names, faults };
}
