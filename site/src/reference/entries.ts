import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the site. */
export const siteDir = fileURLToPath(new URL('../../', import.meta.url));
export const packagesDir = fileURLToPath(new URL('../../../packages/', import.meta.url));

/** What can be imported, `@kindling/core/testing` say, and the file that it leads to. */
export interface Entry {
  readonly specifier: string;
  readonly file: string;
  /** What the package says of itself. */
  readonly description: string;
}

/** In this order users meet them; what is not named here comes after. */
const order = ['core', 'nn', 'optim', 'metrics', 'distributions', 'interop', 'tensorboard'];
const rank = (folder: string): number => (order.indexOf(folder) + order.length + 1) % (order.length + 1);

/** Every entry of every published package, from what the packages say that they export. */
export function entries(): Entry[] {
  const folders = readdirSync(packagesDir).sort((a, b) => rank(a) - rank(b));
  return folders.flatMap((folder) => {
    const file = join(packagesDir, folder, 'package.json');
    const { name, description, exports } = JSON.parse(readFileSync(file, 'utf8')) as {
      name: string;
      description: string;
      exports: Record<string, string>;
    };
    return Object.entries(exports).map(([path, source]) => ({
      specifier: posix.join(name, path),
      file: join(dirname(file), source),
      description: path === '.' ? description : firstComment(join(dirname(file), source)),
    }));
  });
}

/** The comment that a folder's face begins with. */
const firstComment = (file: string): string =>
  /^\/\*\*\s*([\s\S]*?)\s*\*\//.exec(readFileSync(file, 'utf8'))?.[1]?.replace(/\s*\n\s*\*\s*/g, ' ') ?? '';
