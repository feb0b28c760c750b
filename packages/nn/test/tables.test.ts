/** Layers over a table that is given, in place of one that is drawn. */

import { getRngState, ones, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

describe.each([
  ['Embedding', nn.Embedding],
  ['EmbeddingBag', nn.EmbeddingBag],
] as const)('%s over a table that is given', (name, Layer) => {
  it('shares its memory, and draws nothing', () => {
    const table = ones([4, 2]);
    const before = [...getRngState()];
    const layer = new Layer(4, 2, { _weight: table, paddingIdx: 1 });
    expect(layer.weight.storage).toBe(table.storage);
    expect(layer.weight.requiresGrad).toBe(true);
    // The padding row is as it was given.
    expect(table.index(1).tolist()).toEqual([1, 1]);
    expect([...getRngState()]).toEqual(before);
    expect(layer.numEmbeddings).toBe(4);
  });

  it('draws one where null stands for it', () => {
    expect(new Layer(4, 2, { _weight: null }).weight.shape).toEqual([4, 2]);
  });

  it('refuses one of another shape', () => {
    expect(() => new Layer(4, 2, { _weight: ones([2, 4]) })).toThrow(
      `${name}: Shape of weight does not match numEmbeddings and embeddingDim: expected [4, 2], got [2, 4]`,
    );
  });

  it('is made by fromPretrained, frozen unless asked otherwise', () => {
    const table = ones([4, 2]);
    const layer = Layer.fromPretrained(table, { paddingIdx: -1, maxNorm: 3 });
    expect(layer.weight.storage).toBe(table.storage);
    expect(layer.weight.requiresGrad).toBe(false);
    expect([layer.numEmbeddings, layer.embeddingDim, layer.paddingIdx, layer.maxNorm]).toEqual([4, 2, 3, 3]);
    expect(Layer.fromPretrained(table, { freeze: false }).weight.requiresGrad).toBe(true);
    expect(() => Layer.fromPretrained(zeros([4]))).toThrow('expected to be 2-dimensional, got [4]');
  });
});

it('an Embedding is made frozen with _freeze, its table given or drawn', () => {
  expect(new nn.Embedding(3, 2, { _freeze: true }).weight.requiresGrad).toBe(false);
  const integers = tensor([[1, 2]]);
  expect(new nn.Embedding(1, 2, { _weight: integers, _freeze: true })(tensor([0])).tolist()).toEqual([
    [1, 2],
  ]);
  expect(() => new nn.Embedding(1, 2, { _weight: integers })).toThrow('floating point dtype');
});

it('bags are looked up in the table that is given', () => {
  const bags = nn.EmbeddingBag.fromPretrained(
    tensor([
      [1.5, 2],
      [3, 4],
      [5, 6],
    ]),
    { mode: 'sum' },
  );
  expect(bags(tensor([0, 2, 1]), { offsets: tensor([0, 2]) }).tolist()).toEqual([
    [6.5, 8],
    [3, 4],
  ]);
});
