import type { MarkdownRenderer } from 'vitepress';

/** Has indented blocks drawn as fences are, which scroll in themselves. */
export function indentedBlocks(md: MarkdownRenderer): void {
  md.core.ruler.push('indented_blocks', ({ tokens }) => {
    for (const token of tokens)
      if (token.type === 'code_block') Object.assign(token, { type: 'fence', info: 'txt' });
  });
}
