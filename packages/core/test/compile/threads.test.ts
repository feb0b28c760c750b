/** Compiled functions on several threads: the bits of one thread, whatever the shapes, and no process that does not end. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import {
  add,
  autograd,
  compile,
  enableGrad,
  exp,
  getNumThreads,
  logSoftmax,
  matmul,
  mul,
  noGrad,
  randn,
  relu,
  setNumThreads,
  softmax,
  type Tensor,
  ValueError,
} from '@kindling/core';
import { afterAll, describe, expect, test } from 'vitest';
import { bits, untilShared } from '../support/threads.ts';

const byDefault = getNumThreads();
afterAll(() => setNumThreads(byDefault));

/** What a function gives, eagerly and compiled on 1, 2 and 3 threads, is the same bit by bit. */
async function expectSameOnThreads(f: (...xs: Tensor[]) => Tensor[], ...xs: Tensor[]): Promise<void> {
  const expected = noGrad(() => f(...xs)).map(bits);
  for (const threads of [1, 2, 3]) {
    setNumThreads(threads);
    const compiled = compile((...given: Tensor[]) => noGrad(() => f(...given)));
    const call = (): Tensor[] => compiled(...xs);
    for (let i = 0; i < 3; i++) call();
    const results = threads === 1 ? call() : await untilShared(call);
    expect(results.map(bits), `${threads} threads`).toEqual(expected);
  }
}

describe('on any number of threads a program gives the same bits', () => {
  for (const dtype of ['float32', 'float64'] as const)
    for (const [m, n, k] of [
      [64, 128, 784],
      [61, 67, 151],
      [7, 300, 300],
      [131, 17, 1100],
    ] as const)
      test(`products of ${m} x ${k} and ${k} x ${n} in ${dtype}, in every layout`, async () => {
        const a = randn([m, k], { dtype });
        const b = randn([k, n], { dtype });
        const at = randn([k, m], { dtype });
        const bt = randn([n, k], { dtype });
        await expectSameOnThreads(
          (a, b, at, bt) => [
            matmul(a!, b!),
            matmul(a!, bt!.t()),
            matmul(at!.t(), b!),
            matmul(at!.t(), bt!.t()),
          ],
          a,
          b,
          at,
          bt,
        );
      });

  test('elementwise operations, on elements, rows and columns', async () => {
    for (const [rows, columns] of [
      [300, 401],
      [1, 100_003],
      [5, 40_000],
      [20_001, 7],
    ] as const) {
      const x = randn([rows, columns]);
      const row = randn([columns]);
      const column = randn([rows, 1]);
      await expectSameOnThreads(
        (x, row, column) => [
          exp(mul(x!, x!)).neg().add(x!).tanh(),
          relu(add(x!, row!)).mul(x!).sigmoid(),
          mul(x!, column!).abs().sqrt().add(row!),
          x!.gt(0.5).logicalAnd(x!.lt(2)),
        ],
        x,
        row,
        column,
      );
    }
  });

  test('elementwise operations and copies stand in the module of the threads alone', async () => {
    setNumThreads(2);
    const compiled = compile((x: Tensor) => noGrad(() => exp(x).t().contiguous()));
    const x = randn([300, 401]);
    for (let i = 0; i < 3; i++) compiled(x);
    await untilShared(() => [compiled(x)]);
    const kernels = (compiled.report()[0]?.modules ?? []).map((module) => {
      const [names] = WebAssembly.Module.customSections(
        new WebAssembly.Module(new Uint8Array(module)),
        'name',
      );
      return new TextDecoder().decode(names).match(/exp|copy/g);
    });
    expect(kernels).toEqual([null, ['exp', 'copy']]);
  });

  test('rows of softmax, forth and back', async () => {
    for (const shape of [
      [300, 101],
      [7, 20_001],
      [3000, 9],
    ]) {
      const [x, g] = [randn(shape), randn(shape)];
      await expectSameOnThreads((x, g) => [softmax(x!, 1), logSoftmax(g!, 1), softmax(mul(x!, g!), 0)], x, g);
      await expectSameOnThreads(
        (x, g) =>
          enableGrad(() => {
            const leaf = x!.detach().requiresGrad_();
            return [softmax, logSoftmax].map(
              (f) => autograd.grad(f(leaf, 1), [leaf], { gradOutputs: [g!] })[0]!,
            );
          }),
        x,
        g,
      );
    }
  });

  test('functions that are called element by element', async () => {
    await expectSameOnThreads((x) => [exp(x!), x!.abs().pow(2.5)], randn([30_001], { dtype: 'float64' }));
  });

  test('reductions of rows and of matrices in a stack', async () => {
    const x = randn([301, 777]);
    const y = randn([33, 50, 80]);
    for (const dtype of ['float32', 'float64', 'int32'] as const) {
      const [rows, stack] = [x.mul(100).to(dtype), y.mul(100).to(dtype)];
      await expectSameOnThreads(
        (x, y) => [
          x!.sum(1),
          x!.amax(1),
          x!.float().mean(1),
          x!.float().var(1),
          y!.sum(1),
          y!.amin(1),
          y!.float().std(1),
        ],
        rows,
        stack,
      );
    }
  });

  test('copies between layouts', async () => {
    await expectSameOnThreads(
      (x, y) => [x!.t().contiguous(), y!.permute(2, 0, 1).contiguous(), y!.flip(1).contiguous()],
      randn([307, 401]),
      randn([31, 57, 83], { dtype: 'float64' }),
    );
  });

  test('a step of training', async () => {
    const start = [randn([200, 300]), randn([300]), randn([300, 10])];
    const x = randn([120, 200]);
    const train = (threads: number | null, steps: number) => {
      const parameters = start.map((p) => p.clone().requiresGrad_());
      const update = (x: Tensor): Tensor => {
        const [w1, b1, w2] = parameters as [Tensor, Tensor, Tensor];
        const loss = matmul(relu(add(matmul(x, w1), b1)), w2)
          .pow(2)
          .mean();
        const gradients = autograd.grad(loss, parameters);
        noGrad(() => {
          for (const [i, p] of parameters.entries()) p.sub_(gradients[i]!.mul(0.01));
        });
        return loss;
      };
      if (threads !== null) setNumThreads(threads);
      const step = threads === null ? update : compile(update);
      const losses: number[] = [];
      for (let i = 0; i < steps; i++) losses.push(step(x).item());
      return { losses, parameters: parameters.map(bits), step };
    };
    const expected = train(null, 30);
    for (const threads of [1, 2, 3]) {
      const { losses, parameters } = train(threads, 30);
      expect(losses).toEqual(expected.losses);
      expect(parameters).toEqual(expected.parameters);
    }
    const { step } = train(2, 1);
    await untilShared(() => [step(x)]);
  });

  test('where parameters lay in the memory of one thread before', () => {
    const w = randn([200, 300]).requiresGrad_();
    const x = randn([64, 200]);
    const update = (x: Tensor): Tensor => {
      const loss = matmul(x, w).pow(2).mean();
      const [g] = autograd.grad(loss, [w]);
      noGrad(() => w.sub_(g!.mul(0.1)));
      return loss;
    };
    const copy = w.detach().clone();
    const eager = Array.from({ length: 12 }, () => update(x).item());
    noGrad(() => w.copy_(copy));
    setNumThreads(1);
    const alone = compile(update);
    const losses = Array.from({ length: 4 }, () => alone(x).item());
    setNumThreads(2);
    const together = compile(update);
    for (let i = 0; i < 4; i++) losses.push(together(x).item());
    losses.push(alone(x).item(), together(x).item(), alone(x).item(), together(x).item());
    expect(losses).toEqual(eager);
  });
});

describe('the number of threads', () => {
  test('holds for programs that were made before', async () => {
    const w = randn([200, 300]).requiresGrad_();
    const x = randn([64, 200]);
    const update = (x: Tensor): Tensor => {
      const loss = matmul(x, w).pow(2).mean();
      loss.backward();
      noGrad(() => w.sub_(w.grad!, { alpha: 0.01 }));
      return loss;
    };
    const start = w.detach().clone();
    const eager = Array.from({ length: 60 }, () => update(x).item());
    noGrad(() => w.copy_(start));
    w.grad = null;
    setNumThreads(1);
    const step = compile(update);
    const losses = Array.from({ length: 20 }, () => step(x).item());
    setNumThreads(2);
    for (let i = 0; i < 20; i++) losses.push(step(x).item());
    setNumThreads(1);
    for (let i = 0; i < 20; i++) losses.push(step(x).item());
    expect(losses).toEqual(eager);
    setNumThreads(3);
    await untilShared(() => [step(x)]);
  });

  test('is that of the cores by default', () => {
    expect(byDefault).toBe(Math.min(availableParallelism(), 63));
  });

  test('is what was set', () => {
    for (const n of [1, 3, 100]) {
      setNumThreads(n);
      expect(getNumThreads()).toBe(n);
    }
  });

  test.each([
    [0, '0'],
    [-2, '-2'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    ['2', '"2"'],
    [true, 'true'],
    [null, 'null'],
  ])('cannot be %s', (n, said) => {
    setNumThreads(2);
    expect(() => setNumThreads(n as number)).toThrow(ValueError);
    expect(() => setNumThreads(n as number)).toThrow(
      `setNumThreads: expected a positive integer, got ${said}`,
    );
    expect(getNumThreads()).toBe(2);
  });
});

describe('a process with workers', () => {
  const run = (script: string) =>
    spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 25_000,
      cwd: import.meta.dirname,
    });
  const setUp = `
    import { compile, matmul, noGrad, randn, setNumThreads } from '@kindling/core';
    setNumThreads(3);
    const x = randn([200, 200]);
    const f = compile((x) => noGrad(() => matmul(x, x)));
    for (let i = 0; i < 5; i++) f(x);`;

  test('ends by itself while they sleep', () => {
    const { stdout, stderr, status } = run(`${setUp}
      await new Promise((resolve) => setTimeout(resolve, 300));
      f(x);
      setTimeout(() => console.log('done'), 100);`);
    expect([stdout, stderr, status]).toEqual(['done\n', '', 0]);
  });

  test('ends by itself while they start', () => {
    const { stdout, stderr, status } = run(`${setUp} console.log('done');`);
    expect([stdout, stderr, status]).toEqual(['done\n', '', 0]);
  });

  test('ends when it is told to', () => {
    const { stdout, stderr, status } = run(`${setUp}
      await new Promise((resolve) => setTimeout(resolve, 300));
      f(x);
      process.exit(7);`);
    expect([stdout, stderr, status]).toEqual(['', '', 7]);
  });
});
