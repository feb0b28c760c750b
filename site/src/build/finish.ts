/** Goes over what VitePress wrote. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { pageWithBase, placeholderBase, rootedPage, scriptWithBase, styleWithBase } from './base.ts';
import { pageWithPolicy } from './policy.ts';

export { placeholderBase };

function rewrite(path: string, text: string): string {
  if (path === '404.html') return pageWithPolicy(rootedPage(text));
  if (path.endsWith('.html')) return pageWithPolicy(pageWithBase(text, path));
  if (path.endsWith('.js')) return scriptWithBase(text);
  if (path.endsWith('.css')) return styleWithBase(text, path);
  return text;
}

export function finish(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.(?:html|js|css)$/.test(file)) continue;
    const text = readFileSync(file, 'utf8');
    const path = relative(folder, file).split(sep).join('/');
    const written = rewrite(path, text);
    if (written !== text) writeFileSync(file, written);
  }
}
