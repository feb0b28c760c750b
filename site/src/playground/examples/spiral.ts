import { compile, manualSeed, type Tensor } from '@kindling/core';
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
const optimizer = new optim.AdamW(net.parameters(), { lr: 0.01 });

// The same step as one WebAssembly program: the same numbers, several times as fast.
const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = lossFn(net(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});

while (true) {
  const loss = step(...data.sample(32));
  await show({ loss, field: (places) => net(places).sigmoid() });
}
