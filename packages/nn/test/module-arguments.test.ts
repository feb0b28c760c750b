/** What the methods of modules take: all else is refused by class and method, and leaves the module as it was. */
import { KindlingError, ones, type Tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

class Net extends nn.Module<[Tensor], Tensor> {
  layer = new nn.Linear(2, 1);
  total = this.registerBuffer('total', zeros([2]));
  override forward(x: Tensor): Tensor {
    return this.layer(x);
  }
}

const hook = (): undefined => undefined;

/** Arguments that fit each method, and the least of each that is checked. */
const methods: Readonly<Record<string, () => unknown[]>> = {
  parameters: () => [{ recurse: true }],
  buffers: () => [{ recurse: true }],
  namedParameters: () => [{ prefix: 'a', recurse: true, removeDuplicate: true }],
  namedBuffers: () => [{ prefix: 'a', recurse: true, removeDuplicate: true }],
  namedModules: () => [{ prefix: 'a', removeDuplicate: true }],
  getSubmodule: () => ['layer'],
  getParameter: () => ['layer.weight'],
  getBuffer: () => ['total'],
  train: () => [true],
  requiresGrad_: () => [true],
  zeroGrad: () => [{ setToNone: true }],
  apply: () => [hook],
  to: () => ['float32'],
  registerBuffer: () => ['more', ones([1]), { persistent: true }],
  registerParameter: () => ['more', new nn.Parameter(ones([1]))],
  registerModule: () => ['more', new nn.ReLU()],
  stateDict: () => [{ prefix: 'a.', keepVars: true }],
  loadStateDict: () => [new Net().stateDict(), { strict: true }],
  registerForwardPreHook: () => [hook, { prepend: true }],
  registerForwardHook: () => [hook, { prepend: true }],
  registerFullBackwardHook: () => [hook, { prepend: true }],
};

const isOptions = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

describe.each(Object.entries(methods))('Module.%s', (name, args) => {
  const run = (net: nn.AnyModule, given: unknown[]): unknown =>
    (net as unknown as Record<string, (...given: unknown[]) => unknown>)[name]?.(...given);
  const refused = (given: unknown[]): void => {
    const net = new Net();
    const before = Object.keys(net);
    expect(() => run(net, given)).toThrow(KindlingError);
    expect(() => run(net, given)).toThrow(new RegExp(`^(Net\\.${name}|Net|nn\\.Module\\.${name}|${name}): `));
    expect(Object.keys(net)).toEqual(before);
  };

  it('takes what it is for', () => {
    expect(() => run(new Net(), args())).not.toThrow();
  });

  it('refuses what is none of it, in each place', () => {
    args().forEach((_, i) => {
      for (const wrong of [Symbol('wrong'), 0.5]) {
        const given = args();
        given[i] = wrong;
        refused(given);
      }
    });
  });

  it('refuses options that it does not know, and values that an option cannot have', () => {
    args().forEach((options, i) => {
      if (!isOptions(options) || i !== args().length - 1) return;
      const changed = (change: Record<string, unknown>): unknown[] => [
        ...args().slice(0, i),
        { ...options, ...change },
      ];
      refused(changed({ mutant: 1 }));
      for (const option of Object.keys(options)) refused(changed({ [option]: 5 }));
    });
  });
});

describe('names of what is registered', () => {
  const kinds: readonly [string, (net: Net, name: string) => unknown][] = [
    ['buffer', (net, name) => net.registerBuffer(name, ones([1]))],
    ['parameter', (net, name) => net.registerParameter(name, new nn.Parameter(ones([1])))],
    ['module', (net, name) => net.registerModule(name, new nn.ReLU())],
    ['module', (net, name) => net.addModule(name, new nn.ReLU())],
  ];
  it.each(kinds)('of a %s are not empty, have no dot, and are free or of its kind', (kind, register) => {
    const caller = `Net.register${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    const taking = (name: string) => () => register(new Net(), name);
    expect(taking('')).toThrow(`${caller}: ${kind} name can't be empty string ""`);
    expect(taking('a.b')).toThrow(`${caller}: ${kind} name can't contain ".", got: a.b`);
    for (const [other, name] of [
      ['buffer', 'total'],
      ['module', 'layer'],
      ['method', 'forward'],
      ['flag', 'training'],
    ]) {
      if (other === kind) expect(taking(name as string)).not.toThrow();
      else expect(taking(name as string)).toThrow(`${caller}: attribute '${name}' already exists`);
    }
    // What is null is free, and one of its kind is replaced.
    const net = new Net();
    (net as unknown as Record<string, unknown>).later = null;
    expect(register(net, 'later')).toBe((net as unknown as Record<string, unknown>).later);
    const again = register(net, 'later');
    expect((net as unknown as Record<string, unknown>).later).toBe(again);
  });

  it('of each kind take null, and say what came else', () => {
    const net = new Net();
    expect(net.registerBuffer('a', null)).toBeNull();
    expect(net.registerParameter('b', null)).toBeNull();
    expect(net.registerModule('c', null)).toBeNull();
    expect([net.namedParameters(), net.namedBuffers(), net.namedChildren()].map((all) => all.length)).toEqual(
      [2, 1, 1],
    );
    const date = new Date(0) as never;
    expect(() => net.registerBuffer('d', date)).toThrow(
      "Net.registerBuffer: cannot assign an instance of Date to buffer 'd' (Tensor or null required)",
    );
    expect(() => net.registerParameter('d', ones([1]) as never)).toThrow(
      "Net.registerParameter: cannot assign a Tensor of shape [1] to parameter 'd' (nn.Parameter or null required)",
    );
    expect(() => net.registerModule('d', Object.create(null) as never)).toThrow(
      'Net: an empty object is not a Module subclass',
    );
    expect(() => net.registerModule('d', 'text' as never)).toThrow('Net: "text" is not a Module subclass');
    expect('d' in net).toBe(false);
  });
});
