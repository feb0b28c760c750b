import { manualSeed } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { points, show } from './page';

manualSeed(0);
const data = points('spiral');
const net = new nn.Sequential(
  new nn.Linear(2, 16),
  new nn.Tanh(),
  new nn.Linear(16, 16),
  new nn.Tanh(),
  new nn.Linear(16, 1),
);
const lossFn = new nn.BCEWithLogitsLoss();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });

while (true) {
  const [x, y] = data.sample(32);
  const loss = lossFn(net(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  await show({ loss, field: (places) => net(places).sigmoid() });
}
