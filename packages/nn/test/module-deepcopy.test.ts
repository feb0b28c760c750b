/** What copies of modules have of their own, and what they share. */
import { noGrad, ones, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';

/** No part of a module. */
class Own {
  year = 2;
}

class Net extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(2, 2);
  tied = this.first;
  frozen = new nn.Parameter(ones([2]), { requiresGrad: false });
  total = this.registerBuffer('total', zeros([2]));
  scratch = this.registerBuffer('scratch', zeros([1]), { persistent: false });
  list = [this.first, 1, ones([1])] as const;
  map = new Map<unknown, unknown>([['weight', this.first.weight]]);
  set = new Set<unknown>([this.frozen, 'text']);
  options = { deep: { list: [1, 2] }, nothing: null };
  date = new Own();
  count = 3;
  act = (x: Tensor): Tensor => x.mul(2);
  override forward(x: Tensor): Tensor {
    return this.act(this.first(x));
  }
}

describe('deepcopy', () => {
  it('has the same values in memory of its own', () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    expect(copy).toBeInstanceOf(Net);
    const [state, copied] = [net, copy].map((m) => Object.entries(m.stateDict()));
    expect(copied?.map(([name, x]) => [name, x.tolist()])).toEqual(
      state?.map(([name, x]) => [name, x.tolist()]),
    );
    noGrad(() => {
      for (const x of [...copy.parameters(), ...copy.buffers()]) x.add_(1);
    });
    net.namedParameters().forEach(([name, p]) => {
      expect(copy.getParameter(name) === p).toBe(false);
      expect(copy.getParameter(name).tolist()).toEqual(p.add(1).tolist());
    });
    expect(net.buffers().map((b) => b.sum().item())).toEqual([0, 0]);
    expect(copy(ones([1, 2])).equal(net(ones([1, 2])))).toBe(false);
  });

  it('keeps which parameters are learned, which buffers are saved, and the flag training', () => {
    const net = new Net().eval();
    const copy = nn.deepcopy(net);
    expect(copy.namedParameters().map(([name, p]) => [name, p.requiresGrad])).toEqual(
      net.namedParameters().map(([name, p]) => [name, p.requiresGrad]),
    );
    expect(copy.frozen.requiresGrad).toBe(false);
    expect(copy.namedBuffers().map(([name]) => name)).toEqual(['total', 'scratch']);
    expect(Object.keys(copy.stateDict())).not.toContain('scratch');
    expect([copy.training, copy.first.training]).toEqual([false, false]);
  });

  it('has what stands there twice twice, in lists, Maps, Sets and objects too', () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    expect(copy.tied).toBe(copy.first);
    expect(copy.list[0]).toBe(copy.first);
    expect(copy.map.get('weight') === copy.first.weight).toBe(true);
    expect([...copy.set].map((x) => [x === copy.frozen, x === 'text'])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(copy.list[2] === net.list[2]).toBe(false);
    expect(copy.list[2].tolist()).toEqual([1]);
    expect(copy.options).toEqual(net.options);
    expect(copy.options.deep.list).not.toBe(net.options.deep.list);
  });

  it('shares functions and objects of other classes', () => {
    const net = new Net();
    const copy = nn.deepcopy(net);
    expect([copy.act === net.act, copy.date === net.date, copy.count]).toEqual([true, true, 3]);
  });

  it('has no gradients, and is no part of the graph of what it was copied from', () => {
    const net = new Net();
    net(ones([1, 2]))
      .sum()
      .backward();
    const copy = nn.deepcopy(net);
    expect(copy.parameters().map((p) => p.grad)).toEqual([null, null, null]);
    copy(ones([1, 2]))
      .sum()
      .backward();
    expect(copy.first.weight.grad?.equal(net.first.weight.grad as Tensor)).toBe(true);
    expect(copy.first.weight.grad === net.first.weight.grad).toBe(false);
  });

  it('of a tensor that is learned without being a parameter is learned too', () => {
    class Learning extends nn.Module<[Tensor], Tensor> {
      w = tensor([1.5, 2], { requiresGrad: true });
      made = this.w.mul(2);
      override forward(x: Tensor): Tensor {
        return x.mul(this.w);
      }
    }
    const net = new Learning();
    const copy = nn.deepcopy(net);
    expect([copy.w.requiresGrad, copy.w.isLeaf, copy.made.requiresGrad]).toEqual([true, true, false]);
    copy(ones([2]))
      .sum()
      .backward();
    expect([net.w.grad, copy.w.grad?.tolist()]).toEqual([null, [1, 1]]);
  });

  it('has the hooks of each module, which come and go in each alone', () => {
    const net = new Net();
    const log: string[] = [];
    const handles = [
      net.registerForwardPreHook((module) => void log.push(`pre ${module === net}`)),
      net.registerForwardHook((module) => void log.push(`forward ${module === net}`)),
      net.registerFullBackwardHook((module) => void log.push(`backward ${module === net}`)),
    ];
    const copy = nn.deepcopy(net);
    for (const handle of handles) handle.remove();
    const run = (module: Net): string[] => {
      log.length = 0;
      module(ones([1, 2]))
        .sum()
        .backward();
      return [...log];
    };
    expect(run(net)).toEqual([]);
    expect(run(copy)).toEqual(['pre false', 'forward false', 'backward false']);
    copy.registerForwardHook(() => void log.push('of the copy'));
    expect(run(net)).toEqual([]);
  });

  it('of containers has modules of its own, in their order', () => {
    const model = new nn.Sequential(new nn.Linear(1, 1), new nn.ReLU());
    const copy = nn.deepcopy(model);
    copy.append(new nn.Tanh());
    expect([model.length, copy.length]).toEqual([2, 3]);
    expect(copy[0]).not.toBe(model[0]);
    expect(String(copy)).toContain('(2): Tanh()');
    const dict = new nn.ModuleDict({ a: new nn.Linear(1, 1) });
    const other = nn.deepcopy(dict);
    expect(other.get('a')).not.toBe(dict.get('a'));
    expect(Object.keys(other.stateDict())).toEqual(['a.weight', 'a.bias']);
  });

  it('refuses what is no module', () => {
    for (const wrong of [undefined, null, 3, {}, () => 1, ones([1])])
      expect(() => nn.deepcopy(wrong as never)).toThrow(/^deepcopy: module: expected a module such as/);
  });
});

describe('to', () => {
  it('leaves a graph that was recorded before without what it saved', () => {
    const net = new nn.Linear(2, 1);
    const loss = net(ones([1, 2], { requiresGrad: true })).sum();
    net.double();
    expect(() => loss.backward()).toThrow(/modified by an inplace operation/);
    const kept = net(ones([1, 2], { dtype: 'float64', requiresGrad: true })).sum();
    net.double();
    expect(() => kept.backward()).not.toThrow();
  });

  it('leaves a frozen parameter alone, with an error', () => {
    const net = new nn.Linear(2, 1);
    Object.freeze(net.weight);
    expect(() => net.double()).toThrow(/^Module\.to: /);
    expect(net.weight.dtype).toBe('float32');
    expect(() => net.float()).not.toThrow();
  });
});
