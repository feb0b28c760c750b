import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.ts';
import * as K from '../../src/index.ts';
import { assertClose } from '../../src/testing/index.ts';

const f64 = { dtype: 'float64' } as const;
const { einsum } = K;

/** The definition: a loop over every label. */
function byLoops(terms: string[], output: string, operands: Tensor[]): Tensor {
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => {
    [...term].forEach((label, d) => {
      sizes.set(label, operands[i]!.shape[d]!);
    });
  });
  const labels = [...sizes.keys()];
  const shape = [...output].map((label) => sizes.get(label)!);
  const result = new Float64Array(shape.reduce((a, b) => a * b, 1));
  const data = operands.map((x) => x.data);
  const at = (term: string, place: Map<string, number>): number =>
    [...term].reduce((p, label) => p * sizes.get(label)! + place.get(label)!, 0);
  const walk = (k: number, place: Map<string, number>): void => {
    if (k === labels.length) {
      const product = terms.reduce((p, term, i) => p * data[i]![at(term, place)]!, 1);
      result[at(output, place)]! += product;
      return;
    }
    for (let v = 0; v < sizes.get(labels[k]!)!; v++) walk(k + 1, place.set(labels[k]!, v));
  };
  walk(0, new Map());
  return K.tensor(result, f64).reshape(shape);
}

describe('einsum', () => {
  it('is the sum over all labels that do not come out', () => {
    const term = fc.array(fc.constantFrom(...'abcd'), { minLength: 1, maxLength: 3 });
    const equations = fc.tuple(
      fc.array(term, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(equations, ([lists, picks, sizes]) => {
        const terms = lists.map((labels) => labels.join(''));
        const known = [...new Set(terms.join(''))];
        const output = [...new Set(picks.map((p) => known[p % known.length]!))].join('');
        const operands = terms.map((labels) =>
          K.randn(
            [...labels].map((c) => sizes['abcd'.indexOf(c)]!),
            f64,
          ),
        );
        const expected = byLoops(terms, output, operands);
        const actual = einsum(`${terms.join(',')}->${output}`, ...operands);
        expect(actual.shape).toEqual(expected.shape);
        assertClose(actual, expected, { rtol: 1e-10, atol: 1e-10 });
      }),
      { numRuns: 150 },
    );
  });

  const a = K.randn([2, 3], f64);
  const b = K.randn([3, 4], f64);
  const batch = K.randn([5, 2, 3], f64);

  it('has an implicit output, in alphabetical order', () => {
    assertClose(einsum('ij,jk', a, b), a.matmul(b));
    assertClose(einsum('ba', a), a.t());
    expect(einsum('ii', K.eye(3)).item()).toBe(3);
    expect(einsum('i,j', a.select(0, 0), b.select(0, 0)).shape).toEqual([3, 4]);
  });

  it('broadcasts what an ellipsis covers, and sizes of 1', () => {
    assertClose(einsum('...ij,...jk->...ik', batch, b), batch.matmul(b));
    assertClose(einsum('...ij->...', batch), batch.sum([1, 2]));
    assertClose(einsum('b...->...', batch), batch.sum(0));
    assertClose(einsum('...,...->...', batch, a), batch.mul(a));
    assertClose(einsum('ij,ij->i', a, K.ones([2, 1], f64)), a.sum(1));
    expect(einsum('i...->...i', batch).shape).toEqual([2, 3, 5]);
  });

  it('takes lists in place of letters, and operands as one list', () => {
    assertClose(einsum(a, [0, 1], b, [1, 2], [0, 2]), a.matmul(b));
    assertClose(einsum(batch, ['...', 0], ['...']), batch.sum(-1));
    assertClose(einsum('ij,jk->ik', [a, b]), a.matmul(b));
  });

  it('says what does not fit', () => {
    expect(() => einsum('ij,jk->ik', a)).toThrow('fewer operands');
    expect(() => einsum('ij->ij', a, b)).toThrow('more operands');
    expect(() => einsum('ijk->i', a)).toThrow('does not match the number of dimensions');
    expect(() => einsum('ij,jk->ik', a, a)).toThrow('does not broadcast with previously seen size 3');
    expect(() => einsum('ij->k', a)).toThrow('output subscript k does not appear');
    expect(() => einsum('ij->ii', a)).toThrow('more than once in the output');
    expect(() => einsum('i1->i', a)).toThrow("invalid subscript '1'");
    expect(() => einsum('ii->i', a)).toThrow("sizes don't match");
    const wider = K.ones([2, 3], f64);
    expect(() => einsum('ij,jk->ik', K.ones([4, 2]), wider)).toThrow(
      'einsum: expected operands of one dtype',
    );
    expect(() => einsum('bi,bi->b', K.ones([2, 3]), wider)).toThrow('got float32 and float64');
    expect(einsum('ij,ij->ij', K.ones([2, 3]), wider).dtype).toBe('float64');
    expect(() => einsum('i.j->i', a)).toThrow('not part of an ellipsis');
  });
});

describe('tensordot, trace, cross', () => {
  it('tensordot contracts the last dims of the first with the first of the second', () => {
    const x = K.randn([2, 3, 4], f64);
    const y = K.randn([3, 4, 5], f64);
    assertClose(K.tensordot(x, y), einsum('ijk,jkl->il', x, y));
    assertClose(K.tensordot(x, y, { dims: [[1], [0]] }), einsum('ijk,jlm->iklm', x, y));
    expect(K.tensordot(x, y, { dims: 0 }).shape).toEqual([2, 3, 4, 3, 4, 5]);
    expect(() => K.tensordot(x, y, { dims: [[0], [0]] })).toThrow('contracted dimensions need to match');
  });

  it('trace and cross', () => {
    expect(
      K.trace(
        K.tensor([
          [1, 2],
          [3, 4],
        ]),
      ).item(),
    ).toBe(5);
    expect(() => K.trace(K.ones([2]))).toThrow('expected a matrix');
    expect(() => K.trace(K.ones([2, 2], { dtype: 'bool' }))).toThrow("trace: not implemented for 'Bool'");
    const [x, y] = [K.tensor([1, 0, 0]), K.tensor([0, 1, 0])];
    expect([...K.linalg.cross(x, y).data]).toEqual([0, 0, 1]);
    expect(() => K.linalg.cross(K.ones([2]), K.ones([2]))).toThrow('length 3');
    expect(() => K.linalg.cross(K.ones([3]), K.ones([3], f64))).toThrow(
      'linalg.cross: expected inputs of one dtype',
    );
  });
});
