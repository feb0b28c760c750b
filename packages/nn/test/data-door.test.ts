/** One door for data, in layers and losses too: see core's test of this name. */

import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import {
  type Entry,
  firstForms,
  readFixture,
  recordedIn,
  type Sample,
  type Value,
} from '../../core/test/oracle/fixture.ts';
import { caller, isOutside } from '../../core/test/oracle/operations.ts';
import { type Arguments, gradientsOf, makeArguments } from '../../core/test/oracle/run.ts';
import { watched } from '../../core/test/support/data-door.ts';
import { functionOf, functions, moduleOf } from './oracle/modules.ts';
import { functionalOperation } from './oracle/table.ts';

const logits = ['crossEntropy: whether the input is probabilities'];
const classTargets = ['nllLoss: whether the input is probabilities'];

/** What the functions and modules announce, by name. */
const announced: Readonly<Record<string, readonly string[]>> = {
  AdaptiveLogSoftmaxWithLoss: ['groupRows: how many rows each group has'],
  CrossEntropyLoss: logits,
  LinearCrossEntropyLoss: logits,
  cross_entropy: logits,
  linear_cross_entropy: logits,
  arc_face_loss: logits,
  cos_face_loss: logits,
  focal_loss: ['focalLoss: whether the input is probabilities'],
  kl_div: ['klDiv: whether the input is probabilities'],
  NLLLoss: classTargets,
  one_hot: ['one_hot: number of classes'],
  nll_loss: classTargets,
};

interface Called {
  readonly result: unknown;
  readonly parameters: readonly Tensor[];
}
type Call = (given: Arguments) => Called;

/** A loss as a function, or a module with its recorded state. */
function callOf(entry: Entry, sample: Sample): Call {
  if (entry.op.startsWith('nn.functional.')) {
    const call = functionOf(entry);
    return (given) => ({ result: call(given), parameters: [] });
  }
  const { module, call } = moduleOf(entry, sample);
  const parameters = Array.from(module.namedParameters(), ([, p]) => p);
  return (given) => ({ result: call(given), parameters });
}

/** What a few samples of an entry do with memory. */
function seenIn(
  samples: readonly Sample[],
  call: (sample: Sample) => Call,
): { faults: string[]; reasons: string[] } {
  const faults = new Set<string>();
  const reasons = new Set<string>();
  for (const sample of samples) {
    const given = makeArguments(sample, 'sliced', functions);
    const recorded = [...recordedIn(sample.a as Value), ...recordedIn((sample.k ?? {}) as Value)];
    const inputs = given.tensors.filter((_, i) => recorded[i]?.requiresGrad);
    const run = call(sample);
    const seen = watched(() => {
      const { result, parameters } = run(given);
      gradientsOf(result, [...inputs, ...parameters]);
    });
    for (const fault of seen.faults) faults.add(fault);
    for (const reason of seen.reasons) reasons.add(reason);
  }
  return { faults: [...faults], reasons: [...reasons] };
}

const nameOf = ({ op, variant }: Entry): string =>
  `${op.replace(/^nn\.(functional\.)?/, '')}${variant === 'eval' ? ' outside training' : ''}`;
const labelOf = (entry: Entry): string =>
  `${entry.op}${entry.variant && `[${entry.variant}]`} ${entry.dtype}`;

for (const name of ['functional', 'losses', 'modules', 'beyond-losses']) {
  const { entries } = readFixture<Entry>(new URL(`./fixtures/${name}`, import.meta.url));
  describe(`${name}: memory is read by kernels alone`, () => {
    it.each(entries.map((entry) => [labelOf(entry), entry] as const))('%s', (_, entry) => {
      const operation = functionalOperation(entry.op, entry.variant);
      const ofTable = name === 'functional' && operation !== undefined;
      const { faults, reasons } = ofTable
        ? seenIn(firstForms(entry.samples.filter((s) => !isOutside(entry, operation, s))), () => {
            const call = caller(nn.functional, entry, operation, 'function');
            return (given) => ({ result: call(given), parameters: [] });
          })
        : seenIn(firstForms(entry.samples), (sample) => callOf(entry, sample));
      expect(faults).toEqual([]);
      expect(reasons).toEqual(announced[nameOf(entry)] ?? []);
    });
  });
}
