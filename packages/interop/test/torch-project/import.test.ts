/** What PyTorch left is taken up: fixtures are what `train.py --export` wrote (tools/interop/back.ts). */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Generator, indexSelect, manualSeed, randperm, type Tensor } from '@kindling/core';
import { loadSafetensors } from '@kindling/core/node';
import { importTorch } from '@kindling/interop';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scheduledTraining } from './scheduled-training.ts';

const back = fileURLToPath(new URL('fixtures/back', import.meta.url));
const { lrScheduler } = optim;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-import-'));
  cpSync(back, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The training of the fixture, with other weights and nothing remembered. */
function training() {
  manualSeed(99);
  return scheduledTraining();
}

const stateOf = ({ model, optimizer, scheduler }: ReturnType<typeof training>): string =>
  JSON.stringify([model.stateDict(), optimizer.stateDict(), scheduler.stateDict()]);

test('a training that PyTorch went on with on two ranks goes on here with the losses and rates that PyTorch has', async () => {
  const { model, optimizer, scheduler } = training();
  const at = await importTorch(back, { model, optimizer, scheduler });
  expect(at).toEqual({ epoch: 4, sample: 32, step: 33 });
  const { 'inputs.0': inputs, 'targets.0': targets } = await loadSafetensors(join(back, 'data.safetensors'));
  const next = JSON.parse(readFileSync(join(back, 'next.json'), 'utf8')) as { loss: number; lr: number[] }[];
  const loss = new nn.CrossEntropyLoss();
  let { epoch, sample } = at;
  for (const { loss: expected, lr } of next) {
    expect(optimizer.paramGroups[0]?.lr).toBeCloseTo(lr[0] as number, 12);
    const order = randperm(100, { generator: new Generator().manualSeed(epoch) });
    const rows = order.narrow(0, sample, Math.min(16, 100 - sample));
    optimizer.zeroGrad();
    const value = loss(
      model(indexSelect(inputs as Tensor, 0, rows)),
      indexSelect(targets as Tensor, 0, rows),
    );
    value.backward();
    optimizer.step();
    scheduler.step();
    expect(Math.abs(value.item() - expected) / expected).toBeLessThan(1e-6);
    sample += rows.count;
    if (sample >= 100) [epoch, sample] = [epoch + 1, 0];
  }
});

test('the weights alone can be loaded', async () => {
  const { model } = training();
  await importTorch(back, { model });
  const { 'out.bias': bias } = await loadSafetensors(join(back, 'state.safetensors'));
  expect(model.out.bias?.toArray()).toEqual(bias?.toArray());
});

test('what does not fit is refused, and nothing is changed', async () => {
  const own = training();
  const before = stateOf(own);
  const { model, optimizer, scheduler } = own;
  const other = new nn.Sequential(new nn.Linear(8, 24));
  const refused = async (given: Parameters<typeof importTorch>[1], message: RegExp): Promise<void> => {
    await expect(importTorch(folder, given)).rejects.toThrow(message);
    expect(stateOf(own)).toBe(before);
  };
  await refused({ model: other }, /hidden\.weight/);
  await refused({ model, optimizer: new optim.SGD(other.parameters()) }, /none of the model's/);
  await refused({ model, optimizer: new optim.Adam(model.parameters()) }, /betas|another optimizer/);
  const part = new optim.SGD([model.hidden.weight], { momentum: 0.9 });
  await refused(
    { model, optimizer: part },
    /hidden\.bias, which is no parameter of the optimizer here: hidden\.weight/,
  );
  await refused({ model, optimizer, scheduler: new lrScheduler.StepLR(optimizer, 3) }, /step_size/);
  expect(scheduler.lastEpoch).toBe(3 - 3);
});

test('files that are missing or torn are named', async () => {
  const { model, optimizer } = training();
  writeFileSync(join(folder, 'optimizer.json'), '{"param_groups": [');
  await expect(importTorch(folder, { model, optimizer })).rejects.toThrow(
    'optimizer.json is no JSON of an object',
  );
  rmSync(join(folder, 'optimizer.json'));
  await expect(importTorch(folder, { model, optimizer })).rejects.toThrow("optimizer.json'): ENOENT");
  rmSync(join(folder, 'state.safetensors'));
  await expect(importTorch(folder, { model })).rejects.toThrow('state.safetensors');
  await expect(importTorch('', { model })).rejects.toThrow('expected the path of a folder');
});
