import { noGrad, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';

/** What a net shows of itself for some images. */
export interface Seen {
  /** The filters of the first layer, (8, 5, 5). */
  readonly filters: Tensor;
  /** What each layer of filters found in each image, and where: (n, 8, 24, 24) and (n, 16, 8, 8). */
  readonly maps: readonly [first: Tensor, second: Tensor];
}

/**
 * As LeNet: two layers of 5 x 5 filters, each followed by pooling, then three that are full. Images (n, 1, 28, 28) to
 * logits (n, 10).
 */
export class ConvNet extends nn.Module<[Tensor], Tensor> {
  conv1: nn.Conv2d;
  conv2: nn.Conv2d;
  pool: nn.MaxPool2d;
  head: nn.Sequential;

  constructor() {
    super();
    this.conv1 = new nn.Conv2d(1, 8, 5);
    this.conv2 = new nn.Conv2d(8, 16, 5);
    this.pool = new nn.MaxPool2d(2);
    this.head = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(16 * 4 * 4, 120),
      new nn.ReLU(),
      new nn.Linear(120, 84),
      new nn.ReLU(),
      new nn.Linear(84, 10),
    );
  }

  #maps(images: Tensor): [first: Tensor, second: Tensor] {
    const first = this.conv1(images).relu();
    return [first, this.conv2(this.pool(first)).relu()];
  }

  override forward(images: Tensor): Tensor {
    const [, second] = this.#maps(images);
    return this.head(this.pool(second));
  }

  show(images: Tensor): Seen {
    return noGrad(() => ({ filters: this.conv1.weight.detach().squeeze(1), maps: this.#maps(images) }));
  }
}
