import { readFileSync } from 'node:fs';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { losses } from './all.ts';
import { apart, page } from './markdown.ts';

const bases = ['Loss', 'WeightedLoss'];

describe('docs/losses.md', () => {
  it('is what `pnpm docs:losses` writes', () => {
    const committed = readFileSync(new URL('../../../../docs/losses.md', import.meta.url), 'utf8');
    expect(committed).toBe(page());
  });

  it('lists every loss class', () => {
    const classes = Object.keys(nn).filter(
      (name) => /^[A-Z].*Loss(2d)?$/.test(name) && !bases.includes(name),
    );
    const listed = [...losses.flatMap(({ name }) => name ?? []), ...Object.keys(apart)];
    expect(listed.sort()).toEqual(classes.sort());
  });

  it.each(['README.md', 'docs/index.md', 'docs/choosing-a-loss.md', 'docs/from-pytorch.md'])(
    'lists as many beyond PyTorch as %s counts',
    (path) => {
      const text = readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
      const { length } = losses.filter(({ torch }) => torch === null);
      const counted = [...text.matchAll(/\b(\d+) more\b/g)].map(([, count]) => Number(count));
      expect(counted).toEqual([length]);
    },
  );

  it('lists functions that there are', () => {
    for (const { fn } of losses) expect(nn.functional).toHaveProperty(fn);
  });
});
