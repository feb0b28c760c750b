/**
 * The packages, each entry as one file, for programs that tests start: to load hundreds of sources takes longer than
 * most of the programs run. A global setup of Vitest; `start.mjs` has a program use them.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '../..');

/** The sources of all entries, by the names that they are imported under. */
function entries(): Record<string, string> {
  const folder = join(root, 'packages');
  return Object.fromEntries(
    readdirSync(folder).flatMap((name) => {
      const { exports } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as {
        exports: Record<string, string>;
      };
      return Object.entries(exports).map(([entry, path]) => [
        join('@kindling', name, entry),
        join(folder, name, path),
      ]);
    }),
  );
}

/** Makes the bundles; returns what removes them. */
export async function setup(): Promise<() => void> {
  const caches = join(root, 'node_modules/.cache');
  mkdirSync(caches, { recursive: true });
  const folder = mkdtempSync(join(caches, 'bundled-'));
  const bundle = await rolldown({
    input: entries(),
    platform: 'node',
    external: ['fast-check'],
    logLevel: 'silent',
  });
  // Stacks tell the library from programs by the name of its folder.
  await bundle.write({
    dir: folder,
    entryFileNames: '[name].mjs',
    chunkFileNames: '@kindling/[name]-[hash].mjs',
  });
  await bundle.close();
  process.env.KINDLING_BUNDLED = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Runs what starts programs on bundles. */
export async function withBundles(run: () => void): Promise<void> {
  const remove = await setup();
  try {
    run();
  } finally {
    remove();
  }
}
