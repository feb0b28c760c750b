/** The reference as typedoc wrote it for the present sources, kept between builds: writing it takes a minute. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagesDir, siteDir } from './entries.ts';

const cacheDir = join(siteDir, 'node_modules/.cache/reference');

/** What the pages are made of: the sources of the packages, and what of the site makes the pages. */
const parts = [
  ...readdirSync(packagesDir).flatMap((name) => [
    join(packagesDir, name, 'src'),
    join(packagesDir, name, 'package.json'),
  ]),
  ...[
    'src/reference/typedoc',
    'src/reference/entries.ts',
    'src/build/policy.ts',
    'src/navigation.ts',
    'package.json',
  ].map((path) => join(siteDir, path)),
];

function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

let ofSources: string | undefined;

/** The folder for the sources as they were first seen; it is there once the reference has been written. */
function folderNow(): string {
  ofSources ??= join(cacheDir, hashOfSources());
  return ofSources;
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const file of parts.flatMap(filesOf))
    hash.update(`${file.slice(siteDir.length)}\0`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** Writes the reference unless it is there, and returns its folder. `generate` fills a folder. */
export async function ensureReference(generate: (folder: string) => Promise<void>): Promise<string> {
  const folder = folderNow();
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  await generate(unfinished);
  // Another process may have been faster.
  if (existsSync(folder)) rmSync(unfinished, { recursive: true });
  else renameSync(unfinished, folder);
  for (const name of readdirSync(cacheDir).filter((other) => join(cacheDir, other) !== folder))
    if (Date.now() - statSync(join(cacheDir, name)).mtimeMs > 3_600_000)
      rmSync(join(cacheDir, name), { recursive: true, force: true });
  return folder;
}

/** While pages are being written, the reference may be of yesterday. */
const draft = process.env.KINDLING_SITE_DRAFT === '1';

let running: Promise<string> | undefined;

/** The same by a process of its own: typedoc is slow, and takes a gigabyte. */
export function makeReference(): Promise<string> {
  running ??= new Promise((resolve, reject) => {
    const folder = folderNow();
    const there = draft ? referenceThere() : undefined;
    if (there !== undefined || existsSync(folder)) {
      resolve(there ?? folder);
      return;
    }
    const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', cli], { cwd: siteDir, stdio: 'inherit' });
    child.on('error', reject);
    // A source may have changed in between.
    child.on('exit', (code) =>
      code === 0 ? resolve(referenceThere() ?? folder) : reject(new Error(`typedoc ended with ${code}`)),
    );
  });
  return running;
}

/** What is there: that of the present sources, or the last one. */
export function referenceThere(): string | undefined {
  const folder = folderNow();
  if (existsSync(folder)) return folder;
  if (!existsSync(cacheDir)) return undefined;
  const [last] = readdirSync(cacheDir)
    .filter((name) => /^[0-9a-f]+$/.test(name))
    .map((name) => join(cacheDir, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return last;
}

/** Adds what the pages have from the site, which changes without typedoc. */
export async function addAssets(folder: string): Promise<void> {
  // It loads TypeScript, which configuring does without.
  const { writeAssets } = await import('./assets.ts');
  writeAssets(join(folder, 'assets'));
}

/** Puts the reference into the folder of a built site. */
export async function writeReference(outDir: string): Promise<void> {
  const folder = join(outDir, 'reference');
  // Where names are described concerns who builds.
  const served = (path: string): boolean => !path.endsWith('symbols.json');
  cpSync(await makeReference(), folder, { recursive: true, filter: served });
  await addAssets(folder);
}
