/** Watches who reads the memory of tensors: kernels may, and `valuesOf` and `memoryOf` with a reason; nobody else. */

import { type Observer, observe, Storage } from '@kindling/core';

export interface Watched<T> {
  readonly result: T;
  /** Reads that neither a kernel nor `valuesOf` nor `memoryOf` made, and attributes that a kernel changed: what was done, and where. */
  readonly faults: readonly string[];
  /** The reasons of the reads that were announced, in order, each once. */
  readonly reasons: readonly string[];
}

interface Running {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, unknown>;
}

const ownSource = /packages\/(?:core|nn|optim)\/src\/(\S+?\.ts)/;

/** The functions on the stack within Kindling, the innermost first, as `function file:line`. */
function ownFrames(): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  Error.prepareStackTrace = (_, sites) =>
    sites.flatMap((site) => {
      const file = ownSource.exec(site.getFileName() ?? '')?.[1];
      return file === undefined ? [] : [`${site.getFunctionName() ?? '<anonymous>'} ${file}`];
    });
  const { stack } = new Error() as unknown as { stack: string[] };
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

const entriesOf = (attributes: unknown): ReadonlyMap<string, unknown> =>
  new Map(typeof attributes === 'object' && attributes !== null ? Object.entries(attributes as object) : []);

/** Runs `fn` and says what it did with memory behind the back of observers. */
export function watched<T>(fn: () => T): Watched<T> {
  const faults = new Set<string>();
  const reasons = new Set<string>();
  const running: Running[] = [];
  const original = Object.getOwnPropertyDescriptor(Storage.prototype, 'array') as PropertyDescriptor;
  const read = original.get as (this: Storage) => unknown;

  const judge = (): void => {
    const frames = ownFrames();
    const stands = (name: string): boolean => frames.some((f) => f.startsWith(`${name} record/`));
    if (stands('valuesOf') || stands('memoryOf')) return;
    const operation = running.at(-1)?.name;
    const early = operation !== undefined && (stands('inferred') || stands('applyView'));
    if (operation !== undefined && !early) return;
    const reader = frames.find((f) => !/ (?:kernels\/|storage\.ts)/.test(f)) ?? 'code outside of Kindling';
    faults.add(
      `${reader} reads data${early ? ` for the shape rule of ${operation}` : ' outside of any operation'}`,
    );
  };

  const observer: Observer = {
    before(name, _, attributes) {
      running.push({ name, attributes: entriesOf(attributes) });
    },
    after(name, _, attributes) {
      const begun = running.pop();
      if (begun?.name !== name) faults.add(`${name} ends where ${begun?.name ?? 'no operation'} runs`);
      const now = entriesOf(attributes);
      for (const key of new Set([...now.keys(), ...(begun?.attributes.keys() ?? [])])) {
        if (!Object.is(now.get(key), begun?.attributes.get(key)))
          faults.add(`${name} changes its attribute '${key}'`);
      }
    },
    read(_, reason) {
      reasons.add(reason);
      if (reason.trim() === '') faults.add('a read is announced without a reason');
      const kernel = running.at(-1)?.name;
      const getter = ownFrames().find((f) => !/^\S+ (?:record|methods\.ts|support)/.test(f));
      if (reason === 'data' && getter !== undefined)
        faults.add(`${getter} reads x.data, which names no reason`);
      else if (kernel !== undefined) faults.add(`the kernel of ${kernel} announces a read ('${reason}')`);
    },
  };

  const stop = observe(observer);
  Object.defineProperty(Storage.prototype, 'array', {
    ...original,
    get(this: Storage) {
      judge();
      return read.call(this);
    },
  });
  try {
    return { result: fn(), faults: [...faults], reasons: [...reasons] };
  } finally {
    Object.defineProperty(Storage.prototype, 'array', original);
    stop();
  }
}
