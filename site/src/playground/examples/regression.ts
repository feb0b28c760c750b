import { manualSeed } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { points, show } from './page';

manualSeed(0);
const data = points('sine');
const net = new nn.Sequential(
  new nn.Linear(1, 24),
  new nn.Tanh(),
  new nn.Linear(24, 24),
  new nn.Tanh(),
  new nn.Linear(24, 1),
);
// Drag one point far off, and compare the squared error with L1Loss or HuberLoss.
const lossFn = new nn.MSELoss();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.005 });

while (true) {
  const [x, y] = data.sample(20);
  const loss = lossFn(net(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  await show({ loss, curve: net });
}
