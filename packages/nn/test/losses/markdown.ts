/** The page docs/losses.md, made of the table that drives the tests; `pnpm docs:losses` writes it. */

import { losses } from './all.ts';
import type { LossEntry } from './table.ts';

/** Losses that give more than a loss, and so do not stand in the table. */
export const apart = {
  AdaptiveLogSoftmaxWithLoss: {
    torch: 'AdaptiveLogSoftmaxWithLoss',
    fn: null,
    args: 'input, target',
    options: 'divValue, headBias; in the constructor: inFeatures, nClasses, cutoffs',
    tests: 'oracle, numerics',
  },
} as const;

const header = [
  'Loss',
  'Function',
  "PyTorch's, or paper",
  'Arguments',
  'Options',
  'Reductions',
  '2nd',
  'Fused',
  'Tests',
];

const code = (text: string | null): string => (text === null || text === '' ? '' : `\`${text}\``);
const yes = (value: boolean): string => (value ? 'yes' : 'no');

function origin({ torch, paper }: LossEntry): string {
  if (torch !== null) return code(torch);
  if (paper === undefined) throw new Error('a loss that is not PyTorch has a paper');
  return paper;
}

function row(entry: LossEntry): string[] {
  const { name, fn, args, options, reductions = [], second, fused, torch } = entry;
  return [
    code(name),
    code(fn),
    origin(entry),
    args,
    options,
    ['all four', ...reductions.map((r) => code(`'${r}'`))].join(', '),
    yes(second),
    yes(fused),
    torch === null ? 'properties, formulas, limits' : 'properties, oracle, numerics',
  ];
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const padded = (cells: readonly string[]): string => line(cells.map((cell, i) => cell.padEnd(widths[i]!)));
  return [padded(header), line(widths.map((w) => '-'.repeat(w))), ...rows.map(padded)].join('\n');
}

/** The text of the page. */
export function page(): string {
  const pytorch = losses.filter(({ torch }) => torch !== null).map(row);
  const beyond = losses.filter(({ torch }) => torch === null).map(row);
  const { torch, args, options, tests } = apart.AdaptiveLogSoftmaxWithLoss;
  pytorch.push([code(torch), '', code(torch), args, options, 'all four', 'yes', 'no', tests]);
  return `---
title: The losses
description: Every loss with its function, PyTorch's counterpart or paper, arguments, options, reductions, and what tests it; on the site with its curve.
---

# The losses

<!-- Made by \`pnpm docs:losses\` from packages/nn/test/losses: the table that drives the tests. Do not edit. -->

Every loss is a class of \`@kindling/nn\`, called with its arguments, and a function of \`nn.functional\` (\`F\`), called with the arguments
and the options. Which to take: [choosing a loss](choosing-a-loss.md). [Losses of your own](custom-losses.md). A walk through the losses:
\`pnpm losses-tour\`; each at work: \`pnpm train-with-every-loss\`. On the site each has a page with its curves, its common mistakes and
numbers to try.

<LossGallery />

- **Reductions.** All take \`reduction: 'none' | 'mean' | 'sum' | 'weightedMean'\`, which the tables call all four.
- **Weights that vary per batch.** All take \`{ sampleWeight }\` with each call, of shape (N,) or anything that broadcasts to the unreduced
  loss. It multiplies the unreduced loss; \`'mean'\` then divides by what it would divide by without weights, \`'weightedMean'\` by the sum of
  the weights. Gradients flow to the weights.
- **Input checks.** What PyTorch refuses is an error that says what would have fitted. What it takes in silence though it is almost surely
  wrong (probabilities where logits belong, shapes that broadcast by accident) is a warning, once per call site;
  \`nn.setInputChecks('off' | 'warn' | 'error')\` changes that.

In the tables, *2nd* says whether the loss can be differentiated twice, and *fused* whether it is one operation forward and one backward
where no sample weights are given; the tests check every yes.

## PyTorch's

${table(pytorch)}

## Beyond PyTorch

${table(beyond)}

## What the tests are

- **properties** (\`packages/nn/test/losses/properties.test.ts\`), on drawn shapes, options, reductions and weights: \`gradcheck\` and
  \`gradgradcheck\`; \`'none'\`, \`'sum'\`, \`'mean'\` and \`'weightedMean'\` agree; weight 0 leaves a sample out and an integer weight repeats it;
  permuting the batch changes nothing; the class does what the function does.
- **oracle** (\`packages/nn/test/oracle.test.ts\`): PyTorch's own criterion tests, of 1.13 and of the newest version, and the losses of its
  operator database; value and gradients, float64 to 1e-10, float32 to 1e-5, on three memory layouts.
- **numerics** (\`packages/nn/test/losses/numerics.test.ts\`): extremes against PyTorch, ignored classes, soft and hard targets.
- **formulas** (\`packages/nn/test/losses/beyond-oracle.test.ts\`): value and gradients against each paper's formula, written plainly in
  PyTorch and differentiated by its autograd (\`tools/oracle/beyond_losses.py\`).
- **limits** (\`packages/nn/test/losses/beyond.test.ts\`): what each becomes at the ends of its options, extreme logits, state, errors.
`;
}
