/** Tensors, parameters and generators in JSON. */
import * as K from '@kindling/core';
import {
  DTypeError,
  fromJSON,
  Generator,
  isTensorJSON,
  type Tensor,
  tensor,
  ValueError,
} from '@kindling/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shapes } from '../../src/testing/index.ts';

const back = (x: Tensor): Tensor => fromJSON(JSON.parse(JSON.stringify(x)));
const bits = (x: Tensor): unknown => [
  x.dtype,
  x.shape,
  Array.from(x.data, (v) => (Object.is(v, -0) ? '-0' : v)),
];

describe('JSON.stringify of a tensor', () => {
  test('is dtype, shape and the elements, nothing else', () => {
    expect(
      JSON.stringify(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe('{"dtype":"int32","shape":[2,2],"data":[1,2,3,4]}');
    expect(JSON.stringify(tensor([true, false]))).toBe('{"dtype":"bool","shape":[2],"data":[true,false]}');
    expect(JSON.stringify(tensor(0.5))).toBe('{"dtype":"float32","shape":[],"data":[0.5]}');
    expect(JSON.stringify({ w: K.zeros([0, 3], { dtype: 'uint8' }) })).toBe(
      '{"w":{"dtype":"uint8","shape":[0,3],"data":[]}}',
    );
  });

  test('writes what JSON has no numbers for as strings', () => {
    const x = tensor([Number.NaN, Infinity, -Infinity, -0, 0]);
    expect(JSON.stringify(x)).toBe(
      '{"dtype":"float32","shape":[5],"data":["NaN","Infinity","-Infinity","-0",0]}',
    );
    expect(bits(back(x))).toEqual(bits(x));
  });

  test('shows a view as it looks, and says nothing of gradients', () => {
    const x = K.arange(6).reshape(2, 3).to('float32').requiresGrad_();
    x.square().sum().backward();
    expect(JSON.parse(JSON.stringify(x.t()))).toEqual({
      dtype: 'float32',
      shape: [3, 2],
      data: [0, 3, 1, 4, 2, 5],
    });
    expect(back(x.mul(2)).requiresGrad).toBe(false);
  });

  test('shares nothing with the tensor', () => {
    const x = tensor([[1, 2]]);
    const json = x.toJSON() as unknown as { shape: number[]; data: number[] };
    json.shape[0] = 9;
    json.data[0] = 9;
    expect([x.shape, x.toArray()]).toEqual([[1, 2], [[1, 2]]]);
  });

  test('loses no bit of any float', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        for (const dtype of ['float64', 'float32'] as const) {
          const x = K.fromBuffer(Float64Array.from(values)).to(dtype);
          expect(bits(back(x))).toEqual(bits(x));
        }
      }),
    );
  });

  test('gives back every dtype and shape', () => {
    fc.assert(
      fc.property(
        shapes(),
        fc.constantFrom(...(['int32', 'uint8', 'bool', 'float32'] as const)),
        (shape, dtype) => {
          const x = K.randint(dtype === 'bool' ? 2 : 256, shape as number[]).to(dtype);
          expect(bits(back(x))).toEqual(bits(x));
        },
      ),
    );
  });
});

describe('fromJSON', () => {
  test('takes the text or what it parses to, and makes memory of its own', () => {
    const x = tensor([1.5, 2]);
    const json = JSON.parse(JSON.stringify(x)) as K.TensorJSON;
    const [a, b] = [fromJSON(json), fromJSON(JSON.stringify(x))];
    a.fill_(7);
    expect([json.data, b.toArray()]).toEqual([
      [1.5, 2],
      [1.5, 2],
    ]);
  });

  const form = (dtype: unknown, shape: unknown, data: unknown) =>
    ({ dtype, shape, data }) as unknown as K.TensorJSON;
  test.each<[unknown, string]>([
    ['{', 'fromJSON: the text is no JSON'],
    ['[1,2]', 'expected what JSON.stringify makes of a tensor'],
    [undefined, 'got undefined'],
    [null, 'expected what JSON.stringify'],
    [{ a: 1 }, 'got an object with a'],
    [tensor([1]), 'expected what JSON.stringify'],
    [form('float16', [1], [1]), 'fromJSON: unknown dtype float16'],
    [form('float32', [2], [1]), 'shape [2] takes 2 elements, data holds 1'],
    [form('float32', [-1], []), 'sizes must be non-negative integers'],
    [form('float32', ['1'], [1]), 'sizes must be non-negative integers'],
    [form('float32', [1], [null]), 'element 0, of dtype float32, is null, which is none of its values'],
    [form('float32', [2], [1, 'nan']), 'element 1, of dtype float32, is "nan"'],
    [form('float32', [1], [true]), 'is true, which is none'],
    [form('float32', [1], [[1]]), 'is an array (data is flat, in row-major order)'],
    [form('float32', [1], [1e300]), 'element 0: value 1e+300 cannot be converted to type float32'],
    [form('int32', [1], [1.5]), 'element 0 is 1.5, which is no value of dtype int32'],
    [form('int32', [1], ['NaN']), 'element 0, of dtype int32, is "NaN"'],
    [form('int32', [1], [2 ** 31]), 'value 2147483648 cannot be converted to type int32'],
    [form('uint8', [1], [-1]), 'element 0 is -1, which is no value of dtype uint8'],
    [form('bool', [1], [2]), 'element 0 is 2, which is no value of dtype bool'],
  ])('refuses %j', (json, message) => {
    expect(() => fromJSON(json as string)).toThrow(K.KindlingError);
    expect(() => fromJSON(json as string)).toThrow(message);
  });

  test('says why in the right class', () => {
    expect(() => fromJSON('{')).toThrow(ValueError);
    expect(() => fromJSON(form('float16', [1], [1]))).toThrow(DTypeError);
    expect(() => fromJSON(form('float32', [2], [1]))).toThrow(K.ShapeError);
  });

  test('takes the ends of each range', () => {
    expect(fromJSON(form('int32', [2], [-(2 ** 31), 2 ** 31 - 1])).toArray()).toEqual([
      -(2 ** 31),
      2 ** 31 - 1,
    ]);
    expect(fromJSON(form('uint8', [2], [0, 255])).toArray()).toEqual([0, 255]);
    expect(fromJSON(form('bool', [3], [0, 1, true])).toArray()).toEqual([false, true, true]);
  });
});

test('isTensorJSON tells the form', () => {
  expect(isTensorJSON(JSON.parse(JSON.stringify(tensor(1))))).toBe(true);
  for (const other of [
    null,
    1,
    'x',
    [],
    {},
    tensor(1),
    { dtype: 'int32', shape: [1] },
    { shape: [], data: [] },
  ]) {
    expect(isTensorJSON(other)).toBe(false);
  }
});

describe('a generator in JSON', () => {
  test.each<[string, (generator: Generator) => unknown]>([
    ['itself', (generator) => generator],
    ['its state', (generator) => generator.getState()],
  ])('%s goes on with the same numbers', (_, what) => {
    const generator = new Generator().manualSeed(5);
    K.randn([3], { generator, dtype: 'float64' });
    const text = JSON.stringify(what(generator));
    const other = new Generator().setState(JSON.parse(text));
    expect(other.getState()).toEqual(generator.getState());
    expect(K.randn([5], { generator: other }).toArray()).toEqual(K.randn([5], { generator }).toArray());
  });

  test('what is no state is refused, and changes nothing', () => {
    const generator = new Generator().manualSeed(5);
    const before = generator.getState();
    const bytes = Array.from(before);
    for (const wrong of [
      [],
      bytes.slice(1),
      bytes.with(0, 256),
      bytes.with(9, 0.5),
      bytes.with(3, -1),
      null,
      5,
      'x',
      {},
    ]) {
      expect(() => generator.setState(wrong as number[])).toThrow(ValueError);
    }
    expect(generator.getState()).toEqual(before);
  });
});
