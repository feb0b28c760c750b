/** The nets whose training step is timed: sizes of the layers, batch, and the loss. */
export const nets = [
  { name: 'XOR 2-8-1, batch 4', sizes: [2, 8, 1], batch: 4, loss: 'bce' },
  { name: 'tiny 2-16-16-1, batch 32', sizes: [2, 16, 16, 1], batch: 32, loss: 'bce' },
  { name: 'MNIST 784-128-10, batch 64', sizes: [784, 128, 10], batch: 64, loss: 'ce' },
  { name: 'mid 784-512-512-10, batch 128', sizes: [784, 512, 512, 10], batch: 128, loss: 'ce' },
] as const;

export const optimizers = ['SGD', 'Adam'] as const;

export const matmulSizes = [64, 128, 256, 512] as const;

/** Convolutions of images: the layers of LeNet, one whose products are large, and one with a channel a group. */
export const convolutions = [
  { name: '5x5, 1 to 6, on 28 x 28', x: [64, 1, 28, 28], weight: [6, 1, 5, 5], padding: 2, groups: 1 },
  { name: '5x5, 6 to 16, on 14 x 14', x: [64, 6, 14, 14], weight: [16, 6, 5, 5], padding: 0, groups: 1 },
  { name: '3x3, 64 to 64, on 32 x 32', x: [16, 64, 32, 32], weight: [64, 64, 3, 3], padding: 1, groups: 1 },
  { name: '3x3, depthwise, on 32 x 32', x: [16, 64, 32, 32], weight: [64, 1, 3, 3], padding: 1, groups: 64 },
] as const;

/** A training step of LeNet by Adam. */
export const lenet = { name: 'LeNet, batch 64, Adam', batch: 64 } as const;

/** Pooling of images: after a layer of LeNet, and with windows that overlap. */
export const poolings = [
  {
    name: 'max pool 2x2, 6 channels of 28 x 28',
    kind: 'max',
    x: [64, 6, 28, 28],
    kernel: 2,
    stride: 2,
    padding: 0,
  },
  {
    name: 'max pool 3x3, step 2, 64 of 32 x 32',
    kind: 'max',
    x: [16, 64, 32, 32],
    kernel: 3,
    stride: 2,
    padding: 1,
  },
  {
    name: 'average pool 3x3, step 1, 64 of 32 x 32',
    kind: 'avg',
    x: [16, 64, 32, 32],
    kernel: 3,
    stride: 1,
    padding: 1,
  },
] as const;

/** Normalisations of rows, of channels over a batch, and of groups of channels, with what is learned of each. */
export const norms = [
  { name: 'layer norm, (1024, 128)', kind: 'layer', x: [1024, 128] },
  { name: 'RMS norm, (1024, 128)', kind: 'rms', x: [1024, 128] },
  { name: 'batch norm, (64, 256)', kind: 'batch', x: [64, 256] },
  { name: 'batch norm, (16, 32, 16, 16)', kind: 'batch', x: [16, 32, 16, 16] },
  { name: 'group norm, 8 groups, (16, 32, 16, 16)', kind: 'group', x: [16, 32, 16, 16] },
  { name: 'instance norm, (16, 32, 16, 16)', kind: 'instance', x: [16, 32, 16, 16] },
] as const;

/** The groups of group norm. */
export const normGroups = 8;

/** Operations on 2^20 float32 elements, but softmax: on (1024, 1000). */
export const elementwise = ['add', 'exp', 'tanh', 'sum', 'softmax'] as const;

/** What moves elements of matrices of (1024, 64), or of an image of 256 x 256, and the inner product of as many. */
export const moves = ['dot', 'cat of columns', 'indexSelect of rows', 'reflect pad', 'roll of both'] as const;

/**
 * What reads sequences: a recurrent layer, attention of a sequence to itself by its causal mask, and a small
 * transformer.
 */
export const sequences = {
  lstm: { name: 'LSTM, 64 to 64, 50 steps, batch 16', length: 50, batch: 16, size: 64 },
  attention: {
    name: 'attention, 8 heads of 16, 128 tokens, batch 8',
    length: 128,
    batch: 8,
    size: 128,
    heads: 8,
  },
  gpt: {
    name: 'GPT, 4 layers of 128, 4 heads, 128 tokens, batch 8, AdamW',
    length: 128,
    batch: 8,
    size: 128,
    heads: 4,
    layers: 4,
    vocabulary: 64,
  },
} as const;

/** An optimizer whose update alone is timed. */
export interface UpdateCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * How many arrays of the size of the parameters it has to read and write at least; left out where it is more than one
   * pass over them.
   */
  readonly arrays?: number;
  /** The parameters are matrices. */
  readonly matrices?: true;
  /** The greatest number of parameters: where more take seconds. */
  readonly most?: number;
}

/** The iterations of one step of LBFGS, down a quadratic function. */
const iterations = 10;

export const updates: readonly UpdateCase[] = [
  { name: 'SGD', options: {}, arrays: 3 },
  { name: 'SGD', options: { momentum: 0.9 }, arrays: 5 },
  { name: 'Adam', options: {}, arrays: 7 },
  { name: 'AdamW', options: {}, arrays: 7 },
  { name: 'Adamax', options: {}, arrays: 7 },
  { name: 'NAdam', options: {}, arrays: 7 },
  { name: 'RAdam', options: {}, arrays: 7 },
  { name: 'Adagrad', options: {}, arrays: 5 },
  { name: 'Adadelta', options: {}, arrays: 7 },
  { name: 'RMSprop', options: {}, arrays: 5 },
  { name: 'Rprop', options: {}, arrays: 7 },
  { name: 'ASGD', options: {}, arrays: 5 },
  { name: 'Lion', options: {}, arrays: 5 },
  { name: 'AdamWScheduleFree', options: {}, arrays: 7 },
  { name: 'SGDScheduleFree', options: {}, arrays: 5 },
  { name: 'Lamb', options: {}, arrays: 7 },
  { name: 'Adafactor', options: {}, arrays: 3, matrices: true },
  { name: 'Muon', options: {}, matrices: true, most: 1_000_000 },
  // Up the hill, back, and down from there by SGD.
  { name: 'SAM', options: {}, arrays: 9 },
  { name: 'LBFGS', options: { maxIter: iterations, historySize: iterations }, most: 1_000_000 },
];

/** How many parameters, and in how many tensors. */
export const updateSizes = [10_000, 1_000_000, 10_000_000] as const;
export const updateTensors = 20;
/** The shape of each, where they are matrices. */
export const updateMatrices: Readonly<Record<number, readonly [number, number]>> = {
  10000: [20, 25],
  1000000: [200, 250],
  10000000: [500, 1000],
};

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
export type Suite =
  | 'steps'
  | 'kernels'
  | 'convolutions'
  | 'poolings'
  | 'norms'
  | 'sequences'
  | 'losses'
  | 'optim';

export const stepCase = (net: string, optimizer: string): string => `${net}, ${optimizer}`;
export const matmulCase = (n: number): string => `matmul ${n} x ${n}`;
export const elementwiseCase = (name: string): string =>
  name === 'softmax' ? 'softmax (1024, 1000)' : `${name}, 2^20 elements`;
export const moveCase = (name: string): string => `${name}, 2^16 elements`;
/** A layer forward, and all of it with its gradients. */
export const layerCases = (name: string): [forward: string, both: string] => [name, `${name}, and backward`];
export const lossCase = (loss: string, shape: readonly number[]): string => `${loss} (${shape.join(', ')})`;
export const updateCase = ({ name, options }: UpdateCase, size: number): string => {
  const variant =
    'momentum' in options ? ', momentum' : 'maxIter' in options ? `, ${options.maxIter} iterations` : '';
  return `${name}${variant}, ${size} parameters`;
};
/** A copy of as many float32 numbers from one array to another, which reads and writes an array each. */
export const copyCase = (size: number): string => `copy, ${size} parameters`;
