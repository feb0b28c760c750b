/** What a call changes beside tensors that lasts, and what it may not change. */
import { areSame } from '../../record/host.ts';
import { type Assumption, type Guard, nameOf } from '../guards.ts';
import type { Guarded, Rehearsal } from './rehearsal.ts';

/** A setting that a call changes: programs leave it as the call did. */
export interface Setting {
  readonly read: () => unknown;
  readonly write: (value: unknown) => void;
  /** What it was when the call began. */
  readonly before: unknown;
}

/** A setting that is another one after a call. */
export interface SettingLeft {
  readonly write: (value: unknown) => void;
  readonly value: unknown;
}

/** The settings that the calls of a program change. */
export class Settings {
  readonly #met = new Map<object, Setting>();

  /** Before what is `of` something changes. */
  meets(of: object, read: () => unknown, write: (value: unknown) => void): void {
    if (!this.#met.has(of)) this.#met.set(of, { read, write, before: read() });
  }

  /** Looks at something as if none had been changed. */
  asBefore<T>(look: () => T): T {
    const now = [...this.#met.values()].map(({ read, write }) => ({ write, value: read() }));
    for (const { write, before } of this.#met.values()) write(before);
    try {
      return look();
    } finally {
      for (const { write, value } of now) write(value);
    }
  }

  /** Those that are not as they were. */
  left(): SettingLeft[] {
    return [...this.#met.values()].flatMap(({ read, write, before }) => {
      const value = read();
      return Object.is(value, before) ? [] : [{ write, value }];
    });
  }

  /** That all are as they were when the call began. */
  guard(): Guard[] {
    return this.#met.size === 0 ? [] : [guardOfSettings([...this.#met.values()])];
  }
}

const guardOfSettings =
  (settings: readonly Setting[]): Guard =>
  () =>
    settings.every(({ read, before }) => Object.is(read(), before)) ? null : 'what the call sets changed';

/**
 * What a call takes for given or reads on the host, and only the host may leave changed: it does so again in each call.
 */
export class Unchanged {
  readonly #settings: Settings;
  #held: Assumption[];
  readonly #guarded: Guarded[];
  #changed: Assumption | null = null;

  /** @param before a call of which this one may change nothing either that it took for given */
  constructor(settings: Settings, before: Rehearsal | null, guarded: Guarded[]) {
    this.#settings = settings;
    this.#held = before === null ? [] : before.assumptions.filter(({ holds }) => holds());
    this.#guarded = guarded;
  }

  assumes(assumption: Assumption): void {
    this.#held.push(assumption);
  }

  guards(what: string, read: () => readonly unknown[]): void {
    this.#guarded.push({ what, read, now: [...read()] });
  }

  /** Before a part of the host. */
  hostBegins(): void {
    this.#look();
  }

  /** After it. */
  hostEnds(): void {
    for (const entry of this.#guarded) entry.now = [...entry.read()];
    const broken = new Set(this.#broken());
    this.#held = this.#held.filter((one) => !broken.has(one));
  }

  /** What was changed of what the host reads. */
  changedOfHost(): string | null {
    return this.#guarded.find(({ read, now }) => !areSame(read(), now))?.what ?? null;
  }

  /** What was changed of what is taken for given. */
  changed(): string | null {
    this.#look();
    return this.#changed === null ? null : nameOf(this.#changed);
  }

  /** Notes the first that was changed so far. */
  #look(): void {
    this.#changed ??= this.#broken()[0] ?? null;
  }

  #broken(): Assumption[] {
    return this.#settings.asBefore(() => this.#held.filter(({ holds }) => !holds()));
  }
}
