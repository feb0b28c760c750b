import { checkArguments, K, onHost } from '@kindling/core';
import type { ParamGroup } from '../../base/groups.ts';
import { nonNegative } from '../../base/kinds.ts';
import type { Optimizer } from '../../base/optimizer.ts';
import { scheduleTakes } from '../schedule-class.ts';
import { LRScheduler, type SchedulerOptions } from '../scheduler.ts';
import { requireOpen } from '../state.ts';

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** By how much each stretch is longer than the one before. Default: 1. */
  readonly tMult?: number;
  /** The least learning rate. Default: 0. */
  readonly etaMin?: number;
}

const needed = { t0: K.positiveCount };
const optional = { tMult: K.positiveCount, etaMin: K.finite };
const takes = /* @__PURE__ */ scheduleTakes<CosineAnnealingWarmRestartsOptions>(needed, optional);
const kinds = { ...needed, ...optional, tI: K.positiveCount, tCur: K.finite };

/**
 * Half a cosine from the first learning rate to `etaMin`, again and again: η_min + (η_0 - η_min) (1 + cos(π T_cur /
 * T_i)) / 2, where T_cur epochs are over of the T_i of this stretch. The first stretch has `t0` epochs, each other
 * `tMult` times those of the one before. Follows `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`; Loshchilov and
 * Hutter, "SGDR", 2016.
 * @throws ValueError unless t0 and tMult are integers of at least 1 and etaMin is finite
 * @example
 * ```ts
 * const optimizer = new optim.SGD([tensor(1.5, { requiresGrad: true })], { lr: 1 });
 * const scheduler = new lrScheduler.CosineAnnealingWarmRestarts(optimizer, 2);
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   optimizer.step();
 *   rates.push(...scheduler.getLastLr());
 *   scheduler.step();
 * }
 * rates; // [ 1, 0.5, 1, 0.5, 1 ]
 * ```
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** Epochs of the first stretch. */
  t0: number;
  /** Epochs of this stretch. */
  tI: number;
  /** By how much each stretch is longer than the one before. */
  tMult: number;
  /** The least learning rate. */
  etaMin: number;
  /** Epochs since the last restart. */
  tCur: number;

  constructor(optimizer: Optimizer, t0: number, options: CosineAnnealingWarmRestartsOptions = {}) {
    checkArguments(new.target.name, takes, arguments);
    super(optimizer, options);
    this.t0 = t0;
    this.tI = t0;
    this.tMult = options.tMult ?? 1;
    this.etaMin = options.etaMin ?? 0;
    this.tCur = this.lastEpoch;
    this.start();
  }

  /**
   * Goes on to the next epoch, or to `epoch`, which may be broken: `scheduler.step(epoch + batch / batches)` moves the
   * rate after every batch. Follows `CosineAnnealingWarmRestarts.step`.
   * @throws ValueError unless epoch is a finite number of at least 0
   */
  override step(epoch?: number): void {
    if (epoch !== undefined)
      checkArguments(`${this.constructor.name}.step`, { epoch: nonNegative }, arguments);
    onHost(() => this.#goOn(epoch ?? (this.lastEpoch < 0 ? 0 : undefined)));
  }

  #goOn(to: number | undefined): void {
    requireOpen(`${this.constructor.name}.step`, this);
    if (to !== undefined) this.#goTo(to);
    else if (++this.tCur >= this.tI) {
      this.tCur %= this.tI;
      this.tI *= this.tMult;
    }
    this.moveTo(Math.floor(to ?? this.lastEpoch + 1));
  }

  /** Finds the stretch to which an epoch belongs. */
  #goTo(epoch: number): void {
    const { t0, tMult } = this;
    if (tMult === 1 && epoch >= t0) {
      this.tCur = epoch % t0;
      return;
    }
    this.tI = t0;
    this.tCur = epoch;
    while (this.tCur >= this.tI) {
      this.tCur -= this.tI;
      this.tI *= tMult;
    }
  }

  protected override nextRate(_group: ParamGroup<{ lr: number }>, baseLr: number): number {
    const { etaMin, tCur, tI } = this;
    return etaMin + ((baseLr - etaMin) * (1 + Math.cos((Math.PI * tCur) / tI))) / 2;
  }

  protected override stateKinds(): Readonly<Record<string, K.Kind>> {
    return kinds;
  }
}
