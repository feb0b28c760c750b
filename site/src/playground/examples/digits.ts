import { compile, indexSelect, manualSeed, noGrad, randint, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { digits, show } from './page';

manualSeed(0);
const { train, test } = await digits(); // 14 x 14 pixels, as rows of 196
const net = new nn.Sequential(new nn.Linear(196, 128), new nn.ReLU(), new nn.Linear(128, 10));
const lossFn = new nn.CrossEntropyLoss({ labelSmoothing: 0.05 });
const optimizer = new optim.AdamW(net.parameters(), { lr: 0.001, weightDecay: 0.05 });

const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad();
  const loss = lossFn(net(x), y);
  loss.backward();
  optimizer.step();
  return loss;
});

function accuracy(): number {
  const predicted = noGrad(() => net(test.images).argmax(1));
  return predicted.eq(test.labels).to('float32').mean().item();
}

for (let i = 1; ; i++) {
  const which = randint(0, train.labels.size(0), [64]);
  const loss = step(indexSelect(train.images, 0, which), indexSelect(train.labels, 0, which));
  if (i % 250 === 0)
    console.log(`step ${i}: ${(100 * accuracy()).toFixed(1)} % of the digits it has not seen`);
  await show({ loss, bars: (drawing) => net(drawing).softmax(1) });
}
