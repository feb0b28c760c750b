/** What metrics take and refuse, and what they remember. */
import {
  arange,
  CompileError,
  compile,
  inferenceMode,
  KindlingError,
  noGrad,
  ones,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from '@kindling/core';
import {
  Accuracy,
  AUROC,
  AveragePrecision,
  accuracy,
  auroc,
  averagePrecision,
  CalibrationError,
  ConfusionMatrix,
  calibrationError,
  confusionMatrix,
  F1Score,
  f1Score,
  MeanSquaredError,
  type Metric,
  meanSquaredError,
  precision,
  R2Score,
  r2Score,
  recall,
} from '@kindling/metrics';
import { describe, expect, it } from 'vitest';

const bad = (value: unknown): never => value as never;
const value = (x: Tensor): number => x.item();

describe('classes', () => {
  const scores = randn([40, 5]);
  const target = randint(0, 5, [40]);

  it('are found by logits as by probabilities and by labels', () => {
    const by = (x: Tensor): number => value(accuracy(x, target, { numClasses: 5 }));
    expect(by(scores.softmax(1))).toBe(by(scores));
    expect(by(scores.argmax(1))).toBe(by(scores));
  });

  it('of scores that are the same are the first', () => {
    const same = ones([3, 3]);
    expect(value(accuracy(same, tensor([0, 1, 2]), { numClasses: 3 }))).toBeCloseTo(1 / 3, 15);
    expect(value(accuracy(same, tensor([0, 1, 2]), { numClasses: 3, topK: 2 }))).toBeCloseTo(2 / 3, 15);
  });

  it('may stand at each place of an image', () => {
    const image = randn([2, 3, 4, 5]);
    const labels = randint(0, 3, [2, 4, 5]);
    const flat = image.permute([0, 2, 3, 1]).reshape([40, 3]);
    const options = { numClasses: 3, average: 'none' } as const;
    expect(String(recall(image, labels, options))).toBe(String(recall(flat, labels.flatten(), options)));
    const weight = rand([2]);
    const each = weight.reshape([2, 1, 1]).expand([2, 4, 5]);
    expect(value(accuracy(image, labels, { numClasses: 3, weight }))).toBeCloseTo(
      value(accuracy(flat, labels.flatten(), { numClasses: 3, weight: each.reshape([40]) })),
      14,
    );
  });

  it('that are ignored count for nothing, whatever their scores', () => {
    const ignored = tensor([0, -100, 2, -100]);
    const x = tensor([
      [2.5, 1, 0],
      [Number.NaN, 0, 0],
      [0, 3, 1],
      [0, 0, 9],
    ]);
    const kept = tensor([0, 2]);
    const options = { numClasses: 3, ignoreIndex: -100 };
    for (const metric of [accuracy, confusionMatrix, auroc]) {
      const logits = { logits: true };
      expect(String(metric(x, ignored, { ...options, ...logits }))).toBe(
        String(metric(x.indexSelect(0, kept), tensor([0, 2]), { numClasses: 3, ...logits })),
      );
    }
    expect(() => accuracy(x, ignored, { numClasses: 3 })).toThrow(
      'accuracy: target: expected a class from 0 to 2, got -100 at [1]',
    );
  });

  it('that are ignored stand in no bin of confidence', () => {
    const sure = tensor([
      [9.5, 0, 0],
      [Number.NaN, 0, 0],
      [0, 1, 0],
    ]);
    const [all, some] = [tensor([1, -100, 1]), tensor([1, 1])];
    for (const norm of ['l1', 'l2', 'max'] as const) {
      const options = { numClasses: 3, logits: true, norm };
      const kept = calibrationError(sure.indexSelect(0, tensor([0, 2])), some, options);
      expect(value(kept)).toBeGreaterThan(0.4);
      expect(value(calibrationError(sure, all, { ...options, ignoreIndex: -100 }))).toBe(value(kept));
      const ofTwo = calibrationError(tensor([0.25, 0.96875]), some, { norm });
      const withNaN = calibrationError(tensor([0.25, Number.NaN, 0.96875]), all, { norm, ignoreIndex: -100 });
      expect(value(withNaN)).toBe(value(ofTwo));
    }
  });

  it('have logits of which there is a softmax', () => {
    for (const greatest of [Infinity, -Infinity]) {
      const x = tensor([
        [1.5, 0.5],
        [greatest, -Infinity],
      ]);
      const options = { numClasses: 2, logits: true };
      for (const metric of [auroc, calibrationError])
        expect(() => metric(x, tensor([0, 1]), options)).toThrow(
          `${metric === auroc ? 'auroc' : 'calibrationError'}: input: expected logits of classes of which the greatest is ` +
            `finite, got ${greatest} at [1]`,
        );
      expect(value(calibrationError(x, tensor([0, -1]), { ...options, ignoreIndex: -1 }))).toBeLessThan(0.5);
    }
    const masked = tensor([[1.5, -Infinity]]);
    expect(value(calibrationError(masked, tensor([0]), { numClasses: 2, logits: true }))).toBe(0);
  });

  it('are ranked alike by logits and by their softmax', () => {
    const logits = auroc(scores, target, { numClasses: 5, logits: true });
    expect(value(logits)).toBeCloseTo(
      value(auroc(scores.to('float64').softmax(1), target, { numClasses: 5 })),
      14,
    );
    const error = calibrationError(scores, target, { numClasses: 5, logits: true });
    expect(value(error)).toBeCloseTo(
      value(calibrationError(scores.to('float64').softmax(1), target, { numClasses: 5 })),
      14,
    );
  });
});

describe('yes and no', () => {
  const logits = randn([30]);
  const target = rand([30]).gt(0.5);

  it('are told by logits as by probabilities, with any threshold', () => {
    for (const threshold of [0, 0.25, 0.5, 0.9, 1]) {
      expect(value(accuracy(logits, target, { logits: true, threshold }))).toBe(
        value(accuracy(logits.sigmoid(), target, { threshold })),
      );
    }
  });

  it('may be bools, integers and floats, in any shape', () => {
    for (const dtype of ['bool', 'int32', 'uint8', 'float32', 'float64'] as const) {
      const y = target.to(dtype);
      expect(value(precision(logits.reshape([5, 6]), y.reshape([5, 6]), { logits: true }))).toBe(
        value(precision(logits, target, { logits: true })),
      );
      expect(value(recall(y, target))).toBe(1);
    }
  });

  it('of several labels are ignored one by one', () => {
    const x = rand([6, 3]);
    const y = randint(0, 2, [6, 3]);
    const some = y.clone();
    some.select(1, 1).fill_(-1);
    const [a, , c] = accuracy(x, y, { numLabels: 3, average: 'none' }).tolist() as number[];
    const options = { numLabels: 3, ignoreIndex: -1 };
    expect(accuracy(x, some, { ...options, average: 'none' }).tolist()).toEqual([a, Number.NaN, c]);
    expect(value(accuracy(x, some, { ...options, average: 'macro' }))).toBeCloseTo(
      ((a ?? 0) + (c ?? 0)) / 2,
      15,
    );
  });
});

it.each([
  ['macro', [Number.NaN, 0, 0]],
  ['weighted', [0, 0, 0]],
  [
    'none',
    [
      [Number.NaN, Number.NaN],
      [0, 0],
      [0, 0],
    ],
  ],
] as const)("of labels that nothing has, %s averages are scikit-learn's", (average, expected) => {
  const given = [tensor([[0.25, 0.75], [0.5, 0]]), tensor([[0, 0], [0, 0]])] as const; // biome-ignore format: matrices
  const scores = [auroc, averagePrecision, f1Score].map((f) => f(...given, { numLabels: 2, average }));
  expect(scores.map((x) => x.tolist())).toEqual(expected);
});

describe('weights', () => {
  const x = randn([12, 3]);
  const y = randint(0, 3, [12]);

  it('of whole batches are those of each of their samples', () => {
    const metric = new F1Score({ numClasses: 3, average: 'macro' });
    metric.update(x.narrow(0, 0, 5), y.narrow(0, 0, 5), { weight: 0.25 });
    metric.update(x.narrow(0, 5, 7), y.narrow(0, 5, 7), { weight: tensor(2) });
    const each = tensor([...Array<number>(5).fill(0.25), ...Array<number>(7).fill(2)]);
    const whole = new F1Score({ numClasses: 3, average: 'macro' }).update(x, y, { weight: each });
    expect(value(metric.compute())).toBeCloseTo(value(whole.compute()), 15);
  });

  it('of 2 are the sample twice', () => {
    const twice = arange(0, 24).div(2, { roundingMode: 'floor' });
    const again = (t: Tensor): Tensor => t.indexSelect(0, twice.to('int32'));
    const options = { numClasses: 3, logits: true };
    expect(value(auroc(x, y, { ...options, weight: 2 }))).toBeCloseTo(
      value(auroc(again(x), again(y), options)),
      14,
    );
    const [p, q] = [x.select(1, 0), x.select(1, 1)];
    expect(value(r2Score(p, q, { weight: 2 }))).toBeCloseTo(value(r2Score(again(p), again(q))), 14);
  });

  it.each<[number | Tensor, string]>([
    [-1, 'accuracy: weight: expected finite numbers >= 0, got -1'],
    [Number.NaN, 'accuracy: weight: expected finite numbers >= 0, got NaN'],
    [
      tensor([...Array<number>(11).fill(1), Infinity]),
      'accuracy: weight: expected finite numbers >= 0, got Infinity at [11]',
    ],
    [ones([3]), 'accuracy: weight has shape [3], expected [12], or a number'],
    [ones([12, 3]), 'accuracy: weight has shape [12, 3], expected [12], or a number'],
    [bad('1'), 'accuracy: weight: expected a Tensor or a number, got "1"'],
  ])('%s are refused where they cannot be', (weight, message) => {
    expect(() => accuracy(x, y, { numClasses: 3, weight })).toThrow(message);
  });

  it('of 0 alone leave nothing to compute', () => {
    expect(() => accuracy(x, y, { numClasses: 3, weight: 0 })).toThrow(
      'no sample of a weight above 0 has come',
    );
  });
});

describe('input that cannot be', () => {
  const two = tensor([0.25, 0.75]);
  it.each<[() => unknown, string]>([
    [
      () => accuracy(two, tensor([1, 0, 1])),
      'accuracy: expected input and target of one shape, got [2] and [3]',
    ],
    [() => accuracy(ones([2, 3]), tensor([1, 0])), 'got [2, 3] and [2]; of classes give { numClasses: 3 }'],
    [() => accuracy(two, tensor([1, 2])), 'accuracy: target: expected 0 or 1, got 2 at [1]'],
    [() => accuracy(two, tensor([1, 0.5])), 'accuracy: target: expected 0 or 1, got 0.5 at [1]'],
    [
      () => accuracy(tensor([0.5, 1.5]), tensor([1, 0])),
      'accuracy: input: expected probabilities in [0, 1], got 1.5 at [1]; for logits give { logits: true }',
    ],
    [
      () => precision(tensor([Number.NaN, 0]), tensor([1, 0])),
      'precision: input: expected scores that are numbers, got NaN at [0]',
    ],
    [
      () => accuracy(ones([2, 3]), tensor([1, 0]), { numClasses: 4 }),
      'accuracy: expected input of shape (N, 4, ...) with scores or (N, ...) with classes, and target of shape (N, ...), got [2, 3] and [2]',
    ],
    [
      () => accuracy(tensor([5]), tensor([1]), { numClasses: 4 }),
      'accuracy: input: expected a class from 0 to 3, got 5 at [0]',
    ],
    [() => accuracy(two, two, { numClasses: 1 }), 'accuracy: numClasses: expected an integer >= 2, got 1'],
    [
      () => accuracy(two, two, { numClasses: 2, numLabels: 2 }),
      'expected numClasses (one class a sample) or numLabels',
    ],
    [
      () => accuracy(two, two, { numClasses: 3, topK: 4 }),
      'accuracy: topK 4 wants as many classes, got numClasses 3',
    ],
    [() => new Accuracy({ topK: 2 }), 'Accuracy: topK 2 wants as many classes, got no numClasses'],
    [
      () => accuracy(tensor([0]), tensor([1]), { numClasses: 3, topK: 2 }),
      'accuracy: input: expected scores of shape (N, 3, ...), got labels',
    ],
    [
      () => accuracy(ones([2, 3]), ones([2, 3]), { numLabels: 2 }),
      'accuracy: expected input and target of shape (N, 2, ...), got [2, 3] and [2, 3]',
    ],
    [
      () => auroc(tensor([[0.5, 0.25]]), tensor([1]), { numClasses: 2 }),
      'auroc: input: expected probabilities of classes that add up to 1, got 0.75 at [0]; for logits give { logits: true }',
    ],
    [
      () => new AUROC({ average: bad('mean') }),
      'AUROC: average: expected one of "micro", "macro", "weighted", "none", got "mean"',
    ],
    [() => new AveragePrecision(bad(3)), 'AveragePrecision: expected an options object, got 3'],
    [() => new CalibrationError({ numLabels: 2 } as never), 'CalibrationError: unknown option numLabels'],
    [
      () => new ConfusionMatrix({ num_classes: 2 } as never),
      'ConfusionMatrix: unknown option num_classes; did you mean numClasses?',
    ],
    [() => new F1Score({ beta: 2 } as never), 'F1Score: unknown option beta'],
    [
      () => precision(two, two, { zeroDivision: 0.5 }),
      'precision: zeroDivision: expected 0, 1 or NaN, got 0.5',
    ],
    [
      () => meanSquaredError(two, tensor([0, Infinity])),
      'meanSquaredError: target: expected finite numbers, got Infinity at [1]',
    ],
    [
      () => r2Score(two, two, { numOutputs: 2 }),
      'r2Score: expected input and target of shape [N, 2], got [2] and [2]',
    ],
    [
      () => new MeanSquaredError({ numOutputs: 2, multioutput: [1, 2, 3] }),
      'MeanSquaredError: multioutput: expected 2 weights, not all 0, for as many outputs, got [1, 2, 3]',
    ],
    [() => new R2Score().compute(), 'R2Score.compute: there is nothing of which to compute it'],
    [
      () => new Accuracy().update(bad([1]), two),
      'Accuracy.update: input: expected a Tensor, got [1]; make a tensor of it with tensor()',
    ],
    [() => new Accuracy().update(two, two, bad(0.5)), 'Accuracy.update: expected an options object, got 0.5'],
    [
      () => new Accuracy().merge(bad(new R2Score())),
      'Accuracy.merge: other: expected a metric of class Accuracy, got an instance of R2Score',
    ],
    [() => new Accuracy().merge(new Accuracy({ threshold: 0.25 })), 'Accuracy.merge: the options differ'],
  ])('%s is refused', (call, message) => {
    expect(call).toThrow(KindlingError);
    expect(call).toThrow(message);
  });
});

describe('what is remembered', () => {
  it('is lost by no structured clone, which is an error that says what to do', () => {
    expect(() => structuredClone(new MeanSquaredError())).toThrow('a metric; send JSON.stringify(metric)');
  });

  const fill = <M extends Metric>(metric: M): M => metric.update(rand([6]), randint(0, 2, [6]));

  it('is not changed by a batch that is refused', () => {
    for (const metric of [fill(new Accuracy()), fill(new AUROC()), fill(new CalibrationError())]) {
      const before = JSON.stringify(metric.stateDict());
      expect(() => metric.update(rand([3]), tensor([0, 1, 2]))).toThrow('expected 0 or 1, got 2');
      expect(() => metric.update(rand([3]), tensor([0, 1, 1]), { weight: ones([2]) })).toThrow('weight');
      expect(JSON.stringify(metric.stateDict())).toBe(before);
    }
  });

  it('grows and is forgotten where the metric is frozen', () => {
    const metric = fill(new AUROC());
    const state = JSON.stringify(Object.freeze(metric));
    metric.merge(metric).reset().loadStateDict(JSON.parse(state));
    expect(JSON.stringify(metric)).toBe(state);
    expect(
      metric
        .update(tensor([0.25]), tensor([1]))
        .stateDict()
        .total_weight?.item(),
    ).toBe(7);
  });

  it('holds no graph, and comes into being in any mode', () => {
    const w = tensor([0.25, 0.5], { requiresGrad: true });
    const target = tensor([0, 1]);
    const metric = inferenceMode(() => new MeanSquaredError().update(w.mul(2), target));
    metric.update(w.mul(2), target);
    noGrad(() => metric.update(w.mul(2), target));
    expect(metric.compute().requiresGrad).toBe(false);
    expect(value(metric.compute())).toBeCloseTo(0.125, 15);
    expect(value(inferenceMode(() => metric.compute()))).toBeCloseTo(0.125, 15);
  });

  it('is of a fixed size where no scores are kept', () => {
    const metric = fill(new F1Score());
    const size = JSON.stringify(Object.values(metric.stateDict()).map(({ shape }) => shape));
    for (let i = 0; i < 20; i++) fill(metric);
    expect(JSON.stringify(Object.values(metric.stateDict()).map(({ shape }) => shape))).toBe(size);
  });

  it('goes by way of JSON, which the metric itself writes', () => {
    for (const make of [() => new AUROC(), () => new F1Score(), () => new MeanSquaredError()]) {
      const metric = make();
      metric.update(tensor([0.25, 0.75, 0.125]), tensor([0, 1, 1]));
      const text = JSON.stringify({ metric });
      expect(text).toBe(JSON.stringify({ metric: metric.stateDict() }));
      const other = make();
      other.loadStateDict((JSON.parse(text) as { metric: never }).metric);
      for (const each of [metric, other]) each.update(tensor([0.5, 0.625]), tensor([0, 1]));
      expect(value(other.compute())).toBe(value(metric.compute()));
    }
    const state = new AUROC().stateDict();
    const broken = { ...state, total_weight: { dtype: 'float64', shape: [2], data: [1] } };
    expect(() => new AUROC().loadStateDict(bad(broken))).toThrow(
      /^AUROC.loadStateDict: fromJSON: shape \[2\] takes 2 elements/,
    );
  });

  it('is taken over whole or not at all', () => {
    const metric = fill(new AUROC());
    const { scores, ...rest } = metric.stateDict();
    const before = JSON.stringify(metric.stateDict());
    const refused: [unknown, string][] = [
      [rest, 'AUROC.loadStateDict: scores: expected a Tensor, got undefined'],
      [
        { ...rest, scores, more: ones([1]) },
        'AUROC.loadStateDict: unknown more; it remembers total_weight, scores, actual, weights',
      ],
      [{ ...rest, scores: ones([6, 2]) }, 'AUROC.loadStateDict: scores has shape [6, 2], expected [n, 1]'],
      [
        { ...rest, scores: ones([5, 1]) },
        'AUROC.loadStateDict: the samples are 5 and 6, expected as many of each',
      ],
      [3, 'AUROC.loadStateDict: state: expected what stateDict() gives, got 3'],
    ];
    for (const [state, message] of refused) expect(() => metric.loadStateDict(bad(state))).toThrow(message);
    expect(() =>
      new Accuracy({ numClasses: 3 }).loadStateDict(new Accuracy({ numClasses: 4 }).stateDict()),
    ).toThrow('Accuracy.loadStateDict: correct has shape [4], expected [3]');
    expect(JSON.stringify(metric.stateDict())).toBe(before);
  });

  it('is not that of a compiled function, which says so', () => {
    const metric = new Accuracy();
    const step = compile((x: Tensor, y: Tensor) => {
      metric.update(x, y);
      return x.sum();
    });
    expect(() => {
      for (let i = 0; i < 4; i++) step(tensor([0.25, 0.75]), tensor([0, 1]));
    }).toThrow(
      new CompileError(
        'compile: Accuracy.update looks at the values of a batch; call it outside of the compiled function',
      ),
    );
  });
});
