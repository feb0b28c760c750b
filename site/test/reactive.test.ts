/** Vue makes proxies of what its reactive state holds: Kindling's objects stay as they are there, and work. */
import { data, Generator, ones, randn, Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { expect, it } from 'vitest';
import { isReactive, reactive, ref } from 'vue';

it('trains from reactive state', () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  const state = reactive({
    model: model as unknown,
    optimizer: optimizer as unknown,
    scheduler: new optim.lrScheduler.StepLR(optimizer, 1) as unknown,
    loader: new data.DataLoader(new data.TensorDataset(randn([4, 2]), ones([4, 1])), {
      batchSize: 2,
    }) as unknown,
    generator: new Generator() as unknown,
    weight: model.weight as unknown,
  }) as unknown as {
    model: nn.Linear;
    optimizer: optim.Adam;
    scheduler: optim.lrScheduler.StepLR;
    loader: data.DataLoader<[Tensor, Tensor]>;
    generator: Generator;
    weight: Tensor;
  };
  for (const [name, value] of Object.entries(state)) expect(isReactive(value), name).toBe(false);
  const before = state.weight.clone();
  for (const [x, y] of state.loader) {
    state.optimizer.zeroGrad();
    nn.F.mseLoss(state.model(x), y).backward();
    state.optimizer.step();
  }
  state.scheduler.step();
  expect(state.weight.equal(before)).toBe(false);
  expect(randn([2], { generator: state.generator }).shape).toEqual([2]);
  const loss = ref<unknown>(ones([2]));
  expect((loss.value as Tensor).t()).toBeInstanceOf(Tensor);
});
