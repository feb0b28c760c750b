import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, type ProjectReflection, RendererEvent } from 'typedoc';
import { type Entry, entries, packagesDir, siteDir } from '../entries.ts';
import { markFunctions, methodsOfProperties, starsInText } from './functions.ts';
import { nameBases } from './hierarchy.ts';
import { takeInherited } from './inherited.ts';
import { PackageRouter } from './router.ts';
import { symbolPages } from './symbols.ts';
import { defineTheme } from './theme.ts';

/** Has typedoc write its pages into a folder, and `symbols.json` beside them: where each public name is described. */
export async function generate(outDir: string, what: readonly Entry[] = entries()): Promise<void> {
  const app = await Application.bootstrap({
    name: 'Kindling',
    tsconfig: join(siteDir, 'tsconfig.typedoc.json'),
    entryPoints: what.map(({ file }) => file),
    // The project's own compiler checks the types; this one is older.
    skipErrorChecking: true,
    excludeInternal: true,
    excludeExternals: true,
    disableGit: true,
    displayBasePath: packagesDir,
    readme: 'none',
    alwaysCreateEntryPointModule: true,
    includeHierarchySummary: false,
    sortEntryPoints: false,
    hideGenerator: true,
    githubPages: false,
    highlightLanguages: ['typescript', 'python', 'bash', 'json'],
    lightHighlightTheme: 'github-light-high-contrast',
    darkHighlightTheme: 'github-dark-high-contrast',
    navigation: {
      includeGroups: false,
      includeCategories: false,
      includeFolders: false,
      excludeReferences: true,
    },
    router: 'packages',
    theme: 'kindling',
    // Links that lead nowhere are found in the built site; of two comments on one property either will do.
    logLevel: 'Error',
  });
  app.renderer.defineRouter('packages', PackageRouter);
  markFunctions();
  methodsOfProperties(app.converter);
  starsInText(app.converter);
  nameBases(app.converter);
  defineTheme(app, takeInherited(app.converter), what);
  const project = convert(app, what);
  app.renderer.on(RendererEvent.END, () => {
    if (app.renderer.router !== undefined)
      writeFileSync(join(outDir, 'symbols.json'), JSON.stringify(symbolPages(project, app.renderer.router)));
  });
  await app.generateDocs(project, outDir);
  if (app.logger.hasErrors()) throw new Error('typedoc could not write the reference');
  withoutSearch(join(outDir, 'assets'));
}

/** The site has a search and a tree of names of its own. */
function withoutSearch(assets: string): void {
  for (const name of ['search.js', 'navigation.js', 'hierarchy.js', 'icons.js'])
    rmSync(join(assets, name), { force: true });
  const main = join(assets, 'main.js');
  const code = readFileSync(main, 'utf8');
  const demand = 'throw new Error("Search controls missing")';
  if (!code.includes(demand)) throw new Error('typedoc starts its search in another way');
  writeFileSync(main, code.replace(demand, 'return'));
}

function convert(app: Application, what: readonly Entry[]): ProjectReflection {
  const found = app.getEntryPoints() ?? [];
  const names = new Map(what.map(({ file, specifier }) => [file, specifier]));
  for (const entry of found) {
    const name = names.get(entry.sourceFile.fileName);
    if (name === undefined)
      throw new Error(`no package of ${packagesDir} exports ${entry.sourceFile.fileName}`);
    entry.displayName = name;
  }
  if (found.length !== names.size) throw new Error(`typedoc found ${found.length} entries of ${names.size}`);
  return app.converter.convert(found);
}
