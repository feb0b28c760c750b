import { fileURLToPath } from 'node:url';
import type { Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { loadTorch } from '../../src/torch-file/index.ts';
import { bytesOf, check, elements, names, urlOf, valueOf } from './support/fixtures.ts';

interface Training {
  readonly model: nn.StateDict;
  readonly optimizer: optim.OptimizerStateDict;
  readonly scheduler: optim.lrScheduler.SchedulerStateDict;
  readonly x: Tensor;
  readonly y: Tensor;
}

describe('files of torch.save', () => {
  it.each(['dtypes', 'layouts', 'containers', 'module', 'training', 'parameters'])(
    '%s is read',
    async (name) => {
      check(await loadTorch(bytesOf(`${name}.pt`)), valueOf(name));
    },
  );

  it.each(names.filter((name) => name.startsWith('few.') && name.endsWith('.pt')))(
    '%s is read as all other forms are',
    async (name) => {
      check(await loadTorch(bytesOf(name)), valueOf('few'));
    },
  );

  it('are read from a path, a URL, a buffer, an array within one, and a blob', async () => {
    const bytes = bytesOf('few.protocol2.pt');
    const within = new Uint8Array(bytes.length + 7);
    within.set(bytes, 5);
    const sources = [
      fileURLToPath(urlOf('few.protocol2.pt')),
      urlOf('few.protocol2.pt'),
      bytes.buffer,
      within.subarray(5, 5 + bytes.length),
      Buffer.from(bytes),
      new Blob([bytes]),
    ];
    for (const source of sources) check(await loadTorch(source), valueOf('few'));
  });

  it('are not changed by being read, nor by what is done to the tensors', async () => {
    const bytes = bytesOf('few.protocol2.pt');
    const { w } = await loadTorch<{ w: Tensor }>(bytes);
    w.zero_();
    check(await loadTorch(bytes), valueOf('few'));
    expect(bytes).toEqual(bytesOf('few.protocol2.pt'));
  });
});

describe('tensors', () => {
  it('that share memory share it, with the strides they had', async () => {
    const { base, transposed, column } = await loadTorch<Record<string, Tensor>>(bytesOf('layouts.pt'));
    expect(transposed?.storage).toBe(base?.storage);
    expect(transposed?.strides).toEqual([1, 12, 4]);
    base?.fill_(7);
    expect(new Set(elements(column as Tensor))).toEqual(new Set([7]));
  });

  it('that one name stands for twice are one', async () => {
    const [weight, again, , , , , view] = await loadTorch<Tensor[]>(bytesOf('parameters.pt'));
    expect(again).toBe(weight);
    expect(view?.storage).toBe(weight?.storage);
  });

  it('of integers beyond int32 are an error that names tensor and value', async () => {
    await expect(loadTorch(bytesOf('refused.wide.pt'))).rejects.toThrow(
      "loadTorch: ['a']: element 1 is 1099511627776, which does not fit into int32",
    );
  });

  it('may lie in memory of such integers that they do not show', async () => {
    const { fits, last } = await loadTorch<Record<string, Tensor>>(bytesOf('hidden-wide.pt'));
    expect(elements(fits as Tensor)).toEqual([1, 2]);
    expect(elements(last as Tensor)).toEqual([4]);
    expect(last?.storage).toBe(fits?.storage);
  });
});

describe('what PyTorch trained', () => {
  const network = () => new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));

  it('goes on here: module, optimizer and schedule take what the file holds', async () => {
    const saved = await loadTorch<Training>(bytesOf('training.pt'));
    const model = network();
    const [first, , last] = model.children() as [nn.Linear, nn.Tanh, nn.Linear];
    const optimizer = new optim.AdamW([{ params: first.parameters() }, { params: last.parameters() }]);
    const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, [1]);
    expect(model.loadStateDict(saved.model)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    optimizer.loadStateDict(saved.optimizer);
    scheduler.loadStateDict(saved.scheduler);
    expect(optimizer.paramGroups.map(({ lr, betas }) => [lr, betas])).toEqual([
      [0.5, [0.9, 0.999]],
      [0.025, [0.8, 0.95]],
    ]);
    expect(scheduler.milestones).toEqual({ 2: 1, 5: 2 });
    const before = elements(first.weight);
    new nn.MSELoss()(model(saved.x), saved.y).backward();
    optimizer.step();
    expect(elements(first.weight)).not.toEqual(before);
  });

  it('keeps tied weights tied', async () => {
    const state = await loadTorch<nn.StateDict>(bytesOf('module.pt'));
    expect(state['head.weight']?.storage).toBe(state['embed.weight']?.storage);
    expect(state['norm.num_batches_tracked']?.item()).toBe(1);
  });
});

describe('what is no tensor and no container', () => {
  it.each([
    ['complex', /complex64: there are no complex tensors here; save torch\.view_as_real/],
    ['complex-number', /builtins\.complex, which is refused.*real and imaginary/],
    ['sparse', /_rebuild_sparse_tensor, which is refused.*to_dense/],
    ['quantized', /_rebuild_qtensor, which is refused.*dequantize/],
    ['meta', /_rebuild_meta_tensor_no_storage, which is refused.*meta tensors have no data/],
    ['model', /torch\.nn\.modules\.linear\.Linear, which is refused.*model\.state_dict\(\)/],
    ['numpy', /numpy.*which is refused.*item\(\)/],
    ['script', /TorchScript archive/],
    ['pickle', /a Python pickle, but none that torch\.save wrote/],
  ])('is refused, by name and with what to do: %s', async (name, message) => {
    await expect(loadTorch(bytesOf(`refused.${name}.pt`))).rejects.toThrow(message);
  });
});
