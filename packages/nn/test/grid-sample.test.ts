/** Samples of grids that PyTorch's database leaves out. */

import { arange, type Tensor, tensor } from '@kindling/core';
import { assertClose } from '@kindling/core/testing';
import { F } from '@kindling/nn';
import { describe, expect, it } from 'vitest';

describe('gridSample', () => {
  it('is tricubic in five dimensions', () => {
    const x = arange(8, { dtype: 'float32' }).reshape([1, 1, 2, 2, 2]).square();
    const places = [
      [-0.3, 0.2, 0.5],
      [0.9, -0.4, 0.1],
    ];
    const grid = tensor([[[places]]], { requiresGrad: true });
    const found = F.gridSample(x, grid, { mode: 'bicubic', alignCorners: true });
    found.sum().backward();
    assertClose(found, tensor([[[[[40.19932556152344, 26.75267791748047]]]]]));
    const slopes = [
      [12.041093826293945, 12.681330680847168, 16.566917419433594],
      [-4.824547290802002, 16.075223922729492, 21.243440628051758],
    ];
    assertClose(grid.grad as Tensor, tensor([[[slopes]]]));
  });

  it.each(['zeros', 'border', 'reflection'] as const)(
    'of the nearest elements has a gradient of 0 to the grid, padded by %s',
    (paddingMode) => {
      const grid = tensor([[[[-0.3, 0.2]], [[1.9, -1.2]]]], { requiresGrad: true });
      F.gridSample(
        tensor([
          [
            [
              [1.5, 2],
              [3, 4],
            ],
          ],
        ]),
        grid,
        { mode: 'nearest', paddingMode },
      )
        .sum()
        .backward();
      expect(grid.grad?.toArray()).toEqual([[[[0, 0]], [[0, 0]]]]);
    },
  );

  it('refuses other dtypes than one of floats, which its message says', () => {
    const x = tensor([[[[1, 2]]]], { dtype: 'float32' });
    const grid = tensor([[[[0, 0]]]], { dtype: 'float64' });
    const why = 'gridSample: expected input and grid of one floating point dtype, but got';
    expect(() => F.gridSample(x, grid)).toThrow(`${why} float32 and float64`);
    expect(() => F.gridSample(x.to('int32'), grid.to('int32'))).toThrow(`${why} int32 and int32`);
  });

  it('is bicubic between infinite elements, with the slopes of PyTorch', () => {
    const rows = [
      [2, 0, -0.15],
      [-Infinity, Infinity, 0],
      [0, 1, 0],
    ];
    const places = [
      [
        [1, -2.2],
        [1.3, 0.3],
      ],
      [
        [-1, 0.3],
        [-2.2, 0],
      ],
    ];
    const grid = tensor([places], { dtype: 'float64', requiresGrad: true });
    const found = F.gridSample(tensor([[rows]], { dtype: 'float64' }), grid, { mode: 'bicubic' });
    expect([...found.detach().data]).toEqual([0, -Infinity, -Infinity, 0]);
    found.sum().backward();
    expect([...(grid.grad as Tensor).data]).toEqual([0, 0, Infinity, Infinity, -Infinity, Infinity, 0, 0]);
  });

  it('of a volume takes nothing from beyond number, or the far edge, where padding has one, without a gradient', () => {
    const volume = arange(12).to('float32').add(1).reshape([1, 1, 3, 2, 2]);
    const places = [
      [NaN, -1, -1],
      [-1, Infinity, -1],
      [0.5, 0.5, 1e30],
    ];
    const sampled = (mode: 'bilinear' | 'nearest', paddingMode: 'zeros' | 'border' | 'reflection') => {
      const x = volume.clone().requiresGrad_();
      const grid = tensor([[[places]]], { requiresGrad: true });
      const y = F.gridSample(x, grid, { mode, paddingMode, alignCorners: true });
      y.sum().backward();
      return [y, x.grad as Tensor, grid.grad as Tensor].map((t) => [...t.detach().data]);
    };
    const none = Array<number>(9).fill(0);
    const at = (...elements: readonly (readonly [number, number])[]): number[] =>
      Array.from({ length: 12 }, (_, i) => elements.find(([place]) => place === i)?.[1] ?? 0);
    for (const mode of ['bilinear', 'nearest'] as const)
      expect(sampled(mode, 'zeros')).toEqual([[0, 0, 0], at(), none]);
    expect(sampled('nearest', 'border')).toEqual([[2, 3, 12], at([2, 1], [11, 1]), none]);
    const [y, dx, dgrid] = sampled('bilinear', 'border');
    expect(y).toEqual([2, 3, 11.25]);
    expect(dx).toEqual(at([2, 1], [8, 0.0625], [9, 0.1875], [10, 0.1875], [11, 0.5625]));
    expect(dgrid).toEqual([0, 0, 0, 0, 0, 0, 0.5, 1, 0]);
    expect(sampled('nearest', 'reflection')[0]?.slice(0, 2)).toEqual([2, 3]);
  });

  it('of an image multiplies positions by half its size, which float32 may hold where it does not hold all', () => {
    const grid = tensor([[[[3.4e38, 3.4e38]]]], { dtype: 'float32' });
    const image = arange(6).to('float32').reshape([1, 1, 2, 3]);
    const sampled = (alignCorners: boolean): number =>
      F.gridSample(image, grid, { mode: 'bicubic', paddingMode: 'border', alignCorners }).item();
    expect(sampled(true)).toBe(5);
    expect(sampled(false)).toBeNaN();
  });
});
