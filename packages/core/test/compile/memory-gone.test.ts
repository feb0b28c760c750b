/** Calls of a program that find memory gone, which somebody transferred to another thread. */
import { compile, ones, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';

const transfer = ({ data }: Tensor): void => void structuredClone(data.buffer, { transfer: [data.buffer] });

function messageOf(run: () => unknown): string {
  try {
    run();
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('memory that was transferred', () => {
  for (const check of [true, false]) {
    it(`of a parameter is what the function itself tells of, all else as it was, where check is ${check}`, () => {
      const [w, v] = [ones([3], { requiresGrad: true }), ones([3], { requiresGrad: true })];
      const fn = (x: Tensor): Tensor => {
        [w.grad, v.grad] = [null, null];
        const loss = x.mul(v).sum().add(w.mul(x).sum());
        loss.backward();
        v.detach().add_(1);
        return loss.detach();
      };
      const step = compile(fn, { check });
      for (let i = 0; i < 4; i++) step(tensor([1.5, 2, 3 + i]));
      const before = [v, v.grad].map((x) => x?.tolist());
      transfer(w);
      expect(messageOf(() => step(ones([3])))).toMatch(/^mul: the memory of this tensor was transferred/);
      expect([v, v.grad].map((x) => x?.tolist())).toEqual(before);
      expect(messageOf(() => fn(ones([3])))).toBe(messageOf(() => step(ones([3]))));
    });
  }

  it('of an argument is refused so, and the next call has the next argument', () => {
    const twice = compile((x: Tensor) => x.mul(2), { check: false });
    for (let i = 0; i < 4; i++) twice(ones([3]));
    const x = ones([3]);
    transfer(x);
    expect(messageOf(() => twice(x))).toBe(messageOf(() => x.mul(2)));
    expect(twice(tensor([1.5, 2, 4])).tolist()).toEqual([3, 4, 8]);
    expect(twice.programs).toHaveLength(1);
  });

  it('is told of by the operation that reads it in the call that is recorded', () => {
    const table = ones([4, 2], { requiresGrad: true });
    const rows = compile((i: Tensor) => table.t().t().indexSelect(0, i).detach());
    const i = tensor([0, 3], { dtype: 'int32' });
    rows(i);
    transfer(table);
    expect(messageOf(() => rows(i))).toMatch(/^indexSelect: the memory/);
  });
});
