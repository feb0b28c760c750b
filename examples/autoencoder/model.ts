import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

/** Layers of these widths with ReLU between them. */
function layers(widths: readonly number[]): nn.Module<[Tensor], Tensor>[] {
  return widths.slice(1).flatMap((width, i) => {
    const linear = new nn.Linear(widths[i] ?? 0, width);
    return i === widths.length - 2 ? [linear] : [linear, new nn.ReLU()];
  });
}

/** Images, (n, 784), to two numbers each, and back to the logits of their pixels. */
export class Autoencoder extends nn.Module<[Tensor], Tensor> {
  encoder: nn.Module<[Tensor], Tensor>;
  decoder: nn.Module<[Tensor], Tensor>;

  constructor(hidden: readonly number[]) {
    super();
    this.encoder = new nn.Sequential(...layers([784, ...hidden, 2]));
    this.decoder = new nn.Sequential(...layers([2, ...hidden.toReversed(), 784]));
  }

  override forward(images: Tensor): Tensor {
    return this.decoder(this.encoder(images));
  }

  /** The pixels that codes, (..., 2), stand for. */
  decode(codes: Tensor): Tensor {
    return this.decoder(codes).sigmoid();
  }
}
