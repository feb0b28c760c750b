/**
 * Models as users write them, with their losses, as model.py and loss.py; `user_models.py` runs them in PyTorch.
 * Usage: tsx tools/interop/user-models.ts out
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  arange,
  cat,
  linalg,
  manualSeed,
  noGrad,
  ones,
  randint,
  randn,
  Tensor,
  tensor,
  tril,
  zeros,
} from '../../packages/core/src/index.ts';
import { saveSafetensors } from '../../packages/core/src/node/index.ts';
import { type ModelStep, writeModel } from '../../packages/interop/src/torch-project/model-source.ts';
import * as nn from '../../packages/nn/src/index.ts';

const { F } = nn;
const [out = 'out'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
manualSeed(4);

class SelfAttention extends nn.Module<[q: Tensor, k: Tensor, v: Tensor], Tensor> {
  query: nn.Linear;
  key: nn.Linear;
  value: nn.Linear;
  out: nn.Linear;
  readonly heads: number;
  constructor(width: number, heads: number) {
    super();
    this.heads = heads;
    this.query = new nn.Linear(width, width, { bias: false });
    this.key = new nn.Linear(width, width, { bias: false });
    this.value = new nn.Linear(width, width, { bias: false });
    this.out = new nn.Linear(width, width);
  }
  split(x: Tensor): Tensor {
    const [b = 0, t = 0, c = 0] = x.shape;
    return x.reshape(b, t, this.heads, c / this.heads).transpose(1, 2);
  }
  override forward(q: Tensor, k: Tensor, v: Tensor): Tensor {
    const y = F.scaledDotProductAttention(
      this.split(this.query(q)),
      this.split(this.key(k)),
      this.split(this.value(v)),
      { isCausal: true },
    );
    const [b = 0, , t = 0] = y.shape;
    return this.out(y.transpose(1, 2).reshape(b, t, -1));
  }
}
class Block extends nn.Module {
  attention: SelfAttention;
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  mlp: nn.Sequential;
  constructor(width: number, heads: number) {
    super();
    this.attention = new SelfAttention(width, heads);
    this.norm1 = new nn.LayerNorm(width);
    this.norm2 = new nn.LayerNorm(width);
    this.mlp = new nn.Sequential(
      new nn.Linear(width, 4 * width),
      new nn.GELU(),
      new nn.Linear(4 * width, width),
    );
  }
  override forward(x: Tensor): Tensor {
    const h = this.norm1(x);
    const y = x.add(this.attention(h, h, h));
    return y.add(this.mlp(this.norm2(y)));
  }
}
class Gpt extends nn.Module {
  tokens = new nn.Embedding(11, 8);
  places = new nn.Parameter(randn([6, 8]));
  blocks = new nn.ModuleList([new Block(8, 2), new Block(8, 2), new Block(8, 4)]);
  head = new nn.Linear(8, 11, { bias: false });
  constructor() {
    super();
    this.head.weight = this.tokens.weight;
  }
  override forward(ids: Tensor): Tensor {
    let x = this.tokens(ids).add(this.places);
    for (const block of this.blocks) x = block(x);
    return this.head(x);
  }
}
class Residual extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  down: nn.Sequential | null;
  constructor(inside: number, outside: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(inside, outside, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(outside);
    this.conv2 = new nn.Conv2d(outside, outside, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(outside);
    this.down =
      stride === 1 && inside === outside
        ? null
        : new nn.Sequential(
            new nn.Conv2d(inside, outside, 1, { stride, bias: false }),
            new nn.BatchNorm2d(outside),
          );
  }
  override forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(F.relu(this.bn1(this.conv1(x)), { inplace: true })));
    return F.relu(y.add(this.down === null ? x : this.down(x)));
  }
}
class ResNet extends nn.Module {
  stem = new nn.Conv2d(3, 4, 3, { padding: 1 });
  layers = new nn.Sequential(
    new Residual(4, 4, 1),
    new Residual(4, 8, 2),
    new Residual(8, 8, 1),
    new Residual(8, 16, 2),
  );
  pool = new nn.AdaptiveAvgPool2d(1);
  fc = new nn.Linear(16, 5);
  override forward(x: Tensor): Tensor {
    return this.fc(this.pool(this.layers(this.stem(x))).flatten(1));
  }
}
class Rnn extends nn.Module<[x: Tensor, h?: Tensor], { logits: Tensor; h: Tensor }> {
  gru = new nn.GRU(3, 6, { numLayers: 2, batchFirst: true });
  fc = new nn.Linear(6, 4);
  override forward(x: Tensor, h?: Tensor): { logits: Tensor; h: Tensor } {
    const [y, last] = this.gru(x, h ?? zeros([2, x.shape[0] as number, 6])) as [Tensor, Tensor];
    return { logits: this.fc(y.index(':', -1)), h: last };
  }
}
class Vae extends nn.Module<[Tensor], [Tensor, Tensor, Tensor]> {
  encoder = new nn.Sequential({ hidden: new nn.Linear(8, 6), act: new nn.SiLU(), out: new nn.Linear(6, 4) });
  decoder = new nn.Sequential(new nn.Linear(2, 6), new nn.ELU({ alpha: 0.5 }), new nn.Linear(6, 8));
  override forward(x: Tensor): [Tensor, Tensor, Tensor] {
    const [mean, logVar] = this.encoder(x).chunk(2, 1) as [Tensor, Tensor];
    const z = mean.add(logVar.mul(0.5).exp().mul(mean.tanh()));
    return [this.decoder(z), mean, logVar];
  }
}
class Masked extends nn.Module<[x: Tensor, options: { mask: Tensor }], Tensor> {
  mask = this.registerBuffer('mask', tril(ones([5, 5])), { persistent: false });
  scale = this.registerBuffer('scale', tensor(2.5));
  w = new nn.ParameterList([randn([5]), randn([5])]);
  named = new nn.ParameterDict({ in: randn([5]), lambda: randn([5]) });
  override forward(x: Tensor, { mask }: { mask: Tensor }): Tensor {
    const y = x
      .matmul(this.mask)
      .mul(this.w[0] as Tensor)
      .add(this.w[1] as Tensor)
      .add(this.named.get('lambda'));
    return y
      .maskedFill(mask, 0)
      .div(this.scale)
      .pow(2)
      .mean(1)
      .sub(tensor([0.5]));
  }
}
class Outer extends nn.Module<[x: Tensor, m: Tensor], Tensor> {
  masked = new Masked();
  twice = new nn.Linear(5, 5);
  override forward(x: Tensor, m: Tensor): Tensor {
    return this.masked(this.twice(this.twice(x)), { mask: m });
  }
}
class Frozen extends nn.Module {
  backbone = new nn.Sequential(new nn.Linear(4, 4), new nn.ReLU());
  head = new nn.Linear(4, 2);
  constructor() {
    super();
    this.backbone.requiresGrad_(false);
    (this.head.bias as nn.Parameter).requiresGrad = false;
  }
  override forward(x: Tensor): Tensor {
    return this.head(this.backbone(x));
  }
}
class Branching extends nn.Module {
  fc = new nn.Linear(3, 3);
  override forward(x: Tensor): Tensor {
    const y = F.dropout(this.fc(x), { p: 0.5, training: this.training });
    return this.training ? y.tanh() : y.tanh().mul(0.5);
  }
}
class Shared extends nn.Module {
  a = new nn.Sequential(new nn.Linear(3, 3), new nn.Tanh());
  b = this.a;
  inner = new nn.ModuleDict({ first: this.a, second: new nn.Linear(3, 3) });
  override forward(x: Tensor): Tensor {
    const y = x.clone();
    y.add_(1).mul_(2);
    const z = cat([y, this.b(x)], 1);
    z.narrow(1, 0, 2).mul_(3);
    const [u] = z.split([2, 4], 1) as [Tensor, Tensor];
    return linalg.vectorNorm(
      this.inner
        .get('second')(this.a(x))
        .add(u.sum(1, { keepdim: true }))
        .add(arange(3)),
      2,
      1,
    );
  }
}

const call = (x: unknown): never => x as never;
const cross = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
const steps: Record<string, ModelStep> = {
  mlp: {
    model: call(new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3))),
    inputs: [randn([6, 4])],
    loss: call(cross),
    targets: [randint(0, 3, [6])],
  },
  double: {
    model: call(
      new nn.Sequential(
        new nn.Linear(4, 8, { dtype: 'float64' }),
        new nn.Tanh(),
        new nn.Linear(8, 1, { dtype: 'float64' }),
      ),
    ),
    inputs: [randn([6, 4], { dtype: 'float64' })],
    loss: call(new nn.HuberLoss({ delta: 0.5 })),
    targets: [randn([6, 1], { dtype: 'float64' })],
  },
  gpt: {
    model: call(new Gpt()),
    inputs: [randint(0, 11, [3, 6])],
    loss: call((y: Tensor, t: Tensor) => F.crossEntropy(y.reshape(-1, 11), t.reshape(-1))),
    targets: [randint(0, 11, [3, 6])],
  },
  resnet: {
    model: call(new ResNet()),
    inputs: [randn([4, 3, 8, 8])],
    loss: call(new nn.CrossEntropyLoss({ weight: tensor([1, 2, 3, 4, 5.5]) })),
    targets: [randint(0, 5, [4])],
  },
  rnn: {
    model: call(new Rnn()),
    inputs: [randn([3, 5, 3])],
    loss: call((o: { logits: Tensor; h: Tensor }, t: Tensor) =>
      F.focalLoss(o.logits, t).add(o.h.pow(2).mean().mul(0.1)),
    ),
    targets: [randint(0, 4, [3])],
  },
  vae: {
    model: call(new Vae()),
    inputs: [randn([5, 8])],
    loss: call(([y, mean, logVar]: Tensor[], x: Tensor) =>
      F.mseLoss(y as Tensor, x, { reduction: 'sum' })
        .div(x.shape[0] as number)
        .sub(logVar!.add(1).sub(mean!.pow(2)).sub(logVar!.exp()).mean().mul(0.5)),
    ),
    targets: [randn([5, 8])],
  },
  outer: {
    model: call(new Outer()),
    inputs: [randn([4, 5]), randn([4, 5]).gt(1)],
    loss: call(new nn.LogCoshLoss()),
    targets: [randn([4])],
  },
  frozen: {
    model: call(new Frozen()),
    inputs: [randn([4, 4])],
    loss: call(new nn.FocalLoss({ gamma: 2, weight: tensor([1, 3.5]) })),
    targets: [randint(0, 2, [4])],
  },
  branching: {
    model: call(new Branching()),
    inputs: [randn([4, 3])],
    loss: call(new nn.MSELoss()),
    targets: [randn([4, 3])],
  },
  shared: {
    model: call(new Shared()),
    inputs: [randn([4, 3])],
    loss: call(new nn.L1Loss()),
    targets: [randn([4])],
  },
  embeddings: {
    model: call(
      new nn.Sequential(new nn.EmbeddingBag(9, 4, { mode: 'mean' }), new nn.Linear(4, 1), new nn.Flatten(0)),
    ),
    inputs: [randint(0, 9, [5, 3])],
    loss: call(new nn.BCEWithLogitsLoss()),
    targets: [randint(0, 2, [5]).to('float32')],
  },
  encoder: {
    model: call(
      new nn.TransformerEncoder(
        new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true }),
        2,
      ),
    ),
    inputs: [randn([3, 4, 8])],
    loss: call(new nn.MSELoss()),
    targets: [randn([3, 4, 8])],
  },
};

const tensors: Record<string, Tensor> = {};
const cases: object[] = [];
const leavesOf = (x: unknown): Tensor[] =>
  x instanceof Tensor ? [x] : typeof x === 'object' && x !== null ? Object.values(x).flatMap(leavesOf) : [];
for (const [name, step] of Object.entries(steps)) {
  try {
    const source = writeModel(step);
    const { model, inputs, loss, targets } = step;
    for (const [key, x] of Object.entries(model.stateDict()))
      tensors[`${name}.state.${key}`] = (x as Tensor).clone();
    for (const [key, x] of Object.entries(source.lossState)) tensors[`${name}.loss.${key}`] = x.clone();
    model.eval();
    const output = noGrad(() => (model as unknown as (...x: Tensor[]) => unknown)(...inputs));
    const value = (loss as unknown as (...x: unknown[]) => Tensor)(output, ...targets);
    for (const [i, x] of inputs.entries()) tensors[`${name}.in.${i}`] = x.clone();
    for (const [i, x] of targets.entries()) tensors[`${name}.target.${i}`] = x.clone();
    for (const [i, x] of leavesOf(output).entries())
      tensors[`${name}.out.${i}`] = x.detach().clone().contiguous();
    tensors[`${name}.value.0`] = value.detach().clone();
    mkdirSync(`${out}/${name}`, { recursive: true });
    for (const file of ['model.py', 'loss.py'] as const)
      writeFileSync(`${out}/${name}/${file}`, source[file]);
    const order = model.namedParameters().map(([key, p]) => [key, p.requiresGrad]);
    cases.push({ name, className: source.className, inputs: inputs.length, targets: targets.length, order });
  } catch (error) {
    console.log(`${name}: ${String(error)}`);
  }
}
await saveSafetensors(`${out}/models.safetensors`, tensors);
writeFileSync(`${out}/models.json`, JSON.stringify(cases));
console.log(`${cases.length} models of ${Object.keys(steps).length}`);
