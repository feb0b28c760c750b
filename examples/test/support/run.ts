import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { onBundles } from '../../../tools/bundled/on-bundles.ts';

const examples = join(import.meta.dirname, '../..');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example in a process of its own; the packages are bundled, which starts it sooner. */
export const runExample = (
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Ended =>
  spawnSync(process.execPath, [...onBundles, join(examples, `${script}.ts`), ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
