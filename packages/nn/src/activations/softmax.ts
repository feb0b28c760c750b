import { ShapeError, type Tensor } from '@kindling/core';
import { glu, logSoftmax, softmax, softmin } from '../functional/softmax.ts';
import { Module } from '../module/module.ts';

/** What the softmax layers share. Without a dimension PyTorch's deprecated choice is made, with a warning. */
abstract class AlongDim extends Module<[Tensor], Tensor> {
  readonly dim: number | null;

  constructor(dim: number | null = null) {
    super();
    this.dim = dim;
  }

  override extraRepr(): string {
    return `dim=${this.dim ?? 'None'}`;
  }
}

/** e^x / sum(e^x) along `dim`. Follows `torch.nn.Softmax`. */
export class Softmax extends AlongDim {
  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/** softmax(-x) along `dim`. Follows `torch.nn.Softmin`. */
export class Softmin extends AlongDim {
  override forward(x: Tensor): Tensor {
    return softmin(x, this.dim);
  }
}

/** log(softmax(x)) along `dim`. Follows `torch.nn.LogSoftmax`. */
export class LogSoftmax extends AlongDim {
  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}

/** Softmax over the channels of (N, C, H, W) or (C, H, W). Follows `torch.nn.Softmax2d`. */
export class Softmax2d extends Module<[Tensor], Tensor> {
  override forward(x: Tensor): Tensor {
    if (x.ndim !== 3 && x.ndim !== 4) {
      throw new ShapeError(`Softmax2d: expected input to be 3D or 4D, got ${x.ndim}D instead`);
    }
    return softmax(x, -3);
  }
}

/** a * sigmoid(b), a and b being the halves of x along `dim`. Follows `torch.nn.GLU`. */
export class GLU extends Module<[Tensor], Tensor> {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  override forward(x: Tensor): Tensor {
    return glu(x, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
