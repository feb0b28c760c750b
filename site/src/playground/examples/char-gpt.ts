import {
  arange,
  compile,
  manualSeed,
  multinomial,
  noGrad,
  ones,
  randint,
  type Tensor,
  tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { show, sonnets } from './page';

manualSeed(0);
const characters = [...new Set(sonnets)].sort();
const codes = tensor([...sonnets].map((c) => characters.indexOf(c)));
const context = 32;
const width = 48;

class Block extends nn.Module<[Tensor, Tensor], Tensor> {
  norm1 = new nn.LayerNorm(width);
  attention = new nn.MultiheadAttention(width, 4, { batchFirst: true });
  norm2 = new nn.LayerNorm(width);
  mlp = new nn.Sequential(new nn.Linear(width, 4 * width), new nn.GELU(), new nn.Linear(4 * width, width));

  override forward(x: Tensor, mask: Tensor): Tensor {
    const y = this.norm1(x);
    const [seen] = this.attention(y, y, y, { attnMask: mask, isCausal: true, needWeights: false });
    const z = x.add(seen);
    return z.add(this.mlp(this.norm2(z)));
  }
}

class CharGPT extends nn.Module<[Tensor], Tensor> {
  characters = new nn.Embedding(characters.length, width);
  places = new nn.Embedding(context, width);
  block1 = new Block();
  block2 = new Block();
  head = new nn.Linear(width, characters.length);

  override forward(input: Tensor): Tensor {
    const length = input.size(1);
    const mask = ones([length, length], { dtype: 'bool' }).triu({ diagonal: 1 });
    const x = this.characters(input).add(this.places(arange(length)));
    return this.head(this.block2(this.block1(x, mask), mask));
  }
}

const net = new CharGPT();
const optimizer = new optim.AdamW(net.parameters(), { lr: 0.003 });
const step = compile((input: Tensor, target: Tensor) => {
  optimizer.zeroGrad();
  const loss = nn.F.crossEntropy(net(input).flatten(0, 1), target.flatten());
  loss.backward();
  optimizer.step();
  return loss;
});

function write(length: number): string {
  const written = [characters.indexOf('\n')];
  while (written.length <= length) {
    const logits = noGrad(() => net(tensor([written.slice(-context)])));
    const likely = logits.select(1, -1).div(0.7).softmax(1);
    written.push(multinomial(likely, 1).item());
  }
  return written
    .map((code) => characters[code])
    .join('')
    .trim();
}

let text = '';
for (let i = 0; ; i++) {
  const places = randint(0, codes.size(0) - context, [12, 1]).add(arange(context));
  const loss = step(codes.index(places), codes.index(places.add(1)));
  if (i % 50 === 0) text = write(160);
  await show({ loss, text: () => text });
}
