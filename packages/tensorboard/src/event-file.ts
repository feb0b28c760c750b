import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { FileError } from '@kindling/core/node';
import { EventSchema } from './proto/index.ts';
import { recordOf } from './records.ts';

/** An event as it is written. */
type EventInit = Omit<MessageInitShape<typeof EventSchema>, '$typeName'>;

/** How often a file is written to. */
export interface Pace {
  /** Events that wait at most. */
  readonly maxQueue: number;
  /** Seconds that they wait at most. */
  readonly flushSecs: number;
}

/** Files of this process, so that no two have one name. */
let count = 0;
const openFiles = new Set<EventFile>();

/** Flushes every file at the end of the process; of those that fail the first is told of, once the others stand. */
const flushAll = (): void => {
  const errors: unknown[] = [];
  for (const file of openFiles) {
    try {
      file.flush('SummaryWriter');
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
};

/** Seconds since 1970. */
export const now = (): number => Date.now() / 1000;

/**
 * A file of events in a folder of its own or with others. Events wait for a while and are written in one go, at the
 * latest at the end of the process: what the file holds are whole records at any time.
 */
export class EventFile {
  readonly path: string;
  private readonly pace: Pace;
  private readonly descriptor: number;
  private waiting: Uint8Array[] = [];
  /** Bytes of whole records in the file. */
  private size = 0;
  private flushed = now();
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** @throws FileError where the file cannot be made */
  constructor(caller: string, folder: string, suffix: string, pace: Pace) {
    const begun = Math.floor(now()).toString().padStart(10, '0');
    this.path = join(folder, `events.out.tfevents.${begun}.${hostname()}.${process.pid}.${count++}${suffix}`);
    this.pace = pace;
    this.descriptor = this.ofFile(caller, () => {
      mkdirSync(folder, { recursive: true });
      return openSync(this.path, 'ax');
    });
    if (openFiles.size === 0) process.on('exit', flushAll);
    openFiles.add(this);
    this.add(caller, { wallTime: now(), what: { case: 'fileVersion', value: 'brain.Event:2' } });
    try {
      this.flush(caller);
    } catch (error) {
      this.waiting = [];
      this.close(caller);
      rmSync(this.path, { force: true });
      throw error;
    }
  }

  /** Writes an event, now or soon. */
  add(caller: string, event: EventInit): void {
    this.waiting.push(recordOf(toBinary(EventSchema, create(EventSchema, event))));
    const { maxQueue, flushSecs } = this.pace;
    if (this.waiting.length > maxQueue || now() - this.flushed >= flushSecs) this.flush(caller);
    else if (this.timer === null && flushSecs < 2 ** 31 / 1000) {
      this.timer = setTimeout(() => this.attempt(caller), flushSecs * 1000);
      // It keeps no process alive: its end flushes too.
      this.timer.unref();
    }
  }

  /**
   * A flush that nobody called has nobody to tell that it failed; the next one finds the events still waiting, and
   * tells.
   */
  private attempt(caller: string): void {
    try {
      this.flush(caller);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }

  /** Hands all events to the system, or none: those that it does not take go on waiting. */
  flush(caller: string): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.flushed = now();
    if (this.waiting.length === 0) return;
    const bytes = Buffer.concat(this.waiting);
    this.ofFile(caller, () => {
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
      } catch (error) {
        // Behind half a record no other can be read.
        ftruncateSync(this.descriptor, this.size);
        throw error;
      }
    });
    this.size += bytes.length;
    this.waiting = [];
  }

  close(caller: string): void {
    if (!openFiles.delete(this)) return;
    if (openFiles.size === 0) process.off('exit', flushAll);
    try {
      this.flush(caller);
    } finally {
      closeSync(this.descriptor);
    }
  }

  private ofFile<T>(caller: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw new FileError(`${caller}('${this.path}')`, this.path, error);
    }
  }
}
