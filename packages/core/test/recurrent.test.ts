/** The steps of recurrent nets: cells along a sequence against their steps one by one, and parts as copies. */
import {
  addmm,
  autograd,
  cat,
  compile,
  type DType,
  gruGates,
  gruSequence,
  lstmGates,
  lstmSequence,
  manualSeed,
  randn,
  rnnSequence,
  steps,
  type Tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

const [rows, size, out] = [3, 2, 1];
const ways = [{ reversed: false }, { reversed: true }];
type Way = (typeof ways)[number];

/** The operands of the cells, each of those that it has. */
interface Operands {
  readonly gates: Tensor;
  readonly weight: Tensor;
  readonly h0: Tensor;
  readonly c0: Tensor;
  readonly projection: Tensor;
  readonly bias: Tensor;
}

/** A cell: its operands, the sequence, and one step of gates by input and of the states before. */
interface Case {
  readonly name: string;
  readonly has: readonly (keyof Operands)[];
  /** Gates for each element of the state, and how much is shown of it. */
  readonly parts: number;
  readonly shown: number;
  run(x: Operands, way: Way): readonly Tensor[];
  step(gates: Tensor, x: Operands, h: Tensor, c: Tensor): readonly Tensor[];
}

const lstmStep = (gates: Tensor, { weight }: Operands, h: Tensor, c: Tensor) =>
  lstmGates(addmm(gates, h, weight.t()), c);
const plain = (nonlinearity: 'tanh' | 'relu'): Case => ({
  name: `a plain net, ${nonlinearity},`,
  ...{ has: ['gates', 'weight', 'h0'], parts: 1, shown: size },
  run: ({ gates, weight, h0 }, way) => [rnnSequence(gates, weight, h0, { ...way, nonlinearity })],
  step: (gates, { weight }, h) => [addmm(gates, h, weight.t())[nonlinearity]()],
});
const gru: Case = {
  name: 'a GRU',
  ...{ has: ['gates', 'weight', 'h0', 'bias'], parts: 3, shown: size },
  run: ({ gates, weight, h0, bias }, way) => [gruSequence(gates, weight, h0, { ...way, bias })],
  step: (gates, { weight, bias }, h) => [gruGates(gates, addmm(bias, h, weight.t()), h)],
};

const cases: readonly Case[] = [
  {
    name: 'an LSTM',
    ...{ has: ['gates', 'weight', 'h0', 'c0'], parts: 4, shown: size },
    run: ({ gates, weight, h0, c0 }, way) => lstmSequence(gates, weight, h0, c0, way),
    step: lstmStep,
  },
  {
    name: 'an LSTM with a projection',
    ...{ has: ['gates', 'weight', 'h0', 'c0', 'projection'], parts: 4, shown: out },
    run: ({ gates, weight, h0, c0, projection }, way) =>
      lstmSequence(gates, weight, h0, c0, { ...way, projection }),
    step(gates, x, h, c) {
      const [next, cell] = lstmStep(gates, x, h, c);
      return [next.mm(x.projection.t()), cell];
    },
  },
  gru,
  {
    ...gru,
    name: 'a GRU without bias',
    has: ['gates', 'weight', 'h0'],
    run: ({ gates, weight, h0 }, way) => [gruSequence(gates, weight, h0, way)],
    step: (gates, { weight }, h) => [gruGates(gates, h.mm(weight.t()), h)],
  },
  plain('tanh'),
  plain('relu'),
];

function drawn({ has, parts, shown }: Case, dtype: DType, count = 4): Tensor[] {
  manualSeed(1);
  const shapes: Readonly<Record<keyof Operands, readonly number[]>> = {
    ...{ gates: [count * rows, parts * size], weight: [parts * size, shown], bias: [parts * size] },
    ...{ h0: [rows, shown], c0: [rows, size], projection: [shown, size] },
  };
  return has.map((name) => randn([...shapes[name]], { dtype, requiresGrad: true }));
}

/** Tensors by their names. */
const operandsOf = ({ has }: Case, x: readonly Tensor[]): Operands =>
  Object.fromEntries(has.map((name, i) => [name, x[i]])) as unknown as Operands;

/** The sequence by an operation for each step. */
function stepByStep(cell: Case, x: readonly Tensor[], { reversed }: Way): Tensor[] {
  const operands = operandsOf(cell, x);
  const count = operands.gates.size(0) / rows;
  const found: (readonly Tensor[])[] = [];
  let [h, c] = [operands.h0, operands.c0];
  for (let k = 0; k < count; k++) {
    const t = reversed ? count - 1 - k : k;
    const state = cell.step(operands.gates.narrow(0, t * rows, rows), operands, h, c);
    found[t] = state;
    [h = h, c = c] = state;
  }
  return (found[0] ?? []).map((_, i) => cat(found.flatMap((state) => state[i] ?? [])));
}

const all = cases.flatMap((cell) => ways.map((way) => ({ name: cell.name, ...way, cell, way })));

describe.each(all)('$name along a sequence, reversed: $reversed', ({ cell, way }) => {
  const run = (...x: Tensor[]) => cell.run(operandsOf(cell, x), way);
  const loss = (x: readonly Tensor[]): Tensor =>
    run(...x)
      .map((y, i) => (i === 0 ? y.sin() : y.cos()).sum())
      .reduce((a, b) => a.add(b));

  it('gives what its steps give, but for the order of sums', () => {
    for (const [dtype, rtol] of [
      ['float32', 1e-5],
      ['float64', 1e-14],
    ] as const) {
      const inputs = drawn(cell, dtype);
      const expected = stepByStep(cell, inputs, way);
      for (const [i, x] of run(...inputs).entries())
        expect(x.allclose(expected[i] ?? x.neg(), { rtol, atol: rtol / 10 })).toBe(true);
    }
  });

  it('has gradients of both orders by each result and by all', () => {
    const inputs = drawn(cell, 'float64', 2);
    const results = run(...inputs).length;
    const calls = [
      ...Array.from(
        { length: results },
        (_, i) =>
          (...x: Tensor[]) =>
            run(...x).slice(i, i + 1),
      ),
      ...(results > 1 ? [(...x: Tensor[]) => [...run(...x)]] : []),
    ];
    for (const call of calls) {
      expect(autograd.gradcheck(call, inputs)).toBe(true);
      expect(autograd.gradgradcheck(call, inputs)).toBe(true);
    }
  });

  it('has the same gradients whether or not they are to be differentiated again', () => {
    const inputs = drawn(cell, 'float64');
    const plain = autograd.grad(loss(inputs), inputs);
    const again = autograd.grad(loss(inputs), inputs, { createGraph: true });
    for (const [i, g] of plain.entries())
      expect(g?.allclose(again[i]?.detach() ?? g.neg(), { rtol: 1e-12, atol: 1e-14 })).toBe(true);
  });

  it('reads gates, weights and gradients however they lie', () => {
    const inputs = drawn(cell, 'float64');
    const scattered = inputs.map((x) => x.detach().t().contiguous().t().requiresGrad_());
    const [expected, found] = [inputs, scattered].map((x) => autograd.grad(run(...x)[0]?.sum() as Tensor, x));
    for (const [i, g] of (found ?? []).entries()) expect(g?.allclose(expected?.[i] ?? g.neg())).toBe(true);
  });

  // Many steps are worked on in parts, but in a program at once.
  it.each([4, 20_000])('has the same bits compiled, %i steps', (count) => {
    const inputs = drawn(cell, 'float32', count).map((x, i) =>
      i === 1 ? x.detach().mul(0.2).requiresGrad_() : x,
    );
    const both = (...x: Tensor[]): Tensor[] =>
      [...run(...x).map((y) => y.detach()), ...autograd.grad(loss(x), x)].flatMap((y) => y ?? []);
    const expected = both(...inputs);
    const compiled = compile(both);
    for (let call = 0; call < 3; call++) {
      for (const [i, y] of compiled(...inputs).entries()) expect(y.equal(expected[i] ?? y.neg())).toBe(true);
    }
    expect(compiled.explain()).toContain(' 0 by eager kernels, 0 in JavaScript');
  });
});

describe('of so many rows that few steps are worked on at a time', () => {
  const [many, wide, count] = [1500, 32, 6];
  const state = () => randn([many, wide]);
  const calls = {
    'a plain net': (gates: Tensor, weight: Tensor) => rnnSequence(gates, weight.narrow(0, 0, wide), state()),
    'a GRU': (gates: Tensor, weight: Tensor) => gruSequence(gates, weight.narrow(0, 0, 3 * wide), state()),
    'an LSTM': (gates: Tensor, weight: Tensor) => lstmSequence(gates, weight, state(), state())[0],
  };
  const parts = { 'a plain net': 1, 'a GRU': 3, 'an LSTM': 4 };

  it.each(['a plain net', 'a GRU', 'an LSTM'] as const)(
    '%s has the gradients of a program, which takes all',
    (name) => {
      manualSeed(1);
      const gates = randn([count * many, parts[name] * wide], { requiresGrad: true });
      const weight = randn([4 * wide, wide])
        .mul(0.1)
        .requiresGrad_();
      const gradients = (x: Tensor, w: Tensor): Tensor[] => {
        manualSeed(2);
        return autograd.grad(calls[name](x, w).sin().sum(), [x, w]) as Tensor[];
      };
      const expected = gradients(gates, weight);
      const compiled = compile(gradients);
      for (let call = 0; call < 3; call++)
        for (const [i, g] of compiled(gates, weight).entries())
          expect(g.equal(expected[i] as Tensor)).toBe(true);
    },
  );
});

describe('what does not fit is refused', () => {
  it.each(cases)('by $name along a sequence', (cell) => {
    const inputs = drawn(cell, 'float32');
    const message = /Sequence: expected gates \(T N, .*\), weight .* all of one dtype, got /;
    for (const [i, x] of inputs.entries()) {
      for (const wrong of [x.unsqueeze(0), x.double(), x.narrow(0, 0, 0)])
        expect(() => cell.run(operandsOf(cell, inputs.with(i, wrong)), { reversed: false })).toThrow(message);
    }
  });
});

describe('steps', () => {
  it('cut along any dimension, as copies whose gradients come together', () => {
    const x = randn([2, 5], { dtype: 'float64', requiresGrad: true });
    for (const [dim, sizes] of [
      [0, [1, 0, 1]],
      [1, [2, 3]],
      [-1, [4, 1]],
    ] as const) {
      const parts = steps(x, sizes, { dim });
      expect(cat([...parts], dim).equal(x)).toBe(true);
      expect(parts.map((part) => part.size(dim))).toEqual(sizes);
      expect(autograd.gradcheck((y: Tensor) => [...steps(y, sizes, { dim })], [x])).toBe(true);
      expect(autograd.gradgradcheck((y: Tensor) => [...steps(y, sizes, { dim })], [x])).toBe(true);
    }
  });

  it('refuse sizes that do not sum up', () => {
    expect(() => steps(randn([2, 5]), [2, 2], { dim: 1 })).toThrow('sum up to that of dimension 1 of x');
    expect(() => steps(randn([2, 5]), [2], { dim: 2 })).toThrow('steps: Dimension out of range');
  });
});
