import { cat, compile, indexSelect, manualSeed, randint, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { digits, show } from './page';

manualSeed(0);
const { train, test } = await digits(); // 14 x 14 pixels, as rows of 196
const encoder = new nn.Sequential(new nn.Linear(196, 64), new nn.ReLU(), new nn.Linear(64, 2));
const decoder = new nn.Sequential(new nn.Linear(2, 64), new nn.ReLU(), new nn.Linear(64, 196));
const net = new nn.Sequential(encoder, decoder);
const lossFn = new nn.BCEWithLogitsLoss();
const optimizer = new optim.Adam(net.parameters(), { lr: 0.003 });

const step = compile((x: Tensor) => {
  optimizer.zeroGrad();
  const loss = lossFn(net(x), x);
  loss.backward();
  optimizer.step();
  return loss;
});

const eight = test.images.narrow(0, 0, 8);
while (true) {
  const which = randint(0, train.images.size(0), [64]);
  const loss = step(indexSelect(train.images, 0, which));
  await show({
    loss,
    // Each digit, of two numbers, as a place in the plane.
    scatter: () => [encoder(test.images), test.labels],
    // Above what goes in, below what comes out.
    images: () => cat([eight, net(eight).sigmoid()]),
  });
}
