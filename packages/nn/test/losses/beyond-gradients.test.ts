/** First and second derivatives of the losses beyond PyTorch, on drawn shapes, options, reductions and weights. */

import { autograd, type Tensor, tensor } from '@kindling/core';
import { type TensorOptions, tensorsWith } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const { F } = nn;
type Drawn = fc.Arbitrary<{
  /** What the loss is differentiated by. */
  readonly inputs: readonly Tensor[];
  /** The unreduced loss has this shape. */
  readonly shape: readonly number[];
  readonly loss: (inputs: readonly Tensor[], options: nn.LossOptions) => Tensor;
}>;

const size = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });
const leaf = (shape: readonly number[], options: TensorOptions = {}): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { requiresGrad: true, min: -3, max: 3, ...options });
const plain = (shape: readonly number[], min: number, max: number): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { dtype: 'float64', min, max });
const classes = (shape: readonly number[], count: number): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { dtype: 'int32', min: 0, max: count - 1 });
const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.round(min * 8), max: Math.round(max * 8) }).map((k) => k / 8);
const shapes = fc.array(size(3), { minLength: 1, maxLength: 3 });
/** (N, C, ...) */
const rows = fc.tuple(size(3), size(4, 2), fc.array(size(2), { maxLength: 2 })).map(([n, c, rest]) => [n, c, ...rest]);
const without = (shape: readonly number[], dim: number): number[] => shape.filter((_, d) => d !== dim);

/** A loss of residuals: input and target both require gradients, and lie apart from where the loss has a kink. */
function residuals<O>(
  loss: (input: Tensor, target: Tensor, options: O & nn.LossOptions) => Tensor,
  options: fc.Arbitrary<O>,
  kinks: (options: O) => readonly number[] = () => [0],
  target: TensorOptions = {},
): Drawn {
  return fc.tuple(shapes, options).chain(([shape, own]) =>
    leaf(shape, { min: -3, max: 3, avoid: kinks(own).flatMap((k) => [k, -k]), noNaN: true }).chain((difference) =>
      leaf(shape, target).map((y) => ({
        inputs: [difference, y],
        shape,
        loss: ([d, t]: readonly Tensor[], call: nn.LossOptions) => loss(t!.add(d!), t!, { ...own, ...call }),
      })),
    ),
  );
}

const none = fc.constant({});
const bits = (shape: readonly number[]): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { dtype: 'int32', min: 0, max: 1 }).map((t) => t.double());

function logistic<O>(
  loss: (input: Tensor, target: Tensor, options: O & nn.LossOptions) => Tensor,
  options: fc.Arbitrary<O>,
  avoid: readonly number[] = [],
): Drawn {
  return fc.tuple(shapes, options).chain(([shape, own]) =>
    fc.tuple(leaf(shape, { avoid }), bits(shape), leaf(shape, { min: 0.125, max: 0.875 }), fc.boolean()).map(
      ([x, hard, soft, isHard]) => ({
        inputs: isHard ? [x] : [x, soft],
        shape,
        loss: ([input, target = hard], call) => loss(input!, target, { ...own, ...call }),
      }),
    ),
  );
}

function region<O>(
  loss: (input: Tensor, target: Tensor, options: O & nn.LossOptions) => Tensor,
  options: fc.Arbitrary<O>,
): Drawn {
  return fc.tuple(rows, options).chain(([shape, own]) =>
    fc.tuple(leaf(shape), bits(shape), classes(without(shape, 1), shape[1]!), fc.boolean()).map(
      ([x, mask, index, isMask]) => ({
        inputs: [x],
        shape: shape.slice(0, 2),
        loss: ([input], call) => loss(input!, isMask ? mask : index, { ...own, ...call }),
      }),
    ),
  );
}

function margin<O>(
  loss: (input: Tensor, target: Tensor, options: O & nn.LossOptions) => Tensor,
  options: fc.Arbitrary<O>,
  avoid: (own: O) => readonly number[],
): Drawn {
  return fc.tuple(size(3), size(3, 2), options).chain(([n, c, own]) =>
    fc
      .tuple(leaf([n, c], { min: -0.875, max: 0.875, avoid: avoid(own) }), classes([n], c))
      .map(([x, target]) => ({
        inputs: [x],
        shape: [n],
        loss: ([input], call) => loss(input!, target, { ...own, ...call }),
      })),
  );
}

const table: Readonly<Record<string, Drawn>> = {
  sigmoidFocalLoss: logistic(
    F.sigmoidFocalLoss,
    fc.record({ gamma: fc.constantFrom(0, 0.5, 1, 2, 3), alpha: fc.constantFrom(null, 0.25, 0.7) }),
  ),
  asymmetricLoss: logistic(
    F.asymmetricLoss,
    fc.record({ gammaNeg: fc.constantFrom(0, 1, 2, 4), gammaPos: fc.constantFrom(0, 1, 2), clip: fc.constantFrom(0, 0.05) }),
    [Math.log(0.05 / 0.95)],
  ),
  focalLoss: fc.tuple(rows, fc.constantFrom(0, 0.5, 1, 2), fc.boolean()).chain(([shape, gamma, ofProbabilities]) =>
    fc
      .tuple(leaf(shape), classes(without(shape, 1), shape[1]!), plain([shape[1]!], 0.25, 2), leaf(shape, { min: 0.25, max: 1 }))
      .map(([x, index, weight, q]) => ({
        inputs: ofProbabilities ? [x, q] : [x],
        shape: without(shape, 1),
        loss: ([input, target = index], call) => F.focalLoss(input!, target, { gamma, weight, ...call }),
      })),
  ),
  diceLoss: region(F.diceLoss, fc.record({ squared: fc.boolean(), smooth: fc.constantFrom(0.5, 1) })),
  tverskyLoss: region(F.tverskyLoss, fc.record({ alpha: number(0.25, 1), beta: number(0.25, 1) })),
  focalTverskyLoss: region(F.focalTverskyLoss, fc.record({ gamma: fc.constantFrom(0.75, 4 / 3, 2) })),
  jaccardLoss: region(F.jaccardLoss, fc.record({ smooth: fc.constantFrom(0.5, 1) })),
  logCoshLoss: residuals(F.logCoshLoss, none, () => []),
  charbonnierLoss: residuals(F.charbonnierLoss, fc.record({ epsilon: fc.constantFrom(0.25, 1) }), () => []),
  quantileLoss: residuals(
    (x, t, { q, ...options }: { q: number } & nn.LossOptions) => F.quantileLoss(x, t, q, options),
    fc.record({ q: number(0.125, 0.875) }),
  ),
  'quantileLoss, several': fc.tuple(shapes, fc.array(number(0.125, 0.875), { minLength: 1, maxLength: 3 })).chain(([shape, q]) =>
    fc.tuple(leaf([...shape, q.length], { avoid: [0] }), leaf(shape)).map(([d, y]) => ({
      inputs: [d, y],
      shape: [...shape, q.length],
      loss: ([difference, target], call) => F.quantileLoss(target!.unsqueeze(-1).add(difference!), target!, q, call),
    })),
  ),
  wingLoss: residuals(
    F.wingLoss,
    fc.record({ omega: fc.constantFrom(1, 2), epsilon: fc.constantFrom(0.5, 2) }),
    ({ omega }) => [0, omega],
  ),
  adaptiveWingLoss: residuals(
    F.adaptiveWingLoss,
    fc.record({ omega: fc.constantFrom(3, 14), theta: fc.constantFrom(0.5, 0.75) }),
    ({ theta }) => [0, theta],
    { min: 0, max: 1 },
  ),
  fractionalHuberLoss: fc.tuple(shapes, fc.constantFrom(0.3, 1.1)).chain(([shape, delta]) =>
    fc.tuple(plain(shape, -2, 2), leaf(shape, { min: 1, max: 4 })).map(([r, y]) => ({
      // Of the drawn fractions those at the threshold are moved off it.
      inputs: [y.detach().mul(r.add(r.abs().sub(delta).abs().lt(1 / 16).double().mul(0.25)).add(1)).requiresGrad_(), y],
      shape,
      loss: ([input, target], call) => F.fractionalHuberLoss(input!, target!, { delta, ...call }),
    })),
  ),
  binnedHuberLoss: fc.tuple(shapes, fc.boolean()).chain(([shape, fractional]) =>
    fc
      .tuple(leaf(shape, { min: -2, max: 2, avoid: [0.3, 0.8, -0.3, -0.8] }), leaf(shape, { min: 1, max: 4, avoid: [2] }))
      .map(([d, y]) => ({
        inputs: [d],
        shape,
        loss: ([difference], call) => {
          const scaled = fractional ? difference!.mul(y.detach()) : difference!;
          const edges = tensor([2], { dtype: 'float64' });
          const thresholds = tensor([0.3, 0.8], { dtype: 'float64' });
          return F.binnedHuberLoss(y.detach().add(scaled), y.detach(), edges, thresholds, { fractional, ...call });
        },
      })),
  ),
  arcFaceLoss: margin(
    F.arcFaceLoss,
    fc.record({ margin: fc.constantFrom(0, 0.5), scale: fc.constantFrom(1, 4), easyMargin: fc.boolean() }),
    ({ margin: m }) => [-Math.cos(m), 0],
  ),
  cosFaceLoss: margin(F.cosFaceLoss, fc.record({ margin: number(0, 0.5), scale: fc.constantFrom(1, 4) }), () => []),
  infoNceLoss: fc
    .tuple(size(3, 2), size(3, 2), fc.constantFrom('batch', 'symmetric', 'shared', 'own'))
    .chain(([n, d, kind]) =>
      fc
        .tuple(
          leaf([n, d], { avoid: [0] }),
          leaf([n, d], { avoid: [0] }),
          leaf(kind === 'own' ? [n, 2, d] : [3, d], { avoid: [0] }),
        )
        .map(([q, k, negatives]) => ({
          inputs: kind === 'shared' || kind === 'own' ? [q, k, negatives] : [q, k],
          shape: [n],
          loss: ([query, key, others = null], call) =>
            F.infoNceLoss(query!, key!, { negatives: others, symmetric: kind === 'symmetric', temperature: 0.5, ...call }),
        })),
    ),
  supConLoss: fc.tuple(size(3, 1), size(2), size(3, 2)).chain(([n, v, d]) =>
    fc.tuple(leaf([n, v, d], { avoid: [0] }), classes([n], 2)).map(([features, labels]) => ({
      inputs: [features],
      shape: [n, v],
      loss: ([x], call) => F.supConLoss(x!, labels, { temperature: 0.5, ...call }),
    })),
  ),
  emdLoss: fc.tuple(rows, fc.constantFrom(2, 3), fc.boolean()).chain(([shape, power, isClass]) =>
    fc.tuple(leaf(shape), classes(without(shape, 1), shape[1]!), leaf(shape)).map(([x, index, y]) => ({
      inputs: isClass ? [x] : [x, y],
      shape: without(shape, 1),
      loss: ([input, logits], call) =>
        F.emdLoss(input!, logits === undefined ? index : logits.softmax(1), { power, ...call }),
    })),
  ),
};

const reductions: readonly nn.LossReduction[] = ['none', 'mean', 'sum', 'weightedMean'];

describe('derivatives of the losses beyond PyTorch', () => {
  for (const [name, drawn] of Object.entries(table)) {
    it(name, () => {
      const sample = drawn.chain((given) =>
        fc.tuple(
          fc.constant(given),
          fc.constantFrom(...reductions),
          fc.constantFrom('none', 'sample', 'element'),
          leaf(given.shape, { min: 0.25, max: 2 }),
        ),
      );
      fc.assert(
        fc.property(sample, ([{ inputs, loss, shape }, reduction, weighted, weight]) => {
          const perSample = weighted === 'sample' && shape.length > 0;
          const count = inputs.length;
          const w = weighted === 'none' ? [] : [perSample ? weight.detach().flatten().narrow(0, 0, shape[0]!).clone().requiresGrad_() : weight];
          const f = (...all: Tensor[]): Tensor =>
            loss(all.slice(0, count), { reduction, ...(all.length > count ? { sampleWeight: all[count]! } : {}) });
          const all = [...inputs, ...w];
          expect(autograd.gradcheck(f, all)).toBe(true);
          expect(autograd.gradgradcheck(f, all, null, { atol: 1e-4 })).toBe(true);
        }),
        { numRuns: 12, seed: 1 },
      );
    });
  }

  it('covers every loss that is there', () => {
    const tested = new Set(Object.keys(table).map((name) => name.split(',')[0]));
    expect([...tested].filter((name) => !Object.hasOwn(F, name!))).toEqual([]);
  });
});
