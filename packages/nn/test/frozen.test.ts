/** Modules that `Object.freeze` keeps as they are: their parameters learn, but nothing is registered and no mode set. */
import { KindlingError, noGrad, ones, type Tensor, ValueError } from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';

it.each<[string, (model: nn.Sequential) => unknown, RegExp]>([
  ['train', (m) => m.train(false), /^Sequential\.training: the module is frozen/],
  ['eval', (m) => m.eval(), /^Sequential\.training: the module is frozen/],
  ['registerBuffer', (m) => m.registerBuffer('mean', ones(2)), /^Sequential\.mean: the module is frozen/],
  [
    'registerParameter',
    (m) => m.registerParameter('w', new nn.Parameter(ones(2))),
    /^Sequential\.w: the module is frozen/,
  ],
  ['registerModule', (m) => m.registerModule('act', new nn.ReLU()), /^Sequential\.act: the module is frozen/],
  ['append', (m) => m.append(new nn.ReLU()), /^Sequential\.1: the module is frozen/],
])('refuses %s', (_, change, message) => {
  const model = Object.freeze(new nn.Sequential(new nn.Linear(2, 2)));
  expect(() => change(model as nn.Sequential)).toThrow(message);
  expect(() => change(model as nn.Sequential)).toThrow(ValueError);
});

it('learns, and is converted and hooked', () => {
  const model = Object.freeze(new nn.Linear(2, 1)).to('float64');
  let calls = 0;
  model.registerForwardHook(() => void calls++);
  const before = model.weight.clone();
  model(ones([1, 2], { dtype: 'float64' }))
    .sum()
    .backward();
  noGrad(() => model.weight.sub_(model.weight.grad as Tensor));
  expect([calls, model.weight.sub(before).toArray()]).toEqual([1, [[-1, -1]]]);
});

it('refuses to convert a parameter that is frozen', () => {
  const model = new nn.Linear(2, 1);
  Object.freeze(model.weight);
  expect(() => model.to('float64')).toThrow(/^Module\.to: the tensor is frozen/);
  expect(() => model.to('float64')).toThrow(KindlingError);
});
