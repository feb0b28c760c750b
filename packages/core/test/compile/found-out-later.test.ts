/** A function that does something else later than in the calls that were recorded: some calls run both ways, and find out. */
import {
  CompileError,
  type CompileOptions,
  compile,
  dependsOn,
  manualSeed,
  noGrad,
  ones,
  onHost,
  rand,
  randn,
  type Tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it, vi } from 'vitest';
import { bitsOf } from '../support/compiled.ts';

/** Which call is refused, and with what words; the calls before give what the function gives. */
function refusedAt(make: () => (i: number) => Tensor, calls: number, options: CompileOptions = {}) {
  const [eager, compiled] = [make(), compile(make(), options)];
  for (let i = 0; i < calls; i++) {
    const expected = bitsOf(eager(0));
    try {
      expect(bitsOf(compiled(0)), `call ${i + 1}`).toEqual(expected);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      return { call: i + 1, message: error.message };
    }
  }
  return null;
}

const x = ones([3]);

describe('a function that does something else later is found out', () => {
  it.each([3, 4, 5, 8])(
    'a count of its calls that decides at each %i-th, before any call is wrong',
    (every) => {
      const found = refusedAt(() => {
        let n = 0;
        const total = zeros([3]);
        return () => {
          noGrad(() => total.add_(x));
          if (++n % every === 0) total.mul_(0.5);
          return total.mul(1);
        };
      }, 40);
      expect(found?.call).toBe(every);
      expect(found?.message).toMatch(/The function now does mul_? where the program does (mul|clone)/);
    },
  );

  it('a count that decides much later', () => {
    let n = 0;
    const f = compile((y: Tensor) => {
      const scale = n++ > 20 ? 2 : 1;
      return y.mul(scale);
    });
    let calls = 0;
    const run = (): void => {
      for (; calls < 10_000; calls++) f(x);
    };
    expect(run).toThrow(/The function now takes \[2\] for mul .* where the program takes \[1\]/);
    // Eight calls of the function itself, and then the cubes of 3, 4, ...: that of 16 is the 22nd.
    expect(calls).toBe(16 ** 3 + 1);
  });

  it('a number outside that changes after a while, in a variable and in an object', () => {
    let beta = 0.5;
    const settings = { scale: 2 };
    const f = compile((y: Tensor) => y.mul(beta).add(settings.scale));
    for (let i = 0; i < 20; i++) f(x);
    settings.scale = 3;
    const run = (): void => {
      for (let i = 0; i < 20; i++) f(x);
    };
    expect(run).toThrow(
      /^compile: result 0 of shape \[3\] differs from eager's at element 0: 2.5 against 3.5\. The function now takes \[3\] for add \(found-out-later.test.ts\S*:\d+\) where the program takes \[2\]\. Call 27 of this program shows/,
    );
    // From then on it is as it should be, or refused again.
    expect(bitsOf(f(x))).toEqual(bitsOf(x.mul(beta).add(3)));
    for (let i = 0; i < 8; i++) f(x);
    beta = 0.25;
    expect(run).toThrow(/for mul .*takes \[0.5\]/);
  });

  it('a tensor outside that becomes another one', () => {
    let mask = ones([3]);
    const f = compile((y: Tensor) => y.mul(mask));
    for (let i = 0; i < 8; i++) f(x);
    mask = zeros([3]);
    expect(() => {
      for (let i = 0; i < 30; i++) f(x);
    }).toThrow(/result 0 of shape \[3\] differs from eager's at element 0: 1 against 0/);
  });

  it('a tensor outside that only some calls change', () => {
    const [weights, average] = [randn([3]), zeros([3])];
    let n = 0;
    const f = compile((y: Tensor) => {
      noGrad(() => weights.sub_(y, { alpha: 0.1 }));
      if (++n % 6 === 0) average.lerp_(weights, 0.5);
      return y.mul(weights);
    });
    expect(() => {
      for (let i = 0; i < 6; i++) f(x);
    }).toThrow(/lerp_? of shape \[3\] changes a tensor from outside that the program does not/);
  });

  it('other draws, and results that come or go', () => {
    let n = 0;
    const draws = compile((y: Tensor) =>
      ++n === 5 ? y.add(rand([3])).add(rand([3]).mul(0)) : y.add(rand([3])),
    );
    expect(() => {
      for (let i = 0; i < 6; i++) draws(x);
    }).toThrow(/the random stream of generator 0 differs/);
    let m = 0;
    const results = compile((y: Tensor) => (++m === 4 ? [y.mul(2), y] : [y.mul(2)]));
    expect(() => {
      for (let i = 0; i < 6; i++) results(x);
    }).toThrow(/1 results against 2 of eager's/);
  });

  it.each([
    [
      'is another one',
      (w: Tensor) => w.mul(2),
      /gradient 0, of shape \[3\], differs from eager's at element 0: 1 against 2/,
    ],
    ['is none', null, /gradient 0, of shape \[3\], has 3 elements, eager's has 0/],
  ])('a gradient that %s', (_, later, message) => {
    let n = 0;
    const w = ones([3], { requiresGrad: true });
    const f = compile((y: Tensor) => {
      w.grad = null;
      const scaled = ++n > 4 && later !== null ? later(w) : w;
      if (n <= 4 || later !== null) scaled.mul(y).sum().backward();
    });
    for (let i = 0; i < 4; i++) f(x);
    expect(() => f(x)).toThrow(message);
    // It is as the function left it.
    expect(w.grad?.tolist()).toEqual(later === null ? undefined : [2, 2, 2]);
  });

  it('and goes on as it is, with its own numbers, under fallback', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const make = () => {
      let n = 0;
      const w = ones([3], { requiresGrad: true });
      return () => {
        w.grad = null;
        const loss = w.square().sum();
        loss.backward();
        if (++n % 4 === 0) noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.125 }));
        return w.mul(1).detach();
      };
    };
    expect(refusedAt(make, 40, { fallback: 'eager' })).toBeNull();
    expect(warn).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });
});

describe('a call that runs both ways', () => {
  it('does what the host does once, and draws once', () => {
    const run = (check: boolean | undefined): unknown => {
      manualSeed(4);
      let seen = 0;
      const w = randn([3], { requiresGrad: true });
      const f = compile(
        (y: Tensor) => {
          w.grad = null;
          onHost(() => (seen += 1));
          const loss = w
            .mul(y)
            .add(rand([3]))
            .square()
            .sum();
          loss.backward();
          noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.1 }));
          return loss;
        },
        { check },
      );
      const losses = Array.from({ length: 40 }, () => bitsOf(f(x)));
      return [seen, losses, bitsOf(w), bitsOf(w.grad), bitsOf(rand([2]))];
    };
    expect(run(undefined)).toEqual(run(false));
    expect(run(true)).toEqual(run(false));
  });

  it('leaves nothing of what the function made', () => {
    let kept: Tensor | null = null;
    const f = compile((y: Tensor) => {
      kept = y.exp();
      return kept.sum();
    });
    for (let i = 0; i < 4; i++) {
      f(x);
      if (i > 0)
        expect(() => kept?.data).toThrow(/made inside a compiled function and is none of its results/);
    }
  });

  it('is no matter of what was told', () => {
    let scale = 1;
    const f = compile((y: Tensor) => {
      dependsOn('scale', () => scale);
      return y.mul(scale);
    });
    for (let i = 0; i < 60; i++) {
      scale = 1 + Math.floor(i / 12);
      expect(bitsOf(f(x))).toEqual(bitsOf(x.mul(scale)));
    }
  });

  it('ends in the error of the function with all as it was', () => {
    const total = zeros([3]);
    const f = compile((y: Tensor, i: Tensor) => {
      total.add_(y);
      return y.gather(0, i);
    });
    const index = ones([1]).to('int32');
    for (let i = 0; i < 3; i++) f(x.clone(), index.clone());
    expect(() => f(x.clone(), index.mul(9))).toThrow(/gather/);
    expect(bitsOf(total)).toEqual(bitsOf(x.mul(3)));
  });

  it('leaves what the function did by then where it throws an error of its own, as eager does', () => {
    const course = (make: (fn: (y: Tensor) => Tensor) => typeof fn) => {
      manualSeed(3);
      let runs = 0;
      const total = zeros([3]);
      const f = make((y) => {
        total.add_(rand([3])).add_(y);
        if (++runs === 4) throw new RangeError('enough');
        return total.mul(2);
      });
      return [1, 2, 3, 4, 5].map((i) => {
        let result: unknown;
        try {
          result = bitsOf(f(x.mul(i)));
        } catch (error) {
          result = String(error);
        }
        return [result, bitsOf(total)];
      });
    };
    const found = course((fn) => compile(fn));
    expect(found).toEqual(course((fn) => fn));
    expect(found[3]?.[0]).toBe('RangeError: enough');
  });

  it('goes on to be compared after a call that ended in an error', () => {
    let scale = 1;
    const f = compile((y: Tensor, i: Tensor) => y.mul(scale).gather(0, i));
    const index = ones([1]).to('int32');
    for (let i = 0; i < 4; i++) f(x.clone(), index.clone());
    expect(() => f(x.clone(), index.mul(9))).toThrow(/gather/);
    scale = 2;
    expect(() => f(x.clone(), index.clone())).toThrow(CompileError);
  });
});
