import type { Tensor } from '@kindling/core';
import { ctcLoss, type Lengths } from '../functional/losses/ctc.ts';
import type { SampleWeightOptions } from '../functional/losses/reduction.ts';
import { Loss, type LossModuleOptions } from './loss.ts';

/** Options of {@link CTCLoss}. */
export interface CTCOptions extends LossModuleOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /** Whether infinite losses become 0, and their gradients too. Default: false. */
  readonly zeroInfinity?: boolean;
}

type Sequences = [logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths];

/**
 * Connectionist temporal classification of log-probabilities (T, N, C), for labels without alignment; see {@link ctcLoss}.
 * Follows `torch.nn.CTCLoss`.
 *
 * @example new nn.CTCLoss()(nn.F.logSoftmax(randn([50, 2, 20]), 2), tensor([[1, 2, 2], [5, 0, 0]]), [50, 40], [3, 1]);
 */
export class CTCLoss extends Loss<Sequences> {
  blank: number;
  zeroInfinity: boolean;

  constructor(options: CTCOptions = {}) {
    super(options);
    this.blank = options.blank ?? 0;
    this.zeroInfinity = options.zeroInfinity ?? false;
  }

  override forward(
    logProbs: Tensor,
    targets: Tensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
    options?: SampleWeightOptions,
  ): Tensor {
    const { blank, zeroInfinity } = this;
    const own = this.bound({ blank, zeroInfinity }, options);
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, own);
  }
}
