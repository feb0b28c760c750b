/** Groups and state of an optimizer that are exchanged between the calls of a compiled step. */
import { compile, ones, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits } from '../../core/test/support/compiled.ts';
import { trainingStep } from '../../core/test/support/training-step.ts';
import * as optim from '../src/index.ts';

type Change = (optimizer: optim.SGD | optim.Adam) => unknown;

const changes: Readonly<Record<string, Change>> = {
  'another group of the same parameters, with a rate of its own': ({ paramGroups }) => {
    paramGroups[0] = { ...paramGroups[0]!, lr: 0.25 } as never;
  },
  'the state cleared': ({ state }) => state.clear(),
  'the state loaded anew': (optimizer) => optimizer.loadStateDict(optimizer.stateDict()),
};

describe.each(Object.entries({ SGD: optim.SGD, Adam: optim.Adam }))(
  'a compiled step of %s follows',
  (_, Optimizer) => {
    it.each(Object.entries(changes))('%s', (_name, change) => {
      expectSameBits(() => {
        const net = new nn.Linear(2, 2);
        const optimizer = new Optimizer(net.parameters(), { lr: 0.1 });
        return {
          call: trainingStep(optimizer, (x: Tensor) => net(x).square().sum()),
          argumentsOf: (call) => {
            if (call === 5) change(optimizer);
            // What a program does with the group of before comes to light.
            for (const group of optimizer.paramGroups) group.lr = 0.1 + call / 100;
            return [randn([3, 2])];
          },
          state: () => [
            ...net.parameters(),
            ...net.parameters().map((p) => p.grad),
            randn([]).fill_(optimizer.state.size),
          ],
        };
      }, 12);
    });
  },
);

it('to ask whether a program serves makes no state, of which the order would tell', () => {
  const train = (wrap: typeof compile): unknown => {
    const [first, second] = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
    const optimizer = new optim.Adam([{ params: first.parameters() }, { params: second.parameters() }]);
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad();
      second(first(x)).square().sum().backward();
      optimizer.step();
    });
    for (let i = 0; i < 10; i++) {
      // The counts of the second group alone are the same, and asked for.
      if (i === 3) optimizer.state.delete(first.weight);
      if (i === 8) optimizer.state.clear();
      step(ones([3, 2]));
    }
    const all = [...first.parameters(), ...second.parameters()];
    return [...optimizer.state.keys()].map((p) => all.indexOf(p as nn.Parameter));
  };
  expect(train(compile)).toEqual(train(((fn: unknown) => fn) as typeof compile));
});

describe('an optimizer', () => {
  it('has lists of options of its own, whatever is done to those of others', () => {
    const params = () => new nn.Linear(1, 1).parameters();
    const betas: [number, number] = [0.8, 0.9];
    const all = [
      new optim.Adam(params(), { betas }),
      new optim.Adam([{ params: params() }, { params: params(), betas }]),
    ];
    betas[0] = 0;
    for (const { paramGroups, defaults } of all) {
      for (const group of paramGroups) (group.betas as [number, number])[1] = 0.5;
      expect(defaults.betas).toEqual([expect.any(Number), expect.not.closeTo(0.5)]);
    }
    expect(all.flatMap(({ paramGroups }) => paramGroups.map((group) => group.betas[0]))).toEqual([
      0.8, 0.9, 0.8,
    ]);
    expect(new optim.Adam(params()).paramGroups[0]?.betas).toEqual([0.9, 0.999]);
  });
});
