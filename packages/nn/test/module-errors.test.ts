/** Errors in a call of a module: they name its class. */
import { KindlingError, ones, type Tensor, tensor, zeros } from '@kindling/core';
import { describe, expect, it, vi } from 'vitest';
import * as nn from '../src/index.ts';
import { functional as F } from '../src/index.ts';

const wrong = (value: unknown): Tensor => value as Tensor;

class Net extends nn.Module<[Tensor], Tensor> {
  hidden = new nn.Linear(2, 3);
  override forward(x: Tensor): Tensor {
    return this.hidden(x).add(ones(7));
  }
}

describe('an error in the call of a module', () => {
  it('names the class in place of the function that it stands for', () => {
    expect(() => new nn.Linear(2, 3)(wrong('x'))).toThrow(/^Linear: x: expected a Tensor, got "x"/);
    expect(() => new nn.Linear(2, 3)(ones(4))).toThrow(/^Linear: input of shape \[4\] does not fit weight/);
    expect(() => new nn.ReLU()(wrong(null))).toThrow(/^ReLU: /);
    expect(() => new nn.LayerNorm(3)(ones(2))).toThrow(/^LayerNorm: Given normalized_shape/);
  });

  it('names both where the function has another name', () => {
    const [loss, x] = [new nn.BCELoss(), ones(2)];
    expect(() => loss(x, wrong(1))).toThrow(/^BCELoss: binaryCrossEntropy: target: expected a Tensor/);
  });

  it('names no forward, which nobody calls, and no class twice', () => {
    const call =
      (module: unknown, ...given: unknown[]) =>
      (): unknown =>
        Reflect.apply(module as never, null, given);
    const bag = new nn.EmbeddingBag(3, 2);
    expect(call(bag, tensor([0]), { offsets: 3 })).toThrow(
      /^EmbeddingBag: offsets: expected a Tensor or null, got 3/,
    );
    expect(call(bag, tensor([0]), {}, 3)).toThrow(/^EmbeddingBag: takes .* write module\(input, options\)/);
    expect(call(new nn.ReLU(), ones(2), 3)).toThrow(
      /^ReLU: takes \(x\), got 3 beyond that; write module\(x\)/,
    );
    expect(call(new nn.ArcFaceLoss(3, 2), ones(3), tensor(1))).toThrow(/^ArcFaceLoss\.cosine: normalize: /);
  });

  it('names the innermost module', () => {
    expect(() => new nn.Sequential(new nn.ReLU(), new nn.Linear(2, 3))(ones(4))).toThrow(/^Linear: /);
    expect(() => new Net()(ones(4))).toThrow(/^Linear: /);
  });

  it("keeps the operation's name where the user's own forward called it", () => {
    expect(() => new Net()(ones(2))).toThrow(/^Net: add: shapes \[3\] and \[7\] do not broadcast/);
  });

  it('is the error that was thrown, and of no other class', () => {
    const thrown = new KindlingError('no');
    const failing = (error: Error): nn.Module =>
      new (class Refuses extends nn.Module {
        override forward(_x: Tensor): Tensor {
          throw error;
        }
      })();
    expect(() => failing(thrown)(ones(1))).toThrow(thrown);
    expect(thrown.message).toBe('Refuses: no');
    const foreign = new Error('theirs');
    expect(() => failing(foreign)(ones(1))).toThrow(foreign);
    expect(foreign.message).toBe('theirs');
  });
});

describe('normalisation', () => {
  it('refuses integers, which have no mean of their dtype', () => {
    const whole = tensor([
      [1, 2],
      [3, 5],
    ]);
    expect(() => F.layerNorm(whole, [2])).toThrow(/^layerNorm: not implemented for int32/);
    expect(() => F.batchNorm(whole, null, null, { training: true })).toThrow(
      /^batchNorm: not implemented for int32/,
    );
    expect(() => F.batchNorm(whole.gt(1), zeros(2), ones(2))).toThrow(/^batchNorm: not implemented for bool/);
    expect(() => F.rmsNorm(whole, [2])).toThrow(/^rmsNorm: /);
  });
});

describe('a Proxy that was revoked', () => {
  it.each<[string, (odd: never) => unknown]>([
    ['Sequential', (odd) => new nn.Sequential(odd)],
    ['Sequential', (odd) => new nn.Sequential({ fc: odd })],
    ['ModuleList', (odd) => new nn.ModuleList([odd])],
    ['ModuleDict', (odd) => new nn.ModuleDict({ fc: odd })],
    ['ModuleDict', (odd) => new nn.ModuleDict(odd)],
    ['ParameterList', (odd) => new nn.ParameterList([odd])],
    ['ParameterDict', (odd) => new nn.ParameterDict({ w: odd })],
    ['ParameterDict', (odd) => new nn.ParameterDict(new Map([['w', odd]]))],
  ])('is refused by %s', (name, make) => {
    for (const target of [{}, [1], ones([2]), () => {}, new nn.Identity()]) {
      const { proxy, revoke } = Proxy.revocable(target, {});
      revoke();
      expect(() => make(proxy as never)).toThrow(KindlingError);
      expect(() => make(proxy as never)).toThrow(new RegExp(`^${name}`));
    }
  });
});

describe('sequences padded to an enormous length', () => {
  it('are refused before anything of that length is made', () => {
    const packed = nn.utils.rnn.packSequence([ones([2, 3]), ones([1, 3])]);
    expect(() => nn.utils.rnn.padPackedSequence(packed, { totalLength: 2 ** 31 })).toThrow(KindlingError);
    expect(() => nn.utils.rnn.padPackedSequence(packed, { totalLength: 2 ** 31 })).toThrow(
      /^padPackedSequence: a tensor of shape \[.*\] has \d+ elements/,
    );
    const [padded, lengths] = nn.utils.rnn.padPackedSequence(packed, { totalLength: 4, paddingValue: -1 });
    expect(padded.select(2, 0).tolist()).toEqual([
      [1, 1],
      [1, -1],
      [-1, -1],
      [-1, -1],
    ]);
    expect(lengths.tolist()).toEqual([2, 1]);
  });
});

describe('a property that looks like what learns and registers nothing', () => {
  class Holder extends nn.Module<[Tensor], Tensor> {
    sizes = [1, 2];
    none: unknown[] = [];
    layers: unknown;
    override forward = (x: Tensor): Tensor => x;
  }
  const linear = new nn.Linear(1, 2);
  const scale = new nn.Parameter(ones(1));

  /** What is said while the parameters of modules are listed. */
  function saidOf(...modules: Holder[]): unknown[] {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      for (const module of modules) new nn.Sequential(module).parameters();
      return warn.mock.calls.map(([text]) => (text as string).replace(/, so that.*; /, '; '));
    } finally {
      warn.mockRestore();
    }
  }

  it.each([
    ['an array of modules, which registers none of them', 'ModuleList([...])', [linear, linear]],
    ['a Set of modules, which registers none of them', 'ModuleList([...])', new Set([linear])],
    ['a Map of modules, which registers none of them', 'ModuleDict({ ... })', new Map([['a', linear]])],
    ['an object of modules, which registers none of them', 'ModuleDict({ ... })', { a: linear }],
    ['an array of parameters, which registers none of them', 'ParameterList([...])', [scale]],
    ['an object of parameters, which registers none of them', 'ParameterDict({ ... })', { a: scale }],
    ['a tensor that requires gradients, which registers nothing', 'Parameter(...)', ones(1).requiresGrad_()],
  ])('is warned of once a class: %s', (is, write, layers) => {
    class Net extends Holder {
      override layers = layers;
    }
    expect(saidOf(new Net(), new Net())).toEqual([
      `Warning: Net.layers is ${is}; write layers = new nn.${write}. (Said once a class.)`,
    ]);
    expect(new Net().parameters()).toEqual([]);
  });

  it.each([
    ['a ModuleList', new nn.ModuleList([linear])],
    ['a tensor that learns nothing', ones(2)],
    ['a result', ones(2).requiresGrad_().mul(2)],
    ['numbers by name', { a: 1 }],
    [
      'an object whose getter throws',
      {
        get a(): never {
          throw new Error('no');
        },
      },
    ],
    [
      'an instance of a class',
      new (class Shelf {
        a = linear;
      })(),
    ],
  ])('is not %s', (_, layers) => {
    class Net extends Holder {
      override layers = layers;
    }
    expect(saidOf(new Net())).toEqual([]);
  });

  it('is not a buffer, whatever it requires', () => {
    class Net extends Holder {
      constructor() {
        super();
        this.registerBuffer('mean', ones(1).requiresGrad_());
      }
    }
    expect(saidOf(new Net())).toEqual([]);
  });
});
