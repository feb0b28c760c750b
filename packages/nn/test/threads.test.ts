/** Training on several threads: the parameters that one thread gives, bit for bit. */
import { compile, getNumThreads, manualSeed, randint, randn, setNumThreads } from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterAll, expect, test } from 'vitest';
import { Adam } from '../../optim/src/index.ts';

const byDefault = getNumThreads();
afterAll(() => setNumThreads(byDefault));

const batch = 96;

function train(threads: number | null): { losses: number[]; state: unknown } {
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(200, 151),
    new nn.LayerNorm(151),
    new nn.ReLU(),
    new nn.Linear(151, 300),
    new nn.Softmax(1),
    new nn.Linear(300, 10),
  );
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  const lossFn = new nn.CrossEntropyLoss();
  const [x, y] = [randn([batch, 200]), randint(0, 10, [batch])];
  const update = (): ReturnType<typeof lossFn.forward> => {
    optimizer.zeroGrad();
    const loss = lossFn.forward(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  if (threads !== null) setNumThreads(threads);
  const step = threads === null ? update : compile(update);
  const losses = Array.from({ length: 20 }, () => step().item());
  return { losses, state: [...model.parameters()].map((p) => Array.from(p.detach().data)) };
}

test('a net is trained to the same parameters on 1, 2 and 3 threads', () => {
  const eager = train(null);
  for (const threads of [1, 2, 3]) expect(train(threads)).toEqual(eager);
});
