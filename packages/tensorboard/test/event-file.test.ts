/** What stands in a file of events where the disk is full, and what becomes of the events. */
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError } from '@kindling/core/node';
import { SummaryWriter } from '@kindling/tensorboard';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readValues } from './support/read-events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-events-'));
});
afterEach(() => {
  full(false);
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const { writeSync } = fs;
/** Has every write take ten bytes, and then no more. */
function full(is: boolean): void {
  let room = 10;
  const torn = (file: number, bytes: Uint8Array, at: number): number => {
    if (room === 0)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const written = writeSync(file, bytes, at, room);
    room = 0;
    return written;
  };
  fs.writeSync = is ? (torn as typeof writeSync) : writeSync;
  syncBuiltinESMExports();
}

const steps = (): number[] => readValues(folder).map(({ step }) => step);

test('holds whole records, and the events wait for the next flush', () => {
  const writer = new SummaryWriter({ logDir: folder });
  writer.addScalar('a', 1, { globalStep: 1 });
  writer.flush();
  full(true);
  writer.addScalar('a', 2, { globalStep: 2 });
  expect(() => writer.flush()).toThrow(FileError);
  expect(() => writer.flush()).toThrow('ENOSPC: no space left on device');
  expect(steps()).toEqual([1]);
  full(false);
  writer.addScalar('a', 3, { globalStep: 3 });
  writer.close();
  expect(steps()).toEqual([1, 2, 3]);
});

test('a flush by the clock does not end the program; the next one that is called says what is wrong', () => {
  vi.useFakeTimers();
  const writer = new SummaryWriter({ logDir: folder, flushSecs: 5 });
  writer.addScalar('a', 1, { globalStep: 1 });
  full(true);
  vi.advanceTimersByTime(60_000);
  expect(() => writer.addScalar('a', 2, { globalStep: 2 })).toThrow('ENOSPC');
  full(false);
  writer.close();
  expect(steps()).toEqual([1, 2]);
});

test('none is left where it could not be begun', () => {
  full(true);
  expect(() => new SummaryWriter({ logDir: folder })).toThrow(FileError);
  expect(readdirSync(folder)).toEqual([]);
});

test('at the end of the process, one that cannot be written loses no other', () => {
  const before = process.listeners('exit');
  const [first, second] = ['one', 'two'].map((name) => new SummaryWriter({ logDir: join(folder, name) }));
  const [atExit] = process.listeners('exit').filter((f) => !before.includes(f));
  for (const writer of [first, second]) writer?.addScalar('a', 1, { globalStep: 1 });
  const files: number[] = [];
  fs.writeSync = ((file: number, bytes: Uint8Array, at: number) => {
    files.push(file);
    if (file === files[0]) throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
    return writeSync(file, bytes, at);
  }) as typeof writeSync;
  syncBuiltinESMExports();
  expect(() => atExit?.(0)).toThrow(/^SummaryWriter\('.*one.*'\): EIO/);
  full(false);
  expect(readValues(join(folder, 'two')).map(({ step }) => step)).toEqual([1]);
  for (const writer of [first, second]) writer?.close();
});
