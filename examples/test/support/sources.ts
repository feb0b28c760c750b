/** The sources of the packages, as the tests of the whole tree read them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');
export const packages = join(root, 'packages');
const packageNames = readdirSync(packages).sort();

/** The source files of all packages, relative to `packages`, in alphabetical order. */
export function sourceFiles(): string[] {
  return packageNames.flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${name}/src/${path}`)
      .sort(),
  );
}
