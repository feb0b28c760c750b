/** The interpreter, which runs a program by eager kernels alone: what the machine is held against. */
import { compile, full, noGrad, type Program, randn, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { Interpreter } from '../../src/compile/interpreter.ts';
import { Machine } from '../../src/compile/machine/machine.ts';
import { bitsOf } from '../support/compiled.ts';

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

  const leaf = randn([3, 6], { requiresGrad: true });
  const steps: Readonly<Record<string, (x: Tensor) => unknown>> = {
    'read and changed': (x) => noGrad(() => (leaf.grad as Tensor).mul_(2).add_(x).sum(0)),
    'given, or a part of it': () => [leaf.grad, leaf.grad?.select(1, 2)],
    'followed by another'(x) {
      const sum = (leaf.grad as Tensor).mul(x).sum();
      leaf.grad = null;
      leaf.mul(x).exp().sum().backward();
      return sum;
    },
    'left as none'(x) {
      leaf.grad = null;
      return x.add(1);
    },
  };

  it.each(Object.entries(steps))('do the same with gradients that are there: %s', (_, step) => {
    const compiled = compile(step);
    const callWith = <T>(k: number, call: (x: Tensor) => T): T => {
      leaf.grad = full([3, 6], k + 0.5);
      return call(full([3, 6], k / 8));
    };
    for (let k = 0; k < 2; k++) callWith(k, compiled);
    const program = compiled.programs[0] as Program;
    const [found, expected] = [new Interpreter(program), new Machine(program)].map((runner) =>
      [2, 3, 4].map((k) => callWith(k, (x) => [...runner.run([x]).map(bitsOf), bitsOf(leaf.grad)])),
    );
    expect(found).toEqual(expected);
  });

  it('give what they were given, and state, as the tensors that they are', () => {
    const compiled = compile((x: Tensor) => [x, w, x.mul(2)]);
    for (let i = 0; i < 2; i++) compiled(randn([3]));
    const given = randn([3]);
    for (const runner of [
      new Interpreter(compiled.programs[0] as Program),
      new Machine(compiled.programs[0] as Program),
    ]) {
      const [argument, state, made] = runner.run([given]) as [Tensor, Tensor, Tensor];
      expect(argument).toBe(given);
      expect(state.storage).toBe(w.storage);
      expect(bitsOf(made)).toEqual(bitsOf(given.mul(2)));
    }
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

  it('which tells numbers that JSON has not from others', () => {
    const compiled = compile((x: Tensor) => x.mul(tensor([1.5, 0, -0, -Infinity, Number.NaN])));
    for (let i = 0; i < 2; i++) compiled(randn([5]));
    const { memories } = JSON.parse(JSON.stringify(compiled.programs[0]));
    const [constant] = memories.filter(
      ({ origin }: { origin: { kind: string } }) => origin.kind === 'constant',
    );
    expect(constant.origin.elements).toEqual([1.5, 0, '-0', '-Infinity', 'NaN']);
  });
});
