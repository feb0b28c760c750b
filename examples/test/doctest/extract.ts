/** Finds the examples in the doc comments of a source file. */
import ts from '@typescript/typescript6';

/** One `@example`. */
export interface Example {
  /** The line of its tag in the file. */
  readonly line: number;
  /** What the doc comment describes: `add`, or `Module.forward`. */
  readonly name: string;
  /** The code; its lines are those of the file, so that `codeLine` is the line of its first. */
  readonly code: string;
  readonly codeLine: number;
}

interface Named {
  readonly name?: ts.Node;
}

function nameOf(node: ts.Node, file: ts.SourceFile): string {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map((declaration) => declaration.name.getText(file)).join(', ');
  }
  const own = (node as Named).name?.getText(file) ?? (ts.isConstructorDeclaration(node) ? 'constructor' : '');
  const { parent } = node;
  const outer = ts.isClassLike(parent) || ts.isInterfaceDeclaration(parent) ? parent.name?.text : undefined;
  return outer === undefined ? own || '(file)' : `${outer}.${own}`;
}

/** The lines of a doc comment without its marks, each with its line in the file. */
function* contentLines(comment: string, firstLine: number): Generator<{ line: number; text: string }> {
  const inner = comment.slice('/**'.length, -'*/'.length);
  for (const [i, raw] of inner.split('\n').entries()) {
    yield { line: firstLine + i, text: i === 0 ? raw.replace(/^ /, '') : raw.replace(/^\s*\*? ?/, '') };
  }
}

function* examplesIn(comment: string, firstLine: number, name: string): Generator<Example> {
  let open: { line: number; lines: { line: number; text: string }[] } | null = null;
  let fenced = false;
  const close = function* (): Generator<Example> {
    if (open !== null) yield { line: open.line, name, ...codeOf(open.lines) };
    open = null;
  };
  for (const { line, text } of contentLines(comment, firstLine)) {
    if (/^\s*```/.test(text)) fenced = !fenced;
    const tag = fenced ? null : /^\s*@(\w+)\s?/.exec(text);
    if (tag !== null) yield* close();
    if (tag?.[1] === 'example') open = { line, lines: [{ line, text: text.slice(tag[0].length) }] };
    else if (tag === null) open?.lines.push({ line, text });
  }
  yield* close();
}

/** The fenced blocks, or everything where there are none. */
function codeOf(lines: readonly { line: number; text: string }[]): { code: string; codeLine: number } {
  const fences = lines.filter(({ text }) => text.startsWith('```'));
  let inside = false;
  const kept = lines.flatMap(({ line, text }) => {
    if (fences.length === 0) return [{ line, text }];
    if (text.startsWith('```')) inside = !inside;
    else if (inside) return [{ line, text }];
    return [{ line, text: '' }];
  });
  while (kept[0]?.text.trim() === '') kept.shift();
  const codeLine = kept[0]?.line ?? lines[0]?.line ?? 0;
  return {
    code: kept
      .map(({ text }) => text)
      .join('\n')
      .trimEnd(),
    codeLine,
  };
}

/** Every example of a file, in its order. */
export function examplesOf(path: string, text: string): Example[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const examples: Example[] = [];
  const seen = new Set<number>();
  const visit = (node: ts.Node): void => {
    for (const comment of (node as { jsDoc?: readonly ts.JSDoc[] }).jsDoc ?? []) {
      if (seen.has(comment.pos)) continue;
      seen.add(comment.pos);
      const firstLine = file.getLineAndCharacterOfPosition(comment.pos).line + 1;
      examples.push(...examplesIn(text.slice(comment.pos, comment.end), firstLine, nameOf(node, file)));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return examples.sort((a, b) => a.line - b.line);
}
