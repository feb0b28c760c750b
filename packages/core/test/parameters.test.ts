/** Clipping and vectors of parameters. The values are PyTorch 2.15's. */
import { describe, expect, it, vi } from 'vitest';
import {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  compile,
  getTotalNorm,
  KindlingError,
  noGrad,
  parametersToVector,
  type Tensor,
  tensor,
  tensorList,
  vectorToParameters,
} from '../src/index.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const float = (...values: number[]): Tensor => tensor(values, { dtype: 'float32' });

/** A parameter whose gradient is its value. */
function withGrad(...values: number[]): Tensor {
  const p = float(...values).requiresGrad_();
  p.grad = float(...values);
  return p;
}

describe('getTotalNorm', () => {
  it.each([
    [0, 2],
    [1, 10],
    [2, 5.477225575051661],
    [3, 4.641588833612779],
    [0.5, 37.7766],
    [inf, 4],
    ['inf' as const, 4],
    [-inf, 0],
    [-1, 0],
    [nan, nan],
  ])('of order %s', (normType, expected) => {
    const total = getTotalNorm([float(3, -4, 0), float(1, 2)], { normType });
    expect([total.ndim, total.dtype]).toEqual([0, 'float32']);
    if (Number.isNaN(expected)) expect(total.item()).toBeNaN();
    else expect(total.item()).toBeCloseTo(expected, 4);
  });

  it('of one tensor, of several dtypes, of none, of what a generator gives', () => {
    expect(getTotalNorm(float(3, -4)).item()).toBe(5);
    expect(getTotalNorm([float(3), tensor([4], { dtype: 'float64' })]).dtype).toBe('float64');
    expect(getTotalNorm([]).item()).toBe(0);
    expect(getTotalNorm(new Set([float(3), float(4)]).values()).item()).toBe(5);
  });

  it('is no part of a graph', () => {
    expect(getTotalNorm([float(3, 4).requiresGrad_()]).requiresGrad).toBe(false);
  });
});

describe('clipGradNorm_', () => {
  it.each([
    [[3, 4], 1, 2, 5, [0.6, 0.8]],
    [[3, 4], inf, 2, 5, [3, 4]],
    [[3, 4], 0, 2, 5, [0, 0]],
    [[3, 4], 6, 2, 5, [3, 4]],
    [[0, 0], 1, 2, 0, [0, 0]],
    [[3, inf], 1, 2, inf, [0, nan]],
    [[3, nan], 1, 2, nan, [nan, nan]],
    [[3, -inf], inf, 2, inf, [nan, nan]],
    [[3, inf], 1, 1, inf, [0, nan]],
    [[3, inf], 1, inf, inf, [0, nan]],
    [[3, nan], 1, inf, nan, [nan, nan]],
    [[3, 4], 1, -inf, 3, [1, 4 / 3]],
    [[3, 4], 1, 0, 1, [3, 4]],
  ])('of %j to %s in norm %s', (values, maxNorm, normType, total, clipped) => {
    const p = withGrad(...values);
    const { grad } = p;
    expect(clipGradNorm_([p], maxNorm, { normType }).item()).toEqual(total);
    expect(p.grad === grad).toBe(true);
    expect((p.grad as Tensor).toArray()).toEqual(
      clipped.map((x) => (Number.isFinite(x) ? expect.closeTo(x, 5) : x)),
    );
  });

  it('takes all gradients as one vector, and leaves parameters without one out', () => {
    const [a, b, without] = [withGrad(3), withGrad(0, 4), float(7).requiresGrad_()];
    expect(clipGradNorm_(new Set([a, without, b]), 2.5).item()).toBe(5);
    expect([a.grad!.item(), ...(b.grad!.toArray() as number[]), without.grad]).toEqual([
      expect.closeTo(1.5, 5),
      0,
      expect.closeTo(2, 5),
      null,
    ]);
  });

  it('takes one tensor', () => {
    const p = withGrad(3, 4);
    clipGradNorm_(p, 1);
    expect(p.grad!.norm().item()).toBeCloseTo(1, 5);
  });

  it.each([inf, -inf, nan])('refuses a norm of %s if that is asked for, and changes nothing', (value) => {
    const p = withGrad(3, value);
    expect(() => clipGradNorm_(p, 1, { errorIfNonfinite: true })).toThrow(
      /^clipGradNorm_: The total norm of order 2 .* is non-finite/,
    );
    expect(p.grad!.toArray()).toEqual([3, value]);
  });

  it('refuses such a norm in a compiled step too, which leaves the parameters as they are then', () => {
    const p = withGrad(3, 4);
    const step = compile((x: Tensor) => {
      p.grad = null;
      p.mul(x).sum().backward();
      const total = clipGradNorm_(p, 1, { errorIfNonfinite: true });
      noGrad(() => p.sub_(p.grad!));
      return total;
    });
    for (let call = 0; call < 3; call++) expect(step(float(3, 4)).item()).toBe(5);
    const before = p.toArray();
    for (const value of [inf, nan]) {
      expect(() => step(float(3, value))).toThrow(
        /^clipGradNorm_: The total norm of order 2 .* is non-finite/,
      );
      expect(p.toArray()).toEqual(before);
    }
    expect(step(float(3, 4)).item()).toBe(5);
    expect(step.programs).toHaveLength(1);
  });

  it('is the sum of its halves', () => {
    const [p, q] = [withGrad(3, 4), withGrad(3, 4)];
    clipGradNorm_(p, 2);
    clipGradsWithNorm_([q], 2, getTotalNorm([q.grad!]));
    expect(q.grad!.toArray()).toEqual(p.grad!.toArray());
  });

  it('warns where an iterable gives no parameters, as when it was used up', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const used = [withGrad(3)].values();
    clipGradNorm_(used, 1);
    expect(warn).not.toHaveBeenCalled();
    clipGradNorm_(used, 1);
    clipGradNorm_([], 1);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

describe('clipGradValue_', () => {
  it('clamps each element in place; NaN stays', () => {
    const p = withGrad(nan, inf, -inf, 0.5, -2);
    const { grad } = p;
    clipGradValue_([p], 1);
    expect(p.grad === grad).toBe(true);
    expect(p.grad!.toArray()).toEqual([nan, 1, -1, 0.5, -1]);
  });
});

describe('vectors of parameters', () => {
  it('hold all elements in their order, of transposed ones too, in the wider dtype', () => {
    const vector = parametersToVector([
      tensor([
        [1.5, 2],
        [3, 4],
      ]).t(),
      tensor(5, { dtype: 'float64' }),
      float(),
    ]);
    expect(vector.toArray()).toEqual([1.5, 3, 2, 4, 5]);
    expect(vector.dtype).toBe('float64');
  });

  it('lead gradients to the parameters', () => {
    const [a, b] = [float(1, 2).requiresGrad_(), float(3).requiresGrad_()];
    parametersToVector([a, b])
      .mul(float(1, 10, 100))
      .sum()
      .backward();
    expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[1, 10], [100]]);
  });

  it('are copied into the parameters, which stay leaves on their memory', () => {
    const [a, b] = [
      tensor(
        [
          [0.5, 0],
          [0, 0],
        ],
        { requiresGrad: true },
      ),
      tensor(0.5, { requiresGrad: true }),
    ];
    const { storage } = a;
    const vector = float(1, 2, 3, 4, 5);
    vectorToParameters(vector, [a, b]);
    vector.fill_(9);
    expect([a.toArray(), b.item()]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      5,
    ]);
    expect([a.storage === storage, a.isLeaf, a.requiresGrad]).toEqual([true, true, true]);
  });

  it('must have as many elements: nothing is changed else', () => {
    const p = float(1, 2).requiresGrad_();
    for (const vector of [float(7), float(7, 8, 9)])
      expect(() => vectorToParameters(vector, [p])).toThrow(
        /^vectorToParameters: the parameters have 2 elements/,
      );
    expect(p.toArray()).toEqual([1, 2]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript would
const js = (value: unknown): any => value;

it.each<[call: () => unknown, message: RegExp]>([
  [
    () => clipGradNorm_(js(null), 1),
    /^clipGradNorm_: parameters: expected a Tensor or an iterable of Tensors, got null/,
  ],
  [
    () => clipGradNorm_(js({ parameters: () => [] }), 1),
    /^clipGradNorm_: parameters: .* write model.parameters\(\)/,
  ],
  [() => clipGradNorm_(js([float(1), 3]), 1), /^clipGradNorm_: parameters\[1\]: expected a Tensor, got 3/],
  [() => clipGradNorm_(float(1), -1), /^clipGradNorm_: maxNorm: expected a number >= 0, got -1/],
  [() => clipGradNorm_(float(1), nan), /^clipGradNorm_: maxNorm: expected a number >= 0, got NaN/],
  [
    () => clipGradNorm_(float(1), js(undefined)),
    /^clipGradNorm_: maxNorm: expected a number >= 0, got undefined/,
  ],
  [
    () => clipGradNorm_(float(1), 1, js(2)),
    /^clipGradNorm_: .*write clipGradNorm_\(parameters, 1, { normType: 2 }\)/,
  ],
  [() => clipGradNorm_(float(1), 1, js({ norm_type: 2 })), /unknown option norm_type; did you mean normType/],
  [() => clipGradsWithNorm_(float(1), 1, js(2)), /^clipGradsWithNorm_: totalNorm: expected a Tensor, got 2/],
  [() => clipGradValue_(float(1), -1), /^clipGradValue_: clipValue: expected a number >= 0, got -1/],
  [() => getTotalNorm(js(3)), /^getTotalNorm: tensors: expected a Tensor or an iterable of Tensors, got 3/],
  [() => parametersToVector([]), /^parametersToVector: expected at least one parameter, got none/],
  [() => parametersToVector(js('ab')), /^parametersToVector: parameters: expected/],
  [() => vectorToParameters(js([1]), float(1)), /^vectorToParameters: vector: expected a Tensor/],
])('%s is refused', (call, message) => {
  expect(call).toThrow(KindlingError);
  expect(call).toThrow(message);
});

/** Each function by what it is given for its parameters. */
const functions: readonly (readonly [
  name: string,
  what: string,
  call: (given: never, ...more: []) => unknown,
])[] = [
  ['getTotalNorm', 'tensors', (x, ...more) => getTotalNorm(x, {}, ...more)],
  ['clipGradNorm_', 'parameters', (x, ...more) => clipGradNorm_(x, 1, {}, ...more)],
  ['clipGradsWithNorm_', 'parameters', (x, ...more) => clipGradsWithNorm_(x, 1, float(1), ...more)],
  ['clipGradValue_', 'parameters', (x, ...more) => clipGradValue_(x, 1, ...more)],
  ['parametersToVector', 'parameters', (x, ...more) => parametersToVector(x, ...more)],
  ['vectorToParameters', 'parameters', (x, ...more) => vectorToParameters(float(1), x, ...more)],
];

describe.each(functions)('%s', (name, what, call) => {
  const refused = (given: unknown, message: string): void => {
    expect(() => call(given as never)).toThrow(KindlingError);
    expect(() => call(given as never)).toThrow(message);
  };

  it('takes one tensor, and whatever gives some', () => {
    const p = (): Tensor => withGrad(1);
    for (const given of [p(), [p()], new Set([p()]), new Map([[1, p()]]).values(), [p()][Symbol.iterator]()])
      expect(() => call(given as never)).not.toThrow();
  });

  it('says what to write for a model, and for parameters with their names', () => {
    const model = { parameters: () => [float(1)] };
    const pair = 'the pair of a name, "w", and a Tensor; write model.parameters()';
    refused(model, `${name}: ${what}: expected Tensors, got a Module; write model.parameters()`);
    refused(['w', float(1)], `${name}: ${what}: expected Tensors, got ${pair}`);
    refused([['w', float(1)]], `${name}: ${what}[0]: expected Tensors, got ${pair}`);
    refused([float(1), model], `${name}: ${what}[1]: expected Tensors, got a Module`);
    refused(new Map([['w', float(1)]]), `${name}: ${what}[0]: expected Tensors, got ${pair}`);
  });

  it('refuses what gives no tensors, and what only looks like one', () => {
    for (const wrong of [undefined, null, 3, 'ab', {}, new Float32Array(2), () => [float(1)]])
      refused(wrong, `${name}: ${what}: expected a Tensor or an iterable of Tensors`);
    for (const wrong of [undefined, null, 3, 'w', [3, float(1)], ['w'], ['w', float(1), 1]])
      refused([float(1), wrong], `${name}: ${what}[1]: expected a Tensor`);
    refused(new Proxy(float(1), {}), `${name}: ${what}: expected a Tensor`);
    refused([new Proxy(float(1), {})], `${name}: ${what}[0]: expected a Tensor`);
  });

  it('refuses one argument more', () => {
    const more = call as (...given: unknown[]) => unknown;
    expect(() => more([withGrad(1)], 5)).toThrow(new RegExp(`^${name}:`));
  });
});

describe('tensorList', () => {
  it('says of itself what names it takes, and of its caller what tensors', () => {
    expect(tensorList('mine', 'params', [float(1)])).toHaveLength(1);
    for (const [caller, what] of [
      [1, 'params'],
      ['mine', undefined],
      [null, Symbol('params')],
    ])
      expect(() => tensorList(caller as string, what as string, [float(1)])).toThrow(/^tensorList: /);
    expect(() => tensorList('mine', 'params', [1] as never)).toThrow(/^mine: params\[0\]/);
  });
});

it('what goes on for ever is read no further than to what is no tensor', () => {
  function* endless(): Generator<Tensor> {
    yield tensor(1);
    for (;;) yield 1 as unknown as Tensor;
  }
  for (const f of [getTotalNorm, parametersToVector])
    expect(() => f(endless())).toThrow(/\[1\]: expected a Tensor, got 1/);
  expect(() => clipGradNorm_(new Array<Tensor>(2 ** 32 - 1), 1)).toThrow(/\[0\]: expected a Tensor/);
});
