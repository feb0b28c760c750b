import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

export class MLP extends nn.Module {
  hidden = new nn.Linear(8, 24);
  drop = new nn.Dropout({ p: 0 });
  out = new nn.Linear(24, 5);
  override forward(x: Tensor): Tensor {
    return this.out(this.drop(nn.F.gelu(this.hidden(x))));
  }
}

/** The training that tools/interop exports, PyTorch goes on with, and the tests take up: with three schedules, one after the other. */
export function scheduledTraining() {
  const { lrScheduler } = optim;
  const model = new MLP();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.2, momentum: 0.9, weightDecay: 1e-3 });
  const scheduler = new lrScheduler.SequentialLR(
    optimizer,
    [
      new lrScheduler.LinearLR(optimizer, { startFactor: 0.1, totalIters: 8 }),
      new lrScheduler.CosineAnnealingLR(optimizer, 60),
      new lrScheduler.LambdaLR(optimizer, (epoch) => 0.1 * 0.95 ** epoch),
    ],
    [8, 50],
  );
  return { model, optimizer, scheduler };
}
