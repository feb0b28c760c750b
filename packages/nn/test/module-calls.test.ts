import { compile, manualSeed, ones, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it, vi } from 'vitest';

class Both extends nn.Module<[Tensor, Tensor], [Tensor, Tensor]> {
  override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
    return [x.mul(2), y.mul(x)];
  }
}

type Gradients = readonly (Tensor | null)[];
const values = (grads: Gradients): unknown => grads.map((g) => g?.toArray() ?? null);
const leaf = (): Tensor => ones([2], { requiresGrad: true });

describe('hooks before a backward', () => {
  it('see the gradients of the outputs, and may replace them, before the hooks of the backward run', () => {
    const model = new Both();
    const log: unknown[] = [];
    model.registerFullBackwardPreHook((self, [g, h]) => {
      expect(self).toBe(model);
      log.push(['second', values([g!, h!])]);
      return [g!.mul(10), h!];
    });
    model.registerFullBackwardPreHook((_, grads) => void log.push(['first', values(grads)]), {
      prepend: true,
    });
    model.registerFullBackwardHook(
      (_, input, output) => void log.push(['after', values(input), values(output)]),
    );
    const [x, y] = [leaf(), leaf()];
    const [u, v] = model(x, y);
    u.add(v).sum().backward();
    expect(log).toEqual([
      [
        'first',
        [
          [1, 1],
          [1, 1],
        ],
      ],
      [
        'second',
        [
          [1, 1],
          [1, 1],
        ],
      ],
      [
        'after',
        [
          [21, 21],
          [1, 1],
        ],
        [
          [10, 10],
          [1, 1],
        ],
      ],
    ]);
    expect([x.grad!.toArray(), y.grad!.toArray()]).toEqual([
      [21, 21],
      [1, 1],
    ]);
  });

  it('are enough by themselves, also where no input wants a gradient', () => {
    const layer = new nn.Linear(2, 1);
    const handle = layer.registerFullBackwardPreHook((_, [g]) => [g!.mul(10)]);
    layer(ones([1, 2]))
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([[10, 10]]);
    handle.remove();
    layer.zeroGrad();
    layer(ones([1, 2]))
      .sum()
      .backward();
    expect(layer.weight.grad!.toArray()).toEqual([[1, 1]]);
  });

  it('leave out what no gradient came for', () => {
    const model = new Both();
    const log: unknown[] = [];
    model.registerFullBackwardPreHook((_, grads) => void log.push(values(grads)));
    model(leaf(), leaf())[0].sum().backward();
    expect(log).toEqual([[[1, 1], null]]);
  });

  it('give one gradient for each output, of its shape and dtype', () => {
    for (const [returned, text] of [
      [
        (g: Gradients) => [g[0]],
        'Backward pre hook returned an invalid number of gradOutput, got 1, but expected 2',
      ],
      [(g: Gradients) => g[0], 'invalid number of gradOutput, got a Tensor of shape [2], but expected 2'],
      [
        (g: Gradients) => [g[0]!.double(), g[1]],
        'gradient 0 that the hook returned has changed the type of value',
      ],
      [
        (g: Gradients) => [g[0], ones([3])],
        'gradient 1 that the hook returned has changed the size of value',
      ],
      [(g: Gradients) => [g[0], 3], 'gradient 1 that the hook returned is 3'],
    ] as const) {
      const model = new Both();
      model.registerFullBackwardPreHook((_, grads) => returned(grads) as Gradients);
      const [u, v] = model(leaf(), leaf());
      expect(() => u.add(v).sum().backward()).toThrow('registerFullBackwardPreHook: ');
      expect(() => {
        const [a, b] = model(leaf(), leaf());
        a.add(b).sum().backward();
      }).toThrow(text);
    }
  });

  it('run in compiled steps with the bits of eager ones, and follow what is registered later', () => {
    manualSeed(0);
    const layer = new nn.Linear(3, 2);
    const x = randn([4, 3]);
    const step = (): Tensor => {
      layer.zeroGrad();
      layer(x).square().sum().backward();
      return layer.weight.grad!.detach().clone();
    };
    const compiled = compile(step);
    const plain = step();
    expect(compiled().equal(plain)).toBe(true);
    const handle = layer.registerFullBackwardPreHook((_, [g]) => [g!.mul(0.3)]);
    const hooked = step();
    expect(hooked.equal(plain)).toBe(false);
    for (let i = 0; i < 3; i++) expect(compiled().equal(hooked)).toBe(true);
    handle.remove();
    expect(compiled().equal(plain)).toBe(true);
  });
});

class Failing extends nn.Module<[Tensor], Tensor> {
  override forward(_x: Tensor): Tensor {
    throw new Error('bad');
  }
}

describe('forward hooks that are always called', () => {
  it('run where the call fails, with the output so far, and their own errors are warnings', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const model = new Failing();
    const log: unknown[] = [];
    const seven = ones([7]);
    model.registerForwardPreHook((_, [x]) => x.mul(2));
    model.registerForwardHook(() => void log.push('not this'));
    model.registerForwardHook(
      (self, input, output) => {
        log.push([self === model, input[0].item(), output]);
        return seven;
      },
      { alwaysCall: true },
    );
    model.registerForwardHook((_, _input, output) => void log.push(output), { alwaysCall: true });
    model.registerForwardHook(
      () => {
        throw new Error('worse');
      },
      { alwaysCall: true },
    );
    expect(() => model(ones([1]))).toThrow('bad');
    expect(log[0]).toEqual([true, 2, undefined]);
    expect([log.length, log[1] === seven]).toEqual([2, true]);
    expect(warn.mock.calls).toEqual([
      [
        'Warning: module forward hook with { alwaysCall: true } of Failing raised an exception that was silenced as another ' +
          'error was raised in forward: worse',
      ],
    ]);
    warn.mockRestore();
  });

  it('run once: not again where a hook behind them fails, and as others where nothing does', () => {
    const model = new nn.Identity();
    const log: unknown[] = [];
    const x = ones([1]);
    model.registerForwardHook(() => void log.push('first'), { alwaysCall: true });
    const handle = model.registerForwardHook(() => {
      throw new Error('of a hook');
    });
    model.registerForwardHook((_, _input, output) => void log.push(output), { alwaysCall: true });
    expect(() => model(x)).toThrow('of a hook');
    expect(log.map((seen) => seen === x || seen)).toEqual(['first', true]);
    handle.remove();
    expect(model(x)).toBe(x);
    expect(log.map((seen) => seen === x || seen)).toEqual(['first', true, 'first', true]);
    expect(() => model.registerForwardPreHook(() => undefined, { alwaysCall: true } as never)).toThrow(
      'Identity.registerForwardPreHook',
    );
    // Hooks around states run in the order in which they came.
    for (const kind of ['StateDictPre', 'StateDictPost', 'LoadStateDictPre', 'LoadStateDictPost'] as const) {
      const register = model[`register${kind}Hook`] as (...given: unknown[]) => unknown;
      expect(() => register.call(model, () => undefined, { prepend: true })).toThrow(
        `Identity.register${kind}Hook: takes`,
      );
      expect(() => register.call(model)).toThrow(`Identity.register${kind}Hook: hook: expected`);
    }
  });
});

describe('setSubmodule', () => {
  class Net extends nn.Module<[Tensor], Tensor> {
    static override readonly stateNames = { fcOne: 'fc_one' };
    fcOne: nn.Module = new nn.Linear(1, 1);
    readonly body = new nn.Sequential(new nn.Linear(1, 1), new nn.ReLU());
    readonly named = new nn.ModuleDict({ get: new nn.ReLU() as nn.Module });
    readonly lost: nn.Module | null = null;
    readonly note = 3;
  }

  it('replaces a module where it stands, and adds one where there is none', () => {
    const net = new Net();
    const [a, b, c, d, e] = [new nn.Tanh(), new nn.Tanh(), new nn.Tanh(), new nn.Tanh(), new nn.Tanh()];
    net.setSubmodule('fc_one', a, { strict: true });
    net.setSubmodule('body.1', b);
    net.setSubmodule('body.5', c);
    net.setSubmodule('named.get', d);
    net.setSubmodule('more', e);
    expect(net.fcOne).toBe(a);
    expect([...net.body].slice(1)).toEqual([b, c]);
    expect(net.named.get('get')).toBe(d);
    expect(net.getSubmodule('more')).toBe(e);
    expect(Object.keys(net.namedModules()).length).toBeGreaterThan(0);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['fc_one', 'body', 'named', 'more']);
    expect(String(net.body)).toBe(
      'Sequential(\n  (0): Linear(in_features=1, out_features=1, bias=True)\n  (1): Tanh()\n  (5): Tanh()\n)',
    );
    for (const [target, module] of [
      ['named.more', a],
      ['body.0', b],
    ] as const) {
      net.setSubmodule(target, module);
      expect(net.getSubmodule(target)).toBe(module);
    }
  });

  it("refuses what PyTorch refuses, with PyTorch's words", () => {
    const net = new Net();
    const layer = new nn.ReLU();
    for (const [target, module, options, text] of [
      ['', layer, {}, 'Net.setSubmodule: Cannot set the submodule without a target name!'],
      ['x.y', layer, {}, 'Net has no attribute `x`'],
      ['note', layer, {}, '`note` of Net is not an nn.Module'],
      ['lost', layer, {}, '`lost` of Net is not an nn.Module'],
      ['note.x', layer, {}, '`note` of Net is not an nn.Module'],
      ['body.7', layer, { strict: true }, 'Sequential has no attribute `7`'],
      ['body.0', 3, {}, 'Net.setSubmodule: module: expected a module such as new nn.Linear(2, 3), got 3'],
      ['body.0', null, {}, 'got null'],
      [3, layer, {}, 'Net.setSubmodule: target: expected'],
      ['body.0', layer, { strictly: true }, 'Net.setSubmodule'],
    ] as const)
      expect(() => net.setSubmodule(target as string, module as never, options as object)).toThrow(text);
    expect(net.body.length).toBe(2);
  });

  it('tells compiled functions that were made before', () => {
    const model = new nn.Sequential(new nn.ReLU());
    const f = compile((x: Tensor) => model(x));
    const x = tensor([-1, 2], { dtype: 'float32' });
    expect(f(x).toArray()).toEqual([0, 2]);
    class Negative extends nn.Module<[Tensor], Tensor> {
      override forward(input: Tensor): Tensor {
        return input.neg();
      }
    }
    model.setSubmodule('0', new Negative());
    expect(f(x).toArray()).toEqual([1, -2]);
  });
});
