import { createMarkdownRenderer, disposeMdItInstance } from 'vitepress';
import { describe, expect, it } from 'vitest';
import { codeColours, pages } from '../../src/markdown/index.ts';
import { wordsOf } from '../../src/markdown/long-names.ts';

function markdown() {
  // VitePress keeps its first renderer.
  disposeMdItInstance();
  return createMarkdownRenderer(import.meta.dirname, {
    math: true,
    codeTransformers: [codeColours],
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: pages,
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

  it('colour code by classes, and give plain pieces no element', async () => {
    const md = await markdown();
    const html = md.render("```ts\nconst x = f('a', 1); // of y\n```\n\n```diff\n-a\n+b\n```\n");
    expect(html).not.toContain('style=');
    const pieces = [...html.matchAll(/<span class="k-code-(\w+)">([^<]*)<\/span>/g)];
    expect(pieces.map(([, kind, text]) => `${kind} ${text?.trim()}`)).toEqual([
      'keyword const',
      'number x',
      'keyword =',
      'function f',
      "string 'a'",
      'number 1',
      'comment // of y',
      'removed -a',
      'added +b',
    ]);
    expect(html).toContain('</span>); <span');
  });

  it('keep formulas with the marks around them', async () => {
    const html = (await markdown()).render('Blanks are taken out ($B$); $p$ is a (probability), $q$.\n');
    const words = html.replaceAll(/<mjx-container[\s\S]*?<\/mjx-container>/g, 'M');
    expect(words).toBe(
      '<p>Blanks are taken out <span class="k-joined">(M);</span> M is a (probability), <span class="k-joined">M.</span></p>\n',
    );
  });

  it('have tables whose cells say what they are, where they are of words', async () => {
    const html = (await markdown()).render(
      '| Loss | `F` | |\n| --- | --- | --- |\n| a | b | c |\n| d | | f |\n',
    );
    expect(html).toContain('<table tabindex="0" class="k-records">');
    expect(html.match(/<td[^>]*>/g)).toEqual([
      '<td>',
      '<td data-column="F">',
      '<td>',
      '<td>',
      '<td data-column="F">',
      '<td>',
    ]);
  });

  it('have tables of numbers that stay tables', async () => {
    const html = (await markdown()).render('| Kernel | us |\n| --- | ---: |\n| add | 3 |\n');
    expect(html).toContain('class="k-numbers"');
    expect(html).not.toContain('data-column');
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
