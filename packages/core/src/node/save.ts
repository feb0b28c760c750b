/** Files written as a whole or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  access,
  type FileHandle,
  link,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { threadId } from 'node:worker_threads';
import { refuseEndless } from './endless.ts';
import { type Call, ofFile } from './file-error.ts';

/** Temporary files of one machine, told by its name: process numbers of another one say nothing here. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const TEMPORARY = /^\.kindling-([0-9a-f]{8})-(\d+)-\d+-[0-9a-f]{8}\.tmp$/;
/** A file that nothing was written to for so long has nobody, wherever its process may have run. */
const ABANDONED_MS = 24 * 3600 * 1000;
/** Clocks of files and processes differ by less. */
const CLOCK_MS = 1000;

/** Short, whatever the target's name, which may itself be as long as names can be. */
const temporaryName = (): string =>
  `.kindling-${machine}-${process.pid}-${threadId}-${randomBytes(4).toString('hex')}.tmp`;

/**
 * Writes the parts, one after the other, so that at each moment the old file or the new one stands under the name:
 * beside the target, through to the disk, then renamed. Symbolic links are followed, the mode of an old file is kept,
 * and what processes left behind that were killed while they saved is removed.
 */
export async function writeWhole(call: Call, parts: readonly Uint8Array[]): Promise<void> {
  await ofFile(call, async () => {
    const old = await stat(call.path).catch(unlessMissing);
    if (old !== null && !old.isFile() && !old.isDirectory()) {
      await refuseEndless(call.path, 'written');
      return await writeThrough(call.path, parts);
    }
    // Also where there is none yet, a slash at the end names a folder.
    if (old?.isDirectory() || (old === null && call.path.replaceAll(sep, '/').endsWith('/'))) {
      throw Object.assign(new Error('EISDIR: illegal operation on a directory'), { code: 'EISDIR' });
    }
    // A rename does not ask whether the file may be written: its owner may have protected it.
    if (old !== null) await access(call.path, constants.W_OK);
    const target = old === null ? await missingTarget(call.path) : await realpath(call.path);
    const folder = dirname(target);
    await removeAbandoned(folder);
    const temporary = join(folder, temporaryName());
    try {
      await writeTemporary(temporary, parts, old);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  });
}

/** What a file system says that has no second names for files. */
const hasNoLinks: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
]);

/**
 * {@link writeWhole} under a name that nobody has; `false` where somebody has it, also where another process takes it
 * meanwhile. Where the file system cannot tell (FAT, some of networks) the last one stands.
 */
export async function createWhole(call: Call, parts: readonly Uint8Array[]): Promise<boolean> {
  return await ofFile(call, async () => {
    const folder = dirname(call.path);
    await removeAbandoned(folder);
    const temporary = join(folder, temporaryName());
    try {
      await writeTemporary(temporary, parts, null);
      // Unlike a rename it refuses a name that is taken.
      await link(temporary, call.path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (!hasNoLinks.has(code)) throw error;
      await rename(temporary, call.path);
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
    await syncFolder(folder);
    return true;
  });
}

function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/** Where a file that is not there yet is to be: at the end of the symbolic links that lead nowhere. */
async function missingTarget(path: string): Promise<string> {
  for (let at = path, links = 0; ; links++) {
    const folder = await realpath(dirname(at));
    const next = await readlink(at).catch(() => null);
    if (next === null || links > 40) return join(folder, basename(at));
    // As it stands: `..` behind a link leads up from where that leads to, not from where it stands.
    at = isAbsolute(next) ? next : folder + sep + next;
  }
}

/** A device or a pipe has no content that could be torn, and must not be replaced by a file. */
async function writeThrough(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, 'w');
  try {
    for (const part of parts) await handle.writeFile(part);
  } finally {
    await handle.close();
  }
}

async function writeTemporary(path: string, parts: readonly Uint8Array[], old: Stats | null): Promise<void> {
  // Never readable by more than the old file was, not even for a moment.
  const handle = await open(path, 'wx', old === null ? 0o666 : old.mode & 0o700);
  try {
    for (const part of parts) await handle.writeFile(part);
    if (old !== null) await keepOwnerAndMode(handle, old);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function keepOwnerAndMode(handle: FileHandle, old: Stats): Promise<void> {
  const { uid, gid } = await handle.stat();
  // Only root may give files away.
  if (uid !== old.uid || gid !== old.gid) await handle.chown(old.uid, old.gid).catch(() => {});
  await handle.chmod(old.mode & 0o7777);
}

/** Makes the new name last. Where the system does not let a folder be opened, or synced, there is no more to do. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  try {
    await handle?.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') throw error;
  } finally {
    await handle?.close();
  }
}

/** Removes what processes left in a folder that were killed while they saved. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (TEMPORARY.test(name) && (await isAbandoned(path, name)))
      await rm(path, { force: true }).catch(() => {});
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const [, of, pid] = TEMPORARY.exec(name) ?? [];
  const written = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (Date.now() - written > ABANDONED_MS) return true;
  if (of !== machine) return false;
  // Process numbers come again: of what bears ours, only what is older than this process is none of ours.
  if (Number(pid) === process.pid) return written < Date.now() - process.uptime() * 1000 - CLOCK_MS;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
