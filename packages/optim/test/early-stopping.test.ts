import { inspect } from 'node:util';
import { type Tensor, tensor, ValueError } from '@kindling/core';
import * as nn from '@kindling/nn';
import { EarlyStopping, lrScheduler, SGD } from '@kindling/optim';
import { describe, expect, test } from 'vitest';

/** The number of the metric at which it stops; -1 where it does not. */
const stopsAt = (stopping: EarlyStopping, metrics: readonly number[]): number =>
  metrics.findIndex((metric) => stopping.step(metric));

const weight = (model: nn.Linear): number => model.weight.item();
const model = (): nn.Linear => new nn.Linear(1, 1, { bias: false });

describe('it stops', () => {
  test('after so many epochs in a row without improvement', () => {
    expect(stopsAt(new EarlyStopping({ patience: 1 }), [3, 2, 2])).toBe(2);
    expect(stopsAt(new EarlyStopping({ patience: 3 }), [3, 4, 4, 2, 4, 4, 4, 1])).toBe(6);
    expect(stopsAt(new EarlyStopping({ patience: 3 }), [3, 4, 4, 2, 4, 4])).toBe(-1);
  });

  test('by default after ten', () => {
    expect(stopsAt(new EarlyStopping(), [1, ...new Array<number>(20).fill(1)])).toBe(10);
  });

  test('where more is better', () => {
    const stopping = new EarlyStopping({ patience: 2, mode: 'max' });
    expect(stopsAt(stopping, [1, 2, 3, 3, 2.9, 4])).toBe(4);
    expect([stopping.best, stopping.bestEpoch, stopping.lastEpoch]).toEqual([3, 2, 4]);
  });

  test('where improvements are as small as minDelta', () => {
    expect(stopsAt(new EarlyStopping({ patience: 2, minDelta: 0.5 }), [4, 3.5, 3.5])).toBe(2);
    expect(stopsAt(new EarlyStopping({ patience: 2, minDelta: 0.5 }), [4, 3.25, 2.5])).toBe(-1);
    expect(stopsAt(new EarlyStopping({ patience: 2, minDelta: 0.5, mode: 'max' }), [4, 4.5, 4.25])).toBe(2);
  });

  test('where there is no number to be better', () => {
    expect(stopsAt(new EarlyStopping({ patience: 2 }), [Number.NaN, Infinity])).toBe(1);
    const stopping = new EarlyStopping({ patience: 2, mode: 'max' });
    expect(stopsAt(stopping, [-Infinity, Number.NaN])).toBe(1);
    expect([stopping.best, stopping.bestEpoch]).toEqual([-Infinity, -1]);
  });

  test('once and for all', () => {
    const stopping = new EarlyStopping({ patience: 1 });
    expect(stopsAt(stopping, [1, 2])).toBe(1);
    expect([stopping.step(0), stopping.best, stopping.lastEpoch]).toEqual([true, 1, 1]);
  });

  test('by metrics that are tensors', () => {
    const stopping = new EarlyStopping({ patience: 1 });
    expect([1.5, 1, 2].map((x) => stopping.step(tensor(x)))).toEqual([false, false, true]);
    const found = new EarlyStopping({ patience: 1, mode: 'max' });
    expect([false, true, false].map((x) => found.step(tensor(x)))).toEqual([false, false, true]);
    expect(found.best).toBe(1);
    const reduced = new lrScheduler.ReduceLROnPlateau(new SGD([tensor([1.5], { requiresGrad: true })]));
    reduced.step(tensor(true));
    expect(reduced.best).toBe(1);
  });
});

describe('the model', () => {
  test('is put back to its best where it stops, and not before', () => {
    const m = model();
    const stopping = new EarlyStopping({ patience: 2, restoreBest: m });
    for (const [metric, w] of [
      [3, 30],
      [1, 10],
      [2, 20],
    ] as const) {
      nn.init.constant_(m.weight, w);
      expect(stopping.step(metric)).toBe(false);
      expect(weight(m)).toBe(w);
    }
    nn.init.constant_(m.weight, 40);
    expect(stopping.step(4)).toBe(true);
    expect(weight(m)).toBe(10);
    nn.init.constant_(m.weight, 50);
    expect([stopping.restore(), weight(m)]).toEqual([true, 10]);
  });

  test('may be what has states in its state', () => {
    const m = model();
    const both = {
      stateDict: () => ({ parts: [m.stateDict()] }),
      loadStateDict: ({ parts: [own] }: { parts: [Record<string, Tensor>] }) => m.loadStateDict(own),
    };
    const stopping = new EarlyStopping({ patience: 1, restoreBest: both as never });
    for (const [metric, w] of [
      [1, 10],
      [2, 20],
    ] as const) {
      nn.init.constant_(m.weight, w);
      stopping.step(metric);
    }
    expect(weight(m)).toBe(10);
  });

  test('stays as it is where none was kept', () => {
    const m = model();
    nn.init.constant_(m.weight, 5);
    const stopping = new EarlyStopping({ patience: 1, restoreBest: m });
    expect([stopping.step(Number.NaN), stopping.restore(), weight(m)]).toEqual([true, false, 5]);
    expect(new EarlyStopping().restore()).toBe(false);
  });
});

describe('a state', () => {
  const metrics = [3, 2, 2.5, 1, 1.5, 1.25, 4, 5];

  test.each([0, 1, 2, 3, 4, 5])('goes on after epoch %i, by way of JSON', (at) => {
    const run = (restart: boolean) => {
      let m = model();
      let stopping = new EarlyStopping({ patience: 4, restoreBest: m });
      const said: boolean[] = [];
      for (const [epoch, metric] of metrics.entries()) {
        nn.init.constant_(m.weight, epoch);
        said.push(stopping.step(metric));
        if (!restart || epoch !== at) continue;
        const saved = JSON.parse(JSON.stringify(stopping.stateDict()));
        m = model();
        stopping = new EarlyStopping({ restoreBest: m });
        stopping.loadStateDict(saved);
      }
      return [said, weight(m), stopping.best, stopping.bestEpoch, stopping.lastEpoch];
    };
    expect(run(true)).toEqual(run(false));
  });

  test('is copied where it is loaded: what becomes of its tensors later is nothing to it', () => {
    const m = model();
    nn.init.constant_(m.weight, 10);
    const stopping = new EarlyStopping({ patience: 1, restoreBest: m });
    stopping.step(1);
    const saved = { ...stopping.stateDict(), best_state: m.stateDict() };
    stopping.loadStateDict(saved as never);
    nn.init.constant_(m.weight, 20);
    expect([stopping.restore(), weight(m)]).toEqual([true, 10]);
  });

  test('keeps what a model has beside tensors', () => {
    class Counting extends nn.Linear {
      extra: unknown = { seen: Uint8Array.of(1, 2), since: new Map([['a', 1]]) };
      override getExtraState(): unknown {
        return this.extra;
      }
      override setExtraState(state: unknown): void {
        this.extra = state;
      }
    }
    const counting = new Counting(1, 1);
    const stopping = new EarlyStopping({ patience: 1, restoreBest: counting });
    stopping.step(1);
    counting.extra = null;
    stopping.restore();
    expect(counting.extra).toEqual({ seen: Uint8Array.of(1, 2), since: new Map([['a', 1]]) });
  });

  test('holds the best of none as JSON can', () => {
    const stopping = new EarlyStopping({ mode: 'max' });
    const read = new EarlyStopping();
    read.loadStateDict(JSON.parse(JSON.stringify(stopping.stateDict())));
    expect([read.best, read.mode]).toEqual([-Infinity, 'max']);
  });

  test('that does not fit is refused, and changes nothing', () => {
    const stopping = new EarlyStopping();
    stopping.step(1);
    const own = stopping.stateDict();
    const before = JSON.stringify(own);
    const endless: Record<string, unknown> = {};
    endless['itself'] = [endless];
    for (const wrong of [
      { ...own, best_state: endless },
      null,
      {},
      { ...own, patience: 0 },
      { ...own, mode: 'least' },
      { ...own, best: Number.NaN },
      { ...own, num_bad_epochs: 1.5 },
      { ...own, best_state: 5 },
    ]) {
      expect(() => stopping.loadStateDict(wrong as never)).toThrow(ValueError);
      expect(JSON.stringify(stopping.stateDict())).toBe(before);
    }
    const watching = new EarlyStopping({ restoreBest: model() });
    expect(() => watching.loadStateDict(own)).toThrow('the state holds no copy of a model');
  });
});

test.each<[() => unknown, string]>([
  [() => new EarlyStopping({ patience: 0 }), 'EarlyStopping: patience: expected an integer >= 1, got 0'],
  [() => new EarlyStopping({ minDelta: -1 }), 'minDelta: expected a finite number >= 0'],
  [() => new EarlyStopping({ minDelta: Infinity }), 'minDelta: expected a finite number >= 0'],
  [() => new EarlyStopping({ mode: 'auto' as never }), 'mode: expected one of "min", "max"'],
  [() => new EarlyStopping({ restoreBest: true as never }), 'restoreBest: expected a model'],
  [() => new EarlyStopping(5 as never), 'write new EarlyStopping({ patience: 5 })'],
  [() => new EarlyStopping({ min_delta: 1 } as never), 'did you mean minDelta?'],
  [() => new EarlyStopping().step('1' as never), 'EarlyStopping.step: metric: expected a number or a Tensor'],
  [() => new EarlyStopping().step(tensor([1, 2])), 'expected a number or a Tensor of one element'],
])('bad arguments are errors %#', (f, message) => {
  expect(f).toThrow(ValueError);
  expect(f).toThrow(message);
});

test('it prints what was counted on one line, without the model', () => {
  const stopping = new EarlyStopping({ patience: 2, restoreBest: model() });
  stopsAt(stopping, [3, 4]);
  expect(inspect(stopping)).toBe(
    'EarlyStopping(patience=2, minDelta=0, mode=min, best=3, bestEpoch=0, lastEpoch=1, numBadEpochs=1, stopped=false)',
  );
});
