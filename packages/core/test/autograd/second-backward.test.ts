/**
 * Every operation of the fixtures: a second walk over a retained graph gives the same gradients, and neither changes what the user
 * holds: inputs, results, the gradients given and those of the first walk.
 */
import * as kindling from '@kindling/core';
import { autograd, noGrad, type Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { caller, formsOf } from '../oracle/operations.ts';
import { makeArguments } from '../oracle/run.ts';
import { cotangent, resultLeaves } from '../oracle/tensors.ts';
import { eachOperation } from '../support/each-operation.ts';

const bits = (tensors: readonly (Tensor | null)[]): unknown =>
  tensors.map((x) => (x === null ? null : x.detach().data.slice()));

function walkTwice(result: unknown, inputs: readonly Tensor[]): void {
  const leaves = inputs.filter((x) => x.requiresGrad);
  const results = resultLeaves(result).filter((y): y is Tensor => typeof y === 'object');
  const roots = results.filter((y) => y.requiresGrad && !leaves.includes(y));
  if (roots.length === 0 || leaves.length === 0) return;
  const gradients = roots.map(cotangent);
  const held = [...inputs, ...results, ...gradients];
  const before = bits(held);
  const grads = leaves.map((x, i) => (leaves.indexOf(x) === i ? x : null)).filter((x) => x !== null);
  autograd.backward(roots, gradients, { retainGraph: true });
  const first = grads.map((x) => x.grad);
  for (const x of grads) x.grad = null;
  autograd.backward(roots, gradients, { retainGraph: true });
  expect(bits(grads.map((x) => x.grad))).toEqual(bits(first));
  for (const g of first) if (g !== null) noGrad(() => g.fill_(77));
  const second = bits(grads.map((x) => x.grad));
  expect(bits(held)).toEqual(before);
  for (const x of grads) x.grad = null;
  autograd.backward(roots, gradients);
  expect(bits(grads.map((x) => x.grad))).toEqual(second);
  // A gradient may be changed in place, as optimizers and clipping do, and that changes nothing else.
  for (const { grad } of grads) if (grad !== null) noGrad(() => grad.fill_(77));
  expect(bits(held)).toEqual(before);
}

eachOperation(
  'the second backward',
  ({ entry, operation, samples }) => {
    for (const sample of samples.slice(0, 3)) {
      for (const form of formsOf(entry, operation, sample).slice(0, 1)) {
        const given = makeArguments(sample, 'contiguous');
        walkTwice(caller(kindling, entry, operation, form)(given), given.tensors);
      }
    }
  },
  (entry) => entry.dtype.startsWith('float'),
);
