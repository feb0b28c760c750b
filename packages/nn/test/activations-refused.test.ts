/** What activations refuse, and in whose name. */
import { KindlingError, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';

describe('activations refuse', () => {
  const x = tensor([1, 2], { dtype: 'float32' });

  const functions = {
    ...{ relu: F.relu, relu_: F.relu_, relu6: F.relu6, leakyRelu: F.leakyRelu, leakyRelu_: F.leakyRelu_ },
    ...{ rrelu: F.rrelu, rrelu_: F.rrelu_, elu: F.elu, elu_: F.elu_, celu: F.celu, celu_: F.celu_ },
    ...{ selu: F.selu, selu_: F.selu_, gelu: F.gelu, silu: F.silu, mish: F.mish, hardswish: F.hardswish },
    ...{ hardsigmoid: F.hardsigmoid, hardtanh: F.hardtanh, hardtanh_: F.hardtanh_ },
    ...{ hardshrink: F.hardshrink, softshrink: F.softshrink, softplus: F.softplus, glu: F.glu },
    ...{ softmax: F.softmax, logSoftmax: F.logSoftmax, softmin: F.softmin, gumbelSoftmax: F.gumbelSoftmax },
    ...{ tanhshrink: F.tanhshrink, softsign: F.softsign, logSigmoid: F.logSigmoid, sigmoid: F.sigmoid },
  };

  it.each(Object.entries(functions))('what is no tensor, and what is no options object: %s', (name, run) => {
    const called = run as (...args: unknown[]) => unknown;
    const unreadable = {
      get inplace(): never {
        throw new RangeError('theirs');
      },
    };
    for (const wrong of [() => called('x'), () => called(x, 'in place'), () => called(x, unreadable)]) {
      expect(wrong).toThrow(KindlingError);
      expect(wrong).toThrow(new RegExp(`^${name}:`));
    }
  });

  it.each(
    Object.entries<(x: Tensor) => Tensor>({
      ...{ leakyRelu: F.leakyRelu, rrelu: F.rrelu, elu: F.elu, celu: F.celu, selu: F.selu, mish: F.mish },
      ...{ silu: F.silu, hardswish: F.hardswish, hardsigmoid: F.hardsigmoid, hardshrink: F.hardshrink },
      ...{ softshrink: F.softshrink, softplus: F.softplus, logSigmoid: F.logSigmoid, glu: F.glu },
      'rrelu in training': (x) => F.rrelu(x, { training: true }),
      'rrelu in training, in place': (x) => F.rrelu(x, { training: true, inplace: true }),
      gelu: F.gelu,
      'gelu by tanh': (x) => F.gelu(x, { approximate: 'tanh' }),
      prelu: (x) => F.prelu(x, tensor([0.5], { dtype: 'float32' })),
    }),
  )('integers, which stay as they are: %s', (_, run) => {
    const integers = tensor([-3, 2]);
    expect(() => run(integers)).toThrow(KindlingError);
    expect(integers.tolist()).toEqual([-3, 2]);
  });

  it('by classes too, in their own name', () => {
    const classes = {
      PReLU: nn.PReLU,
      ReLU: nn.ReLU,
      GELU: nn.GELU,
      Threshold: nn.Threshold,
      Hardtanh: nn.Hardtanh,
    };
    for (const [name, Class] of Object.entries(classes)) {
      const make = Class as unknown as new (...args: unknown[]) => unknown;
      expect(() => new make('yes', 'no', 'perhaps')).toThrow(new RegExp(`^${name}`));
    }
  });

  it('bounds in the wrong order: equal ones only by the class', () => {
    expect(() => F.hardtanh(x, { minVal: 2, maxVal: 1 })).toThrow('min_val cannot be greater than max_val');
    expect(F.hardtanh(x, { minVal: 1, maxVal: 1 }).tolist()).toEqual([1, 1]);
    expect(() => new nn.Hardtanh({ minVal: 1, maxVal: 1 })).toThrow(
      'max_val (1) must be greater than min_val (1)',
    );
  });

  it('a weight of prelu with dimensions of its own, or as many numbers as x has no channels', () => {
    expect(() => F.prelu(x, tensor([[1]], { dtype: 'float32' }))).toThrow(
      'scalar or 1D tensor, but got ndim = 2',
    );
    expect(
      F.prelu(tensor([-1, 2], { dtype: 'float32' }), tensor([0.5], { dtype: 'float32' })).tolist(),
    ).toEqual([-0.5, 2]);
    expect(() => F.prelu(x, tensor([1, 1], { dtype: 'float32' }))).toThrow();
  });

  it('a weight of prelu of another dtype', () => {
    expect(() => F.prelu(x, tensor([1], { dtype: 'float64' }))).toThrow(
      "prelu: expected x and weight of one dtype, got float32 and float64; convert one with to('float32')",
    );
    expect(() => new nn.PReLU()(tensor([1]))).toThrow(
      "got int32 and float32; convert one with to('float32')",
    );
  });

  it('options that are wrong', () => {
    const x = zeros([3]);
    expect(() => F.glu(x)).toThrow('Halving dimension must be even, but dimension 0 is size 3');
    expect(() => F.softshrink(x, { lambd: -1 })).toThrow('lambda must be in range');
    expect(() => F.celu(x, { alpha: 0 })).toThrow('alpha cannot be 0 for CELU');
    expect(() => F.rrelu(x, { lower: 1, upper: 0 })).toThrow('Lower bound should be less than or equal');
    expect(() => F.gelu(x, { approximate: 'x' as 'none' })).toThrow('gelu: approximate: expected one of');
    expect(() => F.silu(tensor([1]))).toThrow('silu: not implemented for int32');
    expect(() => new nn.Hardtanh({ minVal: 2, maxVal: 1 })).toThrow(
      'max_val (1) must be greater than min_val (2)',
    );
    expect(() => new nn.Softmax2d()(x)).toThrow('Softmax2d: expected input to be 3D or 4D, got 1D instead');
  });
});
