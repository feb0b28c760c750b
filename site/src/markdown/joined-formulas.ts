/** A formula within words stays with the bracket before it and the marks after it: browsers would break lines there. */
import type { MarkdownRenderer } from 'vitepress';
import { like, type Token } from './tokens.ts';

export function joinedFormulas(md: MarkdownRenderer): void {
  md.core.ruler.push('joined_formulas', ({ tokens }) => {
    for (const token of tokens) if (token.children !== null) token.children = joined(token.children);
  });
}

/** Cuts what belongs to formulas off the texts around them, and puts it into one element with each. */
function joined(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token, i) => {
    const before = tokens[i - 1];
    const after = tokens[i + 1];
    if (token.type === 'text') {
      const start = isFormula(before) ? marksAfter(token) : '';
      const end = isFormula(after) ? bracketBefore(token) : '';
      return [like(token, 'text', token.content.slice(start.length, token.content.length - end.length))];
    }
    if (!isFormula(token)) return [token];
    const [bracket, marks] = [bracketBefore(before), marksAfter(after)];
    if (bracket + marks === '') return [token];
    return [
      like(token, 'html_inline', `<span class="k-joined">${bracket}`),
      token,
      like(token, 'html_inline', `${marks}</span>`),
    ];
  });
}

const isFormula = (token?: Token): boolean => token?.type === 'math_inline';
const textOf = (token?: Token): string => (token?.type === 'text' ? token.content : '');
const bracketBefore = (token?: Token): string => textOf(token).match(/[([]$/)?.[0] ?? '';
const marksAfter = (token?: Token): string => textOf(token).match(/^[)\],.;:]+/)?.[0] ?? '';
