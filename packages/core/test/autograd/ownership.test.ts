/** What user code has seen of a gradient is never written again, whichever way it went out. */
import { describe, expect, it } from 'vitest';
import {
  apply,
  applyMulti,
  applyView,
  autograd,
  defineMulti,
  definePrimitive,
  defineView,
  elementsOf,
  fusedCrossEntropy,
  noGrad,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const double = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64' });
const leaf = (data: number | number[]): Tensor => double(data).requiresGrad_();
const values = (x: Tensor | null): unknown => x?.toArray() ?? null;

/** Keeps tensors, and what they held when they were seen. */
class Keeper {
  readonly #kept: { readonly x: Tensor; readonly atFirst: unknown }[] = [];

  readonly see = <T extends Tensor | null>(x: T): T => {
    if (x !== null) this.#kept.push({ x, atFirst: values(x) });
    return x;
  };

  get count(): number {
    return this.#kept.length;
  }

  expectUnchanged(): void {
    for (const { x, atFirst } of this.#kept) expect(values(x)).toEqual(atFirst);
  }
}

const copy = (inputs: readonly Tensor[], _: unknown, outs: readonly Tensor[]): void => {
  inputs.forEach((x, i) => {
    elementsOf(outs[i]!).set(elementsOf(x));
  });
};
const like = ({ shape, dtype }: Tensor) => ({ shape, dtype });

/** x again, by a primitive with this derivative. */
const same = (x: Tensor, derivative: (g: Tensor) => Tensor): Tensor =>
  apply(
    definePrimitive({
      name: 'same',
      saves: 0,
      infer: ([a]) => like(a),
      kernel: (inputs, attrs, out) => copy(inputs, attrs, [out]),
      derivative: (g) => [derivative(g)],
    }),
    [x],
    undefined,
  );

/** Each is the identity, `see` sees what it can of the gradients, and some keep the gradients that they return. */
const waysOut: Record<string, (x: Tensor, see: Keeper['see']) => Tensor> = {
  'a hook on a result': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => void see(g));
    return y;
  },
  'a hook that returns what it keeps': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => see(g.clone()));
    return y.add(0);
  },
  'a hook that returns what it was given': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => see(g));
    return y;
  },
  'the second of two hooks': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => g.mul(1));
    y.registerHook((g) => void see(g));
    return y;
  },
  'a hook that keeps a view': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => void see(g.view(2, 1)));
    return y;
  },
  'a hook on a view': (x, see) => {
    const y = x.view(2, 1);
    y.registerHook((g) => void see(g));
    return y.view(2);
  },
  'a hook on the leaf': (x, see) => {
    x.registerHook((g) => void see(g));
    return x.add(0);
  },
  'a custom function': (x, see) =>
    autograd.defineFunction({
      forward: (_, a: Tensor) => a.clone(),
      backward: (_, g) => see(see(g).add(0)),
    })(x),
  'a custom function that returns what it was given': (x, see) =>
    autograd.defineFunction({
      forward: (_, a: Tensor) => a.clone(),
      backward: (_, g) => see(g),
    })(x),
  'a custom function that returns what it saved': (x, see) => {
    const kept = see(double([1, 1]));
    return autograd.defineFunction({
      forward(ctx, a: Tensor) {
        ctx.saveForBackward(kept);
        return a.clone();
      },
      backward: (ctx, g) => ((values(g) as number[]).every((v) => v === 1) ? ctx.savedTensors[0] : g.clone()),
    })(x);
  },
  'a custom function that keeps zeros made for it': (x, see) =>
    autograd.defineFunction({
      forward: (_, a: Tensor): [Tensor, Tensor] => [a.clone(), a.clone()],
      backward: (_, g, zeros) => see(see(zeros).add(see(g))),
    })(x)[0],
  'a function that is differentiable once': (x, see) =>
    autograd.defineFunction({
      forward: (_, a: Tensor) => a.clone(),
      backward: autograd.onceDifferentiable((_, g: Tensor) => see(see(g).clone())),
    })(x),
  'the derivative of a primitive': (x, see) => same(x, (g) => see(see(g).clone())),
  'the derivative of a primitive that passes on what it was given': (x, see) => same(x, (g) => see(g)),
  'the derivative of a primitive with several results': (x, see) =>
    applyMulti(
      defineMulti<undefined, [Tensor], [Tensor, Tensor]>({
        name: 'twice',
        saves: 0,
        infer: ([a]) => [like(a), like(a)],
        kernel: ([a], attrs, outs) => copy([a, a], attrs, outs),
        derivative: ([g, other]) => [see(see(g)!.add(see(other) ?? 0))],
      }),
      [x],
      undefined,
    )[0],
  'the derivative of a view': (x, see) =>
    applyView(
      defineView({
        name: 'whole',
        alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
        derivative: (g) => see(g),
      }),
      x,
      undefined,
    ),
  'a hook inside a checkpoint': (x, see) =>
    autograd.checkpoint((a: Tensor) => {
      const y = a.add(0);
      if (y.requiresGrad) y.registerHook((g) => void see(g));
      return y.add(0);
    }, x),
  'a hook on what a checkpoint is given': (x, see) => {
    const y = x.add(0);
    y.registerHook((g) => void see(g));
    return autograd.checkpoint((a: Tensor) => a.add(0), y);
  },
};

describe('what user code has seen is not written again', () => {
  for (const createGraph of [false, true]) {
    for (const [name, wayOut] of Object.entries(waysOut)) {
      // `onceDifferentiable` refuses to be part of a graph of gradients that is walked: that graph is not walked here.
      it(`by ${name}${createGraph ? ', under createGraph' : ''}`, () => {
        const keeper = new Keeper();
        const x = leaf([1, 2]);
        const h = x.add(0);
        // Uses made earlier add their gradients later.
        const early = h.mul(5).add(h).add(x.mul(2)).add(x);
        const y = wayOut(h, keeper.see);
        const leafSide = wayOut(x, keeper.see);
        // One gradient goes to a tensor with an earlier use and to what user code sees of it.
        const beside = x.add(0);
        const earlier = beside.mul(2);
        const shared = beside.add(wayOut(x, keeper.see)).mul(1);
        const late = y.add(y.mul(3)).add(leafSide).add(earlier).add(shared);
        // Not the gradient that is given, but one of the pass's own goes round.
        const total = early.add(late).mul(1);
        const gradient = double([1, 1]);
        for (let pass = 1; pass <= 2; pass++) {
          total.backward({ gradient, retainGraph: true, createGraph });
          const each = 5 + 1 + 2 + 1 + (1 + 3) + 1 + 2 + 2;
          expect(values(x.grad)).toEqual([pass * each, pass * each]);
        }
        expect(keeper.count).toBeGreaterThan(0);
        keeper.expectUnchanged();
        noGrad(() => x.grad!.detach().fill_(77));
        keeper.expectUnchanged();
        expect(values(gradient)).toEqual([1, 1]);
      });
    }
  }

  it('where it is the gradient that backward was given', () => {
    const x = leaf([1, 2]);
    const gradient = double([1, 1]);
    const root = x.view(2);
    autograd.backward([x, root, root.add(0), root.mul(2)], [gradient, gradient, gradient, gradient]);
    expect(values(x.grad)).toEqual([5, 5]);
    noGrad(() => x.grad!.fill_(77));
    expect(values(gradient)).toEqual([1, 1]);
    x.grad = null;
    autograd.backward([x], [gradient]);
    expect(x.grad!.storage).not.toBe(gradient.storage);
  });

  it('where grad returned it', () => {
    const x = leaf([1, 2]);
    const h = x.add(0);
    const early = h.mul(5).add(h.view(2));
    const k = h.add(0);
    const total = early.add(k.add(k.view(2)));
    const gradOutputs = double([1, 1]);
    const keeper = new Keeper();
    for (let pass = 0; pass < 2; pass++) {
      const found = autograd.grad(total, [x, h, k, total, x], { gradOutputs, retainGraph: true });
      expect(found.map(values)).toEqual([8, 8, 2, 1, 8].map((v) => [v, v]));
      found.forEach(keeper.see);
      total.backward({ gradient: gradOutputs, retainGraph: true });
    }
    noGrad(() => x.grad!.fill_(77));
    keeper.expectUnchanged();
  });

  it('where a tensor retains it: each pass makes a new one', () => {
    const x = leaf([1, 2]);
    const h = x.add(0);
    const early = x.mul(5);
    h.retainGrad();
    const total = early.add(h).add(h.mul(2));
    total.sum().backward({ retainGraph: true });
    const first = h.grad!;
    expect(values(first)).toEqual([3, 3]);
    total.sum().backward({ inputs: [h], retainGraph: true });
    expect(values(h.grad)).toEqual([6, 6]);
    expect(h.grad === first).toBe(false);
    noGrad(() => h.grad!.fill_(77));
    total.sum().backward();
    expect(values(first)).toEqual([3, 3]);
    expect(values(x.grad)).toEqual([16, 16]);
  });

  it('where a derivative keeps one tensor for all of its calls', () => {
    const cached = double([1, 1]);
    const kept = definePrimitive<undefined, [Tensor, Tensor]>({
      name: 'kept',
      saves: 0,
      infer: ([a]) => like(a),
      kernel: ([a], attrs, out) => copy([a], attrs, [out]),
      derivative: () => [cached, cached],
    });
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    for (let pass = 1; pass <= 3; pass++) {
      const early = x.add(y.mul(2));
      early
        .add(apply(kept, [x, y], undefined))
        .sum()
        .backward();
      expect(values(x.grad)).toEqual([2 * pass, 2 * pass]);
      expect(values(y.grad)).toEqual([3 * pass, 3 * pass]);
      expect(values(cached)).toEqual([1, 1]);
    }
  });
});

describe('gradients that nobody has seen', () => {
  it('become the .grad of a leaf without a copy, and are added to in place', () => {
    const x = leaf([1, 2]);
    x.mul(3).sum().backward();
    const first = x.grad!;
    x.mul(4).sum().backward();
    expect(x.grad).toBe(first);
    expect(values(first)).toEqual([7, 7]);
    // Under createGraph the old value stays, since the new one is recorded as computed from it.
    x.mul(x).sum().backward({ createGraph: true });
    expect(values(first)).toEqual([7, 7]);
    expect(values(x.grad!.detach())).toEqual([9, 11]);
  });

  it('do so too where a primitive says that its derivative keeps nothing', () => {
    const made: Tensor[] = [];
    const primitive = (keepsNothing: boolean) =>
      definePrimitive({
        name: 'kept',
        saves: 0,
        keepsNothing,
        infer: ([a]) => like(a),
        kernel: (inputs, attrs, out) => copy(inputs, attrs, [out]),
        derivative: (g) => [(made[0] = g.mul(2))],
      });
    for (const keepsNothing of [true, false]) {
      const x = leaf([1, 2]);
      apply(primitive(keepsNothing), [x], undefined).sum().backward();
      expect(values(x.grad)).toEqual([2, 2]);
      expect(x.grad!.storage === made[0]!.storage).toBe(keepsNothing);
    }
  });

  it.each([20, 3000])(
    'leave their memory, of %i numbers, to other tensors on the way, unless user code may have seen them',
    (n) => {
      const gradientSeen = (keepsNothing: boolean, see: (x: Tensor) => Tensor): Tensor => {
        const seen: Tensor[] = [];
        const identity = definePrimitive({
          name: 'identity',
          saves: 0,
          keepsNothing,
          infer: ([a]) => like(a),
          kernel: (inputs, attrs, out) => copy(inputs, attrs, [out]),
          derivative(g) {
            seen.push(g);
            return [g.mul(3)];
          },
        });
        const x = zeros(n, { dtype: 'float64', requiresGrad: true });
        see(apply(identity, [x], undefined))
          .mul(2)
          .sum()
          .backward();
        expect(values(x.grad)).toEqual(Array(n).fill(6));
        return seen[0]!;
      };
      const hooked = (y: Tensor): Tensor => {
        y.registerHook(() => {});
        return y;
      };
      const retained = (y: Tensor): Tensor => {
        y.retainGrad();
        return y;
      };
      for (const g of [gradientSeen(true, (y) => y), gradientSeen(true, retained)])
        expect(() => g.toArray()).toThrow(/has since given its memory to other tensors/);
      for (const g of [gradientSeen(false, (y) => y), gradientSeen(true, hooked)])
        expect(values(g)).toEqual(Array(n).fill(2));
    },
  );

  it('are not shared by the inputs that they go to', () => {
    const [x, y, z] = [leaf([1, 2]), leaf([3, 4]), leaf([5, 6])];
    x.add(y).add(z.view(2)).mul(2).sum().backward();
    noGrad(() => x.grad!.fill_(77));
    noGrad(() => y.grad!.fill_(78));
    expect([x, y, z].map((t) => values(t.grad))).toEqual([
      [77, 77],
      [78, 78],
      [2, 2],
    ]);
  });

  it('are not added up in place with views of themselves', () => {
    const w = tensor([
      [1, 2],
      [3, 4],
    ]).to('float64');
    const x = w.clone().requiresGrad_();
    const h = x.add(0);
    h.add(h.t()).add(h.flip(0)).mul(w).sum().backward();
    expect(values(x.grad)).toEqual([
      [1 + 1 + 3, 2 + 3 + 4],
      [3 + 2 + 1, 4 + 4 + 2],
    ]);
  });

  it('are copied under createGraph, where they belong to a graph of their own', () => {
    const x = leaf([1, 2]);
    x.pow(3).sum().backward({ createGraph: true });
    const first = x.grad!;
    expect(first.gradFn!.name).toBe('CloneBackward0');
    x.mul(1).sum().backward();
    expect(values(autograd.grad(first.sum(), x)[0]!)).toEqual([6, 12]);
  });

  it('may be a saved result that the derivative gives away, once', () => {
    const x = tensor([[1, 2, 3]], { dtype: 'float32', requiresGrad: true });
    const rows = { dim: 1, ignoreIndex: -100, labelSmoothing: 0, reduction: 'mean', caller: 'test' } as const;
    const loss = fusedCrossEntropy(x, tensor([2]), null, rows);
    const walk = (createGraph: boolean): unknown => {
      x.grad = null;
      loss.backward({ retainGraph: true, createGraph });
      const found = x.grad!.detach().mul(1e4).round().toArray();
      expect(x.grad!.requiresGrad).toBe(createGraph);
      noGrad(() => x.grad!.fill_(77));
      return found;
    };
    const expected = [[900, 2447, -3348]];
    expect([walk(false), walk(false), walk(true), walk(false)]).toEqual(Array(4).fill(expected));
    const other = fusedCrossEntropy(x, tensor([2]), null, rows);
    const [dx] = autograd.grad(other, x, { createGraph: true });
    expect(autograd.grad(dx!.square().sum(), x)[0]!.requiresGrad).toBe(false);
  });

  it('of expanded results are written out for the leaf', () => {
    const x = leaf([1, 2, 3]);
    x.sum().backward();
    noGrad(() => x.grad!.mul_(tensor([1, 2, 3], { dtype: 'float64' })));
    expect(values(x.grad)).toEqual([1, 2, 3]);
  });
});

describe('.grad', () => {
  it('takes null and tensors of the same shape and dtype', () => {
    const x = leaf([1, 2]);
    const g = double([3, 4]);
    x.grad = g;
    expect(x.grad).toBe(g);
    x.mul(2).sum().backward();
    // What was assigned is the leaf's own from then on, as in PyTorch.
    expect(values(g)).toEqual([5, 6]);
    x.grad = null;
    expect(x.grad).toBeNull();
    const integers = tensor([1, 2]);
    integers.grad = tensor([3, 4]);
    expect(values(integers.grad)).toEqual([3, 4]);
    const expanded = double([1]).expand(2);
    x.grad = expanded;
    expect(x.grad).toBe(expanded);
  });

  it('refuses all else, and keeps what it had', () => {
    const x = leaf([1, 2]);
    const g = double([3, 4]);
    x.grad = g;
    const assign = (value: unknown) => () => {
      x.grad = value as Tensor;
    };
    expect(assign(double([1, 2, 3]))).toThrow(
      /^grad: attempting to assign a gradient of size \[3\] to a tensor of size \[2\]/,
    );
    expect(assign(double(1))).toThrow(/of size \[\] to a tensor of size \[2\]/);
    expect(assign(double([1, 2]).view(2, 1))).toThrow(/of size \[2, 1\] to a tensor of size \[2\]/);
    expect(assign(tensor([1, 2], { dtype: 'float32' }))).toThrow(
      /^grad: attempting to assign a gradient with dtype float32 to a tensor with dtype float64; convert it with to\('float64'\)/,
    );
    expect(assign(x)).toThrow("grad: can't assign a tensor as its own grad");
    const kinds = [
      [3, 'number'],
      [[1, 2], 'an array'],
      ['x', 'string'],
      [undefined, 'undefined'],
      [{}, 'object'],
      [new Proxy(double([1, 2]), {}), 'a Proxy of a Tensor'],
      [Object.create(double([1, 2])), 'a Proxy of a Tensor, or an object with its prototype'],
    ];
    for (const [value, kind] of kinds) {
      expect(assign(value)).toThrow(
        `grad: assigned grad expected to be a Tensor or null but got ${kind as string}`,
      );
    }
    expect(x.grad).toBe(g);
  });
});
