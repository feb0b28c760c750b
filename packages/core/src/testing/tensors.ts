import * as fc from 'fast-check';
import { arrayConstructor, type DType, isFloatingPoint } from '../dtype.ts';
import { DTypeError } from '../errors.ts';
import '../index.ts';
import { numelOf } from '../shape.ts';
import { autogradOf, type Tensor, wrapArray } from '../tensor.ts';
import { type ShapeOptions, shapes } from './shapes.ts';

/** Options of {@link tensors}. */
export interface TensorOptions {
  /** Default: float64 with `requiresGrad`, else float32. */
  readonly dtype?: DType;
  /** A shape, or an arbitrary or options to draw one. Default: `shapes()`. */
  readonly shape?: readonly number[] | fc.Arbitrary<readonly number[]> | ShapeOptions;
  /** The least value. Default: -10 (uint8: 0). */
  readonly min?: number;
  /** The greatest value. Default: 10. */
  readonly max?: number;
  /** With `false`, floats may be NaN. Default: true. */
  readonly noNaN?: boolean;
  /**
   * With `false`, floats may be infinite, or anything that the dtype holds, unless `min` and `max` are given. Default:
   * true.
   */
  readonly noInfinity?: boolean;
  /** Whether all elements differ: for operations that choose among them (`max`, `sort`). Default: false. */
  readonly distinct?: boolean;
  /**
   * Values to stay away from, by at least 1/16: kinks, where finite differences do not give the derivative. Default:
   * none.
   */
  readonly avoid?: readonly number[];
  /** Whether the tensors are leaves that require a gradient: for `gradcheck`. Default: false. */
  readonly requiresGrad?: boolean;
}

/**
 * Contiguous tensors with drawn shapes and values. Floats are multiples of 1/64, so that they shrink to numbers that
 * read well; with `noNaN: false` or `noInfinity: false` they are any floats, subnormal and huge ones too.
 * @example
 * ```ts
 * const x = tensors({ requiresGrad: true, shape: { maxRank: 2 }, avoid: [0] });
 * const cube = (x: Tensor) => x.pow(3);
 * fc.assert(fc.property(x, (x) => autograd.gradcheck(cube, [x])));
 * ```
 */
export function tensors(options: TensorOptions = {}): fc.Arbitrary<Tensor> {
  return shapeArbitrary(options.shape).chain((shape) => tensorsWith(shape, options));
}

/**
 * {@link tensors} of one shape.
 * @throws DTypeError when integers should require a gradient
 */
export function tensorsWith(shape: readonly number[], options: TensorOptions = {}): fc.Arbitrary<Tensor> {
  const { requiresGrad = false, dtype = requiresGrad ? 'float64' : 'float32', distinct = false } = options;
  if (requiresGrad && !isFloatingPoint(dtype)) {
    throw new DTypeError(`tensors: only floating point dtypes can require gradients, got ${dtype}`);
  }
  const n = numelOf(shape);
  const length = { minLength: n, maxLength: n, size: 'max' as const };
  const value = values(dtype, options);
  const list = distinct
    ? fc.uniqueArray(value, { ...length, comparator: 'SameValue' })
    : fc.array(value, length);
  return list.map((drawn) => {
    const array = new (arrayConstructor(dtype))(n);
    array.set(drawn);
    const x = wrapArray(array, shape.slice(), dtype);
    autogradOf(x).leafRequiresGrad = requiresGrad;
    return x;
  });
}

const isShape = (shape: NonNullable<TensorOptions['shape']>): shape is readonly number[] =>
  Array.isArray(shape);

function shapeArbitrary(shape: TensorOptions['shape']): fc.Arbitrary<readonly number[]> {
  if (shape === undefined) return shapes();
  if (isShape(shape)) return fc.constant(shape);
  return 'generate' in shape ? shape : shapes(shape);
}

/** How fine the grid of drawn floats is. */
const grid = 64;

function values(dtype: DType, options: TensorOptions): fc.Arbitrary<number> {
  const { noNaN = true, noInfinity = true, avoid = [] } = options;
  const allowed = (v: number): boolean => avoid.every((a) => !(Math.abs(v - a) < 1 / 16));
  const min = options.min ?? (dtype === 'uint8' ? 0 : -10);
  const max = options.max ?? 10;
  switch (dtype) {
    case 'bool':
      return fc.integer({ min: 0, max: 1 });
    case 'uint8':
    case 'int32': {
      const integers = fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
      return avoid.length === 0 ? integers : integers.filter(allowed);
    }
    default: {
      if (noNaN && noInfinity) {
        const steps = fc.integer({ min: Math.ceil(min * grid), max: Math.floor(max * grid) });
        const onGrid = steps.map((k) => k / grid);
        return avoid.length === 0 ? onGrid : onGrid.filter(allowed);
      }
      const bounds = {
        noNaN,
        noDefaultInfinity: noInfinity,
        ...(options.min === undefined ? {} : { min: bound(dtype, options.min) }),
        ...(options.max === undefined ? {} : { max: bound(dtype, options.max) }),
      };
      return (dtype === 'float32' ? fc.float(bounds) : fc.double(bounds)).filter(allowed);
    }
  }
}

const bound = (dtype: DType, value: number): number => (dtype === 'float32' ? Math.fround(value) : value);
