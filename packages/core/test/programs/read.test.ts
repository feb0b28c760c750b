/** Programs that are written as JSON and read: of what steps they are, and what is refused. */
import {
  apply,
  applyUnary,
  bernoulli,
  compile,
  definePrimitive,
  E,
  ElementwiseOp,
  elementsOf,
  exponential_,
  fusedCrossEntropy,
  Generator,
  getRngState,
  KindlingError,
  manualSeed,
  noGrad,
  onHost,
  type Program,
  rand,
  randn,
  readProgram,
  type Tensor,
  tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../support/compiled.ts';
import { message } from '../support/message.ts';

/** A compiled function after two calls, which are given other tensors: one that comes twice may be one of the closure. */
function recorded<A extends Tensor[]>(fn: (...given: A) => unknown, ...given: A): Program {
  const compiled = compile(fn);
  for (let i = 0; i < 2; i++) compiled(...(given.map((x) => x.clone()) as unknown as A));
  return compiled.programs[0] as Program;
}

const one = definePrimitive({
  name: 'add_one',
  saves: 0,
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  kernel: ([x], _, out) => out.storage.array.set(elementsOf(x).map((v) => v + 1)),
  derivative: (g) => [g],
});
const softSign = new ElementwiseOp({
  name: 'soft_sign',
  arity: 1,
  expression: (x, a) => E.div(x, E.add(a, E.abs(x))),
});

const functions: Readonly<Record<string, (x: Tensor) => unknown>> = {
  'numbers that JSON does not have': (x) => [
    x.clamp({ min: -0, max: Number.POSITIVE_INFINITY }),
    x.mul(-0),
    x.add(Number.NaN),
  ],
  'views, and changes of a part of a tensor'(x) {
    const y = x.clone();
    y.narrow(1, 1, 2)
      .mul_(0.5)
      .add_(x.narrow(1, 0, 2));
    return [y.t(), y.select(0, 1)];
  },
  'a loss with its gradient'(x) {
    const v = x.detach().requiresGrad_();
    const rows = { dim: 1, ignoreIndex: -100, labelSmoothing: 0, reduction: 'mean', caller: 'loss' } as const;
    fusedCrossEntropy(v, x.argmax(1).to('int32'), null, rows).backward();
    return v.grad;
  },
  'draws, also in place': (x) => [rand([3]), bernoulli(x.mul(0.5)), exponential_(x.clone(), 2)],
  'an operation of the user': (x) => apply(one, [x], undefined),
  'an elementwise operation of the user': (x) => applyUnary(softSign, x, [0.5]),
};

describe('a program that is read', () => {
  it.each(Object.entries(functions))('does the same: %s', (_, fn) => {
    const compiled = compile(fn);
    for (let i = 0; i < 2; i++) compiled(rand([3, 4]));
    const x = rand([3, 4]);
    const read = readProgram(JSON.stringify(compiled.programs[0]));
    const [expected, found] = [() => compiled(x), () => read.run(x)].map((run) => {
      manualSeed(5);
      const results = [run()].flat(2) as Tensor[];
      return [...results.map(bitsOf), String(getRngState())];
    });
    expect(found).toEqual(expected);
  });

  it('draws from the generator that is given', () => {
    const program = recorded((x) => x.add(rand([3])), randn([3]));
    const runs = [1, 1, 2].map((seed) => {
      const generator = new Generator();
      generator.manualSeed(seed);
      return bitsOf(
        readProgram(JSON.stringify(program), { generator }).run(tensor([0, 1, 2]).to('float32'))[0]!,
      );
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[2]).not.toEqual(runs[1]);
  });

  it('changes an argument as the function does', () => {
    const program = recorded((x) => noGrad(() => x.mul_(2).sum()), randn([3]));
    const x = tensor([1, 2, 3]).to('float32');
    readProgram(JSON.stringify(program)).run(x);
    expect(x.toArray()).toEqual([2, 4, 6]);
  });

  it('refuses values as its operations do', () => {
    const [x, y] = [tensor([4, 9]), tensor([2, 3])];
    const program = recorded((a, b) => a.floorDivide(b), x, y);
    const read = readProgram(JSON.stringify(program));
    expect(read.run(x, y)[0]!.toArray()).toEqual([2, 3]);
    expect(() => read.run(x, tensor([0, 1]))).toThrow(/ZeroDivisionError/);
  });
});

describe('readProgram refuses', () => {
  const plain = (): Record<string, never> & { equations: Record<string, unknown>[] } =>
    JSON.parse(JSON.stringify(recorded((x) => x.mul(2).sum(0), randn([2, 3]))));

  it.each<
    [string, (program: Record<string, unknown> & { equations: Record<string, unknown>[] }) => unknown, RegExp]
  >([
    ['what is none', () => ({}), /format: expected 'kindling program'/],
    ['no JSON', () => '{', /the program is no JSON/],
    ['a later version', (p) => ({ ...p, version: 2 }), /version: expected 1, which this version .* got 2/],
    ['lists that are missing', ({ values: _, ...p }) => p, /values: expected an array, got undefined/],
    [
      'an operation that is not there',
      (p) => {
        p.equations[1]!.code = { by: 'name', name: 'summ', results: 'one' };
        return p;
      },
      /equations\[1\]\.code: there is no operation "summ" here/,
    ],
    [
      'a way to write operations that is not there',
      (p) => {
        p.equations[0]!.code = { by: 'magic' };
        return p;
      },
      /equations\[0\]\.code: there is no operation "magic"/,
    ],
    [
      'an expression that is none',
      (p) => {
        const code = p.equations[0]!.code as { expressions: { nodes: unknown[] } };
        code.expressions.nodes[0] = ['exec', 'value', []];
        return p;
      },
      /equations\[0\]\.code: expression: there is no operation exec/,
    ],
    [
      'a place beyond its memory',
      (p) => ({ ...p, values: (p.values as object[]).map((v) => ({ ...v, offset: 1000 })) }),
      /values\[0\]\.offset: expected a place among the 6 elements of memory 0, got 1000/,
    ],
    [
      'numbers of what is not there',
      (p) => ({ ...p, results: [77] }),
      /results\[0\]: expected the number of a value/,
    ],
  ])('%s', (_, spoil, expected) => {
    const data = spoil(plain()) as string | object;
    expect(() => readProgram(data)).toThrow(KindlingError);
    expect(message(() => readProgram(data))).toMatch(expected);
  });

  it('state and parts of the host that are missing, or do not fit', () => {
    const w = randn([2, 3]);
    const json = JSON.stringify(recorded((x) => x.mul(w), randn([2, 3])));
    expect(() => readProgram(json)).toThrow(
      /state 1: the program works on a tensor of 6 elements of float32/,
    );
    expect(() => readProgram(json, { state: () => randn([2]) })).toThrow(/expected a tensor of 6 elements/);
    expect(() => readProgram(json, { state: () => 1 as never })).toThrow(/options.state gave no tensor/);
    const counting = recorded((x) => (onHost(() => 1), x.mul(2)), randn([2]));
    expect(() => readProgram(JSON.stringify(counting))).toThrow(/1 parts that the host does/);
  });

  it('what is done beside operations', () => {
    const generator = new Generator();
    const program = recorded(
      (x) => {
        generator.manualSeed(3);
        return x.add(rand([2], { generator }));
      },
      randn([2]),
    );
    expect(() => readProgram(JSON.stringify(program))).toThrow(/manual_seed cannot be read/);
  });

  it('arguments that the program was not recorded with', () => {
    const { run } = readProgram(JSON.stringify(recorded((x, y) => x.add(y), randn([2, 3]), randn([2, 3]))));
    const x = randn([2, 3]);
    expect(() => run(x)).toThrow(/expected 2 tensors, got 1/);
    expect(() => run(x, randn([3, 2]))).toThrow(
      /tensor 1: expected float32 of shape \[2, 3\], got float32 of shape \[3, 2\]/,
    );
    expect(() => run(x, randn([3, 2]).t())).toThrow(/tensor 1: expected strides \[3, 1\]/);
    expect(() => run(x, x)).toThrow(/shares memory with others/);
  });
});
