/** What stands on the disk while files are saved, after saving failed, and after the process was killed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as K from '@kindling/core';
import { io, KindlingError, type Tensor, tensor, ValueError } from '@kindling/core';
import { FileError, loadNpy, loadSafetensors, saveNpy, saveSafetensors } from '@kindling/core/node';
import ts from '@typescript/typescript6';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeWhole } from '../../src/node/save.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-saving-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);
const valueIn = async (path: string): Promise<unknown> => (await loadNpy(path)).toArray();

describe('the target', () => {
  test('keeps its mode; a new file has the usual one', async () => {
    for (const mode of [0o600, 0o640, 0o755, 0o666]) {
      await saveNpy(at('x.npy'), tensor([1]));
      chmodSync(at('x.npy'), mode);
      await saveNpy(at('x.npy'), tensor([2]));
      expect(statSync(at('x.npy')).mode & 0o7777).toBe(mode);
    }
    const umask = process.umask();
    await saveSafetensors(at('new'), { x: tensor([1]) });
    expect(statSync(at('new')).mode & 0o777).toBe(0o666 & ~umask);
  });

  test('a secret file is never readable by others, not even under its temporary name', async () => {
    writeFileSync(at('x'), '', { mode: 0o600 });
    const probe = await open(at('x'));
    const write = vi.spyOn(
      Object.getPrototypeOf(probe) as { writeFile: (data: Uint8Array) => Promise<void> },
      'writeFile',
    );
    const modes: number[] = [];
    write.mockImplementation(async () => {
      for (const name of readdirSync(folder)) modes.push(statSync(at(name)).mode & 0o077);
    });
    await saveNpy(at('x'), tensor([1]));
    await probe.close();
    expect(modes).toEqual([0, 0]);
  });

  test('may be a symbolic link, or a chain of them, or one that leads nowhere yet', async () => {
    mkdirSync(at('real'));
    mkdirSync(at('links'));
    symlinkSync('../real/x.npy', at('links/x.npy'));
    symlinkSync(at('links/x.npy'), at('first'));
    for (const value of [1, 2]) {
      await saveNpy(at('first'), tensor([value]));
      expect(await valueIn(at('real/x.npy'))).toEqual([value]);
    }
    for (const link of ['first', 'links/x.npy']) expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
    expect([readdirSync(at('real')), readdirSync(at('links'))]).toEqual([['x.npy'], ['x.npy']]);
    // What leads up from a linked folder leads up from where that is.
    mkdirSync(at('real/deep'));
    symlinkSync('real/deep', at('short'));
    symlinkSync('short/../y.npy', at('up'));
    await saveNpy(at('up'), tensor([4]));
    expect([await valueIn(at('up')), existsSync(at('y.npy'))]).toEqual([[4], false]);
    symlinkSync(at('loop'), at('loop'));
    await expect(saveNpy(at('loop'), tensor([1]))).rejects.toMatchObject({
      name: 'FileError',
      code: 'ELOOP',
    });
  });

  test('may have a name as long as names can be, of bytes or of characters', async () => {
    for (const name of ['x'.repeat(255), 'é'.repeat(127)]) {
      await saveNpy(at(name), tensor([3]));
      expect(await valueIn(at(name))).toEqual([3]);
    }
    await expect(saveNpy(at('x'.repeat(256)), tensor([1]))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    expect(readdirSync(folder).length).toBe(2);
  });

  test('of a URL with a query or a hash is written beside and renamed, as any other', async () => {
    for (const extra of ['?v=1', '#part', '?a#b']) {
      const names = new Set<string>();
      const probe = await open(folder);
      const prototype = Object.getPrototypeOf(probe) as { sync: () => Promise<void> };
      await probe.close();
      vi.spyOn(prototype, 'sync').mockImplementation(async () => {
        for (const name of readdirSync(folder)) names.add(name.replace(/^\.kindling-.*\.tmp$/, 'temporary'));
      });
      await saveNpy(new URL(`${pathToFileURL(at('u.npy')).href}${extra}`), tensor([5]));
      expect([...names].sort()).toEqual(['temporary', 'u.npy']);
      expect(await valueIn(at('u.npy'))).toEqual([5]);
      rmSync(at('u.npy'));
      vi.restoreAllMocks();
    }
  });

  test('that is a device is written to, and not replaced', async () => {
    await saveNpy('/dev/null', tensor([1]));
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    symlinkSync('/dev/full', at('full'));
    await expect(saveSafetensors(at('full'), { x: tensor([1]) })).rejects.toMatchObject({
      name: 'FileError',
      code: 'ENOSPC',
      path: at('full'),
      message: `saveSafetensors('${at('full')}'): ENOSPC: no space left on device`,
    });
    expect(lstatSync(at('full')).isSymbolicLink()).toBe(true);
  });

  test('holds what the tensors held at the call', async () => {
    const x = K.ones([100_000]);
    const saved = saveSafetensors(at('x'), { x });
    x.zero_();
    await saved;
    expect((await loadSafetensors(at('x'))).x!.min().item()).toBe(1);
  });
});

describe('an error', () => {
  const failing: [string, () => Promise<unknown>, string, string][] = [
    ['no folder', () => saveNpy(at('no/x.npy'), tensor([1])), 'ENOENT', 'no/x.npy'],
    ['no file', () => loadSafetensors(at('x')), 'ENOENT', 'x'],
    ['a folder, saving', () => saveSafetensors(folder, { x: tensor([1]) }), 'EISDIR', ''],
    ['a folder that is not there, saving', () => saveNpy(at('new/'), tensor([1])), 'EISDIR', 'new/'],
    ['a folder, loading', () => loadNpy(folder), 'EISDIR', ''],
    ['a file for a folder', () => saveNpy(join(at('file'), 'x'), tensor([1])), 'ENOTDIR', 'file/x'],
    ['too long a name', () => loadNpy(at('y'.repeat(300))), 'ENAMETOOLONG', 'y'.repeat(300)],
  ];
  test.each(failing)('names the file, and has the cause: %s', async (_, act, code, name) => {
    writeFileSync(at('file'), '');
    const error = await act().then(
      () => null,
      (e: unknown) => e as FileError,
    );
    expect(error).toBeInstanceOf(FileError);
    expect(error).toBeInstanceOf(KindlingError);
    const path = name === '' ? folder : at(name);
    expect([error!.code, error!.path]).toEqual([code, path]);
    expect(error!.message).toMatch(/^(save|load)(Npy|Safetensors)\('/);
    expect(error!.message).toContain(`('${path}'): ${code}: `);
    expect(error!.message).not.toContain('.tmp');
    expect(error!.cause).toMatchObject({ code });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test.each<[unknown, string]>([
    ['', 'expected the path of a file, a string or a file URL, got ""'],
    ['a\0b', 'expected the path of a file'],
    [5, 'got number'],
    [null, 'got null'],
    [undefined, 'got undefined'],
    [new URL('https://example.org/x.npy'), 'https://example.org/x.npy names no file'],
    [new URL('file:///a%2Fb'), 'names no file'],
  ])('of the path %j is a ValueError', async (path, message) => {
    for (const act of [
      () => saveNpy(path as string, tensor([1])),
      () => loadNpy(path as string),
      () => saveSafetensors(path as string, {}),
      () => loadSafetensors(path as string),
    ]) {
      await expect(act()).rejects.toThrow(ValueError);
      await expect(act()).rejects.toThrow(message);
    }
  });

  test('of the content names file and tensor', async () => {
    const bytes = io.saveSafetensors({ a: tensor([1, 2]) });
    writeFileSync(at('cut'), bytes.subarray(0, -1));
    await expect(loadSafetensors(at('cut'))).rejects.toThrow(
      `loadSafetensors('${at('cut')}'): malformed file: tensor "a" lies at bytes 0 to 16, outside the 15 bytes of data (truncated?)`,
    );
    writeFileSync(at('wide'), bytes.with(bytes.length - 1, 1));
    await expect(loadSafetensors(at('wide'))).rejects.toThrow(
      `loadSafetensors('${at('wide')}'): tensor "a": element 1 is 72057594037927938, which does not fit into int32`,
    );
    writeFileSync(at('npy'), io.saveNpy(tensor([1])).subarray(0, 100));
    await expect(loadNpy(at('npy'))).rejects.toThrow(`loadNpy('${at('npy')}'): malformed file: `);
    await expect(saveSafetensors(at('x'), { a: 5 as unknown as Tensor })).rejects.toThrow(
      `saveSafetensors('${at('x')}'): "a": expected a Tensor, got number`,
    );
    for (const [wrong, kind] of [
      [tensor([1]), 'a Tensor of shape [1]; give it a name'],
      [[tensor([1])], 'got [a Tensor of shape [1]]'],
      [null, 'null'],
      [() => {}, 'a function; of a module, save model.stateDict()'],
    ] as const) {
      await expect(saveSafetensors(at('x'), wrong as never)).rejects.toThrow(kind);
    }
    await expect(
      saveSafetensors(at('x'), { a: tensor([1]) }, { metadata: { n: 1 as never } }),
    ).rejects.toThrow(`saveSafetensors('${at('x')}'): metadata holds strings, but "n" is number`);
    expect(existsSync(at('x'))).toBe(false);
  });

  test.each(['writeFile', 'sync', 'chmod'] as const)(
    'in %s leaves the old file, and nothing else',
    async (step) => {
      await saveNpy(at('x.npy'), tensor([1]));
      const probe = await open(at('x.npy'));
      const prototype = Object.getPrototypeOf(probe) as Record<typeof step, () => Promise<void>>;
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      vi.spyOn(prototype, step).mockRejectedValue(full);
      await expect(saveNpy(at('x.npy'), tensor([2]))).rejects.toMatchObject({
        message: `saveNpy('${at('x.npy')}'): ENOSPC: no space left on device`,
        cause: full,
      });
      vi.restoreAllMocks();
      await probe.close();
      expect([readdirSync(folder), await valueIn(at('x.npy'))]).toEqual([['x.npy'], [1]]);
    },
  );

  test('of a file that is protected from writing leaves it as it is', () => {
    writeFileSync(at('x'), 'old');
    chmodSync(at('x'), 0o444);
    chmodSync(folder, 0o777);
    // Root may write everything: then the attempt is made by nobody.
    const script = `
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      await writeWhole({ path: '${at('x')}', where: 'save' }, [new Uint8Array(9)]).catch((e) => console.log(e.name, e.code));`;
    const { stdout, stderr } = spawnSync(process.execPath, program(script), { encoding: 'utf8' });
    expect([stdout.trim(), stderr]).toEqual(['FileError EACCES', '']);
    expect([readdirSync(folder), readFileSync(at('x'), 'utf8')]).toEqual([['x'], 'old']);
  });
});

/** A program with nothing but the writer of files, compiled: it starts in a twentieth of the time that all of core takes. */
const compiled = mkdtempSync(join(tmpdir(), 'kindling-writer-'));
afterAll(() => rmSync(compiled, { recursive: true }));
chmodSync(compiled, 0o755);
mkdirSync(join(compiled, 'node'));
writeFileSync(join(compiled, 'package.json'), '{ "type": "module" }');
for (const path of ['errors', 'readable', 'shape', 'node/file-error', 'node/endless', 'node/save']) {
  const source = readFileSync(new URL(`../../src/${path}.ts`, import.meta.url), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
    },
  });
  writeFileSync(join(compiled, `${path}.js`), outputText);
}
const program = (script: string): string[] => [
  '--input-type=module',
  '-e',
  `const { writeWhole } = await import('${pathToFileURL(join(compiled, 'node/save.js')).href}');${script}`,
];

describe('processes', () => {
  const size = 3_000_000;

  /** Writes files of one byte each, over and over, once it is told to. */
  function startWriter(path: string, first: number, rounds = Infinity): Promise<ChildProcess> {
    const script = `
      process.once('message', async () => {
        for (let i = ${first}, round = 0; round < ${rounds}; round++, i = (i + 1) % 256) {
          const half = new Uint8Array(${size / 2}).fill(i);
          await writeWhole({ path: '${path}', where: 'save' }, [half, half]);
        }
        process.disconnect();
      });
      process.send('ready');`;
    const writer = spawn(process.execPath, program(script), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new Promise((resolve, reject) => {
      writer.once('message', () => resolve(writer));
      writer.once('exit', () => reject(new Error('the writer ended')));
    });
  }

  test('that are killed leave the old file or a new one, whole, and what else they left the next save removes', async () => {
    const path = at('x');
    writeFileSync(path, new Uint8Array(size));
    let left = 0;
    const seen = new Set<number>();
    for (let kill = 0; kill < 20; ) {
      for (const writer of await Promise.all([1, 2, 3, 4].map((i) => startWriter(path, 50 * i + kill)))) {
        writer.send('go');
        await new Promise((resolve) => setTimeout(resolve, 15 + 4 * kill++));
        writer.kill('SIGKILL');
        await new Promise((resolve) => writer.once('exit', resolve));
        const temporary = readdirSync(folder).filter((name) => name !== 'x');
        expect(temporary.length).toBeLessThanOrEqual(1);
        left += temporary.length;
        const content = readFileSync(path);
        expect(content.length).toBe(size);
        expect(content.equals(new Uint8Array(size).fill(content[0]!))).toBe(true);
        seen.add(content[0]!);
        // Every second time the next save is that of the next writer.
        if (kill % 2 === 0) {
          await writeWhole({ path, where: 'save' }, [content]);
          expect(readdirSync(folder)).toEqual(['x']);
        }
      }
    }
    // Otherwise the kills came too late or too early, and show nothing.
    expect(left).toBeGreaterThan(0);
    expect(seen.size).toBeGreaterThan(1);
  }, 60_000);

  test('that save to one name at one time leave one whole file, and nothing else', async () => {
    const path = at('x');
    const writers = await Promise.all([0, 100].map((first) => startWriter(path, first, 20)));
    const ends = writers.map((writer) => new Promise((resolve) => writer.once('exit', resolve)));
    for (const writer of writers) writer.send('go');
    expect(await Promise.all(ends)).toEqual([0, 0]);
    const content = readFileSync(path);
    expect([19, 119]).toContain(content[0]);
    expect(content.equals(new Uint8Array(size).fill(content[0]!))).toBe(true);
    expect(readdirSync(folder)).toEqual(['x']);
  }, 60_000);
});

describe('temporary files', () => {
  const machineOf = async (): Promise<string> => {
    const probe = await open(folder);
    const prototype = Object.getPrototypeOf(probe) as { sync: () => Promise<void> };
    await probe.close();
    let name = '';
    vi.spyOn(prototype, 'sync').mockImplementation(async () => {
      name ||= readdirSync(folder).find((n) => n.endsWith('.tmp')) ?? '';
    });
    await saveNpy(at('probe.npy'), tensor([1]));
    vi.restoreAllMocks();
    rmSync(at('probe.npy'));
    const [, machine, pid] = /^\.kindling-([0-9a-f]{8})-(\d+)-\d+-[0-9a-f]{8}\.tmp$/.exec(name) ?? [];
    expect(Number(pid)).toBe(process.pid);
    return machine!;
  };

  test('of the dead are removed, those of the living are not', async () => {
    const machine = await machineOf();
    const dead = spawnSync(process.execPath, ['-e', '0']).pid;
    const old = new Date(Date.now() - 2 * 24 * 3600 * 1000);
    const yesterday = new Date(Date.now() - 12 * 3600 * 1000);
    const name = (of: string, pid: number, n: number): string => `.kindling-${of}-${pid}-0-0000000${n}.tmp`;
    const gone: [string, Date?][] = [
      [name(machine, dead, 1)],
      // Another process had our number before us.
      [name(machine, process.pid, 2), yesterday],
      [name('00000000', 1, 3), old],
    ];
    const kept: [string, Date?][] = [
      [name(machine, process.pid, 4)],
      [name(machine, process.ppid, 5), yesterday],
      [name('00000000', dead, 6)],
      ['.kindling-mine.tmp', old],
      ['other.tmp', old],
      [`${name(machine, dead, 7)}.npy`],
    ];
    for (const [file, time] of [...gone, ...kept]) {
      writeFileSync(at(file), '');
      if (time !== undefined) utimesSync(at(file), time, time);
    }
    await saveNpy(at('x.npy'), tensor([1]));
    expect(readdirSync(folder).sort()).toEqual([...kept.map(([file]) => file), 'x.npy'].sort());
  });

  test('of saves at one time do not meet', async () => {
    const saves = Array.from({ length: 20 }, (_, i) => saveNpy(at('x.npy'), K.full([1000], i)));
    await Promise.all(saves);
    expect(readdirSync(folder)).toEqual(['x.npy']);
    const x = await loadNpy(at('x.npy'));
    expect(x.eq(x.index(0)).all().item()).toBe(true);
  });
});

describe('loading by parts', () => {
  test('gives what loading from memory gives, for every dtype and order of tensors', async () => {
    const tensors = Object.fromEntries(
      (['float64', 'float32', 'int32', 'uint8', 'bool'] as const).flatMap((dtype, i) => [
        [`${i}.${dtype}`, K.randint(2, [i + 1, 3]).to(dtype)],
        [`none.${dtype}`, K.zeros([0], { dtype })],
      ]),
    );
    await saveSafetensors(at('x'), tensors);
    const [fromDisk, fromMemory] = [
      await loadSafetensors(at('x')),
      io.loadSafetensors(readFileSync(at('x'))),
    ];
    expect(Object.keys(fromDisk)).toEqual(Object.keys(fromMemory));
    for (const [name, x] of Object.entries(tensors)) {
      expect([fromDisk[name]!.dtype, fromDisk[name]!.shape]).toEqual([x.dtype, x.shape]);
      expect(fromDisk[name]!.equal(x)).toBe(true);
    }
  });

  test('reads on where the system gives less than was asked for, and notices a file that shrinks', async () => {
    await saveNpy(at('x.npy'), K.arange(1000));
    const probe = await open(at('x.npy'));
    const prototype = Object.getPrototypeOf(probe) as {
      read: (
        buffer: Uint8Array,
        offset: number,
        length: number,
        position: number,
      ) => Promise<{ bytesRead: number }>;
    };
    const { read } = prototype;
    const reads = (of: typeof read) => vi.spyOn(prototype, 'read').mockImplementation(of);
    reads(function (this: typeof probe, buffer, offset, length, position) {
      return read.call(this, buffer, offset, Math.min(length, 999), position);
    });
    expect((await loadNpy(at('x.npy'))).equal(K.arange(1000))).toBe(true);
    reads(function (this: typeof probe, buffer, offset, length, position) {
      return position > 100
        ? Promise.resolve({ bytesRead: 0 })
        : read.call(this, buffer, offset, length, position);
    });
    await expect(loadNpy(at('x.npy'))).rejects.toThrow('while it was read');
    vi.restoreAllMocks();
    await probe.close();
  });
});
