/** AGENTS.md says what happens to those who take Kindling for Python or for TensorFlow.js; here it does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it, vi } from 'vitest';
import { root } from './support/sources.ts';

const page = readFileSync(join(root, 'AGENTS.md'), 'utf8');

/** As JavaScript sees what types would refuse. */
type Untyped = Record<string, (...args: unknown[]) => unknown>;
const untyped = (x: unknown): Untyped => x as Untyped;

const parameters = (): Tensor[] => new nn.Linear(1, 1).parameters();

describe('a mistake that AGENTS.md names', () => {
  it.each<[mistake: string, said: string, act: () => unknown]>([
    [
      'whole numbers as data',
      'expected both operands to have the same dtype',
      () => new nn.Linear(2, 1)(tensor([[0, 1]])),
    ],
    [
      'operators',
      '+ and == of JavaScript do not apply to tensors',
      () => (randn([2]) as never as number) + 1,
    ],
    ['sizes one by one', 'expected an options object', () => untyped({ randn }).randn?.(2, 3)],
    ['keepdim by place', 'expected an options object', () => untyped(randn([2, 2])).mean?.(1, true)],
    ['options by place', 'expected an options object', () => new nn.Dropout(0.2 as never)],
    [
      'snake case',
      'did you mean weightDecay?',
      () => new optim.Adam(parameters(), { weight_decay: 1 } as never),
    ],
  ])('throws and says the cure: %s', (_, said, act) => {
    expect(page).toContain(said);
    expect(act).toThrow(said);
  });

  it('is silent where the page says so', () => {
    expect(untyped(randn([2]))[0]).toBeUndefined();
    expect(Boolean(randn([2]).gt(100).any())).toBe(true);
  });

  it('warns where the page says so', () => {
    class Net extends nn.Module<[Tensor], Tensor> {
      layers = [new nn.Linear(1, 1)];
    }
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(new Net().parameters()).toEqual([]);
    expect(warn.mock.calls.flat().join()).toContain('write layers = new nn.ModuleList([...])');
    warn.mockRestore();
  });

  it('is reading values in a compiled function', () => {
    const step = compile((x: Tensor) => (x.sum().item() > 0 ? x : x.neg()));
    step(randn([2]));
    expect(() => step(randn([2]))).toThrow('item reads the values of a tensor');
  });
});
