/**
 * Tables for narrow pages. One of words becomes a list there, a record for each row, whose cells carry the names of
 * their columns; one of numbers, which is read down its columns, stays a table and scrolls beside its first column. One
 * of words in more columns than any page has room for is a list of records everywhere.
 */
import type { MarkdownRenderer } from 'vitepress';
import type { Token } from './tokens.ts';

const mostColumns = 6;

export function tables(md: MarkdownRenderer): void {
  // VitePress writes the mark that lets keys scroll a table, and drops all others.
  md.renderer.rules.table_open = (tokens, i, options, _, self) => self.renderToken(tokens, i, options);
  md.core.ruler.push('tables', ({ tokens }) => {
    for (const [start, token] of tokens.entries()) {
      if (token.type !== 'table_open') continue;
      const end = tokens.findIndex(({ type }, i) => i > start && type === 'table_close');
      name(tokens.slice(start, end));
    }
  });
}

/** Numbers stand to the right; a cell of the head or of the body is followed by what is in it. */
function name(table: readonly Token[]): void {
  const cells = (type: string) => table.flatMap((token, i) => (token.type === type ? [{ token, i }] : []));
  const heads = cells('th_open');
  const numbers = heads.some(({ token }) => /right/.test(String(token.attrGet('style'))));
  table[0]?.attrSet('tabindex', '0');
  table[0]?.attrJoin('class', numbers ? 'k-numbers' : 'k-records');
  if (numbers) return;
  if (heads.length > mostColumns) table[0]?.attrJoin('class', 'k-many');
  for (const [k, { token }] of cells('td_open').entries()) {
    const column = heads[k % heads.length];
    const text = column === undefined ? '' : (table[column.i + 1]?.content ?? '');
    if (k % heads.length > 0 && text !== '') token.attrSet('data-column', text.replaceAll('`', ''));
  }
}
