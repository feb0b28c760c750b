import { defaultGenerator, Generator, K, noGrad, signature, Tensor, ValueError } from '@kindling/core';
import { Optimizer } from './base/optimizer.ts';
import { type Rate, rateNumber, ratesOf as ratesIn, setRate } from './base/rate.ts';
import { copiedState } from './base/state-dict.ts';
import { SAM } from './optimizers/sam.ts';

/** What {@link lrFind} saves and puts back besides the optimizer: a module. */
interface Restorable {
  stateDict(): Record<string, Tensor>;
  loadStateDict(dict: Record<string, Tensor>): unknown;
}

/** A training step for {@link lrFind} to run, in parts. */
export interface TrainingParts {
  /** What is trained: a module, whose state is put back. */
  readonly model: ((input: Tensor) => Tensor) & Restorable;
  /** The loss of a batch. */
  readonly lossFn: (output: Tensor, target: Tensor) => Tensor;
  /**
   * Batches `[input, target]`, begun anew when they are used up. A `DataLoader` stands afterwards where it stood
   * before; of what else can be iterated the last iterator is closed.
   */
  readonly loader: Iterable<readonly Tensor[]>;
}

/** Options of {@link lrFind}. */
export interface LrFindOptions {
  /** The first learning rate. Default: 1e-7. */
  readonly startLr?: number;
  /** The last learning rate. Default: 10. */
  readonly endLr?: number;
  /** Steps, 2 to 1,000,000. Default: 100. */
  readonly numIter?: number;
  /** Whether rates are multiplied (`'exp'`) or added to (`'linear'`) from step to step. Default: 'exp'. */
  readonly stepMode?: 'exp' | 'linear';
  /** How much of the losses so far stays in their running mean. Default: 0.98. */
  readonly smoothing?: number;
  /** It ends when the running mean is so many times its least value so far. Infinity: never. Default: 4. */
  readonly divergence?: number;
  /** A module whose state is put back where the step is a function: buffers, and parameters that no optimizer has. */
  readonly model?: Restorable;
  /** Generators to put back besides the default one. Default: none. */
  readonly generators?: readonly Generator[];
}

/** One step of {@link lrFind}: what a picture shows. */
export interface LrFindPoint {
  /** The learning rate: the greatest of the groups. */
  readonly lr: number;
  /** The loss before the update. */
  readonly loss: number;
  /** The running mean of the losses. */
  readonly smoothed: number;
}

/** Learning rates that a sweep suggests; `null` where it ended too early to say. */
export interface LrSuggestion {
  /** In the middle of the longest fall of the loss. */
  readonly valley: number | null;
  /** Where the loss falls most steeply over the logarithm of the rate. */
  readonly steepest: number | null;
  /** A tenth of where the loss is least. */
  readonly minimum: number | null;
}

/** What {@link lrFind} found: plain data. */
export interface LrFindResult {
  /** The steps, in their order. */
  readonly points: readonly LrFindPoint[];
  /** Whether it ended because the loss diverged. */
  readonly diverged: boolean;
  /** Rates to begin with. */
  readonly suggestion: LrSuggestion;
}

const has = (x: unknown, ...methods: readonly string[]): boolean =>
  ((typeof x === 'object' && x !== null) || typeof x === 'function') &&
  methods.every((name) => typeof (x as unknown as Record<string, unknown>)[name] === 'function');
const restorable = /* @__PURE__ */ K.kind('a module', (x) => has(x, 'stateDict', 'loadStateDict'));
const batches = /* @__PURE__ */ K.iterable('batches that can be iterated by for');
const isParts = (x: unknown): x is TrainingParts =>
  K.isOptions(x) &&
  typeof x.model === 'function' &&
  restorable.accepts(x.model) &&
  typeof x.lossFn === 'function' &&
  batches.accepts(x.loader);
const positive = /* @__PURE__ */ K.kind(
  'a finite number > 0',
  (x) => Number.isFinite(x) && (x as number) > 0,
);
const kinds: K.Kinds<LrFindOptions> = {
  startLr: K.finite,
  endLr: positive,
  numIter: /* @__PURE__ */ K.kind(
    'an integer from 2 to 1000000',
    (x) => K.count.accepts(x) && (x as number) > 1 && (x as number) <= 1e6,
  ),
  stepMode: /* @__PURE__ */ K.oneOf('exp', 'linear'),
  smoothing: /* @__PURE__ */ K.kind('a number in [0, 1)', (x) => typeof x === 'number' && x >= 0 && x < 1),
  divergence: /* @__PURE__ */ K.kind('a number > 1', (x) => typeof x === 'number' && x > 1),
  model: restorable,
  generators: /* @__PURE__ */ K.listOf(/* @__PURE__ */ K.instanceOf(Generator)),
};

const takes = /* @__PURE__ */ signature('lrFind', () => ({
  optimizer: K.kind('an Optimizer or SAM', (x) => x instanceof Optimizer || x instanceof SAM),
  step: K.kind(
    'a function that makes a step and gives its loss, or { model, lossFn, loader }',
    (x) => isParts(x) || K.callable.accepts(x),
  ),
  options: K.options(kinds),
}));

/**
 * Finds a learning rate: trains for some steps, each with a greater rate than the one before, and looks where the loss
 * falls and where it rises again. Afterwards all is as it was: parameters and their gradients, the module's buffers,
 * the optimizer, the generators, and where a `DataLoader` stands. Groups of other rates keep their ratio to the
 * greatest. `step` makes one training step and gives its loss; or it is made of a model, a loss and a loader. Follows
 * fastai's `lr_find`, whose suggestions it has; Smith (2017).
 * @throws ValueError for options that cannot be, a loss that is not one number or is not finite at the first step, a
 *   step that is asynchronous, and a loader without batches
 * @example
 * ```ts
 * const w = tensor([2.5], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1 });
 * const { suggestion, diverged, points } = optim.lrFind(optimizer, () => {
 *   optimizer.zeroGrad();
 *   const loss = w.sub(1).square().sum();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * diverged; // true
 * suggestion.steepest?.toFixed(2); // '0.14'
 * points[0]?.lr.toExponential(); // '1e-7'
 * w; // tensor([2.5000], requires_grad=True)
 * ```
 */
export function lrFind(
  optimizer: Optimizer | SAM,
  step: ((iteration: number) => Tensor | number) | TrainingParts,
  options: LrFindOptions = {},
): LrFindResult {
  takes(arguments);
  const { numIter = 100, smoothing = 0.98, divergence = 4, generators = [] } = options;
  const rates = ratesOf(options);
  const models = [options.model, typeof step === 'function' ? undefined : step.model];
  const putBack = remember(
    optimizer,
    models.filter((model) => model !== undefined),
    [defaultGenerator, ...generators],
  );
  const sweep = (run: (iteration: number) => Tensor | number): LrFindResult => {
    const points: LrFindPoint[] = [];
    let diverged = false;
    const setRate = rateSetter(optimizer);
    let mean = 0;
    let least = Infinity;
    for (const [i, lr] of rates.entries()) {
      setRate(lr);
      const loss = numberOf(run(i));
      mean = smoothing * mean + (1 - smoothing) * loss;
      // The mean began at 0: what that is still worth is divided out.
      const smoothed = mean / (1 - smoothing ** (i + 1));
      if (!Number.isFinite(smoothed) && i === 0)
        throw new ValueError(`lrFind: the first loss, at a learning rate of ${lr}, is ${loss}`);
      diverged = !Number.isFinite(smoothed) || smoothed - least > (divergence - 1) * Math.abs(least);
      if (Number.isFinite(smoothed)) points.push({ lr, loss, smoothed });
      if (diverged) break;
      least = Math.min(least, smoothed);
    }
    return { points, diverged, suggestion: suggestionOf(points, numIter) };
  };
  try {
    return typeof step === 'function' ? sweep(step) : withSteps(optimizer, step, sweep);
  } finally {
    putBack();
  }
}

/** @throws ValueError where the rates do not rise, or cannot be multiplied */
function ratesOf(options: LrFindOptions): number[] {
  const { startLr = 1e-7, endLr = 10, numIter = 100, stepMode = 'exp' } = options;
  const fits = stepMode === 'exp' ? startLr > 0 : startLr >= 0;
  if (!fits || startLr >= endLr) {
    const least = stepMode === 'exp' ? 'above 0 for stepMode "exp"' : 'of at least 0';
    throw new ValueError(`lrFind: expected a startLr ${least} and below endLr, got ${startLr} and ${endLr}`);
  }
  if (stepMode === 'exp' && endLr / startLr === Infinity)
    throw new ValueError(
      `lrFind: no number is as great as endLr / startLr, got ${endLr} and ${startLr}; write a greater startLr`,
    );
  return Array.from({ length: numIter }, (_, i) => {
    const part = i / (numIter - 1);
    return stepMode === 'exp' ? startLr * (endLr / startLr) ** part : startLr + (endLr - startLr) * part;
  });
}

/** What knows where it stands, as a `DataLoader` does. */
const keepsPlace = (loader: object): loader is { keepPlace<R>(run: () => R): R } => has(loader, 'keepPlace');

/** Gives `use` the step of a model, on one batch after the other, and leaves the loader as it was. */
function withSteps<R>(
  optimizer: Optimizer | SAM,
  { model, lossFn, loader }: TrainingParts,
  use: (step: () => Tensor) => R,
): R {
  let iterator: Iterator<readonly Tensor[]> | undefined;
  const nextBatch = (): [input: Tensor, target: Tensor] => {
    let next = iterator?.next();
    const isAgain = next !== undefined;
    if (next === undefined || next.done === true) {
      iterator = loader[Symbol.iterator]();
      next = iterator.next();
    }
    if (next.done === true) {
      const hint = isAgain ? ' when it is begun anew; pass a DataLoader, or a list of batches' : '';
      throw new ValueError(`lrFind: the loader gives no batches${hint}`);
    }
    const [input, target] = Array.isArray(next.value) ? (next.value as unknown[]) : [];
    if (!(input instanceof Tensor && target instanceof Tensor))
      throw new ValueError('lrFind: expected batches [input, target] of the loader; write a step for others');
    return [input, target];
  };
  const step = (): Tensor => {
    const [input, target] = nextBatch();
    return optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = lossFn(model(input), target);
      loss.backward();
      return loss;
    });
  };
  const run = (): R => {
    try {
      return use(step);
    } finally {
      iterator?.return?.();
    }
  };
  return keepsPlace(loader) ? loader.keepPlace(run) : run();
}

function numberOf(loss: unknown): number {
  if (typeof loss === 'number') return loss;
  if (loss instanceof Tensor && loss.count === 1) return Number(loss.item());
  // Of a promise nobody waits for what becomes of it.
  K.disown(loss);
  const got =
    loss instanceof Tensor
      ? `a Tensor of shape [${loss.shape.join(', ')}]`
      : has(loss, 'then')
        ? 'a Promise'
        : String(loss);
  throw new ValueError(
    `lrFind: step: expected it to give the loss, a number or a Tensor of one element, got ${got}`,
  );
}

/** Sets the greatest rate, the others in proportion. */
function rateSetter(optimizer: Optimizer | SAM): (lr: number) => void {
  const groups: { lr: Rate }[] = optimizer.paramGroups;
  const rates = ratesIn(groups);
  const greatest = Math.max(...rates);
  const ratios = groups.map((group, i) => [group, greatest > 0 ? (rates[i] ?? 0) / greatest : 1] as const);
  return (lr) => {
    for (const [group, ratio] of ratios) setRate(group, lr * ratio);
  };
}

/** Remembers everything that training changes, and gives the function that puts it back. */
function remember(
  optimizer: Optimizer | SAM,
  models: readonly Restorable[],
  generators: readonly Generator[],
): () => void {
  const counted = optimizer instanceof SAM ? optimizer.base : optimizer;
  const { stepCount } = counted;
  const params: Tensor[] = optimizer.paramGroups.flatMap(({ params }: { params: Tensor[] }) => params);
  const values = params.map((p) => [p, copiedState(p), copiedState(p.grad)] as const);
  const groups: { lr: Rate }[] = optimizer.paramGroups;
  const rates = groups.map((group) => [group, group.lr, rateNumber(group.lr)] as const);
  const state = copiedState<unknown>(optimizer.stateDict());
  const modelStates = models.map((model) => [model, copiedState(model.stateDict())] as const);
  const generatorStates = generators.map((generator) => [generator, generator.getState()] as const);
  return () => {
    for (const [model, own] of modelStates) model.loadStateDict(own);
    for (const [p, value, grad] of values) {
      noGrad(() => p.copy_(value));
      p.grad = grad;
    }
    optimizer.loadStateDict(state as never);
    // Loading makes tensors anew.
    for (const [group, lr, value] of rates) {
      group.lr = lr;
      setRate(group, value);
    }
    counted.stepCount = stepCount;
    for (const [generator, own] of generatorStates) generator.setState(own);
  };
}

/**
 * As fastai does, without the first tenth, where nothing happens yet, and the last five, where it is over; a rate of 0,
 * with which linear steps may begin, is none to train with.
 */
function suggestionOf(points: readonly LrFindPoint[], numIter: number): LrSuggestion {
  const known = points.slice(Math.floor(numIter / 10), -5).filter(({ lr }) => lr > 0);
  return { valley: valleyOf(known), steepest: steepestOf(known), minimum: minimumOf(known) };
}

/**
 * The middle of the longest fall: of as many steps as can be chosen so that each has a lower loss than the one before.
 */
function valleyOf(points: readonly LrFindPoint[]): number | null {
  const lengths: number[] = [];
  let end = 0;
  for (const [i, { smoothed }] of points.entries()) {
    const before = lengths.filter((_, j) => smoothed < (points[j]?.smoothed ?? smoothed));
    const length = 1 + before.reduce((a, b) => Math.max(a, b), 0);
    lengths.push(length);
    if (length > (lengths[end] ?? 0)) end = i;
  }
  const length = lengths[end] ?? 0;
  if (length < 2) return null;
  const middle = end - length + Math.floor(length / 3) + Math.floor(length / 6);
  return points[Math.max(middle, 0)]?.lr ?? null;
}

function steepestOf(points: readonly LrFindPoint[]): number | null {
  let least = Infinity;
  let at: number | null = null;
  let before: LrFindPoint | undefined;
  for (const point of points) {
    if (before !== undefined) {
      const slope = (point.smoothed - before.smoothed) / Math.log(point.lr / before.lr);
      if (slope < least) [least, at] = [slope, before.lr];
    }
    before = point;
  }
  return at;
}

function minimumOf(points: readonly LrFindPoint[]): number | null {
  const [first, ...rest] = points;
  if (first === undefined) return null;
  return rest.reduce((least, point) => (point.smoothed < least.smoothed ? point : least), first).lr / 10;
}
