/** What stands in a module and is not called, or is listed only, may be changed between calls like all else. */
import { clipGradNorm_, noGrad, rand, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { expectSameBits } from '../../core/test/support/compiled.ts';

/** Goes through lists that it does not call, and uses the weight of a layer alone. */
class Net extends nn.Module<[Tensor], Tensor> {
  blocks = new nn.ModuleList([new nn.Linear(2, 2), new nn.Tanh()]);
  // A property cannot have this name.
  named = new nn.ModuleDict({ forward: new nn.Linear(2, 2) as nn.Module });
  scales = new nn.ParameterList([randn([2])]);
  head = new nn.Linear(2, 2);

  override forward(x: Tensor): Tensor {
    let y = x;
    for (const block of this.blocks) y = (block as nn.Linear)(y);
    for (const scale of this.scales) y = y.mul(scale);
    return nn.F.linear((this.named.get('forward') as nn.Linear)(y), this.head.weight);
  }
}

const changes: Readonly<Record<string, (net: Net) => unknown>> = {
  'a list that grows': (net) => net.blocks.append(new nn.Sigmoid()),
  'another module in a list': (net) => Object.assign(net.blocks, { 0: new nn.Sigmoid() }),
  'another module by a name that properties cannot have': (net) => net.named.set('forward', new nn.Sigmoid()),
  'another parameter in a list': (net) => Object.assign(net.scales, { 0: new nn.Parameter(randn([2])) }),
  'another weight of a layer that is not called': (net) =>
    Object.assign(net.head, { weight: new nn.Parameter(randn([2, 2])) }),
};

describe('a program is told of', () => {
  it.each(Object.entries(changes))('%s', (_, change) => {
    const fn = expectSameBits(() => {
      const net = new Net();
      return {
        call: (x: Tensor) => noGrad(() => net(x)),
        argumentsOf: (call) => {
          if (call === 4) change(net);
          return [randn([3, 2])];
        },
      };
    }, 8);
    expect(fn.programs).toHaveLength(2);
  });

  it.each<[string, (net: nn.AnyModule) => unknown]>([
    ['parameters', (net) => net.parameters()],
    ['state', (net) => net.stateDict()],
    ['modules', (net) => net.modules()],
    ['mode', (net) => net.eval()],
  ])('another part of a model that is not called, once it was gone through for its %s', (_, goThrough) => {
    const fn = expectSameBits(() => {
      const net = new Net();
      goThrough(net);
      return {
        call: (x: Tensor) => noGrad(() => net.head(x)),
        argumentsOf: (call) => {
          if (call === 4) net.head = new nn.Linear(2, 2);
          return [randn([3, 2])];
        },
      };
    }, 8);
    expect(fn.programs).toHaveLength(2);
  });

  it.each<[string, (net: Net) => unknown, (x: Tensor, net: Net) => Tensor]>([
    [
      'another module in a list of its own',
      (net) => net.blocks.append(new nn.Sigmoid()),
      (x, { blocks }) => [...(blocks as unknown as nn.Linear[])].reduce((y, block) => block(y), x),
    ],
    [
      'another parameter in a list of its own',
      (net) => net.scales.append(new nn.Parameter(randn([2]))),
      (x, { scales }) => [...scales].reduce((y, scale) => y.mul(scale), x),
    ],
    [
      'another module in a dictionary of its own',
      (net) => net.named.set('last', new nn.Sigmoid()),
      (x, { named }) => [...named.values()].reduce((y, layer) => (layer as nn.Linear)(y), x),
    ],
  ])('%s, which nothing holds that is called', (_, change, use) => {
    const fn = expectSameBits(() => {
      const net = new Net();
      return {
        call: (x: Tensor) => noGrad(() => use(x, net)),
        argumentsOf: (call) => {
          if (call === 4) change(net);
          return [randn([3, 2])];
        },
      };
    }, 8);
    expect(fn.programs).toHaveLength(2);
  });

  it('another buffer or parameter of a model that is averaged', () => {
    const fn = expectSameBits(() => {
      const model = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
      const averaged = new nn.swaUtils.AveragedModel(model);
      return {
        call: () => averaged.updateParameters(model),
        argumentsOf: (call) => {
          noGrad(() => model.parameters()[0]?.mul_(0.5));
          if (call === 4) Object.assign(model[1] as object, { runningVar: rand([2]) });
          if (call === 7) Object.assign(model[0] as object, { bias: new nn.Parameter(randn([2])) });
          return [];
        },
        state: () => [...averaged.parameters(), ...averaged.buffers()],
      };
    }, 10);
    expect(fn.programs).toHaveLength(3);
  });

  it.each<[string, () => Tensor]>([
    ['parameter', () => new nn.Parameter(randn([2]))],
    ['buffer', () => randn([2])],
  ])('another %s of a layer that is listed, not called, before and used outside of it', (kind, make) => {
    const fn = expectSameBits(() => {
      const layers = new nn.Sequential(new nn.BatchNorm1d(2));
      const [norm] = layers as unknown as [nn.BatchNorm1d];
      const listed = [...layers.parameters(), ...layers.buffers()];
      return {
        call: (x: Tensor) => noGrad(() => x.mul(norm.weight as Tensor).add(norm.runningMean as Tensor)),
        argumentsOf: (call) => {
          if (call === 4) Object.assign(norm, { [kind === 'buffer' ? 'runningMean' : 'weight']: make() });
          return [randn([3, 2])];
        },
        state: () => listed,
      };
    }, 8);
    expect(fn.programs).toHaveLength(2);
  });

  const clipped: readonly [string, (model: nn.Linear, p: nn.Parameter) => unknown][] = [
    ['another parameter', (model, p) => Object.assign(model, { weight: p })],
    ['one more parameter', (model, p) => Object.assign(model, { gain: p })],
    [
      'one more parameter, defined',
      (model, p) => Object.defineProperty(model, 'gain', { value: p, enumerable: true }),
    ],
  ];
  it.each(clipped)('%s of a model whose gradients are clipped', (_, change) => {
    const fn = expectSameBits(() => {
      const model = new nn.Linear(2, 2);
      return {
        call: () => clipGradNorm_(model.parameters(), 0.5),
        argumentsOf: (call) => {
          if (call === 4) change(model, new nn.Parameter(randn([2, 2])));
          for (const p of model.parameters()) p.grad = randn(p.shape);
          return [];
        },
        state: () => model.parameters().map(({ grad }) => grad),
      };
    }, 8);
    expect(fn.programs).toHaveLength(2);
  });
});
