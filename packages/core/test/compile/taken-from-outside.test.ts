/** What a compiled function takes from outside, and does beside tensors: what a program would not follow is refused, not left out. */

import {
  arange,
  autograd,
  CompileError,
  type CompileOptions,
  compile,
  Generator,
  linspace,
  noGrad,
  ones,
  onHost,
  randn,
  readOnHost,
  setDefaultDtype,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../support/compiled.ts';

/** The message of the error that comes up in some calls; empty where none does. */
function message(
  calls: number,
  fn: (...args: never[]) => unknown,
  args: (i: number) => unknown[] = () => [],
): string {
  try {
    for (let i = 0; i < calls; i++) fn(...(args(i) as never[]));
  } catch (error) {
    expect(error).toBeInstanceOf(CompileError);
    return (error as Error).message;
  }
  return '';
}

const x = ones([3]);
const table = arange(60).to('float32');

/** Functions that do something else in each call: what they take, and what the error says. */
const takers: Readonly<Record<string, readonly [make: () => (n: number) => Tensor, says: RegExp]>> = {
  'a tensor made of numbers': [
    () => (n) => x.mul(tensor([n])),
    /lastly \[3\] for a tensor made of numbers .* took \[2\]/,
  ],
  'a long tensor made of numbers': [
    () => (n) => table.narrow(0, 0, 9).mul(tensor([0, 1, 2, 3, 4, 5, 6, 7, n])),
    /lastly \[0, 1, 2, 3, \.\.\.\] \(9 of them, checksum -?\d+\) for a tensor made of numbers/,
  ],
  'a range': [() => (n) => x.mul(arange(n, n + 3)), /lastly \[3, 4, 5\] for a tensor made of numbers/],
  'numbers in between': [() => (n) => x.mul(linspace(n, 9, 3)), /for a tensor made of numbers/],
  'a result of numbers': [() => (n) => tensor([n]), /lastly \[3\] for a tensor made of numbers/],
  'a part of a tensor': [
    () => (n) => x.mul(table.narrow(0, n, 3)),
    /from element 3 for slice .* from element 2/,
  ],
  'a row of a tensor': [() => (n) => x.mul(table.view(20, 3).select(0, n)), /from element 9 for select/],
  'a size': [
    () => (n) =>
      x
        .unsqueeze(0)
        .expand(n + 1, 3)
        .sum(0),
    /shape \[4, 3\], .* for expand/,
  ],
  'other operations': [
    () => (n) => (n % 2 === 0 ? x.exp() : x.sin()),
    /for|which the call before did not do/,
  ],
  'more operations': [
    () => (n) => {
      let y = x.mul(2);
      for (let i = 0; i < n; i++) y = y.sin();
      return y;
    },
    /sin .*which the call before did not do/,
  ],
  'fewer operations': [
    () => (n) => {
      let y = x.mul(2);
      for (let i = n; i < 9; i++) y = y.sin();
      return y;
    },
    /no longer sin .*which the call before did/,
  ],
  streams: [
    () => {
      const generators = Array.from({ length: 9 }, (_, i) => new Generator().manualSeed(i));
      return (n) => randn([3], { generator: generators[n] as Generator });
    },
    /another generator for random/,
  ],
  'a tensor that it made in the call before': [
    () => {
      let h = zeros([3]);
      return () => {
        h = h.add(x).sin();
        return h.mul(2);
      };
    },
    /a tensor of shape \[3\] .*that the call before made/,
  ],
  'a gradient made of numbers': [
    () => {
      const w = randn([1], { requiresGrad: true });
      return (n) => {
        w.grad = tensor([n + 0.5]);
        return x.mul(2);
      };
    },
    /lastly \[3.5\] for a tensor made of numbers/,
  ],
};

describe('a function that takes something else from outside in each call is refused', () => {
  it.each(Object.entries(takers))('%s', (_, [make, says]) => {
    const taker = make();
    let n = 0;
    expect(
      message(
        6,
        compile(() => taker(n++)),
      ),
    ).toMatch(says);
  });

  it('but not for what arguments say', () => {
    const scaled = compile((y: Tensor, by: number) => y.mul(by));
    for (let i = 0; i < 12; i++) expect(bitsOf(scaled(x, i % 6))).toEqual(bitsOf(x.mul(i % 6)));
    const padded = compile((y: Tensor) =>
      y
        .add(zeros([y.count]))
        .reshape(y.count, 1)
        .sum(1),
    );
    for (let i = 1; i < 8; i++)
      expect(bitsOf(padded(table.narrow(0, 0, i)))).toEqual(bitsOf(table.narrow(0, 0, i)));
    const middle = compile((y: Tensor) => y.narrow(0, 1, 2).mul(2));
    for (let i = 0; i < 8; i++) {
      const part = table.narrow(0, i, 4);
      expect(bitsOf(middle(part))).toEqual(bitsOf(part.narrow(0, 1, 2).mul(2)));
    }
    expect(middle.programs).toHaveLength(1);
  });

  it('nor for objects around them: one program serves those that have the same keys', () => {
    const sum = compile((batch: Record<string, Tensor>) =>
      Object.values(batch).reduce((all, part) => all.add(part)),
    );
    for (let i = 1; i < 5; i++) expect(bitsOf(sum({ a: x, b: x.mul(i) }))).toEqual(bitsOf(x.add(x.mul(i))));
    expect(sum.programs).toHaveLength(1);
    for (let i = 1; i < 5; i++)
      expect(bitsOf(sum({ a: x, b: x, c: x.mul(i) }))).toEqual(bitsOf(x.mul(i + 2)));
    expect(sum.programs).toHaveLength(2);
  });

  it('nor for tensors that go with the form of arguments', () => {
    const tables = new Map([3, 4, 5].map((n) => [n, randn([n], { requiresGrad: true })]));
    const scaled = compile((y: Tensor) => {
      const w = tables.get(y.count) as Tensor;
      const z = w.mul(y).sum();
      z.backward();
      return z.detach();
    });
    for (let i = 0; i < 12; i++) {
      const y = table.narrow(0, 0, 3 + (i % 3));
      const z = scaled(y);
      expect(bitsOf(z)).toEqual(bitsOf((tables.get(y.count) as Tensor).mul(y).sum()));
    }
    expect(scaled.programs.length).toBeGreaterThanOrEqual(3);
    let h = zeros([1]);
    const stateful = compile((y: Tensor) => {
      h = h.sum().add(y).sin();
      return h.mul(2);
    });
    expect(message(12, stateful, (i) => [table.narrow(0, 0, i + 1)])).toMatch(/that the call before made/);
  });

  it('nor for what comes into being in the first call', () => {
    let kept: Tensor | null = null;
    const sum = compile((y: Tensor) => {
      kept ??= zeros([3]);
      return kept.add_(y).mul(1);
    });
    for (let i = 1; i < 6; i++) expect(bitsOf(sum(x))).toEqual(bitsOf(x.mul(i)));
    expect(sum.programs.length).toBe(1);
  });

  it('nor for gradients that were computed outside', () => {
    const w = tensor([4], { requiresGrad: true });
    const update = compile(() => void noGrad(() => w.sub_(w.grad as Tensor)));
    for (let i = 0; i < 5; i++) {
      w.grad = null;
      w.mul(i).sum().backward();
      update();
    }
    expect(w.item()).toBe(4 - 0 - 1 - 2 - 3 - 4);
    expect(update.programs.length).toBeGreaterThan(0);
  });

  it('nor for a stream that begins in the call', () => {
    const drawn = compile((y: Tensor) => y.add(randn([3], { generator: new Generator().manualSeed(4) })));
    const expected = x.add(randn([3], { generator: new Generator().manualSeed(4) }));
    for (let i = 0; i < 5; i++) expect(bitsOf(drawn(x))).toEqual(bitsOf(expected));
  });
});

describe('what a function does beside tensors', () => {
  it('to objects that it is given is refused', () => {
    expect(
      message(
        2,
        compile((o: { y?: number }) => x.mul((o.y = 5))),
        () => [{}],
      ),
    ).toMatch(/changes what it is given, arguments\[0\]\.y, which later calls would not do/);
    expect(
      message(
        2,
        compile((a: Tensor[]) => a.reverse()[0]?.mul(2)),
        () => [[x, x.mul(2)]],
      ),
    ).toMatch(/arguments\[0\]\[0\]/);
    expect(
      message(
        2,
        compile((a: number[]) => x.mul(a.pop() ?? 0)),
        () => [[1, 2]],
      ),
    ).toMatch(/arguments\[0\]\[1\]/);
  });

  it('to numbers that host parts read is refused, unless the host does it', () => {
    const world = (change: (run: () => void) => void) => {
      const group = { lr: 1 };
      return compile((y: Tensor) => {
        readOnHost('the rate', () => [group.lr]);
        onHost(() => group.lr);
        change(() => void (group.lr *= 0.5));
        return y.mul(2);
      });
    };
    const args = () => [x];
    expect(
      message(
        4,
        world((run) => run()),
        args,
      ),
    ).toMatch(/changes the rate, which later calls would not do/);
    expect(
      message(
        4,
        world((run) => onHost(run)),
        args,
      ),
    ).toBe('');
  });

  it('on the host runs once a call, inside other parts of the host too', () => {
    let [outer, inner] = [0, 0];
    const calls = compile((y: Tensor) => {
      onHost(() => {
        outer++;
        onHost(() => inner++);
      });
      return y.mul(2);
    });
    for (let i = 0; i < 6; i++) calls(x);
    expect([outer, inner]).toEqual([6, 6]);
  });

  it('to requiresGrad of what it is given is done in each call', () => {
    const attack = compile((y: Tensor) => {
      y.requiresGrad_();
      y.square().sum().backward();
      return y.add((y.grad as Tensor).sign()).detach();
    });
    const keep = compile((y: Tensor) => y.requiresGrad_(false).mul(2));
    for (let i = 0; i < 5; i++) {
      const y = randn([3]);
      expect(bitsOf(attack(y))).toEqual(bitsOf(y.add(y.mul(2).sign()).detach()));
      expect([y.requiresGrad, bitsOf(y.grad)]).toEqual([true, bitsOf(y.mul(2).detach())]);
      keep(y);
      expect(y.requiresGrad).toBe(false);
    }
    expect([attack.programs.length, keep.programs.length]).toEqual([1, 1]);
  });
});

describe('what is asked for in each call', () => {
  it('are the elements of typed arrays', () => {
    const buffer = new Float32Array(2);
    const made = compile((elements: Float32Array) => tensor(elements).mul(2));
    for (const value of [1, 1, 1, 1, 2, 2, 2, -0, 0]) {
      buffer.fill(value);
      expect(bitsOf(made(buffer))).toEqual(bitsOf(tensor([value, value], { dtype: 'float32' }).mul(2)));
    }
  });

  it('are their kind, length and elements: one program serves all that have the same', () => {
    const f = compile((x: Tensor, [scale = 0]: Float32Array | Float64Array) => x.mul(scale));
    const givesOf = (array: Float32Array | Float64Array): unknown => bitsOf(f(ones([2]), array));
    const times = (scale: number): unknown => bitsOf(ones([2]).mul(scale));
    for (let i = 0; i < 4; i++) expect(givesOf(Float32Array.of(2, 0))).toEqual(times(2));
    expect(f.programs).toHaveLength(1);
    const own = Float32Array.of(2, 0);
    expect(givesOf(own)).toEqual(times(2));
    expect(f.programs).toHaveLength(1);
    own[0] = 3;
    for (let i = 0; i < 3; i++) expect(givesOf(own)).toEqual(times(3));
    expect(f.programs).toHaveLength(2);
    for (const other of [Float64Array.of(2, 0), Float32Array.of(2), Float32Array.of(2, -0)])
      for (let i = 0; i < 2; i++) expect(givesOf(other)).toEqual(times(2));
    expect(f.programs).toHaveLength(5);
  });

  it('is the default dtype', () => {
    const made = compile((y: Tensor) => y.add(tensor([0.5])));
    try {
      for (const dtype of [
        'float32',
        'float32',
        'float32',
        'float64',
        'float64',
        'float64',
        'float32',
      ] as const) {
        setDefaultDtype(dtype);
        expect(made(arange(2)).dtype).toBe(dtype);
      }
    } finally {
      setDefaultDtype('float32');
    }
  });

  it.each([
    ['is refused', {}, /anomaly mode looks at values/],
    ['runs as it is', { fallback: 'eager' }, /SqrtBackward0/],
  ] as [string, CompileOptions, RegExp][])(
    'is anomaly mode, under which a program %s',
    (_, options, says) => {
      const w = tensor([-1], { requiresGrad: true });
      const step = compile(() => {
        w.grad = null;
        w.sqrt().sum().backward();
      }, options);
      for (let i = 0; i < 4; i++) step();
      expect(() => autograd.detectAnomaly(() => step())).toThrow(says);
    },
  );
});
