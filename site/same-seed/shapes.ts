import { arange, manualSeed, maximum, rand, randint, randn, stack, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);

// Diamonds, discs and squares: what is near in each of three norms.
const line = arange(16).sub(5);
function draw(n: number): [images: Tensor, kind: Tensor] {
  const kind = randint(0, 3, [n]);
  const dx = line.sub(rand([n, 1, 1]).mul(6)).abs();
  const dy = line
    .unsqueeze(1)
    .sub(rand([n, 1, 1]).mul(6))
    .abs();
  const far = stack([dx.add(dy), dx.pow(2).add(dy.pow(2)).sqrt(), maximum(dx, dy)]);
  const inside = far.index(kind, arange(n)).lt(rand([n, 1, 1]).mul(2).add(3));
  return [randn([n, 16, 16]).mul(0.05).add(inside).unsqueeze(1), kind];
}

const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 3, { padding: 1 }),
  new nn.GELU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(8, 16, 3, { padding: 1 }),
  new nn.GELU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(16 * 4 * 4, 3),
);
const optimizer = new optim.SGD(model.parameters(), { lr: 0.03, momentum: 0.9 });
const scheduler = new optim.lrScheduler.StepLR(optimizer, 50, { gamma: 0.5 });

for (let step = 0; step < 200; step++) {
  const [images, kind] = draw(32);
  optimizer.zeroGrad();
  const loss = nn.F.crossEntropy(model(images), kind);
  loss.backward();
  optimizer.step();
  scheduler.step();
  console.log(step, loss.item());
}
