import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkArguments, K, noGrad, Shown, Tensor, ValueError } from '@kindling/core';
import { EventFile, now, type Pace } from './event-file.ts';
import type { HparamValue } from './summaries/hparam-value.ts';
import { gridOf, histogramOf, hparamsOf, imageOf, prCurveOf, textOf } from './summaries/index.ts';
import type { Value } from './summaries/message.ts';

declare global {
  // As lib.esnext.disposable has them: for whoever compiles without it.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

/** Options of {@link SummaryWriter}. */
export interface SummaryWriterOptions {
  /** The folder of the run; it is made. Default: `runs/` and a folder named after date and machine. */
  readonly logDir?: string;
  /** What is added to the default name of the folder. Default: nothing. */
  readonly comment?: string;
  /** Where a run goes on that was stopped: TensorBoard forgets what it logged from this step on. Default: none. */
  readonly purgeStep?: number;
  /** Events that wait at most before they are written. Default: 10. */
  readonly maxQueue?: number;
  /** Seconds that events wait at most. Default: 120. */
  readonly flushSecs?: number;
  /** What is added to the names of files. Default: nothing. */
  readonly filenameSuffix?: string;
}

/** When something was so. */
export interface EventOptions {
  /** The step, at which it is shown. Default: 0. */
  readonly globalStep?: number;
  /** Seconds since 1970. Default: now. */
  readonly walltime?: number;
}

/** Options of {@link SummaryWriter.addImage}. */
export interface ImageOptions extends EventOptions {
  /** What the dimensions are: channels, height, width. Default: 'CHW'. */
  readonly dataformats?: 'CHW' | 'HWC' | 'HW';
}

/** Options of {@link SummaryWriter.addImages}. */
export interface ImagesOptions extends EventOptions {
  /** What the dimensions are: images, channels, height, width. Default: 'NCHW'. */
  readonly dataformats?: 'NCHW' | 'NHWC';
}

/** Options of {@link SummaryWriter.addPrCurve}. */
export interface PrCurveOptions extends EventOptions {
  /** Thresholds from 0 to 1. Default: 127. */
  readonly numThresholds?: number;
  /** What each prediction counts for, of their shape. Default: 1. */
  readonly weights?: Tensor | null;
}

/** Options of {@link SummaryWriter.addHparams}. */
export interface HparamsOptions {
  /** The values that a hyperparameter can have, by its name. */
  readonly hparamDomainDiscrete?: Readonly<Record<string, readonly HparamValue[]>>;
  /** The folder, within that of the writer. Default: the time in seconds. */
  readonly runName?: string;
  /** The step of the metrics. Default: 0. */
  readonly globalStep?: number;
}

/** Half a character would be written as another, the same for all halves. */
const isUnicode = (x: unknown): x is string => typeof x === 'string' && !/\p{Surrogate}/u.test(x);
const unicode = /* @__PURE__ */ K.kind('a string of Unicode', isUnicode);
const named = /* @__PURE__ */ K.kind(
  'a string of Unicode that is not empty',
  (x) => isUnicode(x) && x !== '',
);
const path = /* @__PURE__ */ K.kind(
  'the path of a folder',
  (x) => typeof x === 'string' && x !== '' && !x.includes('\0'),
);
const filePart = /* @__PURE__ */ K.kind(
  'a string that names no folder',
  (x) => typeof x === 'string' && !/[/\\\0]/.test(x),
);
const scalar = /* @__PURE__ */ K.kind(
  'a number, or a Tensor of one element',
  (x) => typeof x === 'number' || (x instanceof Tensor && x.count === 1),
);
const byName = (of: K.Kind, expected: string): K.Kind =>
  K.kind(
    expected,
    (x) =>
      K.isOptions(x) && Object.entries(x).every(([name, value]) => named.accepts(name) && of.accepts(value)),
  );
const scalars = /* @__PURE__ */ byName(scalar, 'an object of numbers, or of Tensors of one element, by name');
const plain = /* @__PURE__ */ K.kind(
  'a number, a string or a boolean',
  (x) => typeof x === 'number' || typeof x === 'boolean' || isUnicode(x),
);
const hparamValues = /* @__PURE__ */ byName(
  /* @__PURE__ */ K.either(
    scalar,
    plain,
    /* @__PURE__ */ K.kind('null', (x) => x === null),
  ),
  'an object of numbers, strings and booleans by name',
);
const whenKinds: K.Kinds<EventOptions> = { globalStep: K.integer, walltime: K.finite };
const when = /* @__PURE__ */ K.options(whenKinds);
const options = /* @__PURE__ */ K.options<SummaryWriterOptions>({
  logDir: path,
  comment: filePart,
  purgeStep: K.integer,
  maxQueue: K.count,
  flushSecs: K.nonNegative,
  filenameSuffix: filePart,
});

const numberOf = (x: number | Tensor): number => Number(x instanceof Tensor ? x.item() : x);
/**
 * The time in seconds, or as many millionths later as it takes to be no name in a folder: each session has a folder of
 * its own.
 */
function freeName(folder: string): string {
  const time = now();
  let name = String(time);
  for (let later = 1; existsSync(join(folder, name)); later++) name = (time + later * 1e-6).toFixed(6);
  return name;
}

/** A name as part of a path. */
const asPath = (name: string): string => name.replaceAll(/[/\\\0]/g, '_');

/** The folder that PyTorch would choose: runs/Nov26_14-05-09_machine. */
function defaultFolder(comment: string): string {
  const date = new Date();
  const two = (n: number): string => String(n).padStart(2, '0');
  const month = date.toLocaleString('en-US', { month: 'short' });
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join('-');
  return join('runs', `${month}${two(date.getDate())}_${time}_${hostname()}${comment}`);
}

/**
 * Writes what TensorBoard shows into a folder: `tensorboard --logdir runs`. A call hands over its values at once and
 * costs little: events wait in memory and are written together, at the latest when the process ends. What is written
 * are whole records with checksums, so that a run that is killed leaves a file that can be read. It needs files: Node,
 * Deno or Bun. It is also closed at the end of an `await using`. Follows `torch.utils.tensorboard.SummaryWriter`.
 * @throws FileError where the folder cannot be written to; ValueError for options that cannot be
 * @example
 * ```ts
 * const writer = new SummaryWriter({ logDir: 'runs/first' });
 * for (let step = 0; step < 3; step++) writer.addScalar('loss', 1 / (step + 1), { globalStep: step });
 * writer.addScalar('loss', 0.25, 3 as never); // throws ValueError: SummaryWriter.addScalar: expected an options object, got 3; write SummaryWriter.addScalar("loss", 0.25, { globalStep: 3 })
 * writer.close();
 * writer.addText('note', 'too late'); // throws ValueError: SummaryWriter.addText: the writer is closed
 * ```
 */
export class SummaryWriter extends Shown {
  /** The folder of the run. */
  readonly logDir: string;
  private readonly pace: Pace;
  private readonly suffix: string;
  /** By folder: that of the run, and those of curves that are shown together. */
  private readonly files = new Map<string, EventFile>();
  private isOpen = true;

  constructor(given: SummaryWriterOptions = {}) {
    checkArguments('SummaryWriter', { options }, arguments);
    super();
    const { comment = '', purgeStep, maxQueue = 10, flushSecs = 120, filenameSuffix = '' } = given;
    this.logDir = given.logDir ?? defaultFolder(comment);
    this.pace = { maxQueue, flushSecs };
    this.suffix = filenameSuffix;
    const file = this.fileIn('SummaryWriter', this.logDir);
    if (purgeStep !== undefined) {
      const at = { wallTime: now(), step: BigInt(purgeStep) };
      file.add('SummaryWriter', { ...at, what: { case: 'fileVersion', value: 'brain.Event:2' } });
      file.add('SummaryWriter', { ...at, what: { case: 'sessionLog', value: { status: 1 } } });
    }
  }

  /**
   * Adds a number, such as a loss; it is kept as float32, infinite beyond its range. Follows
   * `SummaryWriter.add_scalar`.
   * @throws ValueError for a step that is no integer, for a tensor of several elements, and after {@link close}
   * @throws FileError where the file cannot be written
   */
  addScalar(tag: string, scalarValue: number | Tensor, options: EventOptions = {}): void {
    const caller = this.begin('addScalar', { tag: named, scalarValue: scalar, options: when }, arguments);
    this.write(caller, this.logDir, options, this.scalarOf(tag, scalarValue));
  }

  /**
   * Adds several numbers that are shown in one picture: each is a run of its own, in a folder beside this one's files.
   * Follows `SummaryWriter.add_scalars`.
   * @throws ValueError, FileError as {@link addScalar}
   */
  addScalars(
    mainTag: string,
    tagScalars: Readonly<Record<string, number | Tensor>>,
    options: EventOptions = {},
  ): void {
    const takes = { mainTag: named, tagScalars: scalars, options: when };
    const caller = this.begin('addScalars', takes, arguments);
    for (const [tag, value] of Object.entries(tagScalars)) {
      const folder = join(this.logDir, `${asPath(mainTag)}_${asPath(tag)}`);
      this.write(caller, folder, options, this.scalarOf(mainTag, value));
    }
  }

  /**
   * Adds how often values occur, in TensorFlow's bins. Follows `SummaryWriter.add_histogram`.
   * @throws ValueError for a tensor without elements, or with NaN or infinities; otherwise as {@link addScalar}
   * @throws FileError where the file cannot be written
   */
  addHistogram(tag: string, values: Tensor, options: EventOptions = {}): void {
    const caller = this.begin('addHistogram', { tag: named, values: K.tensor, options: when }, arguments);
    this.write(
      caller,
      this.logDir,
      options,
      noGrad(() => histogramOf(caller, tag, values.detach())),
    );
  }

  /**
   * Adds an image of 1, 3 or 4 channels: uint8, or numbers in [0, 1]. Follows `SummaryWriter.add_image`.
   * @throws ShapeError, ValueError for what is none; otherwise as {@link addScalar}
   * @throws FileError where the file cannot be written
   */
  addImage(tag: string, image: Tensor, options: ImageOptions = {}): void {
    const dataformats = K.oneOf('CHW', 'HWC', 'HW');
    const takes = { tag: named, image: K.tensor, options: K.options({ ...whenKinds, dataformats }) };
    const caller = this.begin('addImage', takes, arguments);
    const value = noGrad(() => imageOf(caller, tag, image, options.dataformats ?? 'CHW'));
    this.write(caller, this.logDir, options, value);
  }

  /**
   * Adds several images as one, in rows of 8. Follows `SummaryWriter.add_images`.
   * @throws ShapeError, ValueError, FileError as {@link addImage}
   */
  addImages(tag: string, images: Tensor, options: ImagesOptions = {}): void {
    const dataformats = K.oneOf('NCHW', 'NHWC');
    const takes = { tag: named, images: K.tensor, options: K.options({ ...whenKinds, dataformats }) };
    const caller = this.begin('addImages', takes, arguments);
    const value = noGrad(() =>
      imageOf(caller, tag, gridOf(caller, images, options.dataformats ?? 'NCHW'), 'CHW'),
    );
    this.write(caller, this.logDir, options, value);
  }

  /**
   * Adds a text, which is shown as Markdown. Follows `SummaryWriter.add_text`.
   * @throws ValueError, FileError as {@link addScalar}
   */
  addText(tag: string, textString: string, options: EventOptions = {}): void {
    const caller = this.begin('addText', { tag: named, textString: unicode, options: when }, arguments);
    this.write(caller, this.logDir, options, textOf(tag, textString));
  }

  /**
   * Adds a curve of precision and recall: labels of 0 and 1, and probabilities for them. Follows
   * `SummaryWriter.add_pr_curve`.
   * @throws ShapeError, ValueError for what is none; otherwise as {@link addScalar}
   * @throws FileError where the file cannot be written
   */
  addPrCurve(tag: string, labels: Tensor, predictions: Tensor, options: PrCurveOptions = {}): void {
    const numThresholds = K.kind('an integer >= 2', (x) => K.count.accepts(x) && (x as number) > 1);
    const kinds = K.options({ ...whenKinds, numThresholds, weights: K.nullable(K.tensor) });
    const takes = { tag: named, labels: K.tensor, predictions: K.tensor, options: kinds };
    const caller = this.begin('addPrCurve', takes, arguments);
    const { numThresholds: count = 127, weights = null } = options;
    const value = noGrad(() => prCurveOf(caller, tag, labels, predictions, count, weights));
    this.write(caller, this.logDir, options, value);
  }

  /**
   * Adds the hyperparameters of a run and the metrics it came to, which TensorBoard compares between runs: they go into
   * a folder within this writer's. Hyperparameters that are `null` are left out. Follows `SummaryWriter.add_hparams`.
   * @throws ValueError for values that are none, and choices that do not go with them; otherwise as {@link addScalar}
   * @throws FileError where the file cannot be written
   */
  addHparams(
    hparams: Readonly<Record<string, HparamValue | Tensor | null>>,
    metrics: Readonly<Record<string, number | Tensor>>,
    options: HparamsOptions = {},
  ): void {
    const choices = byName(K.listOf(plain), 'an object of lists of values by name');
    const kinds: K.Kinds<HparamsOptions> = {
      hparamDomainDiscrete: choices,
      runName: path,
      globalStep: K.integer,
    };
    const takes = { hparams: hparamValues, metrics: scalars, options: K.options(kinds) };
    const caller = this.begin('addHparams', takes, arguments);
    const { hparamDomainDiscrete = {}, runName = freeName(this.logDir), globalStep = 0 } = options;
    const values = hparamsOf(caller, hparams, Object.keys(metrics), hparamDomainDiscrete);
    const folder = join(this.logDir, runName);
    for (const value of values) this.write(caller, folder, { globalStep }, value);
    for (const [tag, value] of Object.entries(metrics))
      this.write(caller, folder, { globalStep }, this.scalarOf(tag, value));
    // Each call is a session of its own.
    this.files.get(folder)?.close(caller);
    this.files.delete(folder);
  }

  /**
   * Hands all events to the system: after it TensorBoard sees them. Follows `SummaryWriter.flush`.
   * @throws ValueError after {@link close}; FileError where a file cannot be written
   */
  flush(): void {
    const caller = this.begin('flush', {}, arguments);
    for (const file of this.files.values()) file.flush(caller);
  }

  /**
   * Writes what waits, and closes all files; twice is once. Follows `SummaryWriter.close`.
   * @throws FileError where a file cannot be written
   */
  close(): void {
    this.isOpen = false;
    for (const file of this.files.values()) file.close('SummaryWriter.close');
    this.files.clear();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Says where it writes, and whether it still does. */
  override toString(): string {
    return `SummaryWriter(${this.logDir}${this.isOpen ? '' : ', closed'})`;
  }

  /** Checks a call, and gives its name for errors. */
  private begin(method: string, takes: Readonly<Record<string, K.Kind>>, given: ArrayLike<unknown>): string {
    const caller = `SummaryWriter.${method}`;
    checkArguments(caller, takes, given);
    if (!this.isOpen) throw new ValueError(`${caller}: the writer is closed`);
    return caller;
  }

  private scalarOf(tag: string, value: number | Tensor): Value {
    // The library of messages refuses what float32 does not hold; a loss that diverges is infinite there.
    return { tag, value: { case: 'simpleValue', value: Math.fround(numberOf(value)) } };
  }

  private write(
    caller: string,
    folder: string,
    { globalStep = 0, walltime = now() }: EventOptions,
    value: Value,
  ): void {
    this.fileIn(caller, folder).add(caller, {
      wallTime: walltime,
      step: BigInt(globalStep),
      what: { case: 'summary', value: { value: [value] } },
    });
  }

  private fileIn(caller: string, folder: string): EventFile {
    let file = this.files.get(folder);
    if (file === undefined) {
      file = new EventFile(caller, folder, this.suffix, this.pace);
      this.files.set(folder, file);
    }
    return file;
  }
}
