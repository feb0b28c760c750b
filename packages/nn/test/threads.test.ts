/** Training on several threads: the parameters that one thread gives, bit for bit. */
import { compile, getNumThreads, manualSeed, randint, randn, setNumThreads } from '@kindling/core';
import * as nn from '@kindling/nn';
import { afterAll, expect, test } from 'vitest';
import { trainingStep } from '../../core/test/support/training-step.ts';
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
  const update = trainingStep(optimizer, () => lossFn.forward(model.forward(x), y));
  if (threads !== null) setNumThreads(threads);
  const step = threads === null ? update : compile(update);
  const losses = Array.from({ length: 20 }, () => step().item());
  return { losses, state: [...model.parameters()].map((p) => Array.from(p.detach().data)) };
}

test('a net is trained to the same parameters on 1, 2 and 3 threads', () => {
  const eager = train(null);
  for (const threads of [1, 2, 3]) expect(train(threads)).toEqual(eager);
});
