/** What a build adds to a source file so that bundlers may drop what a program does not use and minify the rest. */
import ts from '@typescript/typescript6';

/**
 * The source with two additions. Calls that run on import are marked pure: no source file but methods.ts has effects on
 * import, and bundlers keep every call that is not marked. Exported classes get their name as a getter, which minifiers
 * leave alone: models, optimizers and errors print it.
 */
export function annotated(code: string, path: string): string {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const additions: { at: number; text: string }[] = [];

  const markCalls = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && !ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isPropertyDeclaration(node) && !isStatic(node)) return;
    // A minifier may print `1 / /* @__PURE__ */ f()` as `1//* ...`, a comment.
    if (ts.isBinaryExpression(node)) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node))
      additions.push({ at: node.getStart(file), text: '/* @__PURE__ */ ' });
    ts.forEachChild(node, markCalls);
  };

  for (const statement of file.statements) {
    if (ts.isClassDeclaration(statement)) {
      if (isExported(statement) && statement.name)
        additions.push({
          at: statement.members.pos,
          text: ` static get name() { return '${statement.name.text}'; }`,
        });
    }
    if (
      ts.isVariableStatement(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isExportAssignment(statement)
    )
      markCalls(statement);
  }

  let result = code;
  for (const { at, text } of additions.sort((a, b) => b.at - a.at))
    result = result.slice(0, at) + text + result.slice(at);
  return result;
}

const modifiersOf = (node: ts.HasModifiers): ts.SyntaxKind[] => node.modifiers?.map(({ kind }) => kind) ?? [];
const isStatic = (node: ts.PropertyDeclaration): boolean =>
  modifiersOf(node).includes(ts.SyntaxKind.StaticKeyword);
const isExported = (node: ts.ClassDeclaration): boolean =>
  modifiersOf(node).includes(ts.SyntaxKind.ExportKeyword);
