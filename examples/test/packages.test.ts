/** What the manifests promise, one with another. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { userFrames } from '@kindling/core';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Manifest {
  engines: { node: string };
  sideEffects: false | string[];
  exports: Record<string, string>;
  publishConfig: { exports: Record<string, { types: string; default: string } | string> };
}

const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name));

describe.each(packages)('%s', (folder) => {
  const { engines, sideEffects, exports, publishConfig } = manifest(folder);

  it('runs on the Node that the repository is developed on', () => {
    expect(engines).toEqual(manifest('.').engines);
  });

  it('names files of its own where it speaks of side effects', () => {
    for (const path of sideEffects || []) expect(existsSync(join(root, folder, path)), path).toBe(true);
  });

  it('has its sources told apart from the code that calls them', () => {
    const framesIn = (filename: string): string[] =>
      runInThisContext('(frames) => frames()', { filename })(userFrames);
    expect(framesIn(`/anywhere/${folder}/src/called.js`).join()).not.toContain('called.js');
    expect(framesIn('/anywhere/packages/app/src/called.js').join()).toContain('called.js');
  });

  it('publishes each entry that its sources have', () => {
    const published = Object.entries(exports).map(([entry, source]) => {
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      return [entry, { types: `${built}.d.ts`, default: `${built}.js` }];
    });
    expect(publishConfig.exports).toEqual({
      ...Object.fromEntries(published),
      './package.json': './package.json',
    });
  });
});
