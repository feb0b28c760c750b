/** Every operation of the fixtures inside a compiled function, forward and backward: the bits of eager. */
import * as kindling from '@kindling/core';
import { autograd, CompileError, type Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { ofEachForm } from '../oracle/fixture.ts';
import { caller, formsOf } from '../oracle/operations.ts';
import { makeArguments } from '../oracle/run.ts';
import { cotangent, resultLeaves } from '../oracle/tensors.ts';
import { change, expectSameBits } from '../support/compiled.ts';
import { eachOperation } from '../support/each-operation.ts';

/** What reads data as it runs, so that it cannot be compiled: by name, with what the error says. */
const readers: Readonly<Record<string, RegExp>> = {
  nonzero: /nonzero: which elements are not 0 reads/,
  maskedSelect: /masked_select: which elements are not 0 reads/,
  indexPut: /index: which elements are not 0 reads/,
  oneHot: /one_hot: number of classes reads/,
  repeatInterleave: /repeat_interleave: how often reads/,
  argwhere: /nonzero: which elements are not 0 reads/,
  unique: /unique: which elements differ reads/,
  uniqueConsecutive: /unique_consecutive: which elements differ reads/,
  bincount: /bincount: number of bins reads/,
  allclose: /allclose: the answer as a boolean reads/,
  equal: /equal: the answer as a boolean reads/,
  linspace: /linspace: its bounds reads/,
  logspace: /logspace: its bounds reads/,
  'linalg.lstsq': /linalg.lstsq: whether there are residuals reads/,
};

/** How many forms of an operation's arguments are tried: `KINDLING_FORMS=99 vitest run compile/operations` tries them all. */
const forms = Number(process.env.KINDLING_FORMS ?? 1);

eachOperation('compiled calls have the bits of eager ones', ({ entry, operation, name, samples }) => {
  for (const sample of ofEachForm(samples).slice(0, forms)) {
    for (const form of formsOf(entry, operation, sample)) {
      if (form === 'method') continue;
      const layout = form === 'function' ? 'sliced' : 'contiguous';
      const call = caller(kindling, entry, operation, form);
      const make = () => {
        const given = makeArguments(sample, layout);
        const leaves = given.tensors.filter((x) => x.requiresGrad);
        return {
          call: () => {
            const result = resultLeaves(call(given)).filter((y): y is Tensor => typeof y === 'object');
            const roots = result.filter((y) => y.requiresGrad);
            const gradients =
              roots.length === 0 || leaves.length === 0
                ? []
                : autograd.grad(roots, leaves, {
                    gradOutputs: roots.map(cotangent),
                    allowUnused: true,
                  });
            return [result, gradients.filter((g) => g !== null)];
          },
          argumentsOf: () => {
            change(given.tensors);
            return [];
          },
          state: () => given.tensors,
        };
      };
      try {
        expectSameBits(make);
      } catch (error) {
        if (!(error instanceof CompileError) || readers[name] === undefined) throw error;
        expect(error.message).toMatch(readers[name]);
      }
    }
  }
});
