import * as K from '@kindling/core';
import { type Tensor, tensor } from '@kindling/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertClose,
  broadcastablePair,
  nonContiguous,
  shapes,
  tensors,
  views,
} from '../src/testing/index.ts';

const parameters = { numRuns: 40, seed: 3 };
const close = { rtol: 1e-9, atol: 1e-9 };

/** Checks a law for drawn values. */
function law<T extends unknown[]>(
  name: string,
  drawn: { [K in keyof T]: fc.Arbitrary<T[K]> },
  holds: (...values: T) => void,
) {
  test(name, () => {
    fc.assert(
      fc.property(fc.tuple(...drawn), (values) => holds(...(values as T))),
      parameters,
    );
  });
}

const real = (shape: readonly number[]): fc.Arbitrary<Tensor> =>
  tensors({ dtype: 'float64', shape, min: -3, max: 3 });
const reals = tensors({ dtype: 'float64', shape: shapes({ maxRank: 3 }), min: -3, max: 3 });
/** With a dimension at least. */
const arrays = tensors({ dtype: 'float64', shape: shapes({ minRank: 1, maxRank: 3 }), min: -3, max: 3 });
const integers = tensors({ dtype: 'int32', min: -50, max: 50 });
const sameShapes = shapes({ maxRank: 3 }).chain((shape) =>
  fc.tuple(...[1, 2, 3].map(() => tensors({ dtype: 'int32', shape, min: -50, max: 50 }))),
);
const viewsOf = views({ dtype: 'float64', shape: shapes({ minRank: 1, maxRank: 3 }), min: -3, max: 3 });
const pair = broadcastablePair({ maxRank: 3 }).chain(([a, b]) => fc.tuple(real(a), real(b)));
const size = fc.integer({ min: 0, max: 5 });

/** Matrices whose inner sizes fit: each of `sizes` is drawn once. */
const matrices = (...names: string[]): fc.Arbitrary<Tensor[]> => {
  const letters = [...new Set(names.join(''))];
  return fc
    .tuple(...letters.map(() => size))
    .chain((sizes) =>
      fc.tuple(...names.map((name) => real([...name].map((letter) => sizes[letters.indexOf(letter)]!)))),
    );
};

const same = (a: Tensor, b: Tensor): void => {
  expect([a.dtype, a.shape, a.toArray()]).toEqual([b.dtype, b.shape, b.toArray()]);
};
const near = (a: Tensor, b: Tensor): void => assertClose(a, b, close);

describe('arithmetic', () => {
  law('sums and products commute, for any two shapes that broadcast', [pair], ([a, b]) => {
    same(a.add(b), b.add(a));
    same(a.mul(b), b.mul(a));
    same(a.maximum(b), b.maximum(a));
    same(a.eq(b), b.eq(a));
  });

  law('a - b is -(b - a), and adding b brings a back', [pair], ([a, b]) => {
    same(a.sub(b).add(0), b.sub(a).neg().add(0));
    near(a.sub(b).add(b), a.expand(a.add(b).shape));
  });

  law('integers obey the laws exactly', [sameShapes], ([a, b, c]) => {
    same(a!.mul(b!.add(c!)), a!.mul(b!).add(a!.mul(c!)));
    same(a!.add(b!).add(c!), a!.add(b!.add(c!)));
    same(a!.mul(b!).mul(c!), a!.mul(b!.mul(c!)));
  });

  law(
    'quotient and rest make up the dividend',
    [integers, fc.integer({ min: -7, max: 7 }).filter((d) => d !== 0)],
    (x, d) => {
      same(x.floorDivide(d).mul(d).add(x.remainder(d)), x);
      same(x.div(d, { roundingMode: 'trunc' }).mul(d).add(x.fmod(d)), x);
      expect(x.remainder(d).mul(Math.sign(d)).lt(0).any().item()).toBe(false);
    },
  );

  law(
    'numbers count as 0-dimensional tensors of float64',
    [reals, fc.double({ min: -3, max: 3, noNaN: true })],
    (x, v) => {
      const scalar = tensor(v, { dtype: 'float64' });
      same(x.mul(v), x.mul(scalar));
      same(x.sub(v), x.sub(scalar));
      same(x.lt(v), x.lt(scalar));
    },
  );

  law('comparisons agree with the difference', [pair], ([a, b]) => {
    same(a.lt(b).logicalOr(a.eq(b)), a.le(b));
    same(a.ge(b), a.lt(b).logicalNot());
    same(a.minimum(b).add(a.maximum(b)), a.add(b));
  });

  law('where chooses, and clamp is minimum and maximum', [pair], ([a, b]) => {
    same(K.where(a.gt(b), a, b), a.maximum(b));
    same(
      a.clamp({ min: -1, max: 1 }),
      a.maximum(tensor(-1, { dtype: 'float64' })).minimum(tensor(1, { dtype: 'float64' })),
    );
  });

  law('functions and their inverses', [reals], (x) => {
    near(x.exp().log(), x);
    near(x.tanh().atanh(), x);
    near(x.mul(0.4).sin().asin(), x.mul(0.4));
    near(x.square().sqrt(), x.abs());
    near(x.sigmoid().log().sub(x.neg().sigmoid().log()), x);
    near(x.sin().square().add(x.cos().square()), K.onesLike(x));
  });
});

describe('reductions', () => {
  law('the sum over all dims is the sum of sums, in any order', [viewsOf], (x) => {
    near(x.sum(), x.sum(0).sum());
    near(x.sum(), x.contiguous().flatten().sum(0));
    near(x.sum(), x.flip(0).sum());
    near(x.mean(), x.sum().div(x.numel()));
  });

  law('sums are linear', [arrays, fc.double({ min: -3, max: 3, noNaN: true })], (x, v) =>
    near(x.mul(v).sum(-1), x.sum(-1).mul(v)),
  );

  law('keepdim keeps the rank, and the result broadcasts back', [viewsOf], (x) => {
    for (let d = 0; d < x.ndim; d++) {
      const kept = x.amax(d, { keepdim: true });
      same(kept.squeeze(d), x.amax(d));
      expect(x.le(kept).all().item()).toBe(true);
      same(x.gather(d, x.argmax(d, { keepdim: true })), kept);
    }
  });

  law('variance is the mean of squares less the square of the mean', [arrays], (x) => {
    near(x.var(0, { correction: 0 }), x.square().mean(0).sub(x.mean(0).square()));
    near(x.std(-1, { correction: 0 }).square(), x.var(-1, { correction: 0 }));
    near(x.add(7).var(0, { correction: 0 }), x.var(0, { correction: 0 }));
  });

  law(
    'the sum of cat is the sum of the sums',
    [fc.array(real([2, 3]), { minLength: 1, maxLength: 4 })],
    (xs) => {
      near(K.cat(xs, 1).sum(), K.stack(xs.map((x) => x.sum())).sum());
      near(
        K.stack(xs).sum(0),
        xs.reduce((a, b) => a.add(b)),
      );
    },
  );

  law('cumsum ends in the sum, diff undoes it', [arrays], (x) => {
    const last = x.ndim - 1;
    const sums = x.cumsum(last);
    near(sums.select(last, -1), x.sum(last));
    near(sums.diff({ dim: last }), x.narrow(last, 1, x.shape[last]! - 1));
    near(x.cumprod(last).select(last, -1), x.prod(last));
  });

  law('all and any are dual', [viewsOf], (x) =>
    same(x.gt(0).all(0), x.gt(0).logicalNot().any(0).logicalNot()),
  );

  law('norms obey the triangle inequality and scale', [pair], ([a, b]) => {
    const sum = a.add(b);
    const bound = a.expand(sum.shape).norm().add(b.expand(sum.shape).norm()).item();
    expect(sum.norm().item()).toBeLessThanOrEqual(bound + 1e-9);
    near(a.mul(-2).norm(), a.norm().mul(2));
  });
});

describe('softmax', () => {
  law(
    'sums to 1, does not change under a shift, and its logarithm is logSoftmax',
    [arrays, fc.double({ min: -500, max: 500, noNaN: true })],
    (x, shift) => {
      const p = x.softmax(-1);
      near(p.sum(-1), K.ones(p.shape.slice(0, -1), { dtype: 'float64' }));
      near(x.add(shift).softmax(-1), p);
      near(p.log(), x.logSoftmax(-1));
      near(x.sub(x.logsumexp(-1, { keepdim: true })), x.logSoftmax(-1));
      near(x.add(shift).logsumexp(-1), x.logsumexp(-1).add(shift));
    },
  );
});

describe('products of matrices', () => {
  law(
    'matmul distributes over sums and is associative',
    [matrices('nk', 'km', 'km', 'mp')],
    ([a, b, c, d]) => {
      near(a!.matmul(b!.add(c!)), a!.matmul(b!).add(a!.matmul(c!)));
      near(a!.matmul(b!).matmul(d!), a!.matmul(b!.matmul(d!)));
    },
  );

  law(
    'the transpose of a product is the product of the transposes, turned',
    [matrices('nk', 'km')],
    ([a, b]) => {
      near(a!.matmul(b!).t(), b!.t().matmul(a!.t()));
      same(a!.t().contiguous().t().matmul(b!), a!.matmul(b!));
    },
  );

  law('the identity is neutral, and zero inner sizes give zeros', [matrices('nm')], ([a]) => {
    const eye = (n: number) => K.eye(n, { dtype: 'float64' });
    near(eye(a!.shape[0]!).matmul(a!), a!);
    near(a!.matmul(eye(a!.shape[1]!)), a!);
    same(K.ones([2, 0]).matmul(K.ones([0, 3])), K.zeros([2, 3]));
  });

  law(
    'mm, bmm, mv, dot, outer, inner, tensordot and einsum agree',
    [matrices('nk', 'km', 'k', 'm')],
    ([a, b, u, v]) => {
      const product = a!.matmul(b!);
      near(a!.mm(b!), product);
      near(a!.unsqueeze(0).bmm(b!.unsqueeze(0)).squeeze(0), product);
      near(K.einsum('ij,jk->ik', a!, b!), product);
      near(K.tensordot(a!, b!, { dims: 1 }), product);
      near(K.addmm(product, a!, b!, { beta: 2, alpha: -1 }), product);
      near(a!.mv(u!), a!.matmul(u!.unsqueeze(1)).squeeze(1));
      near(u!.dot(u!), u!.square().sum());
      near(K.outer(u!, v!), K.einsum('i,j->ij', u!, v!));
      near(b!.inner(v!), b!.mv(v!));
    },
  );

  law('batches are products of their own', [matrices('bnk', 'bkm')], ([a, b]) => {
    const product = a!.matmul(b!);
    near(K.einsum('bij,bjk->bik', a!, b!), product);
    for (let i = 0; i < a!.shape[0]!; i++) near(product.select(0, i), a!.select(0, i).mm(b!.select(0, i)));
  });

  law('einsum takes traces, diagonals, sums and transposes', [matrices('nn', 'nm')], ([a, b]) => {
    near(K.einsum('ii', a!), a!.trace());
    same(K.einsum('ii->i', a!), a!.diagonal());
    same(K.einsum('ij->ji', b!), b!.t());
    near(K.einsum('ij->j', b!), b!.sum(0));
    near(K.einsum('ij,ij->', b!, b!), b!.square().sum());
  });
});

describe('views and rearrangements', () => {
  law(
    'transposing twice, and permuting there and back',
    [
      viewsOf.chain((x) =>
        fc.tuple(fc.constant(x), fc.shuffledSubarray([...x.shape.keys()], { minLength: x.ndim })),
      ),
    ],
    ([x, order]) => {
      same(x.transpose(0, -1).transpose(0, -1), x);
      const back = order.map((_, d) => order.indexOf(d));
      same(x.permute(...order).permute(...back), x);
      same(x.movedim(0, -1).movedim(-1, 0), x);
    },
  );

  law('reshaping, flattening and unflattening keep the order', [viewsOf], (x) => {
    same(x.reshape(-1).reshape(...x.shape), x);
    same(x.flatten().unflatten(0, x.shape), x);
    same(x.unsqueeze(1).squeeze(1), x);
    same(x.contiguous().view(-1), x.flatten());
  });

  law('parts put together again are the whole', [viewsOf, fc.integer({ min: 1, max: 4 })], (x, n) => {
    const d = x.ndim - 1;
    same(K.cat(x.split(n, d), d), x);
    same(K.cat(x.chunk(n, 0), 0), x);
    same(K.stack(x.unbind(d), d), x);
    same(K.cat(x.tensorSplit(n, d), d), x);
  });

  law('flip, roll and rot90 return', [viewsOf, fc.integer({ min: -9, max: 9 })], (x, shift) => {
    same(x.flip(0).flip(0), x);
    same(x.roll(shift, 0).roll(-shift, 0), x);
    same(x.roll(shift, 0), x.roll(shift + x.shape[0]!, 0));
    if (x.ndim < 2) return;
    same(x.rot90(shift).rot90(-shift), x);
    same(x.rot90(2), x.flip(0, 1));
  });

  law('repeat is tile, and sums n times the sum', [arrays, fc.integer({ min: 1, max: 3 })], (x, n) => {
    const repeats = x.shape.map(() => n);
    same(x.repeat(...repeats), x.tile(...repeats));
    near(x.repeat(...repeats).sum(), x.sum().mul(n ** x.ndim));
    near(x.repeatInterleave(n, { dim: 0 }).sum(0), x.sum(0).mul(n));
  });

  law('the triangles and the diagonal make up a matrix', [matrices('nm')], ([x]) => {
    same(x!.tril(-1).add(x!.triu()), x!.add(0));
    same(x!.tril().add(x!.triu(1)), x!.add(0));
    same(x!.triu().tril().diagonal(), x!.diagonal());
  });
});

describe('order and indexing', () => {
  law('sort sorts, and argsort says how', [viewsOf], (x) => {
    const { values, indices } = x.sort(-1);
    same(x.takeAlongDim(indices, -1), values);
    same(x.argsort(-1), indices);
    expect(values.diff().lt(0).any().item()).toBe(false);
    same(x.sort(-1, { descending: true }).values, values.flip(-1));
    same(x.topk(1).values, x.amax(-1, { keepdim: true }));
    same(x.kthvalue(1).values, x.amin(-1));
  });

  law(
    'scatterAdd is the adjoint of gather',
    [real([4, 3]), real([2, 3]), fc.array(fc.nat(3), { minLength: 6, maxLength: 6 })],
    (x, y, places) => {
      const index = tensor(places).reshape(2, 3);
      near(x.gather(0, index).mul(y).sum(), K.zerosLike(x).scatterAdd(0, index, y).mul(x).sum());
    },
  );

  law(
    'what is put at an index is found there',
    [viewsOf, fc.nat(), fc.double({ min: -3, max: 3, noNaN: true })],
    (x, at, v) => {
      const i = at % x.shape[0]!;
      const row = tensor([i]);
      same(x.indexFill(0, row, v).select(0, i), K.full(x.shape.slice(1), v, { dtype: 'float64' }));
      same(x.index(row), x.indexSelect(0, row));
      same(x.index(i - x.shape[0]!), x.select(0, i));
      same(x.indexPut([row], x.index(row)), x.contiguous());
    },
  );

  law('a mask splits a tensor in two', [viewsOf], (x) => {
    const mask = x.gt(0);
    const positive = x.maskedSelect(mask);
    near(positive.sum().add(x.maskedSelect(mask.logicalNot()).sum()), x.sum());
    same(positive, x.index(mask));
    same(x.mul(0).add(0).maskedScatter(mask, positive), x.maskedFill(mask.logicalNot(), 0));
    same(K.stack(K.nonzero(mask, { asTuple: true }), 1), mask.nonzero());
  });
});

describe('layout does not matter', () => {
  const operations: [string, (x: Tensor) => Tensor][] = [
    ['exp', (x) => x.exp()],
    ['mul', (x) => x.mul(x)],
    ['sum', (x) => x.sum(-1)],
    ['cumsum', (x) => x.cumsum(0)],
    ['softmax', (x) => x.softmax(0)],
    ['var', (x) => x.var(0, { correction: 0 })],
    ['argmax', (x) => x.argmax(0)],
    ['sort', (x) => x.sort(0).values],
    ['flip', (x) => x.flip(-1)],
    ['to', (x) => x.to('float32')],
    ['clone', (x) => x.clone()],
    ['reshape', (x) => x.reshape(-1)],
    ['cat', (x) => K.cat([x, x])],
    ['tril', (x) => (x.ndim < 2 ? x : x.tril())],
    ['pad', (x) => K.pad(x, [1, 2])],
    ['matmul', (x) => x.matmul(x.transpose(0, -1).reshape(x.shape.at(-1)!, -1))],
  ];
  for (const [name, f] of operations) {
    law(`of ${name}`, [arrays.chain(nonContiguous)], (x) => same(f(x), f(x.clone())));
  }
});

test('no method of Tensor is typed so that it cannot be called', () => {
  type Uncallable = { [M in keyof Tensor as [Tensor[M]] extends [never] ? M : never]: true };
  const none: [keyof Uncallable] extends [never] ? true : false = true;
  expect(none).toBe(true);
});
