import { defaultGenerator, manualSeed, ones, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { type Argument, type Call, isValue, record, type Value } from '../../src/recording/index.ts';

const recordModel = (model: nn.AnyModule, ...inputs: Tensor[]) =>
  record({
    call: (...given) => (model as unknown as (...x: Tensor[]) => unknown)(...given),
    inputs,
    models: { '': model },
  });

/** The calls in a model's own forward. */
const calls = (model: nn.AnyModule, ...inputs: Tensor[]): readonly Call[] => {
  const [whole] = recordModel(model, ...inputs).body;
  return whole?.kind === 'module' ? whole.body : [];
};
const names = (body: readonly Call[]): string[] =>
  body.map((call) => (call.kind === 'module' ? call.path : call.name));
const idOf = (x: Argument | undefined): number | undefined =>
  x !== undefined && isValue(x) ? x.id : undefined;
const sourceOf = (x: Argument | undefined): Value['source'] | undefined =>
  x !== undefined && isValue(x) ? x.source : undefined;

class Of extends nn.Module<[Tensor], unknown> {
  readonly #f: (x: Tensor) => unknown;
  constructor(f: (x: Tensor) => unknown) {
    super();
    this.#f = f;
  }
  override forward(x: Tensor): unknown {
    return this.#f(x);
  }
}

describe('a recorded call', () => {
  it('lists modules by their names, each as often as it was called, with what each was given and gave', () => {
    class Twice extends nn.Module {
      shared = new nn.Linear(3, 3);
      stack = new nn.Sequential(new nn.Tanh(), new nn.Linear(3, 2));
      override forward(x: Tensor): Tensor {
        return this.stack(this.shared(this.shared(x)));
      }
    }
    const body = calls(new Twice(), randn([4, 3]));
    expect(names(body)).toEqual(['shared', 'shared', 'stack']);
    const [first, second, stack] = body as unknown as Extract<Call, { kind: 'module' }>[];
    expect(idOf(second?.inputs[0])).toBe(idOf(first?.result));
    expect(names(stack?.body ?? [])).toEqual(['stack.0', 'stack.1']);
    expect(stack?.line).toMatch(/^record\.test\.ts:\d+$/);
  });

  it('knows functions by their public names and arguments, and what happens in them', () => {
    const [call] = calls(new Of((x) => F.leakyRelu(x, { negativeSlope: 0.2 })), randn([2]));
    expect(call).toMatchObject({
      kind: 'function',
      name: 'leakyRelu',
      given: { options: { negativeSlope: 0.2 } },
    });
    const [sum] = calls(new Of((x) => x.sum(1, { keepdim: true })), randn([2, 3]));
    expect(sum).toMatchObject({ name: 'sum', given: { dims: 1, options: { keepdim: true } } });
    expect(sum?.kind === 'function' && sum.body.length).toBe(1);
  });

  it('tells chained and nested calls on one line apart', () => {
    const f = (x: Tensor): Tensor =>
      F.softplus(F.elu(x, { alpha: 2 }), { beta: 2 })
        .softmax(0)
        .sum()
        .exp();
    expect(names(calls(new Of(f), randn([3])))).toEqual(['elu', 'softplus', 'softmax', 'sum', 'exp']);
  });

  it('says which operands of an elementwise operation are numbers', () => {
    const [a, b, c] = calls(new Of((x) => x.sub(2).add(x.rsub(3), { alpha: 0.5 })), randn([2]));
    expect(a).toMatchObject({ name: 'sub', operands: [{ shape: [2] }, 2], attributes: [2] });
    expect(b).toMatchObject({ kind: 'function', body: [{ operands: [3, { shape: [2] }] }] });
    expect(c).toMatchObject({ name: 'add', attributes: [0.5] });
  });

  it('knows what functions give, lists and objects too', () => {
    const [split, chosen, , , normed] = calls(
      new Of((x) => {
        const [, second] = x.chunk(2, 1);
        const { indices } = (second as Tensor).topk(1);
        return [indices, F.batchNorm(x, ones(4), ones(4), { training: true })];
      }),
      randn([2, 4]),
    );
    expect(split).toMatchObject({ name: 'chunk', result: [{ shape: [2, 2] }, { shape: [2, 2] }] });
    expect(chosen).toMatchObject({ result: { values: { dtype: 'float32' }, indices: { dtype: 'int32' } } });
    expect(normed).toMatchObject({ name: 'batchNorm', result: { shape: [2, 4] } });
  });

  it('gives what is changed in place another value, which shares the memory of the one before', () => {
    const body = calls(
      new Of((x) => {
        const y = x.exp();
        const view = y.narrow(0, 0, 1);
        y.add_(1);
        return [y, view];
      }),
      randn([2]),
    );
    const change = body.at(-1);
    if (change?.kind !== 'operation') throw new Error('expected an operation');
    expect(change).toMatchObject({ name: 'add_', inPlace: true });
    expect(change.sharesWith[0]?.id).toBe(change.inputs[0]?.id);
    expect(change.outputs[0]?.id).not.toBe(change.inputs[0]?.id);
  });

  it('names parameters and buffers, tied ones by the first of their names, and calls the rest constants', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2);
      b = new nn.Linear(2, 2);
      scale = this.registerBuffer('scale', ones(2));
      constructor() {
        super();
        this.b.weight = this.a.weight;
      }
      override forward(x: Tensor): Tensor {
        return this.b(x)
          .mul(this.scale)
          .mul(tensor([1, 2]));
      }
    }
    const [layer, scaled, constant] = calls(new Tied(), randn([1, 2]));
    const [linear] = layer?.kind === 'module' ? layer.body : [];
    expect(linear?.kind === 'function' && sourceOf(linear.given.weight)).toMatchObject({ name: 'a.weight' });
    expect(scaled?.kind === 'operation' && sourceOf(scaled.inputs[1])).toMatchObject({
      kind: 'state',
      name: 'scale',
    });
    expect(constant?.kind === 'operation' && sourceOf(constant.inputs[1])?.kind).toBe('constant');
  });

  it('takes several inputs of any shape and dtype, and keeps nested results', () => {
    const embedding = new nn.Embedding(5, 2);
    const recording = record({
      call: (ids, scale) => ({ y: embedding(ids as Tensor).mul(scale as Tensor), all: [ids, { scale }] }),
      inputs: [tensor([1, 2], { dtype: 'int32' }), tensor(3.5)],
      models: { embed: embedding },
    });
    expect(recording.inputs.map(({ dtype, shape }) => [dtype, shape])).toEqual([
      ['int32', [2]],
      ['float32', []],
    ]);
    expect(names(recording.body)).toEqual(['embed', 'mul']);
    expect(recording.result).toMatchObject({
      y: { shape: [2, 2] },
      all: [{ id: 0 }, { scale: { id: 1, source: { kind: 'input', index: 1 } } }],
    });
  });

  it('leaves model, buffers, modes, gradients and generators as they were', () => {
    class Counting extends nn.Module {
      norm = new nn.BatchNorm1d(2);
      drop = new nn.Dropout();
      calls = 0;
      override forward(x: Tensor): Tensor {
        this.calls++;
        return this.drop(this.norm(x));
      }
    }
    const model = new Counting();
    model.norm.eval();
    model.norm.train();
    model(randn([3, 2]))
      .sum()
      .backward();
    const before = JSON.stringify([model.stateDict(), model.norm.weight?.grad]);
    manualSeed(3);
    const generator = String(defaultGenerator.getState());
    recordModel(model, randn([4, 2]));
    manualSeed(3);
    recordModel(model, ones([4, 2]));
    expect(String(defaultGenerator.getState())).toBe(generator);
    expect(JSON.stringify([model.stateDict(), model.norm.weight?.grad])).toBe(before);
    expect([model.calls, model.training]).toEqual([1, true]);
    const y = model(ones([4, 2]));
    expect(y.requiresGrad).toBe(true);
  });

  it('refuses what depends on values of tensors in JavaScript, with the line', () => {
    const model = new Of((x) => (x.sum().item() > 0 ? x : x.neg()));
    expect(() => recordModel(model, randn([2]))).toThrow(/item.*record\.test\.ts:\d+.*where/);
    expect(model.namedModules()).toHaveLength(1);
  });
});
