import { readFileSync, statSync } from 'node:fs';
import { ValueError } from '@kindling/core';

/**
 * All of a file.
 * @throws ValueError where it cannot be read, or is none: a device has no end
 */
export function readFile(path: string | URL): Buffer {
  try {
    if (!statSync(path).isFile()) throw new Error('it is no file');
    return readFileSync(path);
  } catch (cause) {
    throw new ValueError(`${path}: cannot be read: ${(cause as Error).message}`, { cause });
  }
}
