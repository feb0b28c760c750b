/** Compiles examples, with all public names in scope. */
import { join } from 'node:path';
import ts from '@typescript/typescript6';
import type { Example } from './extract.ts';

const directory = import.meta.dirname;
const { config } = ts.readConfigFile(join(directory, '../../../tsconfig.base.json'), ts.sys.readFile);
const parsed = ts.parseJsonConfigFileContent(config, ts.sys, directory);
// The imports do not tell types from values.
const options = { ...parsed.options, verbatimModuleSyntax: false, isolatedModules: false };

/** Later packages win where two export one name, as in doctest.test.ts. */
const specifiers = [
  'core/testing',
  'core/node',
  'interop',
  'tensorboard',
  'metrics',
  'distributions',
  'optim',
  'nn',
  'core',
].map((name) => `@kindling/${name}`);

/** A program over files that exist here alone. */
function programOf(files: ReadonlyMap<string, string>, before?: ts.Program): ts.Program {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) =>
    before?.getSourceFile(path) ?? getSourceFile(path, version, ...rest);
  return ts.createProgram([...files.keys()], options, host, before);
}

/** Which package exports each public name, types included. */
function publicNames(): { from: ReadonlyMap<string, string>; program: ts.Program } {
  const path = join(directory, 'scope.ts');
  const text = specifiers.map((specifier) => `import '${specifier}';`).join('\n');
  const program = programOf(new Map([[path, text]]));
  const checker = program.getTypeChecker();
  const from = new Map<string, string>();
  for (const statement of program.getSourceFile(path)?.statements ?? []) {
    const { moduleSpecifier } = statement as ts.ImportDeclaration;
    const module = checker.getSymbolAtLocation(moduleSpecifier);
    if (module === undefined) continue;
    for (const { name } of checker.getExportsOfModule(module)) {
      from.set(name, (moduleSpecifier as ts.StringLiteral).text);
    }
  }
  from.delete('var');
  return { from, program };
}

const namespaces = [
  "import * as nn from '@kindling/nn';",
  "import * as optim from '@kindling/optim';",
  "import fc from 'fast-check';",
  'declare const console: { log(...values: unknown[]): void };',
];

/** What the compiler says of examples: the example, the line of its code from 0, and the message. */
export function compileErrors(
  examples: readonly Example[],
): { example: Example; line: number; message: string }[] {
  const { from, program: before } = publicNames();
  const files = new Map<string, string>();
  const exampleOf = new Map<string, Example>();
  for (const [i, example] of examples.entries()) {
    const path = join(directory, `example-${i}.ts`);
    // Names that an example imports are in scope already; within a function it may declare any of them anew.
    const code = example.code.replace(/^import .*$/gm, '');
    const words = new Set(code.match(/\w+/g));
    const imports = [...from]
      .filter(([name]) => words.has(name))
      .map(([name, specifier]) => `import { ${name} } from '${specifier}';`);
    const head = [...imports, ...namespaces, 'export async function example() {'].join(' ');
    files.set(path, `${head}\n${code}\n}`);
    exampleOf.set(path, example);
  }
  const program = programOf(files, before);
  return [...exampleOf].flatMap(([path, example]) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ start = 0, messageText }) => ({
      example,
      line: ts.getLineAndCharacterOfPosition(file as ts.SourceFile, start).line - 1,
      message: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
  });
}
