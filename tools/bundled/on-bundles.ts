/**
 * What has Node run TypeScript on the bundles of index.ts; apart from it, as whoever starts programs need not load what
 * makes them.
 */
import { join } from 'node:path';

export const onBundles: readonly string[] = [
  '--import',
  'tsx',
  '--import',
  join(import.meta.dirname, 'start.mjs'),
];
