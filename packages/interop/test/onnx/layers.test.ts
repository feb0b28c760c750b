import { manualSeed, randn } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { families } from './layers.ts';
import { bytesOf, failuresOf } from './run.ts';

for (const [family, cases] of Object.entries(families)) {
  describe(`${family} give in onnxruntime what they give here, for two sizes of the batch`, () => {
    it.each(Object.keys(cases))('%s', async (name) => {
      manualSeed(1);
      const make = cases[name];
      expect(make && (await failuresOf(make()))).toEqual([]);
    });
  });
}

/** Layers that ONNX cannot express, and what their error says. */
const refused: Readonly<Record<string, readonly [() => nn.AnyModule, readonly number[], RegExp]>> = {
  FractionalMaxPool2d: [
    () => new nn.FractionalMaxPool2d(2, { outputSize: 2 }),
    [2, 5, 5],
    /FractionalMaxPool2d|random/,
  ],
  FractionalMaxPool3d: [() => new nn.FractionalMaxPool3d(2, { outputSize: 2 }), [2, 5, 5, 5], /random/],
  'a lazy layer that has seen no input': [() => new nn.LazyLinear(3), [4], /call/],
};

describe('layers that ONNX cannot express are refused, with the reason', () => {
  it.each(Object.keys(refused))('%s', (name) => {
    const [make, shape, reason] = refused[name] as (typeof refused)[string];
    expect(() => bytesOf({ model: make(), inputs: (n) => [randn([n, ...shape])] })).toThrow(reason);
  });
});

it('are all layers that there are', () => {
  const isLayer = (f: unknown): boolean =>
    typeof f === 'function' && f.prototype instanceof nn.Module && !(f.prototype instanceof nn.Loss);
  const layers = Object.entries(nn).flatMap(([name, f]) => (isLayer(f) ? [name] : []));
  const tested = [
    ...Object.values(families).flatMap((cases) => Object.keys(cases)),
    ...Object.keys(refused),
  ].map((name) => name.split(/[ ,]/)[0]);
  expect(layers.filter((name) => !tested.includes(name))).toEqual([]);
});
