/** What programs do not do by kernels of their own: the whole list, over all operations of the fixtures, forward and backward. */
import * as kindling from '@kindling/core';
import {
  autograd,
  type Compiled,
  CompileError,
  compile,
  manualSeed,
  randn,
  type Tensor,
  tensor,
} from '@kindling/core';
import { afterAll, expect, it } from 'vitest';
import { ofEachForm } from '../oracle/fixture.ts';
import { caller, formsOf } from '../oracle/operations.ts';
import { makeArguments } from '../oracle/run.ts';
import { cotangent, resultLeaves } from '../oracle/tensors.ts';
import { eachOperation } from '../support/each-operation.ts';
import { leftToEager } from '../support/lowered.ts';

/** Run by their eager kernels: linear algebra. */
const byEagerKernels = [
  'cholesky_inverse',
  'cholesky_solve',
  'complete_basis',
  'geqrf',
  'linalg_eigh',
  'linalg_inv_ex',
  'linalg_lu_factor_ex',
  'linalg_matrix_exp',
  'linalg_pinv',
  'linalg_polar',
  'linalg_qr',
  'linalg_solve_ex',
  'linalg_solve_triangular',
  'linalg_svd',
  'lu_unpack',
  'sylvester',
];
/** Meant to work in JavaScript, on the memory of the program: convolutions of integers. */
const inJavaScript = ['convolution', 'convolution_transposed'];

const found = { byEagerKernels: new Set<string>(), inJavaScript: new Set<string>() };

function note(fn: Compiled<never[], unknown>): void {
  for (const { name, inJavaScript } of leftToEager(fn))
    found[inJavaScript ? 'inJavaScript' : 'byEagerKernels'].add(name);
}

eachOperation('are compiled', ({ entry, operation, samples }) => {
  for (const sample of ofEachForm(samples)) {
    const [form = 'function'] = formsOf(entry, operation, sample);
    const call = caller(kindling, entry, operation, form);
    manualSeed(3);
    const given = makeArguments(sample, 'sliced');
    const leaves = given.tensors.filter((x) => x.requiresGrad);
    const fn = compile(() => {
      const results = resultLeaves(call(given)).filter((y): y is Tensor => typeof y === 'object');
      const roots = results.filter((y) => y.requiresGrad);
      const gradients =
        roots.length === 0
          ? []
          : autograd.grad(roots, leaves, { gradOutputs: roots.map(cotangent), allowUnused: true });
      return [results.map((x) => x.detach()), gradients.filter((g) => g !== null)];
    });
    try {
      for (let i = 0; i < 2; i++) fn();
    } catch (error) {
      // What reads values: which operations do is said by operations.test.ts.
      if (!(error instanceof CompileError)) throw error;
    }
    note(fn);
  }
});

it('draws work in JavaScript, and explain() says so', () => {
  const fn = compile((x: Tensor) => [
    kindling.dropoutMask(x, 0.5),
    kindling.rand(3),
    kindling.randnLike(x),
    kindling.randint(0, 5, [3]),
    kindling.bernoulli(x),
    kindling.multinomial(x, 1),
  ]);
  for (let i = 0; i < 3; i++) fn(tensor([0.25, 0.5, 1]));
  const left = leftToEager(fn);
  expect(left.length).toBe(6);
  expect(left.every(({ inJavaScript }) => inJavaScript)).toBe(true);
  expect(fn.explain()).toContain('0 by eager kernels, 6 in JavaScript');
  expect(fn.explain()).toMatch(
    /multinomial: drawn by the generator, in JavaScript, into the memory of the program/,
  );
});

it('says what an operation of the user runs by', () => {
  const halve = kindling.definePrimitive({
    name: 'halve',
    saves: 0,
    infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    kernel: ([x], _, out) => kindling.elementsOf(out).set(kindling.elementsOf(x).map((v) => v / 2)),
    derivative: (g) => [g.div(2)],
  });
  const fn = compile((x: Tensor) => kindling.apply(halve, [x], null));
  for (let i = 0; i < 3; i++) fn(randn(3));
  expect(fn.explain()).toMatch(/halve by its eager kernel: its kernel works on elements in JavaScript/);
});

afterAll(() => {
  expect([...found.byEagerKernels].sort()).toEqual(byEagerKernels);
  expect([...found.inJavaScript].sort()).toEqual(inJavaScript);
});
