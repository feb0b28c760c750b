/**
 * Every loss, with what drives its tests: how to draw a problem for it. The table in the documentation is made from this one
 * (markdown.ts), so a loss that stands here is tested and documented, and one that does not is neither.
 */

import { logSoftmax, softmax, type Tensor, tensor } from '@kindling/core';
import type { Dice } from './dice.ts';

/** A drawn problem: the arguments of a loss, one sample for each of `n`. */
export interface Problem {
  /** Positional arguments, of the function and of a call of the class alike. */
  readonly args: readonly unknown[];
  /** Which of them are differentiable. */
  readonly inputs: readonly number[];
  /** Along which dimension the samples of each argument lie; `null` for what all samples share. */
  readonly axes: readonly (number | null)[];
  /** Options of the constructor, and of the function. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What `'mean'` divides the sum by, where that is not the number of unreduced losses. */
  readonly denominator?: number;
}

/** What a problem is drawn with. */
export interface Draw {
  /** Samples, classes (or features), and further dimensions. */
  readonly n: number;
  readonly c: number;
  readonly extra: readonly number[];
  readonly dice: Dice;
}

export interface LossEntry {
  /** The class, exported by `nn`; of the function alone, `null`. */
  readonly name: string | null;
  /** The function, exported by `nn.functional`. */
  readonly fn: string;
  /** PyTorch's class, or function where there is no class; `null` for the losses beyond PyTorch. */
  readonly torch: string | null;
  /** The paper or formula, for losses beyond PyTorch. */
  readonly paper?: string;
  /** Positional arguments and options, as the documentation lists them. */
  readonly args: string;
  readonly options: string;
  /** Reductions besides none, mean, sum and weightedMean. */
  readonly reductions?: readonly string[];
  /** Whether it can be differentiated twice. */
  readonly second: boolean;
  /** Whether it is one operation forward and one backward. */
  readonly fused: boolean;
  /** Whether its own constructor takes the options of the function. */
  readonly construct?: false;
  /** Whether PyTorch's `'mean'` is not the sum divided by a number. */
  readonly meanOf?: (unreduced: Tensor, problem: Problem) => Tensor;
  /** What stands before the loss where its gradient is only right behind something (CTC's, behind a log-softmax). */
  readonly before?: (x: Tensor) => Tensor;
  /** Whether the samples of a batch enter each other's losses. */
  readonly inBatch?: true;
  readonly draw: (draw: Draw) => Problem;
}

/** Arguments with a row for each sample, drawn in the shape of the samples; the first `differentiated` of them get gradients. */
const alike =
  (
    differentiated: number,
    args: (d: Draw, shape: readonly number[]) => Problem['args'],
    options: (d: Draw) => Record<string, unknown>,
  ) =>
  (d: Draw): Problem => {
    const drawn = args(d, [d.n, ...d.extra]);
    return {
      args: drawn,
      inputs: [...drawn.keys()].slice(0, differentiated),
      axes: drawn.map(() => 0),
      options: options(d),
    };
  };

/** Two tensors of one shape, elementwise. */
const pair = (
  target: (d: Draw, shape: readonly number[]) => Tensor,
  options: (d: Draw) => Record<string, unknown> = () => ({}),
  input: (d: Draw, shape: readonly number[]) => Tensor = (d, shape) => d.dice.normal(shape),
  both = true,
) => alike(both ? 2 : 1, (d, shape) => [input(d, shape), target(d, shape)], options);

const normal = (d: Draw, shape: readonly number[]): Tensor => d.dice.normal(shape);
const unit = (d: Draw, shape: readonly number[]): Tensor => d.dice.uniform(shape, 0.05, 0.95);
const signs = (d: Draw, shape: readonly number[]): Tensor => d.dice.signs(shape);

/** An anchor, what is alike and what is not, (N, C) each. */
const triplet =
  (options: (dice: Dice) => Record<string, unknown>) =>
  ({ n, c, dice }: Draw): Problem => ({
    args: [dice.normal([n, c]), dice.normal([n, c]), dice.normal([n, c])],
    inputs: [0, 1, 2],
    axes: [0, 0, 0],
    options: options(dice),
  });

/** Logits (N, C, ...) and class indices, some of them ignored. */
function classProblem(
  d: Draw,
  smoothing: boolean,
  input = (shape: readonly number[]) => d.dice.normal(shape),
): Problem {
  const { n, c, extra, dice } = d;
  const ignoreIndex = dice.oneOf([-100, 0]);
  const options: Record<string, unknown> = {
    ...(ignoreIndex === -100 ? {} : { ignoreIndex }),
    ...dice.maybe('weight', () => dice.uniform([c], 0.2, 2)),
    ...(smoothing ? dice.maybe('labelSmoothing', () => 0.2) : {}),
  };
  // Each sample has one element at least that counts.
  const target = dice.classes([n, ...extra], c - 1).add(1);
  const drawn = extra.length === 0 ? target : target.mul(dice.classes([n, ...extra], 2)).clamp({ min: 0 });
  const counted = ignoreIndex === 0 ? drawn : dice.classes([n, ...extra], c);
  const data = counted.data;
  if (ignoreIndex === 0) for (let i = 0; i < n; i++) data[i * (data.length / n)] = 1;
  const weight = options.weight as Tensor | undefined;
  let denominator = 0;
  for (const t of data) if (t !== ignoreIndex) denominator += weight === undefined ? 1 : weight.data[t]!;
  return { args: [input([n, c, ...extra]), counted], inputs: [0], axes: [0, 0], options, denominator };
}

/** A loss of PyTorch's, whose class has its name. */
const ofTorch = (name: string, fn: string, args = 'input, target') => ({ name, fn, torch: name, args });
/** Of a loss that is one operation each way, and can be differentiated twice. */
const fusedTwice = { second: true, fused: true } as const;
/** Such a loss of PyTorch's, of an input and a target. */
const elementwise = (name: string, fn: string, options: string, draw: LossEntry['draw']): LossEntry => ({
  ...ofTorch(name, fn),
  options,
  ...fusedTwice,
  draw,
});

export const losses: readonly LossEntry[] = [
  elementwise('L1Loss', 'l1Loss', 'weight (function)', pair(normal)),
  elementwise('MSELoss', 'mseLoss', 'weight (function)', pair(normal)),
  elementwise(
    'SmoothL1Loss',
    'smoothL1Loss',
    'beta',
    pair(normal, ({ dice }) => dice.maybe('beta', () => dice.oneOf([0, 0.3, 2]))),
  ),
  elementwise(
    'HuberLoss',
    'huberLoss',
    'delta, weight (function)',
    pair(normal, ({ dice }) => dice.maybe('delta', () => dice.oneOf([0.3, 2]))),
  ),
  elementwise(
    'BCELoss',
    'binaryCrossEntropy',
    'weight',
    pair(unit, (d) => d.dice.maybe('weight', () => d.dice.uniform(d.extra, 0.1, 2)), unit),
  ),
  elementwise(
    'BCEWithLogitsLoss',
    'binaryCrossEntropyWithLogits',
    'weight, posWeight',
    pair(unit, (d) => ({
      ...d.dice.maybe('weight', () => d.dice.uniform(d.extra, 0.1, 2)),
      ...d.dice.maybe('posWeight', () => d.dice.uniform(d.extra, 0.1, 3)),
    })),
  ),
  {
    ...ofTorch('CrossEntropyLoss', 'crossEntropy', 'input, target (classes or probabilities)'),
    options: 'weight, ignoreIndex, labelSmoothing',
    ...fusedTwice,
    draw: (d) => {
      if (d.dice.integer(0, 2) > 0) return classProblem(d, true);
      const { n, c, extra, dice } = d;
      const shape = [n, c, ...extra];
      const rows = extra.reduce((a, b) => a * b, n);
      const options = {
        ...dice.maybe('weight', () => dice.uniform([c], 0.2, 2)),
        ...dice.maybe('labelSmoothing', () => 0.2),
      };
      const args = [dice.normal(shape), softmax(dice.normal(shape), 1)];
      return { args, inputs: dice.oneOf([[0], [0, 1]]), axes: [0, 0], options, denominator: rows };
    },
  },
  elementwise('NLLLoss', 'nllLoss', 'weight, ignoreIndex', (d) =>
    classProblem(d, false, (shape) => logSoftmax(d.dice.normal(shape), 1)),
  ),
  elementwise('NLLLoss2d', 'nllLoss', 'weight, ignoreIndex', (d) =>
    classProblem({ ...d, extra: [2, 3] }, false),
  ),
  {
    ...ofTorch('PoissonNLLLoss', 'poissonNllLoss'),
    options: 'logInput, full, eps',
    ...fusedTwice,
    draw: alike(
      2,
      ({ dice }, shape) => [dice.uniform(shape, 0.1, 2), dice.uniform(shape, 0.1, 5)],
      ({ dice }) => ({ ...dice.maybe('logInput', () => false), ...dice.maybe('full', () => true) }),
    ),
  },
  {
    ...ofTorch('GaussianNLLLoss', 'gaussianNllLoss', 'input, target, variance'),
    options: 'full, eps',
    // The difference is an operation of its own, so that infinite gradients of gradients meet as in PyTorch.
    second: true,
    fused: false,
    draw: alike(
      3,
      ({ extra, dice }, shape) => {
        const variance = extra.length > 0 && dice.integer(0, 1) === 0 ? [...shape.slice(0, -1), 1] : shape;
        return [dice.normal(shape), dice.normal(shape), dice.uniform(variance, 0.3, 3)];
      },
      ({ dice }) => dice.maybe('full', () => true),
    ),
  },
  {
    ...ofTorch('KLDivLoss', 'klDiv'),
    options: 'logTarget',
    reductions: ['batchmean'],
    ...fusedTwice,
    draw: (d) => {
      const logTarget = d.dice.integer(0, 1) === 0;
      const target = softmax(d.dice.normal([d.n, d.c]), 1);
      return {
        args: [logSoftmax(d.dice.normal([d.n, d.c]), 1), logTarget ? target.log() : target],
        inputs: [0, 1],
        axes: [0, 0],
        options: logTarget ? { logTarget } : {},
      };
    },
  },
  {
    ...ofTorch('MarginRankingLoss', 'marginRankingLoss', 'input1, input2, target'),
    options: 'margin',
    ...fusedTwice,
    draw: alike(
      2,
      ({ dice }, shape) => [dice.normal(shape), dice.normal(shape), dice.signs(shape)],
      ({ dice }) => dice.maybe('margin', () => 0.7),
    ),
  },
  elementwise(
    'HingeEmbeddingLoss',
    'hingeEmbeddingLoss',
    'margin',
    pair(signs, ({ dice }) => dice.maybe('margin', () => 0.4), normal, false),
  ),
  {
    ...ofTorch('MultiLabelMarginLoss', 'multilabelMarginLoss'),
    options: '',
    second: true,
    fused: false,
    draw: (d) => {
      const { n, c, dice } = d;
      const rows = Array.from({ length: n }, () => {
        const all = Array.from({ length: c }, (_, i) => i).sort(() => dice.integer(0, 2) - 1);
        const count = dice.integer(0, c);
        return all.map((t, i) => (i < count ? t : i === count ? -1 : 0));
      });
      return {
        args: [dice.normal([n, c]), tensor(rows, { dtype: 'int32' })],
        inputs: [0],
        axes: [0, 0],
        options: {},
      };
    },
  },
  {
    ...ofTorch('MultiLabelSoftMarginLoss', 'multilabelSoftMarginLoss'),
    options: 'weight',
    ...fusedTwice,
    draw: ({ n, c, dice }) => ({
      args: [dice.normal([n, c]), dice.uniform([n, c])],
      inputs: [0, 1],
      axes: [0, 0],
      options: dice.maybe('weight', () => dice.uniform([c], 0.1, 2)),
    }),
  },
  elementwise('SoftMarginLoss', 'softMarginLoss', '', pair(signs)),
  {
    ...ofTorch('MultiMarginLoss', 'multiMarginLoss'),
    options: 'p, margin, weight',
    second: true,
    fused: false,
    draw: ({ n, c, dice }) => ({
      args: [dice.normal([n, c]), dice.classes([n], c)],
      inputs: [0],
      axes: [0, 0],
      options: {
        ...dice.maybe('p', () => 2),
        ...dice.maybe('margin', () => 0.6),
        ...dice.maybe('weight', () => dice.uniform([c], 0.2, 2)),
      },
    }),
  },
  {
    ...ofTorch('CosineEmbeddingLoss', 'cosineEmbeddingLoss', 'input1, input2, target'),
    options: 'margin',
    second: true,
    fused: false,
    draw: ({ n, c, dice }) => ({
      args: [dice.normal([n, c]), dice.normal([n, c]), dice.signs([n])],
      inputs: [0, 1],
      axes: [0, 0, 0],
      options: dice.maybe('margin', () => 0.2),
    }),
  },
  {
    ...ofTorch('TripletMarginLoss', 'tripletMarginLoss', 'anchor, positive, negative'),
    options: 'margin, p, eps, swap',
    second: true,
    fused: false,
    draw: triplet((dice) => ({
      ...dice.maybe('p', () => dice.oneOf([1, 3])),
      ...dice.maybe('margin', () => 0.6),
      ...dice.maybe('swap', () => true),
    })),
  },
  {
    ...ofTorch(
      'TripletMarginWithDistanceLoss',
      'tripletMarginWithDistanceLoss',
      'anchor, positive, negative',
    ),
    options: 'distanceFunction, margin, swap',
    second: true,
    fused: false,
    draw: triplet((dice) => ({
      ...dice.maybe('distanceFunction', () => (a: Tensor, b: Tensor) => a.sub(b).square().sum(1)),
      ...dice.maybe('swap', () => true),
    })),
  },
  {
    ...ofTorch('CTCLoss', 'ctcLoss', 'logProbs, targets, inputLengths, targetLengths'),
    options: 'blank, zeroInfinity',
    second: false,
    fused: true,
    before: (x) => logSoftmax(x, 2),
    meanOf: (unreduced, { args }) =>
      unreduced.div((args[3] as Tensor).to('float64').clamp({ min: 1 })).mean(),
    draw: ({ n, c, dice }) => {
      const lengths = Array.from({ length: n }, () => dice.integer(0, 2));
      return {
        args: [
          dice.normal([6, n, c + 1]),
          dice.classes([n, 2], c).add(1),
          tensor(
            Array.from({ length: n }, () => dice.integer(4, 6)),
            { dtype: 'int32' },
          ),
          tensor(lengths, { dtype: 'int32' }),
        ],
        inputs: [0],
        axes: [1, 0, 0, 0],
        options: dice.maybe('zeroInfinity', () => true),
      };
    },
  },
  {
    ...ofTorch('LinearCrossEntropyLoss', 'linearCrossEntropy', 'input, linearWeight, target'),
    options: 'linearBias, weight, ignoreIndex, labelSmoothing',
    second: true,
    fused: false,
    construct: false,
    draw: ({ n, c, dice }) => ({
      args: [dice.normal([n, 3]), dice.normal([c, 3]), dice.classes([n], c)],
      inputs: [0, 1],
      axes: [0, null, 0],
      options: {
        ...dice.maybe('linearBias', () => dice.normal([c])),
        ...dice.maybe('labelSmoothing', () => 0.1),
      },
    }),
  },
];
