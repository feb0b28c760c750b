import { ValueError } from '@kindling/core';

/** The files of a folder by name: text, or bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes files as a new folder, which stands there whole or not at all: they are written into another one beside it, which is then
 * renamed. What killed processes left beside it is removed.
 * @throws ValueError where there is a folder with something in it already, unless it is to be replaced
 */
export async function writeFolder(path: string, files: Files, overwrite: boolean): Promise<void> {
  const { mkdir, open, readdir, rename, rm } = await import('node:fs/promises');
  const { basename, dirname, join, resolve } = await import('node:path');
  const target = resolve(path);
  const parent = dirname(target);
  await refuseFolder(path, overwrite);
  await mkdir(parent, { recursive: true });
  const mark = `.${basename(target)}.kindling-`;
  for (const name of await readdir(parent))
    if (name.startsWith(mark) && !isRunning(Number(/-(\d+)-/.exec(name.slice(mark.length - 1))?.[1])))
      await rm(join(parent, name), { recursive: true, force: true });
  const own = `${mark}${process.pid}-`;
  const [next, old] = [join(parent, `${own}new`), join(parent, `${own}old`)];
  try {
    await rm(next, { recursive: true, force: true });
    await mkdir(next);
    for (const [name, content] of Object.entries(files)) {
      const file = await open(join(next, name), 'w');
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    const had = await rename(target, old).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    try {
      await rename(next, target);
    } catch (error) {
      if (had) await rename(old, target);
      throw error;
    }
  } finally {
    await rm(next, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/**
 * Refuses a place that is no folder to write into.
 * @throws ValueError
 */
export async function refuseFolder(path: string, overwrite: boolean): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new ValueError(`exportTorch: ${path} is a file, expected a folder`);
    throw error;
  });
  if (names.length === 0 || overwrite) return;
  throw new ValueError(
    `exportTorch: the folder ${path} has ${names.length} files already; name another one, or replace it by { overwrite: true }`,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
