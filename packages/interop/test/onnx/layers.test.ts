import { manualSeed, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx } from '../../src/index.ts';
import { families } from './layers.ts';
import { failuresOf } from './run.ts';

// The lines of stacks are of no interest here, and to have each mapped to its source takes most of the time.
const { prepareStackTrace } = Error;
beforeAll(() => {
  Error.prepareStackTrace = undefined as never;
});
afterAll(() => {
  Error.prepareStackTrace = prepareStackTrace;
});

for (const [family, cases] of Object.entries(families)) {
  describe(`${family} give in onnxruntime what they give here, for two sizes of the batch`, () => {
    it.each(Object.keys(cases))('%s', async (name) => {
      manualSeed(1);
      const make = cases[name];
      expect(make && (await failuresOf(make()))).toEqual([]);
    });
  });
}

/** Layers that ONNX cannot express, what they are called with, and what their error says. */
const refused: Readonly<Record<string, readonly [() => nn.AnyModule, () => Tensor[], RegExp]>> = {
  // Windows at places that are drawn, in eval mode too.
  FractionalMaxPool2d: [
    () => new nn.FractionalMaxPool2d(2, { outputSize: 2 }),
    () => [randn([2, 2, 5, 5])],
    /random|cannot be written/,
  ],
  FractionalMaxPool3d: [
    () => new nn.FractionalMaxPool3d(2, { outputSize: 2 }),
    () => [randn([2, 2, 5, 5, 5])],
    /random|cannot be written/,
  ],
  // Which of its layers run follows from the targets.
  AdaptiveLogSoftmaxWithLoss: [
    () => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]),
    () => [randn([3, 8]), tensor([1, 5, 15])],
    /depends on the values of inputs \(groupRows: how many rows each group has\)/,
  ],
  'LazyLinear that has seen no input': [
    () => new nn.LazyLinear(3),
    () => [randn([2, 4])],
    /call the model once/,
  ],
};

describe('layers that ONNX cannot express are refused, with the reason', () => {
  it.each(Object.keys(refused))('%s', (name) => {
    const [make, inputs, reason] = refused[name] as (typeof refused)[string];
    expect(() => exportOnnx(make(), inputs())).toThrow(reason);
  });
});

it('are all layers that there are', () => {
  const inAll = ['Module', 'ModuleDict', 'ParameterList', 'ParameterDict'];
  const isLayer = (f: unknown): boolean =>
    typeof f === 'function' &&
    f.prototype instanceof nn.Module &&
    f !== nn.Loss &&
    !(f.prototype instanceof nn.Loss);
  const layers = Object.entries(nn).flatMap(([name, f]) => (isLayer(f) ? [name] : []));
  const tested = [
    ...Object.values(families).flatMap((cases) => Object.keys(cases)),
    ...Object.keys(refused),
    ...inAll,
  ].map((name) => name.split(/[ ,]/)[0]);
  expect(layers.filter((name) => !tested.includes(name))).toEqual([]);
});
