/** How pages are drawn otherwise than VitePress would. */
import type { MarkdownRenderer } from 'vitepress';
import { indentedBlocks } from './indented-blocks.ts';
import { joinedFormulas } from './joined-formulas.ts';
import { longNames } from './long-names.ts';
import { tables } from './tables.ts';

export { codeColours } from './code-colours.ts';

/** All of it but the colours of code. */
export function pages(md: MarkdownRenderer): void {
  indentedBlocks(md);
  longNames(md);
  joinedFormulas(md);
  tables(md);
}
