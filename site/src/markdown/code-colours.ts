/**
 * Code says by classes what its pieces are, whose colours `theme/live.css` gives: shiki writes both colours of each piece beside it, which
 * was the larger part of a page with code. What has the colour of the text needs no element.
 */
import type { MarkdownOptions } from 'vitepress';

type ShikiTransformer = NonNullable<MarkdownOptions['codeTransformers']>[number];

/** What the colours of the light theme stand for. */
const kinds: Readonly<Record<string, string | undefined>> = {
  '#0E1116': 'text',
  '#A0111F': 'keyword',
  '#032563': 'string',
  '#023B95': 'number',
  '#622CBC': 'function',
  '#702C00': 'variable',
  '#66707B': 'comment',
  '#024C1A': 'added',
  '#6E011A': 'removed',
};

const style = /^--shiki-light:(#\w{6});--shiki-dark:#\w{6};?$/;

export const codeColours: ShikiTransformer = {
  name: 'kindling:colours',
  line(line) {
    line.children = line.children.flatMap((piece) => {
      if (piece.type !== 'element') return [piece];
      const kind = kinds[style.exec(String(piece.properties.style))?.[1] ?? ''];
      if (kind === undefined) return [piece];
      delete piece.properties.style;
      if (kind === 'text' && Object.keys(piece.properties).length === 0) return piece.children as typeof line.children;
      if (kind !== 'text') piece.properties.class = `k-code-${kind}`;
      return [piece];
    });
  },
};
