/** What the search reads of pages, and how it takes what is typed. */
import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../src/search/engine.ts';
import { indexedPage } from '../../src/search/index-pages.ts';

describe('what is typed', () => {
  it.each([
    ['Linear', '', 'Linear'],
    ['nn.Linear', 'nn', 'Linear'],
    ['optim.lrScheduler.StepLR', 'lrScheduler', 'StepLR'],
    ['new nn.Linear(2, 8)', 'nn', 'Linear'],
    ['manualSeed(0)', '', 'manualSeed'],
    ['  learning rate ', '', 'learning rate'],
    ['', '', ''],
  ])('%j asks for %j, %j', (query, owner, name) => {
    expect(parseQuery(query)).toEqual({ owner, name });
  });
});

describe('a page that is indexed', () => {
  const symbol = `<html><body><header>Bar</header><main class="col-content"><ul class="tsd-breadcrumb"><li><a href="../nn.html">@kindling/nn</a></li><li><a href="" aria-current="page">Batch<wbr/>Norm1d</a></li></ul>
<h1>Class Batch<wbr/>Norm1d</h1><p>Normalises.</p></main></body></html>`;

  it('of the reference has the name as its title, which weighs most, and says what it is', () => {
    const page = indexedPage('reference/nn/BatchNorm1d.html', symbol);
    expect(page?.url).toBe('/reference/nn/BatchNorm1d.html');
    expect(page?.content).toContain('<h1 data-pagefind-weight="10">BatchNorm1d</h1>');
    expect(page?.content).toContain('data-pagefind-meta="title:BatchNorm1d"');
    expect(page?.content).toContain('data-pagefind-meta="kind:Class of @kindling/nn"');
    expect(page?.content).not.toContain('Bar');
  });

  it('of a guide has its heading as its title', () => {
    const html =
      '<html><body><nav>Bar</nav><main><h1 id="x">Data <a class="header-anchor" href="#x">#</a></h1><p>Batches.</p><script>1</script></main></body></html>';
    const page = indexedPage('data.html', html);
    expect(page?.content).toContain('data-pagefind-meta="title:Data"');
    expect(page?.content).toContain('data-pagefind-meta="kind:Guide"');
    expect(page?.content).not.toMatch(/Bar|<script/);
  });

  it('is not that of an error', () => {
    expect(indexedPage('404.html', symbol)).toBeUndefined();
  });
});
