/**
 * The declaration files of a package, one a source file. A bundler of declarations turns exports into lists of names,
 * in which editors lose the documentation of Tensor's methods and the way to their functions.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a declaration names another file of the package. */
const ownPath = /((?:from |import |import\()['"]\.\.?\/[^'"]*)\.ts(?=['"])/g;

/** Writes the declarations of the package in `folder` to its dist/; tells whether the compiler had nothing to say. */
export function emitDeclarations(folder: string): boolean {
  const tsc = join(import.meta.dirname, '../node_modules/.bin/tsc');
  const { status } = spawnSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'inherit' });
  // A user's compiler finds `./dtype.d.ts` by `./dtype.js`.
  for (const path of readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.d.ts')) continue;
    const file = join(folder, 'dist', path);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(ownPath, '$1.js'));
  }
  return status === 0;
}
