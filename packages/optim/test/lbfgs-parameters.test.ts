/** LBFGS and its parameters: none, several of them as one vector, and the state that the first one has for all. */
import { type Tensor, tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { describe, expect, it, vi } from 'vitest';

const leaf = (values: number[] | number): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });

/** The sum of (p - 1)² over all elements of all parameters. */
const bowl = (params: readonly Tensor[], optimizer: optim.Optimizer) => (): Tensor => {
  optimizer.zeroGrad();
  const loss = params.map((p) => p.sub(1).square().sum()).reduce((a, b) => a.add(b));
  loss.backward();
  return loss;
};

describe('LBFGS', () => {
  it('without parameters calls the closure once, and gives its loss', () => {
    const optimizer = new optim.LBFGS([{ params: [] }]);
    const closure = vi.fn(() => tensor(3.5));
    expect(optimizer.step(closure).item()).toBe(3.5);
    expect(closure).toHaveBeenCalledTimes(1);
    expect(() => optimizer.step()).toThrow(/^LBFGS.step: expected a closure, got none/);
  });

  it('moves each parameter by its part of the direction, in its shape', () => {
    const params = [leaf([3, -1]), leaf(5), leaf([0, 1, 2])];
    const optimizer = new optim.LBFGS(params, { lineSearchFn: 'strong_wolfe' });
    expect(optimizer.step(bowl(params, optimizer)).item()).toBe(4 + 4 + 16 + 1 + 0 + 1);
    for (const p of params) expect(p.sub(1).abs().amax().item()).toBeLessThan(1e-9);
    expect(params.map(({ shape }) => shape)).toEqual([[2], [], [3]]);
  });

  it('keeps one state for all, with the first parameter: that of another is refused, and changes nothing', () => {
    const params = [leaf([3, -1]), leaf(5)];
    const optimizer = new optim.LBFGS(params, { maxIter: 2 });
    optimizer.step(bowl(params, optimizer));
    const dict = optimizer.stateDict();
    const before = JSON.stringify(dict);
    const second = { ...dict, state: { ...dict.state, 1: dict.state[0] ?? {} } };
    expect(() => optimizer.loadStateDict(second)).toThrow(/LBFGS keeps its state with the first parameter/);
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
    optimizer.loadStateDict(dict);
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
  });

  it('takes a state only if its vectors have as many elements as all parameters', () => {
    const params = [leaf([3, -1]), leaf(5)];
    const optimizer = new optim.LBFGS(params, { maxIter: 2 });
    optimizer.step(bowl(params, optimizer));
    const dict = optimizer.stateDict();
    const fewer = new optim.LBFGS(params.slice(0, 1), { maxIter: 2 });
    const [group] = dict.param_groups;
    const ofOne = { state: dict.state, param_groups: [{ ...group, params: [0] }] } as typeof dict;
    expect(() => fewer.loadStateDict(ofOne)).toThrow(/has shape \[3\], expected \[2\]/);
    const other = [leaf([3, -1]), leaf(5)];
    const restored = new optim.LBFGS(other);
    restored.loadStateDict(dict);
    for (const [i, p] of params.entries()) other[i]?.detach().copy_(p.detach());
    for (let i = 0; i < 2; i++)
      expect(restored.step(bowl(other, restored)).item()).toBe(
        optimizer.step(bowl(params, optimizer)).item(),
      );
    expect(other.map((p) => p.toArray())).toEqual(params.map((p) => p.toArray()));
  });
});
