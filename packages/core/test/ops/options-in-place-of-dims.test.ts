import { describe, expect, test } from 'vitest';
import * as K from '../../src/index.ts';
import { type Tensor, tensor, ValueError } from '../../src/index.ts';

const x = tensor([
  [1.5, 3, -2],
  [4, 0.5, 6],
]);

type Call = (x: Tensor, dim?: unknown, options?: unknown, ...more: unknown[]) => unknown;
const functions = K as unknown as Record<string, Call>;

/** A result, whatever holds its tensors. */
const values = (result: unknown): unknown =>
  result instanceof K.Tensor ? [result.dtype, result.toArray()] : Object.values(result as object).map(values);

describe.each<[string, object]>([
  ['sum', { keepdim: true }],
  ['mean', { dtype: 'float64' }],
  ['nansum', { keepdim: true }],
  ['nanmean', { keepdim: true }],
  ['prod', { dtype: 'float64' }],
  ['std', { correction: 0 }],
  ['var', { unbiased: false, keepdim: true }],
  ['stdMean', { correction: 0 }],
  ['varMean', { correction: 0 }],
  ['amax', { keepdim: true }],
  ['amin', { keepdim: true }],
  ['argmax', { keepdim: true }],
  ['argmin', { keepdim: true }],
  ['all', { keepdim: true }],
  ['any', { keepdim: true }],
  ['mode', { keepdim: true }],
  ['sort', { descending: true }],
  ['argsort', { descending: true }],
])('%s', (name, options) => {
  const f = functions[name] as Call;

  test('takes options in the place of a dim that is left out', () => {
    const expected = values(f(x, undefined, options));
    expect(values(f(x, options))).toEqual(expected);
    expect(values(f(x, options, undefined))).toEqual(expected);
    expect(values(f(x))).not.toEqual(expected);
    const method = (x as unknown as Record<string, ((o: object) => unknown) | undefined>)[name];
    if (method !== undefined) expect(values(method.call(x, options))).toEqual(expected);
  });

  test('refuses what would be lost beside them', () => {
    expect(() => f(x, options, {})).toThrow(ValueError);
    expect(() => f(x, options, {})).toThrow(`${name}: got an object with`);
    expect(() => f(x, undefined, options, 1)).toThrow(`${name}: takes (x, dim`);
  });

  test('names itself, and what it takes, for other options', () => {
    expect(() => f(x, { keepDims: true })).toThrow(`${name}: unknown option keepDims`);
    expect(() => f(x, new Map())).toThrow(`${name}: expected an options object, got an instance of Map`);
  });
});

test.each(['quantile', 'nanquantile'] as const)('%s takes options in the place of its dim', (name) => {
  expect(x[name](0.4, { interpolation: 'lower' }).item()).toBe(1.5);
  expect(x[name](0.4, { keepdim: true }).shape).toEqual([1, 1]);
  expect(() => functions[name]?.(x, 0.4, { keepdim: true }, {})).toThrow(
    `${name}: got an object with keepdim in the place of dims`,
  );
});

test('norm refuses options beside options, and what is beyond them', () => {
  expect(() => functions.norm?.(x, 2, 0, {}, 1 as never)).toThrow('norm: takes (x, p, dims, options)');
  expect(K.norm(x, 2, { dim: 1, keepdim: true }).shape).toEqual([2, 1]);
  expect(() => K.norm(x, 2, { keepdim: true }, {})).toThrow(
    'norm: got an object with keepdim in the place of dims',
  );
});

describe.each<[string, Call]>([
  ['norm', K.norm as Call],
  ['linalg.norm', K.linalg.norm as Call],
  ['linalg.vectorNorm', K.linalg.vectorNorm as Call],
  ['linalg.matrixNorm', K.linalg.matrixNorm as Call],
])('%s', (name, f) => {
  const options = { keepdim: true, dtype: 'float64' };

  test('takes options in the place of an order or of dims that are left out', () => {
    const expected = values(f(x, undefined, undefined, options));
    expect(values(f(x, options))).toEqual(expected);
    expect(values(f(x, undefined, options))).toEqual(expected);
    expect(values(f(x, options, undefined, undefined))).toEqual(expected);
    expect(values(f(x, 1, options))).toEqual(values(f(x, 1, undefined, options)));
    expect(values(f(x))).not.toEqual(expected);
  });

  test('refuses what would be lost beside them', () => {
    expect(() => f(x, options, 1)).toThrow(`${name}: got an object with`);
    expect(() => f(x, 1, options, {})).toThrow(`${name}: got an object with`);
    expect(() => f(x, undefined, undefined, options, 1)).toThrow(`${name}: takes (x, `);
    expect(() => f(x, options, undefined, undefined, 1)).toThrow(`${name}: takes (x, `);
    expect(() => f(x, { keepDims: true })).toThrow(`${name}: unknown option keepDims`);
  });
});

test('norm takes its dims among the options, also where the order is left out', () => {
  expect(K.norm(x, { dim: 1 }).tolist()).toEqual(K.norm(x, 2, 1).tolist());
  expect(x.norm({ dim: 1 }).tolist()).toEqual(K.norm(x, 2, 1).tolist());
});
