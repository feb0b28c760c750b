import { readFileSync } from 'node:fs';
import * as K from '@kindling/core';
import { type DType, DTypeError, dtypes, KindlingError, Tensor, tensor, ValueError } from '@kindling/core';
import { describe, expect, test } from 'vitest';

interface Promotion {
  readonly operands: string[];
  readonly tensors: number;
  readonly resultType: string;
  readonly promoteTypes: string;
  readonly canCast: string;
  readonly binary: Record<string, string>;
  readonly unary: Record<string, string>;
  readonly casts: { from: DType; to: DType; values: Value[]; result: Value[] }[];
}
type Value = number | boolean | string;

/** Made by tools/oracle/promotion_fixtures.py. */
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/dtype/promotion.json', import.meta.url), 'utf8'),
) as Promotion;

const letters: Record<DType, string> = { bool: 'b', uint8: 'u', int32: 'i', float32: 'f', float64: 'd' };
const order: DType[] = ['bool', 'uint8', 'int32', 'float32', 'float64'];

type Operand = Tensor | number | boolean;

function operand(name: string): Operand {
  if (name === 'true') return true;
  const [dtype, kind] = name.split(' ');
  return kind === undefined ? Number(name) : K.ones(kind === 'dim' ? [2] : [], { dtype: dtype as DType });
}

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
const functions = K as unknown as Record<string, (...operands: unknown[]) => Tensor>;
const mask = tensor([true, false]);

function run(operation: string, a: Operand, b: Operand): Tensor {
  if (operation === 'where') return K.where(mask, a, b);
  if (operation === 'stack') return K.stack([a as Tensor, b as Tensor]);
  if (operation.endsWith('_')) return (a as unknown as Record<string, (b: Operand) => Tensor>)[operation]!(b);
  return functions[camelCase(operation)]!(a, b);
}

/** The letter of a result's dtype, `-` where Kindling refuses; anything else that is thrown is a bug. */
function letter(f: () => Tensor): string {
  try {
    return letters[f().dtype];
  } catch (error) {
    if (error instanceof KindlingError) return '-';
    throw error;
  }
}

/** PyTorch takes a bool to the power of the scalar True, but not to that of a bool tensor; Kindling takes neither. */
const isBoolPower = (operation: string, a: string, b: string): boolean =>
  operation.startsWith('pow') && a.startsWith('bool') && b === 'true';

describe('type promotion', () => {
  const { operands } = fixture;
  const tensors = operands.slice(0, fixture.tensors);

  test.each(Object.entries(fixture.binary))(
    '%s of any two operands has the dtype that PyTorch gives it',
    (operation, row) => {
      const seconds = row.length === tensors.length ** 2 ? tensors : operands;
      const differences: string[] = [];
      tensors.forEach((a, i) => {
        seconds.forEach((b, j) => {
          if (isBoolPower(operation, a, b)) return;
          const expected = row[i * seconds.length + j]!;
          const actual = letter(() => run(operation, operand(a), operand(b)));
          if (actual !== expected)
            differences.push(`${operation}(${a}, ${b}): ${actual}, PyTorch ${expected}`);
        });
      });
      expect(differences).toEqual([]);
    },
  );

  test.each(Object.entries(fixture.unary))('%s has the dtype that PyTorch gives it', (operation, row) => {
    const along = ['cumsum', 'logsumexp'].includes(operation) ? [0] : [];
    const actual = tensors.map((a) => letter(() => functions[camelCase(operation)]!(operand(a), ...along)));
    expect(actual.join('')).toBe(row);
  });

  test('resultType', () => {
    const actual = tensors.flatMap((a) =>
      operands.map((b) => {
        const other = operand(b);
        const [first, scalars] = [operand(a) as Tensor, typeof other === 'number' ? [other] : []];
        // As in operations, a boolean counts as a 0-dimensional bool tensor.
        const second = typeof other === 'boolean' ? Tensor.scalar(1, 'bool') : other;
        return letters[K.resultType(second instanceof Tensor ? [first, second] : [first], scalars)];
      }),
    );
    expect(actual.join('')).toBe(fixture.resultType);
  });

  test('promoteTypes and canCast', () => {
    const pairs = order.flatMap((a) => order.map((b) => [a, b] as const));
    expect(pairs.map(([a, b]) => letters[K.promoteTypes(a, b)]).join('')).toBe(fixture.promoteTypes);
    expect(pairs.map(([a, b]) => (K.canCast(a, b) ? '+' : '-')).join('')).toBe(fixture.canCast);
  });

  test('scalars beyond the range of uint8 are converted to it, except as bounds of clamp', () => {
    const bytes = () => tensor([1, 2, 200, 255], { dtype: 'uint8' });
    expect(bytes().eq(-1).toArray()).toEqual([false, false, false, true]);
    expect(bytes().lt(300).toArray()).toEqual([true, true, false, false]);
    expect(bytes().remainder(-2).toArray()).toEqual([1, 2, 200, 1]);
    expect(bytes().maximum(tensor(-1)).toArray()).toEqual([255, 255, 255, 255]);
    expect(bytes().add(300).toArray()).toEqual([45, 46, 244, 43]);
    expect(bytes().clamp({ min: -1, max: 300 }).toArray()).toEqual([1, 2, 200, 255]);
    expect(bytes().div(-2).toArray()).toEqual([-0.5, -1, -100, -127.5]);
  });
});

describe('to', () => {
  const value = (x: Value): number | boolean => (typeof x === 'string' ? Number(x) : x);
  const layouts: [string, (x: Tensor) => Tensor][] = [
    ['dense', (x) => x],
    ['sliced', (x) => K.stack([x, x], 1).select(1, 1)],
  ];

  for (const [layout, arrange] of layouts) {
    test(`${layout} tensors convert as in PyTorch`, () => {
      for (const { from, to, values, result } of fixture.casts) {
        const source = tensor(values.map(value), { dtype: from });
        const converted = arrange(source).to(to);
        expect(converted.dtype).toBe(to);
        expect(converted.toArray(), `${from} to ${to} of ${values.join(', ')}`).toEqual(result.map(value));
      }
    });
  }

  test('the same dtype gives the same tensor, another one a copy', () => {
    const x = tensor([1.5, 2]);
    expect(x.to('float32')).toBe(x);
    x.to('float64').fill_(0);
    expect(x.toArray()).toEqual([1.5, 2]);
  });

  test('named conversions', () => {
    const x = tensor([0, 1.9, 2.5]);
    const dtypeOf = [x.float(), x.double(), x.int(), x.long(), x.byte(), x.bool()].map((y) => y.dtype);
    expect(dtypeOf).toEqual(['float32', 'float64', 'int32', 'int32', 'uint8', 'bool']);
    expect(x.int().toArray()).toEqual([0, 1, 2]);
    expect(x.bool().toArray()).toEqual([false, true, true]);
    expect(x.typeAs(tensor([true])).dtype).toBe('bool');
  });

  test('gradients pass between float dtypes and come back in the dtype of the leaf', () => {
    const x = tensor([1.5, 2], { requiresGrad: true });
    x.to('float64').mul(3).sum().backward();
    expect(x.grad!.dtype).toBe('float32');
    expect(x.grad!.toArray()).toEqual([3, 3]);
    expect(x.to('int32').requiresGrad).toBe(false);
  });

  test('an unknown dtype is an error that lists those that exist', () => {
    expect(() => tensor([1]).to('int64' as DType)).toThrow(DTypeError);
    expect(() => tensor([1]).to('int64' as DType)).toThrow(
      'to: dtype: expected one of bool, uint8, int32, float32, float64, got "int64"',
    );
    expect(dtypes).toEqual(order);
  });
});

describe('a number given for an element', () => {
  test.each<[string, () => unknown]>([
    ['tensor', () => tensor([300], { dtype: 'uint8' })],
    ['tensor', () => tensor([1, Number.NaN], { dtype: 'int32' })],
    ['tensor', () => tensor([3e9])],
    ['full', () => K.full([2], Number.NaN, { dtype: 'uint8' })],
    ['full', () => K.full([2], 1e300, { dtype: 'float32' })],
    ['fill_', () => tensor([1]).fill_(Infinity)],
    ['fill_', () => tensor([1], { dtype: 'uint8' }).fill_(-0.5)],
    ['maskedFill', () => tensor([1]).maskedFill(tensor([true]), Number.NaN)],
    ['indexFill', () => tensor([1], { dtype: 'uint8' }).indexFill(0, tensor([0]), -2.5)],
    ['scatter', () => tensor([1]).scatter(0, tensor([0]), 1e20)],
  ])('%s refuses one beyond the range of the dtype', (name, f) => {
    expect(f).toThrow(ValueError);
    expect(f).toThrow(new RegExp(`^${name}: value .* cannot be converted to type .* without overflow`));
  });

  test('integers lose its fraction, bytes wrap negative integers around, bools know only 0 and others', () => {
    expect(K.full([1], 2.7, { dtype: 'int32' }).item()).toBe(2);
    expect(K.full([1], -1, { dtype: 'uint8' }).item()).toBe(255);
    expect(K.full([1], -0.5, { dtype: 'bool' }).item()).toBe(true);
    expect(
      tensor([false])
        .maskedFill(tensor([true]), -0.5)
        .item(),
    ).toBe(true);
    expect(tensor([false]).fill_(Number.NaN).item()).toBe(true);
  });
});
