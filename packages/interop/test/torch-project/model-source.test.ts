import {
  arange,
  autograd,
  manualSeed,
  noGrad,
  ones,
  randint,
  randn,
  type Tensor,
  tensor,
  tril,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { ExportError } from '../../src/errors.ts';
import { type ModelSource, type ModelStep, writeModel } from '../../src/torch-project/model-source.ts';

const mse = new nn.MSELoss() as unknown as ModelStep['loss'];

/** The Python of a model with a loss. */
const write = (
  model: unknown,
  inputs: Tensor[],
  loss: unknown = mse,
  targets: Tensor[] = [randn([4, 3])],
): ModelSource =>
  writeModel({ model: model as ModelStep['model'], inputs, loss: loss as ModelStep['loss'], targets });
/** Without the lines of the test, which move. */
const plain = (text: string): string =>
  text.replace(/ {2}# model-source\.test\.ts:\d+$/gm, '').replace(/^ *# model-source\.test\.ts:\d+\n/gm, '');
const model = (net: unknown, ...inputs: Tensor[]): string => plain(write(net, inputs)['model.py']);

class Of extends nn.Module<Tensor[], unknown> {
  readonly #f: (this: Of, ...x: Tensor[]) => unknown;
  constructor(f: (this: Of, ...x: Tensor[]) => unknown) {
    super();
    this.#f = f;
  }
  override forward(...x: Tensor[]): unknown {
    return this.#f(...x);
  }
}

class Block extends nn.Module {
  fc: nn.Linear;
  norm: nn.LayerNorm;
  readonly slope: number;
  constructor(width: number, slope: number) {
    super();
    this.slope = slope;
    this.fc = new nn.Linear(width, width, { bias: false });
    this.norm = new nn.LayerNorm(width, { eps: 1e-6 });
  }
  override forward(x: Tensor): Tensor {
    return F.leakyRelu(this.norm(this.fc(x)), { negativeSlope: this.slope }).add(x);
  }
}

class Words extends nn.Module {
  out = new nn.Linear(4, 7);
  override forward(x: Tensor): Tensor {
    return this.out(x).reshape([-1, 7]);
  }
}

describe('loss.py', () => {
  it('is of what the model gives of a batch, which may be more rows than samples', () => {
    const loss = (logits: Tensor, target: Tensor): Tensor => F.crossEntropy(logits, target.reshape([-1]));
    const { 'loss.py': text } = write(new Words(), [randn([16, 3, 4])], loss, [randint(7, [16, 3])]);
    expect(text).toContain('target.reshape(-1)');
    expect(text).not.toMatch(/48|\* 3/);
  });

  it('leaves the statistics of the model as they were', () => {
    const net = new nn.Sequential(new nn.Linear(4, 3), new nn.BatchNorm1d(3));
    const before = JSON.stringify(net.stateDict());
    write(net, [randn([8, 4])], (y: Tensor, t: Tensor) => y.sub(t).square().mean(), [randn([8, 3])]);
    expect(JSON.stringify(net.stateDict())).toBe(before);
  });
});

describe('model.py', () => {
  it('has one class for each of the user’s, with the numbers in which instances differ as parameters', () => {
    class Net extends nn.Module {
      first = new Block(3, 0.1);
      second = new Block(3, 0.2);
      wide = new nn.Linear(3, 3);
      override forward(x: Tensor): Tensor {
        return this.wide(this.second(this.first(x))).tanh();
      }
    }
    expect(model(new Net(), randn([4, 3]))).toBe(`"""The model Net, as it was written for Kindling."""

import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, slope):
        super().__init__()
        self.slope = slope
        self.fc = nn.Linear(3, 3, bias=False)
        self.norm = nn.LayerNorm(3, eps=1e-06)

    def forward(self, x: Tensor):
        fc = self.fc(x)
        fc = self.norm(fc)
        fc = F.leaky_relu(fc, negative_slope=self.slope)
        return fc + x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block(0.1)
        self.second = Block(0.2)
        self.wide = nn.Linear(3, 3)

    def forward(self, x: Tensor):
        x = self.first(x)
        x = self.second(x)
        x = self.wide(x)
        return x.tanh()
`);
  });

  it('names the user’s lines', () => {
    const text = write(new Of((x) => x.exp()), [randn([4, 3])], (y: Tensor, t: Tensor) => F.mseLoss(y, t))[
      'model.py'
    ];
    expect(text).toMatch(/return x\.exp\(\) {2}# model-source\.test\.ts:\d+\n/);
  });

  it('extends containers, keeps names, and writes alike parts once', () => {
    const named = new nn.Sequential({ fc: new nn.Linear(3, 3), act: new nn.Softplus({ beta: 2 }) });
    expect(model(named, randn([4, 3]))).toContain(`class Model(nn.Sequential):
    def __init__(self):
        super().__init__(
            OrderedDict([("fc", nn.Linear(3, 3)), ("act", nn.Softplus(beta=2))])
        )
`);
    class Deep extends nn.Module {
      layers = new nn.ModuleList(Array.from({ length: 4 }, () => new nn.Linear(3, 3)));
      heads = new nn.ModuleDict({ mean: new nn.Linear(3, 3) });
      override forward(x: Tensor): Tensor {
        for (const layer of this.layers) x = layer(x);
        return this.heads.get('mean')(x);
      }
    }
    const text = model(new Deep(), randn([4, 3]));
    expect(text).toContain('self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])');
    expect(text).toContain('return self.heads["mean"](x)');
  });

  it('has parameters, buffers, what is tied and what is not trained', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(3, 3);
      b = new nn.Linear(3, 3, { bias: false });
      scale = new nn.Parameter(ones(3));
      mask = this.registerBuffer('mask', tril(ones([3, 3])), { persistent: false });
      count = this.registerBuffer('count', tensor(3));
      constructor() {
        super();
        this.b.weight = this.a.weight;
        (this.a.bias as nn.Parameter).requiresGrad = false;
      }
      override forward(x: Tensor): Tensor {
        return this.b(this.a(x)).mul(this.scale).matmul(this.mask).div(this.count);
      }
    }
    expect(model(new Tied(), randn([4, 3]))).toContain(`        self.scale = nn.Parameter(torch.empty(3))
        self.register_buffer("mask", torch.full((3, 3), 1.0).tril(), persistent=False)
        self.register_buffer("count", torch.empty((), dtype=torch.int64))
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3, bias=False)
        self.b.weight = self.a.weight
        self.a.bias.requires_grad_(False)
`);
  });

  it('has what stands in a Sequential twice in both places, which it finds by position', () => {
    const act = new nn.Tanh();
    const twice = model(new nn.Sequential(new nn.Linear(3, 3), act, new nn.Linear(3, 3), act), randn([4, 3]));
    expect(twice).toContain('super().__init__(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3), nn.Tanh())');
    expect(twice).toContain('self[3] = self[1]');
    const tail = new nn.Sequential(act, new nn.Linear(3, 3), act, act).slice(1);
    const named = model(tail, randn([4, 3]));
    expect(named).toContain('[("1", nn.Linear(3, 3)), ("2", nn.Tanh()), ("3", nn.Tanh())]');
    expect(named).toContain('self[2] = self[1]');
  });

  it('follows the batch, and says where a tensor is made', () => {
    const text = model(
      new Of((x) =>
        x
          .reshape(x.shape[0] as number, 3, 1)
          .add(arange(x.shape[0] as number).reshape(-1, 1, 1))
          .reshape(-1, 3),
      ),
      randn([4, 3]),
    );
    expect(text).toContain('x.reshape(x.shape[0], 3, 1)');
    expect(text).toContain('torch.arange(x.shape[0], device=x.device)');
  });

  it('takes several results apart and puts them together', () => {
    const text = model(
      new Of((x, y) => {
        const { values, indices } = x.topk(2);
        const [, second] = y.chunk(2, 1) as [Tensor, Tensor];
        return { best: [values, indices], second };
      }),
      randn([4, 3]),
      randn([4, 6]),
    ).replace(/.*def forward/s, '');
    expect(text).toContain('values, indices = x.topk(2)');
    expect(text).toContain('_, chunk2 = x2.chunk(2, 1)');
    expect(text).toContain('return {"best": (values, indices), "second": chunk2}');
  }, 20_000);

  it('keeps what has no gradient without one', () => {
    expect(
      model(new Of((x) => noGrad(() => x.mul(2).exp()).add(x)), randn([4, 3])),
    ).toContain(`    def forward(self, x: Tensor):
        with torch.no_grad():
            product = x * 2
            product = product.exp()
        return product + x
`);
  });

  it('writes what follows the mode by the mode', () => {
    class Drops extends nn.Module {
      override forward(x: Tensor): Tensor {
        return F.dropout(x, { p: 0.3, training: this.training }).exp();
      }
    }
    expect(model(new Drops(), randn([4, 3]))).toContain('x = F.dropout(x, p=0.3, training=self.training)');
    class Other extends nn.Module {
      override forward(x: Tensor): Tensor {
        return this.training ? x.exp() : x.neg();
      }
    }
    expect(model(new Other(), randn([4, 3]))).toContain(
      '        if self.training:\n            return x.exp()\n        return -x\n',
    );
  });
});

describe('loss.py', () => {
  const net = new Of((x) => x.mul(2));

  it('has PyTorch’s losses by name, and their weights as state', () => {
    const classes = randint(0, 3, [4]);
    const weighted = new nn.CrossEntropyLoss({ weight: tensor([1, 2, 3.5]), labelSmoothing: 0.1 });
    const { 'loss.py': text, lossIsModule, lossState } = write(net, [randn([4, 3])], weighted, [classes]);
    expect(text).toBe(`"""The loss: PyTorch has it."""

import torch
from torch import nn

loss_fn = nn.CrossEntropyLoss(weight=torch.ones(3), label_smoothing=0.1)
`);
    expect([lossIsModule, Object.keys(lossState)]).toEqual([true, ['weight']]);
  });

  it('has losses of the user’s, and those beyond PyTorch, as functions', () => {
    const custom = (output: Tensor, target: Tensor): Tensor =>
      output.sub(target).abs().mean().add(F.mseLoss(output, target));
    expect(
      plain(write(net, [randn([4, 3])], custom)['loss.py']),
    ).toContain(`def loss_fn(output: Tensor, target: Tensor) -> Tensor:
    difference = output - target
    difference = difference.abs()
    difference = difference.mean()
    output = F.mse_loss(output, target)
    return difference + output
`);
    const quantile = write(net, [randn([4, 3])], new nn.CharbonnierLoss());
    expect(quantile['loss.py']).toMatch(/def loss_fn\(output: Tensor, target: Tensor\) -> Tensor:/);
    expect(quantile.lossIsModule).toBe(false);
  });

  it('has a loss with state as a class', () => {
    const source = write(net, [randn([4, 3])], new nn.CosFaceLoss(3, 5), [randint(0, 5, [4])]);
    expect(source['loss.py']).toContain('class CosFaceLoss(nn.Module):');
    expect(source['loss.py']).toMatch(/\n\n\nloss_fn = CosFaceLoss\(\)\n$/);
    expect(Object.keys(source.lossState)).toEqual(['weight']);
  });
});

describe('what cannot be written', () => {
  it('is an error with the operation, the line, and a way round', () => {
    manualSeed(1);
    const table = randn([9, 3]);
    expect(() => write(new Of((x) => x.add(table.sum(0)).mul(x)), [randn([4, 3])])).toThrow(
      /sum \(model-source\.test\.ts:\d+\): a constant of shape \[9, 3\].*registerBuffer/,
    );
    expect(() => write(new Of((x) => (x.sum().item() > 0 ? x : x.neg())), [randn([4, 3])])).toThrow(
      ExportError,
    );
    const doubled = autograd.defineFunction({
      name: 'Doubled',
      forward: (_, x: Tensor) => x.mul(2),
      backward: (_, g) => [g as Tensor],
    });
    expect(() => write(new Of((x) => doubled(x)), [randn([4, 3])])).toThrow(/autograd\.Function.*derivative/);
    class Ways extends nn.Module {
      fc = new Of((x, y) => (y === undefined ? x.exp() : x.add(y)));
      override forward(x: Tensor): Tensor {
        return (this.fc as unknown as (...given: Tensor[]) => Tensor)(
          (this.fc as unknown as (x: Tensor) => Tensor)(x),
          x,
        );
      }
    }
    expect(() => write(new Ways(), [randn([4, 3])])).toThrow(/called in different ways/);
  });
});
