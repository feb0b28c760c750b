/** What attention in blocks takes of memory, where nothing else took any before. */
import { autograd, compile, randn, scaledDotProductAttention, type Tensor } from '@kindling/core';
import { expect, test } from 'vitest';
import { residentBytes, u8 } from '../src/kernels/wasm/index.ts';
import { onNewStorage } from '../src/storage.ts';

const length = 2048;
const ofWeights = 4 * length * length;
const step = (q: Tensor, k: Tensor, v: Tensor): Tensor[] => {
  const y = scaledDotProductAttention(q, k, v);
  return autograd.grad([y], [q, k, v], { gradOutputs: [y.detach()] });
};
const operands = (): [Tensor, Tensor, Tensor] =>
  [0, 1, 2].map(() => randn([length, 16]).requiresGrad_()) as [Tensor, Tensor, Tensor];

test('the memory of all tensors of an eager call, and of scratch, is a small part of that of the weights', () => {
  const given = operands();
  let made = 0;
  onNewStorage(({ array }) => (made += array.byteLength));
  try {
    step(...given);
  } finally {
    onNewStorage(null);
  }
  expect(made).toBeLessThan(ofWeights / 8);
  expect(u8.byteLength).toBeLessThan(ofWeights);
});

test('the memory of a program is a small part of it too', () => {
  const given = operands();
  const before = residentBytes().taken;
  const compiled = compile(step);
  for (let i = 0; i < 4; i++) compiled(...given);
  expect(compiled.programs.length).toBe(1);
  expect(residentBytes().taken - before).toBeLessThan(ofWeights / 4);
});
