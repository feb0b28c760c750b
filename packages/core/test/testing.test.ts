import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autograd, type DType, ones, tensor, zeros } from '../src/index.ts';
import {
  assertClose,
  broadcastablePair,
  broadcastableShapes,
  expandedViews,
  nonContiguous,
  shapes,
  tensors,
  views,
} from '../src/testing/index.ts';

const parameters = { numRuns: 60, seed: 1 };

describe('shapes', () => {
  it('keep within their bounds', () => {
    fc.assert(
      fc.property(shapes({ minRank: 1, maxRank: 3, maxSize: 5, maxElements: 20 }), (shape) => {
        expect(shape.length).toBeGreaterThanOrEqual(1);
        expect(shape.length).toBeLessThanOrEqual(3);
        expect(shape.every((size) => size >= 1 && size <= 5)).toBe(true);
        expect(shape.reduce((a, b) => a * b, 1)).toBeLessThanOrEqual(20);
      }),
      parameters,
    );
  });

  it('contain empty dimensions on request', () => {
    const some = fc.sample(shapes({ allowZero: true }), { numRuns: 100, seed: 1 });
    expect(some.some((shape) => shape.includes(0))).toBe(true);
    expect(some.some((shape) => shape.length === 0)).toBe(true);
  });

  it('broadcast', () => {
    fc.assert(
      fc.property(broadcastablePair(), ([a, b]) => {
        assertClose(zeros(a).add(ones(b)), ones(b).add(zeros(a)));
      }),
      parameters,
    );
    fc.assert(
      fc.property(broadcastableShapes(3), (list) => {
        list.map((shape) => ones(shape)).reduce((a, b) => a.add(b));
      }),
      parameters,
    );
  });
});

describe('tensors', () => {
  it('have the dtype, the range and the flags asked for', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'uint8', 'bool'] as DType[]) {
      fc.assert(
        fc.property(tensors({ dtype, min: 0, max: 3, shape: [2, 3] }), (x) => {
          expect(x.dtype).toBe(dtype);
          expect(x.shape).toEqual([2, 3]);
          expect([...x.data].every((v) => v >= 0 && v <= 3)).toBe(true);
        }),
        parameters,
      );
    }
    fc.assert(
      fc.property(tensors({ requiresGrad: true, avoid: [0], distinct: true }), (x) => {
        expect([x.requiresGrad, x.isLeaf, x.dtype]).toEqual([true, true, 'float64']);
        expect([...x.data].every((v) => Math.abs(v) >= 1 / 16)).toBe(true);
        expect(new Set(x.data).size).toBe(x.count);
      }),
      parameters,
    );
  });

  it('may hold anything', () => {
    const many = fc.sample(tensors({ noNaN: false, noInfinity: false, shape: [8] }), {
      numRuns: 200,
      seed: 1,
    });
    const all = many.flatMap((x) => [...x.data]);
    expect(all.some(Number.isNaN)).toBe(true);
    expect(all).toContain(Number.POSITIVE_INFINITY);
  });

  it('refuse gradients of integers', () => {
    expect(() => fc.sample(tensors({ dtype: 'int32', requiresGrad: true }))).toThrow(
      /only floating point dtypes/,
    );
  });

  it('check an own operation in three lines', () => {
    const mySoftplus = (x: ReturnType<typeof tensor>) => x.exp().log1p();
    const x = tensors({ requiresGrad: true, min: -3, max: 3, shape: { maxElements: 6 } });
    fc.assert(
      fc.property(x, (x) => autograd.gradcheck(mySoftplus, [x])),
      { ...parameters, numRuns: 10 },
    );
  });
});

describe('views', () => {
  it('equal their tensor, in other places of another memory', () => {
    const pairs = tensors({ shape: { minRank: 1 }, requiresGrad: true }).chain((x) =>
      fc.tuple(fc.constant(x), nonContiguous(x)),
    );
    const drawn = fc.sample(pairs, { numRuns: 60, seed: 1 });
    for (const [x, view] of drawn) {
      expect(view.toArray()).toEqual(x.toArray());
      expect([view.requiresGrad, view.isLeaf]).toEqual([true, true]);
    }
    const share = (test: (x: (typeof drawn)[number][1]) => boolean): number =>
      drawn.filter(([, v]) => test(v)).length;
    expect(share((v) => !v.isContiguous())).toBeGreaterThan(30);
    expect(share((v) => v.offset > 0)).toBeGreaterThan(15);
    expect(share((v) => v.strides.some((s, d) => d > 0 && s > v.strides[d - 1]!))).toBeGreaterThan(5);
    expect(share((v) => v.strides.at(-1)! > 1)).toBeGreaterThan(15);
  });

  it('are expanded on request', () => {
    const drawn = fc.sample(views({ expanded: true, shape: [3, 3] }), { numRuns: 60, seed: 1 });
    expect(drawn.some((x) => x.strides.includes(0))).toBe(true);
    fc.assert(
      fc.property(tensors({ shape: { minRank: 1 } }).chain(expandedViews), (x) => {
        expect(x.clone().toArray()).toEqual(x.toArray());
        expect([...x.data].some(Number.isNaN)).toBe(false);
      }),
      parameters,
    );
  });

  it('exist without elements', () => {
    fc.assert(
      fc.property(views({ shape: { allowZero: true }, expanded: true }), (x) => {
        expect(x.data).toHaveLength(x.numel());
      }),
      parameters,
    );
  });
});

describe('assertClose', () => {
  const f32 = (data: number[] | number[][] | number) => tensor(data, { dtype: 'float32' });

  it('accepts what is close', () => {
    assertClose(f32([1, 2]).exp(), [Math.E, Math.E ** 2]);
    assertClose(f32([1]), f32([1 + 1e-6]));
    assertClose(0.1 + 0.2, 0.3);
    assertClose(f32([Number.POSITIVE_INFINITY]), [Number.POSITIVE_INFINITY]);
    assertClose(f32([Number.NaN]), [Number.NaN], { equalNan: true });
    assertClose(f32([1]), tensor([1], { dtype: 'float64' }), { checkDtype: false });
  });

  it("fails in PyTorch's words", () => {
    expect(() => assertClose(f32([1, 2, 3]), f32([1, 2, 4]))).toThrow(
      'Tensor-likes are not close!\n\nMismatched elements: 1 / 3 (33.3%)\n' +
        'Greatest absolute difference: 1.0 at index (2,) (up to 1e-05 allowed)\n' +
        'Greatest relative difference: 0.25 at index (2,) (up to 1.3e-06 allowed)',
    );
    expect(() =>
      assertClose(tensor([1, 2, 3], { dtype: 'int32' }), tensor([1, 2, 4], { dtype: 'int32' })),
    ).toThrow(
      'Tensor-likes are not equal!\n\nMismatched elements: 1 / 3 (33.3%)\nGreatest absolute difference: 1 at index (2,)\n',
    );
    expect(() => assertClose(f32([1, 2]), f32([1]))).toThrow(
      "The values for attribute 'shape' do not match: [2] != [1].",
    );
    expect(() => assertClose(f32([1]), tensor([1], { dtype: 'float64' }))).toThrow(
      "The values for attribute 'dtype' do not match: float32 != float64.",
    );
    expect(() => assertClose(f32([Number.NaN]), f32([Number.NaN]))).toThrow(
      'Greatest absolute difference: NaN at index (0,)',
    );
    expect(() => assertClose(f32(1), f32(2))).toThrow('Scalars are not close!\n\nExpected 2.0 but got 1.0.');
    const options = { rtol: 0, atol: 0.01, message: 'my loss' };
    expect(() =>
      assertClose(
        f32([
          [1, 2],
          [0, 4],
        ]),
        f32([
          [1, 2.1],
          [0.5, 4],
        ]),
        options,
      ),
    ).toThrow(/^my loss\n[\s\S]*Greatest absolute difference: 0.5 at index \(1, 0\) \(up to 0.01 allowed\)/);
  });
});
