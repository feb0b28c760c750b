/** What a call checks on the host is refused where it stands in the function, with all that was done before. */
import { checkOnHost, compile, full, ones, onHost, type Tensor, zeros } from '@kindling/core';
import { describe, expect, it } from 'vitest';

describe('checkOnHost', () => {
  /** Counts, then checks, then counts again; `begun` lets the host do something first. */
  const make = (compiled: boolean, begun: boolean) => {
    const options = { factor: 2 };
    const [before, after] = [zeros([1]), zeros([1])];
    const call = (x: Tensor): Tensor => {
      if (begun) onHost(() => {});
      before.add_(1);
      checkOnHost('options', () => {
        if (options.factor <= 0) throw new Error('expected a factor above 0');
      });
      after.add_(1);
      return x.mul(2);
    };
    const f = compiled ? compile(call, { check: false }) : call;
    const outcome = Array.from({ length: 9 }, (_, i) => {
      options.factor = i === 4 || i === 6 ? 0 : 2;
      try {
        return f(ones([1])).item();
      } catch (error) {
        return [(error as Error).message, before.item(), after.item()];
      }
    });
    return { outcome, programs: compiled ? (f as ReturnType<typeof compile>).programs.length : 0 };
  };

  it.each([false, true])('refuses in the middle of the call; the host has begun: %s', (begun) => {
    const { outcome, programs } = make(true, begun);
    expect(outcome).toEqual(make(false, begun).outcome);
    expect(outcome[4]).toEqual(['expected a factor above 0', 5, 4]);
    expect(programs).toBe(1);
  });

  it('is asked in its place alone where the host sees to it in the call', () => {
    let isReady = false;
    const f = compile(
      (x: Tensor) => {
        onHost(() => {
          isReady = true;
        });
        checkOnHost('readiness', () => {
          if (!isReady) throw new Error('not ready');
        });
        const y = x.mul(2);
        onHost(() => {
          isReady = false;
        });
        return y;
      },
      { check: false },
    );
    for (let call = 0; call < 6; call++) f(ones([1]));
    expect(f.programs).toHaveLength(1);
  });

  it('is asked where it stands by a call that is run both ways, though it no longer held when the recording ended', () => {
    let count = 0;
    const f = compile(
      (x: Tensor) => {
        checkOnHost('count', () => {
          if (count === 2) throw new Error('there are two');
        });
        onHost(() => {
          count++;
        });
        return x.mul(2);
      },
      { check: true },
    );
    for (let call = 0; call < 2; call++) f(ones([1]));
    expect(() => f(ones([1]))).toThrow('there are two');
    count = 3;
    expect(f(ones([1])).item()).toBe(2);
    expect(f.programs).toHaveLength(1);
  });

  it('takes a function', () => {
    expect(() => checkOnHost('options', 1 as never)).toThrow('checkOnHost: check');
  });
});

it('what the host refuses itself leaves what was done before, in arrays that the user has too', () => {
  const [total, counted] = [zeros([1]), zeros([1])];
  let isDone = false;
  const f = compile(
    (x: Tensor) => {
      total.add_(x);
      counted.add_(1);
      onHost(() => {
        if (isDone) throw new RangeError('done');
      });
      return x.mul(2);
    },
    { check: false },
  );
  for (let call = 0; call < 3; call++) f(ones([1]));
  const array = total.data;
  f(ones([1]));
  isDone = true;
  expect(() => f(ones([1]))).toThrow('done');
  expect([array[0], total.item(), counted.item()]).toEqual([5, 5, 5]);
});

it.each([1, 100])(
  'what the host refuses leaves the gradients of the call, shown before or not (of %i)',
  (n) => {
    const call = (w: Tensor, fails: () => boolean) => (x: Tensor) => {
      w.grad = null;
      w.mul(x).sum().backward();
      const result = x.mul(2);
      onHost(() => {
        if (fails()) throw new RangeError('done');
      });
      // Results in the memory of the gradient make it another tensor in each call.
      return [result, w.grad as Tensor | null];
    };
    for (const shows of [false, true]) {
      for (const gives of [false, true]) {
        const w = ones([n], { requiresGrad: true });
        let isDone = false;
        const step = call(w, () => isDone);
        const f = compile((x: Tensor) => step(x).slice(0, gives ? 2 : 1), { check: false });
        for (let i = 0; i < 5; i++) f(full([n], i));
        if (shows) expect(w.grad?.data[0]).toBe(4);
        isDone = true;
        expect(() => f(full([n], 7))).toThrow('done');
        expect(w.grad?.data[0]).toBe(7);
        isDone = false;
        f(full([n], 8));
        expect(w.grad?.data[0]).toBe(8);
      }
    }
  },
);
