import {
  applyMulti,
  autograd,
  type Compiled,
  CompileError,
  compile,
  defineMulti,
  dependsOn,
  elementsOf,
  enableGrad,
  eye,
  full,
  Generator,
  inferenceMode,
  isCompiling,
  manualSeed,
  noGrad,
  ones,
  onHost,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { expectSameBits } from '../support/compiled.ts';

const values = (x: Tensor | null): unknown => x?.toArray() ?? null;
afterEach(() => vi.restoreAllMocks());

/** Calls it until the program runs: the first call is eager, the second is recorded. */
function warmed<A extends unknown[], R>(fn: Compiled<A, R>, ...args: A): Compiled<A, R> {
  for (let i = 0; i < 2; i++) fn(...args);
  return fn;
}

describe('compile', () => {
  it('runs the function twice, then a program beside it some times, and then the program alone', () => {
    let runs = 0;
    const double = compile((x: Tensor) => {
      runs++;
      return x.mul(2);
    });
    const runsAfter = (calls: number, fn = double): number => {
      runs = 0;
      for (let i = 1; i <= calls; i++) expect(values(fn(tensor([i, 1])))).toEqual([2 * i, 2]);
      return runs;
    };
    expect(runsAfter(8)).toBe(8);
    // The 27th and the 64th call of the program, and none between.
    expect(runsAfter(20)).toBe(0);
    expect(runsAfter(50)).toBe(2);
    const never = compile(
      (x: Tensor) => {
        runs++;
        return x.mul(2);
      },
      { check: false },
    );
    expect(runsAfter(100, never)).toBe(2);
    expect(double.programs.length).toBe(1);
  });

  it('keeps arguments and results of the function as types', () => {
    const f = compile((pair: { a: Tensor; b: Tensor }, twice: boolean) => ({
      sum: pair.a.add(pair.b),
      list: [pair.a.mul(Number(twice))],
    }));
    expectTypeOf(f).parameters.toEqualTypeOf<[{ a: Tensor; b: Tensor }, boolean]>();
    expectTypeOf(f).returns.toEqualTypeOf<{ sum: Tensor; list: Tensor[] }>();
    for (let i = 0; i < 4; i++) {
      const { sum, list } = f({ a: tensor([i, 2.5]), b: ones(2) }, true);
      expect([values(sum), list.map(values)]).toEqual([[i + 1, 3.5], [[i, 2.5]]]);
    }
  });

  it("gives results that are the caller's own", () => {
    const f = warmed(
      compile((x: Tensor) => [x.mul(2), x]),
      ones(2),
    );
    const x = tensor([1, 2]);
    const [first, same] = f(x) as [Tensor, Tensor];
    f(tensor([5, 6]));
    expect(values(first)).toEqual([2, 4]);
    expect(same).toBe(x);
  });

  it('makes a program for each form of arguments and mode, and says why', () => {
    const f = compile((x: Tensor, scale: number) => x.mul(scale));
    const inputs: [Tensor, number][] = [
      [ones(2), 2],
      [ones(3), 2],
      [ones(2), 3],
      [ones([2, 3]).t(), 2],
      [ones(2, { dtype: 'float64' }), 2],
      [ones(2, { requiresGrad: true }), 2],
    ];
    for (let round = 0; round < 3; round++)
      for (const [x, scale] of inputs)
        expect(values(noGrad(() => f(x, scale)))).toEqual(values(x.detach().mul(scale)));
    expect(f.programs.length).toBe(inputs.length);
    enableGrad(() => f(ones(2), 2));
    expect(f.explain()).toMatch(/recorded at the first call/);
    expect(f.explain()).toMatch(/recorded at arguments of another form/);
    expect(f.explain()).toMatch(/recorded at another grad mode/);
  });

  it('warns once where there are many programs', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((x: Tensor) => x.add(1));
    for (let n = 1; n < 14; n++) f(ones(n));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toMatch(
      /compiled 8 times \(1: the first call; 2 to 8: arguments of another form\)/,
    );
  });

  it('tells apart arguments that are the same tensor from those that are not', () => {
    expectSameBits(() => {
      const [a, b] = [randn([3]), randn([3])];
      return {
        call: (x: Tensor, y: Tensor) => {
          x.mul_(2);
          return x.add(y);
        },
        argumentsOf: (i) => (i % 2 === 0 ? [a, b] : [a, a]),
        state: () => [a, b],
      };
    }, 8);
  });

  it('runs as part of another compiled function', () => {
    const inner = compile((x: Tensor) => x.exp());
    const outer = warmed(
      compile((x: Tensor) => inner(x).sum()),
      ones(2),
    );
    expect(outer(zeros(2)).item()).toBe(2);
    expect(inner.programs.length).toBe(0);
  });

  it('is asked about by isCompiling', () => {
    const seen: boolean[] = [];
    const f = compile((x: Tensor) => {
      seen.push(isCompiling());
      return x;
    });
    for (let i = 0; i < 4; i++) f(ones(1));
    // The last two calls run both ways.
    expect(seen).toEqual([false, true, false, false]);
    expect(isCompiling()).toBe(false);
  });
});

describe('a compiled function leaves what eager leaves', () => {
  it('in parameters, gradients and arguments, changed in place and by hand', () => {
    expectSameBits(() => {
      const w = randn([4, 3], { requiresGrad: true });
      const x = randn([2, 3], { requiresGrad: true });
      return {
        call: (input: Tensor) => {
          const loss = input.matmul(w.t()).tanh().sum();
          loss.backward();
          noGrad(() => w.sub_(w.grad!, { alpha: 0.1 }));
          return loss;
        },
        argumentsOf: (i) => {
          if (i === 3) noGrad(() => w.fill_(0.25));
          if (i === 4) w.grad = null;
          if (i === 6) w.grad = ones([4, 3]);
          if (i === 7) noGrad(() => w.grad!.mul_(0.5));
          return [x];
        },
        state: () => [w, w.grad, x, x.grad],
      };
    }, 10);
  });

  it('in gradients that are added up over calls, and set to zero', () => {
    expectSameBits(() => {
      const w = randn([5], { requiresGrad: true });
      let i = 0;
      return {
        call: (x: Tensor, first: boolean) => {
          if (first) w.grad = null;
          w.mul(x).square().sum().div(4).backward();
          return w.grad!.clone();
        },
        argumentsOf: () => [randn([5]), i++ % 4 === 0],
        state: () => [w.grad],
      };
    }, 12);
  });

  it('in a gradient penalty, which is a second derivative', () => {
    expectSameBits(() => {
      const w = randn([3, 3], { requiresGrad: true });
      return {
        call: (x: Tensor) => {
          w.grad = null;
          const input = x.detach().requiresGrad_();
          const y = input.matmul(w).tanh().sum();
          const [g] = autograd.grad(y, [input], { createGraph: true });
          const loss = g!.square().sum().sub(1).square();
          loss.backward();
          return loss;
        },
        argumentsOf: () => [randn([2, 3])],
        state: () => [w.grad],
      };
    });
  });

  it('in random streams, of the default generator and of others', () => {
    expectSameBits(() => {
      const generator = new Generator().manualSeed(5);
      return {
        call: (x: Tensor) => [
          x.add(rand([3])),
          randn([2], { generator }),
          x.clone().uniform_(0, 1),
          x.bernoulli(),
        ],
        argumentsOf: () => [rand([3])],
        state: () => [randn([1]), randn([1], { generator })],
      };
    });
  });

  it('where tensors are made of none inside, and changed', () => {
    expectSameBits(() => ({
      call: (x: Tensor) => {
        const sums = zeros(3);
        const constant = tensor([1, 2, 3]);
        sums.add_(x).add_(constant);
        constant.mul_(2);
        return [sums, constant, full([2], 7), sums.view(3, 1)];
      },
      argumentsOf: () => [randn([3])],
    }));
  });

  it('through views, which share memory with state, with arguments and with each other', () => {
    expectSameBits(() => {
      const w = randn([4, 4]);
      return {
        call: (x: Tensor) => {
          const row = w.select(0, 1);
          row.add_(x.narrow(0, 0, 4));
          const part = w.t().narrow(0, 1, 2);
          part.mul_(0.5);
          return [w.sum(1), part.clone(), row.add(part.select(0, 0))];
        },
        argumentsOf: () => [randn([6])],
        state: () => [w],
      };
    });
  });

  it('with arguments that share memory, in the same way or in another one', () => {
    expectSameBits(() => {
      const data = randn([8]);
      return {
        call: (x: Tensor, y: Tensor) => {
          x.mul_(0.5);
          return y.add(x);
        },
        argumentsOf: (i) => [data.narrow(0, 0, 4), i < 4 ? data.narrow(0, 2, 4) : data.narrow(0, 4, 4)],
        state: () => [data],
      };
    }, 7);
  });

  it('with arguments that are state too', () => {
    expectSameBits(() => {
      const [v, w] = [randn([4]), randn([4])];
      return {
        call: (x: Tensor) => {
          v.add_(1);
          return x.mul(v);
        },
        argumentsOf: (i) => [i < 4 ? v : w],
        state: () => [v, w],
      };
    }, 7);
  });

  it("with hooks and functions of the user's", () => {
    expectSameBits(() => {
      const w = randn([3], { requiresGrad: true });
      w.registerHook((g) => g.mul(2));
      return {
        call: (x: Tensor) => {
          w.grad = null;
          const h = w.mul(x);
          h.registerHook((g) => g.clamp({ max: 0.5 }));
          const loss = h.pow(3).sum();
          loss.backward();
          return loss;
        },
        argumentsOf: () => [randn([3])],
        state: () => [w.grad],
      };
    });
  });

  it("with operations of the user's that have several results", () => {
    const both = defineMulti<undefined, [Tensor], [Tensor, Tensor]>({
      name: 'both',
      saves: 0,
      infer: ([x]) => [
        { shape: x.shape, dtype: x.dtype },
        { shape: x.shape, dtype: x.dtype },
      ],
      kernel([x], _, [a, b]) {
        a.storage.array.set(elementsOf(x).map((v) => v + 1));
        b.storage.array.set(elementsOf(x).map((v) => 2 * v));
      },
      derivative: ([ga, gb]) => [ga === null ? gb!.mul(2) : gb === null ? ga : ga.add(gb.mul(2))],
    });
    expectSameBits(() => {
      const w = randn([3], { requiresGrad: true });
      return {
        call: (x: Tensor) => {
          w.grad = null;
          const [a, b] = applyMulti(both, [w.mul(x)], undefined);
          a.mul(b).sum().backward();
          return a.detach();
        },
        argumentsOf: () => [randn([3])],
        state: () => [w.grad],
      };
    });
  });
});

describe('what a compiled function cannot do', () => {
  const message = (fn: () => unknown): string => {
    try {
      fn();
    } catch (error) {
      if (error instanceof CompileError) return error.message;
      throw error;
    }
    throw new Error('nothing was thrown');
  };
  const compiledOn = (fn: (x: Tensor) => unknown) => () => warmed(compile(fn), tensor([1, 2]));

  it('reads no values, and says which code does and what to write', () => {
    expect(message(compiledOn((x) => x.mul(x.sum().item())))).toMatch(
      /^compile: item reads the values of a tensor of shape \[\] inside .*Return the tensor.*\(compile\.test\.ts(\?\S*)?:\d+\)$/,
    );
    expect(message(compiledOn((x) => (x.toArray() as number[])[0]))).toMatch(/^compile: toArray reads/);
    expect(message(compiledOn((x) => x.data.length))).toMatch(/^compile: data reads/);
    // Behind what the engine itself calls, too.
    for (const print of [(x: Tensor) => `${String(x)}`, (x: Tensor) => JSON.stringify([x])])
      expect(message(compiledOn(print))).toMatch(
        /^compile: (print|toJSON) reads.*\(compile\.test\.ts(\?\S*)?:\d+\)$/,
      );
    expect(message(compiledOn((x) => x.nonzero()))).toMatch(
      /^compile: nonzero: which elements are not 0 reads/,
    );
    expect(message(compiledOn((x) => (+x.sum() > 0 ? x : x.neg())))).toMatch(
      /^compile: conversion to a number reads/,
    );
  });

  it('returns tensors', () => {
    expect(message(compiledOn((x) => ({ y: x, n: 3 })))).toMatch(
      /the result\.n is 3, which later calls could not give anew/,
    );
    expect(message(compiledOn((x) => [x, new Date(0)]))).toMatch(/the result\[1\] is an instance of Date/);
  });

  it('takes no graphs in and gives none out', () => {
    const w = ones(2, { requiresGrad: true });
    const outside = w.mul(2);
    expect(message(compiledOn((x) => outside.mul(x).detach()))).toMatch(
      /comes from outside with its graph \(MulBackward0\)/,
    );
    expect(message(compiledOn((x) => w.mul(x)))).toMatch(
      /the result requires a gradient, .* call backward inside, or return result\.detach\(\)/,
    );
    const fine = warmed(
      compile((x: Tensor) => w.mul(x).detach()),
      ones(2),
    );
    expect(values(fine(tensor([3, 4])))).toEqual([3, 4]);
  });

  it('is not asynchronous', () => {
    const f = compile(async (x: Tensor) => x);
    expect(() => f(ones(1))).toThrow(/compile: the function is asynchronous; compile the synchronous step/);
  });

  it('leaves no tensors behind but results: the others say so when they are read', () => {
    let hidden: Tensor | null = null;
    const f = compile((x: Tensor) => {
      hidden = x.exp();
      return hidden.mul(2);
    });
    f(ones(2));
    expect(values(hidden)).not.toBeNull();
    f(ones(2));
    expect(message(() => hidden!.toArray())).toMatch(
      /made inside a compiled function and is none of its results/,
    );
  });

  it('overwrites the gradients of earlier calls, which say so', () => {
    const w = ones(2, { requiresGrad: true });
    const f = compile((x: Tensor) => {
      w.grad = null;
      w.mul(x).sum().backward();
    });
    for (let i = 0; i < 3; i++) f(ones(2));
    const before = w.grad!;
    expect(values(before)).toEqual([1, 1]);
    f(tensor([2, 3.5]));
    expect(values(w.grad)).toEqual([2, 3.5]);
    expect(message(() => before.toArray())).toMatch(/gradient is of an earlier call of a compiled function/);
  });

  it('runs as it is under fallback, with one warning', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((x: Tensor) => (x.sum().item() > 0 ? x.mul(2) : x), { fallback: 'eager' });
    expect([1, -1, 2, -2].map((v) => values(f(tensor([v]))))).toEqual([[2], [-1], [4], [-2]]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toMatch(/item reads the values.*; the function runs as it is from now on/);
    // Each call runs the function once, also the one that finds out.
    const calls = [0, 0];
    const counting = compile(
      (x: Tensor) => {
        calls[0]!++;
        const value = x.sum().item();
        calls[1]!++;
        return x.mul(value);
      },
      { fallback: 'eager' },
    );
    for (let i = 1; i <= 4; i++) expect(values(counting(tensor([i])))).toEqual([i * i]);
    expect(calls).toEqual([4, 4]);
  });

  it('throws the errors of operations as eager does, and goes on afterwards', () => {
    const table = ones([3, 2]);
    const f = warmed(
      compile((i: Tensor) => table.indexSelect(0, i)),
      tensor([0, 1]),
    );
    expect(() => f(tensor([0, 7]))).toThrow(/^indexSelect|^index_select|out of range/);
    expect(values(f(tensor([2, 2])))).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('takes the same from outside in each call: what changes is an argument', () => {
    const batches = [0, 1, 2, 3, 4].map((i) => tensor([i, i + 0.5]));
    let i = 0;
    const byCounter = compile(() => batches[i++]!.mul(2));
    expect(message(() => batches.map(() => byCounter()))).toMatch(
      /takes something else from outside in each call, lastly a tensor of shape \[2\] .*Pass what changes as an argument/,
    );
    let factor = 1;
    const growing = compile((x: Tensor) => x.mul((factor *= 1.5)));
    expect(message(() => batches.map((x) => growing(x)))).toMatch(
      /lastly \[[\d.]+\] for mul .* where the call before took \[/,
    );
    let first = true;
    const settles = compile((x: Tensor) => {
      if (!first) return x.mul(2);
      first = false;
      return x.mul(2).add(batches[0]!.mul(0));
    });
    expect(batches.map((x) => values(settles(x)))).toEqual(batches.map((x) => values(x.mul(2))));
    expect(settles.programs.length).toBe(1);
  });

  it('is refused for what is no function, and for options that there are not', () => {
    expect(() => compile(3 as never)).toThrow(/^compile: fn: expected a function/);
    expect(() => compile((x: Tensor) => x, { chek: true } as never)).toThrow(
      /unknown option chek; did you mean check/,
    );
  });
});

describe('what is run anew in each call', () => {
  it('is what onHost was given', () => {
    let count = 0;
    const f = compile((x: Tensor) => {
      onHost(() => ++count);
      return x.add(1);
    });
    for (let i = 0; i < 6; i++) f(ones(1));
    expect(count).toBe(6);
  });

  it('is compiled again where what it depends on has changed', () => {
    let scale = 2;
    const f = compile((x: Tensor) => {
      dependsOn('the scale', () => scale);
      return x.mul(scale);
    });
    for (let i = 0; i < 3; i++) f(ones(1));
    scale = 5;
    expect(f(ones(1)).item()).toBe(5);
    expect(f.explain()).toMatch(/recorded at the scale changed/);
  });
});

describe('check', () => {
  it('finds nothing where there is nothing to find', () => {
    manualSeed(1);
    const w = randn([3], { requiresGrad: true });
    const f = compile(
      (x: Tensor) => {
        w.grad = null;
        const loss = w
          .mul(x)
          .add(rand([3]))
          .square()
          .sum();
        loss.backward();
        noGrad(() => w.sub_(w.grad!, { alpha: 0.1 }));
        return loss;
      },
      { check: true },
    );
    for (let i = 0; i < 5; i++) f(randn([3]));
    expect(f.explain()).toMatch(/3 calls since/);
  });

  it('looks behind numbers that are NaN in both, and at all of several results that are one tensor', () => {
    let scale = 2;
    const f = compile(
      (x: Tensor) => {
        const y = x.mul(scale);
        return [y, y, x.neg()];
      },
      { check: true },
    );
    for (let i = 0; i < 3; i++) f(tensor([Number.NaN, 3]));
    scale = 4;
    expect(() => f(tensor([Number.NaN, 3]))).toThrow(
      /result 0 of shape \[2\] differs from eager's at element 1: 6 against 12/,
    );
  });

  it('names the value that differs where the function depends on what nobody told', () => {
    let scale = 2;
    const f = compile((x: Tensor) => [x.add(1), x.mul(scale)], { check: true });
    for (let i = 0; i < 3; i++) f(tensor([1.5, 3]));
    scale = 4;
    expect(() => f(tensor([1.5, 3]))).toThrow(
      /result 1 of shape \[2\] differs from eager's at element 0: 3 against 6/,
    );
  });
});

describe('a program', () => {
  it('prints as equations, and tells its memory', () => {
    const f = compile((x: Tensor) => x.exp().t().mul(2).sum(0));
    for (let i = 0; i < 2; i++) f(ones([2, 3]));
    expect(f.explain()).toMatch(
      /%1: float32\[2, 3\] = exp\(%0:argument0\).*\n.*%2: float32\[3, 2\] = (t|transpose|permute)\(%1\).*\(a view\)[\s\S]*= mul\([\s\S]*= sum\([\s\S]*return %\d/,
    );
  });

  it('is given up where there are many, the one that was not used for longest', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((x: Tensor) => x.mul(2));
    for (let i = 0; i < 80; i++) for (let k = 0; k < 2; k++) expect(f(ones(i + 1)).count).toBe(i + 1);
    expect(f.programs).toHaveLength(64);
    // What was compiled once is so again at once.
    const [first] = f.programs;
    f(ones(1));
    expect(f.programs).not.toContain(first);
    expect(values(f(ones(1)))).toEqual([2]);
  });

  it('takes less memory than its values side by side', () => {
    const w = eye(32).mul(1.5);
    const chain = (x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 10; i++) y = y.matmul(w);
      return y;
    };
    const f = warmed(compile(chain), ones([32, 32]));
    const [own, sum] = /memory: ([\d.]+) KiB of its own \(([\d.]+) KiB side by side\)/
      .exec(f.explain())!
      .slice(1)
      .map(Number);
    expect(own).toBeLessThan(0.35 * sum!);
    expect(
      inferenceMode(() => f(ones([32, 32])))
        .sum()
        .item(),
    ).toBeCloseTo(1024 * 1.5 ** 10, -1);
  });
});
