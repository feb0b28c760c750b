import { compile, ones, randn, type Tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, expectTypeOf, it } from 'vitest';

describe('Sequential', () => {
  it('chains its modules and can be indexed, iterated and extended', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
    expect(net(ones([1, 2])).shape).toEqual([1, 3]);
    expect(net.length).toBe(2);
    expect(net[1]).toBeInstanceOf(nn.ReLU);
    expect(net.at(-1)).toBe(net[1]);
    net.append(new nn.Linear(3, 1)).extend([new nn.Tanh()]);
    expect([...net].map((m) => m.constructor.name)).toEqual(['Linear', 'ReLU', 'Linear', 'Tanh']);
    expect(net.slice(0, 2)[0]).toBe(net[0]);
    net[3] = new nn.Sigmoid();
    expect(net(ones([1, 2])).item()).toBeGreaterThan(0);
  });

  it('calls its modules in the order in which they were added, whatever their names are', () => {
    class Times extends nn.Module<[Tensor], Tensor> {
      readonly factor: number;
      constructor(factor: number) {
        super();
        this.factor = factor;
      }
      override forward(x: Tensor): Tensor {
        return x.mul(10).add(this.factor);
      }
    }
    const [one, two, three, four] = [1, 2, 3, 4].map((factor) => new Times(factor));
    const net = new nn.Sequential({ fc: one!, act: two! }).append(three!);
    const f = compile((x: Tensor) => net(x));
    expect(net.namedChildren().map(([name]) => name)).toEqual(['fc', 'act', '2']);
    for (let i = 0; i < 2; i++) expect(f(zeros([])).item()).toBe(123);
    net.setSubmodule('0', four!);
    expect(net(zeros([])).item()).toBe(1234);
    expect(f(zeros([])).item()).toBe(1234);
    expect(nn.deepcopy(net)(zeros([])).item()).toBe(1234);
    const swapped = new nn.Sequential(
      new Map([
        ['1', one!],
        ['0', two!],
      ]),
    );
    expect(swapped(zeros([])).item()).toBe(12);
    expect(swapped.append(three!)(zeros([])).item()).toBe(123);
    net.setSubmodule('act', new Times(5));
    expect(net(zeros([])).item()).toBe(1534);
    net.insert(1, two!);
    expect(net(zeros([])).item()).toBe(12534);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['0', '1', '2', '3', '4']);
    delete net[0];
    expect(net.append(one!)(zeros([])).item()).toBe(25341);
    const weights = new nn.Module();
    for (const name of ['b', '1', 'a', '0']) weights.registerParameter(name, new nn.Parameter(zeros([1])));
    expect(weights.namedParameters().map(([name]) => name)).toEqual(['b', '1', 'a', '0']);
    expect(weights.parameters()[3]).toBe(weights.getParameter('0'));
  });

  it('keeps names in a slice, behind which others are added', () => {
    const net = new nn.Sequential(new nn.Tanh(), new nn.Linear(1, 1), new nn.ReLU());
    const tail = net.slice(1);
    expect(Object.keys(tail.stateDict())).toEqual(['1.weight', '1.bias']);
    expect(tail.at(0)).toBe(net[1]);
    tail.append(new nn.ELU());
    expect([...tail].map((module) => module.constructor.name)).toEqual(['Linear', 'ReLU', 'ELU']);
    expect(net.slice(3).length).toBe(0);
    const list = new nn.ModuleList([...net]).slice(1);
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '0.bias']);
    expect(list[0]).toBe(net[1]);
    const [first, second] = [ones([1]), zeros([1])].map((x) => new nn.Parameter(x));
    expect(new nn.ParameterList([first!, second!]).slice(1).at(0)).toBe(second);
  });

  it('lists what stands in it twice once, or as often as it stands there', () => {
    const layer = new nn.ReLU();
    const net = new nn.Sequential(layer, layer);
    expect(net.modules().length).toBe(2);
    expect(net.modules({ removeDuplicate: false })).toEqual([net, layer, layer]);
  });

  it('takes names', () => {
    const net = new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() });
    expect(Object.keys(net.stateDict())).toEqual(['fc.weight', 'fc.bias']);
    expect(net(ones([1, 2])).shape).toEqual([1, 3]);
    const same = new nn.Sequential(new Map([['fc', new nn.Linear(2, 3)]]));
    expect(String(same)).toBe('Sequential(\n  (fc): Linear(in_features=2, out_features=3, bias=True)\n)');
    expect(() => new nn.Sequential({ forward: new nn.ReLU() })).toThrow("attribute 'forward' already exists");
    expect(() => new nn.Sequential([new nn.ReLU()] as never)).toThrow(
      'Sequential: modules: expected modules one by one, as new Sequential(...modules), or an object or a Map of names and values, got [an instance of ReLU]',
    );
  });

  it('refuses what is no module, null too, of which there would be nothing to call', () => {
    const message =
      'Sequential: null is not a Module subclass; expected a module such as new nn.Linear(2, 3)';
    expect(() => new nn.Sequential(new nn.ReLU(), null as never)).toThrow(message);
    expect(() => new nn.Sequential({ act: null as never })).toThrow(message);
    expect(() => new nn.Sequential(new nn.ReLU()).append(null as never)).toThrow(message);
    expect(() => new nn.ModuleList([new nn.ReLU(), null as never])).toThrow('ModuleList: null is not');
  });

  it('has its named modules as properties, by their types; members of every module come first', () => {
    const net = new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() });
    expectTypeOf(net.fc).toEqualTypeOf<nn.Linear>();
    expect(net.fc.outFeatures).toBe(3);
    expectTypeOf(net).toExtend<nn.Sequential>();
    expectTypeOf(net[0]).toEqualTypeOf<nn.Module | undefined>();
    // @ts-expect-error there is no module of this name
    expect(net.missing).toBeUndefined();
    const taking = (training: nn.ReLU) => new nn.Sequential({ training });
    expectTypeOf<ReturnType<typeof taking>['training']>().toEqualTypeOf<boolean>();
    class Pair extends nn.Sequential<[Tensor, Tensor]> {}
    class Net extends nn.Sequential {
      declare fc: nn.Linear;
      constructor() {
        super({ fc: new nn.Linear(2, 3) });
      }
    }
    expect(new Net().fc).toBeInstanceOf(nn.Linear);
    expectTypeOf(new Pair(new nn.CosineSimilarity())).toBeCallableWith(ones(2), ones(2));
    expectTypeOf(new nn.Sequential<[Tensor], Tensor[]>()(ones(2))).toEqualTypeOf<Tensor[]>();
  });

  it('runs a module twice where it stands twice', () => {
    class Increment extends nn.Module<[Tensor], Tensor> {
      override forward(x: Tensor): Tensor {
        return x.add(1);
      }
    }
    const one = new Increment();
    expect(new nn.Sequential(one, one)(zeros([1])).item()).toBe(2);
  });

  it('is the identity where it is empty', () => {
    const x = ones([1]);
    expect(new nn.Sequential()(x)).toBe(x);
  });
});

it('Sequential inserts and takes out; names become numbers', () => {
  const model = new nn.Sequential({ first: new nn.Linear(2, 3), last: new nn.Linear(3, 4) });
  model.insert(-1, new nn.ReLU());
  expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  expect(model(ones([1, 2])).shape).toEqual([1, 4]);
  expect(String(model.pop(0))).toContain('Linear(in_features=2, out_features=3');
  expect([...model.namedChildren()].map(([name, { constructor }]) => `${name} ${constructor.name}`)).toEqual([
    '0 ReLU',
    '1 Linear',
  ]);
  expect(() => model.pop(2)).toThrow('Sequential.pop: index 2 is out of range');
  expect(() => model.insert(3, new nn.ReLU())).toThrow(
    'Sequential.insert: index 3 is out of range for 2 modules',
  );
});

describe('ModuleList', () => {
  it('registers, inserts and takes out', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 1), new nn.Linear(2, 2)]);
    list.insert(1, new nn.Linear(3, 3)).append(new nn.Linear(4, 4));
    expect([...list].map((m) => m.inFeatures)).toEqual([1, 3, 2, 4]);
    expect(list.pop().inFeatures).toBe(4);
    expect(list.pop(0).inFeatures).toBe(1);
    expect(list.length).toBe(2);
    expect(list.at(-1)!.inFeatures).toBe(2);
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    expect(list[0]!(randn([1, 3])).shape).toEqual([1, 3]);
    expect(() => new nn.ModuleList(new nn.ReLU() as never)).toThrow(
      'ModuleList: modules: expected an iterable of modules, got a ReLU; put layers into an array: new ModuleList([layer])',
    );
    expect(() => new nn.ModuleList(list as never)).toThrow(
      'got a ModuleList; put layers into an array: new ModuleList([...list])',
    );
    expect(() => list.insert(9, new nn.Linear(1, 1))).toThrow('index 9 is out of range');
  });

  it('prints like modules on one line', () => {
    const list = new nn.ModuleList([new nn.ReLU(), new nn.ReLU(), new nn.Tanh()]);
    expect(String(list)).toBe('ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)');
  });
});

describe('ModuleDict', () => {
  it('is a Map of modules, of any name', () => {
    const dict = new nn.ModuleDict({ forward: new nn.Linear(1, 2), keys: new nn.Linear(2, 1) });
    expect([...dict.keys()]).toEqual(['forward', 'keys']);
    expect(Object.keys(dict.stateDict())).toEqual([
      'forward.weight',
      'forward.bias',
      'keys.weight',
      'keys.bias',
    ]);
    expect(dict.get('forward')(ones([1])).shape).toEqual([2]);
    expect(dict.has('other')).toBe(false);
    expect(() => dict.get('other')).toThrow("no module 'other'; there are forward, keys");
    dict.set('act', new nn.Linear(1, 1));
    dict.pop('keys');
    expect([...dict].map(([name]) => name)).toEqual(['forward', 'act']);
    expect(dict.train(false).get('act').training).toBe(false);
    expect(dict.getSubmodule('act')).toBe(dict.get('act'));
    dict.clear();
    expect(dict.size).toBe(0);
  });
});

describe('ParameterList and ParameterDict', () => {
  it('turn tensors into parameters and register them', () => {
    const list = new nn.ParameterList([zeros([2, 3]), new nn.Parameter(ones([4]))]);
    expect(list[0]).toBeInstanceOf(nn.Parameter);
    expect(list.parameters()).toHaveLength(2);
    expect(list.append(ones([1])).length).toBe(3);
    expect(list.at(-1).shape).toEqual([1]);
    expect(Object.keys(list.stateDict())).toEqual(['0', '1', '2']);
    const dict = new nn.ParameterDict({ left: zeros([1]), get: ones([2]) });
    expect(dict.namedParameters().map(([name]) => name)).toEqual(['left', 'get']);
    expect(dict.get('get').toArray()).toEqual([1, 1]);
    expect(() => dict.get('x')).toThrow("no parameter 'x'");
  });

  it('of names, gives what there is or adds it, and takes out the last', () => {
    const dict = new nn.ParameterDict({ first: ones([2]) });
    expect(dict.setDefault('first', zeros([1]))).toBe(dict.get('first'));
    expect(dict.setDefault('second', zeros([1]))).toBeInstanceOf(nn.Parameter);
    expect([...dict.keys()]).toEqual(['first', 'second']);
    const second = dict.get('second');
    const [name, last] = dict.popItem();
    expect(name).toBe('second');
    expect(last).toBe(second);
    expect(Object.keys(dict.stateDict())).toEqual(['first']);
    dict.clear();
    expect(() => dict.popItem()).toThrow('ParameterDict.popItem: dictionary is empty');
    expect(() => dict.setDefault('a.b', zeros([1]))).toThrow(`can't be empty or contain "."`);
    expect(() => dict.setDefault('a', 1 as never)).toThrow('ParameterDict.setDefault');
  });
});
