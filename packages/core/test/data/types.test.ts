import { data, type Tensor, tensor } from '@kindling/core';
import { expect, expectTypeOf, test } from 'vitest';

const x = tensor([1.5, 2.5]);

test('a batch has the type of its samples, joined', () => {
  const dataset = {
    length: 2,
    get: (i: number) => ({
      x: x.select(0, i),
      y: i,
      name: 'ab'[i] ?? '',
      pair: [Float32Array.of(i), true] as const,
    }),
  };
  const loader = new data.DataLoader(dataset, { batchSize: 2 });
  type Batch = { x: Tensor; y: Tensor; name: string[]; pair: [Tensor, Tensor] };
  expectTypeOf([...loader]).toEqualTypeOf<Batch[]>();
  const [batch] = [...loader];
  expect(batch).toEqual({
    x: expect.anything(),
    y: expect.anything(),
    name: ['a', 'b'],
    pair: [expect.anything(), expect.anything()],
  });
  expectTypeOf(data.defaultCollate([{ y: 1 }])).toEqualTypeOf<{ y: Tensor }>();
});

test('tuples stay tuples, and parts and promises change nothing', () => {
  const pairs = new data.TensorDataset(x, x);
  expectTypeOf(new data.DataLoader(pairs)).toEqualTypeOf<
    data.DataLoader<[Tensor, Tensor], [Tensor, Tensor]>
  >();
  const [part] = data.randomSplit(pairs, [1, 1]);
  expectTypeOf(new data.DataLoader(part)[Symbol.iterator]()).toExtend<Iterable<[Tensor, Tensor]>>();
  const slow = { length: 1, get: async (i: number) => [i, `${i}`] as [number, string] };
  expectTypeOf(new data.DataLoader(slow)).toEqualTypeOf<
    data.DataLoader<[number, string], [Tensor, string[]]>
  >();
  const stream = (function* () {
    yield 1;
  })();
  expectTypeOf(new data.DataLoader(stream)).toEqualTypeOf<data.DataLoader<number, Tensor>>();
});

test('a collateFn says what a batch is; what is not known stays so', () => {
  const dataset = { length: 2, get: (i: number) => 'ab'[i] ?? '' };
  expectTypeOf(new data.DataLoader(dataset, { collateFn: (names) => names.join() })).toEqualTypeOf<
    data.DataLoader<string, string>
  >();
  expectTypeOf<data.Collated<unknown>>().toEqualTypeOf<unknown>();
  // biome-ignore lint/suspicious/noExplicitAny: that any stays any is what is asked
  expectTypeOf<data.Collated<any>>().toEqualTypeOf<any>();
});

test('stacked datasets have the samples of each, by place or by name', () => {
  const names = { length: 2, get: (i: number) => 'ab'[i] ?? '' };
  const values = new data.TensorDataset(x);
  type SampleOf<D> = D extends { get(i: number): infer T } ? Awaited<T> : never;
  const byPlace = new data.StackDataset(values, names);
  expectTypeOf<SampleOf<typeof byPlace>>().toEqualTypeOf<[[Tensor], string]>();
  const byName = new data.StackDataset({ values, names });
  expectTypeOf<SampleOf<typeof byName>>().toEqualTypeOf<{ values: [Tensor]; names: string }>();
  for (const batch of new data.DataLoader(byName, { batchSize: 2 }))
    expect([batch.values[0].shape, batch.names.map((name) => name.toUpperCase())]).toEqual([[2], ['A', 'B']]);
});
