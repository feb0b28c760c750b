/** A hundred steps of LBFGS, and runs whose loss is no number in the middle, against PyTorch; see tools/oracle/long_searches.py. */
import { arange, cat, type Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import * as optim from '../src/index.ts';
import { rowOf } from './support/after.ts';
import { parametersOf, type ShapedRun, sideBySide } from './support/runs.ts';

/** After each step the loss stands behind the parameters. */
interface LongRun extends ShapedRun {
  readonly op: 'long' | 'odd';
  /** Evaluations and iterations so far, as long as those runs have as many. */
  readonly counts: readonly (readonly [number, number])[];
  /** In which step the loss is multiplied by what is no finite number. */
  readonly odd?: { readonly step: number; readonly by: 'nan' | 'inf' | '-inf' };
}

const { entries } = readFixture<LongRun>(new URL('./fixtures/lbfgs-runs', import.meta.url));
const factors = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };

function objective(params: readonly Tensor[]): Tensor {
  const z = cat(params.map((p) => p.reshape([p.count])));
  const valley = z
    .sub(0.5)
    .square()
    .mul(arange(1, z.count + 1))
    .div(4);
  return valley.add(z.pow(4).div(16)).sum();
}

/** Of float32, whether the loss of a step is that of the one before but for its last bits, which is what a search then goes by. */
function isAtBottom({ dtype, shape: [, width = 0], array }: Recorded, step: number): boolean {
  const lossOf = (row: number): number => Number(array[row * width - 1]);
  const change = Math.abs(lossOf(step) - lossOf(step - 1));
  return dtype === 'float32' && step > 1 && change <= 4 * 2 ** -23 * Math.abs(lossOf(step));
}

describe("a run has PyTorch's places, losses and counts after each step", () => {
  it.each(
    entries.map((entry): [string, LongRun] => [
      `${entry.op} ${JSON.stringify(entry.options)} ${entry.odd?.by ?? ''} ${entry.dtype}`,
      entry,
    ]),
  )('%s', (_, { options, shapes, start, after, far, counts, odd }) => {
    const params = parametersOf(start, shapes);
    const optimizer = new optim.LBFGS(params, optionsOf(Object.entries(options)));
    const [steps = 0, width = 0] = after.shape;
    let isThere = false;
    for (let step = 1; step <= steps; step++) {
      const loss = optimizer.step(() => {
        optimizer.zeroGrad();
        const value = options.maximize === true ? objective(params).neg() : objective(params);
        const found = odd?.step === step ? value.mul(factors[odd.by]) : value;
        found.backward();
        return found;
      });
      const found = plain(cat([sideBySide(params), loss.detach().reshape([1])]));
      isThere ||= 'line_search_fn' in options && isAtBottom(after, step);
      // Losses that are alike are of places as far apart as the root of their last bit.
      const root = Math.sqrt(2 ** -23 * Math.abs(Number(rowOf(after, step).array[width - 1])));
      const least = isThere ? root : 0;
      const noise =
        far &&
        Array.from(rowOf(far, step).array).flatMap((distance, i) => [
          i,
          i === width - 1 ? distance : Math.max(distance, least),
        ]);
      expect(mismatch(`after step ${step}`, found, rowOf(after, step), { noise })).toBeNull();
      const { funcEvals, nIter } = optimizer.state.get(params[0] as Tensor) ?? {};
      if (step <= counts.length && !isThere) expect([funcEvals, nIter]).toEqual(counts[step - 1]);
    }
  });
});
