import type { Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';

/**
 * Refuses what may be waited for without end: devices, of which there is no end to read, and pipes that have a name,
 * which open when somebody opens the other end. A pipe without a name (`/dev/stdin`, `<(command)` of a shell) has its
 * other end already.
 */
export async function refuseEndless(path: string, purpose: 'read' | 'written'): Promise<void> {
  const stats = await stat(path);
  const kind =
    endlessKind(stats, purpose) ?? (stats.isFIFO() && (await hasName(path)) ? 'a named pipe' : null);
  if (kind !== null) throw new Error(`it is ${kind}, which is not ${purpose}; expected a file`);
}

function endlessKind(stats: Stats, purpose: 'read' | 'written'): string | null {
  if (stats.isSocket()) return 'a socket';
  return purpose === 'read' && (stats.isCharacterDevice() || stats.isBlockDevice()) ? 'a device' : null;
}

/** On Linux links lead to pipes without a name, and those links lead nowhere. */
async function hasName(path: string): Promise<boolean> {
  return await realpath(path).then(
    async (real) => !real.startsWith('/dev/') && (await lstat(real)).isFIFO(),
    () => false,
  );
}
