/** Lion and the schedule-free optimizers against ports of their papers' formulas; see tools/oracle/todays_optimisers.py. */
import { compile, ones, Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { type Recorded, readFixture } from '../../core/test/oracle/fixture.ts';
import { bitsOf } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';
import { expectAfter } from './support/after.ts';
import { make, parametersOf, type Run, setGradients, steps } from './support/runs.ts';

interface Ported extends Run {
  /** The average x after each step, where there is one. */
  readonly average?: Recorded;
}

const { entries } = readFixture<Ported>(new URL('./fixtures/today', import.meta.url));
const isScheduleFree = (o: optim.Optimizer): o is optim.SGDScheduleFree | optim.AdamWScheduleFree =>
  o instanceof optim.SGDScheduleFree || o instanceof optim.AdamWScheduleFree;

describe('runs have the numbers of the paper', () => {
  it.each(entries.map((run) => [`${run.optimizer} ${JSON.stringify(run.options)}`, run] as const))(
    '%s',
    (_, run) => {
      const params = parametersOf(run.start);
      const optimizer = make(run.optimizer, params, run.options);
      if (isScheduleFree(optimizer)) optimizer.train();
      for (let step = 1; step <= steps; step++) {
        setGradients(params, step);
        optimizer.step();
        expectAfter(run, step, params);
        if (run.average === undefined || !isScheduleFree(optimizer)) continue;
        optimizer.eval();
        expectAfter({ after: run.average }, step, params);
        optimizer.train();
      }
    },
  );
});

const makes = {
  SGDScheduleFree: (p: Tensor) => new optim.SGDScheduleFree([p], { lr: 0.1, warmupSteps: 4 }),
  AdamWScheduleFree: (p: Tensor) => new optim.AdamWScheduleFree([p], { lr: 0.1, weightDecay: 0.1 }),
};

describe.each(Object.entries(makes))('%s', (name, build) => {
  const point = (): Tensor => tensor([1.5, -2], { dtype: 'float64', requiresGrad: true });
  const train = (optimizer: optim.Optimizer, p: Tensor, count: number): void => {
    for (let i = 0; i < count; i++) {
      optimizer.zeroGrad();
      p.square().sum().backward();
      optimizer.step();
    }
  };

  it('steps only after train(), and says so', () => {
    const p = point();
    const optimizer = build(p);
    const message = new RegExp(`^${name}.step: the optimizer was not in train mode`);
    expect(() => optimizer.step()).toThrow(message);
    optimizer.train();
    train(optimizer, p, 2);
    optimizer.eval();
    const before = p.toArray();
    expect(() => optimizer.step()).toThrow(message);
    expect(p.toArray()).toEqual(before);
  });

  it('asks for train() after a group was added', () => {
    const p = point();
    const optimizer = build(p);
    optimizer.train();
    optimizer.addParamGroup({ params: ones([1], { requiresGrad: true }) });
    expect(() => optimizer.step()).toThrow(
      /call optimizer.train\(\) before training, also after adding a group/,
    );
    optimizer.train();
    train(optimizer, p, 1);
  });

  it('changes nothing when it is told to train or to evaluate twice', () => {
    const p = point();
    const optimizer = build(p);
    optimizer.train();
    train(optimizer, p, 3);
    const training = p.toArray();
    optimizer.train();
    expect(p.toArray()).toEqual(training);
    optimizer.eval();
    const evaluated = p.toArray();
    expect(evaluated).not.toEqual(training);
    optimizer.eval();
    expect(p.toArray()).toEqual(evaluated);
  });

  it('goes on from its state dict, whose groups hold what the reference package keeps there', () => {
    const [p, q] = [point(), point()];
    const [optimizer, other] = [build(p), build(q)];
    optimizer.train();
    train(optimizer, p, 5);
    const dict = JSON.parse(JSON.stringify(optimizer.stateDict()));
    expect(dict.param_groups[0]).toMatchObject({ k: 5, train_mode: true, lr_max: 0.1, scheduled_lr: 0.1 });
    other.loadStateDict(dict);
    q.detach().copy_(p.detach());
    train(optimizer, p, 5);
    train(other, q, 5);
    expect(q.toArray()).toEqual(p.toArray());
  });

  it('leaves the same bits compiled, train() and eval() inside', () => {
    const worlds = [false, true].map((compiled) => {
      const p = point();
      const optimizer = build(p);
      optimizer.train();
      const call = (): Tensor => {
        train(optimizer, p, 1);
        optimizer.eval();
        const loss = p.square().sum().detach();
        optimizer.train();
        return loss;
      };
      return { p, optimizer, call: compiled ? compile(call) : call };
    });
    for (let i = 0; i < 12; i++) {
      const [eager, compiled] = worlds.map(({ p, optimizer, call }) => {
        const loss = call();
        const state = Object.values(optimizer.state.get(p) ?? {});
        const { params: _, ...group } = optimizer.paramGroups[0] as optim.ParamGroup<object>;
        return [group, ...[loss, p, ...state].map((x) => bitsOf(x instanceof Tensor ? x : null))];
      });
      expect(compiled).toEqual(eager);
    }
  });

  it('comes to the minimum', () => {
    const p = point();
    const optimizer = build(p);
    optimizer.train();
    train(optimizer, p, 300);
    optimizer.eval();
    for (const x of p.toArray() as number[]) expect(Math.abs(x)).toBeLessThan(0.05);
  });
});
