import { describe, expect, expectTypeOf, it } from 'vitest';
import { autograd, ones, type Tensor, tensor } from '../../src/index.ts';

const { vjp, jvp, jacobian, hessian, vhp, hvp } = autograd.functional;
const t = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });
const values = (x: Tensor): unknown => x.toArray();
const shown = (blocks: readonly (readonly Tensor[])[]): string =>
  JSON.stringify(blocks.map((row) => row.map(values)));
const cubes = (x: Tensor): Tensor => x.pow(3);
const sumOfCubes = (x: Tensor): Tensor => x.pow(3).sum();
const product = (x: Tensor, y: Tensor): Tensor => x.mul(x).mul(y).sum();

describe('vjp and jvp', () => {
  it('multiply the Jacobian from the left and from the right', () => {
    const matrix = t([1, 2, 3, 4, 5, 6]).reshape([3, 2]);
    const f = (x: Tensor): Tensor => matrix.mul(x).sum(1).pow(2);
    const x = t([1, 2]);
    const J = jacobian(f, x);
    expect(values(J)).toEqual([
      [10, 20],
      [66, 88],
      [170, 204],
    ]);
    const [y, left] = vjp(f, x, t([1, 10, 100]));
    expect(values(y)).toEqual([25, 121, 289]);
    expect(values(left)).toEqual([10 + 660 + 17000, 20 + 880 + 20400]);
    const [, right] = jvp(f, x, t([1, 10]));
    expect(values(right)).toEqual([210, 66 + 880, 170 + 2040]);
    expect(y.requiresGrad || left.requiresGrad || right.requiresGrad).toBe(false);
  });

  it('keep the form of inputs and outputs', () => {
    const f = (x: Tensor, y: Tensor): [Tensor, Tensor] => [x.mul(y), x.sum()];
    const [outputs, grads] = vjp(f, [t([1, 2]), t([3, 4])], [t([1, 1]), t(10)]);
    expectTypeOf(outputs).toEqualTypeOf<[Tensor, Tensor]>();
    expect(outputs.map(values)).toEqual([[3, 8], 3]);
    expect(grads.map(values)).toEqual([
      [13, 14],
      [1, 2],
    ]);
    const [, tangents] = jvp(f, [t([1, 2]), t([3, 4])], [t([1, 0]), t([0, 1])]);
    expect(tangents.map(values)).toEqual([[3, 2], 1]);
  });

  it('need no vector where there is one element', () => {
    expect(values(vjp(sumOfCubes, t([1, 2]))[1])).toEqual([3, 12]);
    expect(values(jvp(cubes, t(2))[1])).toBe(12);
    expect(() => vjp(cubes, t([1, 2]))).toThrow(
      /can only be null if the user-provided function returns a single/,
    );
    expect(() => vjp(cubes, t([1, 2]), t([1]))).toThrow(/entry 0 of v has shape \[1\], the output \[2\]/);
    expect(() => vjp((() => 3) as never, t([1, 2]))).toThrow(
      /The outputs of the user-provided function given to vjp/,
    );
  });

  it('are recorded on request', () => {
    const x = tensor(2, { dtype: 'float64', requiresGrad: true });
    const [, dx] = vjp(cubes, x, null, { createGraph: true });
    expect(values(autograd.grad(dx, x)[0]!)).toBe(12);
    const [, tangent] = jvp(cubes, x, null, { createGraph: true });
    expect(values(autograd.grad(tangent, x)[0]!)).toBe(12);
  });

  it('are strict on request', () => {
    const ignoring = (x: Tensor, _y: Tensor): Tensor => x.mul(2).sum();
    const inputs: [Tensor, Tensor] = [t([1]), t([2])];
    expect(values(vjp(ignoring, inputs)[1][1])).toEqual([0]);
    expect(() => vjp(ignoring, inputs, null, { strict: true })).toThrow(
      'The output of the user-provided function is independent of input 1. This is not allowed in strict mode.',
    );
    expect(() => vjp(() => ones(1), t([1]), null, { strict: true })).toThrow(
      /Output 0 .* does not require gradients/,
    );
    expect(values(vjp(() => ones(1, { dtype: 'float64' }), t([1]))[1])).toEqual([0]);
  });
});

describe('jacobian', () => {
  it('refuses a product that is constant too, strict and to be differentiated', () => {
    const twice = (x: Tensor): Tensor => x.mul(2);
    for (const f of [vjp, jvp]) {
      expect(values(f(twice, t([1, 3]), t([1, 1]), { strict: true })[1])).toEqual([2, 2]);
      expect(() => f(twice, t([1, 3]), t([1, 1]), { strict: true, createGraph: true })).toThrow(
        'The jacobian of the user-provided function is independent of input 0. This is not allowed in strict mode',
      );
      const [, product] = f((x: Tensor) => x.square(), t([1, 3]), t([1, 1]), {
        strict: true,
        createGraph: true,
      });
      expect(product.requiresGrad).toBe(true);
    }
  });

  it('is refused where it is constant, strict and to be differentiated', () => {
    const of = (options: { strict?: boolean; createGraph?: boolean }): Tensor =>
      jacobian((x: Tensor) => x.mul(2), t([1, 2]), options).sum(0);
    expect(values(of({ createGraph: true }))).toEqual([2, 2]);
    expect(values(of({ strict: true }))).toEqual([2, 2]);
    expect(() => of({ strict: true, createGraph: true })).toThrow(
      'The jacobian of the user-provided function is independent of input 0. This is not allowed in strict mode ' +
        'when createGraph is true.',
    );
  });

  it('has the shape of the output, then of the input', () => {
    const J = jacobian((x: Tensor) => x.mul(2).sum(0), ones([2, 3], { dtype: 'float64' }));
    expectTypeOf(J).toEqualTypeOf<Tensor>();
    expect(J.shape).toEqual([3, 2, 3]);
    expect(values(J.sum())).toBe(12);
  });

  it('has a block for each output and input', () => {
    const f = (x: Tensor, y: Tensor): [Tensor, Tensor] => [x.mul(y), y.sum()];
    const blocks = jacobian(f, [t([1, 2]), t([3, 4])]);
    expect(shown(blocks)).toBe('[[[[3,0],[0,4]],[[1,0],[0,2]]],[[0,0],[1,1]]]');
  });

  it('can itself be differentiated', () => {
    const x = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    const J = jacobian(cubes, x, { createGraph: true });
    expect(values(autograd.grad(J.sum(), x)[0]!)).toEqual([6, 12]);
    expect(x.grad).toBeNull();
  });
});

describe('hessian', () => {
  it('holds the second derivatives', () => {
    expect(values(hessian(sumOfCubes, t([1, 2])))).toEqual([
      [6, 0],
      [0, 12],
    ]);
    const blocks = hessian(product, [t([1, 2]), t([3, 4])]);
    expect(shown(blocks)).toBe('[[[[6,0],[0,8]],[[2,0],[0,4]]],[[[2,0],[0,4]],[[0,0],[0,0]]]]');
    expect(() => hessian(cubes, t([1, 2]))).toThrow(/must return a single Tensor with a single element/);
  });

  it('is multiplied with vectors', () => {
    const x = t([1, 2]);
    const v = t([10, 100]);
    expect(vhp(sumOfCubes, x, v).map(values)).toEqual([9, [60, 1200]]);
    expect(hvp(sumOfCubes, x, v).map(values)).toEqual([9, [60, 1200]]);
    const inputs: [Tensor, Tensor] = [t([1, 2]), t([3, 4])];
    const vectors = [t([1, 0]), t([0, 1])];
    for (const f of [vhp, hvp]) {
      const [value, products] = f(product, inputs, vectors);
      expect(values(value)).toBe(19);
      expect(products.map(values)).toEqual([
        [6, 4],
        [2, 0],
      ]);
    }
  });
});
