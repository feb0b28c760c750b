/** A folder is written as a whole or not at all. */
import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileError } from '@kindling/core/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFolder } from '../../src/torch-project/parts/folder.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kindling-folder-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const anExport = (text: string) => ({ 'verify.py': text, 'reference.safetensors': new Uint8Array(3) });

test('a folder is made with those above it', async () => {
  await writeFolder(join(base, 'a/b'), anExport('1'), false);
  expect(readdirSync(join(base, 'a/b')).sort()).toEqual(['reference.safetensors', 'verify.py']);
  expect(readdirSync(join(base, 'a'))).toEqual(['b']);
});

test('an export is replaced with all that is in it, if that is asked for', async () => {
  const folder = join(base, 'p');
  await writeFolder(folder, { ...anExport('1'), more: 'x' }, false);
  await expect(writeFolder(folder, anExport('2'), false)).rejects.toThrow(
    'has 3 files already; name another folder',
  );
  await writeFolder(folder, anExport('2'), true);
  expect(readdirSync(folder).length).toBe(2);
  expect(readFileSync(join(folder, 'verify.py'), 'utf8')).toBe('2');
  expect(readdirSync(base)).toEqual(['p']);
});

test('a folder that is no export is never replaced, nor is a file', async () => {
  mkdirSync(join(base, 'mine'));
  writeFileSync(join(base, 'mine/thesis.tex'), 'x');
  await expect(writeFolder(join(base, 'mine'), anExport('1'), true)).rejects.toThrow('is no export');
  await expect(writeFolder(join(base, 'mine/thesis.tex'), anExport('1'), true)).rejects.toThrow('is a file');
  expect(readdirSync(base)).toEqual(['mine']);
});

test('where a file cannot be written, the old folder stays, and nothing beside it', async () => {
  const folder = join(base, 'p');
  await writeFolder(folder, anExport('1'), false);
  await expect(writeFolder(folder, { ...anExport('2'), 'no/such/folder': '' }, true)).rejects.toThrow(
    'ENOENT',
  );
  expect(readFileSync(join(folder, 'verify.py'), 'utf8')).toBe('1');
  expect(readdirSync(base)).toEqual(['p']);
});

test('what the system refuses is a FileError that names the folder', async () => {
  symlinkSync('/dev/full', join(base, 'full'));
  const longest = join(base, 'n'.repeat(255));
  await writeFolder(longest, anExport('1'), false);
  expect(readdirSync(base).length).toBe(2);
  for (const [path, code] of [
    [`${longest}n`, 'ENAMETOOLONG'],
    [join(base, 'full/p'), 'EEXIST'],
  ] as const) {
    const error = await writeFolder(path, anExport('1'), false).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({
      path,
      code,
      message: expect.stringContaining(`exportTorch('${path}'): ${code}`),
    });
  }
  expect(readdirSync(base).length).toBe(2);
});

test('a process that is killed while it writes leaves one whole folder', { timeout: 60_000 }, async () => {
  const folder = join(base, 'p');
  const script = fileURLToPath(new URL('support/writer.ts', import.meta.url));
  for (const milliseconds of [2, 15]) {
    const writer = spawn(process.execPath, ['--import', 'tsx', script, folder], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await new Promise((resolve) => writer.once('message', resolve));
    writer.send('go');
    await new Promise((resolve) => writer.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    writer.kill('SIGKILL');
    await new Promise((resolve) => writer.once('close', resolve));
    const before = readdirSync(base).filter((name) => name.endsWith('-old') || name === 'p');
    expect(before).not.toEqual([]);
    const whole = join(base, before.includes('p') ? 'p' : (before[0] as string));
    const contents = new Set(readdirSync(whole).map((name) => readFileSync(join(whole, name), 'utf8')));
    expect([readdirSync(whole).length, contents.size]).toEqual([10, 1]);
    await writeFolder(folder, anExport('after'), true);
    expect(readdirSync(base)).toEqual(['p']);
  }
});
