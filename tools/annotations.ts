/** What a build adds to a source file so that bundlers may drop what a program does not use and minify the rest. */
import ts from '@typescript/typescript6';

/**
 * The source with two additions. What is computed on import is marked pure: no source file but methods.ts has effects
 * on import, and bundlers keep every call that is not marked. Exported classes get their name as a getter, which
 * minifiers leave alone: models, optimizers and errors print it.
 */
export function annotated(code: string, path: string): string {
  const file = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const additions: { at: number; text: string }[] = [];

  const mark = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || (ts.isPropertyDeclaration(node) && !isStatic(node))) return;
    if (isComputed(node)) {
      const at = node.getStart(file);
      if (!readsProperties(node)) additions.push({ at, text: '/* @__PURE__ */ ' });
      else {
        // A mark covers a call, not what its arguments read, which a getter might answer: a function covers that too.
        additions.push({ at, text: '/* @__PURE__ */ (() => (' }, { at: node.end, text: '))()' });
        return;
      }
    }
    ts.forEachChild(node, mark);
  };

  const listed = namesListed(file);
  for (const statement of file.statements) {
    const named = ts.isClassDeclaration(statement) ? statement.name : undefined;
    if (ts.isClassDeclaration(statement) && named && (isExported(statement) || listed.has(named.text))) {
      const text = ` static get name() { return '${named.text}'; }`;
      additions.push({ at: statement.members.pos, text });
    }
    const computes =
      ts.isVariableStatement(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isExportAssignment(statement);
    if (computes) mark(statement);
  }

  let result = code;
  for (const { at, text } of additions.sort((a, b) => b.at - a.at))
    result = result.slice(0, at) + text + result.slice(at);
  return result;
}

/**
 * The names under which `export { X as Name }` exports something: a class may be exported by another value that stands
 * for it.
 */
const namesListed = (file: ts.SourceFile): ReadonlySet<string> =>
  new Set(
    file.statements.flatMap((statement) =>
      ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map(({ name }) => name.text)
        : [],
    ),
  );

/** Whether bundlers take an expression for one with effects unless it is marked. */
const isComputed = (node: ts.Node): node is ts.Expression =>
  ts.isCallExpression(node) ||
  ts.isNewExpression(node) ||
  // `1 / f()` as a whole: behind the sign a mark would be printed as `1//* @__PURE__ */`, a comment.
  ts.isBinaryExpression(node) ||
  (ts.isObjectLiteralExpression(node) && node.properties.some(ts.isSpreadAssignment)) ||
  (ts.isArrayLiteralExpression(node) && node.elements.some(ts.isSpreadElement));

/** Whether evaluating an expression reads a property, other than the function that a call names. */
function readsProperties(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isSpreadAssignment(node) || ts.isSpreadElement(node) || ts.isBinaryExpression(node)) return true;
  const named = (ts.isCallExpression(node) || ts.isNewExpression(node)) && node.expression;
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return true;
  return ts.forEachChild(node, (child) => (child !== named && readsProperties(child)) || undefined) ?? false;
}

const modifiersOf = (node: ts.HasModifiers): ts.SyntaxKind[] => node.modifiers?.map(({ kind }) => kind) ?? [];
const isStatic = (node: ts.PropertyDeclaration): boolean =>
  modifiersOf(node).includes(ts.SyntaxKind.StaticKeyword);
const isExported = (node: ts.ClassDeclaration): boolean =>
  modifiersOf(node).includes(ts.SyntaxKind.ExportKeyword);
