import { expect, it } from 'vitest';
import { ElementwiseKernel, roundsOnce, runElementwiseMany, stridedOver } from '../src/kernels/index.ts';
import {
  inFloat32,
  inFloat64,
  logOfUniform,
  sinCosOfTurn,
  spreadUniform,
} from '../src/random/float-kernels.ts';
import { fma32, lastCosine, lastSine, logFloat, sinCosFloat } from './support/fused-float32.ts';

/** Every so many of the 2^24 uniform numbers; 1 shows it for all, in a minute. */
const STRIDE = 61;

const evaluate = (kernel: ElementwiseKernel, lane: 'f32' | 'f64', x: Float32Array): Float32Array[] => {
  const outs = kernel.expressions.map(() => stridedOver(new Float32Array(x.length), 'float32', [x.length]));
  runElementwiseMany(kernel, lane, [stridedOver(x, 'float32', [x.length])], [], outs);
  return outs.map(({ storage }) => storage.array as Float32Array);
};

const ways = [['f64', inFloat64] as const, ...(roundsOnce() ? [['f32', inFloat32] as const] : [])];

it.each(ways)(
  'logarithm, sine and cosine of uniform numbers in lanes of %s are those that fused operations give',
  (lane, by) => {
    const turn = Math.fround(2 * Math.PI);
    const numbers = Float32Array.from(
      { length: Math.ceil(2 ** 24 / STRIDE) },
      (_, k) => k * STRIDE * 2 ** -24,
    );
    const rests = numbers.map((u) => 1 - u);
    const angles = numbers.map((u) => turn * u);
    const [logs] = evaluate(new ElementwiseKernel('log', 1, (x) => logOfUniform(x!, by)), lane, rests);
    const [sines, cosines] = evaluate(
      new ElementwiseKernel('sin_cos', 1, (x) => sinCosOfTurn(x!, by)),
      lane,
      angles,
    );
    const different = numbers.filter((_, i) => {
      sinCosFloat(angles[i]!);
      return logs![i] !== logFloat(rests[i]!) || sines![i] !== lastSine || cosines![i] !== lastCosine;
    });
    expect(different).toEqual(new Float32Array(0));
  },
);

it('a uniform number is spread by an operation that rounds once, also where rounding twice would differ', () => {
  for (const power of [-3, -1, 0, 2]) {
    const low = Math.fround(-(2 ** power) / 3);
    const high = Math.fround(2 ** power * (1 + 2 ** -12));
    const numbers = Float32Array.from({ length: 10_000 }, (_, k) => ((k * 48_271) % 2 ** 24) * 2 ** -24);
    const range = Math.fround(high - low);
    const expected = numbers.map((u) => fma32(u, range, low)).map((x) => (x === high ? low : x));
    spreadUniform(numbers, low, high);
    expect(numbers).toEqual(expected);
  }
  // u (high - low) + low lies 2^-70 beside the middle of two floats, which a double cannot tell.
  const u = 1 + 2 ** -12;
  for (const low of [2 ** -70, -(2 ** -70)]) {
    const halfway = Float32Array.of(u);
    spreadUniform(halfway, low, u);
    expect(halfway[0]).toBe(fma32(u, u, low));
  }
});
