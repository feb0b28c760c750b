/** What `Object.freeze` keeps as it is: an optimizer goes on, a schedule and a group that would be written to are refused before anything changes. */
import { FrozenError, ones, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';
import * as optim from '../src/index.ts';

const { lrScheduler: S } = optim;
const parameter = (): Tensor => ones([2], { requiresGrad: true });
const sgd = (lr: number | Tensor = 0.5): optim.SGD => new optim.SGD([parameter()], { lr, momentum: 0.9 });

function train(optimizer: optim.Optimizer): void {
  const [p] = optimizer.paramGroups[0]!.params as [Tensor];
  const closure = (): Tensor => {
    optimizer.zeroGrad();
    const loss = p.square().sum();
    loss.backward();
    return loss;
  };
  closure();
  optimizer.step(closure);
}

it.each<[string, (p: Tensor) => optim.Optimizer]>([
  ['SGD', (p) => new optim.SGD([p], { lr: 0.1 })],
  ['Adam', (p) => new optim.Adam([p])],
  ['LBFGS', (p) => new optim.LBFGS([p])],
])('an optimizer goes on: %s', (_, make) => {
  const p = parameter();
  const optimizer = make(p);
  Object.freeze(optimizer);
  train(optimizer);
  expect([optimizer.stepCount, p.data[0] !== 1]).toEqual([1, true]);
  optimizer.loadStateDict(optimizer.stateDict());
});

const schedules: [
  string,
  (o: optim.Optimizer) => optim.lrScheduler.LRScheduler | optim.lrScheduler.ReduceLROnPlateau,
][] = [
  ['StepLR', (o) => new S.StepLR(o, 1)],
  ['CosineAnnealingWarmRestarts', (o) => new S.CosineAnnealingWarmRestarts(o, 2)],
  ['OneCycleLR', (o) => new S.OneCycleLR(o, 1, { totalSteps: 9 })],
  ['CyclicLR', (o) => new S.CyclicLR(o, 0.1, 1)],
  ['ReduceLROnPlateau', (o) => new S.ReduceLROnPlateau(o, { patience: 0 })],
  ['SWALR', (o) => new optim.swaUtils.SWALR(o, 0.1)],
  ['SequentialLR', (o) => new S.SequentialLR(o, [new S.ConstantLR(o), new S.ExponentialLR(o, 0.9)], [1])],
  ['ChainedScheduler', (o) => new S.ChainedScheduler([new S.ConstantLR(o), new S.ExponentialLR(o, 0.9)])],
];

/** The call is refused, and leaves schedule and optimizer as they were. */
function expectNothing(o: optim.Optimizer, s: { stateDict(): object }, act: () => unknown): void {
  const state = (): string => JSON.stringify([s.stateDict(), o.stateDict(), s]);
  const before = state();
  expect(act).toThrow(FrozenError);
  expect(state()).toBe(before);
}

it.each(schedules)('a schedule is refused, and so are its groups: %s', (name, make) => {
  for (const freeze of [
    (_o: optim.Optimizer, s: object) => Object.freeze(s),
    (o: optim.Optimizer) => Object.freeze(o.paramGroups[0]),
    (_o: optim.Optimizer, s: object) =>
      Object.freeze((s as { schedulers?: object[] }).schedulers?.at(-1) ?? s),
  ]) {
    const o = sgd();
    train(o);
    const s = make(o);
    freeze(o, s);
    expectNothing(o, s, () => (s instanceof S.ReduceLROnPlateau ? s.step(1) : s.step()));
  }
  const o = sgd();
  Object.freeze(o.paramGroups[0]);
  // A plateau writes to groups only where it reduces their rates.
  if (name !== 'ReduceLROnPlateau') expect(() => make(o)).toThrow(FrozenError);
});

it.each(schedules)('a schedule takes no state: %s', (_, make) => {
  const o = sgd();
  const s = make(o);
  Object.freeze(s);
  expectNothing(o, s, () => s.loadStateDict({ ...s.stateDict(), last_epoch: 5 }));
});

it('a group is refused where it would be written to', () => {
  const o = sgd();
  Object.freeze(o.paramGroups[0]);
  train(o);
  expectNothing(o, o, () => o.loadStateDict(o.stateDict()));
  const byTensor = sgd(ones([]));
  Object.freeze(byTensor.paramGroups[0]);
  expectNothing(byTensor, byTensor, () => byTensor.step());
  const free = new optim.SGDScheduleFree([parameter()]);
  Object.freeze(free.paramGroups[0]);
  expectNothing(free, free, () => train(free));
  const listed = sgd();
  Object.freeze(listed.paramGroups);
  expectNothing(listed, listed, () => listed.addParamGroup({ params: [parameter()] }));
});

it('early stopping is refused', () => {
  const stopping = new optim.EarlyStopping();
  Object.freeze(stopping);
  expect(() => stopping.step(1)).toThrow(FrozenError);
  expect(() => stopping.loadStateDict(stopping.stateDict())).toThrow(FrozenError);
  expect(stopping.lastEpoch).toBe(-1);
});
