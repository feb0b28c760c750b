/**
 * Makes the TypeScript blocks of guides live. The rule is that of the test that runs them in Node: a block that begins
 * with an import starts a program, and those after it continue it; `ts fragment` stands still.
 */
import type { MarkdownRenderer } from 'vitepress';

interface Place {
  readonly program: number;
  readonly block: number;
}

/** Names that no page has. */
const needsNode = /(?:from|import)\s*\(?\s*['"](?:node:|@kindling\/(?:core\/node|interop|tensorboard))/;

export function liveBlocks(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence;
  if (fence === undefined) throw new Error('VitePress renders fences, and this comes around it');
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const html = fence(tokens, index, options, env, self);
    const token = tokens[index];
    if (token?.info.trim() !== 'ts') return html;
    const before = tokens
      .slice(0, index)
      .filter(({ type, info }) => type === 'fence' && info.trim() === 'ts');
    const { program, block } = placeOf([...before, token].map(({ content }) => content));
    const ofProgram = before.slice(before.length - block).map(({ content }) => content);
    const runs = ![...ofProgram, token.content].some((text) => needsNode.test(text));
    return `<LiveCode :program="${program}" :block="${block}" :runs="${runs}">${html}</LiveCode>`;
  };
}

/** Where the last of the blocks stands. */
export function placeOf(blocks: readonly string[]): Place {
  let place: Place = { program: -1, block: 0 };
  for (const text of blocks) {
    const begins = /^import\b/.test(text) || place.program < 0;
    place = begins ? { program: place.program + 1, block: 0 } : { ...place, block: place.block + 1 };
  }
  return place;
}
