/** Metrics that go together, and how metrics print. */
import { inspect } from 'node:util';
import { rand, randint, randn, type Tensor, tensor } from '@kindling/core';
import {
  Accuracy,
  AUROC,
  ConfusionMatrix,
  F1Score,
  MeanSquaredError,
  MetricCollection,
  R2Score,
} from '@kindling/metrics';
import { describe, expect, it } from 'vitest';

const bad = (value: unknown): never => value as never;
const labels = [tensor([0.75, 0.25, 0.75, 0.5]), tensor([1, 0, 0, 1])] as const;
const stateOf = (x: { stateDict(): Record<string, Tensor> }): string => JSON.stringify(x.stateDict());

describe('a collection of metrics', () => {
  const make = () =>
    new MetricCollection({ accuracy: new Accuracy(), auroc: new AUROC(), mse: new MeanSquaredError() });

  it('gives what its metrics give each for itself, whatever the batches', () => {
    const collection = make();
    const alone = [new Accuracy(), new AUROC(), new MeanSquaredError()] as const;
    for (const n of [3, 8, 1]) {
      const [x, y, weight] = [rand([n]), randint(0, 2, [n]), rand([n])];
      collection.update(x, y, { weight });
      for (const metric of alone) metric.update(x, y, { weight });
    }
    const { accuracy, auroc, mse } = collection.compute();
    expect([accuracy, auroc, mse].map(String)).toEqual(alone.map((metric) => String(metric.compute())));
    expect(collection.metrics.accuracy.compute().item()).toBe(accuracy.item());
  });

  it('puts prefix and postfix about names, and goes by classes in a list', () => {
    const named = new MetricCollection({ acc: new Accuracy() }, { prefix: 'val_', postfix: '/epoch' });
    const result = named.update(...labels).compute();
    expect(Object.keys(result)).toEqual(['val_acc/epoch']);
    expect(result['val_acc/epoch'].item()).toBe(0.5);
    const listed = new MetricCollection([new Accuracy(), new MeanSquaredError()]);
    expect(Object.keys(listed.update(...labels).compute())).toEqual(['Accuracy', 'MeanSquaredError']);
  });

  it('takes in no batch that one of its metrics refuses', () => {
    const collection = make().update(...labels);
    const before = stateOf(collection);
    // 0.5 is no label: accuracy and AUROC, which come first in one order and last in the other, refuse what the error takes.
    for (const metrics of [
      { mse: new MeanSquaredError(), auroc: new AUROC() },
      { auroc: new AUROC(), mse: new MeanSquaredError() },
    ]) {
      const empty = new MetricCollection(metrics);
      const state = stateOf(empty);
      expect(() => empty.update(tensor([0.25]), tensor([0.5]))).toThrow('AUROC.update');
      expect(stateOf(empty)).toBe(state);
    }
    expect(() => collection.update(tensor([0.25]), tensor([2]))).toThrow('expected 0 or 1');
    expect(stateOf(collection)).toBe(before);
  });

  it('merges, forgets, and goes on from a state, wholly or not at all', () => {
    const [one, two, all] = [make(), make(), make()];
    for (const [part, n] of [
      [one, 4],
      [two, 6],
    ] as const) {
      const [x, y] = [rand([n]), randint(0, 2, [n])];
      part.update(x, y);
      all.update(x, y);
    }
    expect(stateOf(one.merge(two))).toBe(stateOf(all));
    const again = make().update(...labels);
    again.loadStateDict(all.stateDict());
    expect(stateOf(again)).toBe(stateOf(all));
    const byText = make().update(...labels);
    byText.loadStateDict(JSON.parse(JSON.stringify(all)));
    expect(stateOf(byText)).toBe(stateOf(all));
    // The first two fit and the third does not.
    const lacking = { ...two.stateDict(), 'mse.error': rand([2]) };
    expect(() => again.loadStateDict(lacking)).toThrow('MeanSquaredError.loadStateDict: error has shape [2]');
    expect(stateOf(again)).toBe(stateOf(all));
    expect(() => again.loadStateDict({ ...all.stateDict(), other: rand([1]) })).toThrow(
      'MetricCollection.loadStateDict: unknown other; the metrics are accuracy, auroc, mse',
    );
    const root = new MetricCollection({
      accuracy: new Accuracy(),
      auroc: new AUROC(),
      mse: new MeanSquaredError({ squared: false }),
    });
    expect(() => again.merge(root)).toThrow('MeanSquaredError.merge: the options differ');
    expect(stateOf(again)).toBe(stateOf(all));
    expect(() => again.merge(bad(new MetricCollection([new Accuracy()])))).toThrow(
      'MetricCollection.merge: the metrics are accuracy, auroc, mse, those of the other Accuracy',
    );
    expect(stateOf(again.reset())).toBe(stateOf(make()));
  });

  it('refuses what is none', () => {
    const refused: [unknown, string][] = [
      [new Accuracy(), 'metrics: expected metrics by name'],
      [[new Accuracy(), new Accuracy()], 'two metrics are of class Accuracy; name them'],
      [{ a: 3 }, 'a: expected a metric, got 3'],
      [[3], 'metrics[0]: expected a metric, got 3'],
      [{ 'a.b': new Accuracy() }, 'a name must have no dot, got a.b'],
      [{}, 'expected at least one metric, got none'],
    ];
    for (const [metrics, message] of refused)
      expect(() => new MetricCollection(bad(metrics))).toThrow(`MetricCollection: ${message}`);
    expect(() => make().merge(bad(new Accuracy()))).toThrow('expected a MetricCollection');
    expect(() => make().compute()).toThrow('Accuracy.compute: there is nothing');
  });
});

describe('a printed metric', () => {
  it('shows what was seen and the value, not its insides', () => {
    const accuracy = new Accuracy();
    expect(inspect(accuracy)).toBe('Accuracy(weight=0)');
    accuracy.update(...labels, { weight: 0.5 });
    expect(`${accuracy}`).toBe('Accuracy(weight=2, value=tensor(0.5000, dtype=torch.float64))');
  });

  it('has the value that it computes, be it no number', () => {
    const score = new R2Score().update(tensor([1.5]), tensor([1]));
    expect(String(score)).toBe('R2Score(weight=1, value=tensor(nan, dtype=torch.float64))');
  });

  it('stands in a line of its collection', () => {
    const collection = new MetricCollection(
      { f1: new F1Score(), matrix: new ConfusionMatrix() },
      { prefix: 'val_' },
    );
    expect(inspect(collection)).toBe(
      'MetricCollection(\n  val_f1: F1Score(weight=0)\n  val_matrix: ConfusionMatrix(weight=0)\n)',
    );
    collection.update(randn([5]).sigmoid(), randint(0, 2, [5]));
    expect(inspect(collection)).toMatch(/^MetricCollection\(\n {2}val_f1: F1Score\(weight=5, value=tensor\(/);
  });
});
