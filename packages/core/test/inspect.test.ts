import { inspect } from 'node:util';
import * as K from '@kindling/core';
import { data, Generator, ones, type Tensor } from '@kindling/core';
import { expect, test } from 'vitest';

const x = ones([8, 2], { requiresGrad: true });

test('nodes of the graph show their name, and the same as text', () => {
  const { gradFn } = x.mul(2).sum();
  expect([inspect(gradFn), `${gradFn?.next[0]}`]).toEqual(['<SumBackward0>', '<MulBackward0>']);
  expect(inspect({ gradFn })).toBe('{ gradFn: <SumBackward0> }');
});

test('compiled functions and custom ones show what they are made of', () => {
  const square = (a: Tensor) => a.square();
  expect(inspect(K.compile(square))).toBe('[Function: compiled square]');
  expect(inspect(K.compile((a: Tensor) => a))).toBe('[Function: compiled function]');
  const definition = {
    forward: (_: unknown, a: Tensor) => a.clone(),
    backward: (_: unknown, g: Tensor) => g,
  };
  expect(inspect(K.autograd.defineFunction({ name: 'Same', ...definition }))).toBe('[Function: Same]');
});

test('a generator shows its seed, and begins no stream by that', () => {
  expect(inspect(new Generator().manualSeed(7))).toBe('Generator(seed=7)');
  expect(`${Generator.ofEntropy()}`).toBe('Generator(seed=not drawn yet)');
});

test('datasets and loaders show sizes, not all of their numbers', () => {
  const dataset = new data.TensorDataset(x, K.arange(8));
  const words = 'TensorDataset(8 samples: float32 [2], int32 [])';
  expect(inspect(dataset)).toBe(words);
  const loader = new data.DataLoader(dataset, { batchSize: 3, shuffle: true });
  expect(inspect(loader)).toBe(`DataLoader(${words}, batchSize=3, length=3, order=RandomSampler)`);
  const part = new data.Subset(dataset, [1, 3]);
  expect(inspect(part)).toBe(`Subset(2 samples of ${words})`);
  expect(inspect(new data.ConcatDataset([part, dataset]))).toBe(
    `ConcatDataset(10 samples: ${part}, ${words})`,
  );
  class Faces {
    length = 4;
    get = (i: number) => i;
  }
  const order = 'order=SequentialSampler';
  expect(`${new data.DataLoader(new Faces(), { batchSize: 3, dropLast: true })}`).toBe(
    `DataLoader(Faces(4 samples), batchSize=3, length=1, ${order}, dropLast=true)`,
  );
  expect(`${new data.DataLoader(new Faces(), { batchSampler: [[0, 1]] })}`).toBe(
    'DataLoader(Faces(4 samples), batchSize=null, length=1, order=Array)',
  );
  const stream = (function* () {
    yield 1;
  })();
  expect(`${new data.DataLoader(stream)}`).toBe('DataLoader(a stream, batchSize=1)');
  expect(`${new data.DataLoader(new Set([1, 2]), { batchSize: 2 })}`).toBe('DataLoader(Set, batchSize=2)');
  const bare = Object.assign(Object.create(null) as object, { length: 2, get: (i: number) => i });
  expect(`${new data.DataLoader(bare)}`).toBe(
    `DataLoader(dataset(2 samples), batchSize=1, length=2, ${order})`,
  );
});

test('samplers show how many samples they give, not all of their numbers', () => {
  const [dataset, list] = [new data.TensorDataset(x), [1, 3, 5]];
  const samplers = [
    new data.SequentialSampler(dataset),
    new data.RandomSampler(dataset, { replacement: true, numSamples: 20 }),
    new data.SubsetRandomSampler(list),
    new data.WeightedRandomSampler(list, 2, { replacement: false }),
    new data.BatchSampler(new data.SequentialSampler(dataset), 3, true),
    new data.BatchSampler(list, 2, false),
  ];
  expect(samplers.map((sampler) => inspect(sampler))).toEqual([
    'SequentialSampler(8)',
    'RandomSampler(20 of 8, replacement=true)',
    'SubsetRandomSampler(3)',
    'WeightedRandomSampler(2 of 3, replacement=false)',
    'BatchSampler(SequentialSampler(8), batchSize=3, dropLast=true)',
    'BatchSampler(a list of 3, batchSize=2, dropLast=false)',
  ]);
});

test('a checkpoint shows its parts and what it keeps, not where files lie', () => {
  const given = { storage: K.memoryStorage(), parts: { generator: new Generator() } };
  expect(inspect(new K.Checkpoint(given))).toBe(
    'Checkpoint(generator, defaultGenerator; name=checkpoint, keepLast=3)',
  );
  expect(`${new K.Checkpoint({ ...given, keepLast: 1, best: 'min', name: 'run' })}`).toBe(
    'Checkpoint(generator, defaultGenerator; name=run, keepLast=1 and the best (min))',
  );
});

test('what is written goes into a Blob as it is, by its type too', () => {
  const parts = [K.io.saveSafetensors({ x }), K.io.saveNpy(x)];
  expect(new Blob(parts).size).toBe(parts.reduce((sum, { length }) => sum + length, 0));
});
