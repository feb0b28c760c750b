import { describe, expect, it } from 'vitest';
import { autograd, func, noGrad, type Tensor, tensor } from '../../src/index.ts';

const f64 = (data: number | number[], requiresGrad = false): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad });
const values = (x: Tensor | null): unknown => x?.toArray() ?? null;
/** x^3 y, summed; the numbers below are PyTorch's. */
const f = (x: Tensor, y: Tensor): Tensor => x.pow(3).mul(y).sum();
const [x, y] = [f64([0.5, 2]), f64([1.5, -1])];

describe('func.grad', () => {
  it('is by the first argument, by the one that is named, or by several', () => {
    expect(values(func.grad(f)(x, y))).toEqual([1.125, -12]);
    expect(values(func.grad(f, { argnums: -1 })(x, y))).toEqual([0.125, 8]);
    expect(
      func
        .grad(f, { argnums: [1, 0] })(x, y)
        .map(values),
    ).toEqual([
      [0.125, 8],
      [1.125, -12],
    ]);
  });

  it('can be taken of itself', () => {
    const squares = (x: Tensor, y: Tensor): Tensor => func.grad(f)(x, y).square().sum();
    expect(values(func.grad(squares, { argnums: 1 })(x, y))).toEqual([1.6875, -288]);
    const cube = (x: Tensor): Tensor => x.pow(3);
    expect(values(func.grad(func.grad(func.grad(cube)))(f64(5)))).toBe(6);
  });

  it('has the form of the argument, and zeros where nothing depends on it', () => {
    const of = (p: { w: Tensor; rest: [Tensor, Tensor] }): Tensor => p.w.mul(p.rest[1]).sum();
    const { w, rest } = func.grad(of)({ w: f64([1, 2]), rest: [f64(7), f64(3)] });
    expect([w, ...rest].map(values)).toEqual([[3, 3], 0, 3]);
    expect(values(func.grad((_: Tensor) => f64(1))(x))).toEqual([0, 0]);
  });

  it('leaves what it is given alone, and is recorded where another leaf is behind it', () => {
    expect(func.grad(f)(x, y).requiresGrad).toBe(false);
    expect([x.requiresGrad, x.grad]).toEqual([false, null]);
    const w = f64(3, true);
    const slope = func.grad((x: Tensor) => w.mul(x).square());
    slope(f64(2)).backward();
    expect(values(w.grad)).toBe(24);
    const z = f64(2, true);
    func
      .grad((x: Tensor) => x.pow(3))(z)
      .backward();
    expect(values(z.grad)).toBe(12);
  });

  it('takes no heed of noGrad around it, but for not being recorded, and heeds one within', () => {
    const w = f64(3, true);
    const outside = noGrad(() => func.grad((x: Tensor) => w.mul(x).square())(f64(2)));
    expect([values(outside), outside.requiresGrad]).toEqual([36, false]);
    expect(values(func.grad((x: Tensor) => x.mul(noGrad(() => x.square())))(f64(3)))).toBe(9);
  });

  it('agrees with the Jacobian', () => {
    expect(values(func.grad(f)(x, y))).toEqual(values(autograd.functional.jacobian(f, [x, y])[0]));
  });

  it('hands on what comes beside the value', () => {
    const of = (x: Tensor): [Tensor, string] => [x.sum(), 'aux'];
    const [gradient, aux] = func.grad(of, { hasAux: true })(x);
    expect([values(gradient), aux]).toEqual([[1, 1], 'aux']);
    const [same, [value, again]] = func.gradAndValue(of, { hasAux: true })(x);
    expect([values(same), values(value), again]).toEqual([[1, 1], 2.5, 'aux']);
  });

  it('gives the value without its graph, unless that leads to others', () => {
    const w = f64(2, true);
    const [, alone] = func.gradAndValue((x: Tensor) => x.sum())(x);
    const [, recorded] = func.gradAndValue((x: Tensor) => x.sum().mul(w))(x);
    expect([alone.requiresGrad, recorded.requiresGrad]).toEqual([false, true]);
  });

  it('says what does not fit', () => {
    const sum = (x: Tensor): Tensor => x.sum();
    expect(() => func.grad((x: Tensor) => x)(x)).toThrow(
      'func.grad: expected the function to return a Tensor without dimensions, got shape [2]; reduce it',
    );
    expect(() => func.grad(sum)(tensor([1]))).toThrow('argument 0 holds one of int32');
    expect(() => func.grad(sum, { argnums: 1 as 0 })(x)).toThrow(
      'func.grad: there is no argument 1: the function was called with 1',
    );
    expect(() => func.grad((p: [Tensor, number]) => p[0].sum())([x, 3])).toThrow(
      'func.grad: argument 0: expected a Tensor, or an array or object of Tensors, got 3',
    );
    expect(() => func.gradAndValue(sum as never, { hasAux: true })(x)).toThrow(
      'func.gradAndValue: with hasAux the function returns [value, aux], got a Tensor',
    );
  });
});
