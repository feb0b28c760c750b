/** What the losses say about inputs that do not fit, or that almost surely are not what was meant. */

import { ones, rand, randn, softmax, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const { functional: F } = nn;
const ints = (values: unknown): Tensor => tensor(values as number[], { dtype: 'int32' });

describe('losses that PyTorch has not', () => {
  const [x, t] = [randn([4, 3]), randn([4, 2])];
  it.each<[string, (input: Tensor, target: Tensor) => Tensor]>([
    ['charbonnierLoss', F.charbonnierLoss],
    ['logCoshLoss', F.logCoshLoss],
    ['wingLoss', F.wingLoss],
    ['adaptiveWingLoss', F.adaptiveWingLoss],
    ['quantileLoss', (input, target) => F.quantileLoss(input, target, 0.5)],
  ])('%s says what came: other sizes, what is no tensor', (name, loss) => {
    const named = new RegExp(`^${name}: `);
    expect(() => loss(x, t)).toThrow(named);
    nn.setInputChecks('error');
    expect(() => loss(x, randn([4, 1]))).toThrow(named);
    nn.setInputChecks('warn');
    expect(() => loss(x, 1 as never)).toThrow(named);
    expect(() => loss('x' as never, t)).toThrow(named);
  });
});

describe('errors where PyTorch errors', () => {
  const x = randn([4, 3]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      'class out of range',
      () => F.crossEntropy(x, ints([0, 1, 3, 0])),
      /Target 3 is out of bounds: at position \[2\].*3 classes/,
    ],
    [
      'class out of range, nll',
      () => F.nllLoss(x.unsqueeze(2), ints([[0], [-1], [2], [0]])),
      /Target -1 .*position \[1, 0\]/,
    ],
    [
      'float classes',
      () => F.crossEntropy(x, tensor([0, 1, 2, 0.5])),
      /expected target dtype to be int32.*float32/,
    ],
    [
      'probabilities of a wrong dtype',
      () => F.crossEntropy(x, ints(zeros([4, 3]).toArray())),
      /Expected floating point type for target with class probabilities/,
    ],
    [
      'batch sizes',
      () => F.crossEntropy(x, ints([0, 1])),
      /Expected input batch_size \(4\) to match target batch_size \(2\)/,
    ],
    [
      'spatial sizes',
      () => F.nllLoss(randn([3, 4, 5]), ints(zeros([3, 4]).toArray())),
      /Expected target size \[3, 5\], got \[3, 4\]/,
    ],
    [
      'class weights',
      () => F.crossEntropy(x, ints([0, 1, 2, 0]), { weight: ones([2]) }),
      /all 3 classes or no classes/,
    ],
    [
      'smoothing',
      () => F.crossEntropy(x, ints([0, 1, 2, 0]), { labelSmoothing: 2 }),
      /label_smoothing must be between/,
    ],
    [
      'unknown reduction',
      () => F.mseLoss(x, x, { reduction: 'avg' as 'mean' }),
      /avg is not a valid value for reduction/,
    ],
    [
      'unknown reduction of a class',
      () => new nn.MSELoss({ reduction: 'avg' as 'mean' }),
      /avg is not a valid value/,
    ],
    [
      'no probability',
      () => F.binaryCrossEntropy(tensor([0.5, 1.5]), tensor([1, 0])),
      /between 0 and 1, got 1.5 at position \[1\]/,
    ],
    [
      'sizes of BCE',
      () => F.binaryCrossEntropyWithLogits(randn([4]), randn([4, 1])),
      /must be the same as input size.*reshape/,
    ],
    [
      'weights of BCE',
      () => F.binaryCrossEntropy(rand([4]), ones([4]), { weight: ones([3, 4]) }),
      /^binaryCrossEntropy: weight of shape \[3, 4\] does not broadcast to the input's \[4\]/,
    ],
    [
      'positive weights of BCE',
      () => F.binaryCrossEntropyWithLogits(randn([4]), ones([4]), { posWeight: ones([1, 4]) }),
      /^binaryCrossEntropyWithLogits: posWeight of shape \[1, 4\] does not broadcast/,
    ],
    ['integers of KL', () => F.klDiv(randn([4]), ints([0, 1, 2, 0])), /^klDiv: not implemented for int32/],
    [
      'sizes of KL',
      () => F.klDiv(randn([2, 3]), randn([3, 2]), { logTarget: true }),
      /^klDiv: shapes \[3, 2\] and \[2, 3\] do not broadcast/,
    ],
    ['delta', () => F.huberLoss(x, x, { delta: 0 }), /non-positive values for delta/],
    ['beta', () => F.smoothL1Loss(x, x, { beta: -1 }), /negative values for beta/],
    ['negative variance', () => F.gaussianNllLoss(x, x, tensor(-1)), /negative entry/],
    ['variance of another size', () => F.gaussianNllLoss(x, x, ones([2])), /incorrect size/],
    ['p', () => F.multiMarginLoss(x, ints([0, 1, 2, 0]), { p: 3 }), /only p == 1 and p == 2/],
    [
      'a margin without its name',
      () => Reflect.apply(F.tripletMarginLoss, undefined, [x, x, x, 0.2]),
      /\{ margin: 0.2 \}/,
    ],
    ['triplets', () => F.tripletMarginLoss(x, x, randn([3])), /same number of dimensions/],
    ['ranks', () => F.marginRankingLoss(x, x, ones([4])), /same dimension/],
    ['CTC lengths', () => F.ctcLoss(randn([5, 1, 4]), ints([[1]]), [6], [1]), /at most 5/],
    ...[[5], [5, 5, 5], ints([5]), 5].map((lengths): [string, () => Tensor, RegExp] => [
      `CTC of two with the lengths ${lengths}`,
      () => F.ctcLoss(randn([5, 2, 4]), ints([[1], [2]]), lengths, [1, 1]),
      /inputLengths must be of size batch_size: expected 2 lengths, got [13]/,
    ]),
    [
      'CTC targets that are longer than their tensor',
      () => F.ctcLoss(randn([5, 2, 4]), ints([[1], [2]]), [5, 5], [1, 2]),
      /size at least 2 at dimension 1, but got size 1 for targets \(sample 1 has targetLength 2\)/,
    ],
    ['CTC labels', () => F.ctcLoss(randn([5, 1, 4]), ints([[4]]), [5], [1]), /target 4 of sample 0/],
    [
      'CTC blank',
      () => F.ctcLoss(randn([5, 1, 4]), ints([[1]]), [5], [1], { blank: 4 }),
      /blank must be in label range/,
    ],
    [
      'sample weights',
      () => F.mseLoss(x, x, { sampleWeight: ones([3, 2]) }),
      /sampleWeight.*does not broadcast.*\[4\]/,
    ],
    ['multilabel targets', () => F.multilabelMarginLoss(x, ints([0, 1, 2, 0])), /inconsistent target size/],
  ];
  it.each(cases)('%s', (_, call, message) => expect(call).toThrow(message));
});

describe('warnings where PyTorch is silent', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

  beforeEach(() => {
    nn.setInputChecks('warn');
    warn.mockClear();
  });
  afterEach(() => nn.setInputChecks('warn'));

  const probabilities = softmax(randn([4, 3]), 1);
  const classes = ints([0, 1, 2, 0]);
  const suspicious: [string, () => unknown, RegExp][] = [
    [
      'probabilities as logits',
      () => new nn.CrossEntropyLoss()(probabilities, classes),
      /unnormalised logits/,
    ],
    [
      'probabilities in another layout',
      () => F.crossEntropy(softmax(randn([2, 3, 5]), 1).transpose(0, 2), ints(zeros([5, 2]).toArray())),
      /unnormalised logits/,
    ],
    ['probabilities to NLL', () => F.nllLoss(probabilities, classes), /log-probabilities/],
    ['probabilities to KLDiv', () => F.klDiv(probabilities, probabilities), /log-probabilities/],
    [
      'shapes that broadcast',
      () => F.mseLoss(randn([4]), randn([4, 1])),
      /target size \(\[4, 1\]\).*input size \(\[4\]\)/,
    ],
    [
      'shapes that broadcast, in a class',
      () => new nn.HuberLoss()(randn([4]), randn([4, 1])),
      /broadcasting/,
    ],
  ];

  it.each(suspicious)('%s: once for each call site, and how to turn it off', (_, call, message) => {
    for (let i = 0; i < 5; i++) call();
    expect(warn).toHaveBeenCalledTimes(1);
    const text = String(warn.mock.calls[0]![0]);
    expect(text).toMatch(message);
    expect(text).toContain("nn.setInputChecks('off')");
    expect(text).toContain('checks.test.ts');
  });

  it.each(suspicious)("%s: an error with 'error', silence with 'off'", (_, call, message) => {
    nn.setInputChecks('error');
    expect(call).toThrow(message);
    nn.setInputChecks('off');
    call();
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns again at another call site', () => {
    F.crossEntropy(probabilities, classes);
    F.crossEntropy(probabilities, classes);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('says nothing of what is right', () => {
    F.crossEntropy(randn([4, 3]), classes);
    F.crossEntropy(zeros([4, 3]), classes);
    F.nllLoss(probabilities.log(), classes);
    F.klDiv(probabilities.log(), probabilities);
    F.mseLoss(rand([4, 1]), rand([4, 1]));
    F.crossEntropy(rand([4, 1]), ints([0, 0, 0, 0]));
    expect(warn).not.toHaveBeenCalled();
  });

  it('refuses a mode that there is not', () => {
    expect(() => nn.setInputChecks('loud' as 'warn')).toThrow(/setInputChecks: checks: expected one of/);
    expect(nn.getInputChecks()).toBe('warn');
  });
});
