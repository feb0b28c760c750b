import { matmul, randn } from '@kindling/core';
import { useWideVectors } from '@kindling/core/node';
import { expect, test } from 'vitest';

const canTry = Number.parseInt(process.versions.node, 10) >= 24 && process.arch === 'x64';

const operands = [
  { m: 64, k: 784, n: 128 },
  { m: 33, k: 300, n: 17 },
  { m: 1, k: 50, n: 40 },
].map(({ m, k, n }) => ({ a: randn([m, k]), b: randn([k, n]), transposed: randn([n, k]) }));
const products = (): unknown[] =>
  operands.flatMap(({ a, b, transposed }) => [matmul(a, b).data, matmul(a, transposed.t()).data]);

const before = products();
const answer = useWideVectors();

test.skipIf(canTry)('where wide vectors cannot be had, the answer says why', () => {
  expect(answer).toEqual({
    enabled: false,
    speedup: null,
    reason: expect.stringMatching(/^it takes (Node 24 or newer|an x64 processor)/),
  });
});

test.runIf(canTry)('where wide vectors can be had, they are used if they are faster', () => {
  expect(answer.enabled).toBe(Number(answer.speedup) >= 1.2);
  expect(answer.reason).toContain(`${answer.speedup} times as fast`);
});

test('products keep their bits', () => {
  expect(products()).toEqual(before);
});

test('asked again, the answer is the same', () => {
  expect(useWideVectors()).toBe(answer);
});
