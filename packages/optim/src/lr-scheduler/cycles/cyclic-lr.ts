import { checkArguments, K } from '@kindling/core';
import { type ParamGroup, requireExtensible } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { setRate } from '../../base/rate.ts';
import { forGroups, orEach } from '../each-group.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';
import type { SchedulerStateDict } from '../state.ts';
import { checkMomenta, type MovedGroup, setMomentum, usesBeta1 } from './momentum.ts';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps in which the rate rises. Default: 2000. */
  readonly stepSizeUp?: number;
  /** Steps in which it falls. Default: as many. */
  readonly stepSizeDown?: number;
  /** Whether cycles stay as high, are half as high each, or shrink by `gamma` at each step. Default: 'triangular'. */
  readonly mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** Factor of each step in the mode 'exp_range'. Default: 1. */
  readonly gamma?: number;
  /** How high the cycle is, between 0 and 1, instead of a mode. */
  readonly scaleFn?: (x: number) => number;
  /** What `scaleFn` is given: the number of the cycle, from 1, or that of steps. Default: 'cycle'. */
  readonly scaleMode?: 'cycle' | 'iterations';
  /** Whether momentum (of Adam: the first beta) moves against the rate. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The least momentum, of all groups or of each. Default: 0.8. */
  readonly baseMomentum?: number | readonly number[];
  /** The greatest momentum, of all groups or of each. Default: 0.9. */
  readonly maxMomentum?: number | readonly number[];
}

const ownKinds = {
  mode: /* @__PURE__ */ K.oneOf('triangular', 'triangular2', 'exp_range'),
  gamma: K.finite,
  scaleMode: /* @__PURE__ */ K.oneOf('cycle', 'iterations'),
  cycleMomentum: K.flag,
};
const rates = /* @__PURE__ */ orEach(K.finite);
const momenta = /* @__PURE__ */ orEach(nonNegative);
const takes = /* @__PURE__ */ scheduleTakes<CyclicLROptions>(
  { baseLr: rates, maxLr: rates },
  {
    ...ownKinds,
    stepSizeUp: nonNegative,
    stepSizeDown: nonNegative,
    scaleFn: K.callable,
    baseMomentum: momenta,
    maxMomentum: momenta,
  },
);
const kinds = { ...ownKinds, maxLrs: /* @__PURE__ */ K.listOf(K.finite) };

/** By mode: how high a cycle is, from its number or from that of steps. */
const scales = {
  triangular: (): number => 1,
  triangular2: (cycle: number): number => 1 / 2 ** (cycle - 1),
  exp_range: (step: number, gamma: number): number => gamma ** step,
};

const hint = 'groups that are added later need one value for all';

/**
 * The learning rate rises from `baseLr` to `maxLr` and falls back, again and again, while momentum moves the other way:
 * η_b + (η_m - η_b) r s, where r goes from 0 to 1 and back in each cycle and s is how high the cycle is. Step it after
 * every batch. Follows `torch.optim.lr_scheduler.CyclicLR`; Smith, "Cyclical Learning Rates for Training Neural
 * Networks", 2015.
 * @throws ValueError for another number of values than there are groups, a cycle without steps up, an unknown mode, or
 * an optimizer without momentum to cycle
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { momentum: 0.9 });
 * const scheduler = new lrScheduler.CyclicLR(optimizer, 0.1, 0.5, { stepSizeUp: 2 });
 * const rates = [];
 * for (let step = 0; step < 5; step++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates.join(' '); // '0.1 0.30000000000000004 0.5 0.30000000000000004 0.1'
 * ```
 */
export class CyclicLR extends LRScheduler {
  /** Steps in a cycle. */
  totalSize: number;
  /** The part of them in which the rate rises. */
  stepRatio: number;
  /** How cycles change in height, unless a function says it. */
  mode: keyof typeof scales;
  /** Factor of each step in the mode 'exp_range'. */
  gamma: number;
  /** What decides the height: the number of the cycle, or that of steps. */
  scaleMode: 'cycle' | 'iterations';
  /** Whether momentum moves against the rate. */
  cycleMomentum: boolean;
  /** The greatest rate of each group. */
  maxLrs: number[];
  /** The least momentum of each group, where momentum moves. */
  baseMomentums?: number[];
  /** The greatest momentum of each group, where momentum moves. */
  maxMomentums?: number[];
  readonly #scaleFn: ((x: number) => number) | undefined;
  /** The bounds of a group, by its number. */
  readonly #boundsOf: (
    i: number,
  ) => Readonly<Record<'baseLr' | 'maxLr' | 'baseMomentum' | 'maxMomentum', number>>;

  constructor(
    optimizer: Optimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
  ) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = 'triangular', gamma = 1, scaleFn } = options;
    const { cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9, scaleMode = 'cycle' } = options;
    if (cycleMomentum) checkMomenta(name, optimizer, baseMomentum, maxMomentum);
    const each = (option: string, value: number | readonly number[]): ((i: number) => number) =>
      forGroups(name, optimizer, option, value, hint);
    const [bases, greatest] = [each('baseLr', baseLr), each('maxLr', maxLr)];
    const [least, most] = [each('baseMomentum', baseMomentum), each('maxMomentum', maxMomentum)];
    const boundsOf = (i: number) => ({
      baseLr: bases(i),
      maxLr: greatest(i),
      baseMomentum: least(i),
      maxMomentum: most(i),
    });
    const { paramGroups } = optimizer;
    const bounds = paramGroups.map((_, i) => boundsOf(i));
    const isNew = (options.lastEpoch ?? -1) === -1;
    requireExtensible(name, paramGroups);
    if (isNew) for (const [i, group] of paramGroups.entries()) setRate(group, bases(i));
    super(optimizer, options);
    this.maxLrs = bounds.map((b) => b.maxLr);
    this.totalSize = stepSizeUp + stepSizeDown;
    this.stepRatio = stepSizeUp / this.totalSize;
    this.mode = mode;
    this.gamma = gamma;
    this.scaleMode = scaleFn !== undefined ? scaleMode : mode === 'exp_range' ? 'iterations' : 'cycle';
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) {
      this.baseMomentums = bounds.map((b) => b.baseMomentum);
      this.maxMomentums = bounds.map((b) => b.maxMomentum);
    }
    this.#scaleFn = scaleFn;
    this.#boundsOf = boundsOf;
    if (isNew && cycleMomentum) for (const [i, group] of paramGroups.entries()) begin(group, boundsOf(i));
    this.start();
    // After the first step, which starts from the rate of an earlier scheduler where there is one.
    this.baseLrs = bounds.map((b) => b.baseLr);
  }

  protected override admit(group: ParamGroup<{ lr: number }>, i: number): number {
    const bounds = this.#boundsOf(i);
    this.maxLrs.push(bounds.maxLr);
    this.baseMomentums?.push(bounds.baseMomentum);
    this.maxMomentums?.push(bounds.maxMomentum);
    if (this.cycleMomentum) begin(group, bounds);
    return bounds.baseLr;
  }

  /** Where in the cycle the present step lies, from 0 to 1 and back, times how high the cycle is. */
  #height(): (height: number) => number {
    const { lastEpoch, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const part = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const scale = this.scaleFn(this.scaleMode === 'cycle' ? cycle : lastEpoch);
    return (height) => height * part * scale;
  }

  /**
   * How high a cycle is: of its number, or of that of steps. Follows `CyclicLR.scale_fn`.
   * @throws ValueError for what is no number, and where a function of the user's gives none
   */
  scaleFn(x: number): number {
    checkArguments(`${this.constructor.name}.scaleFn`, { x: K.number }, arguments);
    if (this.#scaleFn === undefined) return scales[this.mode](x, this.gamma);
    const scale = this.#scaleFn(x);
    checkArguments(this.constructor.name, { [`what scaleFn returned for ${x}`]: K.number }, [scale]);
    return scale;
  }

  protected override nextRate(_group: ParamGroup<{ lr: number }>, baseLr: number, i: number): number {
    return baseLr + this.#height()((this.maxLrs[i] ?? Number.NaN) - baseLr);
  }

  /** Sets the rates, and moves the momentum. */
  protected override moveTo(epoch?: number): void {
    super.moveTo(epoch);
    const { baseMomentums = [], maxMomentums = [] } = this;
    const rise = this.#height();
    for (const [i, group] of (this.optimizer.paramGroups as MovedGroup[]).entries()) {
      const [least, most] = [baseMomentums[i], maxMomentums[i]];
      if (least !== undefined && most !== undefined) setMomentum(group, most - rise(most - least));
    }
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }

  /** As of every scheduler; `null` stands for a function, as in PyTorch. */
  override stateDict(): SchedulerStateDict {
    const state = super.stateDict();
    state._scale_fn_custom = null;
    if (this.cycleMomentum) state.use_beta1 = usesBeta1(this.optimizer);
    return state;
  }
}

/** Gives a group the momentum with which a cycle begins, and the bounds between which it moves. */
function begin(
  group: MovedGroup & { maxMomentum?: number; baseMomentum?: number },
  bounds: {
    readonly baseMomentum: number;
    readonly maxMomentum: number;
  },
): void {
  setMomentum(group, bounds.maxMomentum);
  group.maxMomentum = bounds.maxMomentum;
  group.baseMomentum = bounds.baseMomentum;
}
