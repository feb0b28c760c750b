/** What pages are drawn from. */
import type { MarkdownRenderer } from 'vitepress';

export type Token = Parameters<MarkdownRenderer['renderer']['render']>[0][number];

/** A token of a kind of its own, where another stood. */
export function like(token: Token, type: string, content: string): Token {
  const TokenClass = token.constructor as new (type: string, tag: string, nesting: 0) => Token;
  return Object.assign(new TokenClass(type, '', 0), { content, level: token.level });
}
