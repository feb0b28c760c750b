/** The steps of recurrent nets: an LSTM along a sequence against its steps one by one, and parts as copies. */
import {
  addmm,
  autograd,
  cat,
  compile,
  type DType,
  lstmGates,
  lstmSequence,
  manualSeed,
  randn,
  steps,
  type Tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';

const [count, rows, size] = [4, 3, 2];
const ways = [{ reversed: false }, { reversed: true }];

const drawn = (dtype: DType): [Tensor, Tensor, Tensor, Tensor] => {
  manualSeed(1);
  const leaf = (...shape: number[]): Tensor => randn(shape, { dtype, requiresGrad: true });
  return [leaf(count * rows, 4 * size), leaf(4 * size, size), leaf(rows, size), leaf(rows, size)];
};

/** The sequence by an operation for each step. */
function stepByStep(
  gates: Tensor,
  weight: Tensor,
  h0: Tensor,
  c0: Tensor,
  { reversed }: { reversed: boolean },
): [Tensor, Tensor] {
  const found: [Tensor, Tensor][] = [];
  let state: readonly [Tensor, Tensor] = [h0, c0];
  for (let k = 0; k < count; k++) {
    const t = reversed ? count - 1 - k : k;
    state = lstmGates(addmm(gates.narrow(0, t * rows, rows), state[0], weight.t()), state[1]);
    found[t] = [...state];
  }
  return [cat(found.map(([h]) => h)), cat(found.map(([, c]) => c))];
}

describe.each(ways)('an LSTM along a sequence, %j', (way) => {
  const run = (...x: Tensor[]) => lstmSequence(...(x as [Tensor, Tensor, Tensor, Tensor]), way);

  it('gives what its steps give, but for the order of sums', () => {
    for (const [dtype, rtol] of [
      ['float32', 1e-5],
      ['float64', 1e-14],
    ] as const) {
      const inputs = drawn(dtype);
      const expected = stepByStep(...inputs, way);
      for (const [i, x] of run(...inputs).entries())
        expect(x.allclose(expected[i] ?? x.neg(), { rtol, atol: rtol / 10 })).toBe(true);
    }
  });

  it('has gradients of both orders by states, by cells and by both', () => {
    const calls = [
      (...x: Tensor[]) => run(...x)[0],
      (...x: Tensor[]) => run(...x)[1],
      (...x: Tensor[]) => [...run(...x)],
    ];
    for (const call of calls) {
      expect(autograd.gradcheck(call, drawn('float64'))).toBe(true);
      expect(autograd.gradgradcheck(call, drawn('float64'))).toBe(true);
    }
  });

  it('has the same gradients whether or not they are to be differentiated again', () => {
    const inputs = drawn('float64');
    const loss = (): Tensor => {
      const [h, c] = run(...inputs);
      return h.sin().sum().add(c.cos().sum());
    };
    const plain = autograd.grad(loss(), inputs);
    const again = autograd.grad(loss(), inputs, { createGraph: true });
    for (const [i, g] of plain.entries())
      expect(g?.allclose(again[i]?.detach() ?? g.neg(), { rtol: 1e-12, atol: 1e-14 })).toBe(true);
  });

  it('reads gates, weights and gradients however they lie', () => {
    const inputs = drawn('float64');
    const scattered = inputs.map((x) => x.detach().t().contiguous().t().requiresGrad_());
    const [expected, found] = [inputs, scattered].map((x) => autograd.grad(run(...x)[0].sum(), x));
    for (const [i, g] of (found ?? []).entries()) expect(g?.allclose(expected?.[i] ?? g.neg())).toBe(true);
  });

  it('has the same bits compiled', () => {
    const inputs = drawn('float32');
    const both = (...x: Tensor[]): Tensor[] => {
      const [h, c] = run(...x);
      return [h, ...autograd.grad(h.mul(h).sum().add(c.sum()), x)].flatMap((y) => y ?? []);
    };
    const expected = both(...inputs);
    const compiled = compile(both);
    for (let call = 0; call < 3; call++) {
      for (const [i, y] of compiled(...inputs).entries()) expect(y.equal(expected[i] ?? y.neg())).toBe(true);
    }
    expect(compiled.explain()).toContain(' 0 by eager kernels, 0 in JavaScript');
  });
});

it('an LSTM along a sequence refuses what does not fit', () => {
  const [gates, weight, h0, c0] = drawn('float32');
  const message = 'lstmSequence: expected gates (T N, 4 H), weight (4 H, H), h0 and c0 (N, H) of one dtype';
  for (const wrong of [
    [gates.narrow(0, 0, 4), weight, h0, c0],
    [gates, weight.t(), h0, c0],
    [gates, weight, h0, c0.narrow(0, 0, 1)],
    [gates, weight, h0, c0.double()],
    [gates.narrow(0, 0, 0), weight, h0, c0],
  ] as const)
    expect(() => lstmSequence(...wrong)).toThrow(message);
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
