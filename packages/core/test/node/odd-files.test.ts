/** What is no plain file, what never ends, and what changes while it is read. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checkpoint, io, ones, tensor, ValueError } from '@kindling/core';
import {
  FileError,
  folderStorage,
  loadBytes,
  loadNpy,
  loadSafetensors,
  saveBytes,
  saveNpy,
  saveSafetensors,
} from '@kindling/core/node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-odd-files-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const loading: [string, (path: string) => Promise<unknown>][] = [
  ['loadNpy', loadNpy],
  ['loadSafetensors', loadSafetensors],
  ['loadBytes', loadBytes],
];
const saving: [string, (path: string) => Promise<unknown>][] = [
  ['saveNpy', (path) => saveNpy(path, tensor([1]))],
  ['saveSafetensors', (path) => saveSafetensors(path, { x: tensor([1]) })],
  ['saveBytes', (path) => saveBytes(path, Uint8Array.of(1))],
];

async function expectRefused(
  name: string,
  act: (path: string) => Promise<unknown>,
  kind: string,
  path: string,
) {
  const error = await act(path).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(FileError);
  expect(error).toMatchObject({ path });
  const done = name.startsWith('load') ? 'read' : 'written';
  expect((error as Error).message).toBe(
    `${name}('${path}'): it is ${kind}, which is not ${done}; expected a file`,
  );
}

describe('what can be waited for without end is refused', () => {
  test.each(loading)('%s of a device, also by a link', async (name, load) => {
    symlinkSync('/dev/zero', at('link'));
    for (const path of ['/dev/zero', '/dev/urandom', '/dev/full', '/dev/null', at('link')])
      await expectRefused(name, load, 'a device', path);
  });

  test.each([...loading, ...saving])('%s of a pipe that has a name', async (name, act) => {
    spawnSync('mkfifo', [at('pipe')]);
    symlinkSync('pipe', at('link'));
    for (const path of [at('pipe'), at('link')]) await expectRefused(name, act, 'a named pipe', path);
  });

  test.each([...loading, ...saving])('%s of a socket', async (name, act) => {
    const server = await new Promise<Server>((resolve) => {
      const made = createServer().listen(at('socket'), () => resolve(made));
    });
    await expectRefused(name, act, 'a socket', at('socket'));
    await new Promise((resolve) => server.close(resolve));
  });

  test('a checkpoint that is a pipe', async () => {
    spawnSync('mkfifo', [at('checkpoint-00000001.safetensors')]);
    const checkpoint = new Checkpoint({ storage: folderStorage(folder), parts: {} });
    await expect(checkpoint.resume()).rejects.toThrow('it is a named pipe');
  });

  test('what says no size and has no end', async () => {
    // A file of this kind has a size of 0.
    writeFileSync(at('x'), '');
    await reads(async (_, length) => ({ bytesRead: length }));
    for (const [name, load] of loading) {
      await expect(load(at('x'))).rejects.toThrow(ValueError);
      await expect(load(at('x'))).rejects.toThrow(`${name}('${at('x')}'): there was no end after `);
    }
  });
});

test('a pipe without a name, which has no size either, is read to its end', () => {
  const script = `
    const { loadNpy, saveNpy } = await import('@kindling/core/node');
    await saveNpy('/dev/stdout', await loadNpy('/dev/stdin'));`;
  // Resolved from where the packages are known.
  const cwd = new URL('../../../../examples/', import.meta.url);
  const bytes = io.saveNpy(ones([70_000]));
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['-c', `cat | "$0" --import tsx --input-type=module -e "$1" | cat`, process.execPath, script],
    { input: bytes, cwd, maxBuffer: 2 ** 24 },
  );
  expect([status, stderr.toString()]).toEqual([0, '']);
  expect(stdout.equals(bytes)).toBe(true);
});

type Read = (buffer: Uint8Array, length: number) => Promise<{ bytesRead: number }>;

/** Has all files read so. */
async function reads(read: Read): Promise<void> {
  const probe = await open(at('x'));
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  vi.spyOn(prototype, 'read').mockImplementation(((buffer: Uint8Array, _: number, length: number) =>
    read(buffer, length)) as never);
}

describe('a file that changes while it is read', () => {
  const content: [string, (path: string) => Promise<unknown>, Uint8Array][] = [
    ['loadNpy', loadNpy, io.saveNpy(ones([10]))],
    ['loadSafetensors', loadSafetensors, io.saveSafetensors({ x: ones([10]) })],
    ['loadBytes', loadBytes, new Uint8Array(100)],
  ];

  test.each(content)('is refused by %s, though its size is the same', async (name, load, bytes) => {
    writeFileSync(at('x'), bytes);
    const probe = await open(at('x'));
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const { read } = prototype;
    vi.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
      // Times of files are no finer than some milliseconds.
      await new Promise((resolve) => setTimeout(resolve, 20));
      writeFileSync(at('x'), bytes);
      return await Reflect.apply(read, this, given);
    } as never);
    await expect(load(at('x'))).rejects.toThrow(
      `${name}('${at('x')}'): the file was written to while it was read`,
    );
    vi.restoreAllMocks();
    await load(at('x'));
  });

  test('is the old one to the end where it was replaced', async () => {
    await saveNpy(at('x'), ones([1000]));
    const probe = await open(at('x'));
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const { read } = prototype;
    vi.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
      await saveNpy(at('x'), tensor([2]));
      return await Reflect.apply(read, this, given);
    } as never);
    expect((await loadNpy(at('x'))).sum().item()).toBe(1000);
    vi.restoreAllMocks();
    expect((await loadNpy(at('x'))).item()).toBe(2);
  });
});

test('a name may be as long as the system allows', async () => {
  const [longest, longer] = ['n'.repeat(255), 'n'.repeat(256)];
  await saveNpy(at(longest), tensor([1]));
  await saveNpy(at(longest), tensor([2]));
  expect((await loadNpy(at(longest))).item()).toBe(2);
  await expect(saveNpy(at(longer), tensor([1]))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
});

test("nobody else's folder is written to, and the error says so", () => {
  // Root may write everything: then the attempt is made by nobody.
  const script = `
    const { saveBytes, loadBytes, folderStorage } = await import('@kindling/core/node');
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const tell = (e) => console.log(e.name, e.message);
    await saveBytes('${at('kept')}/x', new Uint8Array(9)).catch(tell);
    await loadBytes('${at('secret')}').catch(tell);
    await folderStorage('${at('kept')}/run').write('x', new Uint8Array(9)).catch(tell);`;
  spawnSync('mkdir', ['-m', '555', at('kept')]);
  writeFileSync(at('secret'), '', { mode: 0o000 });
  spawnSync('chmod', ['755', folder]);
  const cwd = new URL('../../../../examples/', import.meta.url);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    { cwd, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    `FileError saveBytes('${at('kept')}/x'): EACCES: permission denied`,
    `FileError loadBytes('${at('secret')}'): EACCES: permission denied`,
    `FileError folderStorage('${at('kept')}/run'): EACCES: permission denied`,
  ]);
  expect(existsSync(at('kept/x'))).toBe(false);
  expect(readFileSync(at('secret'), 'utf8')).toBe('');
});
