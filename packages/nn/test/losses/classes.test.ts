/** What the classes that stand for loss functions have in common: fields, defaults, buffers, subclasses. */

import { randn, type Tensor, tensor } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import * as nn from '@kindling/nn';
import { describe, expect, expectTypeOf, it } from 'vitest';

const { F } = nn;
const x = tensor([0.5, 3]);
const y = tensor([0, 0.25]);

describe('the class of a loss function', () => {
  it('keeps the options in fields, as given or as the function has them', () => {
    expect(new nn.SmoothL1Loss().beta).toBe(1);
    expect(new nn.SmoothL1Loss({ beta: 0.5 }).beta).toBe(0.5);
    const focal = new nn.SigmoidFocalLoss({ alpha: null });
    expect([focal.alpha, focal.gamma, focal.reduction]).toEqual([null, 2, 'mean']);
    const given = JSON.parse('{}') as { beta: number };
    expect(new nn.SmoothL1Loss({ ...given, beta: undefined as never }).beta).toBe(1);
  });

  it('calls the function with what the fields hold by then', () => {
    const lossFn = new nn.SmoothL1Loss();
    assertClose(lossFn(x, y), F.smoothL1Loss(x, y));
    lossFn.beta = 4;
    lossFn.reduction = 'sum';
    assertClose(lossFn(x, y), F.smoothL1Loss(x, y, { beta: 4, reduction: 'sum' }));
    const sampleWeight = tensor([1, 0]);
    const weighted = F.smoothL1Loss(x, y, { beta: 4, reduction: 'sum', sampleWeight });
    assertClose(lossFn(x, y, { sampleWeight }), weighted);
  });

  it('saves tensors among the options, under their names in PyTorch', () => {
    const weight = tensor([1, 2]).float();
    const lossFn = new nn.BCEWithLogitsLoss({ weight, posWeight: weight });
    expect(lossFn).toBeInstanceOf(nn.WeightedLoss);
    expect(Object.keys(lossFn.stateDict())).toEqual(['weight', 'pos_weight']);
    expect(Object.keys(new nn.BCEWithLogitsLoss().stateDict())).toEqual([]);
    expect(lossFn.double().weight?.dtype).toBe('float64');
    expect(new nn.MSELoss()).not.toBeInstanceOf(nn.WeightedLoss);
  });

  it('has its own name, in print and in errors, and is extended like any other', () => {
    class Halved extends nn.MSELoss {
      override forward(input: Tensor, target: Tensor): Tensor {
        return super.forward(input, target).mul(0.5);
      }
    }
    expect(String(new Halved())).toBe('Halved()');
    assertClose(new Halved()(x, y), F.mseLoss(x, y).mul(0.5));
    expect(() => new nn.HuberLoss({ reduction: 'avg' as 'mean' })).toThrow(/^HuberLoss: avg is not a valid/);
    const divergence = new nn.KLDivLoss({ reduction: 'batchmean', logTarget: true });
    expect([divergence.reduction, divergence.logTarget]).toEqual(['batchmean', true]);
  });

  it('takes the options that it binds, and the inputs of the function, by type', () => {
    type Options = NonNullable<ConstructorParameters<typeof nn.HuberLoss>[0]>;
    expectTypeOf<keyof Options>().toEqualTypeOf<'delta' | 'reduction'>();
    expectTypeOf<nn.HuberLoss['delta']>().toEqualTypeOf<number>();
    expectTypeOf<nn.BCELoss['weight']>().toEqualTypeOf<Tensor | null>();
    expectTypeOf<nn.MSELoss['reduction']>().toEqualTypeOf<nn.LossReduction>();
    expectTypeOf<Parameters<nn.GaussianNLLLoss['forward']>>().toEqualTypeOf<
      [input: Tensor, target: Tensor, variance: Tensor | number, options?: nn.SampleWeightOptions]
    >();
  });
});

describe('a loss with a layer of its own', () => {
  const features = randn([4, 3]);
  const classes = tensor([0, 2, 1, 0]);
  const chances = randn([4, 3]).softmax(1);

  it.each([
    ['weight', classes, { weight: tensor([0.5, 1, 2]).float() }],
    ['ignoreIndex', classes, { ignoreIndex: 2 }],
    ['labelSmoothing', classes, { labelSmoothing: 0.2 }],
    ['reduction', chances, { reduction: 'sum' }],
  ] as const)('is the cross-entropy of its logits with its option %s', (_, target, options) => {
    const lossFn = new nn.LinearCrossEntropyLoss(3, 3, options);
    const logits = lossFn.linear(features);
    const expected = F.crossEntropy(logits, target, options);
    assertClose(lossFn(features, target), expected);
    expect(Math.abs(expected.item() - F.crossEntropy(logits, target).item())).toBeGreaterThan(1e-3);
  });
});
