/**
 * A browser that is killed while a page saves checkpoints: what was saved is there at the next start, whole, and
 * nothing else.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePage } from './page.ts';
import type { Told } from './saver.ts';

const starts = 6;
/** A start of a browser may take so long. */
const patience = 60_000;

/**
 * Starts a browser several times with one profile, and kills each a few milliseconds after so many saves. Gives what is
 * wrong; `null` where nothing is.
 */
export async function killBrowser(command: string, script: string): Promise<string | null> {
  const profile = mkdtempSync(join(tmpdir(), 'kindling-killed-'));
  let heard: (told: Told) => void = () => undefined;
  const { url, close } = await servePage(script, (told) => heard(JSON.parse(told) as Told));
  let newest = 0;
  try {
    for (let i = 0; i < starts; i++) {
      const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
      // A group of its own: its other processes end with it.
      const browser = spawn(command, [...options, url], { stdio: 'ignore', detached: true });
      const ended = new Promise((resolve) => browser.on('close', resolve));
      const enough = new Promise<string | null>((resolve) => {
        browser.on('error', (error) => resolve(error.message));
        setTimeout(() => resolve(`start ${i + 1} told nothing in time`), patience).unref();
        let saves = 0;
        heard = ({ found, names = [], saved, fault }) => {
          if (fault !== undefined) resolve(fault);
          if (found !== undefined && found < newest)
            resolve(`start ${i + 1} found step ${found}, ${newest} was saved`);
          if (names.length > 2) resolve(`start ${i + 1} found ${names.join()}`);
          newest = Math.max(newest, saved ?? found ?? 0);
          if (saved !== undefined && ++saves === 2 + i) resolve(null);
        };
      });
      const fault = await enough;
      await new Promise((resolve) => setTimeout(resolve, 7 * i));
      if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
      await ended;
      if (fault !== null) return fault;
    }
    return null;
  } finally {
    close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
