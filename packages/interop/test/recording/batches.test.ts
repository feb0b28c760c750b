import { arange, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { type BatchOptions, type Recording, recordBatches } from '../../src/recording/index.ts';

const at = (f: (...x: Tensor[]) => unknown, inputs: Tensor[], options: BatchOptions = {}): Recording =>
  recordBatches({ call: f, inputs, models: {} }, options);

describe('a call recorded for batches of any size', () => {
  it('has numbers that follow the batch in shapes, attributes and arguments', () => {
    const recording = at(
      (x) =>
        (x as Tensor)
          .reshape((x as Tensor).shape[0] as number, -1)
          .sum(1)
          .reshape(-1, 1),
      [randn([3, 4, 2])],
    );
    const sample = { perSample: 1, fixed: 0 };
    expect(recording.inputs).toMatchObject([{ shape: [sample, 4, 2] }]);
    expect(recording.body[0]).toMatchObject({
      given: { sizes: [sample, -1] },
      result: { shape: [sample, 8] },
    });
    expect(recording.result).toMatchObject({ shape: [sample, 1] });
  });

  it('tells batches from sizes that happen to be the same, and knows multiples', () => {
    const f = (x: Tensor): Tensor => zeros([x.shape[0] as number, 4]).reshape(2 * (x.shape[0] as number), 2);
    expect(at(f as never, [randn([4, 4])])).toMatchObject({
      inputs: [{ shape: [{ perSample: 1 }, 4] }],
      result: { shape: [{ perSample: 2, fixed: 0 }, 2] },
    });
  });

  it('knows constants that each call makes anew, and inputs that are no batch', () => {
    const f = (x: Tensor, scale: Tensor): Tensor => x.mul(scale).add(tensor([1, 2]));
    expect(at(f as never, [randn([5, 2]), randn([2])])).toMatchObject({
      inputs: [{ shape: [{ perSample: 1 }, 2] }, { shape: [2] }],
    });
    expect(at(f as never, [randn([2]), tensor(3)], { batchDims: [null, null] })).toMatchObject({
      inputs: [{ shape: [2] }, {}],
    });
    expect(at((x) => x, [randn([3, 5, 2])], { batchDims: [1] })).toMatchObject({
      inputs: [{ shape: [3, { perSample: 1 }, 2] }],
    });
  });

  it('records in the mode that is wanted, and leaves that of each module', () => {
    const model = new nn.Sequential(new nn.Dropout(), new nn.BatchNorm1d(3));
    model[1]?.eval();
    const f = { call: (x: Tensor) => model(x), inputs: [randn([4, 3])], models: { '': model } };
    const drops = ({ body: [call] }: Recording): number =>
      call?.kind === 'module' ? (call.body[0] as never as { body: unknown[] }).body.length : -1;
    expect(drops(recordBatches(f, { training: true }))).toBe(1);
    expect(drops(recordBatches(f, { training: false }))).toBe(0);
    expect([model.training, model[1]?.training]).toEqual([true, false]);
  });

  it('knows what functions make without an operation', () => {
    const f = (x: Tensor): Tensor => x.add(arange(x.shape[0] as number).unsqueeze(1));
    const [made, ...others] = at(f as never, [randn([4, 2])]).body;
    expect(made).toMatchObject({ name: 'arange', given: { end: { perSample: 1 } }, body: [] });
    expect(others.map((call) => call.kind !== 'module' && call.name)).toEqual(['unsqueeze', 'add']);
  });

  it('refuses other differences, with operation and line', () => {
    const reciprocal = (x: Tensor): Tensor => x.sum(0).mul(1 / (x.shape[0] as number));
    expect(() => at(reciprocal as never, [randn([4, 2])])).toThrow(
      /an operand of mul.*Divide.*batches\.test\.ts:\d+/,
    );
    const branching = (x: Tensor): Tensor => ((x.shape[0] as number) > 5 ? x.exp() : x.neg());
    expect(() => at(branching as never, [randn([4, 2])])).toThrow(
      /neg is called.*exp.*batches\.test\.ts:\d+/,
    );
    const listed = (x: Tensor): Tensor =>
      x.add(tensor(Array.from({ length: x.shape[0] as number }, (_, i) => i * i)).unsqueeze(1));
    expect(() => at(listed as never, [randn([4, 2])])).toThrow(/constant|tensor/);
  });
});
