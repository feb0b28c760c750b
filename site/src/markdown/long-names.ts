/** Long names in headings may break where a word of theirs begins: `AdaptiveLogSoftmaxWithLoss`. */
import type { MarkdownRenderer } from 'vitepress';
import { like, type Token } from './tokens.ts';

/** Names of so many letters are longer than a line of a heading on a phone. */
const long = 16;

/** A name in its words: `CTCLoss` is `CTC` and `Loss`. */
export const wordsOf = (name: string): string[] =>
  name.length < long ? [name] : name.split(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);

export function longNames(md: MarkdownRenderer): void {
  md.core.ruler.push('long_names', ({ tokens }) => {
    for (const [i, token] of tokens.entries())
      if (tokens[i - 1]?.type === 'heading_open' && token.children !== null)
        token.children = token.children.flatMap(withBreaks);
  });
}

function withBreaks(token: Token): Token[] {
  const words = token.type === 'text' ? token.content.split(/(?<= )/).flatMap(wordsOf) : [];
  if (words.length < 2 || !words.some((word) => !word.endsWith(' '))) return [token];
  return words.flatMap((word, k) =>
    k === 0 || words[k - 1]?.endsWith(' ')
      ? [like(token, 'text', word)]
      : [like(token, 'html_inline', '<wbr>'), like(token, 'text', word)],
  );
}
