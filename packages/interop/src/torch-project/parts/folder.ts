import { KindlingError, ValueError } from '@kindling/core';

/** The files of a folder by name: text, or bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What an export has, by which one is told from other folders. */
const SIGNS = ['verify.py', 'reference.safetensors'];

const unlessMissing =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };

/** How many folders this process wrote: two at once have names of their own. */
let count = 0;

/** Runs `act`; what the file system throws becomes a FileError of the folder. */
async function ofFolder<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof KindlingError) throw error;
    const { FileError } = await import('@kindling/core/node');
    throw new FileError(`exportTorch('${path}')`, path, error);
  }
}

/**
 * Writes files as a folder, which stands there whole or not at all: they are written into another one beside it,
 * brought to the disk, and that one is renamed. What killed processes left beside it is removed.
 * @throws ValueError where there is a folder with something in it, unless that is an export which is to be replaced;
 *   FileError where it cannot be written
 */
export async function writeFolder(path: string, files: Files, overwrite: boolean): Promise<void> {
  await ofFolder(path, () => replaceFolder(path, files, overwrite));
}

async function replaceFolder(path: string, files: Files, overwrite: boolean): Promise<void> {
  const { mkdir, open, rename, rm } = await import('node:fs/promises');
  const { dirname, join, resolve } = await import('node:path');
  const target = resolve(path);
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  await removeAbandoned(target);
  await refuseFolder(path, overwrite);
  const own = join(parent, `.${await tagOf(target)}.kindling-${process.pid}-${count++}`);
  const [next, old] = [`${own}-new`, `${own}-old`];
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    const file = await open(join(next, name), 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  try {
    await mkdir(next);
    for (const [name, content] of Object.entries(files)) await write(name, content);
    const had = await rename(target, old).then(() => true, unlessMissing(false));
    try {
      await rename(next, target);
    } catch (error) {
      if (had) await rename(old, target);
      throw error;
    }
  } finally {
    for (const folder of [next, old]) await rm(folder, { recursive: true, force: true });
  }
}

/** What the folders beside a folder are named by: its name, shortened where that leaves no room for what follows. */
async function tagOf(target: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  const { basename } = await import('node:path');
  const name = basename(target);
  return Buffer.byteLength(name) < 200 ? name : createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** Removes what killed processes left beside a folder; one that was being replaced is put back. */
async function removeAbandoned(target: string): Promise<void> {
  const { readdir, rename, rm } = await import('node:fs/promises');
  const { basename, dirname, join } = await import('node:path');
  const parent = dirname(target);
  const tag = await tagOf(target);
  const names = await readdir(parent);
  for (const name of names) {
    const [, of, pid, kind] = /^\.(.+)\.kindling-(\d+)-\d+-(new|old)$/.exec(name) ?? [];
    if (of !== tag || isRunning(Number(pid))) continue;
    const left = join(parent, name);
    if (kind === 'old' && !names.includes(basename(target))) await rename(left, target);
    else await rm(left, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Refuses a place where no folder can be written.
 * @throws ValueError; FileError where it cannot be read
 */
export async function refuseFolder(path: string, overwrite: boolean): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  const refused = (why: string): ValueError => new ValueError(`exportTorch: ${path} ${why}`);
  const names = await ofFolder(path, () =>
    readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') throw refused('is a file, expected a folder, or none yet');
      return unlessMissing<string[]>([])(error);
    }),
  );
  if (names.length === 0) return;
  if (!overwrite)
    throw refused(
      `has ${names.length} files already; name another folder, or replace an export by { overwrite: true }`,
    );
  if (!SIGNS.every((name) => names.includes(name)))
    throw refused(
      `is no export (it has no ${SIGNS.join(' and ')}), so it is not replaced; name another folder`,
    );
}
