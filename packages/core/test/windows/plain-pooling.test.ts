/** Pooling in JavaScript, element by element, as planes too large for scratch are pooled: the bits of the kernels. */

import {
  adaptiveAvgPool1d,
  avgPool1d,
  type DType,
  fractionalMaxPool2d,
  Generator,
  maxPool1d,
  rand,
  randn,
  type Shape,
  type Tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { poolPlain } from '../../src/kernels/windows/pooling/plain.ts';
import { adaptive, type Pooling, regular } from '../../src/kernels/windows/pooling/windows.ts';

const generator = new Generator().manualSeed(17);
const normal = (shape: Shape, dtype: DType): Tensor => randn(shape, { generator, dtype });

describe('element by element, as planes too large for scratch are pooled,', () => {
  const one = adaptive(1, 1);
  const steps = { kernel: 3, stride: 2, padding: 1, dilation: 2 };
  const x = normal([40], 'float32');
  const u = rand([1, 1, 2], { generator });
  const none = new Float32Array(0);
  const plain = (
    name: 'greatest' | 'means',
    along: Pooling['along'],
    out: number,
    size: Pooling['size'] = [1, 1, 40],
    samples = none,
  ): [number[], number[]] => {
    const values = new Float32Array(size[0] === 1 ? out : out * out);
    const places = new Int32Array(values.length);
    const g: Pooling = { planes: 1, size, out: [size[0] === 1 ? 1 : out, 1, out], along };
    poolPlain(name, g, samples, Float32Array.from(x.toArray() as number[]), values, places);
    return [[...values], [...places]];
  };

  it('gives the bits of the kernels', () => {
    const [greatest, places] = maxPool1d(x.unsqueeze(0), 3, {
      ...{ stride: 2, padding: 1, dilation: 2 },
      returnIndices: true,
    });
    expect(plain('greatest', [one, one, regular(40, 19, steps, 'padded')], 19)).toEqual([
      greatest.flatten().tolist(),
      places.flatten().tolist(),
    ]);
    const means = avgPool1d(x.unsqueeze(0), 4, { stride: 3, padding: 2 });
    const wide = { kernel: 4, stride: 3, padding: 2, dilation: 1 };
    expect(plain('means', [one, one, regular(40, 14, wide, 'padded')], 14)[0]).toEqual(
      means.flatten().tolist(),
    );
    const shares = adaptiveAvgPool1d(x.unsqueeze(0), 7);
    expect(plain('means', [one, one, adaptive(40, 7)], 7)[0]).toEqual(shares.flatten().tolist());
    const [drawn, at] = fractionalMaxPool2d(x.reshape([1, 5, 8]), 2, {
      outputSize: 3,
      _randomSamples: u,
      returnIndices: true,
    });
    const along = { kernel: [2, 1, 2], sample: [1, 0, 0], samples: 2 } as const;
    const samples = Float32Array.from(u.flatten().toArray() as number[]);
    expect(plain('greatest', along, 3, [5, 1, 8], samples)).toEqual([
      drawn.flatten().tolist(),
      at.flatten().tolist(),
    ]);
  });

  it.each(['float32', 'float64'] as const)(
    'gives those of means, and spreads their gradients: %s',
    (dtype) => {
      const arrayOf = (x: Tensor): Float32Array | Float64Array =>
        (dtype === 'float32' ? Float32Array : Float64Array).from(x.detach().toArray() as number[]);
      const given = normal([40], dtype).requiresGrad_();
      const means = avgPool1d(given.unsqueeze(0), 4, { stride: 3, padding: 2 }).flatten();
      const gradient = normal([14], dtype);
      means.backward({ gradient });
      const wide = { kernel: 4, stride: 3, padding: 2, dilation: 1 };
      const along = [one, one, regular(40, 14, wide, 'padded')] as const;
      const g: Pooling = { planes: 1, size: [1, 1, 40], out: [1, 1, 14], along };
      const [found, spread] = [arrayOf(means.mul(0)), arrayOf(given.mul(0))];
      poolPlain('means', g, none, arrayOf(given), found, null);
      poolPlain('spread', g, none, spread, arrayOf(gradient), null);
      expect([...found]).toEqual(means.tolist());
      expect([...spread]).toEqual(given.grad?.tolist());
    },
  );
});
