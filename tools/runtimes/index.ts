/**
 * Runs Kindling with threads in Node, Deno, Bun and Chromium, those that there are: found on the PATH, or where
 * KINDLING_DENO, KINDLING_BUN and KINDLING_CHROMIUM say. Each trains a net and multiplies on one, two and three
 * threads, saves checkpoints wherever it can, and must end by itself.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { build } from 'esbuild';
import { killBrowser } from './kills.ts';
import { servePage } from './page.ts';
import type { Findings } from './program.ts';

const limit = 120_000;
const root = join(import.meta.dirname, '..', '..');

async function bundle(main: string): Promise<string> {
  const stdin = { contents: main, resolveDir: import.meta.dirname, loader: 'ts' as const };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false, target: 'es2023' });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild gave nothing');
  return file.text;
}

interface Ended {
  readonly output: string;
  readonly missing: boolean;
  readonly status: number | null;
}

/** Runs a command to its end; `stop` ends it before. */
function run(command: string, args: readonly string[], stop?: Promise<unknown>): Promise<Ended> {
  return new Promise((resolve) => {
    const PATH = [process.env.PATH, join(root, 'tools/node_modules/.bin')].join(delimiter);
    const child = spawn(command, args, { timeout: limit, env: { ...process.env, PATH } });
    let output = '';
    let missing = false;
    child.stdout.on('data', (part) => (output += part));
    child.stderr.on('data', (part) => (output += part));
    child.on('error', (error: NodeJS.ErrnoException) => {
      missing ||= error.code === 'ENOENT';
      output += error.message;
    });
    child.on('close', (status) => resolve({ output, missing, status }));
    stop?.then(() => child.kill());
  });
}

/** What is wrong with what was found, where threads are to be had or not, and such storages. */
function faultOf(found: Findings, threaded: boolean, storages: readonly string[]): string | null {
  if (!found.same) return 'bits differ';
  for (const storage of storages) {
    const fault = found.storages[storage];
    if (fault !== null) return `storage ${storage}: ${fault ?? 'there is none'}`;
  }
  const took = found.takenByPrograms > 0 && found.takenByCalls > 0;
  if (took !== threaded) return threaded ? 'no worker took part' : 'workers took part';
  return null;
}

let failures = 0;

function report(name: string, found: Findings | null, threaded: boolean, otherwise: string): void {
  const storages = found?.isolated === null ? ['memory'] : ['memory', 'opfs', 'indexedDB'];
  const fault = found === null ? otherwise : faultOf(found, threaded, storages);
  if (fault !== null) failures++;
  console.log(`${fault === null ? 'ok    ' : 'FAILED'}  ${name}: ${fault ?? ''}${JSON.stringify(found)}`);
}

async function inProcess(name: string, command: string, args: readonly string[]): Promise<void> {
  const { output, missing, status } = await run(command, args);
  if (missing) {
    console.log(`none    ${name}: not found`);
    return;
  }
  const line = output.split('\n').find((l) => l.startsWith('FOUND '));
  const found = line === undefined || status !== 0 ? null : (JSON.parse(line.slice(6)) as Findings);
  report(name, found, true, `ended with ${status}\n${output}`);
}

/**
 * A page with or without cross-origin isolation, that tells the server what it found; whether there is such a browser.
 */
async function inPage(command: string, isolated: boolean): Promise<boolean> {
  const name = `Chromium, ${isolated ? '' : 'not '}cross-origin isolated`;
  const script = await bundle(
    `import { findings } from './program.ts';
    const tell = (found) => fetch('/found', { method: 'POST', body: JSON.stringify(found) });
    findings().then(tell, (error) => tell({ error: String(error) }));`,
  );
  let tell: (found: string) => void = () => undefined;
  const told = new Promise<string>((resolve) => (tell = resolve));
  const { url, close } = await servePage(script, (found) => tell(found), isolated);
  const profile = mkdtempSync(join(tmpdir(), 'kindling-chromium-'));
  const options = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
  const ended = run(command, [...options, url], told);
  const found = await Promise.race([told, ended]);
  await ended;
  close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  if (typeof found !== 'string') {
    if (found.missing) console.log(`none    ${name}: not found`);
    else report(name, null, isolated, `ended with ${found.status}\n${found.output}`);
    return !found.missing;
  }
  const findings = JSON.parse(found) as Findings & { readonly error?: string };
  report(name, findings.error === undefined ? findings : null, isolated, findings.error ?? '');
  return true;
}

/** A page that is killed with its browser while it saves into a storage. */
async function killed(command: string, storage: 'opfsStorage' | 'indexedDBStorage'): Promise<void> {
  const script = await bundle(
    `import { ${storage} } from '../../packages/core/src/index.ts';
    import { saveForEver } from './saver.ts';
    const tell = (told) => fetch('/told', { method: 'POST', body: JSON.stringify(told) });
    saveForEver(${storage}('run'), tell).catch((error) => tell({ fault: String(error) }));`,
  );
  const fault = await killBrowser(command, script);
  if (fault !== null) failures++;
  console.log(
    `${fault === null ? 'ok    ' : 'FAILED'}  Chromium, killed while it saves: ${storage} ${fault ?? ''}`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'kindling-runtimes-'));
try {
  const script = join(folder, 'main.mjs');
  writeFileSync(
    script,
    await bundle(
      `import { findings } from './program.ts'; console.log('FOUND ' + JSON.stringify(await findings()));`,
    ),
  );
  await inProcess(`Node ${process.version}`, process.execPath, [script]);
  await inProcess('Deno', process.env.KINDLING_DENO ?? 'deno', ['run', '--allow-all', script]);
  await inProcess('Bun', process.env.KINDLING_BUN ?? 'bun', ['run', script]);
  const chromium = process.env.KINDLING_CHROMIUM ?? 'chromium';
  await inPage(chromium, true);
  const isThere = await inPage(chromium, false);
  for (const storage of isThere ? (['opfsStorage', 'indexedDBStorage'] as const) : [])
    await killed(chromium, storage);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
