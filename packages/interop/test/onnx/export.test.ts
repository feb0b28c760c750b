import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { arange, randn, type Tensor, tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { exportOnnx, type OnnxOptions } from '../../src/index.ts';
import { ModelSchema } from '../../src/onnx/proto/index.ts';
import { Of } from './nets.ts';

class Net extends nn.Module<[Tensor], Tensor> {
  fc1 = new nn.Linear(4, 8);
  act = new nn.ReLU();
  head = this.fc1;

  override forward(features: Tensor): Tensor {
    return this.act(this.fc1(features)).sum(1);
  }
}

const graphOf = (model: nn.AnyModule, example: Tensor | Tensor[], options?: OnnxOptions) => {
  const { graph, ...rest } = fromBinary(ModelSchema, exportOnnx(model, example, options));
  return { ...rest, nodes: [], initializers: [], ...graph };
};
const refusal = (f: (this: Of, ...x: Tensor[]) => unknown): string => {
  try {
    exportOnnx(new Of(f), randn([2, 4]));
  } catch (error) {
    return String(error);
  }
  return 'nothing';
};

describe('an exported model', () => {
  it('says what made it, for which version of ONNX', () => {
    const model = graphOf(new Net(), randn([2, 4]));
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(model).toMatchObject({
      irVersion: 13n,
      producerName: 'kindling',
      producerVersion: version,
      opsetImport: [{ domain: '', version: 26n }],
      name: 'Net',
    });
  });

  it('keeps names: inputs of parameters, initializers of state dicts, nodes of modules, with the line', () => {
    const { input = [], output = [], initializer = [], node = [] } = graphOf(new Net(), randn([2, 4]));
    expect(input.map(({ name }) => name)).toEqual(['features']);
    expect(output.map(({ name }) => name)).toEqual(['output']);
    expect(initializer.map(({ name }) => name)).toEqual(expect.arrayContaining(['fc1.weight', 'fc1.bias']));
    expect(node.map(({ name }) => name)).toEqual(['fc1.Gemm', 'act.Relu', 'ReduceSum']);
    expect(node[2]?.docString).toMatch(/^export\.test\.ts:\d+$/);
  });

  it('takes other names, and refuses as many as do not fit', () => {
    const { input = [], output = [] } = graphOf(new Net(), randn([2, 4]), {
      inputNames: ['x'],
      outputNames: ['y'],
    });
    expect([input[0]?.name, output[0]?.name]).toEqual(['x', 'y']);
    expect(() => exportOnnx(new Net(), randn([2, 4]), { outputNames: ['a', 'b'] })).toThrow(
      'exportOnnx: outputNames has 2 names, but there are 1: output',
    );
  });

  it('has a batch of any size, or that of the example alone', () => {
    const dims = (options?: OnnxOptions) =>
      graphOf(new Net(), randn([2, 4]), options).input?.[0]?.type?.tensorType?.shape?.dim.map(
        ({ value }) => value.value,
      );
    expect(dims()).toEqual(['batch', 4n]);
    expect(dims({ batch: false })).toEqual([2n, 4n]);
    expect(() => exportOnnx(new Net(), randn([2, 4]), { batch: [3] })).toThrow('dimension 3 of input 0');
  });

  it('wants a sample in the example, unless it has no batch', () => {
    for (const example of [zeros([0, 4]), [zeros([0, 4])]]) {
      expect(() => exportOnnx(new Net(), example)).toThrow(
        /^exportOnnx: the example has no samples: input 0 is of shape \[0.*; give one sample or more$/,
      );
    }
    expect(exportOnnx(new nn.Linear(4, 2), zeros([0, 4]), { batch: false }).length).toBeGreaterThan(0);
  });

  it('leaves the model as it was', () => {
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.BatchNorm1d(4), new nn.Dropout());
    const before = JSON.stringify(model.stateDict());
    exportOnnx(model, randn([3, 4]));
    expect(JSON.stringify(model.stateDict())).toBe(before);
    expect([...model.modules()].every(({ training }) => training)).toBe(true);
  });
});

describe('what ONNX cannot express is refused with operation, line and a way round', () => {
  it('operations without a counterpart', () => {
    expect(refusal((x) => x.lgamma())).toMatch(
      /ExportError: exportOnnx: lgamma \(export\.test\.ts:\d+\) cannot be written in ONNX: ONNX has no lgamma; compute it/,
    );
  });

  it('random numbers', () => {
    expect(refusal((x) => F.dropout(x))).toMatch(/export\.test\.ts:\d+.* cannot be written in ONNX/);
  });

  it('state that a call changes', () => {
    expect(
      refusal(function (x) {
        this.scale.mul_(2);
        return x.mul(this.scale);
      }),
    ).toMatch(/mul_ \(export\.test\.ts:\d+\).* changes scale, .*return the new value as a further result/);
  });

  it('values that decide', () => {
    expect(refusal((x) => (x.sum().item() > 0 ? x : x.neg()))).toMatch(/item.*where/);
    expect(refusal((x) => x.maskedSelect(x.gt(0)))).toMatch(/depends on the values|reads the values/);
  });

  it('results that are no tensors', () => {
    expect(refusal((x) => [x, 3])).toMatch(
      'the model returns a number as output_1, and outputs of ONNX are tensors',
    );
  });

  it('constants that follow the batch in no straight line', () => {
    expect(
      refusal((x) =>
        x
          .reshape([x.size(0) * 4])
          .unsqueeze(0)
          .mul(x.reshape([x.size(0) * 4, 1]))
          .reshape([-1]),
      ),
    ).toMatch(/ExportError/);
  });

  it('what is no module, no example', () => {
    expect(() => exportOnnx((() => 1) as never, tensor(1))).toThrow('exportOnnx: model: expected a module');
    expect(() => exportOnnx(new Net(), 3 as never)).toThrow('exportOnnx: example: expected a tensor');
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => exportOnnx(new Net(), cyclic as never)).toThrow(
      'exportOnnx: an argument is nested more than 100 deep',
    );
    expect(() => exportOnnx(new Net(), arange(3), { opset: 12 } as never)).toThrow('opset');
  });
});
