import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import * as K from '@kindling/core';
import { noGrad, type Tensor, tensor } from '@kindling/core';
import { afterEach, describe, expect, test } from 'vitest';

/** Made by tools/oracle/tensor_print_fixtures.py, which has the same names. */
const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/print/results.json', import.meta.url), 'utf8'),
) as Record<string, string>;

const leaf = (): Tensor => tensor([1.5, -2, 3.25], { requiresGrad: true });
const double = (): Tensor => K.arange(6, { dtype: 'float64' }).reshape(2, 3).div(4).requiresGrad_();
const mask = tensor([true, false, true]);
const floats = (n: number): Tensor => K.arange(n, { dtype: 'float32' });

const made: Record<string, () => Tensor> = {
  leaf,
  'leaf float64': double,
  frozen: () => leaf().requiresGrad_(false),
  int: () => K.arange(4),
  uint8: () => tensor([1, 255], { dtype: 'uint8' }),
  bool: () => tensor([[true], [false]]),
  '0-dim': () => tensor(2.5),
  '0-dim of a graph': () => leaf().sum(),
  'no element': () => K.empty([0, 3]),
  'no element of a graph': () => double().index(':', { stop: 0 }).mul(1),
  add: () => leaf().add(1),
  sub: () => leaf().sub(leaf()),
  mul: () => leaf().mul(2),
  div: () => leaf().div(4),
  neg: () => leaf().neg(),
  exp: () => leaf().mul(0).exp(),
  pow: () => leaf().pow(2),
  tanh: () => leaf().mul(0).tanh(),
  relu: () => leaf().relu(),
  mean: () => double().mean(),
  'sum dim': () => double().sum(0),
  amax: () => double().amax(1),
  max: () => double().max(),
  cumsum: () => double().cumsum(0),
  softmax: () => leaf().mul(0).softmax(0),
  log_softmax: () => leaf().mul(0).logSoftmax(0),
  mm: () => double().matmul(double().t()),
  mv: () => double().mv(K.ones([3], { dtype: 'float64' })),
  dot: () => leaf().dot(leaf()),
  bmm: () => double().unsqueeze(0).bmm(double().t().unsqueeze(0)),
  addmm: () => double().index(':', { stop: 2 }).addmm(double(), double().t()),
  view: () => double().view(3, 2),
  transpose: () => double().t(),
  permute: () => double().permute(1, 0),
  select: () => double().index(1),
  slice: () => double().index(':', { start: 1 }),
  unsqueeze: () => leaf().unsqueeze(0),
  squeeze: () => leaf().unsqueeze(0).squeeze(0),
  expand: () => leaf().expand(2, 3),
  cat: () => K.cat([leaf(), leaf()]),
  stack: () => K.stack([leaf(), leaf()]),
  index: () => leaf().index(tensor([2, 0])),
  gather: () => leaf().gather(0, tensor([1])),
  where: () => K.where(mask, leaf(), 0),
  masked_fill: () => leaf().maskedFill(mask, 0.5),
  clone: () => leaf().clone(),
  to: () => leaf().to('float64'),
  clamp: () => leaf().clamp({ min: 0 }),
  'in place': () => leaf().mul(1).add_(1),
  detach: () => leaf().mul(2).detach(),
  noGrad: () => noGrad(() => leaf().mul(2)),
  large: () => floats(2000).mul(0.5),
  'large of a graph': () => floats(3000).reshape(1500, 2).requiresGrad_().mul(1.5),
  'large matrix': () => K.arange(1200, { dtype: 'float64' }).reshape(30, 40).t(),
  special: () => tensor([Number.NaN, Infinity, -0, 1e-5, 1e10]),
  strided: () => K.arange(24).reshape(2, 3, 4).index(':', ':', { step: 2 }).permute(2, 0, 1),
};

describe("a tensor prints as PyTorch's", () => {
  test('the names are those of the fixture', () => {
    expect(Object.keys(made)).toEqual(Object.keys(fixture));
  });

  test.each(Object.entries(made))('%s', (name, make) => {
    expect(String(make())).toBe(fixture[name]);
  });

  test('util.inspect and template strings give the same, also within objects', () => {
    const x = leaf().mul(2);
    expect(inspect(x)).toBe(String(x));
    expect(`${x}`).toBe(x.toString());
    const shown = inspect({ x: tensor([1, 2]), list: [tensor(true)] });
    expect(shown).toContain('tensor([1, 2])');
    expect(shown).toContain('tensor(True)');
  });
});

describe('primitive values', () => {
  test('a tensor of one element counts as its number, any other as none', () => {
    expect(Number(tensor([[2.5]]))).toBe(2.5);
    expect(Math.max(tensor(3) as unknown as number, 1)).toBe(3);
    expect((tensor(2) as unknown as number) > 1).toBe(true);
    expect(Number(tensor(true))).toBe(1);
    for (const x of [tensor([1, 2]), K.zeros([0])]) {
      expect(() => (x as unknown as number) * 2).toThrow(K.ValueError);
      expect(() => Number(x)).toThrow('only one element tensors can be converted to numbers');
    }
  });

  test('+ and ==, which ask for neither number nor text, say what to write', () => {
    const x = tensor(2) as unknown as number;
    expect(x * 2).toBe(4);
    expect(-x).toBe(-2);
    for (const wrong of [
      () => x + x,
      () => x + 1,
      () => `x is ${1}` + x,
      // biome-ignore lint/suspicious/noDoubleEquals: it is what is tested
      () => (x as unknown) == 2,
      () => (tensor([1, 2]) as unknown as number) + 1,
    ]) {
      expect(wrong).toThrow(K.ValueError);
      expect(wrong).toThrow(/write x\.add\(y\)/);
    }
    expect((x as unknown) == null).toBe(false);
  });

  test('text holds the printed form', () => {
    const text: unknown = tensor([1, 2]);
    expect(`x = ${text}`).toBe('x = tensor([1, 2])');
    expect(`${'x = '}${String(text)}`).toBe('x = tensor([1, 2])');
  });
});

describe('print options', () => {
  const original = K.getPrintOptions();
  afterEach(() => K.setPrintOptions(original));

  test('apply to tensors', () => {
    K.setPrintOptions({ precision: 2 });
    expect(String(tensor([1.5, 2.25]))).toBe('tensor([1.50, 2.25])');
    K.setPrintOptions({ ...original, sciMode: true });
    expect(String(tensor([1.5]))).toBe('tensor([1.5000e+00])');
    K.setPrintOptions({ ...original, threshold: 5, edgeitems: 1 });
    expect(String(K.arange(10))).toBe('tensor([0,  ..., 9])');
  });
});
