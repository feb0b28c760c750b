import { createMarkdownRenderer, disposeMdItInstance } from 'vitepress';
import { describe, expect, it } from 'vitest';
import { indentedBlocks, longNames } from '../../src/markdown/index.ts';
import { wordsOf } from '../../src/markdown/long-names.ts';

function markdown() {
  // VitePress keeps its first renderer.
  disposeMdItInstance();
  return createMarkdownRenderer(import.meta.dirname, {
    config(md) {
      indentedBlocks(md);
      longNames(md);
    },
  });
}

describe('pages', () => {
  it('may break long names in headings between their words, and nowhere else', async () => {
    const md = await markdown();
    const env: { title?: string } = {};
    const html = md.render(
      '# AdaptiveLogSoftmaxWithLoss\n\n## The HuberLoss\n\nAdaptiveLogSoftmaxWithLoss\n',
      env,
    );
    expect(html).toContain('Adaptive<wbr>Log<wbr>Softmax<wbr>With<wbr>Loss');
    expect(html).toContain('>The HuberLoss');
    expect(html).toContain('<p>AdaptiveLogSoftmaxWithLoss</p>');
    expect(env.title).toBe('AdaptiveLogSoftmaxWithLoss');
    expect(html).toContain('id="adaptivelogsoftmaxwithloss"');
  });

  it('have indented blocks that scroll in themselves, as fences do', async () => {
    const html = (await markdown()).render('Folders:\n\n    a/  <first>\n    b/  second\n');
    expect(html).toMatch(/<div class="language-txt[^"]*">[\s\S]*<pre[^>]*tabindex="0"/);
    expect(html).toContain('a/  &#x3C;first>');
  });
});

it('names are cut where a word of theirs begins', () => {
  expect(wordsOf('MultiLabelSoftMarginLoss')).toEqual(['Multi', 'Label', 'Soft', 'Margin', 'Loss']);
  expect(wordsOf('BCEWithLogitsLoss')).toEqual(['BCE', 'With', 'Logits', 'Loss']);
  expect(wordsOf('HuberLoss')).toEqual(['HuberLoss']);
});
