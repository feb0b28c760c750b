import { ValueError } from '@kindling/core';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import { LRScheduler, type SchedulerOptions } from './scheduler.ts';

/** Options of {@link OneCycleLR}: `totalSteps`, or `epochs` and `stepsPerEpoch`, are needed. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** The number of steps in the cycle. */
  totalSteps?: number;
  /** The number of epochs, where the steps are not given as a whole. */
  epochs?: number;
  /** The number of steps in each epoch. */
  stepsPerEpoch?: number;
  /** The part of the cycle in which the rate rises. Default: 0.3. */
  pctStart?: number;
  /** How it moves between two rates. Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Whether momentum (of Adam: the first beta) moves against the rate. Default: true. */
  cycleMomentum?: boolean;
  /** Momentum where the rate is greatest. Default: 0.85. */
  baseMomentum?: number;
  /** Momentum at both ends. Default: 0.95. */
  maxMomentum?: number;
  /** The first rate is maxLr / divFactor. Default: 25. */
  divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default: 1e4. */
  finalDivFactor?: number;
  /** Whether the rate first falls to where it began, then to the last. Default: false. */
  threePhase?: boolean;
}

interface Phase {
  readonly endStep: number;
  readonly lr: readonly [RateName, RateName];
  readonly momentum: readonly [MomentumName, MomentumName];
}

type RateName = 'initialLr' | 'maxLr' | 'minLr';
type MomentumName = 'maxMomentum' | 'baseMomentum';
type CycledGroup = ParamGroup<{
  lr: number;
  maxLr?: number;
  minLr?: number;
  maxMomentum?: number;
  baseMomentum?: number;
  momentum?: number;
  betas?: readonly [number, number];
}>;

const anneal = {
  cos: (from: number, to: number, part: number): number =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part)),
  linear: (from: number, to: number, part: number): number => (to - from) * part + from,
};

/**
 * One cycle: the learning rate rises from maxLr / divFactor to `maxLr`, then falls far below where it began, while
 * momentum moves the other way. Step it after every batch. Follows `torch.optim.lr_scheduler.OneCycleLR`; Smith and Topin,
 * "Super-Convergence", 2017.
 * @throws ValueError for a cycle of unknown length, an unknown strategy, or an optimizer without momentum to cycle
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
  /** Whether that momentum is the first of the optimizer's betas. */
  readonly useBeta1: boolean;
  readonly #phases: readonly Phase[];
  readonly #anneal: (from: number, to: number, part: number) => number;

  constructor(optimizer: Optimizer, maxLr: number | readonly number[], options: OneCycleLROptions = {}) {
    super(optimizer, options);
    const { pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4 } = options;
    const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95, threePhase = false } = options;
    this.totalSteps = totalStepsOf(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ValueError(`OneCycleLR: expected pctStart between 0 and 1, got ${pctStart}`);
    }
    this.#anneal = anneal[annealStrategy];
    if (this.#anneal === undefined) {
      throw new ValueError(`OneCycleLR: annealStrategy must be 'cos' or 'linear', got '${annealStrategy}'`);
    }
    this.#phases = phasesOf(this.totalSteps, pctStart, threePhase);
    const groups = optimizer.paramGroups as CycledGroup[];
    const rates = typeof maxLr === 'number' ? groups.map(() => maxLr) : maxLr;
    if (rates.length !== groups.length) {
      throw new ValueError(`OneCycleLR: expected ${groups.length} values for maxLr, got ${rates.length}`);
    }
    this.cycleMomentum = cycleMomentum;
    this.useBeta1 = 'betas' in optimizer.defaults;
    const fresh = this.lastEpoch === -1;
    if (cycleMomentum && !this.useBeta1 && !('momentum' in optimizer.defaults)) {
      throw new ValueError(
        'OneCycleLR: the optimizer must support momentum or betas with cycleMomentum: true',
      );
    }
    if (fresh) {
      this.baseLrs = rates.map((rate) => rate / divFactor);
      for (const [i, initialLr] of this.baseLrs.entries()) {
        const group = groups[i]!;
        Object.assign(group, { initialLr, maxLr: rates[i], minLr: initialLr / finalDivFactor });
        if (!cycleMomentum) continue;
        this.#setMomentum(group, maxMomentum);
        Object.assign(group, { maxMomentum, baseMomentum });
      }
    }
    this.start();
  }

  #setMomentum(group: CycledGroup, momentum: number): void {
    if (this.useBeta1) group.betas = [momentum, group.betas![1]];
    else group.momentum = momentum;
  }

  protected override nextRate(paramGroup: ParamGroup<{ lr: number }>): number {
    const group = paramGroup as CycledGroup;
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw new ValueError(
        `Tried to step ${step} times. The specified number of total steps is ${this.totalSteps}`,
      );
    }
    let start = 0;
    for (const [i, { endStep, lr, momentum }] of this.#phases.entries()) {
      if (step <= endStep || i === this.#phases.length - 1) {
        const part = (step - start) / (endStep - start);
        if (this.cycleMomentum)
          this.#setMomentum(group, this.#anneal(group[momentum[0]]!, group[momentum[1]]!, part));
        return this.#anneal(group[lr[0]]!, group[lr[1]]!, part);
      }
      start = endStep;
    }
    return group.lr;
  }
}

function totalStepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  const positive = (name: string, value: number): number => {
    if (!Number.isInteger(value) || value <= 0) {
      throw new ValueError(`OneCycleLR: expected a positive integer ${name}, but got ${value}`);
    }
    return value;
  };
  if (totalSteps !== undefined) return positive('totalSteps', totalSteps);
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new ValueError('OneCycleLR: you must define either totalSteps or both epochs and stepsPerEpoch');
  }
  return positive('epochs', epochs) * positive('stepsPerEpoch', stepsPerEpoch);
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const top = pctStart * totalSteps - 1;
  const up: Phase = { endStep: top, lr: ['initialLr', 'maxLr'], momentum: ['maxMomentum', 'baseMomentum'] };
  const last = totalSteps - 1;
  if (!threePhase) {
    return [up, { endStep: last, lr: ['maxLr', 'minLr'], momentum: ['baseMomentum', 'maxMomentum'] }];
  }
  return [
    up,
    {
      endStep: 2 * pctStart * totalSteps - 2,
      lr: ['maxLr', 'initialLr'],
      momentum: ['baseMomentum', 'maxMomentum'],
    },
    { endStep: last, lr: ['initialLr', 'minLr'], momentum: ['maxMomentum', 'maxMomentum'] },
  ];
}
