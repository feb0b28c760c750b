/**
 * Writes the declaration files of the package in whose folder it runs, one a source file. A bundler of declarations turns
 * exports into lists of names, in which editors lose the documentation of Tensor's methods and the way to their functions.
 */
import { join } from 'node:path';
import ts from 'typescript';

const folder = process.cwd();
const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
const rootNames = ts.sys.readDirectory(join(folder, 'src'), ['.ts']);
const program = ts.createProgram(rootNames, {
  ...options,
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  rootDir: join(folder, 'src'),
  outDir: join(folder, 'dist'),
});

/** `./dtype.ts` as a user's compiler finds it: `./dtype.js`. */
const publishedPaths: ts.TransformerFactory<ts.SourceFile | ts.Bundle> = (context) => {
  const visit = (node: ts.Node): ts.Node =>
    ts.isStringLiteral(node) && /^\.\.?\/.*\.ts$/.test(node.text)
      ? ts.factory.createStringLiteral(node.text.replace(/\.ts$/, '.js'))
      : ts.visitEachChild(node, visit, context);
  return (root) => visit(root) as typeof root;
};

const { diagnostics, emitSkipped } = program.emit(undefined, undefined, undefined, true, {
  afterDeclarations: [publishedPaths],
});
if (diagnostics.length > 0) {
  const host = { ...ts.sys, getCanonicalFileName: (path: string) => path, getNewLine: () => '\n' };
  console.error(ts.formatDiagnostics(diagnostics, host));
}
process.exitCode = emitSkipped || diagnostics.length > 0 ? 1 : 0;
