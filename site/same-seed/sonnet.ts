import { arange, manualSeed, randint, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);
const text = `Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date;`;
const characters = [...new Set(text)].sort();
const codes = tensor([...text].map((c) => characters.indexOf(c)));

class Writer extends nn.Module<[Tensor], Tensor> {
  embedding = new nn.Embedding(characters.length, 16);
  lstm = new nn.LSTM(16, 64, { batchFirst: true });
  head = new nn.Linear(64, characters.length);

  override forward(codes: Tensor): Tensor {
    const [states] = this.lstm(this.embedding(codes));
    return this.head(states);
  }
}

const model = new Writer();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.005 });

for (let step = 0; step < 200; step++) {
  const starts = randint(0, codes.size(0) - 32, [16, 1]);
  const places = starts.add(arange(32));
  const [input, target] = [codes.index(places), codes.index(places.add(1))];
  optimizer.zeroGrad();
  const loss = nn.F.crossEntropy(model(input).flatten(0, 1), target.flatten());
  loss.backward();
  nn.utils.clipGradNorm_(model.parameters(), 0.5);
  optimizer.step();
  console.log(step, loss.item());
}
