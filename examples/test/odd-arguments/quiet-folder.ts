import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';

/**
 * Has the tests of a file run in a folder of their own, without warnings: calls with odd arguments may write files, and
 * warn.
 */
export function inQuietFolder(): void {
  const home = process.cwd();
  let directory: string;

  beforeAll(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    directory = mkdtempSync(join(tmpdir(), 'kindling-odd-'));
    process.chdir(directory);
  });

  afterAll(() => {
    process.chdir(home);
    rmSync(directory, { recursive: true, force: true });
    vi.restoreAllMocks();
  });
}
