import { arange, manualSeed, randint, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);

class Sorter extends nn.Module<[Tensor], Tensor> {
  digits = new nn.Embedding(10, 32);
  places = new nn.Embedding(8, 32);
  layer = new nn.TransformerEncoderLayer(32, 4, {
    dimFeedforward: 64,
    activation: 'gelu',
    batchFirst: true,
  });
  encoder = new nn.TransformerEncoder(this.layer, 2);
  head = new nn.Linear(32, 10);

  override forward(digits: Tensor): Tensor {
    const x = this.digits(digits).add(this.places(arange(8)));
    return this.head(this.encoder(x));
  }
}

const model = new Sorter();
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.01 });
const warmup = new optim.lrScheduler.LambdaLR(optimizer, (i) => Math.min(1, (i + 1) / 50));

for (let step = 0; step < 200; step++) {
  const digits = randint(0, 10, [32, 8]);
  const ordered = digits.sort(1).values;
  optimizer.zeroGrad();
  const loss = nn.F.crossEntropy(model(digits).transpose(1, 2), ordered);
  loss.backward();
  optimizer.step();
  warmup.step();
  console.log(step, loss.item());
}
