import { inspect } from 'node:util';
import { type Tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

const printed: [nn.Module<never, unknown>, string][] = [
  [new nn.Identity(54, { unused: true }), 'Identity()'],
  [new nn.Flatten(), 'Flatten(start_dim=1, end_dim=-1)'],
  [new nn.Unflatten(1, [2, 5]), 'Unflatten(dim=1, unflattened_size=(2, 5))'],
  [new nn.Linear(2, 3, { bias: false }), 'Linear(in_features=2, out_features=3, bias=False)'],
  [new nn.Bilinear(2, 3, 4), 'Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)'],
  [
    new nn.Embedding(10, 3, { paddingIdx: 0, maxNorm: 1, normType: 3, scaleGradByFreq: true, sparse: true }),
    'Embedding(10, 3, padding_idx=0, max_norm=1.0, norm_type=3.0, scale_grad_by_freq=True, sparse=True)',
  ],
  [new nn.Dropout({ p: 0.2 }), 'Dropout(p=0.2, inplace=False)'],
  [new nn.LayerNorm(5), 'LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)'],
  [
    new nn.LayerNorm([5, 2], { elementwiseAffine: false }),
    'LayerNorm((5, 2), eps=1e-05, elementwise_affine=False, bias=False)',
  ],
  [new nn.RMSNorm(5), 'RMSNorm((5,), eps=None, elementwise_affine=True)'],
  [
    new nn.BatchNorm1d(4, { affine: false, momentum: null }),
    'BatchNorm1d(4, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=True)',
  ],
  [new nn.ReLU({ inplace: true }), 'ReLU(inplace=True)'],
  [new nn.ReLU6(), 'ReLU6()'],
  [new nn.LeakyReLU({ negativeSlope: 0.2, inplace: true }), 'LeakyReLU(negative_slope=0.2, inplace=True)'],
  [new nn.PReLU(), 'PReLU(num_parameters=1)'],
  [new nn.RReLU(), 'RReLU(lower=0.125, upper=0.3333333333333333)'],
  [new nn.ELU(), 'ELU(alpha=1.0)'],
  [new nn.GELU(), "GELU(approximate='none')"],
  [new nn.Hardswish({ inplace: true }), 'Hardswish()'],
  [new nn.Hardtanh(), 'Hardtanh(min_val=-1.0, max_val=1.0)'],
  [new nn.Hardshrink(), 'Hardshrink(0.5)'],
  [new nn.Softplus(), 'Softplus(beta=1.0, threshold=20.0)'],
  [new nn.Threshold(0.1, 20), 'Threshold(threshold=0.1, value=20)'],
  [new nn.GLU(), 'GLU(dim=-1)'],
  [new nn.Softmax(1), 'Softmax(dim=1)'],
  [new nn.Softmin(), 'Softmin(dim=None)'],
  [new nn.Softmax2d(), 'Softmax2d()'],
  [new nn.ModuleList(), 'ModuleList()'],
  [
    new nn.ParameterList([zeros([3]), zeros([2, 2])]),
    'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 3]\n' +
      '    (1): Parameter containing: [torch.float32 of size 2x2]\n)',
  ],
];

describe("modules print in PyTorch's form", () => {
  it.each(printed)('%s', (module, text) => {
    expect(String(module)).toBe(text);
    expect(inspect(module)).toBe(text);
  });

  it('nested, with lines of their own', () => {
    class Net extends nn.Module<[Tensor], Tensor> {
      body = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
      override extraRepr(): string {
        return 'first\nsecond';
      }
    }
    expect(String(new Net())).toBe(
      'Net(\n  first\n  second\n  (body): Sequential(\n' +
        '    (0): Linear(in_features=2, out_features=3, bias=True)\n    (1): ReLU()\n  )\n)',
    );
  });

  it('parameters', () => {
    expect(String(new nn.Parameter(zeros([2])))).toBe(
      'Parameter containing:\ntensor([0., 0.], requires_grad=True)',
    );
    expect(inspect(new nn.Parameter(zeros([2]), { requiresGrad: false }))).toBe(
      'Parameter containing:\ntensor([0., 0.])',
    );
  });
});
