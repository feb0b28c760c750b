/** Training on several threads: the parameters that one thread gives, bit for bit. */
import {
  clipGradNorm_,
  compile,
  manualSeed,
  randint,
  randn,
  setNumThreads,
  type Tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { beforeAll, expect, test } from 'vitest';
import { putThreadsBack, untilShared } from '../../core/test/support/threads.ts';
import { Adam } from '../../optim/src/index.ts';

putThreadsBack();
beforeAll(async () => {
  // Workers are there from the first step on.
  setNumThreads(3);
  const product = compile((x: Tensor) => x.matmul(x));
  await untilShared(() => [product(randn([300, 300]))]);
});

const steps = 12;

/** A net, and what it is given: sizes that threads share unevenly. */
type Net = readonly [nn.Module<[Tensor], Tensor>, Tensor];

/** The first of what a recurrent layer gives, by rows of all steps. */
class Sequence extends nn.Module<[Tensor], Tensor> {
  cells = new nn.LSTM(61, 67, { bidirectional: true, batchFirst: true });
  head = new nn.Linear(134, 10);

  override forward(x: Tensor): Tensor {
    return this.head(this.cells(x)[0].select(1, -1));
  }
}

const nets: Readonly<Record<string, () => Net>> = {
  'of linear layers and a norm': () => [
    new nn.Sequential(
      new nn.Linear(200, 151),
      new nn.LayerNorm(151),
      new nn.ReLU(),
      new nn.Linear(151, 300),
      new nn.Softmax(1),
      new nn.Linear(300, 10),
    ),
    randn([96, 200]),
  ],
  'of convolutions, pooling and dropout': () => [
    new nn.Sequential(
      new nn.Conv2d(3, 13, 3, { padding: 1 }),
      new nn.BatchNorm2d(13),
      new nn.SiLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(13, 11, 3, { stride: 2 }),
      new nn.Dropout({ p: 0.3 }),
      new nn.Flatten(),
      new nn.Linear(11 * 36, 10),
    ),
    randn([17, 3, 27, 27]),
  ],
  'that is recurrent': () => [new Sequence(), randn([23, 9, 61])],
  'with attention': () => [
    new nn.Sequential(
      new nn.TransformerEncoderLayer(60, 3, { dimFeedforward: 131, batchFirst: true }),
      new nn.Flatten(),
      new nn.Linear(31 * 60, 10),
    ),
    randn([7, 31, 60]),
  ],
};

/** Trains on so many threads, in turn, one of them for each step; `null`: eagerly, on one. */
function train(make: () => Net, threads: readonly number[] | null) {
  manualSeed(1);
  const [net, x] = make();
  const optimizer = new Adam(net.parameters(), { lr: 0.01 });
  const y = randint(0, 10, [x.shape[0] ?? 0]);
  const update = (): readonly Tensor[] => {
    optimizer.zeroGrad();
    const loss = nn.F.crossEntropy(net(x), y);
    loss.backward();
    const norm = clipGradNorm_(net.parameters(), 0.5);
    optimizer.step();
    return [loss, norm];
  };
  const step = threads === null ? update : compile(update);
  const results = Array.from({ length: steps }, (_, i) => {
    setNumThreads(threads?.[i % threads.length] ?? 1);
    return step().map((result) => result.item());
  });
  return { results, state: [...net.parameters(), ...net.buffers()].map((p) => Array.from(p.detach().data)) };
}

test.each(Object.entries(nets))('a net %s is trained to the same parameters on any threads', (_, make) => {
  const eager = train(make, null);
  for (const threads of [[1], [2], [3], [2, 2, 3, 1]]) expect(train(make, threads)).toEqual(eager);
});
