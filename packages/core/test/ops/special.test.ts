import { describe, expect, it } from 'vitest';
import * as K from '../../src/index.ts';
import {
  bitwiseLeftShift,
  bitwiseRightShift,
  frexp,
  gcd,
  igamma,
  igamma_,
  igammac_,
  lcm,
  masked,
  nextafter,
  ones,
  polygamma,
  special,
  tensor,
} from '../../src/index.ts';

const f64 = (data: K.NestedArray) => tensor(data, { dtype: 'float64' });
const bytes = (data: K.NestedArray) => tensor(data, { dtype: 'uint8' });
const numbers = (x: K.Tensor) => [...x.data];
const { windows } = K.signal;

describe('shifts', () => {
  it('leave nothing of distances that no integer has bits for', () => {
    expect(numbers(bitwiseLeftShift(tensor([-3, 200, 7]), tensor([-1, 65, 64])))).toEqual([0, 0, 0]);
    expect(numbers(bitwiseRightShift(tensor([-3, 200, 7]), tensor([-1, 65, 63])))).toEqual([-1, 0, 0]);
  });
  it('keep the lowest eight bits of bytes', () => {
    expect(numbers(bitwiseLeftShift(bytes([3, 200]), bytes([7, 9])))).toEqual([128, 0]);
    expect(numbers(bitwiseRightShift(bytes([3, 255]), 31))).toEqual([0, 0]);
  });
  it('shift the least integer', () => {
    expect(numbers(bitwiseRightShift(tensor([-(2 ** 31)]), tensor([31])))).toEqual([-1]);
  });
  it('throw where int32 would wrap around', () => {
    expect(() => bitwiseLeftShift(tensor([1]), 31)).toThrow(
      /bitwiseLeftShift: the result 2147483648 does not fit int32/,
    );
  });
  it('refuse floats and bools', () => {
    expect(() => bitwiseLeftShift(tensor([1.5]), 1)).toThrow(
      /bitwiseLeftShift: expected integers, got float32/,
    );
    expect(() => bitwiseRightShift(tensor([true]), tensor([true]))).toThrow(/expected integers, got bool/);
  });
});

describe('divisors and multiples', () => {
  it('are positive, and 0 where both are 0', () => {
    expect(numbers(gcd(tensor([-4, 0, 0, 6]), tensor([6, 0, 5, -9])))).toEqual([2, 0, 5, 3]);
    expect(numbers(lcm(tensor([-4, 0, 0, 6]), tensor([6, 0, 5, -9])))).toEqual([12, 0, 0, 18]);
  });
  it('throw where a multiple does not fit', () => {
    expect(() => lcm(tensor([65_537]), tensor([65_536]))).toThrow(
      /lcm: the result 4295032832 does not fit int32/,
    );
  });
});

describe('parts of binary numbers', () => {
  it('are exact down to the least number', () => {
    const x = f64([5e-324, -(2 ** 1023), 0.75, 8, 1 - 2 ** -53]);
    const { mantissa, exponent } = frexp(x);
    expect(numbers(mantissa)).toEqual([0.5, -0.5, 0.75, 0.5, 1 - 2 ** -53]);
    expect(numbers(exponent)).toEqual([-1073, 1024, 0, 4, 0]);
  });
  it('are the number itself where it has none', () => {
    const { mantissa, exponent } = frexp(f64([0, -0, Number.POSITIVE_INFINITY, Number.NaN]));
    expect(numbers(mantissa)).toEqual([0, -0, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(numbers(exponent)).toEqual([0, 0, 0, 0]);
  });
  it('step from number to number, through zero and to infinity', () => {
    const from = f64([1, 1, 0, 0, 5e-324, -5e-324, Number.MAX_VALUE, 2]);
    const to = f64([2, 0, 1, -1, -1, 1, Number.POSITIVE_INFINITY, 2]);
    const least = 5e-324;
    expect(numbers(nextafter(from, to))).toEqual([
      1 + 2 ** -52,
      1 - 2 ** -53,
      least,
      -least,
      0,
      -0,
      Number.POSITIVE_INFINITY,
      2,
    ]);
    expect(nextafter(ones(1), 2).item()).toBe(1 + 2 ** -23);
    expect(nextafter(f64(Number.NaN), 2).item()).toBeNaN();
  });
});

describe('what has no derivative', () => {
  const leaf = () => tensor([1.5], { requiresGrad: true });
  it('at all says so when the gradient arrives, in place too; its like by an option has gradients of 0', () => {
    const refused = /the derivative for 'floor_divide' is not implemented/;
    const x = leaf();
    expect(() => x.floorDivide(2).sum().backward()).toThrow(refused);
    expect(() => x.mul(1).floorDivide_(2).sum().backward()).toThrow(refused);
    x.div(2, { roundingMode: 'floor' }).sum().backward();
    expect(x.grad?.item()).toBe(0);
  });
  it('to its first operand says so when the gradient arrives', () => {
    expect(() => igamma(leaf(), 2).sum().backward()).toThrow(
      /the derivative for 'igamma: input' is not implemented/,
    );
    expect(() => special.zeta(leaf(), 2).sum().backward()).toThrow(/the derivative for 'special_zeta: self'/);
    const x = leaf();
    special.zeta(2, x).sum().backward();
    expect(x.grad?.item()).toBeCloseTo(-2 * special.zeta(3, tensor([1.5])).item());
  });
  it('gives results outside the graph', () => {
    expect(special.legendrePolynomialP(leaf(), 2).requiresGrad).toBe(false);
    expect(special.sphericalBesselJ0(leaf()).requiresGrad).toBe(false);
  });
});

describe('special functions at their ends', () => {
  it('ndtri of numbers below the least normal one', () => {
    const y = K.special.ndtri(K.tensor([5e-324, 2e-322, 1e-310, 3e-308], { dtype: 'float64' }));
    const expected = [-38.467405617144344, -38.371454548755473, -37.663060331949524, -37.511419674255869];
    expect(y.toArray()).toEqual(expected.map((value) => expect.closeTo(value, 12)));
  });

  const ends = f64([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY, Number.NaN]);
  it.each([
    ['i0', [Number.NaN, 1, Number.NaN, Number.NaN]],
    ['i1e', [-0, 0, 0, Number.NaN]],
    ['besselJ0', [Number.NaN, 1, Number.NaN, Number.NaN]],
    ['besselY0', [Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN]],
    ['modifiedBesselK1', [Number.NaN, Number.POSITIVE_INFINITY, 0, Number.NaN]],
    ['erfcx', [Number.POSITIVE_INFINITY, 1, 0, Number.NaN]],
    ['ndtr', [0, 0.5, 1, Number.NaN]],
    ['entr', [Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, Number.NaN]],
  ] as const)('%s', (name, expected) => {
    expect(numbers(special[name](ends)).map((v) => v + 0)).toEqual(expected.map((v) => v + 0));
  });
  it.each([igamma_, igammac_])(
    'in place has the derivative to x, and refuses that to a tensor that it changed',
    (f) => {
      const [a, x] = [f64(1.5).requiresGrad_(), f64(2).requiresGrad_()];
      const y = f(f64(1.5), x);
      y.backward();
      const slope = (2 ** 0.5 * Math.exp(-2)) / (Math.sqrt(Math.PI) / 2);
      expect(x.grad?.item()).toBeCloseTo(f === igamma_ ? slope : -slope, 12);
      expect(() => f(a.mul(1), x.detach()).backward()).toThrow(
        /the derivative for 'igammac?: input' is not implemented/,
      );
      expect(() => f(a, 2)).toThrow(/^igammac?_: a leaf Variable that requires grad/);
    },
  );

  it('igamma where an argument is 0, negative or infinite', () => {
    const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
    const [a, x] = [f64([0, -1, 1, 0, 1, inf, inf, 2]), f64([0, 1, -1, 1, inf, 1, inf, 0])];
    expect(numbers(igamma(a, x))).toEqual([nan, nan, nan, 1, 1, 0, nan, 0]);
    expect(numbers(K.igammac(a, x))).toEqual([nan, nan, nan, 0, 0, 1, nan, 1]);
  });
  it('zeta of an order for which no term can be held', () => {
    expect(special.zeta(f64([1e30, 1e6]), 2).toArray()).toEqual([0, 0]);
  });
  it('zeta where the terms on both sides of 0 cancel, of few of them and of many', () => {
    // By mpmath.
    const [s, q] = [f64([101, 5, 3, 7]), f64([-0.5, -20.5, -1.5, -40.25])];
    const exact = [1.63976961771988e-18, 1.2830502488917817e-6, 0.1181020258208637, -16376.70105727857];
    for (const [i, value] of numbers(special.zeta(s, q)).entries())
      expect(value / (exact[i] ?? 0)).toBeCloseTo(1, 12);
  });
  it("Kaiser's window is what it is at its ends, for every beta, at which squares that are not rounded alike would be NaN", () => {
    for (const dtype of ['float32', 'float64'] as const)
      for (let beta = 0; beta < 80; beta += 0.7) {
        const window = windows.kaiser(64, { beta, dtype });
        expect(window.isnan().any().item(), `beta = ${beta}`).toBe(false);
        expect(window.data[0]).toBeCloseTo(1 / K.i0(f64(beta)).item(), 6);
      }
    // PyTorch's.
    expect(windows.kaiser(128, { beta: 41.2 }).data[0]).toBeCloseTo(2.0524447073112826e-17, 23);
  });
  it('end for every argument, however large: unused lanes of a vector hold anything', () => {
    const odd = f64([
      1e300,
      -1e300,
      1e30,
      5e15,
      -4503599627370495.5,
      1e9 + 0.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      0.5,
      1,
    ]);
    for (const f of [special.zeta, special.legendrePolynomialP, special.laguerrePolynomialL, igamma])
      expect(f(odd.unsqueeze(1), odd).shape).toEqual([10, 10]);
    expect(special.zeta(f64(3), f64([-0.5, -2.5])).toArray()).toEqual([
      expect.closeTo(0.41439832211716, 15),
      expect.closeTo(0.054102025820864, 12),
    ]);
  });
  it('igamma of shapes for which no series is short, against its normal limit', () => {
    expect(igamma(f64(1e8), f64(1e8)).item()).toBeCloseTo(0.5 + 1 / (3 * Math.sqrt(2 * Math.PI * 1e8)), 12);
    expect(igamma(f64(1e12), f64(1.1e12)).item()).toBe(1);
  });
});

describe('errors', () => {
  it.each([
    ['polygamma', () => polygamma(-1, ones(2)), /polygamma: .*negative n, got -1/],
    ['polygamma', () => ones(2).polygamma(1.5), /polygamma: n: expected an integer, got 1.5/],
    ['mvlgamma', () => K.mvlgamma(ones(2), 0), /mvlgamma: p has to be greater than or equal to 1, got 0/],
    ['frexp', () => frexp(tensor([1])), /frexp: not implemented for int32/],
    ['nextafter', () => nextafter(tensor([1]), tensor([2])), /nextafter: not implemented for int32/],
    ['igamma', () => igamma(tensor([1]), tensor([2])), /igamma: not implemented for int32/],
    ['renorm', () => K.renorm(ones(3), 1, 0, 1), /renorm: the input needs at least 2 dimensions, got 1/],
    ['renorm', () => K.renorm(ones([3, 2]), -1, 0, 1), /renorm: p must be positive, got -1/],
    ['pdist', () => K.pdist(ones(3)), /pdist: expected a matrix, got shape \[3\]/],
    [
      'combinations',
      () => K.combinations(ones([1, 3])),
      /combinations: expected a vector, but got shape \[1, 3\]/,
    ],
    [
      'combinations',
      () => K.combinations(ones(3), { r: -1 }),
      /expected a non-negative number of elements, but got -1/,
    ],
    [
      'unravelIndex',
      () => K.unravelIndex(ones(1), [2, 4]),
      /unravelIndex: expected integer indices, got float32/,
    ],
    ['unravelIndex', () => K.unravelIndex(tensor([1]), [-2, 4]), /cannot have negative sizes, got \[-2, 4\]/],
    ['nonzeroStatic', () => K.nonzeroStatic(ones(3), {} as never), /nonzeroStatic: size must be given/],
    [
      'emptyPermuted',
      () => K.emptyPermuted([2, 3], [1, 1]),
      /emptyPermuted: expected a layout that names each of 2/,
    ],
    [
      'emptyStrided',
      () => K.emptyStrided([2, 3], [1]),
      /emptyStrided: expected as many non-negative strides as sizes/,
    ],
    ['fill', () => K.fill(ones(2), ones(1)), /fill: the value must have no dimensions, got shape \[1\]/],
    [
      'asStridedScatter',
      () => K.asStridedScatter(ones([4, 4]), ones([2, 2]), [2, 2], [200, 200]),
      /reaches beyond a tensor of 16/,
    ],
    [
      'diagonalCopy',
      () => K.diagonalCopy(ones([2, 2]), { dim1: 1, dim2: 1 }),
      /diagonalCopy: diagonal dimensions cannot be identical/,
    ],
    [
      'window',
      () => windows.gaussian(-1),
      /signal.windows.gaussian: requires non-negative window length, got m = -1/,
    ],
    ['window', () => windows.gaussian(5, { std: -1 }), /std must be positive, got -1/],
    ['window', () => windows.exponential(0, { tau: -1 }), /tau must be positive, got -1/],
    ['window', () => windows.exponential(5, { center: 1 }), /center must not be given of symmetric windows/],
    ['window', () => windows.kaiser(5, { beta: -1 }), /beta must be non-negative, got -1/],
    ['window', () => windows.generalCosine(5, { a: [] }), /coefficients cannot be empty/],
    [
      'window',
      () => windows.hann(5, { dtype: 'int32' }),
      /signal.windows.hann: expects float32 or float64 dtypes, got int32/,
    ],
    ['masked', () => masked.mean(tensor([1, 2])), /masked.mean: the dtype must be floating point, got int32/],
    [
      'masked',
      () => masked.sum(ones(2), 0, { mask: ones([1, 2]) }),
      /masked.sum: expected a mask that broadcasts/,
    ],
    [
      'masked',
      () => masked.sum(ones(2), 0, { mask: ones(3) }),
      /masked.sum: a mask of shape \[3\] does not broadcast/,
    ],
    [
      'masked',
      () => masked.median(tensor([1, 2]), 0, { mask: tensor([false, false]) }),
      /masked.median: expects no fully masked out rows/,
    ],
  ])('of %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
