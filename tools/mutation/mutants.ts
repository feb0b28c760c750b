/** The small faults that can be put into a source: one place, one other text. */
import ts from '@typescript/typescript6';

export interface Mutant {
  /** The path of the source below packages/. */
  readonly file: string;
  readonly line: number;
  /** What stands there, and what stands there instead, each on one line. */
  readonly from: string;
  readonly to: string;
  /** The line that the place begins on, without the space around it. */
  readonly code: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One with which the program does the same, so that no test can kill it. */
export interface Equivalent extends Pick<Mutant, 'file' | 'code' | 'from' | 'to'> {
  readonly why: string;
}

const otherOperators: Readonly<Record<string, readonly string[]>> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '&&=': ['||='],
  '||=': ['&&='],
  '??=': ['&&='],
  '|=': ['&='],
  '&=': ['|='],
  '++': ['--'],
  '--': ['++'],
};

const otherMethods = new Map(
  Object.entries({
    min: 'max',
    max: 'min',
    floor: 'ceil',
    ceil: 'floor',
    some: 'every',
    every: 'some',
    startsWith: 'endsWith',
    endsWith: 'startsWith',
    trunc: 'ceil',
  }),
);

/** Calls that give something of the kind that they are called on: `x.slice(1)` may become `x`. */
const droppedMethods = new Set(['slice', 'filter', 'sort', 'reverse', 'trim', 'toSorted', 'toReversed']);

/** All mutants of a source file, in the order of their places. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];

  const replace = (start: number, end: number, text: string): void => {
    const from = source.slice(start, end);
    if (from === text) return;
    const line = tree.getLineAndCharacterOfPosition(start).line;
    const code = (source.split('\n', line + 1)[line] ?? '').trim();
    found.push({ file, line: line + 1, from: oneLine(from), to: oneLine(text), code, start, end, text });
  };
  const replaceNode = (node: ts.Node, text: string): void => replace(node.getStart(tree), node.end, text);

  const visit = (node: ts.Node): void => {
    if (isForTypes(node)) return;
    if (ts.isBinaryExpression(node)) {
      for (const other of otherOperators[node.operatorToken.getText(tree)] ?? [])
        replaceNode(node.operatorToken, other);
    } else if (ts.isPrefixUnaryExpression(node)) {
      mutateUnary(node);
    } else if (ts.isPostfixUnaryExpression(node)) {
      replace(node.operand.end, node.end, node.operator === ts.SyntaxKind.PlusPlusToken ? '--' : '++');
    } else if (ts.isIfStatement(node)) {
      mutateCondition(node.expression, ['true', 'false']);
    } else if (ts.isConditionalExpression(node)) {
      mutateCondition(node.condition, ['true', 'false']);
    } else if (ts.isWhileStatement(node) || (ts.isForStatement(node) && node.condition !== undefined)) {
      // A condition that always holds is a loop that never ends: every test sees it.
      mutateCondition(ts.isWhileStatement(node) ? node.expression : node.condition!, ['false']);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      replaceNode(node, 'false');
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      replaceNode(node, 'true');
    } else if (ts.isNumericLiteral(node)) {
      const value = Number(node.text);
      replaceNode(node, Number.isInteger(value) ? String(value + 1) : String(value * 2));
    } else if (ts.isStringLiteral(node) && decides(node)) {
      replaceNode(node, "'mutant'");
    } else if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !isTarget(node)) {
      replaceNode(node, '[]');
    } else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
      replaceNode(node.body, 'undefined');
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      mutateMethod(node, node.expression);
    }
    if (isRemovable(node)) replaceNode(node, ';');
    const optional = (node as Partial<ts.PropertyAccessChain>).questionDotToken;
    if (optional !== undefined && ts.isPropertyAccessExpression(node)) replaceNode(optional, '.');
    // What an error says is not what the program does.
    if (!ts.isThrowStatement(node)) ts.forEachChild(node, visit);
  };

  const mutateUnary = (node: ts.PrefixUnaryExpression): void => {
    const start = node.getStart(tree);
    if (node.operator === ts.SyntaxKind.PlusPlusToken) replace(start, start + 2, '--');
    if (node.operator === ts.SyntaxKind.MinusMinusToken) replace(start, start + 2, '++');
    if (node.operator === ts.SyntaxKind.MinusToken || node.operator === ts.SyntaxKind.ExclamationToken)
      replaceNode(node, node.operand.getText(tree));
  };

  const mutateCondition = (condition: ts.Expression, texts: readonly string[]): void => {
    for (const text of texts) replaceNode(condition, text);
  };

  const mutateMethod = (call: ts.CallExpression, method: ts.PropertyAccessExpression): void => {
    const other = otherMethods.get(method.name.text);
    if (other !== undefined) replaceNode(method.name, other);
    if (droppedMethods.has(method.name.text)) replaceNode(call, method.expression.getText(tree));
  };

  visit(tree);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** The source with the mutant in it. */
export function withMutant(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end);
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

function isForTypes(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isModuleDeclaration(node)
  );
}

/** Whether a statement may go: one that acts, leaves or throws, and no directive. */
function isRemovable(node: ts.Node): boolean {
  if (ts.isExpressionStatement(node)) return !ts.isStringLiteral(node.expression);
  if (ts.isReturnStatement(node)) return node.expression !== undefined || !isLast(node);
  return ts.isThrowStatement(node) || ts.isBreakOrContinueStatement(node);
}

/** Whether a bare `return` is the end of a function anyway. */
function isLast(node: ts.ReturnStatement): boolean {
  const block = node.parent;
  return ts.isBlock(block) && ts.isFunctionLike(block.parent) && block.statements.at(-1) === node;
}

/** Whether a text is compared with something, so that what happens depends on it. */
function decides(node: ts.StringLiteral): boolean {
  const { parent } = node;
  return (
    ts.isCaseClause(parent) ||
    (ts.isBinaryExpression(parent) && !/^(\+|=)$/.test(parent.operatorToken.getText()))
  );
}

/** Whether an array literal is what is assigned to: `[a, b] = [b, a]`. */
function isTarget(node: ts.ArrayLiteralExpression): boolean {
  const { parent } = node;
  return ts.isBinaryExpression(parent) && parent.left === node;
}
