/** Links the names in the inline code of guides to the reference. */
import type { MarkdownRenderer } from 'vitepress';
import type { SymbolTable } from './symbols.ts';

type Token = Parameters<MarkdownRenderer['renderer']['render']>[0][number];

/**
 * @param table what is known when a page is rendered; nothing is linked where there is no reference yet
 * @param base the folder of the reference
 */
export function symbolLinks(md: MarkdownRenderer, table: () => SymbolTable | undefined, base: string): void {
  md.core.ruler.push('symbol_links', ({ tokens }) => {
    const symbols = table();
    if (symbols === undefined) return;
    for (const [i, token] of tokens.entries()) {
      const inHeading = tokens[i - 1]?.type === 'heading_open';
      if (token.type === 'inline' && token.children !== null && !inHeading)
        token.children = withLinks(token.children, (code) => {
          const page = symbols.ofInlineCode(code);
          return page && base + page;
        });
    }
  });
}

function withLinks(tokens: readonly Token[], addressOf: (code: string) => string | undefined): Token[] {
  let depth = 0;
  return tokens.flatMap((token) => {
    if (token.type === 'link_open' || /^<a\b/i.test(token.content)) depth++;
    if (token.type === 'link_close' || /^<\/a\b/i.test(token.content)) depth--;
    const address = token.type === 'code_inline' && depth === 0 ? addressOf(token.content) : undefined;
    if (address === undefined) return [token];
    const TokenClass = token.constructor as new (type: string, tag: string, nesting: -1 | 1) => Token;
    const open = new TokenClass('link_open', 'a', 1);
    // With a target it is a link as any other to VitePress, which would load it as a page of its own.
    open.attrs = [
      ['href', address],
      ['class', 'k-symbol'],
      ['target', '_self'],
    ];
    return [open, token, new TokenClass('link_close', 'a', -1)];
  });
}
