import {
  cannotCompile,
  cat,
  checkArguments,
  formatShape,
  gather,
  isTraced,
  K,
  logSoftmax,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  valuesOf,
  where,
} from '@kindling/core';
import { ModuleList } from '../containers/module-list.ts';
import { Sequential } from '../containers/sequential.ts';
import { Linear } from '../layers/linear.ts';
import { checkInput } from '../module/arguments.ts';
import { Module } from '../module/module.ts';
import { requireClassDType } from './classes.ts';
import type { LossModuleOptions } from './loss.ts';
import { type LossReduction, reduced, type SampleWeightOptions } from './reduction.ts';

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends LossModuleOptions {
  /** Each cluster's features are those of the one before, divided by it. Default: 4. */
  readonly divValue?: number;
  /** Whether the head has a bias. Default: false. */
  readonly headBias?: boolean;
}

/** What {@link AdaptiveLogSoftmaxWithLoss} gives. */
export interface AdaptiveLogSoftmaxResult {
  /** The log-probability of each sample's target, (N,) or (). */
  readonly output: Tensor;
  /** Its negative, reduced. */
  readonly loss: Tensor;
}

/**
 * Softmax and its loss over many classes, sorted from frequent to rare: the classes below `cutoffs[0]` have a score each in the
 * head, those of each further cluster share one there, and are told apart by a cheaper layer of their own, evaluated only for
 * the samples that need it. So it is no part of a compiled function, where `F.nllLoss(layer.logProb(input), target)` takes its place. Shapes: input (N, inFeatures) or (inFeatures,), target (N,) or () of class indices.
 * Follows `torch.nn.AdaptiveLogSoftmaxWithLoss`.
 * @throws ValueError for cutoffs that do not increase within [1, nClasses - 1] and for targets that are no class, ShapeError for
 * inputs that do not fit
 * @example
 * ```ts
 * const layer = new nn.AdaptiveLogSoftmaxWithLoss(16, 1000, [10, 100]);
 * const { output, loss } = layer(randn([4, 16]), tensor([3, 999, 50, 0]));
 * output.shape; // [ 4 ]
 * loss.shape; // []
 * layer.predict(randn([4, 16])).shape; // [ 4 ]
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<
  [input: Tensor, target: Tensor, options?: SampleWeightOptions],
  AdaptiveLogSoftmaxResult
> {
  /** The size of an input. */
  readonly inFeatures: number;
  /** The number of classes. */
  readonly nClasses: number;
  /** The first class after each cluster; the last is `nClasses`. */
  readonly cutoffs: readonly number[];
  /** The number of classes that the head itself tells apart. */
  private readonly frequent: number;
  /** Each cluster's features are those of the one before, divided by it. */
  readonly divValue: number;
  /** Whether the head has a bias. */
  readonly headBias: boolean;
  /** How the losses of the samples become one number. */
  reduction: LossReduction;
  /** Scores of the frequent classes and of the clusters. */
  head: Linear;
  /** For each cluster the layers that score its classes. */
  tail: ModuleList<Sequential>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    options: AdaptiveLogSoftmaxOptions = {},
  ) {
    checkArguments(
      new.target.name,
      {
        inFeatures: K.count,
        nClasses: K.count,
        cutoffs: K.listOf(K.integer),
        options: K.options<AdaptiveLogSoftmaxOptions>({
          divValue: K.kind('a finite number > 0', (x) => Number.isFinite(x) && (x as number) > 0),
          headBias: K.flag,
          reduction: K.text,
        }),
      },
      arguments,
    );
    super();
    this.frequent = firstCutoff(cutoffs, nClasses);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = options.divValue ?? 4;
    this.headBias = options.headBias ?? false;
    this.reduction = options.reduction ?? 'mean';
    this.head = new Linear(inFeatures, this.frequent + cutoffs.length, { bias: this.headBias });
    this.tail = new ModuleList(
      cutoffs.map((cutoff, i) => {
        const features = Math.floor(inFeatures / this.divValue ** (i + 1));
        return new Sequential(
          new Linear(inFeatures, features, { bias: false }),
          new Linear(features, this.cutoffs[i + 1]! - cutoff, { bias: false }),
        );
      }),
    );
  }

  /** Draws all parameters anew. */
  resetParameters(): void {
    for (const module of this.modules()) if (module instanceof Linear) module.resetParameters();
  }

  override forward(
    input: Tensor,
    target: Tensor,
    options: SampleWeightOptions = {},
  ): AdaptiveLogSoftmaxResult {
    checkArguments(
      'forward',
      {
        input: K.tensor,
        target: K.tensor,
        options: K.options<SampleWeightOptions>({ sampleWeight: K.nullable(K.tensor) }),
      },
      arguments,
    );
    checkInputs(input, target);
    const batched = target.ndim > 0;
    const x = batched ? input : input.unsqueeze(0);
    cannotCompile(
      'AdaptiveLogSoftmaxWithLoss: which of its layers run, and on which rows, depends on the targets, and a program has fixed shapes; ' +
        'F.nllLoss(layer.logProb(input), target) is the same loss by all layers on all rows, but for rounding; or leave the loss outside',
    );
    const classes = Int32Array.from(
      valuesOf(target, 'AdaptiveLogSoftmaxWithLoss: the clusters of the targets'),
    );
    const inHead = new Int32Array(classes.length);
    const clusters = [...this.tail].map((layer, i) => {
      return { layer, start: this.cutoffs[i]!, rows: [] as number[], within: [] as number[] };
    });
    classes.forEach((t, row) => {
      if (t < 0 || t >= this.nClasses) throw this.outOfRange(classes);
      const number = this.cutoffs.findIndex((cutoff) => t < cutoff) - 1;
      const cluster = clusters[number];
      inHead[row] = cluster === undefined ? t : this.frequent + number;
      cluster?.rows.push(row);
      cluster?.within.push(t - cluster.start);
    });
    const ints = (values: ArrayLike<number>): Tensor => tensor(Int32Array.from(values));
    let output = gather(logSoftmax(this.head(x), 1), 1, ints(inHead).unsqueeze(1)).squeeze(1);
    for (const { layer, rows, within } of clusters) {
      if (rows.length === 0) continue;
      const index = ints(rows);
      const logProb = logSoftmax(layer(x.indexSelect(0, index)), 1);
      output = output.indexAdd(0, index, gather(logProb, 1, ints(within).unsqueeze(1)).squeeze(1));
    }
    if (!batched) output = output.squeeze(0);
    return {
      output,
      loss: reduced(output.neg(), { reduction: this.reduction, ...options }, 'AdaptiveLogSoftmaxWithLoss'),
    };
  }

  private outOfRange(classes: Int32Array): ValueError {
    return new ValueError(
      `AdaptiveLogSoftmaxWithLoss: Target values should be in [0, ${this.nClasses - 1}], but values in range ` +
        `[${Math.min(...classes)}, ${Math.max(...classes)}] were found.`,
    );
  }

  /**
   * The log-probabilities of all classes: (N, inFeatures) gives (N, nClasses).
   * @throws DTypeError for what is no tensor
   */
  logProb(input: Tensor): Tensor {
    checkInput(this, input);
    const head = logSoftmax(this.head(input), 1);
    const clusters = [...this.tail].map((layer, i) =>
      logSoftmax(layer(input), 1).add(head.narrow(1, this.frequent + i, 1)),
    );
    return cat([head.narrow(1, 0, this.frequent), ...clusters], 1);
  }

  /**
   * The most probable class of each sample: (N, inFeatures) gives (N,). The tail is looked at only where the head says so.
   * @throws DTypeError for what is no tensor
   */
  predict(input: Tensor): Tensor {
    checkInput(this, input);
    const best = this.head(input).argmax(1);
    const rare = best.ge(this.frequent);
    // A compiled call cannot ask, and looks at all of it.
    if (!isTraced()) {
      const [anyRare] = valuesOf(rare.any(), 'AdaptiveLogSoftmaxWithLoss: whether the tail is needed');
      if (!anyRare) return best;
    }
    return where(rare, this.logProb(input).argmax(1), best);
  }
}

/** The first cutoff, where all fit. */
function firstCutoff(cutoffs: readonly number[], nClasses: number): number {
  const [first] = cutoffs;
  if (first === undefined) {
    throw new ValueError('AdaptiveLogSoftmaxWithLoss: cutoffs should be a sequence of length larger than 0');
  }
  let before = 0;
  for (const cutoff of cutoffs) {
    if (!Number.isInteger(cutoff) || cutoff <= before || cutoff >= nClasses) {
      throw new ValueError(
        'AdaptiveLogSoftmaxWithLoss: cutoffs should be a sequence of unique, positive integers sorted in an increasing ' +
          `order, where each value is between 1 and n_classes-1, got [${cutoffs.join(', ')}] for ${nClasses} classes`,
      );
    }
    before = cutoff;
  }
  return first;
}

function checkInputs(input: Tensor, target: Tensor): void {
  const caller = 'AdaptiveLogSoftmaxWithLoss';
  if (target.ndim > 1) {
    throw new ShapeError(
      `${caller}: 0D or 1D target tensor expected, multi-target not supported, got ${formatShape(target.shape)}`,
    );
  }
  if (input.ndim !== target.ndim + 1) {
    throw new ShapeError(
      `${caller}: ${target.ndim}D target tensor expects ${target.ndim + 1}D input tensors, but found inputs with size ` +
        formatShape(input.shape),
    );
  }
  if (target.ndim === 1 && input.shape[0] !== target.shape[0]) {
    throw new ShapeError(
      `${caller}: Input and target should have the same size in the batch dimension, got ${formatShape(input.shape)} and ` +
        formatShape(target.shape),
    );
  }
  requireClassDType(caller, target);
}
