import { manualSeed } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { points, show } from './page';

manualSeed(0);
const data = points('xor');
const net = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const lossFn = new nn.BCEWithLogitsLoss();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.03 });

while (true) {
  const [x, y] = data.sample(16);
  const loss = lossFn(net(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  await show({ loss, field: (places) => net(places).sigmoid() });
}
