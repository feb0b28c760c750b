/**
 * Code says by classes what its pieces are, whose colours `theme/live.css` gives: shiki writes both colours of each
 * piece beside it, which was the larger part of a page with code. What has the colour of the text needs no element.
 */
import type { MarkdownOptions } from 'vitepress';

type ShikiTransformer = NonNullable<MarkdownOptions['codeTransformers']>[number];

/**
 * What the colours of the dark theme stand for. Not of the light one, which comes first: shiki gives a line up that
 * takes it half a second, as the first one may while a machine is busy, and then says the colour of the text for all of
 * it.
 */
const kinds: Readonly<Record<string, string | undefined>> = {
  '#F0F3F6': 'text',
  '#FF9492': 'keyword',
  '#ADDCFF': 'string',
  '#91CBFF': 'number',
  '#DBB7FF': 'function',
  '#FFB757': 'variable',
  '#BDC4CC': 'comment',
  '#72F088': 'added',
  '#FFB1AF': 'removed',
};

const style = /^--shiki-light:#\w{6};--shiki-dark:(#\w{6});?$/;

export const codeColours: ShikiTransformer = {
  name: 'kindling:colours',
  line(line) {
    line.children = line.children.flatMap((piece) => {
      if (piece.type !== 'element') return [piece];
      const kind = kinds[style.exec(String(piece.properties.style))?.[1] ?? ''];
      if (kind === undefined) return [piece];
      delete piece.properties.style;
      if (kind === 'text' && Object.keys(piece.properties).length === 0)
        return piece.children as typeof line.children;
      if (kind !== 'text') piece.properties.class = `k-code-${kind}`;
      return [piece];
    });
  },
};
