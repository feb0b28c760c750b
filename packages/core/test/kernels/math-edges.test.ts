import { describe, expect, it } from 'vitest';
import { ElementwiseKernel, runElementwise } from '../../src/kernels/elementwise/elementwise.ts';
import { call, type Lane, max, min } from '../../src/kernels/expression/index.ts';
import { stridedOver } from '../../src/kernels/strided/strided.ts';

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

/** Of a function through the origin, odd there, to which NaN stays NaN. */
const odd = [
  [0, 0],
  [-0, -0],
  [nan, nan],
];

/** Of a logarithm of any base. */
const logarithm = [
  [1, 0],
  [0, -inf],
  [-0, -inf],
  [-1, nan],
  [inf, inf],
  [-inf, nan],
  [nan, nan],
];

/** f(arguments) = value, in both float lanes: PyTorch's values. */
const edges: Readonly<Record<string, readonly (readonly number[])[]>> = {
  exp: [
    [0, 1],
    [-0, 1],
    [inf, inf],
    [-inf, 0],
    [1000, inf],
    [-1000, 0],
    [nan, nan],
  ],
  exp2: [
    [0, 1],
    [3, 8],
    [-3, 0.125],
    [inf, inf],
    [-inf, 0],
    [5000, inf],
    [-5000, 0],
    [nan, nan],
  ],
  expm1: [...odd, [inf, inf], [-inf, -1], [-1000, -1], [1000, inf]],
  log: logarithm,
  log2: [...logarithm, [8, 3], [0.125, -3]],
  log10: logarithm,
  log1p: [...odd, [-1, -inf], [-2, nan], [inf, inf], [-inf, nan]],
  sin: [...odd, [inf, nan], [-inf, nan]],
  cos: [
    [0, 1],
    [-0, 1],
    [inf, nan],
    [-inf, nan],
    [nan, nan],
  ],
  tan: [...odd, [inf, nan]],
  asin: [...odd, [2, nan]],
  acos: [
    [1, 0],
    [2, nan],
    [nan, nan],
  ],
  atan: [...odd],
  sinh: [...odd, [inf, inf], [-inf, -inf]],
  cosh: [
    [0, 1],
    [inf, inf],
    [-inf, inf],
    [nan, nan],
  ],
  tanh: [...odd, [inf, 1], [-inf, -1], [30, 1], [-30, -1]],
  asinh: [...odd, [inf, inf], [-inf, -inf]],
  acosh: [
    [1, 0],
    [0.5, nan],
    [inf, inf],
    [nan, nan],
  ],
  atanh: [...odd, [1, inf], [-1, -inf], [2, nan]],
  sigmoid: [
    [0, 0.5],
    [-0, 0.5],
    [inf, 1],
    [-inf, 0],
    [1000, 1],
    [-1000, 0],
    [nan, nan],
  ],
  erf: [...odd, [inf, 1], [-inf, -1], [10, 1]],
  erfc: [
    [0, 1],
    [-0, 1],
    [inf, 0],
    [-inf, 2],
    [100, 0],
    [-100, 2],
    [nan, nan],
  ],
  erfinv: [...odd, [1, inf], [-1, -inf], [1.5, nan], [-1.5, nan]],
  lgamma: [
    [1, 0],
    [2, 0],
    [0, inf],
    [-0, inf],
    [-1, inf],
    [-7, inf],
    [inf, inf],
    [-inf, inf],
    [nan, nan],
  ],
  digamma: [
    [0, -inf],
    [-0, inf],
    [-1, nan],
    [-7, nan],
    [inf, inf],
    [-inf, nan],
    [nan, nan],
  ],
  polygamma: [
    [1, 0, inf],
    [1, -inf, nan],
    [1, inf, 0],
    [2, inf, nan],
    [2, 0, -inf],
    [2, -2, -inf],
    [1, nan, nan],
    [2, nan, nan],
  ],
  zeta: [
    [1, 2, inf],
    [0.5, 2, nan],
    [2, 0, inf],
    [2.5, -0.5, nan],
    [2, inf, nan],
    [inf, 2, nan],
    [inf, 1, 1],
    [inf, 0.5, inf],
    [inf, -0.5, inf],
    [2, nan, nan],
    [nan, 2, nan],
    [nan, 0, inf],
  ],
  pow: [
    [1, nan, 1],
    [nan, 0, 1],
    [nan, 1, nan],
    [-1, inf, 1],
    [-1, -inf, 1],
    [1, inf, 1],
    [0, -1, inf],
    [-0, -1, -inf],
    [-0, 3, -0],
    [-2, 3, -8],
    [-2, 0.5, nan],
    [2, -inf, 0],
    [0.5, -inf, inf],
    [-inf, 3, -inf],
  ],
  atan2: [
    [0, 1, 0],
    [-0, 1, -0],
    [nan, 1, nan],
    [1, nan, nan],
  ],
  fmod: [
    [5, 3, 2],
    [-5, 3, -2],
    [5, -3, 2],
    [-6, 3, -0],
    [5, 0, nan],
    [inf, 3, nan],
    [5, inf, 5],
    [-5, inf, -5],
  ],
  remainder: [
    [5, 3, 2],
    [-5, 3, 1],
    [5, -3, -1],
    [-5, -3, -2],
    [-6, 3, -0],
    [5, 0, nan],
    [inf, 3, nan],
    [5, inf, 5],
    [-5, inf, inf],
  ],
  floorDivide: [
    [5, 3, 1],
    [-5, 3, -2],
    [5, -3, -2],
    [-6, 3, -2],
    [1, 3, 0],
    [-0, 3, -0],
    [5, 0, inf],
    [-5, 0, -inf],
    [0, 0, nan],
    [inf, 3, nan],
  ],
  hypot: [
    [3, 4, 5],
    [inf, nan, inf],
    [nan, -inf, inf],
    [nan, 1, nan],
    [0, -0, 0],
  ],
};

/** Operands and result are float64; the kernel converts them to its lane and back. */
function evaluate(name: string, lane: Lane, rows: readonly (readonly number[])[]): number[] {
  const arity = rows[0]!.length - 1;
  const n = rows.length;
  const kernel = new ElementwiseKernel(name, arity, (...x) => call(name, ...x.slice(0, arity)));
  const operands = Array.from({ length: arity }, (_, i) => {
    const column = Float64Array.from(rows.map((row) => row[i]!));
    return stridedOver(column, 'float64', [n]);
  });
  const out = new Float64Array(n);
  runElementwise(kernel, lane, operands, [], stridedOver(out, 'float64', [n]));
  return [...out];
}

describe.each(['f32', 'f64'] as const)('edge values in %s lanes', (lane) => {
  it.each(Object.entries(edges))('%s', (name, rows) => {
    const got = evaluate(name, lane, rows);
    rows.forEach((row, i) => {
      const value = row[row.length - 1]!;
      expect(got[i], `${name}(${row.slice(0, -1)})`).toBe(value);
    });
  });

  it('hypot of what would overflow or underflow when squared', () => {
    const [huge, tiny] = lane === 'f32' ? [2 ** 126, 2 ** -148] : [2 ** 1022, 2 ** -1072];
    expect(evaluate('hypot', lane, [[3 * (huge / 4), huge, 0]])).toEqual([1.25 * huge]);
    expect(evaluate('hypot', lane, [[3 * (tiny / 2), 2 * tiny, 0]])).toEqual([2.5 * tiny]);
  });
});

describe('near zero', () => {
  // These functions of a tiny x are x, or a multiple of it, to the last bit.
  it.each(['expm1', 'log1p', 'sin', 'tanh', 'asinh', 'atanh', 'tan', 'sinh'])(
    '%s keeps tiny arguments',
    (name) => {
      const tiny = [2 ** -149, -(2 ** -140), 2 ** -126, -(2 ** -100), 2 ** -30];
      const rows = tiny.map((x) => [x, x]);
      expect(evaluate(name, 'f32', rows)).toEqual(tiny);
    },
  );
});

describe.each(['f32', 'f64'] as const)('extremes beside a number in %s lanes', (lane) => {
  const values = [0, -0, nan, inf, -inf, 1, -2];

  it.each([
    ['max', max, 0, [0, -0, nan, inf, 0, 1, 0]],
    ['max', max, -0, [0, -0, nan, inf, -0, 1, -0]],
    ['min', min, 0, [0, -0, nan, 0, -inf, 0, -2]],
    ['max', max, nan, values.map(() => nan)],
    ['min', min, nan, values.map(() => nan)],
  ] as const)('%s: of zeros x, NaN of both sides', (name, extreme, bound, expected) => {
    const x = stridedOver(Float64Array.from(values), 'float64', [values.length]);
    for (const build of [
      new ElementwiseKernel(name, 1, (x, bound) => extreme(x, bound)),
      new ElementwiseKernel(name, 1, (x, bound) => extreme(bound, x)),
    ]) {
      const out = new Float64Array(values.length);
      runElementwise(build, lane, [x], [bound], stridedOver(out, 'float64', [values.length]));
      expect([...out]).toEqual(expected);
    }
  });
});
