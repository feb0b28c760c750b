/** What a compiled call changes beside tensors: settings are left as the function leaves them, and all else is refused. */
import { compile, getDefaultDtype, noGrad, ones, randn, setDefaultDtype, type Tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';
import { AdamWScheduleFree } from '../../optim/src/index.ts';
import * as nn from '../src/index.ts';

const model = () =>
  new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.BatchNorm1d(8),
    new nn.Dropout({ p: 0.5 }),
    new nn.Linear(8, 2),
  );
const batches = Array.from({ length: 12 }, () => randn([3, 4]));
const flag = (on: boolean): Tensor => ones([]).mul(Number(on));

/** A world around a model, whose buffers and mode are part of what a call leaves. */
const around = (
  make: (net: nn.Sequential) => Pick<World, 'call'> & { before?: (i: number) => void },
): World => {
  const net = model();
  const { call, before } = make(net);
  return {
    call,
    argumentsOf: (i) => {
      before?.(i);
      return [batches[i]];
    },
    state: () => [...Object.values(net.stateDict()), flag(net.training)],
  };
};

describe('a compiled call that sets', () => {
  it.each<[string, (net: nn.Sequential) => Pick<World, 'call'> & { before?: (i: number) => void }, number]>([
    [
      'eval for a while needs one program',
      (net) => ({
        call: (x: Tensor) => {
          net.eval();
          const y = noGrad(() => net(x));
          net.train();
          return [y, net(x).detach()];
        },
      }),
      1,
    ],
    [
      'eval in the end needs one, and one more where it began in training',
      (net) => ({
        call: (x: Tensor) => {
          net.train();
          const y = net(x).detach();
          net.eval();
          return y;
        },
        before: (i) => i % 4 === 3 && net.train(),
      }),
      2,
    ],
    [
      'training where eval was set between calls needs two',
      (net) => ({
        call: (x: Tensor) => net.train()(x).detach(),
        before: (i) => i % 3 === 2 && net.eval(),
      }),
      2,
    ],
    [
      'the other mode each time needs two',
      (net) => ({ call: (x: Tensor) => net.train(!net.training)(x).detach() }),
      2,
    ],
    [
      'the mode back to what it was needs one for each',
      (net) => ({
        call: (x: Tensor) => {
          const was = net.training;
          const y = noGrad(() => net.eval()(x));
          net.train(was);
          return y;
        },
        before: (i) => i % 3 === 2 && net.train(!net.training),
      }),
      2,
    ],
    [
      'the mode of a copy that it makes needs one',
      (net) => ({ call: (x: Tensor) => nn.deepcopy(net).eval()(x).detach() }),
      1,
    ],
    [
      'hooks for a while needs one',
      (net) => ({
        call: (x: Tensor) => {
          const handle = net[0]!.registerForwardHook((_, __, y) => (y as Tensor).mul(2));
          const y = net(x).detach();
          handle.remove();
          return y;
        },
      }),
      1,
    ],
  ])('%s', (_, make, programs) => {
    const fn = expectSameBits(() => around(make), 12);
    expect(fn.programs).toHaveLength(programs);
  });

  it('requiresGrad leaves it as the function does', () => {
    const fn = expectSameBits(() => {
      const [w, v] = [randn([4, 4], { requiresGrad: true }), randn([4, 4], { requiresGrad: true })];
      return {
        call: (x: Tensor) => {
          w.requiresGrad = !w.requiresGrad;
          w.grad = null;
          x.matmul(w).matmul(v).sum().backward();
        },
        argumentsOf: (i) => [batches[i]],
        state: () => [w.grad, v.grad, flag(w.requiresGrad)],
      };
    }, 12);
    expect(fn.programs).toHaveLength(2);
  });

  it('requiresGrad back and forth, as adversaries in turn do, needs one program, and others where it began otherwise', () => {
    const fn = expectSameBits(() => {
      const [w, v] = [randn([4, 4], { requiresGrad: true }), randn([4, 4], { requiresGrad: true })];
      const train = (one: Tensor, other: Tensor, x: Tensor): void => {
        other.requiresGrad = false;
        one.requiresGrad = true;
        one.grad = null;
        x.matmul(w).matmul(v).sum().backward();
      };
      return {
        call: (x: Tensor) => {
          train(v, w, x);
          train(w, v, x);
        },
        argumentsOf: (i) => {
          if (i % 3 === 2) v.requiresGrad = true;
          return [batches[i]];
        },
        state: () => [w.grad, v.grad, flag(w.requiresGrad), flag(v.requiresGrad)],
      };
    }, 12);
    expect(fn.programs).toHaveLength(2);
  });

  it('the default dtype leaves it as the function does', () => {
    try {
      const fn = expectSameBits(
        () => ({
          call: (x: Tensor) => {
            const before = ones([4]);
            setDefaultDtype(getDefaultDtype() === 'float32' ? 'float64' : 'float32');
            return [x.add(before), ones([4])];
          },
          argumentsOf: (i) => [batches[i]],
          state: () => [flag(getDefaultDtype() === 'float32')],
        }),
        10,
      );
      expect(fn.programs).toHaveLength(2);
    } finally {
      setDefaultDtype('float32');
    }
  });

  it('the mode of a schedule-free optimizer needs one program, and one more where it began in training', () => {
    const fn = expectSameBits(() => {
      const net = new nn.Linear(4, 2);
      const optimizer = new AdamWScheduleFree(net.parameters(), { lr: 0.01 });
      return {
        call: (x: Tensor) => {
          optimizer.train();
          optimizer.zeroGrad();
          net(x).square().mean().backward();
          optimizer.step();
          optimizer.eval();
          return noGrad(() => net(x));
        },
        argumentsOf: (i) => {
          if (i === 6) optimizer.train();
          return [batches[i]];
        },
        state: () => [net.weight, net.bias],
      };
    }, 12);
    expect(fn.programs).toHaveLength(2);
  });
});

class Counting extends nn.Module<[x: Tensor], Tensor> {
  calls = 0;
  lin = new nn.Linear(4, 4);
  declare mean: Tensor;
  readonly act: (net: Counting, x: Tensor) => void;

  constructor(act: (net: Counting, x: Tensor) => void) {
    super();
    this.act = act;
    this.registerBuffer('mean', ones([4]));
  }

  override forward(x: Tensor): Tensor {
    const y = this.lin(x).mul(1 + this.calls);
    this.act(this, y);
    return y.sub(this.mean);
  }
}

describe('a compiled call is refused that changes', () => {
  it.each<[string, (net: Counting, x: Tensor) => void, string]>([
    [
      'a number of a module, even one that comes to the same again',
      (net) => {
        net.calls = (net.calls + 1) % 2;
      },
      'Counting.calls',
    ],
    [
      'a buffer for another tensor',
      (net, x) => {
        net.mean = net.mean.lerp(x.mean(0), 0.1);
      },
      'Counting.mean',
    ],
    ['hooks that stay', (net) => net.lin.registerForwardHook((_, __, y) => y), 'the hooks of Linear'],
  ])('%s', (_, act, what) => {
    const net = new Counting(act);
    const fn = compile((x: Tensor) => noGrad(() => net(x)), { check: false });
    for (let i = 0; i < 3; i++) fn(ones([2, 4]));
    expect(() => fn(ones([2, 4]))).toThrow(
      `compile: the function changes ${what} in each call, which a program would not do; do so outside of it; in the place of a tensor, ` +
        'change the tensor itself (copy_)',
    );
  });

  it('only where it does so in each call: something is set once in a while', () => {
    const fn = expectSameBits(() => {
      const net = new Counting((net, x) => {
        if (net.training && net.calls === 0) {
          net.calls = 2;
          net.mean.copy_(x.mean(0));
        }
      });
      return {
        call: (x: Tensor) => noGrad(() => net(x)),
        argumentsOf: (i) => {
          net.train(i > 3);
          return [batches[i]];
        },
        state: () => [net.mean],
      };
    }, 10);
    expect(fn.programs).toHaveLength(2);
  });

  it('a parameter before the module is called, which the call before took for given', () => {
    const net = new nn.Linear(4, 2);
    const fn = compile(
      (x: Tensor) => {
        net.weight = new nn.Parameter(net.weight.detach().mul(0.5));
        return net(x).detach();
      },
      { check: false },
    );
    for (let i = 0; i < 3; i++) fn(ones([1, 4]));
    expect(() => fn(ones([1, 4]))).toThrow('compile: the function changes Linear.weight in each call');
  });
});
