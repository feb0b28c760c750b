/** Trainings of many kinds, each a few steps old, to be exported. */
import { cat, manualSeed, randint, randn, type Tensor, tensor } from '../../packages/core/src/index.ts';
import type { ExportTorchOptions } from '../../packages/interop/src/index.ts';
import { MLP, scheduledTraining } from '../../packages/interop/test/torch-project/scheduled-training.ts';
import * as nn from '../../packages/nn/src/index.ts';
import { F } from '../../packages/nn/src/index.ts';
import * as optim from '../../packages/optim/src/index.ts';

/** A training to be exported, and how far several ranks may be from one. */
export interface Training extends Omit<ExportTorchOptions, 'example'> {
  readonly data: readonly [inputs: Tensor[], targets: Tensor[]];
  readonly example: readonly [inputs: Tensor[], targets: Tensor[]];
  /** Flags of train.py on several ranks. */
  readonly flags?: readonly string[];
}

const samples = 100;

/** A classifier's loss and samples: of `classes`, from inputs that draw with a shape. */
const labelled = (inputs: Tensor, classes: number): [Tensor[], Tensor[]] => [
  [inputs],
  [randint(classes, [inputs.shape[0] as number])],
];

class CNN extends nn.Module {
  conv1 = new nn.Conv2d(1, 4, 3, { padding: 1 });
  conv2 = new nn.Conv2d(4, 8, 3, { stride: 2 });
  pool = new nn.MaxPool2d(2);
  out = new nn.Linear(8 * 3 * 3, 4);
  override forward(x: Tensor): Tensor {
    const h = F.relu(this.conv2(this.pool(F.relu(this.conv1(x)))));
    return this.out(h.flatten(1));
  }
}

class Recurrent extends nn.Module {
  gru = new nn.GRU(6, 12, { batchFirst: true });
  out = new nn.Linear(12, 3);
  override forward(x: Tensor): Tensor {
    const [states] = this.gru(x);
    return this.out(states.select(1, -1));
  }
}

class TinyTransformer extends nn.Module {
  embed = new nn.Embedding(13, 16);
  layers = new nn.ModuleList(
    [0, 1].map(
      () => new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, dropout: 0, batchFirst: true }),
    ),
  );
  out = new nn.Linear(16, 13);
  override forward(tokens: Tensor): Tensor {
    let x = this.embed(tokens);
    for (const layer of this.layers as Iterable<nn.TransformerEncoderLayer>) x = layer(x);
    return this.out(x).transpose(1, 2);
  }
}

class Normalised extends nn.Module {
  body = new nn.Sequential(new nn.Linear(8, 16, { bias: false }), new nn.BatchNorm1d(16), new nn.ReLU());
  out = new nn.Linear(16, 4);
  override forward(x: Tensor): Tensor {
    return this.out(this.body(x));
  }
}

class Bags extends nn.Module {
  words = new nn.Embedding(20, 6, { paddingIdx: 0 });
  bag = new nn.EmbeddingBag(20, 6, { mode: 'mean' });
  out = new nn.Linear(12, 4);
  override forward(x: Tensor): Tensor {
    return this.out(cat([this.words(x).sum(1), this.bag(x)], 1));
  }
}

class Encoder extends nn.Module {
  body = new nn.Sequential(new nn.Linear(8, 16), new nn.Tanh(), new nn.Linear(16, 6));
  override forward(x: Tensor): Tensor {
    return F.normalize(this.body(x), { dim: 1 });
  }
}

/** Contrast of each sample with all others of the batch: no mean over samples. */
function contrast(z: Tensor, label: Tensor): Tensor {
  const logits = z.matmul(z.t()).div(0.2);
  const same = label.unsqueeze(1).eq(label.unsqueeze(0)).float();
  return F.logSoftmax(logits, 1).mul(same).sum(1).div(same.sum(1)).mean().neg();
}

/** A generator and a discriminator, which learn in one step: the generator through weights that are held. */
class GAN extends nn.Module<[Tensor, Tensor], Tensor> {
  generator = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 2));
  hidden = new nn.Linear(2, 16);
  score = new nn.Linear(16, 1);
  judge(x: Tensor): Tensor {
    return this.score(F.leakyRelu(this.hidden(x), { negativeSlope: 0.2 }));
  }
  override forward(noise: Tensor, real: Tensor): Tensor {
    const fake = this.generator(noise);
    const h = F.leakyRelu(F.linear(fake, this.hidden.weight.detach(), this.hidden.bias?.detach()), {
      negativeSlope: 0.2,
    });
    const fooled = F.linear(h, this.score.weight.detach(), this.score.bias?.detach());
    return cat([this.judge(real), this.judge(fake.detach()), fooled], 1);
  }
}
const ganLoss = (scores: Tensor): Tensor => {
  const logits = scores.mul(tensor([[1, -1, 1]], { dtype: 'float32' }));
  return F.softplus(logits.neg()).mean();
};

class Tied extends nn.Module {
  embed = new nn.Embedding(11, 12);
  mix = new nn.Linear(12, 12);
  out = new nn.Linear(12, 11, { bias: false });
  constructor() {
    super();
    this.out.weight = this.embed.weight;
  }
  override forward(x: Tensor): Tensor {
    return this.out(F.tanh(this.mix(this.embed(x).mean(1))));
  }
}

class Mixed extends nn.Module {
  first = new nn.Linear(6, 12);
  second = new nn.Linear(12, 1).double();
  override forward(x: Tensor): Tensor {
    return this.second(this.first(x).sin().double()).squeeze(1);
  }
}

type Maker = () => Omit<Training, 'example'>;

/** A classifier by cross entropy. */
function classifier(
  model: nn.Module,
  inputs: Tensor,
  classes: number,
  optimizer: optim.Optimizer,
): Omit<Training, 'example'> {
  return { model, loss: new nn.CrossEntropyLoss(), optimizer, data: labelled(inputs, classes) };
}

/** The trainings by name. */
export const trainings: Readonly<Record<string, Maker>> = {
  mlp() {
    const model = new MLP();
    return classifier(
      model,
      randn([samples, 8]),
      5,
      new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true }),
    );
  },
  cnn() {
    const model = new CNN();
    return classifier(
      model,
      randn([samples, 1, 16, 16]),
      4,
      new optim.Adam(model.parameters(), { lr: 2e-3, eps: 1e-4 }),
    );
  },
  gru() {
    const model = new Recurrent();
    const training = classifier(
      model,
      randn([samples, 7, 6]),
      3,
      new optim.RMSprop(model.parameters(), { lr: 1e-3, eps: 1e-3 }),
    );
    return { ...training, clipGradNorm: 0.5 };
  },
  transformer() {
    const model = new TinyTransformer();
    const tokens = randint(13, [samples, 9]);
    const next = randint(13, [samples, 9]);
    // Some targets are not counted, more in some samples than in others.
    const target = next.maskedFill(next.lt(4), -100);
    return {
      model,
      loss: new nn.CrossEntropyLoss({ ignoreIndex: -100, labelSmoothing: 0.1 }),
      optimizer: new optim.AdamW(model.parameters(), { lr: 1e-3, eps: 1e-4, weightDecay: 0.05 }),
      data: [[tokens], [target]],
    };
  },
  'batch norm'() {
    const model = new Normalised();
    const training = classifier(
      model,
      randn([samples, 8]),
      4,
      new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.5 }),
    );
    return { ...training, flags: ['--sync-batch-norm'] };
  },
  embeddings() {
    const model = new Bags();
    const weight = tensor([1, 2, 0.5, 3], { dtype: 'float32' });
    const training = classifier(
      model,
      randint(20, [samples, 5]),
      4,
      new optim.Adagrad(model.parameters(), { lr: 0.05 }),
    );
    return { ...training, loss: new nn.CrossEntropyLoss({ weight }) };
  },
  'custom loss'() {
    const model = new Encoder();
    const training = classifier(
      model,
      randn([samples, 8]),
      3,
      new optim.SGD(model.parameters(), { lr: 0.05 }),
    );
    return { ...training, loss: contrast };
  },
  gan() {
    const model = new GAN();
    const { generator, hidden, score } = model;
    const optimizer = new optim.Adam(
      [
        { params: generator.parameters(), lr: 1e-3 },
        { params: [...hidden.parameters(), ...score.parameters()], lr: 2e-3 },
      ],
      { betas: [0.5, 0.999], eps: 1e-4 },
    );
    return { model, loss: ganLoss, optimizer, data: [[randn([samples, 4]), randn([samples, 2]).add(2)], []] };
  },
  'tied weights'() {
    const model = new Tied();
    return classifier(
      model,
      randint(11, [samples, 4]),
      11,
      new optim.NAdam(model.parameters(), { lr: 2e-3, eps: 1e-4 }),
    );
  },
  'parameter groups'() {
    const model = new nn.Sequential(new nn.Linear(8, 16), new nn.Tanh(), new nn.Linear(16, 4));
    const [first, , last] = [...(model as Iterable<nn.Linear>)];
    const optimizer = new optim.AdamW(
      [
        { params: [first!.weight, last!.weight], weightDecay: 0.1 },
        { params: [first!.bias!, last!.bias!], lr: 1e-2, weightDecay: 0 },
      ],
      { lr: 1e-3, eps: 1e-4, amsgrad: true },
    );
    return classifier(model, randn([samples, 8]), 4, optimizer);
  },
  schedules() {
    const { model, optimizer, scheduler } = scheduledTraining();
    return { ...classifier(model, randn([samples, 8]), 5, optimizer), scheduler, schedulerInterval: 'step' };
  },
  'mixed float64'() {
    const model = new Mixed();
    const inputs = randn([samples, 6]);
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3, eps: 1e-4 });
    return { model, loss: new nn.MSELoss(), optimizer, data: [[inputs], [inputs.double().sum(1).sin()]] };
  },
  float64() {
    const model = new nn.Sequential(new nn.Linear(6, 12), new nn.Tanh(), new nn.Linear(12, 1)).double();
    const inputs = randn([samples, 6], { dtype: 'float64' });
    const loss = new nn.HuberLoss({ delta: 0.5, reduction: 'sum' });
    const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
    return { model, loss, optimizer, data: [[inputs], [inputs.sum(1, { keepdim: true }).sin()]] };
  },
};

/** A training by its name, a few steps old. */
export function training(name: string, steps = 3): Training {
  manualSeed(7);
  const made = (trainings[name] as Maker)();
  const [inputs, targets] = made.data;
  const first = (xs: Tensor[]): Tensor[] => xs.map((x) => x.narrow(0, 0, 16));
  const example = [first(inputs), first(targets)] as const;
  const { model, optimizer, scheduler } = made;
  const loss = made.loss as (...of: Tensor[]) => Tensor;
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    const output = (model as unknown as (...of: Tensor[]) => Tensor)(...example[0]);
    loss(output, ...example[1]).backward();
    optimizer.step();
    if (made.schedulerInterval === 'step') (scheduler as optim.lrScheduler.LRScheduler | undefined)?.step();
  }
  return { ...made, example };
}
