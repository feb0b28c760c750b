import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { indexedPage, notSearched } from './index-pages.ts';

/** What the search loads; pagefind brings faces of its own, which stay away. */
const needed =
  /^(?:pagefind\.js|pagefind-entry\.json|pagefind-worker\.js|wasm\.(?:en|unknown)\.pagefind|(?:index|fragment|filter)\/|pagefind\.[^/]*\.pf_meta)/;

/** Indexes the pages of a built site, reference and all, into its folder `pagefind/`. */
export async function writeSearchIndex(outDir: string): Promise<void> {
  const pagefind = await import('pagefind');
  const { index, errors } = await pagefind.createIndex({
    forceLanguage: 'en',
    excludeSelectors: notSearched,
  });
  if (index === undefined) throw new Error(`pagefind: ${errors.join(', ')}`);
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.html')) continue;
    const file = join(entry.parentPath, entry.name);
    const page = indexedPage(relative(outDir, file).split(sep).join('/'), readFileSync(file, 'utf8'));
    if (page === undefined) continue;
    const added = await index.addHTMLFile(page);
    if (added.errors.length > 0) throw new Error(`pagefind: ${file}: ${added.errors.join(', ')}`);
  }
  const { files } = await index.getFiles();
  for (const { path, content } of files) {
    if (!needed.test(path)) continue;
    const file = join(outDir, 'pagefind', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  await pagefind.close();
}
