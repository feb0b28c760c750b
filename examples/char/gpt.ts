import { arange, ones, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

/** Attention to what came before, then two linear layers for each character; each adds to what goes past it. */
class Block extends nn.Module<[Tensor, Tensor], Tensor> {
  norm1: nn.LayerNorm;
  attention: nn.MultiheadAttention;
  norm2: nn.LayerNorm;
  mlp: nn.Sequential;

  constructor(width: number, heads: number) {
    super();
    this.norm1 = new nn.LayerNorm(width);
    this.attention = new nn.MultiheadAttention(width, heads, { batchFirst: true });
    this.norm2 = new nn.LayerNorm(width);
    this.mlp = new nn.Sequential(
      new nn.Linear(width, 4 * width),
      new nn.GELU(),
      new nn.Linear(4 * width, width),
    );
  }

  override forward(x: Tensor, mask: Tensor): Tensor {
    const y = this.norm1(x);
    const [seen] = this.attention(y, y, y, { attnMask: mask, isCausal: true, needWeights: false });
    const z = x.add(seen);
    return z.add(this.mlp(this.norm2(z)));
  }
}

/** A transformer that tells of each character what comes next: (N, T) to logits, (N, T, V). */
export class CharGPT extends nn.Module<[Tensor], Tensor> {
  characters: nn.Embedding;
  places: nn.Embedding;
  blocks: nn.ModuleList<Block>;
  norm: nn.LayerNorm;
  head: nn.Linear;

  constructor(vocabularySize: number, context: number, width: number, layers: number, heads: number) {
    super();
    this.characters = new nn.Embedding(vocabularySize, width);
    this.places = new nn.Embedding(context, width);
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block(width, heads)));
    this.norm = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, vocabularySize);
    for (const { weight } of [this.characters, this.places]) nn.init.normal_(weight, { std: 0.02 });
  }

  override forward(codes: Tensor): Tensor {
    const length = codes.size(1);
    const mask = ones([length, length], { dtype: 'bool' }).triu({ diagonal: 1 });
    let x = this.characters(codes).add(this.places(arange(length)));
    for (const block of this.blocks) x = block(x, mask);
    return this.head(this.norm(x));
  }
}
