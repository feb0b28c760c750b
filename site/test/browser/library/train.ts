/** What the page and the worker of this test do: a compiled training, and what it came to. */
import { compile, getNumThreads, manualSeed, matmul, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { trainingStep } from '../../../../packages/core/test/support/training-step.ts';

export interface Outcome {
  readonly loss: number;
  readonly weights: string;
  readonly isolated: boolean;
  /** A large product, which threads share where they can. */
  readonly product: number;
  readonly threads: number;
  readonly where: string;
}

export function train(): Outcome {
  manualSeed(0);
  const x = tensor(
    [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    { dtype: 'float32' },
  );
  const y = tensor([[0], [1], [1], [0]], { dtype: 'float32' });
  const net = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
  const lossFn = new nn.BCEWithLogitsLoss();
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.05 });
  const step = compile(trainingStep(optimizer, (x: Tensor, y: Tensor) => lossFn(net(x), y)));
  for (let i = 0; i < 400; i++) step(x, y);
  const a = randn([256, 256]);
  const square = compile((x: Tensor) => matmul(x, x).sum());
  for (let i = 0; i < 50; i++) square(a);
  return {
    loss: step(x, y).item(),
    weights: String(net.parameters()[0]),
    isolated: globalThis.crossOriginIsolated,
    product: square(a).item(),
    threads: getNumThreads(),
    where: typeof document === 'undefined' ? 'worker' : 'page',
  };
}
