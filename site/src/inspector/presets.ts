/** What can be looked at from the start. */
import type { Preset } from '../workbench/presets.ts';

export const presets: readonly Preset[] = [
  {
    name: 'expression',
    title: 'x · y + sin(x)',
    about: 'x is used twice, so two gradients arrive at it and are added.',
    code: `import { tensor } from '@kindling/core';

const x = tensor(0.5, { requiresGrad: true });
const y = tensor(4.2, { requiresGrad: true });

const product = x.mul(y);
const sine = x.sin();
const z = product.add(sine);
z.backward();
console.log(x.grad?.item(), y.grad?.item());
`,
  },
  {
    name: 'broadcasting',
    title: 'Broadcasting',
    about: 'b is stretched over the rows of a, so its gradient is the sum over them.',
    code: `import { tensor } from '@kindling/core';

const a = tensor([[1, 2, 3], [4, 5, 6]], { dtype: 'float32', requiresGrad: true });
const b = tensor([10, 20, 30], { dtype: 'float32', requiresGrad: true });

const scaled = a.mul(b);
const total = scaled.sum();
total.backward();
console.log(b.grad);
`,
  },
  {
    name: 'linear',
    title: 'A linear layer with a squared error',
    about: 'The data want no gradient, so none is computed for them.',
    code: `import { manualSeed, randn, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

manualSeed(0);
const layer = new nn.Linear(3, 1);
const x = randn([4, 3]);
const target = tensor([[1], [0], [1], [0]], { dtype: 'float32' });

const prediction = layer(x);
const loss = nn.F.mseLoss(prediction, target);
loss.backward();
console.log(layer.weight.grad);
`,
  },
  {
    name: 'cross-entropy',
    title: 'Softmax and cross-entropy',
    about:
      'Written out and fused: both gradients of the logits are the softmax less the one-hot target, over the number of rows.',
    code: `import { tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

const logits = tensor([[2, 1, 0.1], [0.5, 2.5, 0.3]], { requiresGrad: true });
const target = tensor([0, 2]);

const logProbabilities = logits.logSoftmax(1);
const picked = logProbabilities.gather(1, target.view(2, 1));
const byHand = picked.mean().neg();
byHand.backward();
console.log(logits.grad);

logits.grad = null;
const fused = nn.F.crossEntropy(logits, target);
fused.backward();
console.log(logits.grad);
`,
  },
  {
    name: 'net',
    title: 'A net of two layers',
    about: 'Where the rectifier gave 0, it lets no gradient through.',
    code: `import { manualSeed, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

manualSeed(3);
const net = new nn.Sequential(new nn.Linear(2, 4), new nn.ReLU(), new nn.Linear(4, 1));
const x = tensor([[0, 1], [1, 1], [1, 0]], { dtype: 'float32' });
const target = tensor([[1], [0], [1]], { dtype: 'float32' });

const loss = nn.F.binaryCrossEntropyWithLogits(net(x), target);
loss.backward();
for (const [name, parameter] of net.namedParameters()) console.log(name, parameter.grad);
`,
  },
  {
    name: 'views',
    title: 'A view and a change in place',
    about:
      'A view has the gradient of the part that it shows; a change in place is a new value of the same tensor.',
    code: `import { tensor } from '@kindling/core';

const w = tensor([[1, 2], [3, 4]], { dtype: 'float32', requiresGrad: true });

const column = w.select(1, 0);
const h = column.mul(3);
h.mul_(column);
const loss = h.sum();
loss.backward();
console.log(w.grad);
`,
  },
  {
    name: 'lost',
    title: 'Where a gradient is lost, or 0',
    about: 'detach ends the way of a gradient; a clamped value has the gradient 0; a rounded one too.',
    code: `import { tensor } from '@kindling/core';

const x = tensor([-2, 0.5, 3], { requiresGrad: true });

const frozen = x.mul(2).detach();
const clamped = x.clamp({ min: -1, max: 1 });
const rounded = x.round();
const loss = frozen.add(clamped).add(rounded).sum();
loss.backward();
console.log(x.grad);
`,
  },
  {
    name: 'second',
    title: 'A second derivative',
    about:
      'The first walk is recorded itself, so that a second one can go through it: choose the walk above the picture.',
    code: `import { autograd, tensor } from '@kindling/core';

const x = tensor(1.5, { requiresGrad: true });

const y = x.pow(3);
const [slope] = autograd.grad(y, [x], { createGraph: true });
slope?.backward();
console.log(slope?.item(), x.grad?.item());
`,
  },
];
