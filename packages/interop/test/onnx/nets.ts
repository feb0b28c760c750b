/** The nets of the examples, and forwards as users write them. */
import {
  arange,
  cat,
  full,
  ones,
  randint,
  randn,
  type Tensor,
  tensor,
  varMean,
  where,
  zeros,
  zerosLike,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { Autoencoder } from '../../../../examples/autoencoder/model.ts';
import { CharGPT } from '../../../../examples/char/gpt.ts';
import { CharLSTM } from '../../../../examples/char/lstm.ts';
import { ConvNet } from '../../../../examples/cnn/net.ts';
import { Standardize } from '../../../../examples/iris/train.ts';
import type { Case } from './run.ts';

type Make = () => Case;

/** A model that is a function, with a linear layer to depend on. */
export class Of extends nn.Module<never[], unknown> {
  readonly linear = new nn.Linear(4, 4);
  readonly scale = this.registerBuffer('scale', tensor([1.5, 2, 0.5, 3]));
  readonly #f: (this: Of, ...x: Tensor[]) => unknown;

  constructor(f: (this: Of, ...x: Tensor[]) => unknown) {
    super();
    this.#f = f;
  }

  override forward(...x: Tensor[]): unknown {
    return this.#f.call(this, ...x);
  }
}

const codes = (n: number, length: number): Tensor => randint(0, 11, [n, length], { dtype: 'int32' });

export const examples: Readonly<Record<string, Make>> = {
  mnist: () => ({
    model: new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10)),
    inputs: (n) => [randn([n, 784])],
  }),
  cnn: () => ({ model: new ConvNet(), inputs: (n) => [randn([n, 1, 28, 28])] }),
  'char-gpt': () => ({ model: new CharGPT(11, 8, 16, 2, 4), inputs: (n) => [codes(n, 8)] }),
  'char-lstm': () => ({ model: new CharLSTM(11, 16, 2), inputs: (n) => [codes(n, 8)] }),
  autoencoder: () => ({ model: new Autoencoder([32, 16]), inputs: (n) => [randn([n, 784])] }),
  iris: () => ({
    model: new nn.Sequential(
      new Standardize(randn([20, 4])),
      new nn.Linear(4, 8),
      new nn.Tanh(),
      new nn.Linear(8, 3),
    ),
    inputs: (n) => [randn([n, 4])],
  }),
};

const of =
  (f: (this: Of, ...x: Tensor[]) => unknown, ...shapes: number[][]): Make =>
  () => ({
    model: new Of(f),
    inputs: (n) => shapes.map((shape) => randn([n, ...shape])),
  });

export const forwards: Readonly<Record<string, Make>> = {
  'sizes of the batch in shapes and numbers': of(
    (x) => [
      x.reshape([x.size(0) * 2, 2]),
      x.sum(0).div(x.size(0)),
      x.add(ones([x.size(0), 4])),
      arange(x.size(0)),
      full([x.size(0), 2], 0.5),
      x.narrow(0, 1, x.size(0) - 1),
    ],
    [4],
  ),
  'views that are written to': of(
    function (x) {
      const y = this.linear(x).clone();
      const left = y.narrow(1, 0, 2);
      left.mul_(3);
      const seen = y.relu();
      y.select(1, 3).copy_(x.select(1, 0));
      return [y, left, seen, y.t()];
    },
    [4],
  ),
  'a result that is filled step by step': of(
    (x) => {
      const out = zeros([x.size(0), 3, 4]);
      for (let t = 0; t < 3; t++) out.select(1, t).copy_(x.mul(t + 1));
      return out;
    },
    [4],
  ),
  'changes in place of a chain of views': of(
    (x) => {
      const y = x.clone();
      y.view([-1, 2, 2]).transpose(1, 2).select(1, 0).add_(10);
      y.unsqueeze(0).neg_();
      return y;
    },
    [4],
  ),
  masks: of(
    (x) => [
      where(x.gt(0), x, 0),
      x.maskedFill(x.lt(0), -1),
      x.gt(0).logicalAnd(x.lt(1)),
      x.gt(0).any(1),
      x.triu(),
      x.tril(-1),
    ],
    [4],
  ),
  indices: of(
    (x) => [
      x.index(':', tensor([2, 0, 2])),
      x.indexSelect(1, tensor([3, 1])),
      x.gather(1, x.argsort(1)),
      x.topk(2),
      x.sort(1, { descending: true }),
      x.argmax(1),
      x.max(1),
      x.cumsum(1),
    ],
    [4],
  ),
  'numbers and statistics': of(
    (x) => [
      x.mean(),
      x.std(1),
      varMean(x, 1),
      x.norm(),
      x.logsumexp(1),
      x.rsub(1),
      x.pow(2).sqrt(),
      x.floorDivide(0.5),
      x.remainder(0.7),
      x.abs().log1p(),
    ],
    [4],
  ),
  dtypes: of(
    (x) => [
      x.to('float64').mul(2),
      x.mul(3).to('int32').add(1),
      x.gt(0).to('int32').sum(1),
      x.gt(0).sum(),
      x.abs().to('uint8'),
      x.gt(0).to('float32').mul(2),
    ],
    [4],
  ),
  'a dictionary, lists in it, and a value twice': of(
    (x) => {
      const y = x.exp();
      return { probabilities: y, parts: [x, y], same: y };
    },
    [4],
  ),
  'several inputs': of((a, b) => cat([a, b.mul(a).sum(1, { keepdim: true })], 1), [4], [4]),
  functions: of(
    function (x) {
      return F.layerNorm(F.gelu(F.linear(x, this.linear.weight, this.linear.bias)), [4]).mul(this.scale);
    },
    [4],
  ),
  'einsum, matmul and products of batches': of(
    (x) => {
      const y = x.unsqueeze(2).matmul(x.unsqueeze(1));
      return [y, x.matmul(tensor([1, 2, 3, 4]).to('float32')), zerosLike(y).baddbmm(y, y)];
    },
    [4],
  ),
};

/** Losses in a forward, with the options that change their form. */
export const losses: Readonly<Record<string, Make>> = {};
