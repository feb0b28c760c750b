import { manualSeed, rand, randint, randn, stack } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);

// Points along the two arms of a spiral.
const label = randint(0, 2, [256]);
const distance = rand([256]).sqrt();
const angle = distance.mul(7).add(label.mul(Math.PI));
const x = stack([distance.mul(angle.cos()), distance.mul(angle.sin())], 1);
x.add_(randn([256, 2]).mul(0.02));

const model = new nn.Sequential(
  new nn.Linear(2, 64),
  new nn.ReLU(),
  new nn.Dropout({ p: 0.1 }),
  new nn.Linear(64, 64),
  new nn.ReLU(),
  new nn.Dropout({ p: 0.1 }),
  new nn.Linear(64, 2),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });

for (let step = 0; step < 300; step++) {
  optimizer.zeroGrad();
  const loss = nn.F.crossEntropy(model(x), label);
  loss.backward();
  optimizer.step();
  console.log(step, loss.item());
}
