import { Checkpoint, compile, io, memoryStorage, ones, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

/** A bias-free layer beside one that holds another. */
function nested() {
  const inner = new nn.Linear(1, 1, { bias: false });
  const outer = new nn.Sequential(inner);
  const first = new nn.Linear(1, 1, { bias: false });
  return { root: new nn.Sequential(first, outer), first, outer, inner };
}

describe('hooks around stateDict', () => {
  it("run in PyTorch's order, and see what PyTorch's see", () => {
    const modules = nested();
    const log: unknown[] = [];
    for (const [name, module] of Object.entries(modules)) {
      module.registerStateDictPreHook((given, prefix, keepVars) => {
        expect(given).toBe(module);
        log.push(['pre', name, prefix, keepVars]);
      });
      module.registerStateDictPostHook((given, state, prefix, metadata) => {
        expect(given).toBe(module);
        log.push(['post', name, prefix, Object.keys(state), metadata]);
      });
    }
    modules.root.stateDict({ prefix: 'x.' });
    expect(log).toEqual([
      ['pre', 'root', 'x.', false],
      ['pre', 'first', 'x.0.', false],
      ['post', 'first', 'x.0.', ['x.0.weight'], {}],
      ['pre', 'outer', 'x.1.', false],
      ['pre', 'inner', 'x.1.0.', false],
      ['post', 'inner', 'x.1.0.', ['x.0.weight', 'x.1.0.weight'], {}],
      ['post', 'outer', 'x.1.', ['x.0.weight', 'x.1.0.weight'], {}],
      ['post', 'root', 'x.', ['x.0.weight', 'x.1.0.weight'], {}],
    ]);
  });

  it('before it may change the module, after it the state, in place only', () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    layer.registerStateDictPreHook((self) => void nn.init.constant_(self.weight, 3));
    layer.registerStateDictPostHook((_, state, prefix) => {
      state[`${prefix}more`] = ones([1]);
    });
    expect(JSON.parse(JSON.stringify(layer)).weight.data).toEqual([3]);
    expect(Object.keys(new nn.Sequential(layer).stateDict())).toEqual(['0.weight', '0.more']);
    const handle = layer.registerStateDictPostHook(((_: unknown, state: unknown) => state) as never);
    expect(() => layer.stateDict()).toThrow(
      'Linear.registerStateDictPostHook: the hook must return nothing, got an object with weight, more; it changes the state in place',
    );
    handle.remove();
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'more']);
  });
});

describe('hooks around loadStateDict', () => {
  it("run in PyTorch's order, and see the keys of PyTorch's so far", () => {
    const modules = nested();
    const before: unknown[] = [];
    const after: unknown[] = [];
    for (const [name, module] of Object.entries(modules)) {
      module.registerLoadStateDictPreHook(
        (given, state, prefix, metadata, strict, missing, unexpected, errors) => {
          expect([given, metadata, errors]).toEqual([module, {}, []]);
          before.push([name, prefix, Object.keys(state), strict, [...missing], [...unexpected]]);
        },
      );
      module.registerLoadStateDictPostHook((given, { missingKeys, unexpectedKeys }) => {
        expect(given).toBe(module);
        after.push([name, [...missingKeys], [...unexpectedKeys]]);
      });
    }
    const state = { '0.w': ones([1]), '1.0.weight': ones([1, 1]), z: ones([1]) };
    expect(() => modules.root.loadStateDict(state)).toThrow(
      'Missing key(s) in state_dict: "0.weight". \n\tUnexpected key(s) in state_dict: "z", "0.w". ',
    );
    expect(before).toEqual([
      ['root', '', ['0.w', '1.0.weight', 'z'], true, [], []],
      ['first', '0.', ['0.w'], true, [], ['z']],
      ['outer', '1.', ['1.0.weight'], true, ['0.weight'], ['z', '0.w']],
      ['inner', '1.0.', ['1.0.weight'], true, ['0.weight'], ['z', '0.w']],
    ]);
    expect(after).toEqual([
      ['first', ['0.weight'], ['z', '0.w']],
      ['inner', ['0.weight'], ['z', '0.w']],
      ['outer', ['0.weight'], ['z', '0.w']],
      ['root', ['0.weight'], ['z', '0.w']],
    ]);
    // As in PyTorch: hooks that run after loading have seen what they judge.
    expect(modules.inner.weight.item()).toBe(1);
  });

  it('before it may rename, and give parameters the shapes that come', () => {
    class Table extends nn.Module {
      rows = this.registerBuffer('rows', zeros([0]));
    }
    const table = new Table();
    table.registerLoadStateDictPreHook((self, state, prefix) => {
      state[`${prefix}rows`] = state[`${prefix}old`];
      delete state[`${prefix}old`];
      self.rows = zeros((state[`${prefix}rows`] as Tensor).shape);
    });
    const state = { '0.old': tensor([1, 2, 3], { dtype: 'float32' }) };
    expect(new nn.Sequential(table).loadStateDict(JSON.parse(JSON.stringify(state)))).toEqual({
      missingKeys: [],
      unexpectedKeys: [],
    });
    expect(table.rows.toArray()).toEqual([1, 2, 3]);
    expect(Object.keys(state)).toEqual(['0.old']);
  });

  it('before it may add to the keys, take keys away and add errors, and then nothing is changed', () => {
    const { root, first, outer } = nested();
    const kept = first.weight.item();
    const state = { '0.weight': ones([1, 1]), z: ones([1]), '1.0.weight': ones([1, 1]) };
    outer.registerLoadStateDictPreHook((_, _state, _prefix, _metadata, _strict, missing, unexpected) => {
      unexpected.length = 0;
      missing.push('of the hook');
    });
    const wanted = { missingKeys: ['of the hook'], unexpectedKeys: [] };
    expect(root.loadStateDict(state, { strict: false })).toEqual(wanted);
    root.registerLoadStateDictPostHook(() => undefined);
    expect(root.loadStateDict(state, { strict: false })).toEqual(wanted);
    nn.init.constant_(first.weight, kept);
    outer.registerLoadStateDictPreHook((...given) => void given[7].push('no good'));
    expect(() => root.loadStateDict(state, { strict: false })).toThrow(
      'Error(s) in loading state_dict for Sequential:\n\tno good',
    );
    expect(first.weight.item()).toBe(kept);
  });

  it('after it see the module loaded, and decide on the keys', () => {
    const { root, first } = nested();
    const seen: number[] = [];
    first.registerLoadStateDictPostHook((self, { missingKeys, unexpectedKeys }) => {
      seen.push(self.weight.item());
      missingKeys.length = 0;
      unexpectedKeys.length = 0;
    });
    const right = { '0.weight': ones([1, 1]), '1.0.weight': ones([1, 1]) };
    expect(root.loadStateDict({ ...right, z: ones([1]), '0.y': ones([1]) })).toEqual({
      missingKeys: [],
      unexpectedKeys: [],
    });
    expect(seen).toEqual([1]);
    // Those of modules behind it come after the hook.
    expect(() => root.loadStateDict({ ...right, '1.z': ones([1]) })).toThrow(
      'Unexpected key(s) in state_dict: "1.z"',
    );
    root.registerLoadStateDictPostHook(
      (_, { unexpectedKeys }) => void unexpectedKeys.push('never') as undefined,
    );
    expect(() => root.loadStateDict(right)).toThrow('"never"');
    expect(root.loadStateDict(right, { strict: false }).unexpectedKeys).toEqual(['never']);
    root.registerLoadStateDictPostHook((() => 3) as never);
    expect(() => root.loadStateDict(right)).toThrow(
      'Sequential.registerLoadStateDictPostHook: the hook must return nothing, got 3; it changes missingKeys and unexpectedKeys in place',
    );
  });
});

class Counter extends nn.Module<[Tensor], Tensor> {
  readonly layer = new nn.Linear(1, 1, { bias: false });
  state: unknown = { calls: 0 };
  override forward(x: Tensor): Tensor {
    return this.layer(x);
  }
  override getExtraState(): unknown {
    return this.state;
  }
  override setExtraState(state: unknown): void {
    this.state = state;
  }
}

describe('extra state', () => {
  it("has PyTorch's key, behind those of the module's own and before those of its parts", () => {
    const counter = new Counter();
    counter.registerBuffer('own', ones([1]));
    const state = new nn.Sequential(counter).stateDict();
    expect(Object.keys(state)).toEqual(['0.own', '0._extra_state', '0.layer.weight']);
    expect(state['0._extra_state']).toBe(counter.state);
    const other = new Counter();
    other.registerBuffer('own', ones([1]));
    new nn.Sequential(other).loadStateDict(state);
    expect(other.state).toBe(counter.state);
  });

  it('is missing or unexpected like a tensor, and set when the own tensors are loaded', () => {
    const counter = new Counter();
    expect(() => counter.loadStateDict({ '0.weight': ones([1, 1]) })).toThrow(
      'Missing key(s) in state_dict: "_extra_state", "layer.weight". \n\tUnexpected key(s) in state_dict: "0.weight". ',
    );
    expect(() => new nn.Sequential().loadStateDict({ q: ones([1]), _extra_state: 3 } as never)).toThrow(
      'Unexpected key(s) in state_dict: "_extra_state", "q". ',
    );
    class Lenient extends Counter {
      override toleratesMissing(name: string): boolean {
        return name === '_extra_state';
      }
    }
    expect(new Lenient().loadStateDict({ 'layer.weight': ones([1, 1]) }).missingKeys).toEqual([]);
    const bad = { _extra_state: { calls: 9 }, 'layer.weight': ones([2, 2]) };
    expect(() => counter.loadStateDict(bad as never)).toThrow('size mismatch');
    expect(counter.state).toEqual({ calls: 0 });
  });

  it('crosses JSON with the tensors in it, and what JSON would lose is refused', () => {
    const [from, to] = [new Counter(), new Counter()];
    from.state = {
      best: [tensor([1, Infinity], { dtype: 'float32' })],
      name: 'x',
      none: null,
      not: undefined,
    };
    to.loadStateDict(JSON.parse(JSON.stringify(from)));
    const { best, ...rest } = to.state as { best: Tensor[] };
    expect(best[0]!.toArray()).toEqual([1, Infinity]);
    expect(rest).toEqual({ name: 'x', none: null });
    from.state = tensor([4]);
    to.loadStateDict(JSON.parse(JSON.stringify(from)));
    expect((to.state as Tensor).toArray()).toEqual([4]);
    const circle: unknown[] = [];
    circle.push(circle);
    for (const [state, text] of [
      [NaN, "'layer._extra_state' holds NaN, which JSON would lose"],
      [{ at: [0, -Infinity] }, 'holds -Infinity at .at[1], which'],
      [{ cache: new Map() }, 'holds an instance of Map at .cache, which'],
      [undefined, 'holds undefined, which'],
      [[undefined], 'holds undefined at [0]'],
      [{ f: () => 1 }, 'holds the function f at .f'],
      [1n, 'holds 1n'],
      [new Date(0), 'holds an instance of Date'],
      [circle, 'which JSON would lose'],
    ] as const) {
      from.state = state;
      const holder = new nn.Sequential({ layer: from });
      expect(() => JSON.stringify(holder)).toThrow(`Sequential.toJSON: 'layer._extra_state' holds `);
      expect(() => JSON.stringify(holder)).toThrow(text);
      // In memory it is whatever it is.
      to.loadStateDict(from.stateDict());
      expect(to.state).toBe(state);
    }
  });

  it('as a tensor crosses safetensors files, which refuse anything else by its name', () => {
    const [from, to] = [new Counter(), new Counter()];
    from.state = tensor([4]);
    to.loadStateDict(io.loadSafetensors(io.saveSafetensors(from.stateDict())));
    expect((to.state as Tensor).toArray()).toEqual([4]);
    from.state = { calls: 3 };
    expect(() => io.saveSafetensors(from.stateDict())).toThrow('saveSafetensors: "_extra_state"');
  });

  it('crosses checkpoints', async () => {
    const storage = memoryStorage();
    const [from, to] = [new Counter(), new Counter()];
    from.state = { best: [tensor([2.5])], calls: 3, rate: Infinity };
    await new Checkpoint({ storage, parts: { model: from } }).save({ step: 1 });
    await new Checkpoint({ storage, parts: { model: to } }).resume();
    const { best, ...rest } = to.state as { best: Tensor[] };
    expect(best[0]!.item()).toBe(2.5);
    expect(rest).toEqual({ calls: 3, rate: Infinity });
    from.state = { cache: new Map() };
    await expect(new Checkpoint({ storage, parts: { model: from } }).save({ step: 2 })).rejects.toThrow(
      'cache',
    );
  });

  it('is refused where the class has none', () => {
    const layer = new nn.Linear(1, 1);
    for (const method of ['getExtraState', 'setExtraState'] as const)
      expect(() => layer[method](1)).toThrow(
        `Linear.${method}: the class has no extra state; override getExtraState and setExtraState`,
      );
  });
});

it('what reads or loads a state later is refused, since nothing waits for it', () => {
  const layer = new nn.Linear(1, 1, { bias: false });
  const later = (async () => {}) as never;
  for (const [register, act] of [
    ['registerStateDictPreHook', () => layer.stateDict()],
    ['registerLoadStateDictPreHook', () => layer.loadStateDict({ weight: ones([1, 1]) })],
  ] as const) {
    const handle = layer[register](later);
    expect(act).toThrow(`Linear.${register}: got a promise, for which nothing waits`);
    handle.remove();
    act();
  }
  const counter = new Counter();
  const state = counter.stateDict();
  counter.setExtraState = later;
  expect(() => counter.loadStateDict(state)).toThrow('Counter.setExtraState: got a promise');
  counter.getExtraState = later;
  expect(() => counter.stateDict()).toThrow('Counter.getExtraState: got a promise');
});

describe('loadStateDict with assign', () => {
  it('makes the tensors of the state those of the module, which learn as before', () => {
    const layer = new nn.Linear(2, 1);
    layer.weight.requiresGrad = false;
    const weight = ones([1, 2], { dtype: 'float64' });
    const bias = new nn.Parameter(zeros([1]), { requiresGrad: false });
    layer.loadStateDict({ weight, bias }, { assign: true });
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    expect([layer.weight.dtype, layer.weight.requiresGrad]).toEqual(['float64', false]);
    weight.fill_(7);
    expect(layer.weight.toArray()).toEqual([[7, 7]]);
    expect(layer.bias).toBe(bias);
    expect(bias.requiresGrad).toBe(true);
    expect(layer.namedParameters().map(([name]) => name)).toEqual(['weight', 'bias']);
  });

  it('reaches buffers by their own names, and what containers hold', () => {
    const norm = new nn.BatchNorm1d(1);
    const runningMean = tensor([5], { dtype: 'float32' });
    norm.loadStateDict({ ...norm.stateDict(), running_mean: runningMean }, { assign: true });
    expect(norm.runningMean).toBe(runningMean);
    expect(Object.keys(norm.stateDict())).toHaveLength(5);
    const dict = new nn.ParameterDict({ get: ones([1]) });
    const list = new nn.ParameterList([ones([1])]);
    const both = new nn.ModuleDict({ dict, list } as never);
    both.loadStateDict({ 'dict.get': tensor([2.5]), 'list.0': tensor([3.5]) }, { assign: true });
    expect([dict.get('get').item(), list.at(0).item(), dict.size, list.length]).toEqual([2.5, 3.5, 1, 1]);
    const lazy = new nn.LazyLinear(1);
    const saved = new nn.Linear(3, 1).stateDict();
    lazy.loadStateDict(saved, { assign: true });
    saved.weight!.fill_(2);
    expect(lazy.weight.toArray()).toEqual([[2, 2, 2]]);
  });

  it('changes nothing where something does not fit', () => {
    const layer = new nn.Linear(1, 1);
    const { weight } = layer;
    const state = { weight: ones([1, 1]), bias: tensor([1]) };
    expect(() => layer.loadStateDict(state, { assign: true })).toThrow(
      'While copying the parameter named "bias", whose dimensions in the model are torch.Size([1]) and whose dimensions ' +
        'in the checkpoint are torch.Size([1]), an exception occurred : Parameter: Only Tensors of floating point dtype',
    );
    expect(layer.weight).toBe(weight);
    Object.freeze(layer);
    expect(() => layer.loadStateDict({ ...state, bias: ones([1]) }, { assign: true })).toThrow('frozen');
  });

  it('tells hooks, and compiled functions that were made before', () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    const metadata: unknown[] = [];
    layer.registerLoadStateDictPreHook((_module, _state, _prefix, local) => void metadata.push(local));
    const step = compile((x: Tensor) => layer(x).detach());
    for (const value of [2, 3]) {
      layer.loadStateDict({ weight: tensor([[value]], { dtype: 'float32' }) }, { assign: true });
      expect(step(ones([1])).item()).toBe(value);
    }
    expect(metadata).toEqual([{ assignToParamsBuffers: true }, { assignToParamsBuffers: true }]);
    const load = compile((weight: Tensor) => {
      layer.loadStateDict({ weight }, { assign: true });
    });
    load(ones([1, 1]));
    expect(() => load(ones([1, 1]))).toThrow('load with { assign: true } outside');
  });
});

describe('in compiled functions', () => {
  it('hooks around states give the same, and those that come later count', () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    const read = compile(() => layer.stateDict().weight!.mul(2));
    nn.init.constant_(layer.weight, 4);
    expect(read().item()).toBe(8);
    const handle = layer.registerStateDictPostHook((_, state, prefix) => {
      state[`${prefix}weight`] = state[`${prefix}weight`]!.add(1);
    });
    for (let i = 0; i < 2; i++) expect(read().item()).toBe(10);
    handle.remove();
    expect(read().item()).toBe(8);
    const load = compile((weight: Tensor) => {
      layer.loadStateDict({ weight });
    });
    load(tensor([[5.5]]));
    expect(layer.weight.item()).toBe(5.5);
    layer.registerLoadStateDictPreHook((_, state) => {
      state.weight = (state.weight as Tensor).mul(2);
    });
    for (const value of [1.5, 2.5]) {
      load(tensor([[value]]));
      expect(layer.weight.item()).toBe(2 * value);
    }
    layer.registerLoadStateDictPostHook((self) => void nn.init.ones_(self.weight) as undefined);
    load(tensor([[3.5]]));
    expect(layer.weight.item()).toBe(1);
  });

  it('extra state that is set counts as any property', () => {
    const counter = new Counter();
    const load = compile((weight: Tensor, calls: number) => {
      counter.loadStateDict({ 'layer.weight': weight, _extra_state: calls } as never);
    });
    const seen: unknown[] = [];
    for (const calls of [1, 2, 2]) {
      load(ones([1, 1]), calls);
      seen.push(counter.state);
    }
    expect(seen).toEqual([1, 2, 2]);
  });
});
