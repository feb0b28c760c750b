import { describe, expect, it } from 'vitest';
import { losses } from '../../../packages/nn/test/losses/all.ts';
import { apart } from '../../../packages/nn/test/losses/markdown.ts';
import { words } from '../../src/losses/content/index.ts';
import { families, lossNames } from '../../src/losses/families.ts';
import { galleryEntries, lossPages } from '../../src/losses/pages.ts';

const pages = await lossPages();
const page = (name: string) => {
  const found = pages.find(({ params }) => params.loss === name);
  if (found === undefined) throw new Error(`${name} has no page`);
  return found;
};
const entries = [...losses, ...Object.entries(apart).map(([name, entry]) => ({ name, ...entry }))];
/** The names in a list of the table, without what it says in brackets. */
const listed = (text: string): string[] =>
  text
    .replace(/\s*\([^)]*\)/g, '')
    .split(', ')
    .filter(Boolean);

describe('the pages of losses', () => {
  it('are one for each loss of the table that drives the tests', () => {
    const names = pages.map(({ params }) => params.loss).sort();
    expect(names).toEqual(entries.map(({ name }) => name).sort());
    expect(new Set(lossNames).size).toBe(lossNames.length);
    expect(families.flatMap((family) => family.losses)).toEqual(lossNames);
  });

  it.each(entries.map((entry) => [entry.name ?? '', entry] as const))(
    '%s: says what each argument has to be, in the order of the table',
    (name, { args }) => {
      const expected = words[name as keyof typeof words].expects.map((expectation) => expectation.name);
      expect(expected.slice(0, listed(args).length)).toEqual(listed(args));
    },
  );

  it.each(losses.map((entry) => [entry.name ?? '', entry] as const))(
    '%s: explains each option',
    (name, { options }) => {
      const { content } = page(name);
      for (const option of options.match(/\b[a-z]\w+(?=,|$| \(|;)/g) ?? [])
        if (!['class', 'function', 'constructor'].includes(option))
          expect(content).toContain(`| \`${option}\` |`);
    },
  );

  it('say what a function takes that its class knows', () => {
    expect(page('BinnedHuberLoss').content).toContain(
      '`F.binnedHuberLoss(input, target, edges, thresholds)`',
    );
    expect(page('QuantileLoss').content).toContain('`F.quantileLoss(input, target, quantiles)`');
  });

  it.each(lossNames)('%s: says first what it expects, then shows the rest', (name) => {
    const headings = [...page(name).content.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(headings[0]).toBe('What it expects');
    expect(headings).toContain('Value and gradient');
    expect(headings.slice(-4)).toEqual(['Common mistakes', 'When to use it', 'In PyTorch', 'Paper']);
  });

  it.each(lossNames)('%s: has a paper with its title, and alternatives other than itself', (name) => {
    expect(page(name).content).toMatch(/## Paper\n\n\[.+: .+\]\(https:\/\/.+\)/);
    expect(Object.keys(words[name].instead)).not.toContain(name);
    expect(Object.keys(words[name].instead).length).toBeGreaterThan(0);
  });

  it.each(lossNames)('%s: links to pages that there are', (name) => {
    const links = [...page(name).content.matchAll(/\]\(\.\/(\w+)\.md\)/g)].map(([, loss]) => loss);
    for (const link of links) expect(lossNames).toContain(link);
  });

  it('can be gone through from the first to the last', () => {
    const way: string[] = [];
    for (let name: string | null = lossNames[0] ?? null; name !== null; name = page(name).params.next)
      way.push(name);
    expect(way).toEqual(lossNames);
  });

  it('have a small curve each', () => {
    for (const { path } of galleryEntries()) expect(path).toMatch(/^M[\d.]+,[\d.]+(L[\d.]+,[\d.]+){20,}$/);
  });
});
