import { manualSeed, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { points, show } from './page';

/** To miss an orange point costs as much as nine blue ones. */
class CarefulLoss extends nn.BCEWithLogitsLoss {
  override forward(input: Tensor, target: Tensor): Tensor {
    return super.forward(input, target, { sampleWeight: target.mul(8).add(1) });
  }
}

manualSeed(0);
const data = points('clusters');
const net = new nn.Sequential(new nn.Linear(2, 12), new nn.ReLU(), new nn.Linear(12, 1));
const lossFn = new CarefulLoss({ reduction: 'weightedMean' });
const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });

while (true) {
  const [x, y] = data.sample(32);
  const loss = lossFn(net(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  await show({ loss, field: (places) => net(places).sigmoid() });
}
