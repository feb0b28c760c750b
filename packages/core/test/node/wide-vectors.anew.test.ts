import { compile, matmul, noGrad, randn, type Tensor } from '@kindling/core';
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

const functions: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.tanh(),
  (x) => x.exp().mul(x),
  (x) => x.abs().pow(1.7).log(),
  (x) => x.reshape([-1, 8]).softmax(1).flatten(),
  (x) => x.to('float64').erf().sigmoid(),
];
const numbers = randn([1000]);
/** By programs over as many elements, each of which has its result whatever else there is, or by groups of eight. */
const computed = (size: number): Tensor[] =>
  functions.map((f) => compile(() => noGrad(() => f(numbers.narrow(0, 0, size))))());

const before = products();
const functionsBefore = computed(992);
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

test('functions keep their bits', () => {
  // Of 992 elements the programs would be those from before, whose code V8 keeps.
  for (const [i, x] of computed(1000).entries())
    expect(x.narrow(0, 0, 992).tolist()).toEqual(functionsBefore[i]?.tolist());
});

test('asked again, the answer is the same', () => {
  expect(useWideVectors()).toBe(answer);
});
