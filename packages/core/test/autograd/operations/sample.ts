import * as fc from 'fast-check';
import type { Tensor } from '../../../src/index.ts';
import * as K from '../../../src/index.ts';
import { broadcastableShapes, shapes, type TensorOptions, tensorsWith } from '../../../src/testing/index.ts';

type Result = Tensor | readonly Tensor[];

/** Drawn inputs, all float64 and requiring a gradient, and what to do with them (with drawn dims and the like). */
export interface Sample {
  readonly inputs: Tensor[];
  run(...inputs: Tensor[]): Result;
}

/** The values that an operation's gradient is checked at. */
export type Values = Pick<TensorOptions, 'min' | 'max' | 'avoid' | 'distinct'>;

export const usual: Values = { min: -3, max: 3 };
export const positive: Values = { min: 0.25, max: 3 };
export const nonzero: Values = { ...usual, avoid: [0] };
export const distinct: Values = { ...usual, distinct: true };
export const inside: Values = { min: -0.9, max: 0.9 };
export const halves: Values = { ...usual, avoid: [-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3] };
export const small = { maxRank: 3, maxSize: 3, maxElements: 6 };

export const drawn = (shape: readonly number[], values: Values): fc.Arbitrary<Tensor> =>
  tensorsWith(shape, { ...values, requiresGrad: true });

/** An operation of one tensor of any shape. */
export const unary = (
  run: (x: Tensor) => Result,
  values: Values = usual,
  minRank = 0,
): fc.Arbitrary<Sample> =>
  shapes({ ...small, minRank })
    .chain((shape) => drawn(shape, values))
    .map((x) => ({ inputs: [x], run }));

/** An operation of tensors that broadcast together. */
export const broadcast = (run: (...x: Tensor[]) => Result, ...values: Values[]): fc.Arbitrary<Sample> =>
  broadcastableShapes(values.length, small)
    .chain((list) => fc.tuple(...list.map((shape, i) => drawn(shape, values[i]!))))
    .map((inputs) => ({ inputs, run }));

export const binary = (
  run: (a: Tensor, b: Tensor) => Result,
  a: Values = usual,
  b: Values = a,
): fc.Arbitrary<Sample> => broadcast((x, y) => run(x!, y!), a, b);

/** An operation of tensors of fixed shapes. */
export const fixed = (
  list: readonly (readonly number[])[],
  run: (...x: [Tensor, Tensor, Tensor, Tensor]) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(...list.map((shape) => drawn(shape, values)))
    .map((inputs) => ({ inputs, run: run as Sample['run'] }));

/** An operation along one dimension of a tensor that has some. */
export const along = (
  run: (x: Tensor, dim: number, keepdim: boolean) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(shapes({ ...small, minRank: 1 }), fc.nat(), fc.boolean(), fc.boolean())
    .chain(([shape, k, negative, keepdim]) => {
      const dim = (k % shape.length) - (negative ? shape.length : 0);
      return drawn(shape, values).map((x) => ({ inputs: [x], run: (y: Tensor) => run(y, dim, keepdim) }));
    });

/** A reduction over all, one or several dimensions. */
export const reduction = (
  run: (x: Tensor, dims: number[] | undefined, options: { keepdim: boolean }) => Result,
  values: Values = usual,
): fc.Arbitrary<Sample> =>
  fc
    .tuple(shapes(small), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.boolean())
    .chain(([shape, chosen, keepdim]) => {
      const dims = shape.map((_, d) => d).filter((d) => chosen[d]);
      const wanted = dims.length === 0 ? undefined : dims;
      return drawn(shape, values).map((x) => ({
        inputs: [x],
        run: (y: Tensor) => run(y, wanted, { keepdim }),
      }));
    });

export const ints = (data: K.NestedArray): Tensor => K.tensor(data, { dtype: 'int32' });
export const mask = (data: K.NestedArray): Tensor => K.tensor(data, { dtype: 'bool' });
/** Off the grid of drawn values, so that nothing is compared with its equal. */
export const offGrid = (x: Tensor): Tensor => x.add(1 / 128);
