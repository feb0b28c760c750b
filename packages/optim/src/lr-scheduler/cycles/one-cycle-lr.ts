import { checkArguments, K, ValueError } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { forGroups, orEach } from '../each-group.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';
import { checkState, type SchedulerStateDict } from '../state.ts';
import { checkMomenta, type MovedGroup, setMomentum, usesBeta1 } from './momentum.ts';
import { type CycleKey, type Phase, phasesOf, readPhases, writePhases } from './phases.ts';

/** Options of {@link OneCycleLR}: `totalSteps`, or `epochs` and `stepsPerEpoch`, are needed. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** The number of steps in the cycle. */
  readonly totalSteps?: number;
  /** The number of epochs, where the steps are not given as a whole. */
  readonly epochs?: number;
  /** The number of steps in each epoch. */
  readonly stepsPerEpoch?: number;
  /** The part of the cycle in which the rate rises. Default: 0.3. */
  readonly pctStart?: number;
  /** How it moves between two rates. Default: 'cos'. */
  readonly annealStrategy?: 'cos' | 'linear';
  /** Whether momentum (of Adam: the first beta) moves against the rate. Default: true. */
  readonly cycleMomentum?: boolean;
  /** Momentum where the rate is greatest, of all groups or of each. Default: 0.85. */
  readonly baseMomentum?: number | readonly number[];
  /** Momentum at both ends, of all groups or of each. Default: 0.95. */
  readonly maxMomentum?: number | readonly number[];
  /** The first rate is maxLr / divFactor. Default: 25. */
  readonly divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default: 1e4. */
  readonly finalDivFactor?: number;
  /** Whether the rate first falls to where it began, then to the last. Default: false. */
  readonly threePhase?: boolean;
}

type CycledGroup = MovedGroup & Partial<Record<CycleKey, number>>;

const hint = 'give the new group initialLr, maxLr and minLr of its own';

const anneal = {
  cos: (from: number, to: number, part: number): number =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part)),
  linear: (from: number, to: number, part: number): number => (to - from) * part + from,
};

const divisor = /* @__PURE__ */ K.kind('a number > 0', (x) => typeof x === 'number' && x > 0);
const strategy = /* @__PURE__ */ K.oneOf('cos', 'linear');
const momenta = /* @__PURE__ */ orEach(nonNegative);
const takes = /* @__PURE__ */ scheduleTakes<OneCycleLROptions>(
  { maxLr: /* @__PURE__ */ orEach(K.finite) },
  {
    totalSteps: K.positiveCount,
    epochs: K.positiveCount,
    stepsPerEpoch: K.positiveCount,
    pctStart: K.probability,
    annealStrategy: strategy,
    cycleMomentum: K.flag,
    baseMomentum: momenta,
    maxMomentum: momenta,
    divFactor: divisor,
    finalDivFactor: divisor,
    threePhase: K.flag,
  },
);
const kinds = { totalSteps: K.positiveCount, cycleMomentum: K.flag };

/**
 * One cycle: the learning rate rises from maxLr / divFactor to `maxLr`, then falls far below where it began, while
 * momentum moves the other way. Step it after every batch. Follows `torch.optim.lr_scheduler.OneCycleLR`; Smith and
 * Topin, "Super-Convergence", 2017.
 * @throws ValueError for a cycle of unknown length, a phase of no length, an unknown strategy, a divisor that is not
 * positive, or an optimizer without momentum to cycle
 * @example
 * ```ts
 * const optimizer = new optim.Adam([tensor(1.5, { requiresGrad: true })]);
 * const scheduler = new lrScheduler.OneCycleLR(optimizer, 0.5, { totalSteps: 100, divFactor: 4 });
 * scheduler.getLastLr(); // [ 0.125 ]
 * ```
 */
export class OneCycleLR extends LRScheduler {
  /** The number of steps in the cycle. */
  readonly totalSteps: number;
  /** Whether momentum moves against the rate. */
  readonly cycleMomentum: boolean;
  /** The rates and momenta between which a group moves, by its number. */
  readonly #boundsOf: (i: number) => Partial<Record<CycleKey, number>>;
  #phases: readonly Phase[];
  #strategy: keyof typeof anneal;

  constructor(optimizer: Optimizer, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4 } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95, threePhase = false } = options;
    const totalSteps = totalStepsOf(name, options);
    if (cycleMomentum) checkMomenta(name, optimizer, baseMomentum, maxMomentum);
    const each = (option: string, value: number | readonly number[]): ((i: number) => number) =>
      forGroups(name, optimizer, option, value, hint);
    const [rates, bases, maxima] = [
      each('maxLr', maxLr),
      each('baseMomentum', baseMomentum),
      each('maxMomentum', maxMomentum),
    ];
    super(optimizer, options);
    this.totalSteps = totalSteps;
    this.cycleMomentum = cycleMomentum;
    this.#phases = phasesOf(totalSteps, pctStart, threePhase);
    this.#strategy = annealStrategy;
    this.#boundsOf = (i) => {
      const [rate, initialLr] = [rates(i), rates(i) / divFactor];
      const bounds = { initialLr, maxLr: rate, minLr: initialLr / finalDivFactor };
      return cycleMomentum ? { ...bounds, maxMomentum: maxima(i), baseMomentum: bases(i) } : bounds;
    };
    if (this.lastEpoch === -1) this.baseLrs = optimizer.paramGroups.map((group, i) => this.#begin(group, i));
    this.start();
  }

  /** Gives a group the values between which it moves. */
  #begin(group: CycledGroup, i: number): number {
    Object.assign(group, this.#boundsOf(i));
    return group.initialLr as number;
  }

  /** Whether the momentum that moves is the first of the optimizer's betas. */
  get useBeta1(): boolean {
    return usesBeta1(this.optimizer);
  }

  /** A new group that brings `maxLr` with it brings the rest too, as from a state dict. */
  protected override admit(group: CycledGroup, i: number): number {
    return group.maxLr === undefined ? this.#begin(group, i) : super.admit(group, i);
  }

  /** Sets the rates, and moves the momentum. */
  protected override moveTo(epoch?: number): void {
    super.moveTo(epoch);
    if (!this.cycleMomentum) return;
    const { startMomentum, endMomentum, part } = this.#phase();
    for (const [i, group] of (this.optimizer.paramGroups as CycledGroup[]).entries())
      setMomentum(group, this.#between(group, i, startMomentum, endMomentum, part));
  }

  /** The phase of the present step, and the part of it that is over. */
  #phase(): Phase & { part: number } {
    const step = this.lastEpoch;
    let start = 0;
    for (const [i, phase] of this.#phases.entries()) {
      const { endStep } = phase;
      if (step > endStep && i < this.#phases.length - 1) {
        start = endStep;
        continue;
      }
      if (endStep === start) {
        throw new ValueError(
          `${this.constructor.name}: phase ${i + 1} of the cycle begins and ends at step ${start} of ${this.totalSteps}: ` +
            'choose another pctStart or more steps',
        );
      }
      return { ...phase, part: (step - start) / (endStep - start) };
    }
    throw new ValueError(`${this.constructor.name}: a cycle without phases`);
  }

  #between(group: CycledGroup, i: number, start: CycleKey, end: CycleKey, part: number): number {
    const [from, to] = [group[start], group[end]];
    if (from === undefined || to === undefined) {
      throw new ValueError(
        `${this.constructor.name}: param '${from === undefined ? start : end}' is not specified in paramGroups[${i}]; the ` +
          "optimizer's state dict holds it",
      );
    }
    return anneal[this.#strategy](from, to, part);
  }

  protected override nextRate(group: ParamGroup<{ lr: number }>, _baseLr: number, i: number): number {
    if (this.lastEpoch > this.totalSteps) {
      throw new ValueError(
        `${this.constructor.name}: Tried to step ${this.lastEpoch} times. The specified number of total steps is ` +
          `${this.totalSteps}`,
      );
    }
    const { startLr, endLr, part } = this.#phase();
    return this.#between(group, i, startLr, endLr, part);
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }

  /** As of every scheduler, with the phases of the cycle. */
  override stateDict(): SchedulerStateDict {
    const state = super.stateDict();
    state._schedule_phases = writePhases(this.#phases);
    state._anneal_func_type = this.#strategy;
    if (this.cycleMomentum) state.use_beta1 = this.useBeta1;
    return state;
  }

  /** As of every scheduler, with the phases of the cycle. */
  override loadStateDict(dict: SchedulerStateDict): void {
    const caller = `${this.constructor.name}.loadStateDict`;
    checkState(caller, dict);
    const phases = readPhases(caller, dict._schedule_phases);
    const { _anneal_func_type: type } = dict;
    checkArguments(caller, { _anneal_func_type: strategy }, [type]);
    super.loadStateDict(dict);
    this.#phases = phases;
    this.#strategy = type as keyof typeof anneal;
  }
}

function totalStepsOf(name: string, { totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) return totalSteps;
  if (epochs === undefined || stepsPerEpoch === undefined)
    throw new ValueError(`${name}: you must define either totalSteps or both epochs and stepsPerEpoch`);
  return epochs * stepsPerEpoch;
}
