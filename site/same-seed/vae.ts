import { arange, data, manualSeed, rand, randnLike, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);

// Soft dots: two numbers, the place, make the 64 pixels of each.
const line = arange(8).sub(1);
const dx = line.sub(rand([512, 1, 1]).mul(5));
const dy = line.unsqueeze(1).sub(rand([512, 1, 1]).mul(5));
const images = dx.pow(2).add(dy.pow(2)).neg().div(3).exp().flatten(1);

class VAE extends nn.Module<[Tensor], [Tensor, Tensor, Tensor]> {
  seen = new nn.Sequential(new nn.Linear(64, 64), new nn.BatchNorm1d(64), new nn.SiLU());
  mean = new nn.Linear(64, 2);
  spread = new nn.Linear(64, 2);
  drawn = new nn.Sequential(new nn.Linear(2, 64), new nn.BatchNorm1d(64), new nn.SiLU());
  pixels = new nn.Linear(64, 64);

  override forward(x: Tensor): [Tensor, Tensor, Tensor] {
    const seen = this.seen(x);
    const [mean, logVar] = [this.mean(seen), this.spread(seen)];
    const z = mean.add(randnLike(mean).mul(logVar.div(2).exp()));
    return [this.pixels(this.drawn(z)), mean, logVar];
  }
}

const model = new VAE();
for (const layer of model.modules()) {
  if (layer instanceof nn.Linear) nn.init.xavierUniform_(layer.weight);
}
const optimizer = new optim.RMSprop(model.parameters(), { lr: 0.003 });
const loader = new data.DataLoader(new data.TensorDataset(images), { batchSize: 64, shuffle: true });

let step = 0;
for (let epoch = 0; epoch < 25; epoch++) {
  for (const [batch] of loader) {
    optimizer.zeroGrad();
    const [logits, mean, logVar] = model(batch);
    const likelihood = nn.F.binaryCrossEntropyWithLogits(logits, batch, { reduction: 'sum' });
    const divergence = mean.pow(2).add(logVar.exp()).sub(1).sub(logVar).sum().div(2);
    const loss = likelihood.add(divergence).div(batch.size(0));
    loss.backward();
    optimizer.step();
    console.log(step++, loss.item());
  }
}
