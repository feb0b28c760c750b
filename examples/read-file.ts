import { readFileSync, statSync } from 'node:fs';
import { UsageError } from './flags.ts';

/**
 * All of a file.
 * @throws UsageError where it cannot be read, or is none: a device has no end
 */
export function readFile(path: string | URL): Buffer {
  try {
    if (!statSync(path).isFile()) throw new Error('it is no file');
    return readFileSync(path);
  } catch (cause) {
    throw new UsageError(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
