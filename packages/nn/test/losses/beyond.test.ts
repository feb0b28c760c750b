/** Limits, extremes, state and errors of the losses beyond PyTorch. */

import { autograd, eye, manualSeed, rand, randint, randn, stack, type Tensor, tensor } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import { beforeEach, describe, expect, it } from 'vitest';

const { F } = nn;
const f64 = { dtype: 'float64' } as const;
const exact = { rtol: 1e-12, atol: 1e-14 };

beforeEach(() => void manualSeed(1));

const classesOf = (count: number, shape: readonly number[]): Tensor =>
  randint(0, count, [...shape], { dtype: 'int32' });
const gradientOf = (loss: Tensor, x: Tensor): Tensor => autograd.grad(loss, [x])[0]!;

describe('limits', () => {
  it('focal losses with gamma 0 are cross-entropies', () => {
    const x = randn([5, 3], f64).mul(4);
    const t = rand([5, 3], f64);
    assertClose(
      F.sigmoidFocalLoss(x, t, { gamma: 0, alpha: null }),
      F.binaryCrossEntropyWithLogits(x, t),
      exact,
    );
    const classes = tensor([0, 2, -100, 1, 1]);
    const weight = tensor([1, 2, 0.5], f64);
    assertClose(F.focalLoss(x, classes, { gamma: 0, weight }), F.crossEntropy(x, classes, { weight }), exact);
    const q = randn([5, 3], f64).softmax(1);
    assertClose(F.focalLoss(x, q, { gamma: 0 }), F.crossEntropy(x, q), exact);
  });

  it('the asymmetric loss with no discounts is binary cross-entropy, and symmetric it is focal', () => {
    const x = randn([6], f64).mul(4);
    const t = randint(0, 2, [6]).double();
    const plain = { gammaNeg: 0, gammaPos: 0, clip: 0 };
    assertClose(F.asymmetricLoss(x, t, plain), F.binaryCrossEntropyWithLogits(x, t), exact);
    const focal = F.sigmoidFocalLoss(x, t, { gamma: 2, alpha: null });
    assertClose(F.asymmetricLoss(x, t, { gammaNeg: 2, gammaPos: 2, clip: 0 }), focal, exact);
  });

  it('the Tversky loss is Dice at one half and Jaccard at one', () => {
    const x = randn([3, 2, 4, 4], f64);
    const t = randint(0, 2, [3, 2, 4, 4]).double();
    const half = F.tverskyLoss(x, t, { alpha: 0.5, beta: 0.5, smooth: 0.5 });
    assertClose(half, F.diceLoss(x, t, { smooth: 1 }), exact);
    assertClose(F.tverskyLoss(x, t, { alpha: 1, beta: 1 }), F.jaccardLoss(x, t), exact);
    assertClose(F.focalTverskyLoss(x, t, { gamma: 1 }), F.tverskyLoss(x, t), exact);
  });

  it('overlaps take class indices as one-hot masks of the softmax', () => {
    const x = randn([3, 4, 5], f64);
    const classes = classesOf(4, [3, 5]);
    const mask = F.oneHot(classes, 4).movedim(-1, 1).double();
    assertClose(F.diceLoss(x, classes), F.diceLoss(x, mask, { activation: 'softmax' }), exact);
    assertClose(F.diceLoss(x.softmax(1), mask, { activation: 'none' }), F.diceLoss(x, classes), exact);
  });

  it('a margin of 0 is the cross-entropy of the scaled cosines', () => {
    const cosine = rand([4, 3], f64).mul(2).sub(1);
    const target = classesOf(3, [4]);
    const plain = F.crossEntropy(cosine.mul(8), target);
    assertClose(F.arcFaceLoss(cosine, target, { margin: 0, scale: 8 }), plain, exact);
    assertClose(F.cosFaceLoss(cosine, target, { margin: 0, scale: 8 }), plain, exact);
  });

  it('InfoNCE is the cross-entropy of the similarities; the other keys are the negatives', () => {
    const q = randn([3, 4], f64);
    const k = randn([3, 4], f64);
    const unit = (x: Tensor): Tensor => F.normalize(x, { dim: 1 });
    const logits = unit(q).matmul(unit(k).t()).div(0.2);
    assertClose(F.infoNceLoss(q, k, { temperature: 0.2 }), F.crossEntropy(logits, tensor([0, 1, 2])), exact);
    const others = [
      [1, 2],
      [0, 2],
      [0, 1],
    ].map((rows) => k.indexSelect(0, tensor(rows)));
    const negatives = stack(others);
    assertClose(
      F.infoNceLoss(q, k, { temperature: 0.2, negatives }),
      F.infoNceLoss(q, k, { temperature: 0.2 }),
      exact,
    );
  });

  it('supervised contrast of two views each is InfoNCE among all views', () => {
    const views = randn([1, 2, 3], f64);
    assertClose(F.supConLoss(views, tensor([0])), tensor(0, f64), exact);
    const lonely = F.supConLoss(randn([3, 4], f64), tensor([0, 1, 2]), { reduction: 'none' });
    assertClose(lonely, tensor([0, 0, 0], f64), exact);
  });

  it('one median quantile is half the absolute error', () => {
    const x = randn([6], f64);
    const t = randn([6], f64);
    assertClose(F.quantileLoss(x, t, 0.5), F.l1Loss(x, t).div(2), exact);
    const several = F.quantileLoss(x.unsqueeze(1).expand([6, 2]), t, [0.2, 0.7], { reduction: 'none' });
    assertClose(several.select(1, 1), F.quantileLoss(x, t, 0.7, { reduction: 'none' }), exact);
  });

  it('the fractional Huber loss is the Huber loss of the response, and one bin is the Huber loss', () => {
    const t = rand([6], f64).add(1);
    const x = t.mul(randn([6], f64).mul(0.5).add(1));
    const one = t.div(t);
    assertClose(
      F.fractionalHuberLoss(x, t, { delta: 0.3 }),
      F.huberLoss(x.div(t), one, { delta: 0.3 }),
      exact,
    );
    const none = tensor([], f64);
    assertClose(F.binnedHuberLoss(x, t, none, tensor([0.3], f64)), F.huberLoss(x, t, { delta: 0.3 }), exact);
  });

  it('the earth mover pays for distance: each step that probability is off', () => {
    const sure = tensor([[80, 0, 0, 0]], f64);
    const cost = [0, 1, 2, 3].map((c) => F.emdLoss(sure, tensor([c])).item());
    assertClose(cost, [0, 1, 2, 3], { rtol: 0, atol: 1e-10 });
  });
});

describe('extremes', () => {
  const far = [1e4, -1e4, 100, -100, 0];
  const binary = {
    sigmoidFocalLoss: [{ gamma: 2 }, { gamma: 0.5 }, { gamma: 0 }],
    asymmetricLoss: [{}, { clip: 0 }, { gammaNeg: 0.5, clip: 0 }, { gammaNeg: 0, gammaPos: 0, clip: 0 }],
  } as const;
  for (const [name, list] of Object.entries(binary)) {
    const loss = F[name as keyof typeof binary];
    for (const options of list) {
      for (const dtype of ['float32', 'float64'] as const) {
        it(`${name} ${JSON.stringify(options)} is finite at logits of +-1e4, to the second derivative, ${dtype}`, () => {
          for (const target of [0, 1, 0.3]) {
            const x = tensor(far, { dtype, requiresGrad: true });
            const y = loss(x, tensor(far, { dtype }).fill_(target), { ...options, reduction: 'sum' });
            const [g] = autograd.grad(y, [x], { createGraph: true });
            for (const v of [y, g!, gradientOf(g!.sum(), x)])
              expect(v.detach().isfinite().all().item()).toBe(true);
          }
        });
      }
    }
  }

  it('a sure and wrong answer costs its logit', () => {
    const x = tensor([1e4], f64);
    const options = { alpha: null, gamma: 2 };
    expect(F.sigmoidFocalLoss(x, tensor([0], f64), options).item()).toBeCloseTo(1e4, 6);
    expect(F.asymmetricLoss(x, tensor([0], f64), { clip: 0 }).item()).toBeCloseTo(1e4, 6);
    const rows = tensor([[1e4, 0]], f64);
    expect(F.focalLoss(rows, tensor([1])).item()).toBeCloseTo(1e4, 6);
    expect(F.focalLoss(rows, tensor([0])).item()).toBe(0);
  });

  it('the multi-class focal loss is finite where a class is certain or impossible', () => {
    const x = tensor(
      [
        [500, -Infinity, 0],
        [0, 500, 0],
      ],
      { ...f64, requiresGrad: true },
    );
    for (const gamma of [0, 0.5, 1, 2]) {
      const loss = F.focalLoss(x, tensor([0, 0]), { gamma });
      expect(loss.item()).toBeCloseTo(250, 6);
      expect(gradientOf(loss, x).isfinite().all().item()).toBe(true);
    }
  });

  it('residuals of 1e18 do not overflow, and tiny ones keep their digits', () => {
    const zero = tensor([0]).float();
    for (const loss of [F.logCoshLoss, F.charbonnierLoss, F.wingLoss]) {
      const x = tensor([1e18], { dtype: 'float32', requiresGrad: true });
      const y = loss(x, zero);
      expect(y.item() / 1e18).toBeCloseTo(1, 5);
      expect(gradientOf(y, x).item()).toBe(1);
    }
    expect(F.logCoshLoss(tensor([1e-4]).float(), zero).item() / 5e-9).toBeCloseTo(1, 5);
    expect(F.logCoshLoss(tensor([1e-7], f64), tensor([0], f64)).item() / 5e-15).toBeCloseTo(1, 10);
  });

  it('cosines of +-1 have finite gradients', () => {
    const x = tensor(
      [
        [1, -1],
        [-1, 1],
      ],
      { ...f64, requiresGrad: true },
    );
    const loss = F.arcFaceLoss(x, tensor([0, 0]), { scale: 4 });
    expect(gradientOf(loss, x).isfinite().all().item()).toBe(true);
  });

  it('a perfect overlap is a loss of 0, with finite gradients', () => {
    const mask = randint(0, 2, [2, 1, 9]).double();
    const x = mask.mul(2e3).sub(1e3).requiresGrad_();
    for (const loss of [F.diceLoss, F.tverskyLoss, F.focalTverskyLoss, F.jaccardLoss]) {
      const y = loss(x, mask);
      expect(y.item()).toBeCloseTo(0, 8);
      expect(gradientOf(y, x).isfinite().all().item()).toBe(true);
    }
    expect(F.diceLoss(tensor([[[-1e3, -1e3]]], f64), tensor([[[0, 0]]])).item()).toBe(0);
  });
});

describe('BinnedHuberLoss', () => {
  const edges = [10, 20];
  const targets = tensor([5, 5, 5, 15, 15, 30]).float();
  const off = (...residuals: number[]): Tensor => targets.add(tensor(residuals).float());

  it('follows the percentile of the residuals in each bin', () => {
    const lossFn = new nn.BinnedHuberLoss(edges, { percentile: 0.5, momentum: 0.25, delta: 7 });
    lossFn(off(1, -2, 3, 4, 6, 0.5), targets);
    assertClose(lossFn.thresholds, [2, 5, 0.5]);
    lossFn(off(2, 4, -8, 1, 1, 2.5), targets);
    assertClose(lossFn.thresholds, [2 * 0.75 + 4 * 0.25, 5 * 0.75 + 0.25, 0.5 * 0.75 + 2.5 * 0.25]);
    expect(lossFn.batchesSeen.toArray()).toEqual([2, 2, 2]);
  });

  it('starts a bin with its first samples, and leaves the others as they are', () => {
    const lossFn = new nn.BinnedHuberLoss(edges, { percentile: 0.5, delta: 7 });
    lossFn(tensor([17]).float(), tensor([15]).float());
    assertClose(lossFn.thresholds, [7, 2, 7]);
    expect(lossFn.batchesSeen.toArray()).toEqual([0, 1, 0]);
    lossFn(tensor([Number.NaN]).float(), tensor([15]).float());
    assertClose(lossFn.thresholds, [7, 2, 7]);
    lossFn(tensor([10, 20]).float(), tensor([10, 20]).float());
    assertClose(lossFn.thresholds, [7, 2 * 0.9, 0]);
  });

  it('computes the loss with the new thresholds, and differentiates it', () => {
    const lossFn = new nn.BinnedHuberLoss([], { percentile: 0.5, reduction: 'none' });
    const x = tensor([1, -3, 2], { dtype: 'float32', requiresGrad: true });
    const loss = lossFn(x, tensor([0, 0, 0]).float());
    assertClose(loss, [0.5, 2 * (3 - 1), 2]);
    assertClose(gradientOf(loss.sum(), x), [1, -2, 2]);
  });

  it('measures fractions of the target if asked to', () => {
    const lossFn = new nn.BinnedHuberLoss([], { percentile: 0.5, fractional: true, reduction: 'none' });
    const loss = lossFn(tensor([11, 200, 120]).float(), tensor([10, 100, 100]).float());
    assertClose(lossFn.thresholds, [0.2]);
    assertClose(loss, [0.005, 0.2 * (1 - 0.1), 0.02]);
  });

  it('keeps its thresholds in evaluation mode', () => {
    const lossFn = new nn.BinnedHuberLoss(edges, { delta: 7 }).eval();
    lossFn(off(1, 1, 1, 1, 1, 1), targets);
    assertClose(lossFn.thresholds, [7, 7, 7]);
  });

  it('goes on from a state dict exactly as the saved one', () => {
    const saved = new nn.BinnedHuberLoss(edges);
    saved(off(1, -2, 3, 4, 6, 0.5), targets);
    const state = saved.stateDict();
    expect(Object.keys(state)).toEqual(['edges', 'thresholds', 'batches_seen']);
    const restored = new nn.BinnedHuberLoss([1, 2]);
    restored.loadStateDict(state);
    const batch = off(3, 3, -1, 2, 9, 4);
    assertClose(restored(batch, targets), saved(batch, targets), { rtol: 0, atol: 0 });
    assertClose(restored.thresholds, saved.thresholds, { rtol: 0, atol: 0 });
  });

  it('is part of the state of the model that holds it', () => {
    class Net extends nn.Module<[Tensor], Tensor> {
      lossFn = new nn.BinnedHuberLoss([1]);
    }
    expect(Object.keys(new Net().stateDict())).toEqual([
      'lossFn.edges',
      'lossFn.thresholds',
      'lossFn.batches_seen',
    ]);
  });
});

describe('classes', () => {
  const cases: [string, () => Tensor, () => Tensor][] = [
    [
      'QuantileLoss',
      () => new nn.QuantileLoss([0.1, 0.9], { reduction: 'sum' })(eye(2), tensor([1, 2]).float()),
      () => F.quantileLoss(eye(2), tensor([1, 2]).float(), [0.1, 0.9], { reduction: 'sum' }),
    ],
    [
      'InfoNCELoss',
      () => new nn.InfoNCELoss({ temperature: 0.5 })(eye(3), eye(3).add(1), eye(3).sub(1)),
      () => F.infoNceLoss(eye(3), eye(3).add(1), { temperature: 0.5, negatives: eye(3).sub(1) }),
    ],
  ];
  it.each(cases)('%s does what its function does', (_, byClass, byFunction) => {
    assertClose(byClass(), byFunction(), exact);
  });

  it('margin losses learn a centre for each class', () => {
    for (const [lossFn, loss] of [
      [new nn.ArcFaceLoss(4, 3, { scale: 8, margin: 0.2 }), F.arcFaceLoss],
      [new nn.CosFaceLoss(4, 3, { scale: 8, margin: 0.2 }), F.cosFaceLoss],
    ] as const) {
      expect(lossFn.namedParameters().map(([name, p]) => [name, ...p.shape])).toEqual([['weight', 3, 4]]);
      const x = randn([5, 4]);
      const target = tensor([0, 1, 2, 1, 0]);
      const cosine = F.cosineSimilarity(x.unsqueeze(1), lossFn.weight.unsqueeze(0), 2);
      assertClose(lossFn.cosine(x).detach(), cosine.detach());
      const y = lossFn(x, target);
      assertClose(y.detach(), loss(cosine, target, { scale: 8, margin: 0.2 }).detach());
      y.backward();
      expect(lossFn.weight.grad!.abs().sum().item()).toBeGreaterThan(0);
    }
    expect(String(new nn.ArcFaceLoss(4, 3))).toBe('ArcFaceLoss(4, 3, margin=0.5, scale=64)');
  });
});

describe('errors say what would have fitted', () => {
  const x = randn([2, 3]);
  it.each<[string, () => unknown, RegExp]>([
    [
      'a class out of range',
      () => F.diceLoss(x, tensor([0, 3])),
      /Target 3 is out of bounds: at position \[1\].*expected 0 to 2/,
    ],
    ['a class out of range', () => F.focalLoss(x, tensor([0, 3])), /Target 3 is out of bounds/],
    [
      'shapes',
      () => F.diceLoss(x, randn([2, 4])),
      /mask of the input's shape \[2, 3\].*got \[2, 4\]|Expected target size/,
    ],
    [
      'shapes',
      () => F.sigmoidFocalLoss(x, randn([3, 2])),
      /Target size \(\[3, 2\]\) must be the same as input size/,
    ],
    ['a gamma', () => F.focalLoss(x, tensor([0, 1]), { gamma: -1 }), /gamma must not be negative, got -1/],
    ['an alpha', () => F.sigmoidFocalLoss(x, x, { alpha: 2 }), /alpha must lie in \[0, 1\]/],
    [
      'an activation',
      () => F.diceLoss(x, x, { activation: 'tanh' as 'none' }),
      /diceLoss: activation: expected one of "sigmoid", "softmax", "none"/,
    ],
    ['a quantile', () => new nn.QuantileLoss(1.5), /quantiles between 0 and 1/],
    [
      'quantiles',
      () => F.quantileLoss(x, randn([2]), [0.1, 0.9]),
      /expected an input of shape \[2, 2\].*got \[2, 3\]/,
    ],
    ['a temperature', () => F.infoNceLoss(x, x, { temperature: 0 }), /temperature must be positive, got 0/],
    ['queries', () => F.infoNceLoss(x, randn([3, 3])), /one shape \(N, D\), got \[2, 3\] and \[3, 3\]/],
    ['labels', () => F.supConLoss(x, tensor([0])), /features \(N, D\) or \(N, V, D\) and labels \(N\)/],
    ['edges', () => new nn.BinnedHuberLoss([2, 1]), /edges must ascend, got \[2, 1\]/],
    [
      'thresholds',
      () => F.binnedHuberLoss(x, x, tensor([1]), tensor([1])),
      /edges \(E\) and thresholds \(E \+ 1\)/,
    ],
    [
      'a reduction',
      () => F.wingLoss(x, x, { reduction: 'avg' as 'sum' }),
      /avg is not a valid value for reduction/,
    ],
    ['a margin', () => F.arcFaceLoss(x, tensor([0, 1]), { margin: 2 }), /between 0 and pi\/2, got 2/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
