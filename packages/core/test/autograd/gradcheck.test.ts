import { describe, expect, it } from 'vitest';
import { randomVector } from '../../src/autograd/jacobians.ts';
import { autograd, ones, type Tensor, tensor } from '../../src/index.ts';

const { gradcheck, gradgradcheck } = autograd;
const leaf = (data: number | number[] | number[][]): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad: true });

const wrongCube = autograd.defineFunction({
  name: 'WrongCube',
  forward(ctx, x: Tensor) {
    ctx.saveForBackward(x);
    return x.pow(3);
  },
  backward(ctx, g) {
    const [x] = ctx.savedTensors;
    return g.mul(x).mul(x);
  },
});

const messageOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    expect(error).toBeInstanceOf(autograd.GradcheckError);
    return (error as Error).message;
  }
  return 'no error';
};

describe('gradcheck', () => {
  it('accepts right gradients, of several inputs and outputs', () => {
    const f = (x: Tensor, k: number, y: Tensor): Tensor[] => [x.mul(y).mul(k), x.exp().sum()];
    expect(gradcheck(f, [leaf([[1, 2]]), 3, leaf([[0.5], [-1]])])).toBe(true);
    expect(gradcheck(f, [leaf([1, 2]), 3, ones(2, { dtype: 'float64' })])).toBe(true);
    expect(gradcheck((x: Tensor) => x.exp(), leaf([1, 2]))).toBe(true);
    expect(gradcheck(f, [leaf([1, 2]), 3, leaf([1, 2])], { fastMode: true })).toBe(true);
  });

  it('reports the worst entry of a wrong one', () => {
    const message = messageOf(() => gradcheck(wrongCube, [leaf([1, 2])]));
    expect(message).toContain(
      'Jacobian mismatch for output 0 with respect to input 0 of WrongCube: 2 of 4 entries are off (atol 0.00001, rtol 0.001).',
    );
    expect(message).toMatch(
      /Worst: the derivative of output 0\[1\] by input 0\[1\] is numerically (12\.0|11\.9)\d*, analytically 4:/,
    );
    expect(message).toContain(
      'numerical (rows: elements of the input [2]; columns: elements of the output [2]):',
    );
    expect(message).toContain('tensor([[1., 0.],\n        [0., 4.]], dtype=torch.float64)');
  });

  it('reports in fast mode as well', () => {
    const message = messageOf(() => gradcheck(wrongCube, [leaf([1, 2])], { fastMode: true }));
    expect(message).toMatch(/in fast mode:\nnumerical: .*\nanalytical: .*\nIn slow mode: Jacobian mismatch/);
  });

  it('returns false where errors are not wanted', () => {
    expect(gradcheck(wrongCube, [leaf([1, 2])], { raiseException: false })).toBe(false);
    expect(() => gradcheck(wrongCube, [ones(2)], { raiseException: false })).toThrow();
  });

  it('takes non-contiguous inputs', () => {
    const base = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const view = autograd.setRequiresGrad(base.detach().t());
    expect(gradcheck((x: Tensor) => x.mul(x).sum(0), [view])).toBe(true);
    expect(view.toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  it('takes functions that return their input or a view of it', () => {
    expect(gradcheck((x: Tensor) => x, [leaf([1, 2])])).toBe(true);
    expect(gradcheck((x: Tensor) => x.t(), [leaf([[1, 2]])])).toBe(true);
  });

  it('refuses inputs that tell nothing', () => {
    expect(() => gradcheck((x: Tensor) => x, [ones(2, { dtype: 'float64' })])).toThrow(
      'gradcheck expects at least one input tensor to require gradient, but none of them have requiresGrad=true.',
    );
    const single = tensor([1, 2], { requiresGrad: true });
    expect(() => gradcheck((x: Tensor) => x.exp(), [single])).toThrow(/Input #0 .* not a double precision/);
    expect(gradcheck((x: Tensor) => x.exp(), [single], { eps: 1e-2, atol: 1e-2, rtol: 1e-2 })).toBe(true);
    const expanded = autograd.setRequiresGrad(ones(1, { dtype: 'float64' }).expand(3));
    expect(() => gradcheck((x: Tensor) => x.exp(), [expanded])).toThrow(
      /The 0th input has a dimension with stride 0/,
    );
  });

  it('expects zeros where nothing is differentiable', () => {
    expect(gradcheck((x: Tensor) => x.detach().round(), [leaf([1.2])])).toBe(true);
    expect(messageOf(() => gradcheck((x: Tensor) => x.detach().mul(2), [leaf([1])]))).toMatch(
      /Numerical gradient for function expected to be zero/,
    );
  });

  it('notices backwards that vary, add constants, or need all gradients', () => {
    let n = 0;
    const double = (backward: (g: Tensor) => Tensor) =>
      autograd.defineFunction({ forward: (_ctx, x: Tensor) => x.mul(2), backward: (_ctx, g) => backward(g) });
    const varying = double((g) => g.mul(2 + 1e-9 * n++));
    expect(messageOf(() => gradcheck(varying, [leaf([1])]))).toMatch(/Backward is not reentrant/);
    expect(gradcheck(varying, [leaf([1])], { nondetTol: 1e-6 })).toBe(true);
    const shifted = double((g) => g.mul(2).add(1e-9));
    expect(messageOf(() => gradcheck(shifted, [leaf([1])]))).toMatch(
      /backward not multiplied by gradOutputs/,
    );
    const careless = autograd.defineFunction({
      forward(ctx, x: Tensor) {
        ctx.setMaterializeGrads(false);
        return [x.mul(2), x.mul(3)];
      },
      backward: (_ctx, a: Tensor | null, b: Tensor | null) =>
        a === null || b === null ? null : a.mul(2).add(b.mul(3)),
    });
    expect(gradcheck(careless, [leaf([1])], { checkUndefinedGrad: false, raiseException: false })).toBe(
      false,
    );
  });

  it('notices a backward that takes no gradient of an output for something else than zeros', () => {
    // So little that only the comparison of both ways shows it.
    const uneven = autograd.defineFunction({
      name: 'Uneven',
      forward(ctx, x: Tensor) {
        ctx.setMaterializeGrads(false);
        return [x.mul(2), x.mul(3)];
      },
      backward: (_ctx, a: Tensor | null, b: Tensor | null) =>
        a === null ? (b?.mul(3) ?? null) : b === null ? a.mul(2 + 1e-9) : a.mul(2).add(b.mul(3)),
    });
    expect(messageOf(() => gradcheck(uneven, [leaf([1, 2])]))).toMatch(
      /^gradcheck: Expected backward function to handle undefined output grads: with a gradient for output 0 of Uneven only/,
    );
    expect(gradcheck(uneven, [leaf([1, 2])], { checkUndefinedGrad: false })).toBe(true);
  });
});

describe('gradgradcheck', () => {
  it('checks second derivatives, with drawn or given gradients of the outputs', () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.pow(3).mul(y);
    const inputs: [Tensor, Tensor] = [leaf([[1, 2]]), leaf([[0.5], [2]])];
    expect(gradgradcheck(f, inputs)).toBe(true);
    expect(
      gradgradcheck(
        f,
        inputs,
        leaf([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe(true);
    expect(gradgradcheck(f, inputs, null, { genNonContigGradOutputs: true, fastMode: true })).toBe(true);
    expect(() => gradgradcheck(f, inputs, leaf([1]))).toThrow(/do not fit the differentiable outputs/);
  });

  it('takes inputs that no output depends on, and outputs that no input does, as gradcheck and its fast mode do', () => {
    const f = (x: Tensor, _y: Tensor): Tensor[] => [x.pow(3), x.detach(), ones(1, { dtype: 'float64' })];
    for (const fastMode of [false, true]) {
      const inputs: [Tensor, Tensor] = [leaf([1, 2]), leaf([3])];
      expect(gradcheck(f, inputs, { fastMode })).toBe(true);
      expect(gradgradcheck(f, inputs, null, { fastMode })).toBe(true);
    }
  });

  it('draws gradients without gaps, and with gaps on request, of the same numbers', () => {
    const drawn = (genNonContigGradOutputs?: boolean): [dense: boolean[], first: unknown] => {
      const seen: boolean[] = [];
      const numbers: unknown[] = [];
      const cube = autograd.defineFunction({
        forward(ctx, x: Tensor) {
          ctx.saveForBackward(x);
          return x.pow(3);
        },
        backward(ctx, g) {
          seen.push(g.isContiguous());
          numbers.push(g.tolist());
          const [x] = ctx.savedTensors;
          return x.square().mul(3).mul(g);
        },
      });
      const options = genNonContigGradOutputs === undefined ? {} : { genNonContigGradOutputs };
      expect(gradgradcheck(cube, [leaf([[1, 2, 3]])], null, options)).toBe(true);
      return [[...new Set(seen)], numbers[0]];
    };
    const [dense, numbers] = drawn();
    expect(dense).toEqual([true]);
    expect(drawn(false)).toEqual([[true], numbers]);
    expect(drawn(true)).toEqual([[false], numbers]);
  });

  it('notices a backward that is right, but has a wrong derivative', () => {
    const cutOff = autograd.defineFunction({
      forward(ctx, x: Tensor) {
        ctx.saveForBackward(x);
        return x.pow(3);
      },
      backward(ctx, g) {
        const [x] = ctx.savedTensors;
        return g.mul(x.detach().pow(2).mul(3));
      },
    });
    expect(gradcheck(cutOff, [leaf([1, 2])])).toBe(true);
    expect(messageOf(() => gradgradcheck(cutOff, [leaf([1, 2])]))).toMatch(
      /with respect to input 0 of the gradient of customFunction/,
    );
  });
});

describe('the vectors of fast checks', () => {
  it('depend on their seed alone, and lie around 0, up to 1', () => {
    const draw = (seed: number): number[] => [...randomVector(4000, seed)];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(77).slice(0, 10)).toEqual([...randomVector(10, 77)]);
    for (const seed of [0, 1, 2, 77]) {
      const values = draw(seed);
      expect(new Set(values).size).toBeGreaterThan(3990);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
      expect(Math.min(...values)).toBeLessThan(-0.99);
      expect(Math.max(...values)).toBeLessThan(1);
      expect(Math.max(...values)).toBeGreaterThan(0.99);
      expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.05);
    }
  });
});
