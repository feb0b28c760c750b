/**
 * Links the names of the library in highlighted code to the reference: what a block imports, what stands in a
 * namespace, and members of what guides call `x`, `model` or `optimizer`.
 */
import type { MarkdownOptions } from 'vitepress';
import type { SymbolTable } from './symbols.ts';

type ShikiTransformer = NonNullable<MarkdownOptions['codeTransformers']>[number];
/** A node of the tree of the page that shiki makes. */
type Element = Parameters<NonNullable<ShikiTransformer['span']>>[0];

/** The pages of names, by where in the code they begin. */
export function namesIn(code: string, symbols: SymbolTable): Map<number, { name: string; page: string }> {
  const found = new Map<number, { name: string; page: string }>();
  const add = (at: number, name: string, page: string | undefined): void => {
    if (page !== undefined) found.set(at, { name, page });
  };
  const imported = importsOf(code);
  for (const { 0: path, index } of code.matchAll(/(?<![\w$.'"/@])[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*/g)) {
    const segments = path.split('.');
    const [first = ''] = segments;
    const from = imported.get(first);
    if (from !== undefined && from.name !== '*')
      add(index, first, symbols.ofImport(from.specifier, from.name));
    // Of variables the name says what they hold.
    const [, member = ''] = segments;
    if (from === undefined && segments.length === 2)
      add(index + first.length + 1, member, symbols.ofMember(first, member));
    // The longest name that is one: nn.utils.clipGradNorm_, of optim.Adam.name the first two.
    const isNamespace = from?.name === '*' || first === 'nn' || first === 'optim';
    for (let n = segments.length; isNamespace && n > 1; n--) {
      const inside = segments.slice(1, n).join('.');
      const page =
        from === undefined
          ? symbols.ofPath(segments.slice(0, n).join('.'))
          : symbols.ofImport(from.specifier, inside);
      if (page === undefined) continue;
      add(index + segments.slice(0, n - 1).join('.').length + 1, segments[n - 1] ?? '', page);
      break;
    }
  }
  for (const { 0: method, index } of code.matchAll(/(?<=\)\s*\.)[A-Za-z_$][\w$]*(?=\()/g))
    add(index, method, symbols.ofChained(method));
  return found;
}

/** What a local name stands for; `*` is the package as a whole. */
function importsOf(code: string): Map<string, { specifier: string; name: string }> {
  const names = new Map<string, { specifier: string; name: string }>();
  for (const [, clause = '', specifier = ''] of code.matchAll(
    /import\s+([^'"]*?)\s+from\s+['"](@kindling\/[\w/]+)['"]/g,
  )) {
    const all = /\*\s+as\s+([\w$]+)/.exec(clause)?.[1];
    if (all !== undefined) names.set(all, { specifier, name: '*' });
    for (const [, name = '', local = name] of clause
      .replace(/[{}]|\btype\b/g, '')
      .matchAll(/([\w$]+)(?:\s+as\s+([\w$]+))?/g))
      if (all === undefined) names.set(local, { specifier, name });
  }
  return names;
}

/** @param base the folder of the reference */
export function codeLinks(table: () => SymbolTable | undefined, base: string): ShikiTransformer {
  return {
    name: 'kindling:symbols',
    span(span, _line, _column, _lineElement, token) {
      const symbols = table();
      const { options, source } = this;
      if (symbols === undefined || !/^(?:ts|typescript|js|javascript)$/.test(options.lang)) return;
      const meta = this.meta as { kindlingNames?: ReturnType<typeof namesIn> };
      meta.kindlingNames ??= namesIn(source, symbols);
      const spaces = token.content.length - token.content.trimStart().length;
      const symbol = meta.kindlingNames.get(token.offset + spaces);
      if (symbol === undefined || token.content.trim() !== symbol.name) return;
      const text = (value: string) => ({ type: 'text' as const, value });
      const link: Element = {
        type: 'element',
        tagName: 'a',
        properties: { href: base + symbol.page, class: 'k-symbol', target: '_self' },
        children: [text(symbol.name)],
      };
      const after = token.content.slice(spaces + symbol.name.length);
      span.children = [text(token.content.slice(0, spaces)), link, text(after)].filter(
        (child) => child.type === 'element' || child.value !== '',
      );
    },
  };
}
