/** The interpreter, which runs a program by eager kernels alone: what the machine is held against. */
import { compile, noGrad, randn, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/compile/machine/machine.ts';
import { bitsOf } from '../support/compiled.ts';
import { Interpreter } from '../support/interpreter.ts';

const w = randn([6, 6]);
const functions: Readonly<Record<string, (x: Tensor) => unknown>> = {
  'elementwise operations and reductions': (x) => x.mul(2).sigmoid().add(x).sum(1),
  products: (x) => w.matmul(x.t()).matmul(x),
  'softmax and indices': (x) => x.softmax(1).gather(1, tensor([[0], [5], [2]], { dtype: 'int32' })),
  'views and changes in place': (x) => {
    const y = x.clone();
    y.narrow(1, 1, 3).mul_(0.5).add_(1);
    return [y.t(), y.select(0, 1)];
  },
  'changes of an argument': (x) => noGrad(() => x.add_(1).mean()),
  gradients(x) {
    const v = x.detach().requiresGrad_();
    v.matmul(w).tanh().square().mean().backward();
    return v.grad;
  },
};

describe('interpreter and machine', () => {
  it.each(Object.entries(functions))('give the same bits: %s', (_, fn) => {
    const compiled = compile(fn);
    for (let i = 0; i < 2; i++) compiled(randn([3, 6]));
    const [program] = compiled.programs;
    const given = randn([3, 6]);
    const copy = given.clone();
    const found = new Interpreter(program!).run([given]);
    expect(new Machine(program!).run([copy]).map(bitsOf)).toEqual(found.map(bitsOf));
    expect(bitsOf(copy)).toEqual(bitsOf(given));
    expect(found.length).toBeGreaterThan(0);
  });

  it('a program has a JSON form', () => {
    const compiled = compile((x: Tensor) => x.mul(w.select(0, 0)).sum(1));
    for (let i = 0; i < 2; i++) compiled(randn([3, 6]));
    const plain = JSON.parse(JSON.stringify(compiled.programs[0]));
    expect(plain.equations.map(({ name }: { name: string }) => name)).toEqual(['select', 'mul', 'sum']);
    expect(plain.memories.map(({ origin }: { origin: { kind: string } }) => origin.kind)).toEqual([
      'argument',
      'state',
      'local',
      'local',
    ]);
    expect(plain.results).toHaveLength(1);
  });
});
