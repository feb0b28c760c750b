import { int32, ones, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

/** What tells a tensor of another copy of the library. */
const foreign = { [Symbol.for('@kindling/core.Tensor')]: true };

class Net extends nn.Module<[Tensor], Tensor> {
  fc = new nn.Linear(2, 3);
  bn = new nn.BatchNorm1d(3);
}

describe('stateDict', () => {
  it("has PyTorch's keys in PyTorch's order", () => {
    expect(Object.keys(new Net().stateDict())).toEqual([
      'fc.weight',
      'fc.bias',
      'bn.weight',
      'bn.bias',
      'bn.running_mean',
      'bn.running_var',
      'bn.num_batches_tracked',
    ]);
    expect(Object.keys(new Net().stateDict({ prefix: 'net.' }))[0]).toBe('net.fc.weight');
  });

  it('shares memory with the module and is detached', () => {
    const net = new Net();
    const state = net.stateDict();
    expect(state['fc.weight']!.requiresGrad).toBe(false);
    state['fc.weight']!.fill_(5);
    expect(net.fc.weight.toArray()).toEqual([
      [5, 5],
      [5, 5],
      [5, 5],
    ]);
    expect(net.stateDict({ keepVars: true })['fc.weight']).toBe(net.fc.weight);
  });

  it("keeps a user's names as they are written, unless the class says what PyTorch calls them", () => {
    class Kept extends nn.Module {
      fcOne = new nn.Linear(1, 1);
    }
    class Translated extends nn.Module {
      static override readonly stateNames = { fcOne: 'fc_one' };
      fcOne = new nn.Linear(1, 1);
    }
    class Extended extends nn.BatchNorm1d {
      static override readonly stateNames = { ...nn.BatchNorm1d.stateNames, runningMax: 'running_max' };
      runningMax = this.registerBuffer('runningMax', zeros([1]));
    }
    expect(Object.keys(new Kept().stateDict())).toEqual(['fcOne.weight', 'fcOne.bias']);
    const translated = new Translated();
    expect(Object.keys(translated.stateDict())).toEqual(['fc_one.weight', 'fc_one.bias']);
    expect(translated.getSubmodule('fc_one')).toBe(translated.fcOne);
    expect(String(translated)).toContain('(fc_one): Linear');
    const extended = new Extended(2);
    expect(Object.keys(extended.stateDict()).slice(2)).toEqual([
      'running_mean',
      'running_var',
      'num_batches_tracked',
      'running_max',
    ]);
    expect(extended.runningMax.shape).toEqual([1]);
  });
});

describe('loadStateDict', () => {
  it('copies, from an object or a Map, converting dtypes', () => {
    const from = new Net();
    const to = new Net();
    expect(to.loadStateDict(from.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(to.fc.weight.toArray()).toEqual(from.fc.weight.toArray());
    const wide = new Map(Object.entries(from.double().stateDict()));
    const { weight } = to.fc;
    to.loadStateDict(wide);
    expect(to.fc.weight).toBe(weight);
    expect(weight.dtype).toBe('float32');
    expect(to.bn.numBatchesTracked!.dtype).toBe(int32);
  });

  it("throws PyTorch's report and changes nothing", () => {
    const net = new Net();
    const before = JSON.stringify(net.fc.bias!.toArray());
    const state: Record<string, Tensor> = { ...net.stateDict() };
    state['fc.weight'] = zeros([5, 5]);
    state['fc.bias'] = zeros([3]);
    delete state['bn.weight'];
    state.x = zeros([1]);
    state['fc.y.z'] = zeros([1]);
    state['q.y.z'] = zeros([1]);
    expect(() => net.loadStateDict(state)).toThrow(
      [
        'Error(s) in loading state_dict for Net:',
        '\tMissing key(s) in state_dict: "bn.weight". ',
        '\tUnexpected key(s) in state_dict: "x", "q.y.z", "fc.y.z". ',
        '\tsize mismatch for fc.weight: copying a param with shape torch.Size([5, 5]) from checkpoint, ' +
          'the shape in current model is torch.Size([3, 2]).',
      ].join('\n'),
    );
    expect(JSON.stringify(net.fc.bias!.toArray())).toBe(before);
  });

  it('names missing and unexpected keys where it is not strict, but still refuses other sizes', () => {
    const net = new Net();
    expect(net.loadStateDict({ x: ones([1]) }, { strict: false })).toEqual({
      missingKeys: ['fc.weight', 'fc.bias', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'],
      unexpectedKeys: ['x'],
    });
    expect(() => net.loadStateDict({ 'fc.bias': ones([1]) }, { strict: false })).toThrow(
      'size mismatch for fc.bias',
    );
    expect(() => net.loadStateDict({ 'fc.bias': 3 as unknown as Tensor }, { strict: false })).toThrow(
      'While copying the parameter named "fc.bias", expected a Tensor from checkpoint but received 3',
    );
    expect(() => net.loadStateDict(3 as never)).toThrow('expected an object or a Map of tensors');
  });

  it('restores buffers, scalars given as one element too', () => {
    const bn = new nn.BatchNorm1d(2);
    bn(randn([8, 2]));
    const other = new nn.BatchNorm1d(2);
    other.loadStateDict({ ...bn.stateDict(), num_batches_tracked: tensor([7]) });
    expect(other.runningMean!.toArray()).toEqual(bn.runningMean!.toArray());
    expect(other.numBatchesTracked!.item()).toBe(7);
  });
});

describe('a state dict in JSON', () => {
  it('is loaded as JSON.parse gives it, every value kept', () => {
    const net = new Net();
    net.bn(randn([8, 3]));
    net.fc.weight.data.set([Number.NaN, -0, Infinity, -Infinity]);
    for (const text of [JSON.stringify(net.stateDict()), JSON.stringify(net)]) {
      const other = new Net();
      expect(other.loadStateDict(JSON.parse(text))).toEqual({ missingKeys: [], unexpectedKeys: [] });
      for (const [key, value] of Object.entries(net.stateDict())) {
        expect(other.stateDict()[key]!.toArray(), key).toEqual(value.toArray());
      }
    }
    expect(Object.keys(JSON.parse(JSON.stringify({ net })).net)).toEqual(Object.keys(net.stateDict()));
    expect(JSON.parse(JSON.stringify(net.fc.bias))).toEqual({
      dtype: 'float32',
      shape: [3],
      data: net.fc.bias!.toArray(),
    });
  });

  it('may come in a Map, and in part', () => {
    const layer = new nn.Linear(1, 1);
    const weight = JSON.parse(JSON.stringify(tensor([[2.5]])));
    expect(layer.loadStateDict(new Map([['weight', weight]]), { strict: false }).missingKeys).toEqual([
      'bias',
    ]);
    expect(layer.weight.item()).toBe(2.5);
  });

  it('names the key of what cannot be read, and changes nothing', () => {
    const layer = new nn.Linear(1, 1);
    const before = layer.weight.item();
    const good = JSON.parse(JSON.stringify(layer.stateDict()));
    for (const [bias, reason] of [
      [{ dtype: 'float32', shape: [1], data: [null] }, 'fromJSON: element 0, of dtype float32, is null'],
      [{ dtype: 'float32', shape: [2], data: [1] }, 'fromJSON: shape [2] takes 2 elements, data holds 1'],
      [{ 0: 1 }, 'expected a Tensor from checkpoint but received an object with 0'],
      [[1], 'expected a Tensor from checkpoint but received [1]'],
      [null, 'expected a Tensor from checkpoint but received null'],
      [
        foreign,
        'expected a Tensor from checkpoint but received a Tensor of another copy of @kindling/core: import one copy only',
      ],
      [3, 'expected a Tensor from checkpoint but received 3'],
    ] as const) {
      const state = { weight: { ...good.weight, data: [before + 1] }, bias } as never;
      expect(() => layer.loadStateDict(state)).toThrow(
        `Error(s) in loading state_dict for Linear:\n\tWhile copying the parameter named "bias", ${reason}`,
      );
      expect(layer.weight.item()).toBe(before);
    }
    expect(() => layer.loadStateDict({ ...good, bias: { ...good.bias, shape: [1, 1] } })).toThrow(
      'size mismatch for bias: copying a param with shape torch.Size([1, 1])',
    );
  });

  it('nor is a tensor of another copy of the library registered as one of this', () => {
    const net = new Net();
    for (const register of [
      () => net.registerBuffer('x', foreign as never),
      () => net.registerParameter('x', foreign as never),
      () => net.registerModule('x', foreign as never),
    ])
      expect(register).toThrow('a Tensor of another copy of @kindling/core: import one copy only');
  });

  it('takes nothing but an object or a Map', () => {
    const layer = new nn.Linear(1, 1);
    for (const [state, got] of [
      [null, 'null'],
      [undefined, 'undefined'],
      [3, '3'],
      [layer, 'an instance of Linear'],
      [[layer.weight], '[a Tensor of shape [1, 1]]'],
    ])
      expect(() => layer.loadStateDict(state as never)).toThrow(
        `loadStateDict: expected an object or a Map of tensors by name, got ${got}`,
      );
  });

  it('says which keys of parts it does not know, and of parts of parts', () => {
    const model = new nn.Sequential(new nn.Linear(1, 1), new nn.Sequential(new nn.Linear(1, 1)));
    const state = model.stateDict();
    const more = ['weight', '0', '0.more', '0.weight.more', '1.0.more', '1.7.weight', '2.weight'];
    const { unexpectedKeys, missingKeys } = model.loadStateDict(
      { ...state, ...Object.fromEntries(more.map((key) => [key, ones([1])])) },
      { strict: false },
    );
    expect([unexpectedKeys.toSorted(), missingKeys]).toEqual([more.toSorted(), []]);
    expect(model.loadStateDict({}, { strict: false }).missingKeys).toEqual(Object.keys(state));
  });
});
