/** What holds of every loss, over drawn problems: see table.ts for how they are drawn. */

import { autograd, observe, type Tensor, tensor } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { losses } from './all.ts';
import { Dice, isTensor, leaf, take } from './dice.ts';
import type { LossEntry, Problem } from './table.ts';

type Options = Readonly<Record<string, unknown>>;
type LossFunction = (...args: unknown[]) => Tensor;

const functional = nn.functional as unknown as Record<string, LossFunction>;
const classes = nn as unknown as Record<string, new (options: Options) => LossFunction>;

beforeAll(() => nn.setInputChecks('off'));
afterAll(() => nn.setInputChecks('warn'));

const drawn = (entry: LossEntry): fc.Arbitrary<Problem & { n: number; dice: Dice }> =>
  fc
    .record({
      n: fc.integer({ min: 1, max: 4 }),
      c: fc.integer({ min: 2, max: 4 }),
      extra: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      seed: fc.integer({ min: 0, max: 2 ** 30 }),
    })
    .map(({ n, c, extra, seed }) => {
      const dice = new Dice(seed);
      return { ...entry.draw({ n, c, extra, dice }), n, dice };
    });

/** The loss of a problem; `before` is applied to its first argument. */
function lossOf(entry: LossEntry, problem: Problem, options: Options = {}, args = problem.args): Tensor {
  const before = entry.before ?? ((x: Tensor) => x);
  const [first, ...rest] = args;
  return functional[entry.fn]!(before(first as Tensor), ...rest, { ...problem.options, ...options });
}

/** The problem with only the samples of `indices`, in that order. */
function picked(problem: Problem, indices: readonly number[]): Problem {
  const args = problem.args.map((x, i) => {
    const axis = problem.axes[i];
    return isTensor(x) && axis != null ? take(x, axis, indices) : x;
  });
  return { ...problem, args };
}

const reductionsOf = (entry: LossEntry): string[] => [
  'none',
  'mean',
  'sum',
  'weightedMean',
  ...(entry.reductions ?? []),
];

/** A function of the differentiable arguments (and the sample weights behind them), for gradcheck. */
function differentiable(entry: LossEntry, problem: Problem, reduction: string, weights: Tensor | null) {
  const inputs = problem.inputs.map((i) => leaf(problem.args[i] as Tensor));
  if (weights !== null) inputs.push(leaf(weights));
  const fn = (...leaves: Tensor[]): Tensor => {
    const args = problem.args.map((x, i) => {
      const place = problem.inputs.indexOf(i);
      return place < 0 ? x : leaves[place];
    });
    const options = weights === null ? { reduction } : { reduction, sampleWeight: leaves[leaves.length - 1] };
    return lossOf(entry, problem, options, args);
  };
  return { fn, inputs };
}

describe.each(losses.map((entry) => [entry.name ?? entry.fn, entry] as const))('%s', (_, entry) => {
  const problems = drawn(entry);
  const reductions = fc.constantFrom(...reductionsOf(entry));
  const runs = { numRuns: 20 };

  it('has the right gradient, to its inputs and to sample weights', () => {
    fc.assert(
      fc.property(problems, reductions, fc.boolean(), (problem, reduction, weighted) => {
        const weights = weighted ? problem.dice.uniform([problem.n], 0.2, 2) : null;
        const { fn, inputs } = differentiable(entry, problem, reduction, weights);
        return autograd.gradcheck(fn, inputs);
      }),
      runs,
    );
  });

  it(entry.second ? 'has the right second derivative' : 'refuses a second derivative in words', () => {
    fc.assert(
      fc.property(problems, reductions, fc.boolean(), (problem, reduction, weighted) => {
        const weights = weighted ? problem.dice.uniform([problem.n], 0.2, 2) : null;
        const { fn, inputs } = differentiable(entry, problem, reduction, weights);
        if (entry.second) return autograd.gradgradcheck(fn, inputs);
        const [g] = autograd.grad(fn(...inputs).sum(), [inputs[0]!], { createGraph: true });
        expect(() => g!.square().sum().backward()).toThrow(/second derivative|not implemented/);
        return true;
      }),
      { numRuns: 12 },
    );
  });

  it("'none', 'sum', 'mean' and 'weightedMean' agree", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const none = lossOf(entry, problem, { reduction: 'none' });
        const sum = lossOf(entry, problem, { reduction: 'sum' });
        const mean = lossOf(entry, problem);
        assertClose(sum, none.sum());
        const wanted =
          entry.meanOf === undefined
            ? none.sum().div(problem.denominator ?? none.count)
            : entry.meanOf(none, problem);
        assertClose(mean, wanted);
        assertClose(lossOf(entry, problem, { reduction: 'weightedMean' }), mean);
        const ones = tensor(
          Array.from({ length: problem.n }, () => 1),
          { dtype: 'float64' },
        );
        for (const reduction of reductionsOf(entry)) {
          const plain = lossOf(entry, problem, { reduction });
          assertClose(lossOf(entry, problem, { reduction, sampleWeight: ones }), plain);
        }
      }),
      runs,
    );
  });

  it('a weight multiplies its sample: in the sum, in the mean over the same denominator', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const sampleWeight = problem.dice.uniform([problem.n], 0, 2);
        const none = lossOf(entry, problem, { reduction: 'none' });
        const w = sampleWeight.reshape([problem.n, ...none.shape.slice(1).map(() => 1)]);
        assertClose(lossOf(entry, problem, { reduction: 'none', sampleWeight }), none.mul(w));
        assertClose(lossOf(entry, problem, { reduction: 'sum', sampleWeight }), none.mul(w).sum());
        if (entry.meanOf === undefined) {
          const mean = none
            .mul(w)
            .sum()
            .div(problem.denominator ?? none.count);
          assertClose(lossOf(entry, problem, { sampleWeight }), mean);
        }
      }),
      runs,
    );
  });

  it.skipIf(entry.inBatch)(
    "with 'weightedMean' a weight of 0 leaves a sample out and an integer weight repeats it",
    () => {
      const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
      fc.assert(
        fc.property(problems, weights, (problem, list) => {
          const counts = list.slice(0, problem.n);
          fc.pre(counts.some((k) => k > 0));
          const sampleWeight = tensor(counts, { dtype: 'float64' });
          const repeated = picked(
            problem,
            counts.flatMap((k, i) => Array.from({ length: k }, () => i)),
          );
          assertClose(
            lossOf(entry, problem, { reduction: 'weightedMean', sampleWeight }),
            lossOf(entry, repeated),
          );
        }),
        runs,
      );
    },
  );

  it('permuting the batch changes nothing', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const order = Array.from({ length: problem.n }, (_, i) => (i + 1) % problem.n);
        const permuted = picked(problem, order);
        assertClose(lossOf(entry, permuted), lossOf(entry, problem));
        const none = lossOf(entry, problem, { reduction: 'none' });
        assertClose(lossOf(entry, permuted, { reduction: 'none' }), take(none, 0, order));
      }),
      runs,
    );
  });

  it.runIf(entry.name !== null && entry.construct !== false)('the class does what the function does', () => {
    fc.assert(
      fc.property(problems, reductions, fc.boolean(), (problem, reduction, weighted) => {
        const own = { ...problem.options, reduction };
        const module = new classes[entry.name!]!(own);
        expect(String(module)).toBe(`${entry.name}()`);
        const call = weighted ? [{ sampleWeight: problem.dice.uniform([problem.n]) }] : [];
        assertClose(
          module(...problem.args, ...call),
          functional[entry.fn]!(...problem.args, { ...own, ...call[0] }),
        );
      }),
      runs,
    );
  });

  it.runIf(entry.fused && entry.before === undefined)('is one operation forward and one backward', () => {
    const some = fc.sample(problems, { numRuns: 60, seed: 5 });
    const problem = some.find((p) => Object.keys(p.options).length === 0) ?? some[0]!;
    const { fn, inputs } = differentiable(entry, { ...problem, inputs: [0] }, 'mean', null);
    const ran: string[] = [];
    const stop = observe({
      after: (name) => {
        if (!['expand', 'reshape', 'unsqueeze', 'detach', 'full'].includes(name)) ran.push(name);
      },
    });
    try {
      const loss = fn(...inputs);
      expect(ran).toHaveLength(1);
      loss.backward();
      expect(ran).toHaveLength(2);
    } finally {
      stop();
    }
  });
});
