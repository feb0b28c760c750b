/** Which words of guides are names of the library, and which are prose. */
import { createMarkdownRenderer, disposeMdItInstance, type MarkdownRenderer } from 'vitepress';
import { describe, expect, it } from 'vitest';
import { namesIn } from '../../src/reference/code-links.ts';
import { symbolLinks } from '../../src/reference/symbol-links.ts';
import { SymbolTable } from '../../src/reference/symbols.ts';

const table = new SymbolTable({
  '@kindling/core': {
    Tensor: 'core/Tensor.html',
    'Tensor.reshape': 'core/Tensor.html#reshape',
    data: 'core/data.html',
    'data.DataLoader': 'core/data/DataLoader.html',
    manualSeed: 'core/manualSeed.html',
    randn: 'core/randn.html',
    relu: 'core/relu.html',
  },
  '@kindling/nn': {
    F: 'nn/F.html',
    'F.huberLoss': 'nn/F/huberLoss.html',
    Linear: 'nn/Linear.html',
    Module: 'nn/Module.html',
    'Module.parameters': 'nn/Module.html#parameters',
  },
  '@kindling/optim': { Adam: 'optim/Adam.html', 'lrScheduler.StepLR': 'optim/lrScheduler/StepLR.html' },
});

describe('inline code of a guide', () => {
  it.each([
    ['Linear', 'nn/Linear.html'],
    ['nn.Linear', 'nn/Linear.html'],
    ['new nn.Linear(2, 8, { bias: false })', 'nn/Linear.html'],
    ['optim.Adam', 'optim/Adam.html'],
    ['optim.lrScheduler.StepLR', 'optim/lrScheduler/StepLR.html'],
    ['data.DataLoader', 'core/data/DataLoader.html'],
    ['x.reshape', 'core/Tensor.html#reshape'],
    ['Tensor.reshape', 'core/Tensor.html#reshape'],
    ['F.huberLoss', 'nn/F/huberLoss.html'],
    ['huberLoss', 'nn/F/huberLoss.html'],
    ['DataLoader', 'core/data/DataLoader.html'],
    ['StepLR', 'optim/lrScheduler/StepLR.html'],
    ['parameters()', 'nn/Module.html#parameters'],
    ['manualSeed(0)', 'core/manualSeed.html'],
    ['relu(x)', 'core/relu.html'],
    ['model.parameters()', 'nn/Module.html#parameters'],
    ['Linear.parameters', 'nn/Module.html#parameters'],
  ])('%s leads to %s', (code, page) => {
    expect(table.ofInlineCode(code)).toBe(page);
  });

  it.each([
    'dim',
    'data',
    'relu',
    'torch.relu',
    'torch.nn.Linear',
    'x + 1',
    '@kindling/nn',
    'toString',
    'constructor',
  ])('%s leads nowhere', (code) => {
    expect(table.ofInlineCode(code)).toBeUndefined();
  });
});

describe('a guide', () => {
  const rendered = async (text: string, known = table): Promise<string> => {
    // VitePress keeps its first renderer.
    disposeMdItInstance();
    const config = (md: MarkdownRenderer) => symbolLinks(md, () => known, '/base/reference/');
    return (await createMarkdownRenderer('.', { config })).render(text);
  };

  it('links its names, as whole pages and not as pages of the site', async () => {
    expect(await rendered('A `Linear` layer.')).toContain(
      '<a href="/base/reference/nn/Linear.html" class="k-symbol" target="_self"><code>Linear</code></a>',
    );
  });

  it('links none in headings and in links', async () => {
    expect(await rendered('## The `Linear` layer\n\n[a `Linear` layer](https://example.org)')).not.toContain(
      'k-symbol',
    );
  });

  it('links none that the reference does not have', async () => {
    expect(await rendered('A `Linear` layer.', new SymbolTable({}))).not.toContain('k-symbol');
  });
});

describe('a block of code', () => {
  const links = (code: string) =>
    [...namesIn(code, table)].map(([at, { name, page }]) => [code.slice(at, at + name.length), page]);

  it('links what it imports, where it imports and where it uses it', () => {
    expect(links("import { randn } from '@kindling/core';\nconst x = randn([2]);")).toEqual([
      ['randn', 'core/randn.html'],
      ['randn', 'core/randn.html'],
    ]);
  });

  it('links the names of a namespace, also under a name of its own', () => {
    expect(
      links("import * as layers from '@kindling/nn';\nnew layers.Linear(2, 8); nn.F.huberLoss(a, b);"),
    ).toEqual([
      ['Linear', 'nn/Linear.html'],
      ['huberLoss', 'nn/F/huberLoss.html'],
    ]);
  });

  it('links members of what guides call x and model, and methods in a chain that tensors alone have', () => {
    expect(links('x.reshape([2]); model.parameters(); other.reshape(); f(x).reshape([2]).map(g);')).toEqual([
      ['reshape', 'core/Tensor.html#reshape'],
      ['parameters', 'nn/Module.html#parameters'],
      ['reshape', 'core/Tensor.html#reshape'],
    ]);
  });

  it('links no names of its own, no members that are not there and no words in strings', () => {
    expect(
      links("const randn = 1; x.randn(); log('randn'); import { randn as r } from 'elsewhere'; r();"),
    ).toEqual([]);
  });

  it('follows a name that is imported under another', () => {
    expect(links("import { randn as normal } from '@kindling/core';\nnormal([2]);").at(-1)).toEqual([
      'normal',
      'core/randn.html',
    ]);
  });
});
