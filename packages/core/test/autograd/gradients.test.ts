import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { autograd, type Tensor } from '../../src/index.ts';
import { assertClose, nonContiguous } from '../../src/testing/index.ts';
import { operations, type Sample } from './operations/index.ts';

/** The same draws in every run; `KINDLING_RUNS=100 KINDLING_SEED=7` looks further. */
const numRuns = Number(process.env.KINDLING_RUNS ?? 8);
const seed = Number(process.env.KINDLING_SEED ?? 1);

const withViews = (samples: fc.Arbitrary<Sample>): fc.Arbitrary<[Sample, Tensor[]]> =>
  samples.chain((sample) => fc.tuple(fc.constant(sample), fc.tuple(...sample.inputs.map(nonContiguous))));

const list = (y: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(y) ? y : [y as Tensor]);

describe('every operation', () => {
  it.each(Object.entries(operations))('%s', (_, samples) => {
    fc.assert(
      fc.property(withViews(samples), ([{ inputs, run }, views]) => {
        const expected = list(run(...inputs));
        const actual = list(run(...views));
        actual.forEach((y, i) => {
          assertClose(y, expected[i]!, {
            rtol: 1e-12,
            atol: 1e-12,
            equalNan: true,
            message: `on a view, output ${i}`,
          });
        });
        autograd.gradcheck(run, views);
        autograd.gradgradcheck(run, views);
      }),
      { numRuns, seed },
    );
  });
});
