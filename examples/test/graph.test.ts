import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tensor, toDot } from '@kindling/core';
import { instance } from '@viz-js/viz';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'kindling-graph-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the graph example', () => {
  it('draws the loss and the compiled step', { timeout: 60_000 }, () => {
    const script = fileURLToPath(new URL('../graph.ts', import.meta.url));
    execFileSync(process.execPath, ['--import', 'tsx', script, '--out', folder]);
    const names = ['loss', 'step'].flatMap((name) => ['dot', 'mmd', 'svg'].map((end) => `${name}.${end}`));
    expect(readdirSync(folder).sort()).toEqual(names);
    const svg = readFileSync(join(folder, 'step.svg'), 'utf8');
    for (const text of ['gradient of 0.weight', 'argument 0', 'tanh_backward']) expect(svg).toContain(text);
  });
});

describe('Graphviz', () => {
  it('shows names as they are, whatever is in them', async () => {
    const w = tensor([1], { dtype: 'float32', requiresGrad: true });
    const name = 'a "b" \\N & &lt; <c> {d|e}';
    const svg = (await instance()).renderString(toDot(w.exp(), { names: { [name]: w } }), { format: 'svg' });
    const shown = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = '']) =>
      text
        .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&#160;', ' ')
        .replaceAll('&amp;', '&'),
    );
    expect(shown.map((text) => text.replaceAll('\u00a0', ' '))).toContain(name);
  });
});
