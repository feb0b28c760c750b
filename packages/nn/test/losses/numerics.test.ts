/** Extremes, ignored elements, equal forms of one loss, printed form: what PyTorch does at the edges. */

import { autograd, ones, randn, softmax, type Tensor, tensor, zeros } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const { functional: F } = nn;
const inf = Number.POSITIVE_INFINITY;
const f64 = { dtype: 'float64' } as const;
const f32 = { dtype: 'float32' } as const;
const ints = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int32' });
const gradOf = (loss: Tensor, x: Tensor): Tensor => autograd.grad(loss, [x])[0]!;

describe('sound at the extremes', () => {
  it('BCEWithLogits at +-1e4', () => {
    const x = tensor([1e4, -1e4, 1e4, -1e4], f32).requiresGrad_();
    const loss = F.binaryCrossEntropyWithLogits(x, tensor([1, 1, 0, 0]), { reduction: 'none' });
    expect(loss.toArray()).toEqual([0, 1e4, 1e4, 0]);
    expect(gradOf(loss.sum(), x).toArray()).toEqual([0, -1, 1, 0]);
  });

  it('CrossEntropy with logits of +-1e30 and rows with -Infinity', () => {
    const x = tensor(
      [
        [1e30, -1e30, 0],
        [0, -inf, 0],
        [-inf, 3, -inf],
      ],
      f64,
    ).requiresGrad_();
    const loss = F.crossEntropy(x, ints([0, 2, 1]), { reduction: 'none' });
    expect(loss.toArray()).toEqual([0, Math.LN2, 0]);
    expect(gradOf(loss.sum(), x).toArray()).toEqual([
      [0, 0, 0],
      [0.5, 0, -0.5],
      [0, 0, 0],
    ]);
    expect(F.crossEntropy(x, ints([1, 1, 0]), { reduction: 'none' }).toArray()).toEqual([2e30, inf, inf]);
    const nothing = tensor([[-inf, -inf]]);
    expect(F.crossEntropy(nothing, ints([0])).item()).toBeNaN();
  });

  it('KLDiv with zero targets', () => {
    const x = tensor([[0.5, 0.5]], f64).log();
    expect(F.klDiv(x, tensor([[0, 1]], f64), { reduction: 'sum' }).item()).toBeCloseTo(Math.LN2, 12);
  });

  it('BCE clamps the logarithm at -100, in the gradient too', () => {
    const x = tensor([0, 1], f64).requiresGrad_();
    const loss = F.binaryCrossEntropy(x, tensor([1, 0], f64), { reduction: 'none' });
    expect(loss.toArray()).toEqual([100, 100]);
    const [a, b] = gradOf(loss.sum(), x).toArray() as number[];
    expect(a! * 1e-12).toBeCloseTo(-1, 6);
    expect(b! * 1e-12).toBeCloseTo(1, 6);
  });

  it('SoftMargin where exp overflows', () => {
    const x = tensor([1e4, -1e4], f32).requiresGrad_();
    const loss = F.softMarginLoss(x, tensor([-1, -1]), { reduction: 'none' });
    expect(loss.toArray()).toEqual([1e4, 0]);
    expect(gradOf(loss.sum(), x).toArray()).toEqual([1, 0]);
  });

  it('CTC: a target longer than its input is infinite, or zero if asked', () => {
    const logProbs = F.logSoftmax(randn([2, 1, 4]), 2).requiresGrad_();
    const call = (zeroInfinity: boolean) =>
      F.ctcLoss(logProbs, ints([[1, 2, 3]]), [2], [3], { zeroInfinity, reduction: 'sum' });
    expect(call(false).item()).toBe(inf);
    expect(call(true).item()).toBe(0);
    expect(gradOf(call(true), logProbs).toArray()).toEqual(zeros([2, 1, 4]).toArray());
  });

  it('CTC is the sum over all alignments', () => {
    const steps = 4;
    const logProbs = F.logSoftmax(randn([steps, 1, 3], f64), 2);
    const collapse = (path: readonly number[]): string =>
      path.filter((c, i) => c !== 0 && c !== path[i - 1]).join();
    for (const target of [[], [1], [2, 2], [1, 2], [1, 2, 1]]) {
      let total = 0;
      for (let code = 0; code < 3 ** steps; code++) {
        const path = Array.from({ length: steps }, (_, t) => Math.floor(code / 3 ** t) % 3);
        if (collapse(path) !== target.join()) continue;
        total += Math.exp(path.reduce((sum, c, t) => sum + logProbs.data[3 * t + c]!, 0));
      }
      const padded = ints([[...target, ...Array.from({ length: 3 - target.length }, () => 0)]]);
      const loss = F.ctcLoss(logProbs, padded, [steps], [target.length], { reduction: 'none' });
      assertClose(loss, tensor([-Math.log(total)], f64));
    }
  });

  it('CTC: of one sequence the lengths may be numbers, lists and tensors of one', () => {
    const logProbs = F.logSoftmax(randn([5, 4], f64), 1);
    const target = ints([1, 2, 1]);
    const batched = F.ctcLoss(logProbs.unsqueeze(1), target.unsqueeze(0), [4], [2], { reduction: 'none' });
    const lengths = [
      [4, 2],
      [[4], [2]],
      [ints([4]), ints([2])],
      [ints(4), ints(2)],
    ] as const;
    for (const [steps, labels] of lengths) {
      const loss = F.ctcLoss(logProbs, target, steps, labels, { reduction: 'none' });
      expect(loss.shape).toEqual([]);
      expect(loss.item()).toBe(batched.item());
    }
  });

  it('the mean of nothing is NaN, the sum 0', () => {
    const target = ints([-100, -100]);
    const x = randn([2, 3]).requiresGrad_();
    expect(F.crossEntropy(x, target).item()).toBeNaN();
    expect(F.crossEntropy(x, target, { reduction: 'sum' }).item()).toBe(0);
    expect(gradOf(F.crossEntropy(x, target), x).toArray()).toEqual(zeros([2, 3]).toArray());
    expect(F.nllLoss(x, target).item()).toBeNaN();
    expect(F.mseLoss(zeros([0]), zeros([0])).item()).toBeNaN();
  });

  it('a float32 mean of ten million equal losses is exact', () => {
    const n = 10_000_000;
    expect(F.l1Loss(zeros([n]).add(0.1), zeros([n])).item()).toBe(Math.fround(0.1));
  });
});

describe('equal forms', () => {
  const shape = [10, 5, 2, 3];
  const x = randn(shape, f64);
  const target = ints(Array.from({ length: 60 }, (_, i) => (i * 7) % 5)).reshape([10, 2, 3]);
  const oneHot = F.oneHot(target, 5).movedim(-1, 1).to('float64');

  it('class indices and one-hot probabilities', () => {
    for (const options of [
      {},
      { labelSmoothing: 0.3 },
      { reduction: 'sum' },
      { reduction: 'none' },
    ] as const) {
      assertClose(F.crossEntropy(x, target, options), F.crossEntropy(x, oneHot, options));
    }
  });

  it.each([[[0]], [[0, 3]], [[3, 0]], [[2, 0, 3]], [[2, 3, 0]]])(
    "of no probabilities at all, %s: PyTorch's",
    (none) => {
      for (const requiresGrad of [false, true]) {
        const of = (options: nn.CrossEntropyLossOptions): Tensor =>
          F.crossEntropy(zeros(none, { requiresGrad: true }), zeros(none, { requiresGrad }), options);
        for (const labelSmoothing of [0, 0.1]) {
          expect(of({ labelSmoothing }).item()).toBeNaN();
          expect(of({ labelSmoothing, sampleWeight: tensor(2) }).item()).toBeNaN();
          expect(of({ labelSmoothing, reduction: 'sum' }).abs().item()).toBe(0);
          const each = of({ labelSmoothing, reduction: 'none' });
          expect(each.shape).toEqual(none.toSpliced(none.length === 1 ? 0 : 1, 1));
          expect(each.eq(0).all().item()).toBe(true);
        }
      }
      const x = zeros(none, { requiresGrad: true });
      F.crossEntropy(x, zeros(none)).backward();
      expect(x.grad?.shape).toEqual(none);
      // Minus the sum of nothing.
      expect(F.crossEntropy(x, zeros(none), { reduction: 'sum' }).item()).toBe(-0);
    },
  );

  it('cross-entropy, NLL over log-softmax, NLL over the logarithm of softmax', () => {
    assertClose(F.nllLoss(F.logSoftmax(x, 1), target), F.crossEntropy(x, target));
    assertClose(F.nllLoss(softmax(x, 1).log(), target), F.crossEntropy(x, target));
  });

  it('ignored elements have exactly zero gradient', () => {
    const logits = randn([4, 3, 2]).requiresGrad_();
    const some = ints([
      [0, 9],
      [9, 1],
      [2, 2],
      [9, 9],
    ]);
    for (const loss of [F.crossEntropy, F.nllLoss]) {
      const g = gradOf(loss(logits, some, { ignoreIndex: 9 }), logits)
        .movedim(1, -1)
        .toArray() as number[][][];
      expect([g[0]![1], g[1]![0], g[3]![0], g[3]![1]].flat().every((v) => v === 0)).toBe(true);
      expect(g[2]!.flat().some((v) => v !== 0)).toBe(true);
    }
  });

  it('a single sample without a batch dimension', () => {
    assertClose(
      F.crossEntropy(x.select(0, 0).select(1, 0).select(1, 0), ints(2)),
      F.crossEntropy(x.narrow(0, 0, 1).select(2, 0).select(2, 0), ints([2])),
    );
  });

  it('binary cross-entropy of logits and of their sigmoid', () => {
    const y = softmax(randn([6], f64), 0);
    const logits = randn([6], f64);
    assertClose(F.binaryCrossEntropyWithLogits(logits, y), F.binaryCrossEntropy(logits.sigmoid(), y));
  });
});

describe('a residual of NaN', () => {
  const residuals = [Number.NaN, 0.25, 0.5, -0.5, 3, -3];
  const zero = zeros([6], f64);

  const huber = (x: Tensor) => F.huberLoss(x, zero, { delta: 0.5, reduction: 'sum' });
  const smooth = (x: Tensor) => F.smoothL1Loss(x, zero, { beta: 0.5, reduction: 'sum' });

  it.each([
    ['huberLoss', huber, [Number.NaN, 0.25, 0.5, -0.5, 0.5, -0.5], [0, 1, 0, 0, 0, 0]],
    ['smoothL1Loss', smooth, [Number.NaN, 0.5, 1, -1, 1, -1], [0, 2, 0, 0, 0, 0]],
  ] as const)('has a gradient of NaN, and a second one of 0: %s', (_, lossOf, first, second) => {
    const x = tensor(residuals, f64).requiresGrad_();
    const loss = lossOf(x);
    const g = autograd.grad(loss, x, { createGraph: true })[0]!;
    expect(g.toArray()).toEqual(first);
    expect(gradOf(g.sum(), x).toArray()).toEqual(second);
  });
});

describe('an input of float32 and a target of float64', () => {
  const input = tensor([1, 2], { dtype: 'float32' });
  const target = tensor([2, 5], f64);
  it('give what they promote to, Huber what the input is, as in PyTorch', () => {
    for (const reduction of ['none', 'mean', 'sum'] as const) {
      for (const loss of [F.mseLoss, F.l1Loss, F.smoothL1Loss])
        expect(loss(input, target, { reduction }).dtype).toBe('float64');
      expect(F.huberLoss(input, target, { reduction }).dtype).toBe('float32');
      expect(F.huberLoss(input, target, { reduction, weight: tensor([1, 2]) }).dtype).toBe('float32');
      expect(F.huberLoss(input.to('float64'), target.to('float32'), { reduction }).dtype).toBe('float64');
    }
    expect(F.huberLoss(input, target, { sampleWeight: tensor([1, 3]) }).item()).toBe(4);
    const leaf = target.clone().requiresGrad_();
    F.huberLoss(input, leaf, { reduction: 'sum' }).backward();
    expect([leaf.grad?.dtype, leaf.grad?.toArray()]).toEqual(['float64', [1, 1]]);
  });
});

describe('weights of elements', () => {
  const input = randn([2, 3], f64);
  const target = randn([2, 3], f64);
  const weight = softmax(randn([2, 3], f64), 1);
  const each = (loss: typeof F.mseLoss): Tensor => loss(input, target, { reduction: 'none' }).mul(weight);

  it('MSE and L1 divide by their sum, Huber by the number of elements', () => {
    assertClose(F.mseLoss(input, target, { weight }), each(F.mseLoss).sum().div(weight.sum()));
    assertClose(F.l1Loss(input, target, { weight }), each(F.l1Loss).sum().div(weight.sum()));
    assertClose(F.huberLoss(input, target, { weight }), each(F.huberLoss).mean());
    assertClose(F.huberLoss(input, target, { weight, reduction: 'sum' }), each(F.huberLoss).sum());
  });

  it('go with sample weights', () => {
    const sampleWeight = tensor([2, 0], f64);
    const weighted = F.mseLoss(input, target, { weight, sampleWeight, reduction: 'weightedMean' });
    const first = { weight: weight.narrow(0, 0, 1) };
    assertClose(weighted, F.mseLoss(input.narrow(0, 0, 1), target.narrow(0, 0, 1), first));
  });

  it('must have the size of the input', () => {
    expect(() => F.mseLoss(input, target, { weight: ones([3]) })).toThrow(/must have the same size/);
  });
});

describe('a second backward', () => {
  it('computes what the first gave away', () => {
    const x = randn([3, 4]).requiresGrad_();
    const loss = F.crossEntropy(x, ints([0, 1, 2]));
    loss.backward({ retainGraph: true });
    const first = x.grad!.clone();
    loss.backward();
    assertClose(x.grad!, first.mul(2));
    expect(() => loss.backward()).toThrow(/second time/);
  });

  it('scales by the gradient of the loss', () => {
    const x = randn([3, 4], f64).requiresGrad_();
    const target = ints([0, 1, 2]);
    assertClose(gradOf(F.crossEntropy(x, target).mul(3), x), gradOf(F.crossEntropy(x, target), x).mul(3));
    const each = F.crossEntropy(x, target, { reduction: 'none' });
    const scaled = gradOf(each.mul(tensor([1, 2, 3], f64)).sum(), x);
    const wanted = gradOf(F.crossEntropy(x, target, { reduction: 'sum' }), x);
    assertClose(scaled, wanted.mul(tensor([[1], [2], [3]], f64)));
  });
});

describe('printed as in PyTorch', () => {
  const x = randn([4, 3]).requiresGrad_();
  const y = softmax(randn([4, 3]), 1);
  const printed: [string, Tensor][] = [
    ['MseLossBackward0', F.mseLoss(x, y)],
    ['SmoothL1LossBackward0', F.smoothL1Loss(x, y)],
    ['HuberLossBackward0', F.huberLoss(x, y)],
    ['BinaryCrossEntropyBackward0', F.binaryCrossEntropy(x.sigmoid(), y)],
    ['BinaryCrossEntropyWithLogitsBackward0', F.binaryCrossEntropyWithLogits(x, y)],
    ['SoftMarginLossBackward0', F.softMarginLoss(x, y)],
    ['NllLossBackward0', F.crossEntropy(x, ints([0, 1, 2, 0]))],
    ['NllLossBackward0', F.nllLoss(x, ints([0, 1, 2, 0]))],
    ['NllLoss2DBackward0', F.crossEntropy(x.unsqueeze(2), ints([[0], [1], [2], [0]]))],
  ];
  it.each(printed)('%s', (name, loss) => expect(String(loss)).toContain(`grad_fn=<${name}>`));
});

describe('losses as modules', () => {
  it('weights are buffers, under their PyTorch names', () => {
    const loss = new nn.BCEWithLogitsLoss({ posWeight: ones([3]), weight: ones([3]) });
    expect(Object.keys(loss.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(Object.keys(new nn.CrossEntropyLoss().stateDict())).toEqual([]);
    const other = new nn.BCEWithLogitsLoss({ posWeight: zeros([3]), weight: zeros([3]) });
    other.loadStateDict(loss.stateDict());
    expect(other.posWeight!.toArray()).toEqual([1, 1, 1]);
  });

  it('a loss of your own inherits the reduction', () => {
    class FractionalMSE extends nn.MSELoss {
      running = this.registerBuffer('running', zeros([1]));

      override forward(input: Tensor, target: Tensor): Tensor {
        return super.forward(input.div(target), target.div(target));
      }
    }
    const input = tensor([2, 3]);
    const target = tensor([1, 2]);
    expect(new FractionalMSE()(input, target).item()).toBe(0.625);
    expect(new FractionalMSE({ reduction: 'none' })(input, target).toArray()).toEqual([1, 0.25]);
    expect(Object.keys(new FractionalMSE().stateDict())).toEqual(['running']);
  });

  it('gradients flow to sample weights', () => {
    const sampleWeight = tensor([1, 2], f32).requiresGrad_();
    new nn.MSELoss({ reduction: 'sum' })(tensor([1, 2], f32), zeros([2]), { sampleWeight }).backward();
    expect(sampleWeight.grad!.toArray()).toEqual([1, 4]);
  });

  it('AdaptiveLogSoftmaxWithLoss', () => {
    const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 6], { divValue: 2, headBias: true });
    expect(Object.keys(layer.stateDict())).toEqual([
      'head.weight',
      'head.bias',
      'tail.0.0.weight',
      'tail.0.1.weight',
      'tail.1.0.weight',
      'tail.1.1.weight',
    ]);
    const x = randn([5, 8]);
    const target = ints([0, 4, 11, 2, 7]);
    const { output, loss } = layer(x, target);
    const all = layer.logProb(x);
    assertClose(all.exp().sum(1), ones([5]));
    assertClose(output, all.gather(1, target.unsqueeze(1)).squeeze(1));
    assertClose(loss, output.neg().mean());
    expect(layer.predict(x).toArray()).toEqual(all.argmax(1).toArray());
    assertClose(layer(x.select(0, 1), ints(4)).output, output.select(0, 1));
    loss.backward();
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
    expect(() => layer(x, ints([0, 4, 12, 2, 7]))).toThrow(/should be in \[0, 11\]/);
    expect(() => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [6, 3])).toThrow(/increasing/);
  });

  it('LinearCrossEntropyLoss', () => {
    const loss = new nn.LinearCrossEntropyLoss(4, 3, { outFeatures: [2], bias: true });
    expect(Object.keys(loss.stateDict())).toEqual(['linear.weight', 'linear.bias']);
    expect(
      loss(
        randn([5, 4]),
        ints([
          [0, 1],
          [2, 1],
          [0, 0],
          [1, 1],
          [2, 2],
        ]),
      ).shape,
    ).toEqual([]);
    expect(String(loss)).toContain('out_features=(2,), bias=True, reduction=mean, ignore_index=None');
  });
});
