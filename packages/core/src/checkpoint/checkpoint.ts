import { checkArguments, K } from '../arguments/index.ts';
import { KindlingError, ValueError } from '../errors.ts';
import { Shown } from '../print/shown.ts';
import { defaultGenerator } from '../random/generator.ts';
import { type Arrays, encodeState } from './encoding.ts';
import { type BestSaved, type Content, type Read, readCheckpoint, writeCheckpoint } from './file.ts';
import { type CheckpointPart, checkNames, encodeParts, partsKind, restoreParts } from './parts.ts';
import type { CheckpointStorage } from './storage.ts';

/** Options of {@link Checkpoint}. */
export interface CheckpointOptions<V extends object> {
  /**
   * Where the files lie: `folderStorage` of `@kindling/core/node`, {@link opfsStorage}, {@link indexedDBStorage}, or
   * your own.
   */
  readonly storage: CheckpointStorage;
  /**
   * What makes up the training, by name: model, optimizer, schedulers, averaged model, loaders, generators. The default
   * generator is part of every checkpoint.
   */
  readonly parts: Readonly<Record<string, CheckpointPart | undefined>>;
  /**
   * The values of your own that `save` is given and `resume` gives back, as they are at the beginning. Default: any.
   */
  readonly values?: V;
  /** How many of the newest are kept; `Infinity` keeps all. Default: 3. */
  readonly keepLast?: number;
  /** Keep the one of least or greatest `metric` too. Default: none. */
  readonly best?: 'min' | 'max';
  /** What file names begin with: letters, digits, `_` and `-`. Default: `'checkpoint'`. */
  readonly name?: string;
}

/** What {@link Checkpoint.save} takes beside the user's values. */
export interface SaveOptions {
  /** The number of the epoch. Default: 0. */
  readonly epoch?: number;
  /** The number of the step. Default: 0. */
  readonly step?: number;
  /** How good the model is, by which the best is chosen. Default: none. */
  readonly metric?: number;
}

/** What {@link Checkpoint.resume} gives: the user's values, and where the training stands. */
export type Saved<V extends object> = V & {
  /** The name of the file. */
  readonly name: string;
  /** The number of the epoch. */
  readonly epoch: number;
  /** The number of the step. */
  readonly step: number;
  /** The metric, where `save` was given one. */
  readonly metric: number | null;
};

/** Options of {@link Checkpoint.resume} and {@link Checkpoint.load}. */
export interface LoadCheckpointOptions {
  /** Throw where parts or values are only here or only in the file. Default: true. */
  readonly strict?: boolean;
}

const DEFAULT_GENERATOR = 'defaultGenerator';
const ENDING = '.safetensors';

const storageKind = /* @__PURE__ */ K.kind(
  "a storage with list, read and write, such as folderStorage('run')",
  (x) => K.isOptions(x) && ['list', 'read', 'write'].every((method) => typeof x[method] === 'function'),
);
const fileNames = /* @__PURE__ */ K.listOf(K.text, 'an array of the names of files');
const optionKinds: K.Kinds<CheckpointOptions<object>> = {
  storage: storageKind,
  parts: partsKind,
  values: K.kind('an object of values by name', K.isOptions),
  keepLast: K.kind('an integer >= 1, or Infinity', (x) => K.positiveCount.accepts(x) || x === Infinity),
  best: K.oneOf('min', 'max'),
  name: K.kind("letters, digits, '_' and '-'", (x) => typeof x === 'string' && /^[\w-]+$/.test(x)),
};
const saveKinds: K.Kinds<SaveOptions> = { epoch: K.count, step: K.count, metric: K.number };
const loadKind = /* @__PURE__ */ K.options<LoadCheckpointOptions>({ strict: K.flag });

/**
 * The whole state of a training in files, to go on from: a run that is killed at any moment and resumed takes the
 * course of one that was not, bit for bit, eager or compiled. Kindling's own.
 *
 * A checkpoint is one safetensors file: tensors by part and key (`model.0.weight`), all else as JSON in its metadata.
 * It is written as a whole or not at all. Names count upwards, so use one folder a run, or another `name`.
 * @throws ValueError where an option cannot be, or a part has no state
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * const checkpoint = new Checkpoint({
 *   storage: folderStorage('run'), // of @kindling/core/node
 *   parts: { model, optimizer },
 *   values: { losses: [] as number[] },
 *   best: 'min',
 * });
 * const at = await checkpoint.resume();
 * const losses = at?.losses ?? [];
 * for (let epoch = at === null ? 0 : at.epoch + 1; epoch < 5; epoch++) {
 *   optimizer.zeroGrad();
 *   const loss = model(ones([4, 2])).square().mean();
 *   loss.backward();
 *   optimizer.step();
 *   losses.push(loss.item());
 *   await checkpoint.save({ epoch, metric: loss.item(), losses });
 * }
 * (await checkpoint.list()).length; // 3
 * (await checkpoint.resume())?.losses.length; // 5
 * ```
 */
export class Checkpoint<V extends object = Readonly<Record<string, unknown>>> extends Shown {
  /** Where the files lie. */
  readonly storage: CheckpointStorage;
  readonly #parts: ReadonlyMap<string, CheckpointPart>;
  readonly #values: Readonly<Record<string, unknown>> | undefined;
  readonly #keepLast: number;
  readonly #best: 'min' | 'max' | undefined;
  readonly #name: string;
  /** What reads and writes does so one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** The best of all, once a file was read or written. */
  #bestSaved: BestSaved | null | undefined;
  /** Files that were read and are no whole checkpoints. */
  readonly #broken = new Set<string>();

  constructor(options: CheckpointOptions<V>) {
    checkArguments('Checkpoint', { options: K.given(optionKinds) }, arguments);
    super();
    const { storage, parts, values, keepLast = 3, best, name = 'checkpoint' } = options;
    checkArguments('Checkpoint', { storage: storageKind, parts: partsKind }, [storage, parts]);
    if (Object.hasOwn(parts, DEFAULT_GENERATOR))
      throw new ValueError(
        `Checkpoint: the part ${DEFAULT_GENERATOR} is in every checkpoint; give yours another name`,
      );
    const given = Object.entries(parts).flatMap(([key, part]) =>
      part === undefined ? [] : [[key, part] as const],
    );
    refuseReserved('Checkpoint: values', values ?? {}, ['name', ...Object.keys(saveKinds)]);
    this.storage = storage;
    // The generator last: nothing that is loaded before can draw from it.
    this.#parts = new Map<string, CheckpointPart>([...given, [DEFAULT_GENERATOR, defaultGenerator]]);
    this.#values = values as Readonly<Record<string, unknown>> | undefined;
    this.#keepLast = keepLast;
    this.#best = best;
    this.#name = name;
  }

  /** Its parts, and which files are kept. */
  override toString(): string {
    const kept =
      this.#best === undefined ? `${this.#keepLast}` : `${this.#keepLast} and the best (${this.#best})`;
    return `Checkpoint(${[...this.#parts.keys()].join(', ')}; name=${this.#name}, keepLast=${kept})`;
  }

  /**
   * Saves all parts as they are at the call, whatever happens to them before the promise is fulfilled, and removes what
   * is no longer kept. Gives the name of the file, which stands there whole once the promise is fulfilled.
   * @throws ValueError where a value is missing, or neither JSON nor tensor nor bytes; what the storage throws where it
   *   cannot write
   */
  async save(at: SaveOptions & V): Promise<string> {
    const caller = 'Checkpoint.save';
    const { epoch = 0, step = 0, metric = null, ...values } = this.#checkedValues(caller, at, arguments);
    const arrays: Arrays = new Map();
    const to = { caller, arrays };
    const content = {
      epoch,
      step,
      metric: encodeState(metric, 'metric', to),
      values: encodeState(values, 'values', to),
      parts: encodeParts(this.#parts, to),
    };
    return await this.#inTurn(() => this.#write(content, arrays, metric));
  }

  /**
   * Gives all parts the state of the newest checkpoint; `null` where there is none, and nothing is changed. A file that
   * is torn, or is none of a checkpoint, is passed over with a warning. All is loaded or nothing.
   * @throws ValueError where the newest does not fit the parts or values, or none that is there is whole
   */
  async resume(options: LoadCheckpointOptions = {}): Promise<Saved<V> | null> {
    const caller = 'Checkpoint.resume';
    checkArguments(caller, { options: loadKind }, arguments);
    return await this.#inTurn(async () => {
      const names = await this.#names();
      const found = await this.#newest(names);
      if (found !== null) {
        const saved = this.#restore(caller, found, options);
        await this.#bestOf(names, found);
        // What a run left that was killed before it had removed it.
        await this.#removeOld(names);
        return saved;
      }
      if (names.length === 0) return null;
      throw new ValueError(
        `${caller}: none of these is a whole checkpoint: ${names.join(', ')}; remove them to begin anew`,
      );
    });
  }

  /**
   * Gives all parts the state of a checkpoint, as {@link resume} does; the next that is saved is the newest again.
   * @throws ValueError where there is none of that name, or it does not fit, or is torn
   */
  async load(name: string, options: LoadCheckpointOptions = {}): Promise<Saved<V>> {
    const caller = 'Checkpoint.load';
    checkArguments(caller, { name: K.text, options: loadKind }, arguments);
    return await this.#inTurn(async () => {
      const names = await this.#names();
      const bytes = names.includes(name) ? await this.storage.read(name) : null;
      if (bytes === null)
        throw new ValueError(
          `${caller}: there is no ${JSON.stringify(name)}, but ${names.join(', ') || 'nothing'}`,
        );
      return this.#restore(caller, { name, content: readCheckpoint(bytes, whereOf(caller, name)) }, options);
    });
  }

  /** The names of the checkpoints that are there, the oldest first. */
  async list(): Promise<string[]> {
    return await this.#inTurn(() => this.#names());
  }

  /**
   * The best of all that were saved with a metric, and its metric; `null` where there is none, or `best` was not asked
   * for.
   */
  async best(): Promise<BestSaved | null> {
    return await this.#inTurn(async () => await this.#bestOf(await this.#names()));
  }

  #checkedValues(
    caller: string,
    at: SaveOptions & V,
    given: ArrayLike<unknown>,
  ): SaveOptions & Record<string, unknown> {
    const own = this.#values;
    const kind: K.Kind =
      own === undefined
        ? K.kind('an object with epoch, step, metric and values of your own', K.isOptions)
        : K.given<Record<string, unknown>>({ ...saveKinds, ...K.allLike(own) });
    checkArguments(caller, { at: kind }, given);
    const values = { ...at } as SaveOptions & Record<string, unknown>;
    if (own === undefined) {
      refuseReserved(caller, values, ['name']);
      for (const [key, one] of Object.entries(saveKinds))
        checkArguments(caller, { [key]: K.optional(one) }, [values[key]]);
    }
    const missing = Object.keys(own ?? {}).filter((key) => values[key] === undefined);
    if (missing.length === 0) return values;
    throw new ValueError(`${caller}: it was given no ${missing.join(', ')}, which the option values names`);
  }

  async #write(content: Omit<Content, 'best'>, arrays: Arrays, metric: number | null): Promise<string> {
    const names = await this.#names();
    const before = await this.#bestOf(names);
    // Another program may take a number meanwhile.
    for (let number = numberOf(names.at(-1)) + 1; ; number++) {
      const name = `${this.#name}-${String(number).padStart(8, '0')}${ENDING}`;
      const best = this.#isBetter(metric, before) ? { name, metric } : before;
      const to = { caller: 'Checkpoint.save', arrays };
      const told = best === null ? null : { ...best, mode: this.#best };
      const bytes = writeCheckpoint({ ...content, best: encodeState(told, 'best', to) }, arrays, to.caller);
      if (!(await this.#create(name, bytes))) continue;
      this.#bestSaved = best;
      await this.#removeOld([...names, name]);
      return name;
    }
  }

  /** Whether the name was free, as far as the storage can tell. */
  async #create(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.storage.create !== undefined) return await this.storage.create(name, bytes);
    await this.storage.write(name, bytes);
    return true;
  }

  #isBetter(metric: number | null, before: BestSaved | null): metric is number {
    if (this.#best === undefined || metric === null || Number.isNaN(metric)) return false;
    if (before === null) return true;
    return this.#best === 'min' ? metric < before.metric : metric > before.metric;
  }

  /**
   * The best of those that are there. The newest file knows it, where it was asked for the same; older ones, which
   * load() takes, do not know what came after them.
   */
  async #bestOf(names: readonly string[], newest?: Found): Promise<BestSaved | null> {
    if (this.#best === undefined) return null;
    if (this.#bestSaved === undefined) {
      const told = (newest ?? (await this.#newest(names)))?.content.best ?? null;
      const isKnown = told !== null && told.mode === this.#best && names.includes(told.name);
      this.#bestSaved = isKnown ? { name: told.name, metric: told.metric } : await this.#bestAmong(names);
    }
    return this.#bestSaved !== null && names.includes(this.#bestSaved.name) ? this.#bestSaved : null;
  }

  /** The best by the metrics of the files themselves. */
  async #bestAmong(names: readonly string[]): Promise<BestSaved | null> {
    let best: BestSaved | null = null;
    for (const name of names) {
      const metric = (await this.#newest([name]))?.content.metric ?? null;
      if (this.#isBetter(metric, best)) best = { name, metric };
    }
    return best;
  }

  async #names(): Promise<string[]> {
    const files = await this.storage.list();
    checkArguments('Checkpoint', { 'what storage.list() gives': fileNames }, [files]);
    const ours = files.filter((file) => {
      const number = String(numberOf(file)).padStart(8, '0');
      return file === `${this.#name}-${number}${ENDING}`;
    });
    return ours.sort((a, b) => numberOf(a) - numberOf(b));
  }

  async #newest(names: readonly string[]): Promise<Found | null> {
    for (const name of names.toReversed()) {
      const bytes = this.#broken.has(name) ? null : await this.storage.read(name);
      if (bytes === null) continue;
      try {
        return { name, content: readCheckpoint(bytes, whereOf('Checkpoint', name)) };
      } catch (error) {
        if (!(error instanceof KindlingError)) throw error;
        this.#broken.add(name);
        console.warn(`${error.message}; the checkpoint before it is taken`);
      }
    }
    return null;
  }

  #restore(caller: string, { name, content }: Found, { strict = true }: LoadCheckpointOptions): Saved<V> {
    const where = whereOf(caller, name);
    const { epoch, step, metric, parts } = content;
    if (strict) checkNames('parts', [...this.#parts.keys()], Object.keys(parts), where);
    const values = this.#valuesIn(content, strict, where);
    restoreParts(this.#parts, parts, where);
    return { ...values, name, epoch, step, metric } as unknown as Saved<V>;
  }

  /** The user's values in a file, checked; those that it lacks are as at the beginning. */
  #valuesIn({ values }: Read, strict: boolean, where: string): Record<string, unknown> {
    const own = this.#values;
    if (own === undefined) return { ...values };
    if (strict) checkNames('values', Object.keys(own), Object.keys(values), where);
    const entries = Object.entries(own).map(([key, beginning]) => [
      key,
      Object.hasOwn(values, key) ? values[key] : beginning,
    ]);
    const all = Object.fromEntries(entries) as Record<string, unknown>;
    checkArguments(where, { values: K.options<Record<string, unknown>>(K.allLike(own)) }, [all]);
    return all;
  }

  /**
   * Removes what is older than the last that are kept, the best aside. What is broken does not count as one of them.
   */
  async #removeOld(names: readonly string[]): Promise<void> {
    const best = await this.#bestOf(names);
    const [oldest = ''] = names.filter((name) => !this.#broken.has(name)).slice(-this.#keepLast);
    for (const name of names.slice(0, names.indexOf(oldest)))
      if (name !== best?.name) await this.storage.write(name, null);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}

interface Found {
  readonly name: string;
  readonly content: Read;
}

const whereOf = (caller: string, name: string): string => `${caller}('${name}')`;

/** The number in the name of a file; 0 where there is none. */
const numberOf = (file: string | undefined): number =>
  Number(/-(\d+)\.safetensors$/.exec(file ?? '')?.[1] ?? 0);

function refuseReserved(where: string, values: object, reserved: readonly string[]): void {
  const taken = Object.keys(values).find((key) => reserved.includes(key));
  if (taken !== undefined)
    throw new ValueError(
      `${where}: ${taken} is what the checkpoint itself says of a file; give your value another name`,
    );
}
