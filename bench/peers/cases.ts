/** The nets whose training step is timed: sizes of the layers, batch, and the loss. */
export const nets = [
  { name: 'XOR 2-8-1, batch 4', sizes: [2, 8, 1], batch: 4, loss: 'bce' },
  { name: 'tiny 2-16-16-1, batch 32', sizes: [2, 16, 16, 1], batch: 32, loss: 'bce' },
  { name: 'MNIST 784-128-10, batch 64', sizes: [784, 128, 10], batch: 64, loss: 'ce' },
  { name: 'mid 784-512-512-10, batch 128', sizes: [784, 512, 512, 10], batch: 128, loss: 'ce' },
] as const;

export const optimizers = ['SGD', 'Adam'] as const;

export const matmulSizes = [64, 128, 256, 512] as const;

/** Operations on 2^20 float32 elements, but softmax: on (1024, 1000). */
export const elementwise = ['add', 'exp', 'tanh', 'sum', 'softmax'] as const;

/** The shapes of logits or predictions for the losses. */
export const lossShapes = [
  [64, 10],
  [1024, 1000],
  [32, 16, 64, 64],
] as const;

/** Losses that every peer can express. */
export const losses = ['crossEntropy', 'bceWithLogits', 'mse', 'l1', 'huber', 'smoothL1', 'nll'] as const;

/** Microseconds a call takes, by case: some hundred times of each. */
export type Times = Record<string, readonly number[]>;

/** What each peer's script is asked for. */
export type Suite = 'steps' | 'kernels' | 'losses';

export const stepCase = (net: string, optimizer: string): string => `${net}, ${optimizer}`;
export const matmulCase = (n: number): string => `matmul ${n} x ${n}`;
export const elementwiseCase = (name: string): string =>
  name === 'softmax' ? 'softmax (1024, 1000)' : `${name}, 2^20 elements`;
export const lossCase = (loss: string, shape: readonly number[]): string => `${loss} (${shape.join(', ')})`;
