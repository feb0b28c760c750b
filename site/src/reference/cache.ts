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
    'src/reference',
    'src/search',
    'src/build',
    'src/navigation.ts',
    '.vitepress/theme/base.css',
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

/** The folder for the present sources; it is there once the reference has been written. */
function folderNow(): string {
  const hash = createHash('sha256');
  for (const file of parts.flatMap(filesOf))
    hash.update(`${file.slice(siteDir.length)}\0`).update(readFileSync(file));
  return join(cacheDir, hash.digest('hex').slice(0, 16));
}

/** Writes the reference unless it is there, and returns its folder. `generate` fills a folder. */
export async function ensureReference(generate: (folder: string) => Promise<void>): Promise<string> {
  const folder = folderNow();
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  await generate(draft);
  // Another process may have been faster.
  if (!existsSync(folder)) renameSync(draft, folder);
  for (const name of readdirSync(cacheDir)) {
    const other = join(cacheDir, name);
    if (other !== folder) rmSync(other, { recursive: true, force: true });
  }
  return folder;
}

let running: Promise<string> | undefined;

/** The same by a process of its own: typedoc is slow, and takes a gigabyte. */
export function makeReference(): Promise<string> {
  running ??= new Promise((resolve, reject) => {
    const folder = folderNow();
    if (existsSync(folder)) {
      resolve(folder);
      return;
    }
    const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', cli], { cwd: siteDir, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(folder) : reject(new Error(`typedoc ended with ${code}`)),
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

/** Puts the reference into the folder of a built site. */
export async function writeReference(outDir: string): Promise<void> {
  cpSync(await makeReference(), join(outDir, 'reference'), { recursive: true });
}
