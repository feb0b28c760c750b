import { describe, expect, it } from 'vitest';
import {
  autograd,
  E,
  FusedUpdate,
  full,
  manualSeed,
  noGrad,
  observe,
  ones,
  randn,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

const sgd = new FusedUpdate('sgd', 2, 1, (w, v, g, lr, mu) => {
  const velocity = E.add(E.mul(v, mu), g);
  return [E.sub(w, E.mul(lr, velocity)), velocity];
});
const run = (w: Tensor, v: Tensor, g: Tensor, numbers = [0.5, 0.9]): void => sgd.run([w, v, g], numbers);

describe('FusedUpdate', () => {
  it('takes targets that it only writes to, whatever stood there, of few elements and of many', () => {
    const update = new FusedUpdate('into', 2, 1, (w, _into, g) => [E.add(w, g), E.mul(g, 2)]);
    for (const n of [3, 50_000]) {
      const [w, into, g] = [ones([n]), full([n], Number.NaN), randn([n])];
      update.run([w, into, g], []);
      expect(w.equal(g.add(1))).toBe(true);
      expect(into.equal(g.mul(2))).toBe(true);
    }
  });

  it('changes its targets, counts the change, and lets inputs broadcast', () => {
    const [w, v] = [ones([2, 3]), ones([2, 3])];
    run(w, v, tensor([1, 2, 3], { dtype: 'float32' }));
    expect(v.mul(10).round().toArray()).toEqual([
      [19, 29, 39],
      [19, 29, 39],
    ]);
    expect(w.mul(100).round().toArray()).toEqual([
      [5, -45, -95],
      [5, -45, -95],
    ]);
    expect([w.storage.version, v.storage.version]).toEqual([1, 1]);
    const strided = ones([3, 2]).t();
    run(strided, zeros([2, 3]), ones([1]));
    expect(strided.toArray()).toEqual(Array(2).fill([0.5, 0.5, 0.5]));
  });

  it('reads no number that it was not given, however the update names them', () => {
    const scaled = new FusedUpdate('scaled', 1, 0, (w, ...numbers: E.Expr[]) => [
      numbers.slice(0, 3).reduce((product, number) => E.mul(product, number), w),
    ]);
    const w = ones(2);
    expect(() => scaled.run([w], [2, 3])).toThrow(/^scaled: got 2 numbers, reads 3/);
    expect(w.tolist()).toEqual([1, 1]);
    scaled.run([w], [2, 3, 4]);
    expect(w.tolist()).toEqual([24, 24]);
  });

  it('reads past no operand: shapes that do not fit are refused before anything is written', () => {
    const w = ones([2, 3]);
    const wrong = [
      () => run(w, zeros([2, 3]), ones([2])),
      () => run(w, zeros([2, 3]), ones([3, 2])),
      () => run(w, zeros([2, 3]), ones([1, 2, 3])),
      () => run(w, zeros([2, 3]), ones([6])),
      () => run(w, zeros([3, 2]), ones([2, 3])),
      () => run(w, zeros([3]), ones([2, 3])),
      () => run(w, zeros([1, 3]), ones([2, 3])),
    ];
    for (const f of wrong) expect(f).toThrow(/^sgd: expected (a )?shape .*\[2, 3\], got /);
    expect(() => run(w, zeros([2, 3], { dtype: 'float64' }), ones([2, 3]))).toThrow(
      /^sgd: expected all tensors/,
    );
    expect(() => run(w, zeros([2, 3]), ones([2, 3]), [0.5])).toThrow(
      /^sgd: expected 3 tensors and 2 numbers, got 3 and 1/,
    );
    expect(() => sgd.run([w, zeros([2, 3])], [0.5, 0.9])).toThrow(/^sgd: expected 3 tensors/);
    expect(w.toArray()).toEqual(Array(2).fill([1, 1, 1]));
    expect(w.storage.version).toBe(0);
  });

  it.each<[string, (...x: never[]) => unknown, RegExp]>([
    ['no array', (w) => w, /^mine: its update must return an array of 1, .*, got an object with/],
    ['too few expressions', () => [], /^mine: its update must return an array of 1, .*, got \[\]/],
    ['too many', (w) => [w, w], /^mine: its update must return an array of 1/],
    ['something else', () => [3], /^mine: its update must return an array of 1, .*, got \[3\]/],
    ['nothing', () => undefined, /^mine: its update must return an array of 1, .*, got undefined/],
    [
      'a mistake',
      (w: { no: { such: 1 } }) => [w.no.such],
      /^mine: its update failed: TypeError: Cannot read/,
    ],
  ])('refuses an update that gives %s', (_, build, message) => {
    const w = ones([2]);
    const update = new FusedUpdate('mine', 1, 0, build as never);
    expect(() => update.run([w], [])).toThrow(ValueError);
    expect(() => update.run([w], [])).toThrow(message);
    expect(w.toArray()).toEqual([1, 1]);
  });

  it('is recorded where gradients are: with the same bits, and derivatives of any order', () => {
    const drawn = (): [Tensor, Tensor, Tensor] => {
      manualSeed(3);
      return [randn([3, 2]), randn([3, 2]), randn([2])];
    };
    const [w, v, g] = drawn();
    run(w, v, g);
    const given = drawn().map((x) => x.requiresGrad_()) as [Tensor, Tensor, Tensor];
    const recorded = given.map((x, i) => (i < 2 ? x.clone() : x)) as [Tensor, Tensor, Tensor];
    run(...recorded);
    expect(recorded.slice(0, 2).map((x) => bitsOf(x.detach()))).toEqual([w, v].map(bitsOf));
    expect(recorded.map((x) => x.storage.version)).toEqual([1, 1, 0]);

    const curved = new FusedUpdate('curved', 2, 1, (w, v, g, rate) => {
      const next = E.add(E.mul(v, v), E.mul(g, w));
      return [E.sub(w, E.mul(rate, E.div(g, E.sqrt(next)))), next];
    });
    const after = (w0: Tensor, v0: Tensor, g: Tensor): Tensor[] => {
      const [w, v] = [w0.clone(), v0.clone()];
      curved.runAll([[w, v, g]], [0.5]);
      curved.run([w, v, g], [0.25]);
      return [w, v];
    };
    const leaf = (x: number): Tensor => tensor([x, x + 0.25], { dtype: 'float64', requiresGrad: true });
    const inputs = [leaf(0.5), leaf(1.5), leaf(2)] as const;
    expect(autograd.gradcheck(after, inputs)).toBe(true);
    expect(autograd.gradgradcheck(after, inputs)).toBe(true);
  });

  it('is recorded of what shares memory with a target as it was before', () => {
    const step = new FusedUpdate('step', 1, 1, (w, g) => [E.mul(w, g)]);
    const after = (x: Tensor): Tensor => {
      const w = x.clone();
      step.run([w, w.view([3])], []);
      return w;
    };
    const x = tensor([0.5, -2, 3], { dtype: 'float64', requiresGrad: true });
    expect(after(x).tolist()).toEqual([0.25, 4, 9]);
    expect(autograd.gradcheck(after, [x])).toBe(true);
  });

  it('refuses a leaf while gradients are recorded', () => {
    const w = ones([2], { requiresGrad: true });
    expect(() => run(w, zeros([2]), ones([2]))).toThrow(/a leaf Variable that requires grad/);
    noGrad(() => run(w, zeros([2]), ones([2])));
    expect(w.detach().toArray()).toEqual([0.5, 0.5]);
  });

  describe('for several lists', () => {
    const step = new FusedUpdate('step', 2, 1, (w, v, g, lr, mu) => {
      const velocity = E.add(E.mul(mu, v), E.div(g, E.add(E.sqrt(E.abs(w)), 0.3)));
      return [E.sub(w, E.mul(lr, velocity)), velocity];
    });
    const numbers = [0.37, 0.9];
    const drawn = (seed: number, ...shape: number[]): Tensor[] => {
      manualSeed(seed);
      return [randn(shape), randn(shape), randn(shape)];
    };
    /** The same lists twice: one updated list by list, one all at once. */
    function expectAlike(make: () => Tensor[][]): void {
      const [single, together] = [make(), make()];
      for (const tensors of single) step.run(tensors, numbers);
      step.runAll(together, numbers);
      expect(together.flat().map((x) => [bitsOf(x), x.storage.version])).toEqual(
        single.flat().map((x) => [bitsOf(x), x.storage.version]),
      );
    }

    it('leaves the bits of one after another, whatever the sizes', () => {
      for (const sizes of [
        [1],
        [3, 1, 16, 17],
        [2047, 1, 2048, 2049, 5],
        [700, 700, 700, 700, 700],
        [0, 4, 0],
        [5000, 3],
      ])
        expectAlike(() => sizes.map((size, i) => drawn(i, size)));
    });

    it('leaves them where lists have different dtypes, layouts, and operands that broadcast', () => {
      expectAlike(() => [
        drawn(0, 3, 4),
        drawn(1, 5).map((x) => x.to('float64')),
        drawn(2, 6, 2).map((x) => x.t()),
        [...drawn(3, 4, 2).slice(0, 2), ones([1])],
        drawn(4, 9),
        drawn(5, 2).map((x) => x.to('float64')),
        drawn(6, 40).map((x) => x.narrow(0, 3, 20)),
      ]);
    });

    it('leaves them where a list reads or writes what another writes', () => {
      expectAlike(() => {
        const [[a, b, c], [d, e]] = [drawn(0, 8), drawn(1, 8)] as [Tensor[], Tensor[]];
        return [
          [a, b, c],
          [d, e, a],
          [a, e, b],
        ] as Tensor[][];
      });
      expectAlike(() => {
        const [whole] = drawn(2, 20) as [Tensor];
        const [v, w, g] = drawn(3, 12) as [Tensor, Tensor, Tensor];
        return [
          [whole.narrow(0, 0, 12), v, g],
          [whole.narrow(0, 8, 12), w, g],
        ];
      });
    });

    it('changes nothing where one of them does not fit', () => {
      const [a, b] = [drawn(0, 4), drawn(1, 4)];
      const before = a.map(bitsOf);
      expect(() => step.runAll([a, [...b.slice(0, 2), ones([3])]], numbers)).toThrow(
        /^step: expected a shape that/,
      );
      expect(() => step.runAll([a, b.slice(0, 2)], numbers)).toThrow(/^step: expected 3 tensors/);
      expect(() => step.runAll([a, b], [1])).toThrow(/^step: expected 3 tensors and 2 numbers/);
      expect(() => step.runAll(ones([2]) as never, numbers)).toThrow(
        /^step: lists: expected an array of lists of tensors/,
      );
      const leaf = ones([4], { requiresGrad: true });
      expect(() => step.runAll([a, [leaf, ...b.slice(1)]], numbers)).toThrow(
        /a leaf Variable that requires grad/,
      );
      expect(a.map(bitsOf)).toEqual(before);
    });

    it('shows observers each list as a call of its own, and runs compiled', () => {
      const seen: string[] = [];
      const stop = observe({ before: (name) => void seen.push(name) });
      step.runAll([drawn(0, 3), drawn(1, 4)], numbers);
      stop();
      expect(seen.filter((name) => name === 'step')).toEqual(['step', 'step']);
      expectSameBits(() => {
        const lists = [drawn(0, 3), drawn(1, 4)];
        return { call: () => step.runAll(lists, numbers), state: () => lists.flat() };
      });
    });
  });
});
