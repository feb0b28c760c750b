/** Pooling layers beyond the fixtures: how they print, what their results' types say, and PyTorch's random stream. */

import { manualSeed, rand, randn, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F } from '@kindling/nn';
import { describe, expect, expectTypeOf, it } from 'vitest';

describe('pooling layers', () => {
  it('print as in PyTorch', () => {
    const printed: readonly [nn.AnyModule, string][] = [
      [new nn.MaxPool2d(2), 'MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)'],
      [
        new nn.MaxPool2d([2, 3], { ceilMode: true }),
        'MaxPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0, dilation=1, ceil_mode=True)',
      ],
      [new nn.AvgPool1d(2), 'AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))'],
      [new nn.AvgPool2d(2, { divisorOverride: 3 }), 'AvgPool2d(kernel_size=2, stride=2, padding=0)'],
      [new nn.AvgPool3d([1, 2, 3]), 'AvgPool3d(kernel_size=(1, 2, 3), stride=(1, 2, 3), padding=0)'],
      [new nn.LPPool2d(2, 3), 'LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)'],
      [new nn.AdaptiveAvgPool2d([null, 2]), 'AdaptiveAvgPool2d(output_size=(None, 2))'],
      [new nn.AdaptiveMaxPool1d(3), 'AdaptiveMaxPool1d(output_size=3)'],
      [new nn.MaxUnpool1d(2), 'MaxUnpool1d(kernel_size=(2,), stride=(2,), padding=(0,))'],
      [new nn.MaxUnpool2d([2, 3]), 'MaxUnpool2d(kernel_size=(2, 3), stride=(2, 3), padding=(0, 0))'],
      [new nn.FractionalMaxPool2d(2, { outputSize: 3 }), 'FractionalMaxPool2d()'],
    ];
    for (const [module, text] of printed) expect(module.toString()).toBe(text);
  });

  it('give indices too where they are made to, by type', () => {
    const x = randn([2, 3, 8, 8]);
    const [values, indices] = F.maxPool2d(x, 2, { returnIndices: true });
    expectTypeOf(F.maxPool2d(x, 2)).toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.MaxPool2d(2)(x)).toEqualTypeOf<Tensor>();
    expectTypeOf(new nn.AdaptiveMaxPool2d(2, { returnIndices: true })(x)).toEqualTypeOf<
      [values: Tensor, indices: Tensor]
    >();
    expect(new nn.MaxUnpool2d(2)(values, indices).shape).toEqual([2, 3, 8, 8]);
    expect(new nn.MaxUnpool2d(2)(values, indices, { outputSize: [9, 8] }).shape).toEqual([2, 3, 9, 8]);
  });

  it('draw what torch.rand would', () => {
    const x = randn([2, 3, 9, 7]);
    manualSeed(5);
    const drawn = F.fractionalMaxPool2d(x, 2, { outputRatio: 0.5 });
    manualSeed(5);
    const _randomSamples = rand([2, 3, 2]);
    expect(F.fractionalMaxPool2d(x, 2, { outputSize: [4, 3], _randomSamples }).equal(drawn)).toBe(true);
  });

  it('refuse both or neither of sizes and ratios', () => {
    expect(() => new nn.FractionalMaxPool2d(2)).toThrow(
      /FractionalMaxPool2d requires specifying either an output size, or a pooling ratio/,
    );
    expect(() => new nn.FractionalMaxPool2d(2, { outputSize: 2, outputRatio: 0.5 })).toThrow(/only one of/);
    expect(() => new nn.FractionalMaxPool3d(2, { outputRatio: 1.5 })).toThrow(/between 0 and 1 \(got 1.5\)/);
    expect(() => new nn.LPPool1d(0, 2)).toThrow(/norm_type must be a non-zero value/);
  });

  it('go by as much as a window is long where the stride is null, as where it is left out', () => {
    const x = rand([1, 2, 6, 6]);
    const stride = null;
    expect(F.maxPool2d(x, 3, { stride }).equal(F.maxPool2d(x, 3))).toBe(true);
    expect(new nn.MaxPool2d(3, { stride })(x).shape).toEqual([1, 2, 2, 2]);
    expect(F.avgPool1d(x.select(2, 0), 3, { stride }).shape).toEqual([1, 2, 2]);
    expect(new nn.AvgPool1d(3, { stride }).toString()).toContain('stride=(3,)');
    expect(new nn.AvgPool2d(3, { stride })(x).shape).toEqual([1, 2, 2, 2]);
    expect(F.lpPool2d(x, 2, 3, { stride }).shape).toEqual([1, 2, 2, 2]);
    expect(new nn.LPPool2d(2, 3, { stride })(x).shape).toEqual([1, 2, 2, 2]);
    const [values, indices] = F.maxPool2d(x, 3, { returnIndices: true });
    expect(F.maxUnpool2d(values, indices, 3, { stride }).shape).toEqual([1, 2, 6, 6]);
    expect(new nn.MaxUnpool2d(3, { stride })(values, indices).shape).toEqual([1, 2, 6, 6]);
  });

  it('take null for a size of images and volumes, whose rows have none that it could stand for', () => {
    const x = rand([2, 3, 5]);
    for (const pool of [F.adaptiveAvgPool1d, F.adaptiveMaxPool1d])
      expect(() => pool(x, [null])).toThrow('a size, or an array of sizes');
    expect(() => new nn.AdaptiveAvgPool1d([null])(x)).toThrow('a size, or an array of sizes');
    expect(F.adaptiveAvgPool2d(x, [null, 2]).shape).toEqual([2, 3, 2]);
  });

  it('undo pooling whose padding is longer than half a window', () => {
    const x = tensor([[[7, 8, 9]]], { dtype: 'float32' });
    expect(F.maxUnpool1d(x, tensor([[[1, 0, 1]]]), 2, { padding: 2 }).tolist()).toEqual([[[8, 9]]]);
  });
});
