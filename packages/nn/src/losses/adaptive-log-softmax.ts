import {
  bucketize,
  cannotCompile,
  cat,
  checkArguments,
  formatShape,
  groupRows,
  isTraced,
  K,
  logSoftmax,
  type RowGroup,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  valuesOf,
  where,
} from '@kindling/core';
import { ModuleList } from '../containers/module-list.ts';
import { Sequential } from '../containers/sequential.ts';
import { type LayerOptions, layerKinds } from '../layers/factory.ts';
import { Linear } from '../layers/linear.ts';
import { checkInput } from '../module/arguments.ts';
import { internalsOf } from '../module/callable.ts';
import { hasHooks } from '../module/hooks/index.ts';
import { Module } from '../module/module.ts';
import { lossOfEachRow, requireClassDType } from './classes.ts';
import type { LossModuleOptions } from './loss.ts';
import { type LossReduction, reduced, type SampleWeightOptions } from './reduction.ts';

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends LossModuleOptions, LayerOptions {
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
 * Softmax and its loss over many classes, sorted from frequent to rare: the classes below `cutoffs[0]` have a score
 * each in the head, those of each further cluster share one there, and are told apart by a cheaper layer of their own,
 * evaluated only for the samples that need it. Shapes: input (N, inFeatures) or (inFeatures,), target (N,) or () of
 * class indices. Follows `torch.nn.AdaptiveLogSoftmaxWithLoss`.
 * @throws ValueError for cutoffs that do not increase within [1, nClasses - 1] and for targets that are no class,
 * ShapeError for inputs that do not fit
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
          ...layerKinds,
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
    const parts = options.dtype && { dtype: options.dtype };
    this.head = new Linear(inFeatures, this.frequent + cutoffs.length, { bias: this.headBias, ...parts });
    this.tail = new ModuleList(
      cutoffs.map((cutoff, i) => {
        const features = Math.floor(inFeatures / this.divValue ** (i + 1));
        return new Sequential(
          new Linear(inFeatures, features, { bias: false, ...parts }),
          new Linear(features, this.cutoffs[i + 1]! - cutoff, { bias: false, ...parts }),
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
    const [x, classes] = batched ? [input, target] : [input.unsqueeze(0), target.unsqueeze(0)];
    const [, ...clusters] = this.groups(classes.int());
    // A class of the head stands for itself, one of a cluster for the cluster.
    const before = bucketize(classes, tensor([...this.cutoffs], { dtype: 'int32' }), { right: true });
    const inHead = where(before.eq(0), classes.int(), before.add(this.frequent - 1));
    let losses = lossOfEach(this.head(x), inHead);
    for (const [i, layers] of [...this.tail].entries()) {
      const cluster = clusters[i];
      if (cluster === undefined || cluster.isEmpty) continue;
      const within = cluster.take(classes.int().sub(this.cutoffs[i] ?? 0));
      losses = losses.add(cluster.put(lossOfEach(scoresOf(layers, cluster, x), within)));
    }
    if (!batched) losses = losses.squeeze(0);
    return {
      output: losses.neg(),
      loss: reduced(losses, { reduction: this.reduction, ...options }, 'AdaptiveLogSoftmaxWithLoss'),
    };
  }

  /** The rows whose targets are in the head, and in each cluster. */
  private groups(classes: Tensor): RowGroup[] {
    try {
      return groupRows(classes, [0, ...this.cutoffs]);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw new ValueError(
        error.message.replace(
          'groupRows: expected keys',
          'AdaptiveLogSoftmaxWithLoss: Target values should be',
        ),
      );
    }
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
   * The most probable class of each sample: (N, inFeatures) gives (N,). The tail is looked at only where the head says
   * so.
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

/** The negative log-probability of the class of each row. */
const lossOfEach = (scores: Tensor, classes: Tensor): Tensor =>
  lossOfEachRow('AdaptiveLogSoftmaxWithLoss', scores, classes);

/** What the layers of a cluster give of its rows. */
function scoresOf(layers: Sequential, cluster: RowGroup, x: Tensor): Tensor {
  const weights = weightsOf(layers);
  if (weights !== null) return weights.reduce((y, weight) => cluster.linear(y, weight), cluster.take(x));
  cannotCompile(
    'AdaptiveLogSoftmaxWithLoss: the layers of a cluster are others than those that it came with, or have hooks, and would be given as many ' +
      'rows as there are targets in the cluster, which a program does not know; leave the loss outside',
  );
  return layers(x.indexSelect(0, cluster.index()));
}

/** The weights of layers that do nothing but multiply by them; `null` where they do, or may do, something else. */
function weightsOf(layers: Sequential): Tensor[] | null {
  const modules = [...layers] as unknown as Linear[];
  const isPlain = isOnly(layers, Sequential) && modules.every((x) => isOnly(x, Linear) && x.bias === null);
  return isPlain ? modules.map(({ weight }) => weight) : null;
}

/** Whether a module is of this very class, and nobody has added to what it does. */
function isOnly(module: Module<never, unknown>, is: unknown): boolean {
  const { hooks } = internalsOf(module);
  return module.constructor === is && !hasHooks(hooks) && !Object.hasOwn(module, 'forward');
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
