import { checkArguments, K, ValueError } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';

/** Options of {@link WarmupStableDecayLR}. */
export interface WarmupStableDecayLROptions extends SchedulerOptions {
  /** How many steps the rate rises. Default: 0. */
  readonly warmupSteps?: number;
  /** How many steps it falls, the last of all. Default: a tenth of all. */
  readonly decaySteps?: number;
  /** How it falls: by 1 - √p, by a straight line, or by half a cosine. Default: 'sqrt'. */
  readonly decay?: 'sqrt' | 'linear' | 'cos';
  /** The least factor. Default: 0. */
  readonly minFactor?: number;
}

/** What is left after a part p of the decay. */
const left = {
  sqrt: (p: number): number => 1 - Math.sqrt(p),
  linear: (p: number): number => 1 - p,
  cos: (p: number): number => (1 + Math.cos(Math.PI * p)) / 2,
};

const needed = {
  totalSteps: /* @__PURE__ */ K.kind(
    'an integer >= 1, or Infinity',
    (x) => K.positiveCount.accepts(x) || x === Infinity,
  ),
};
const optional = {
  warmupSteps: K.count,
  decaySteps: K.count,
  decay: /* @__PURE__ */ K.oneOf('sqrt', 'linear', 'cos'),
  minFactor: K.probability,
};
const takes = /* @__PURE__ */ scheduleTakes<WarmupStableDecayLROptions>(needed, optional);

/**
 * The trapezoid of long runs: the learning rate rises in `warmupSteps`, stays, and falls in the last `decaySteps` of
 * `totalSteps`. It is the first rate times m + (1 - m) f, with m = minFactor and f(t) = (t + 1) / warmupSteps at first,
 * then 1, and 1 - √p, 1 - p or (1 + cos(π p)) / 2 after a part p = (t - (totalSteps - decaySteps)) / decaySteps of the
 * decay. With `totalSteps: Infinity` it stays until a decay is begun, from any checkpoint, by `scheduler.totalSteps =
 * scheduler.lastEpoch + scheduler.decaySteps`. Kindling's own; Hu et al., "MiniCPM", 2024, with the decay of Hägele et
 * al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations", 2024.
 * @throws ValueError for numbers of steps that are no integers of at least 0 or exceed all, an unknown decay, or a
 * minFactor outside [0, 1]
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const options = { warmupSteps: 2, decaySteps: 4, decay: 'linear' } as const;
 * const scheduler = new lrScheduler.WarmupStableDecayLR(optimizer, 8, options);
 * const rates = [];
 * for (let step = 0; step < 9; step++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates.join(' '); // '0.5 1 1 1 1 0.75 0.5 0.25 0'
 * ```
 */
export class WarmupStableDecayLR extends LRScheduler {
  /** How many steps there are in all. */
  totalSteps: number;
  /** How many steps the rate rises. */
  warmupSteps: number;
  /** How many steps it falls. */
  decaySteps: number;
  /** How it falls. */
  decay: keyof typeof left;
  /** The least factor. */
  minFactor: number;

  constructor(optimizer: Optimizer, totalSteps: number, options: WarmupStableDecayLROptions = {}) {
    const { name } = new.target;
    checkArguments(name, takes, arguments);
    const { warmupSteps = 0, decay = 'sqrt', minFactor = 0 } = options;
    const { decaySteps = Number.isFinite(totalSteps) ? Math.ceil(totalSteps / 10) : 0 } = options;
    if (warmupSteps + decaySteps > totalSteps)
      throw new ValueError(
        `${name}: warmupSteps ${warmupSteps} and decaySteps ${decaySteps} are more than totalSteps ${totalSteps}`,
      );
    super(optimizer, options);
    this.totalSteps = totalSteps;
    this.warmupSteps = warmupSteps;
    this.decaySteps = decaySteps;
    this.decay = decay;
    this.minFactor = minFactor;
    this.start();
  }

  protected override nextRate(_group: ParamGroup<{ lr: number }>, baseLr: number): number {
    return baseLr * (this.minFactor + (1 - this.minFactor) * this.#part(this.lastEpoch));
  }

  #part(t: number): number {
    const { totalSteps, warmupSteps, decaySteps } = this;
    if (t < warmupSteps) return (t + 1) / warmupSteps;
    if (t >= totalSteps) return 0;
    const decayed = t - (totalSteps - decaySteps);
    return decayed <= 0 ? 1 : left[this.decay](decayed / decaySteps);
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return { ...needed, ...optional };
  }
}
