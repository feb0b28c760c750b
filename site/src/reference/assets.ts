import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { siteDir } from './entries.ts';

const source = join(siteDir, 'src');
const vitepress = dirname(createRequire(import.meta.url).resolve('vitepress/package.json'));

/** Styles of the pages; the colours are VitePress' and the theme's. */
const styles = [
  join(vitepress, 'dist/client/theme-default/styles/vars.css'),
  join(siteDir, '.vitepress/theme/base.css'),
  join(source, 'reference/page/reference.css'),
  join(source, 'search/search.css'),
];

/** Scripts of the pages, from sources that the site shares. */
const scripts: Record<string, string> = {
  'appearance.js': join(source, 'reference/page/appearance.ts'),
  'page.js': join(source, 'reference/page/page.ts'),
  'names.js': join(source, 'reference/page/names.ts'),
  'dialog.js': join(source, 'search/dialog.ts'),
  'engine.js': join(source, 'search/engine.ts'),
  'keys.js': join(source, 'search/keys.ts'),
};

/** A module as browsers run it; they all lie in one folder. */
function javascript(file: string): string {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  return outputText.replace(/(from\s*['"])[^'"]*?([\w-]+)\.ts(?=['"])/g, '$1./$2.js');
}

/** Puts the site's styles and scripts beside typedoc's. */
export function writeAssets(folder: string): void {
  const highlighting = join(folder, 'highlight.css');
  const sheets = [highlighting, ...styles].map((file) => readFileSync(file, 'utf8'));
  writeFileSync(join(folder, 'site.css'), sheets.join('\n'));
  for (const [name, file] of Object.entries(scripts)) writeFileSync(join(folder, name), javascript(file));
}
