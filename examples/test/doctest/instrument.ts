/**
 * Rewrites an example so that it reports what its comments claim.
 *
 * A comment behind a statement is a claim, and comment lines directly below it continue it. It claims the printed value
 * of an expression, of the initializer of a declaration or of what a function returns; what any other statement, and
 * `console.log`, logs; or, if it begins with `throws`, an error.
 */
import ts from '@typescript/typescript6';

export type ClaimKind = 'value' | 'log' | 'error';

export interface Claim {
  readonly kind: ClaimKind;
  /** The line within the example, from 0, and the statement's text. */
  readonly line: number;
  readonly statement: string;
  /** What the comment says, its lines joined. */
  readonly text: string;
}

/** The names by which the rewritten code reports; see `Reports` in run.ts. */
export const reports = '__doctest';

export interface Instrumented {
  /** JavaScript, the body of an async function. */
  readonly code: string;
  readonly claims: readonly Claim[];
}

interface Edit {
  readonly at: number;
  readonly text: string;
}

/** The comment behind `end` in its line, with the comment lines directly below. */
function commentAfter(source: string, end: number): { text: string; end: number } | null {
  const behind = /^[ \t]*\/\/([^\n]*)/.exec(source.slice(end));
  if (behind === null) return null;
  let text = behind[1] as string;
  let at = end + behind[0].length;
  for (;;) {
    const next = /^\n[ \t]*\/\/([^\n]*)/.exec(source.slice(at));
    if (next === null) return { text, end: at };
    text += `\n${next[1]}`;
    at += next[0].length;
  }
}

/** The expression whose value the statement's comment claims. */
function claimed(statement: ts.Statement): ts.Expression | undefined {
  if (ts.isExpressionStatement(statement) || ts.isReturnStatement(statement)) return statement.expression;
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.at(-1)?.initializer;
  return undefined;
}

const isLog = (x: ts.Expression, file: ts.SourceFile): boolean =>
  ts.isCallExpression(x) && x.expression.getText(file) === 'console.log';

/** An import of a package as a declaration; local files are no part of an example. */
function importAsDeclaration(node: ts.ImportDeclaration): string {
  const from = (node.moduleSpecifier as ts.StringLiteral).text;
  if (from.startsWith('.')) throw new Error(`an example cannot import the local file '${from}'`);
  const clause = node.importClause;
  if (clause === undefined || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return '';
  const loaded = `await ${reports}.load(${JSON.stringify(from)})`;
  const bindings = clause.namedBindings;
  const names: string[] = clause.name === undefined ? [] : [`default: ${clause.name.text}`];
  if (bindings !== undefined && ts.isNamespaceImport(bindings))
    return `const ${bindings.name.text} = ${loaded};`;
  for (const element of bindings?.elements ?? []) {
    if (element.isTypeOnly) continue;
    names.push(
      element.propertyName ? `${element.propertyName.text}: ${element.name.text}` : element.name.text,
    );
  }
  return names.length === 0 ? '' : `const { ${names.join(', ')} } = ${loaded};`;
}

/** The example as JavaScript that reports each claim, and at which line it is. */
export function instrument(source: string): Instrumented {
  const file = ts.createSourceFile('example.ts', source, ts.ScriptTarget.Latest, true);
  const claims: Claim[] = [];
  const edits: Edit[] = [];
  let claimedUpTo = 0;
  const lineOf = (at: number): number => file.getLineAndCharacterOfPosition(at).line;

  const claim = (statement: ts.Statement, comment: string): void => {
    const start = statement.getStart(file);
    const text = comment.trim();
    const i = claims.length;
    const expression = claimed(statement);
    const about = { line: lineOf(start), statement: statement.getText(file) };
    if (/^throws\b/.test(text)) {
      claims.push({ ...about, kind: 'error', text: text.replace(/^throws:?\s*/, '') });
      edits.push({ at: start, text: 'try { ' });
      edits.push({ at: statement.end, text: ` } catch (e) { ${reports}.threw(${i}, e); }` });
    } else if (expression !== undefined && !isLog(expression, file)) {
      claims.push({ ...about, kind: 'value', text });
      edits.push({ at: expression.getStart(file), text: `${reports}.value(${i}, (` });
      edits.push({ at: expression.end, text: '))' });
    } else {
      claims.push({ ...about, kind: 'log', text });
      edits.push({ at: start, text: `{ ${reports}.logFrom(); ` });
      edits.push({ at: statement.end, text: ` ${reports}.logged(${i}); }` });
    }
  };

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      edits.push({ at: node.getStart(file), text: `${importAsDeclaration(node)} /*` });
      edits.push({ at: node.end, text: '*/' });
      return;
    }
    if (ts.isStatement(node) && !ts.isBlock(node)) {
      if (node.parent === file) {
        edits.push({ at: node.getStart(file), text: `${reports}.line = ${lineOf(node.getStart(file))}; ` });
      }
      const comment = commentAfter(source, node.end);
      if (comment !== null && comment.end > claimedUpTo) {
        claimedUpTo = comment.end;
        if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) {
          throw new Error(`a comment behind a declaration claims nothing, put it above: //${comment.text}`);
        }
        claim(node, comment.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  const order = edits.map((edit, i) => ({ ...edit, i })).sort((a, b) => a.at - b.at || a.i - b.i);
  let code = '';
  let at = 0;
  for (const edit of order) {
    code += source.slice(at, edit.at) + edit.text;
    at = edit.at;
  }
  code += source.slice(at);
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      removeComments: false,
    },
  });
  return { code: outputText.replace(/^export \{\};$/m, ''), claims };
}
