/**
 * Builds the package in whose folder it runs: one JavaScript file for each entry of its manifest (and one that they
 * share), since an import costs by the file, and one declaration file for each source file, since a bundler of
 * declarations loses their documentation and the way to definitions.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { annotated } from './annotations.ts';
import { emitDeclarations } from './declarations.ts';

const folder = process.cwd();
const { exports: entries } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  exports: Record<string, string>;
};

const annotations: Plugin = {
  name: 'annotations',
  transform: { filter: { id: /\.ts$/ }, handler: (code, id) => ({ code: annotated(code, id), map: null }) },
};

/** One letter beyond Latin-1 would make V8 hold, and read, twice as many bytes. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_, files) {
    for (const file of Object.values(files)) if (file.type === 'chunk') file.code = escaped(file.code);
  },
};
const escaped = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

rmSync(join(folder, 'dist'), { recursive: true, force: true });
const bundle = await rolldown({
  // `./src/testing/index.ts` becomes `dist/testing/index.js`.
  input: Object.fromEntries(
    Object.values(entries).map((path) => [/^\.\/src\/(.*)\.ts$/.exec(path)?.[1], path]),
  ),
  cwd: folder,
  platform: 'neutral',
  // What a bare name asks for is installed beside the package.
  external: /^[^./]/,
  plugins: [annotations, ascii],
});
await bundle.write({
  dir: 'dist',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  // What two entries share stands in one file with what all of them do.
  codeSplitting: { groups: [{ name: 'src', minShareCount: 2 }] },
  // Documentation stands in the declarations.
  comments: { jsdoc: false },
});
await bundle.close();
process.exitCode = emitDeclarations(folder) ? 0 : 1;
