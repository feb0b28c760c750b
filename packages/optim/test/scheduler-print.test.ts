import { inspect } from 'node:util';
import { tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { expect, test } from 'vitest';

const { LambdaLR, LinearLR, ReduceLROnPlateau, SequentialLR, StepLR } = optim.lrScheduler;
const sgd = () => new optim.SGD([tensor(1, { dtype: 'float32', requiresGrad: true })], { lr: 0.5 });

test('schedules show their state on one line, and no optimizer', () => {
  expect(inspect(new StepLR(sgd(), 3))).toBe(
    'StepLR(lastEpoch=0, baseLrs=[0.5], stepSize=3, gamma=0.1, lastLr=[0.5])',
  );
  const halve = (epoch: number) => 0.5 ** epoch;
  expect(`${new LambdaLR(sgd(), halve)}`).toContain('[halve]');
  expect(`${new ReduceLROnPlateau(sgd(), { patience: 2 })}`).toMatch(
    /^ReduceLROnPlateau\(.*patience=2.*best=Infinity.*lastLr=\[0.5\]\)$/,
  );
  const optimizer = sgd();
  const both = new SequentialLR(optimizer, [new LinearLR(optimizer), new StepLR(optimizer, 2)], [4]);
  expect(`${both}`).toContain('LinearLR(');
});
