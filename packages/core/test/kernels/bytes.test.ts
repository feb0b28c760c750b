import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';

const n = 1000;
const draw = (dtype: K.DType, seed: number): K.Tensor =>
  K.randint(0, 256, [n], { generator: new K.Generator().manualSeed(seed) }).to(dtype);
const bytes = (x: K.Tensor): number[] => Array.from(x.data);
const low = (x: number): number => x & 255;

type Pair = (a: K.Tensor, b: K.Tensor) => K.Tensor;

/** Kernels of bytes alone take sixteen elements a vector: what each of their instructions gives, beside plain numbers. */
describe('kernels of bytes', () => {
  const [u, v] = [draw('uint8', 1), draw('uint8', 2)];
  const [b, c] = [draw('int32', 3).gt(127), draw('int32', 4).gt(127)];

  const arithmetic: [string, Pair, (a: number, b: number) => number][] = [
    ['add', K.add, (a, b) => a + b],
    ['sub', K.sub, (a, b) => a - b],
    ['mul', K.mul, (a, b) => a * b],
    ['maximum', K.maximum, Math.max],
    ['minimum', K.minimum, Math.min],
    ['bitwiseAnd', K.bitwiseAnd, (a, b) => a & b],
    ['bitwiseOr', K.bitwiseOr, (a, b) => a | b],
    ['bitwiseXor', K.bitwiseXor, (a, b) => a ^ b],
  ];
  const questions: [string, Pair, (a: number, b: number) => boolean][] = [
    ['eq', K.eq, (a, b) => a === b],
    ['ne', K.ne, (a, b) => a !== b],
    ['lt', K.lt, (a, b) => a < b],
    ['le', K.le, (a, b) => a <= b],
    ['gt', K.gt, (a, b) => a > b],
    ['ge', K.ge, (a, b) => a >= b],
    ['logicalAnd', K.logicalAnd, (a, b) => a !== 0 && b !== 0],
    ['logicalOr', K.logicalOr, (a, b) => a !== 0 || b !== 0],
    ['logicalXor', K.logicalXor, (a, b) => (a !== 0) !== (b !== 0)],
  ];
  const by = (a: K.Tensor, b: K.Tensor, f: (a: number, b: number) => number | boolean): number[] =>
    Array.from(a.data, (x, i) => low(Number(f(x, b.data[i] as number))));

  it.each(arithmetic)('%s of uint8', (_, f, exact) => {
    expect(bytes(f(u, v))).toEqual(by(u, v, exact));
    expect(bytes(f(v, u.clone()))).toEqual(by(v, u, exact));
  });

  it.each(questions)('%s of uint8 and of bool', (_, f, exact) => {
    expect(bytes(f(u, v))).toEqual(by(u, v, exact));
    expect(bytes(f(b, c))).toEqual(by(b, c, exact));
  });

  it('chooses, negates and turns bits over', () => {
    expect(bytes(K.where(b, u, v))).toEqual(Array.from(b.data, (x, i) => (x ? u : v).data[i]));
    expect(bytes(u.neg())).toEqual(bytes(u).map((x) => low(-x)));
    expect(bytes(u.bitwiseNot())).toEqual(bytes(u).map((x) => low(~x)));
    expect(bytes(b.logicalNot())).toEqual(bytes(b).map((x) => 1 - x));
    expect(bytes(u.to('bool'))).toEqual(bytes(u).map((x) => Number(x !== 0)));
    expect(bytes(u.add(3))).toEqual(bytes(u).map((x) => low(x + 3)));
  });

  it('looks at a sum beyond a byte as a whole', () => {
    const op = new K.ElementwiseOp({
      name: 'carries',
      arity: 2,
      dtype: 'bool',
      gradient: false,
      expression: (x, y) => K.E.gt(K.E.add(x, y), 255),
    });
    expect(bytes(K.applyBinary(op, u, v))).toEqual(by(u, v, (x, y) => x + y > 255));
  });

  it('takes rows, columns and lengths of any rest', () => {
    for (const size of [1, 15, 16, 17, 63, 65, 130]) {
      const x = u.narrow(0, 0, size).clone();
      const table = K.cat([x, v.narrow(0, 0, size)]).reshape([2, size]);
      const column = table.narrow(1, 0, 1);
      expect(bytes(table.add(x))).toEqual([...by(x, x, (p, q) => p + q), ...by(x, v, (p, q) => p + q)]);
      expect(bytes(table.sub(column))).toEqual(
        bytes(table).map((p, i) => low(p - (table.data[i < size ? 0 : size] as number))),
      );
    }
  });
});

/** What chooses and compares among int32 runs in lanes of int32. */
describe('choices among int32', () => {
  const values = [-(2 ** 31), -5, -1, 0, 1, 7, 2 ** 31 - 1];
  const [a, b] = [K.tensor(values), K.tensor(values.toReversed())];

  it('are those of the numbers', () => {
    expect(K.maximum(a, b).tolist()).toEqual(values.map((x, i) => Math.max(x, values.at(-1 - i) as number)));
    expect(a.clamp({ min: -3, max: 5 }).tolist()).toEqual(values.map((x) => Math.min(5, Math.max(-3, x))));
    expect(a.sign().tolist()).toEqual(values.map((x) => Math.sign(x) + 0));
    expect(a.lt(b).tolist()).toEqual(values.map((x, i) => x < (values.at(-1 - i) as number)));
  });

  it('know numbers beyond int32', () => {
    expect(a.lt(3e9).all().item()).toBe(true);
    expect(() => K.maximum(a, 3e9)).toThrow('maximum');
    expect(() => a.neg()).toThrow('neg');
    expect(() => a.abs()).toThrow('abs');
  });

  it('shift by any distance', () => {
    const distances = Array.from({ length: 75 }, (_, i) => i - 4);
    const by = K.tensor(distances);
    for (const x of [1, -1, 5, -7, 2 ** 31 - 1, -(2 ** 31)]) {
      const right = distances.map((d) => (d < 0 || d > 31 ? (x < 0 ? -1 : 0) : x >> d));
      expect(K.bitwiseRightShift(K.fullLike(by, x), by).tolist()).toEqual(right);
    }
    const left = distances.map((d) => (d < 0 || d > 30 ? 0 : 2 ** d));
    expect(K.bitwiseLeftShift(K.tensor(left.map((y) => Number(y > 0))), by).tolist()).toEqual(left);
    const few = K.tensor(distances.map((d) => Math.abs(d))).to('uint8');
    expect(K.bitwiseLeftShift(K.fullLike(few, 3), few).tolist()).toEqual(
      distances.map((d) => (Math.abs(d) > 7 ? 0 : low(3 << Math.abs(d)))),
    );
  });
});
