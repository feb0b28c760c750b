/**
 * LBFGS on losses and gradients that come one after another, whatever the place: every way through its line search and its
 * iterations, and the edges of their conditions, against PyTorch.
 */
import { stack, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { mismatch } from '../../core/test/oracle/compare.ts';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { optionsOf } from '../../core/test/oracle/signature.ts';
import { plain } from '../../core/test/oracle/tensors.ts';
import * as optim from '../src/index.ts';
import type { Options } from './support/runs.ts';

interface Script {
  /** A search along a line from 0 with the slope -1: the places are the steps tried, to the last bit. */
  readonly op: 'search' | 'course';
  readonly options: Options;
  /** A row for each call of the closure: the loss, then the gradient. After the last one the first comes again. */
  readonly script: Recorded;
  /** Where the closure was called, then where the last step ended. */
  readonly places: Recorded;
  /** How far PyTorch's float32 is from its float64 there, by position, where corrections nearly cancel. */
  readonly noise?: readonly number[];
  /** Evaluations and iterations after each step. */
  readonly counts: readonly (readonly [number, number])[];
}

const { entries } = readFixture<Script>(new URL('./fixtures/lbfgs-scripts', import.meta.url));

describe("goes where PyTorch's goes", () => {
  it.each(
    entries.map((entry, i): [string, Script] => [
      `${entry.op} ${i}, ${entry.script.dtype}, ${JSON.stringify(entry.options)}`,
      entry,
    ]),
  )('%s', (_, { op, options, script, places, counts, noise }) => {
    const { dtype } = script;
    const width = script.shape[1] as number;
    const rows = Array.from({ length: script.shape[0] as number }, (_, i) => [
      ...script.array.slice(i * width, (i + 1) * width),
    ]);
    const p = zeros([width - 1], { dtype, requiresGrad: true });
    const optimizer = new optim.LBFGS([p], optionsOf(Object.entries(options)));
    const seen: Tensor[] = [];
    const closure = (): Tensor => {
      const [loss = Number.NaN, ...gradient] = rows[seen.length % rows.length] ?? [];
      seen.push(p.detach().clone());
      p.grad = tensor(gradient, { dtype });
      return tensor(loss, { dtype });
    };
    const counted = counts.map(() => {
      optimizer.step(closure);
      const { funcEvals, nIter } = optimizer.state.get(p) ?? {};
      return [funcEvals, nIter];
    });
    expect(counted).toEqual(counts);
    const reached = plain(stack([...seen, p.detach()]));
    if (op === 'search') expect(Array.from(reached.array)).toEqual([...places.array]);
    expect(mismatch('places', reached, places, { noise })).toBeNull();
  });
});
