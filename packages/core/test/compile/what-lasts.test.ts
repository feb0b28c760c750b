/** What a program keeps in memory of the call that it was recorded from. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compile, ones, randn, type Tensor } from '@kindling/core';
import { expect, it, vi } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('keeps no memory of the arguments, of tensors made inside, and of the gradients before', async () => {
  const recorded = new Map<string, WeakRef<object>>();
  const w = randn([3, 3], { requiresGrad: true });
  const note = (what: string, x: Tensor): void => void recorded.set(what, new WeakRef(x.storage));
  const compiled = compile((x: Tensor) => {
    if (w.grad !== null) note('the gradient before', w.grad);
    w.grad = null;
    const made = x.matmul(w);
    note('a tensor made inside', made);
    const loss = made.tanh().sum();
    loss.backward();
    return loss;
  });
  for (let call = 0; call < 3; call++) {
    const x = randn([2, 3]);
    if (call === 1) note('an argument', x);
    compiled(x);
  }
  const before = new Map(recorded);
  // What was met last is kept until the next recording.
  compiled(randn([5, 3]));
  expect([...before.keys()].sort()).toEqual(['a tensor made inside', 'an argument', 'the gradient before']);
  for (let i = 0; i < 5; i++) {
    collect();
    await turn();
  }
  expect([...before].flatMap(([what, ref]) => (ref.deref() === undefined ? [] : [what]))).toEqual([]);
  expect(compiled(randn([2, 3])).shape).toEqual([]);
});

it('keeps nothing of a program that turned out wrong: its state lies in memory of its own again', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const w = ones([4]);
  let factor = 2;
  const compiled = compile((x: Tensor) => w.add_(x).mul(factor), { check: true, fallback: 'eager' });
  for (let call = 0; call < 4; call++) compiled(ones([4]));
  expect(w.storage.lodging).not.toBeNull();
  factor = 3;
  expect(compiled(ones([4])).tolist()).toEqual([18, 18, 18, 18]);
  expect(warn).toHaveBeenCalledOnce();
  expect(w.storage.lodging).toBeNull();
  expect(w.tolist()).toEqual([6, 6, 6, 6]);
  warn.mockRestore();
});
