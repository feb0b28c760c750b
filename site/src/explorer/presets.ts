/** Compiled steps to begin with. */
import type { Preset } from '../workbench/presets.ts';

/** The step of a model and its optimizer, by a loss. */
const step = (loss: string) => `const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = ${loss}(model(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});`;

/** The packages beside core that a training needs, and the seed. */
const packages = `import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);`;

export const presets: readonly Preset[] = [
  {
    name: 'xor',
    title: 'XOR, a step of SGD',
    about:
      'So small that calls cost more than arithmetic: what eager spends on recording and allocation is gone.',
    code: `import { compile, manualSeed, type Tensor, tensor } from '@kindling/core';
${packages}
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]], { dtype: 'float32' });
const y = tensor([[0], [1], [1], [0]], { dtype: 'float32' });
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.5 });

${step('nn.F.binaryCrossEntropyWithLogits')}
for (let i = 0; i < 200; i++) {
  const loss = step(x, y);
  if (i % 50 === 0) console.log(loss.item());
}
`,
  },
  {
    name: 'mlp',
    title: 'A perceptron with Adam',
    about:
      'Adam is one operation a parameter from the start, so little is left to fuse: what goes is recording, checks and copies.',
    code: `import { compile, manualSeed, randint, randn, type Tensor } from '@kindling/core';
${packages}
const model = new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 10));
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });

${step('nn.F.crossEntropy')}
const x = randn([32, 64]);
const y = randint(0, 10, [32]);
for (let i = 0; i < 100; i++) step(x, y);
console.log(step(x, y));
`,
  },
  {
    name: 'batches',
    title: 'A short last batch',
    about:
      'Two functions, each with a program for the whole batches and one for the short last one. Choose among them.',
    code: `import { compile, data, manualSeed, noGrad, randint, randn, type Tensor } from '@kindling/core';
${packages}
const model = new nn.Sequential(new nn.Linear(16, 64), new nn.ReLU(), new nn.Dropout({ p: 0.2 }), new nn.Linear(64, 3));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const loader = new data.DataLoader(new data.TensorDataset(randn([100, 16]), randint(0, 3, [100])), { batchSize: 32 });

const forward = compile((x: Tensor) => noGrad(() => model(x).softmax(1)));
${step('nn.F.crossEntropy')}
for (let epoch = 0; epoch < 5; epoch++) {
  model.train();
  for (const [x, y] of loader) step(x, y);
  model.eval();
  for (const [x] of loader) forward(x);
}
`,
  },
  {
    name: 'softmax',
    title: 'Softmax and cross-entropy by hand',
    about: 'Written out in small operations: see which of them become one kernel, and which need whole rows.',
    code: `import { compile, manualSeed, noGrad, randint, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

manualSeed(0);
const w = randn([20, 5], { requiresGrad: true });

const step = compile((x: Tensor, target: Tensor) => {
  w.grad = null;
  const probabilities = x.matmul(w).softmax(1);
  const loss = probabilities.mul(target).sum(1).log().neg().mean();
  loss.backward();
  noGrad(() => w.sub_(w.grad ?? 0, { alpha: 0.1 }));
  return loss;
});
const x = randn([64, 20]);
const target = nn.F.oneHot(randint(0, 5, [64]), 5).float();
for (let i = 0; i < 100; i++) step(x, target);
console.log(step(x, target));
`,
  },
  {
    name: 'conv',
    title: 'A convolution, pooled',
    about:
      'Windows and products are kernels of their own, called on the memory of the program, which is all that they share.',
    code: `import { compile, manualSeed, randint, randn, type Tensor } from '@kindling/core';
${packages}
const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 3, { padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(8 * 7 * 7, 10),
);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });

${step('nn.F.crossEntropy')}
const x = randn([8, 1, 14, 14]);
const y = randint(0, 10, [8]);
for (let i = 0; i < 50; i++) step(x, y);
console.log(step(x, y));
`,
  },
  {
    name: 'attention',
    title: 'Attention, forward only',
    about:
      'A model that is only used: no gradients, so nothing is kept for them, and memory is used again at once.',
    code: `import { compile, manualSeed, noGrad, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

manualSeed(0);
const query = new nn.Linear(32, 32);
const key = new nn.Linear(32, 32);
const value = new nn.Linear(32, 32);

const attend = compile((x: Tensor) =>
  noGrad(() => {
    const scores = query(x).matmul(key(x).transpose(1, 2)).div(Math.sqrt(32));
    return scores.softmax(-1).matmul(value(x)).add(x).relu();
  }),
);
const x = randn([4, 24, 32]);
for (let i = 0; i < 50; i++) attend(x);
console.log(attend(x).shape);
`,
  },
  {
    name: 'gan',
    title: 'Two optimizers, as in a GAN',
    about:
      'Both updates in one function, with a draw inside: noise is drawn by the generator in JavaScript, in its place.',
    code: `import { compile, manualSeed, ones, randn, type Tensor, zeros } from '@kindling/core';
${packages}
const make = (from: number, to: number) =>
  new nn.Sequential(new nn.Linear(from, 32), new nn.LeakyReLU({ negativeSlope: 0.2 }), new nn.Linear(32, to));
const generator = make(4, 2);
const critic = make(2, 1);
const forGenerator = new optim.Adam(generator.parameters(), { lr: 2e-3 });
const forCritic = new optim.Adam(critic.parameters(), { lr: 2e-3 });
const loss = new nn.BCEWithLogitsLoss();

const step = compile((real: Tensor) => {
  const fake = generator(randn([32, 4]));
  forCritic.zeroGrad();
  const told = loss(critic(real), ones([32, 1])).add(loss(critic(fake.detach()), zeros([32, 1])));
  told.backward();
  forCritic.step();

  forGenerator.zeroGrad();
  const fooled = loss(critic(fake), ones([32, 1]));
  fooled.backward();
  forGenerator.step();
  return [told, fooled];
});
const real = randn([32, 2]).mul(0.5).add(1);
for (let i = 0; i < 100; i++) step(real);
console.log(step(real).map((x) => x.item()));
`,
  },
];
