/** The losses that PyTorch has not, in the form of table.ts. */

import { softmax, type Tensor, tensor } from '@kindling/core';
import type { Draw, LossEntry, Problem } from './table.ts';

type Options = Record<string, unknown>;

/** Options that are drawn half of the time each, from a list. */
const some =
  (choices: Readonly<Record<string, readonly unknown[]>>) =>
  ({ dice }: Draw): Options =>
    Object.assign(
      {},
      ...Object.entries(choices).map(([name, list]) => dice.maybe(name, () => dice.oneOf(list))),
    );

const none = (): Options => ({});
const arxiv = (authors: string, id: string): string => `[${authors}](https://arxiv.org/abs/${id})`;
const doi = (authors: string, id: string): string => `[${authors}](https://doi.org/${id})`;

/** Input and target of one shape. */
const pair =
  (options: (d: Draw) => Options, low = -2, high = 2) =>
  (d: Draw): Problem => {
    const shape = [d.n, ...d.extra];
    const args = [d.dice.uniform(shape, low, high), d.dice.uniform(shape, low, high)];
    return { args, inputs: [0, 1], axes: [0, 0], options: options(d) };
  };

/** Logits, and targets that are 0 and 1, or between. */
const logits =
  (options: (d: Draw) => Options) =>
  (d: Draw): Problem => {
    const shape = [d.n, ...d.extra];
    const hard = d.dice.integer(0, 1) === 0;
    const target = hard ? d.dice.classes(shape, 2).to('float64') : d.dice.uniform(shape, 0.05, 0.95);
    const args = [d.dice.normal(shape).mul(2), target];
    return { args, inputs: hard ? [0] : [0, 1], axes: [0, 0], options: options(d) };
  };

/** Logits (N, C, ...), and a mask or class indices. */
const regions =
  (options: (d: Draw) => Options) =>
  (d: Draw): Problem => {
    const { n, c, extra, dice } = d;
    const shape = [n, c, ...extra];
    const target = dice.oneOf([dice.uniform(shape), dice.classes([n, ...extra], c)]);
    return { args: [dice.normal(shape), target], inputs: [0], axes: [0, 0], options: options(d) };
  };

/** Cosines (N, C) and class indices. */
const cosines =
  (options: (d: Draw) => Options) =>
  (d: Draw): Problem => {
    const { n, c, dice } = d;
    const args = [dice.uniform([n, c], -0.95, 0.95), dice.classes([n], c)];
    return { args, inputs: [0], axes: [0, 0], options: { scale: dice.oneOf([1, 4]), ...options(d) } };
  };

function focal(d: Draw): Problem {
  const { n, c, extra, dice } = d;
  const shape = [n, c, ...extra];
  const options = {
    ...dice.maybe('gamma', () => dice.oneOf([0, 0.5, 1, 3])),
    ...dice.maybe('weight', () => dice.uniform([c], 0.2, 2)),
  };
  const x = dice.normal(shape);
  if (dice.integer(0, 2) === 0) {
    return { args: [x, softmax(dice.normal(shape), 1)], inputs: [0, 1], axes: [0, 0], options };
  }
  const target = dice.classes([n, ...extra], c);
  const weight = options.weight as Tensor | undefined;
  let denominator = 0;
  for (const t of target.data) denominator += weight === undefined ? 1 : weight.data[t]!;
  return { args: [x, target], inputs: [0], axes: [0, 0], options, denominator };
}

function quantile(d: Draw): Problem {
  const shape = [d.n, ...d.extra];
  const { dice } = d;
  const q = dice.oneOf([0.3, [0.1, 0.5, 0.9]]);
  const input = typeof q === 'number' ? shape : [...shape, q.length];
  return {
    args: [dice.normal(input), dice.normal(shape), q],
    inputs: [0, 1],
    axes: [0, 0, null],
    options: {},
  };
}

function binned(d: Draw): Problem {
  const shape = [d.n, ...d.extra];
  const { dice } = d;
  const edges = tensor([1, 2], { dtype: 'float64' });
  const thresholds = tensor([0.2, 0.5, 0.9], { dtype: 'float64' });
  const args = [dice.uniform(shape, 0.3, 4), dice.uniform(shape, 0.5, 3), edges, thresholds];
  return { args, inputs: [0, 1], axes: [0, 0, null, null], options: dice.maybe('fractional', () => true) };
}

function infoNce(d: Draw): Problem {
  const { n, c, dice } = d;
  const negatives = dice.normal([3, c]);
  return {
    args: [dice.normal([n, c]), dice.normal([n, c])],
    inputs: [0, 1],
    axes: [0, 0],
    options: { negatives, ...dice.maybe('temperature', () => 0.5) },
  };
}

function supCon(d: Draw): Problem {
  const { n, c, dice } = d;
  const shape = dice.oneOf([
    [n, c],
    [n, 2, c],
  ]);
  return {
    args: [dice.normal(shape), dice.classes([n], 2)],
    inputs: [0],
    axes: [0, 0],
    options: { temperature: 0.5, ...dice.maybe('baseTemperature', () => 0.2) },
  };
}

function emd(d: Draw): Problem {
  const { n, c, extra, dice } = d;
  const shape = [n, c, ...extra];
  const isClass = dice.integer(0, 1) === 0;
  const target = isClass ? dice.classes([n, ...extra], c) : softmax(dice.normal(shape), 1);
  return {
    args: [dice.normal(shape), target],
    inputs: isClass ? [0] : [0, 1],
    axes: [0, 0],
    options: dice.maybe('power', () => 3),
  };
}

const twice = { torch: null, second: true } as const;
const overlap = 'smooth, activation, ignoreIndex, batch';

export const beyondLosses: readonly LossEntry[] = [
  {
    ...twice,
    name: 'SigmoidFocalLoss',
    fn: 'sigmoidFocalLoss',
    paper: arxiv('Lin et al. 2017', '1708.02002'),
    args: 'input, target',
    options: 'alpha, gamma',
    fused: true,
    draw: logits(some({ alpha: [null, 0.7], gamma: [0, 0.5, 1, 3] })),
  },
  {
    ...twice,
    name: 'FocalLoss',
    fn: 'focalLoss',
    paper: arxiv('Lin et al. 2017', '1708.02002'),
    args: 'input, target (classes or probabilities)',
    options: 'weight, gamma, ignoreIndex',
    fused: false,
    draw: focal,
  },
  {
    ...twice,
    name: 'DiceLoss',
    fn: 'diceLoss',
    paper: arxiv('Milletari et al. 2016', '1606.04797'),
    args: 'input, target (mask or classes)',
    options: `${overlap}, squared`,
    fused: false,
    draw: regions(some({ squared: [true], smooth: [0.5] })),
  },
  {
    ...twice,
    name: 'TverskyLoss',
    fn: 'tverskyLoss',
    paper: arxiv('Salehi et al. 2017', '1706.05721'),
    args: 'input, target (mask or classes)',
    options: `alpha, beta, ${overlap}`,
    fused: false,
    draw: regions(some({ alpha: [0.6], beta: [0.2] })),
  },
  {
    ...twice,
    name: 'FocalTverskyLoss',
    fn: 'focalTverskyLoss',
    paper: arxiv('Abraham and Khan 2018', '1810.07842'),
    args: 'input, target (mask or classes)',
    options: `alpha, beta, gamma, ${overlap}`,
    fused: false,
    draw: regions(some({ gamma: [0.75, 2] })),
  },
  {
    ...twice,
    name: 'JaccardLoss',
    fn: 'jaccardLoss',
    paper: doi('Rahman and Wang 2016', '10.1007/978-3-319-50835-1_22'),
    args: 'input, target (mask or classes)',
    options: overlap,
    fused: false,
    draw: regions(some({ smooth: [0.5] })),
  },
  {
    ...twice,
    name: 'LogCoshLoss',
    fn: 'logCoshLoss',
    paper: arxiv('Saleh and Saleh 2022', '2208.04564'),
    args: 'input, target',
    options: '',
    fused: true,
    draw: pair(none),
  },
  {
    ...twice,
    name: 'CharbonnierLoss',
    fn: 'charbonnierLoss',
    paper: doi('Charbonnier et al. 1994', '10.1109/ICIP.1994.413553'),
    args: 'input, target',
    options: 'epsilon',
    fused: true,
    draw: pair(some({ epsilon: [0.2, 1] })),
  },
  {
    ...twice,
    name: 'QuantileLoss',
    fn: 'quantileLoss',
    paper: doi('Koenker and Bassett 1978', '10.2307/1913643'),
    args: 'input, target, quantiles (of the class: in its constructor)',
    options: '',
    fused: true,
    construct: false,
    draw: quantile,
  },
  {
    ...twice,
    name: 'AsymmetricLoss',
    fn: 'asymmetricLoss',
    paper: arxiv('Ridnik et al. 2021', '2009.14119'),
    args: 'input, target',
    options: 'gammaNeg, gammaPos, clip',
    fused: true,
    draw: logits(some({ gammaNeg: [0, 1, 2], gammaPos: [0, 2], clip: [0, 0.2] })),
  },
  {
    ...twice,
    name: 'ArcFaceLoss',
    fn: 'arcFaceLoss',
    paper: arxiv('Deng et al. 2018', '1801.07698'),
    args: 'input (cosines; of the class: embeddings), target',
    options: 'margin, scale, easyMargin; of the function: weight, ignoreIndex, labelSmoothing',
    fused: false,
    construct: false,
    draw: cosines(some({ margin: [0.2], easyMargin: [true] })),
  },
  {
    ...twice,
    name: 'CosFaceLoss',
    fn: 'cosFaceLoss',
    paper: arxiv('Wang et al. 2018', '1801.09414'),
    args: 'input (cosines; of the class: embeddings), target',
    options: 'margin, scale; of the function: weight, ignoreIndex, labelSmoothing',
    fused: false,
    construct: false,
    draw: cosines(some({ margin: [0.1] })),
  },
  {
    ...twice,
    name: 'InfoNCELoss',
    fn: 'infoNceLoss',
    paper: arxiv('van den Oord et al. 2018', '1807.03748'),
    args: 'query, key (of the class: negatives)',
    options: 'temperature, symmetric; of the function: negatives',
    fused: false,
    construct: false,
    draw: infoNce,
  },
  {
    ...twice,
    name: 'SupConLoss',
    fn: 'supConLoss',
    paper: arxiv('Khosla et al. 2020', '2004.11362'),
    args: 'features, labels',
    options: 'temperature, baseTemperature',
    fused: false,
    inBatch: true,
    draw: supCon,
  },
  {
    ...twice,
    name: 'EMDLoss',
    fn: 'emdLoss',
    paper: arxiv('Hou et al. 2016', '1611.05916'),
    args: 'input, target (distribution or classes)',
    options: 'power',
    fused: false,
    draw: emd,
  },
  {
    ...twice,
    name: 'WingLoss',
    fn: 'wingLoss',
    paper: arxiv('Feng et al. 2018', '1711.06753'),
    args: 'input, target',
    options: 'omega, epsilon',
    fused: true,
    draw: pair(some({ omega: [1], epsilon: [0.5] })),
  },
  {
    ...twice,
    name: 'AdaptiveWingLoss',
    fn: 'adaptiveWingLoss',
    paper: arxiv('Wang et al. 2019', '1904.07399'),
    args: 'input, target',
    options: 'omega, theta, epsilon, alpha',
    fused: true,
    draw: pair(some({ omega: [3], theta: [0.3], epsilon: [0.6], alpha: [2.5] }), 0, 1),
  },
  {
    ...twice,
    name: 'FractionalHuberLoss',
    fn: 'fractionalHuberLoss',
    paper: doi('Huber 1964', '10.1214/aoms/1177703732'),
    args: 'input, target',
    options: 'delta',
    fused: true,
    draw: pair(some({ delta: [0.3] }), 0.5, 3),
  },
  {
    ...twice,
    name: 'BinnedHuberLoss',
    fn: 'binnedHuberLoss',
    paper: doi('Strong: LUMIN', '10.5281/zenodo.2601857'),
    args: 'input, target (of the function: edges, thresholds)',
    options: 'fractional; of the class: percentile, momentum, delta',
    fused: false,
    construct: false,
    draw: binned,
  },
];
