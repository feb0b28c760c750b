import type { Tensor } from '@kindling/core';

/** The step that every training makes: the gradients of a loss, and an update by them; the loss is what it gives. */
export const trainingStep =
  <A extends readonly unknown[]>(
    optimizer: { zeroGrad(): void; step(): unknown },
    lossOf: (...given: A) => Tensor,
  ): ((...given: A) => Tensor) =>
  (...given) => {
    optimizer.zeroGrad();
    const loss = lossOf(...given);
    loss.backward();
    optimizer.step();
    return loss;
  };
