/** Lists of sizes and steps belong to the caller, who may change them once the call is over: neither results nor gradients follow. */
import * as K from '@kindling/core';
import { arange, ones, type Tensor } from '@kindling/core';
import { expect, it } from 'vitest';

type Call = (x: Tensor, a: number[], b: number[]) => Tensor;

const weight = ones([3, 2, 2, 2]);
const cases: readonly [name: string, shape: number[], call: Call, a: number[], b?: number[]][] = [
  ['permute', [2, 3, 4], (x, a) => x.permute(a), [2, 0, 1]],
  ['sum', [2, 3, 4], (x, a) => x.sum(a), [0, 2]],
  ['var', [2, 3, 4], (x, a) => x.var(a), [0, 2]],
  ['logsumexp', [2, 3, 4], (x, a) => x.logsumexp(a), [0, 2]],
  ['vectorNorm', [2, 3, 4], (x, a) => K.linalg.vectorNorm(x, 3, a), [0, 2]],
  ['flip', [2, 3, 4], (x, a) => x.flip(a), [0, 2]],
  ['roll', [2, 3, 4], (x, a, b) => x.roll(a, b), [1, 2], [0, 2]],
  ['rot90', [2, 3, 4], (x, a) => x.rot90(1, a), [0, 2]],
  ['repeat', [2, 3, 4], (x, a) => x.repeat(a), [2, 1, 2]],
  ['expand', [1, 3, 1], (x, a) => x.expand(a), [2, 3, 4]],
  ['view', [2, 3, 4], (x, a) => x.view(a), [4, 6]],
  ['movedim', [2, 3, 4], (x, a, b) => x.movedim(a, b), [0, 1], [2, 0]],
  ['split', [2, 3, 4], (x, a) => x.split(a, 2)[1] as Tensor, [1, 3]],
  ['pad', [2, 3, 4], (x, a) => K.pad(x, a), [1, 0, 2, 1]],
  ['asStrided', [2, 3, 4], (x, a, b) => K.asStrided(x, a, b), [2, 2], [3, 1]],
  ['emptyStrided', [1], (x, a, b) => K.emptyStrided(a, b).zero_().add(x), [2, 3], [1, 2]],
  ['index', [2, 3, 4], (x, a, b) => x.index(':', a, b), [1, 0, 1], [2, 1, 0]],
  ['conv2d', [1, 2, 6, 6], (x, a, b) => K.conv2d(x, weight, null, { stride: a, padding: b }), [2, 1], [1, 0]],
  ['conv2d, spread', [1, 2, 6, 6], (x, a) => K.conv2d(x, weight, null, { dilation: a }), [2, 1]],
  [
    'convTranspose2d',
    [1, 3, 6, 6],
    (x, a, b) => K.convTranspose2d(x, weight, null, { stride: a, padding: b }),
    [2, 1],
    [1, 0],
  ],
  ['maxPool2d', [1, 2, 6, 6], (x, a, b) => K.maxPool2d(x, a, { stride: b }), [2, 3], [2, 1]],
  ['unfold', [1, 2, 6, 6], (x, a, b) => K.im2col(x, a, { padding: b }), [2, 3], [1, 0]],
];

it.each(cases)('%s', (_, shape, call, a, b = []) => {
  const run = (change: boolean): unknown[] => {
    const size = shape.reduce((n, s) => n * s, 1);
    const x = arange(size, { dtype: 'float64' }).sin().float().reshape(shape).detach().requiresGrad_();
    const lists: [number[], number[]] = [[...a], [...b]];
    const y = call(x, ...lists);
    if (change) for (const list of lists) list.fill(7);
    y.mul(arange(y.numel()).reshape(y.shape)).sum().backward();
    return [y.shape, y.strides, y.toArray(), x.grad?.toArray()];
  };
  expect(run(true)).toEqual(run(false));
});
