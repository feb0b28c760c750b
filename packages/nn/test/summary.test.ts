/** Summaries of models: as torchinfo 1.8.0 prints them of the same models in PyTorch 2.15, and what they leave behind. */
import { inspect } from 'node:util';
import { compile, getRngState, manualSeed, ones, type Tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

/** A layer that is used twice, and a parameter of its own. */
class Twice extends nn.Module<[Tensor], Tensor> {
  fc = new nn.Linear(4, 4);
  act = new nn.ReLU();
  scale = new nn.Parameter(ones([4]));
  override forward(x: Tensor): Tensor {
    return this.fc(this.act(this.fc(x))).mul(this.scale);
  }
}

class TwoInputs extends nn.Module<[Tensor, Tensor], Tensor> {
  bilinear = new nn.Bilinear(3, 4, 5);
  embedding = new nn.Embedding(10, 3);
  override forward(index: Tensor, y: Tensor): Tensor {
    return this.bilinear(this.embedding(index), y);
  }
}

/** A list of layers, which nobody calls. */
class Listed extends nn.Module<[Tensor], Tensor> {
  layers = new nn.ModuleList([new nn.Linear(3, 3), new nn.Linear(3, 3)]);
  override forward(x: Tensor): Tensor {
    return [...this.layers].reduce((y, layer) => (layer as nn.Linear)(y), x);
  }
}

const convolutional = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Sequential(new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.BatchNorm2d(6), new nn.ReLU()),
    new nn.Sequential(new nn.Flatten(), new nn.Linear(4704, 10)),
  );

/** Columns and widths as torchinfo has them by default. */
const asTorchinfo = { colNames: ['outputSize', 'numParams'], colWidth: 25 } as const;
const rowsOf = (found: nn.ModelSummary): unknown[] =>
  found.layers.map(({ className, depth, outputSize, multAdds }) => [className, depth, outputSize, multAdds]);

describe('the text of a summary', () => {
  it("is torchinfo's, of a layer that is used twice and a parameter of the model's own", () => {
    const line = '='.repeat(90);
    expect(nn.summary(new Twice(), [2, 4], asTorchinfo).toString()).toBe(
      [
        line,
        'Layer (type:depth-idx)                   Output Shape              Param #',
        line,
        'Twice                                    [2, 4]                    4',
        '├─Linear: 1-1                            [2, 4]                    20',
        '├─ReLU: 1-2                              [2, 4]                    --',
        '├─Linear: 1-3                            [2, 4]                    (recursive)',
        line,
        'Total params: 24',
        'Trainable params: 24',
        'Non-trainable params: 0',
        'Total mult-adds (M): 0.00',
        line,
        'Input size (MB): 0.00',
        'Forward/backward pass size (MB): 0.00',
        'Params size (MB): 0.00',
        'Estimated Total Size (MB): 0.00',
        line,
      ].join('\n'),
    );
  });

  it('draws the tree, with input shapes and multiply-adds', () => {
    const text = nn
      .summary(convolutional(), [4, 1, 28, 28], {
        colNames: ['inputSize', 'outputSize', 'numParams', 'multAdds'],
        colWidth: 25,
      })
      .toString();
    for (const row of [
      '├─Sequential: 1-1                        [4, 1, 28, 28]            [4, 6, 28, 28]            --                        --',
      '│    └─Conv2d: 2-1                       [4, 1, 28, 28]            [4, 6, 28, 28]            156                       489,216',
      '│    └─BatchNorm2d: 2-2                  [4, 6, 28, 28]            [4, 6, 28, 28]            12                        48',
      '│    └─Linear: 2-5                       [4, 4704]                 [4, 10]                   47,050                    188,200',
      'Total mult-adds (M): 0.68',
      'Forward/backward pass size (MB): 0.30',
      'Params size (MB): 0.19',
    ])
      expect(text.split('\n')).toContain(row);
  });

  it('sums up what lies below the last level that is shown', () => {
    const lines = nn.summary(convolutional(), [4, 1, 28, 28], { depth: 1 }).toString().split('\n');
    expect(lines.filter((line) => line.startsWith('├─'))).toEqual([
      '├─Sequential: 1-1        [4, 6, 28, 28]   168       489,264     75.26 kB',
      '├─Sequential: 1-2        [4, 10]          47,050    188,200     160 B',
    ]);
  });

  it('tells frozen parameters from trained ones', () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Linear(4, 2));
    for (const p of model.parameters().slice(0, 2)) p.requiresGrad = false;
    for (const p of model.parameters().slice(3)) p.requiresGrad = false;
    const found = nn.summary(model, [2, 3], { colNames: ['numParams', 'trainable', 'paramsPercent'] });
    expect(found.frozenParams).toBe(18);
    expect(found.toString().split('\n').slice(3, 6)).toEqual([
      'Sequential               --        Partial          --',
      '├─Linear: 1-1            (16)      False        61.54%',
      '├─Linear: 1-2            10        Partial      38.46%',
    ]);
  });

  it('is what console.log prints, and fits narrow screens by default', () => {
    const found = nn.summary(new nn.Linear(3, 2), [5, 3]);
    expect(inspect(found)).toBe(found.toString());
    expect(
      Math.max(
        ...found
          .toString()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(80);
  });
});

describe('the data of a summary', () => {
  it('has several inputs, of dtypes that are named', () => {
    const found = nn.summary(new TwoInputs(), [[2], [2, 4]], { dtypes: ['int32', 'float32'] });
    expect(rowsOf(found)).toEqual([
      ['TwoInputs', 0, [2, 5], 0],
      ['Embedding', 1, [2, 3], 60],
      ['Bilinear', 1, [2, 5], 130],
    ]);
    expect(found.inputBytes).toBe(2 * 4 + 8 * 4);
    expect(found.totalParams).toBe(95);
  });

  it('takes the first tensor of results that are lists, and counts recurrent layers once a step', () => {
    const found = nn.summary(new nn.LSTM(8, 16, { numLayers: 2, batchFirst: true }), [3, 5, 8]);
    expect(rowsOf(found)).toEqual([['LSTM', 0, [3, 5, 16], 3840 * 15]]);
    expect(found.passBytes).toBe(2 * 4 * 3 * 5 * 16);
  });

  it('takes arguments in place of sizes, packed sequences too', () => {
    const packed = nn.utils.rnn.packSequence([zeros([4, 8]), zeros([2, 8])]);
    const found = nn.summary(new nn.GRU(8, 16), null, { inputData: [packed] });
    expect(found.layers[0]).toMatchObject({ inputSize: [6, 8], outputSize: [6, 16] });
  });

  it('has attention as one row without multiply-adds, as torchinfo has', () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
    expect(rowsOf(nn.summary(layer, [2, 3, 8]))).toEqual([
      ['TransformerEncoderLayer', 0, [2, 3, 8], 0],
      ['MultiheadAttention', 1, [2, 3, 8], 0],
      ['Dropout', 1, [2, 3, 8], 0],
      ['LayerNorm', 1, [2, 3, 8], 32],
      ['Linear', 1, [2, 3, 16], 288],
      ['Dropout', 1, [2, 3, 16], 0],
      ['Linear', 1, [2, 3, 8], 272],
      ['Dropout', 1, [2, 3, 8], 0],
      ['LayerNorm', 1, [2, 3, 8], 32],
    ]);
  });

  it('has lists of layers around their layers, though they are never called', () => {
    const found = nn.summary(new Listed(), [2, 3]);
    expect(found.layers.map(({ path, depth, index }) => [path, depth, index])).toEqual([
      ['', 0, 1],
      ['layers', 1, 1],
      ['layers.0', 2, 1],
      ['layers.1', 2, 2],
    ]);
    expect(found.layers.map(({ ownParams }) => ownParams)).toEqual([0, 0, 12, 12]);
  });

  it('counts parameters that layers share once', () => {
    const [one, other] = [new nn.Linear(3, 3), new nn.Linear(3, 3)];
    other.weight = one.weight;
    expect(nn.summary(new nn.Sequential(one, other), [2, 3]).totalParams).toBe(9 + 3 + 3);
  });

  it('knows parameters alone where there is no input', () => {
    const found = nn.summary(convolutional());
    expect(found.ran).toBe(false);
    expect(found.layers.map(({ className }) => className)).toEqual([
      ...['Sequential', 'Sequential', 'Conv2d', 'BatchNorm2d', 'ReLU', 'Sequential', 'Flatten', 'Linear'],
    ]);
    expect(found.toString()).not.toContain('mult-adds');
  });

  it('puts a batch of one where batchDim says', () => {
    expect(nn.summary(new nn.Linear(3, 2), [3], { batchDim: 0 }).layers[0]?.outputSize).toEqual([1, 2]);
  });

  it('makes inputs of the dtype of the model', () => {
    const found = nn.summary(new nn.Linear(3, 2).double(), [5, 3]);
    expect([found.inputBytes, found.passBytes, found.paramBytes]).toEqual([120, 160, 64]);
  });
});

describe('a summary leaves the model as it was', () => {
  it('its modes, hooks, buffers and the random stream', () => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(), new nn.BatchNorm1d(4));
    model.children()[1]?.eval();
    const state = JSON.stringify(model.stateDict());
    const stream = getRngState();
    for (const mode of ['train', 'eval'] as const) nn.summary(model, [8, 3], { mode });
    expect(model.modules().map(({ training }) => training)).toEqual([true, true, false, true]);
    expect(JSON.stringify(model.stateDict())).toBe(state);
    expect(getRngState()).toEqual(stream);
    const found = nn.summary(model, [8, 3]);
    model(zeros([8, 3]));
    expect(found.layers).toHaveLength(4);
  });

  it('and its compiled programs in use', () => {
    const model = new nn.Linear(3, 2);
    const run = compile((x: Tensor) => model(x).detach());
    const x = ones([4, 3]);
    for (let i = 0; i < 3; i++) run(x);
    nn.summary(model, [4, 3]);
    run(x);
    expect(run.programs).toHaveLength(1);
  });

  it('also where the call fails', () => {
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Linear(3, 4));
    expect(() => nn.summary(model, [8, 3])).toThrow('Linear: input of shape');
    expect(model.training).toBe(true);
    expect(() => nn.summary(model, [8, 3])).toThrow('Linear: input of shape');
  });

  it('in its graph: results require no gradient, and no gradient is left', () => {
    const model = new nn.Linear(3, 2);
    nn.summary(model, [2, 3]);
    expect(model.weight.grad).toBeNull();
  });
});

describe('a summary refuses', () => {
  it('sizes and data at once, and dtypes that are not as many as sizes', () => {
    const model = new nn.Linear(3, 2);
    expect(() => nn.summary(model, [2, 3], { inputData: ones([2, 3]) })).toThrow('got both');
    expect(() => nn.summary(model, [2, 3], { dtypes: [] })).toThrow('a dtype for each of 1 inputs, got 0');
  });
});
