/** Compiled functions that modules hold, and that use parts of them without calling them. */
import { compile, manualSeed, ones, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';

class Net extends nn.Module<[Tensor], Tensor> {
  linear = new nn.Linear(3, 2);
  scale = new nn.Parameter(ones([2]));
  calls = 0;
  last: Tensor | null = null;
  step = compile((x: Tensor) => this.linear(x).mul(this.scale).detach(), { check: false });

  override forward(x: Tensor): Tensor {
    return this.linear(x).mul(this.scale).detach();
  }

  /** Keeps what was given last, and counts. */
  run(x: Tensor): Tensor {
    this.calls++;
    this.last = this.step(x);
    return this.last;
  }
}

describe('a compiled function that a module holds', () => {
  const changes: Readonly<Record<string, (net: Net) => void>> = {
    'a part is replaced': (net) => {
      net.linear = new nn.Linear(3, 2);
    },
    'a part is replaced by defineProperty': (net) => {
      Object.defineProperty(net, 'linear', { value: new nn.Linear(3, 2), enumerable: true });
    },
    'a parameter is replaced': (net) => {
      net.scale = new nn.Parameter(randn([2]));
    },
    'the weight of a part is replaced': (net) => {
      net.linear.weight = new nn.Parameter(randn([2, 3]));
    },
  };
  it.each(Object.keys(changes))('notices at once that %s', (name) => {
    manualSeed(1);
    const net = new Net();
    for (let i = 0; i < 6; i++) {
      if (i === 4) changes[name]?.(net);
      const x = randn([4, 3]);
      expect(bitsOf(net.step(x))).toEqual(bitsOf(net(x)));
    }
    expect(net.step.programs.length).toBe(2);
  });

  it('is not made anew by numbers and results that its owner keeps', () => {
    const net = new Net();
    for (let i = 0; i < 6; i++) net.run(randn([4, 3]));
    expect(net.step.programs.length).toBe(1);
  });
});

describe('a function that reaches a part by way of modules that it does not call', () => {
  class Half extends nn.Module<[Tensor], Tensor> {
    inner = new nn.Linear(3, 2);

    override forward(x: Tensor): Tensor {
      return this.inner(x);
    }
  }
  class Whole extends nn.Module<[Tensor], Tensor> {
    half = new Half();
    other = new nn.Linear(2, 2);

    override forward(x: Tensor): Tensor {
      return this.half(x);
    }
  }
  const changes: Readonly<Record<string, (net: Whole) => void>> = {
    'the part is replaced': (net) => {
      net.half.inner = new nn.Linear(3, 2);
    },
    'what holds the part is replaced': (net) => {
      net.half = new Half();
    },
  };
  it.each(Object.keys(changes))('notices at once that %s, where the parts were listed before', (name) => {
    manualSeed(1);
    const net = new Whole();
    net.eval();
    const apply = compile((x: Tensor) => net.half.inner(x).detach(), { check: false });
    for (let i = 0; i < 6; i++) {
      if (i === 4) changes[name]?.(net);
      const x = randn([4, 3]);
      expect(bitsOf(apply(x))).toEqual(bitsOf(net.half.inner(x)));
    }
    expect(apply.programs.length).toBe(2);
  });

  it('does not mind what lies beside the part', () => {
    const net = new Whole();
    const parameters = net.parameters();
    const apply = compile((x: Tensor) => net.half.inner(x).detach(), { check: false });
    for (let i = 0; i < 5; i++) {
      net.other = new nn.Linear(2, 2);
      apply(randn([4, 3]));
    }
    expect(parameters.length).toBe(4);
    expect(apply.programs.length).toBe(1);
  });
});
