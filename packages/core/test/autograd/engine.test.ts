import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  add,
  apply,
  autograd,
  cat,
  definePrimitive,
  elementsOf,
  noGrad,
  observe,
  ones,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

const leaf = (data: number | number[] | number[][]): Tensor =>
  tensor(data, { dtype: 'float64', requiresGrad: true });
const values = (x: Tensor | null): unknown => x?.toArray() ?? null;

describe('backward', () => {
  it('adds to the gradients of leaves, over calls and over uses', () => {
    const x = leaf([1, 2]);
    x.mul(3).sum().backward();
    expect(values(x.grad)).toEqual([3, 3]);
    x.mul(x).sum().backward();
    expect(values(x.grad)).toEqual([5, 7]);
    x.add(x).add(x).sum().backward();
    expect(values(x.grad)).toEqual([8, 10]);
  });

  it('gives no gradient to intermediate results and to tensors that do not require one', () => {
    const x = leaf([1, 2]);
    const constant = tensor([3, 4], { dtype: 'float64' });
    const y = x.mul(constant);
    y.sum().backward();
    expect(y.grad).toBeNull();
    expect(constant.grad).toBeNull();
    expect(values(x.grad)).toEqual([3, 4]);
  });

  it('walks diamonds once, and deep chains without recursion', () => {
    const x = leaf(2);
    const a = x.mul(x);
    const b = a.mul(3);
    const c = a.exp();
    b.mul(c).backward();
    expect(values(x.grad)).toBeCloseTo(3 * Math.exp(4) * (2 * 2 + 2 * 8), 9);

    const y = leaf(1);
    let z: Tensor = y;
    for (let i = 0; i < 20_000; i++) z = z.add(0);
    z.backward();
    expect(values(y.grad)).toBe(1);
  });

  it('sums over what was broadcast, and converts to the dtype of the input', () => {
    const x = tensor([[1], [2]], { dtype: 'float32', requiresGrad: true });
    const y = leaf([1, 2, 3]);
    x.mul(y).sum().backward();
    expect(x.grad!.dtype).toBe('float32');
    expect(values(x.grad)).toEqual([[6], [6]]);
    expect(values(y.grad)).toEqual([3, 3, 3]);
  });

  it('takes a gradient for tensors of several elements, in any float dtype', () => {
    const x = leaf([1, 2]);
    x.mul(2).backward({ gradient: tensor([10, 100]) });
    expect(values(x.grad)).toEqual([20, 200]);
    expect(x.grad!.dtype).toBe('float64');
  });

  it('needs a gradient unless there is one element', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(/grad can be implicitly created only for scalar outputs/);
    expect(() => x.mul(2).backward({ gradient: ones(3) })).toThrow(
      'Mismatch in shape: gradient 0 has a shape of [3] and output 0 has a shape of [2].',
    );
    leaf([[1]])
      .mul(2)
      .backward();
  });

  it('says which root has no graph', () => {
    expect(() => tensor([1.5]).backward()).toThrow(
      /element 0 of tensors does not require grad and does not have/,
    );
    const x = leaf(1);
    const y = noGrad(() => x.mul(2));
    expect(() => autograd.backward([x.mul(1), y])).toThrow(/element 1 of tensors does not require grad/);
  });

  it('frees the graph unless it is retained', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(values(x.grad)).toEqual([4, 8]);
    expect(() => y.backward()).toThrow(/Trying to backward through the graph a second time/);
    const linear = x.add(1).sum();
    linear.backward();
    linear.backward();
    expect(values(x.grad)).toEqual([6, 10]);
  });

  it('starts from several roots, also from a leaf', () => {
    const x = leaf(3);
    autograd.backward([x.mul(x), x, x.mul(2)], [null, tensor(10), tensor(100)]);
    expect(values(x.grad)).toBe(6 + 10 + 200);
  });

  it('adds gradients to the given inputs only, intermediate ones too', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    const h = a.mul(2);
    h.mul(h)
      .mul(b)
      .sum()
      .backward({ inputs: [h, b] });
    expect(values(h.grad)).toEqual([12, 32]);
    expect(values(b.grad)).toEqual([4, 16]);
    expect(a.grad).toBeNull();
    expect(() => a.sum().backward({ inputs: [] })).toThrow(
      '`inputs` argument to `backward()` cannot be empty.',
    );
  });

  it('gives leaves gradients that nobody else holds', () => {
    for (const createGraph of [false, true]) {
      const a = leaf([1, 2]);
      const b = leaf([3, 4]);
      const root = a.add(b);
      const gradient = tensor([1, 1], { dtype: 'float64' });
      root.backward({ gradient, createGraph });
      noGrad(() => {
        a.grad!.mul_(100);
        b.grad!.add_(5);
      });
      expect(values(a.grad)).toEqual([100, 100]);
      expect(values(b.grad)).toEqual([6, 6]);
      expect(values(gradient)).toEqual([1, 1]);
    }
  });

  it('gives slices of one gradient to the inputs of cat without tying them together', () => {
    const a = leaf([1, 2]);
    const b = leaf([3]);
    const c = leaf([4, 5]);
    cat([a, b, c, a]).mul(2).sum().backward();
    for (const x of [a, b, c]) noGrad(() => x.grad!.zero_());
    expect([a, b, c].map((x) => values(x.grad))).toEqual([[0, 0], [0], [0, 0]]);
  });

  it('keeps what hooks and users hold when it adds gradients in place', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const seen: Tensor[] = [];
    autograd.registerHook(y, (g) => {
      seen.push(g);
    });
    y.add(y.mul(2)).add(x).sum().backward();
    expect(values(seen[0]!)).toEqual([3, 3]);
    expect(values(x.grad)).toEqual([4, 4]);
    const before = x.grad!;
    x.sum().backward();
    expect(x.grad).toBe(before);
  });

  it('goes on where a hook walks the same graph', () => {
    const x = tensor([1.5, 2], { requiresGrad: true });
    const h = x.mul(3);
    const part = h.exp().sum();
    const y = part.add(h.mul(h).sum());
    const gradient = (of: Tensor) => autograd.grad(of, [x], { retainGraph: true })[0]!.toArray();
    const [ofPart, ofAll] = [gradient(part), gradient(y)];
    let inside: unknown = null;
    const handle = h.registerHook(() => {
      handle.remove();
      inside = gradient(part);
    });
    y.backward({ retainGraph: true });
    expect(x.grad!.toArray()).toEqual(ofAll);
    expect(inside).toEqual(ofPart);
  });

  it('passes errors inside derivatives on, and works afterwards', () => {
    const x = leaf([1, 2]);
    const failing = autograd.defineFunction({
      forward: (_ctx, x: Tensor) => x.mul(2),
      backward: (): Tensor => {
        throw new Error('from the user');
      },
    });
    expect(() => failing(x).sum().backward()).toThrow('from the user');
    expect(autograd.isGradEnabled()).toBe(true);
    x.sum().backward();
    expect(values(x.grad)).toEqual([1, 1]);
  });

  it('can be walked again after an error in a part of it', () => {
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    let fail = true;
    const failing = autograd.defineFunction({
      forward: (_ctx, a: Tensor, b: Tensor) => a.mul(b),
      backward: (_ctx, g): [Tensor, Tensor] => {
        if (fail) throw new Error('from the user');
        return [g.mul(2), g.mul(3)];
      },
    });
    const y = failing(x.mul(1), w).sum();
    expect(() => autograd.grad(y, x, { retainGraph: true })).toThrow('from the user');
    expect(() => y.backward({ retainGraph: true })).toThrow('from the user');
    fail = false;
    // The part that was asked for is forgotten: both get their gradients.
    y.backward();
    expect([values(x.grad), values(w.grad)]).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  it('tells a derivative which gradients are wanted by this walk, and by the next', () => {
    const wanted: boolean[][] = [];
    const product = definePrimitive<undefined, [Tensor, Tensor]>({
      name: 'product',
      infer: ([{ shape, dtype }]) => ({ shape, dtype }),
      kernel([a, b], _, out) {
        const [left, right, result] = [elementsOf(a), elementsOf(b), elementsOf(out)];
        for (let i = 0; i < out.count; i++) result[i] = left[i]! * right[i]!;
      },
      derivative(g, node) {
        wanted.push([node.needs(0), node.needs(1)]);
        return [node.needs(0) ? g.mul(node.input(1)) : null, node.needs(1) ? g.mul(node.input(0)) : null];
      },
    });
    const [x, w] = [leaf([1, 2]), leaf([3, 4])];
    const y = apply(product, [x, w], undefined).sum();
    autograd.grad(y, w, { retainGraph: true });
    y.backward({ inputs: x, retainGraph: true });
    y.backward();
    expect(wanted).toEqual([
      [false, true],
      [true, false],
      [true, true],
    ]);
    expect([values(x.grad), values(w.grad)]).toEqual([
      [6, 8],
      [1, 2],
    ]);
  });

  it('runs nodes from the youngest on, whatever order the edges have', () => {
    // `late` is met first, as the last input, and is older than `z`, which adds to its gradient.
    const x = leaf(2);
    const late = x.mul(3);
    const z = late.mul(late);
    const order: string[] = [];
    for (const [name, t] of Object.entries({ x, late, z }))
      autograd.registerHook(t, () => void order.push(name));
    cat([late.view(1), z.view(1), late.view(1)])
      .sum()
      .backward();
    expect(order).toEqual(['z', 'late', 'x']);
    expect(values(x.grad)).toBe(3 * (2 * 6 + 2));
    const wide = leaf(1);
    let chains = [wide.mul(1), wide.mul(2), wide.mul(3)];
    for (let i = 0; i < 5; i++)
      chains = [chains[2]!.add(chains[0]!), chains[0]!.add(chains[1]!), chains[1]!.add(0)];
    autograd.backward(chains);
    const slope = values(wide.grad) as number;
    expect(chains.reduce((sum, t) => sum + t.item(), 0)).toBe(slope);
  });

  it('ignores roots and inputs that are the same tensor, and gives each its part', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    autograd.backward(
      [y, y, x],
      [ones(2), ones(2), ones(2)].map((g) => g.to('float64')),
    );
    expect(values(x.grad)).toEqual([7, 7]);
  });

  it('leaves a root that is a leaf alone where other inputs are asked for', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    let calls = 0;
    autograd.registerHook(x, () => void calls++);
    const ones64 = ones(2, { dtype: 'float64' });
    autograd.backward([x, y], [ones64, ones64], { inputs: y });
    expect([values(x.grad), values(y.grad), calls]).toEqual([null, [1, 1], 0]);
    expect(autograd.grad([x, y], y, { gradOutputs: [ones64, ones64] }).map(values)).toEqual([[1, 1]]);
    expect(calls).toBe(0);
  });

  it('records sums of gradients, of views of them too, under createGraph', () => {
    const x = leaf([1, 2]);
    const h = x.mul(x);
    const early = h.mul(h);
    const later = h.view(2, 1).mul(h.view(2, 1)).view(2);
    const y = early.add(later).sum();
    const [dx] = autograd.grad(y, x, { createGraph: true });
    // y = 2x⁴
    expect(values(dx!)).toEqual([8, 64]);
    expect(values(autograd.grad(dx!.sum(), x)[0]!)).toEqual([24, 96]);
  });

  it('releases the nodes that ran, and no others', () => {
    const x = leaf([1, 2]);
    const a = x.mul(x);
    const b = a.mul(a);
    autograd.grad(b.sum(), a);
    expect(() => b.sum().backward()).toThrow(/a second time/);
    a.sum().backward();
    expect(values(x.grad)).toEqual([2, 4]);
  });

  it('reports multiple outputs of which some are unused', () => {
    const x = leaf([3, 1, 2]);
    const { values: sorted } = x.sort();
    sorted.select(0, 0).backward();
    expect(values(x.grad)).toEqual([0, 1, 0]);
    const y = leaf([1, 2, 3]);
    const [, second] = y.unbind();
    second!.mul(5).backward();
    expect(values(y.grad)).toEqual([0, 5, 0]);
  });
});

describe('grad', () => {
  it('returns gradients without touching .grad', () => {
    const x = leaf([1, 2]);
    const y = leaf([3, 4]);
    const [dx, dy] = autograd.grad(x.mul(y).sum(), [x, y]);
    expect(values(dx!)).toEqual([3, 4]);
    expect(values(dy!)).toEqual([1, 2]);
    expect(x.grad).toBeNull();
  });

  it('differentiates by intermediate results, and only as far back as needed', () => {
    const x = leaf(2);
    const a = x.mul(x);
    const b = a.exp();
    const c = b.mul(a);
    expect(values(autograd.grad(c, a, { retainGraph: true })[0]!)).toBeCloseTo(Math.exp(4) * 5, 9);
    // x's part of the graph did not run: it is still there.
    a.backward();
    expect(values(x.grad)).toBe(4);
  });

  it('computes no gradients that are not asked for', () => {
    const [x, w] = [leaf([[1, 2]]), leaf([[3], [4]])];
    const names: string[] = [];
    const y = x.mm(w).sum();
    const stop = observe({ before: (name) => void names.push(name) });
    const [dx] = autograd.grad(y, x);
    stop();
    expect(values(dx!)).toEqual([[3, 4]]);
    expect(names.filter((name) => name === 'mm')).toHaveLength(1);
  });

  it('gives null for unused inputs where that is allowed', () => {
    const x = leaf(1);
    const y = leaf(2);
    expect(() => autograd.grad(x.mul(2), [x, y])).toThrow(/Tensor at index 1 appears to not have been used/);
    expect(autograd.grad(x.mul(2), [x, y], { allowUnused: true })[1]).toBeNull();
    const [used, unused] = autograd.grad(x.mul(2), [x, y], { materializeGrads: true });
    expect([values(used), values(unused)]).toEqual([2, 0]);
    expect(() => autograd.grad(x.mul(2), [x], { allowUnused: false, materializeGrads: true })).toThrow(
      'grad: allowUnused: expected true, or nothing, with materializeGrads: true',
    );
    expect(() => autograd.grad(x.mul(2), [tensor(1.5)])).toThrow(/does not require grad/);
  });

  it('sums over outputs, weighted by gradOutputs', () => {
    const x = leaf([1, 2]);
    const gradOutputs = [tensor([1, 10]), null];
    expect(values(autograd.grad([x.mul(2), x.sum()], x, { gradOutputs })[0]!)).toEqual([3, 21]);
  });

  it('takes the same input twice, and a root as input', () => {
    const x = leaf(3);
    const y = x.mul(x);
    const found = autograd.grad(y, [x, y, x]);
    expect(found.map(values)).toEqual([6, 1, 6]);
  });

  it('computes third derivatives', () => {
    const x = leaf([2, 3]);
    const [d1] = autograd.grad(x.pow(4).sum(), x, { createGraph: true });
    const [d2] = autograd.grad(d1!.sum(), x, { createGraph: true });
    const [d3] = autograd.grad(d2!.sum(), x);
    expect(values(d1!)).toEqual([32, 108]);
    expect(values(d2!)).toEqual([48, 108]);
    expect(values(d3!)).toEqual([48, 72]);
    expect(d2!.requiresGrad).toBe(true);
    expect(d3!.requiresGrad).toBe(false);
  });

  it('differentiates through the gradient of a gradient penalty', () => {
    const w = leaf([1, 2]);
    const x = leaf([3, 4]);
    const [dx] = autograd.grad(w.mul(x).mul(x).sum(), x, { createGraph: true });
    dx!.mul(dx!).sum().backward();
    // dx = 2wx, so the penalty is 4w²x².
    expect(values(w.grad)).toEqual([8 * 1 * 9, 8 * 2 * 16]);
    expect(values(x.grad)).toEqual([8 * 1 * 3, 8 * 4 * 4]);
  });

  it('differentiates by the gradient that was put in', () => {
    const x = leaf([1, 2]);
    const v = leaf([1, 1]);
    const [vjp] = autograd.grad(x.pow(3), x, { gradOutputs: v, createGraph: true });
    const [byV] = autograd.grad(vjp!.sum(), v);
    expect(values(byV!)).toEqual([3, 12]);
  });
});

describe('in-place changes', () => {
  it('of leaves and their views are refused', () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(
      /a leaf Variable that requires grad is being used in an in-place operation/,
    );
    expect(() => x.select(0, 0).add_(1)).toThrow(/a view of a leaf Variable that requires grad/);
    noGrad(() => x.add_(1));
    noGrad(() => x.select(0, 0).mul_(10));
    expect(values(x)).toEqual([20, 3]);
  });

  it('get the gradient of the new value', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.mul_(tensor([2, 10], { dtype: 'float64' }));
    y.add_(x);
    y.sum().backward();
    expect(values(x.grad)).toEqual([7, 31]);
  });

  it('of saved tensors are named by the operation that saved them', () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const z = y.mul(2);
    y.add_(1);
    expect(() => y.sum().backward()).toThrow(
      /modified by an inplace operation: the output of ExpBackward0, float64 \[2\], is at version 1; expected version 0/,
    );
    expect(z.requiresGrad).toBe(true);
    const a = x.mul(1);
    const b = a.mul(a);
    a.add_(1);
    expect(() => b.sum().backward()).toThrow(/input [01] of MulBackward0/);
  });

  it('of tensors that no derivative reads are fine', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.add(1);
    y.mul_(100);
    z.sum().backward();
    expect(values(x.grad)).toEqual([2, 2]);
  });

  it('through a view, of saved memory, are noticed', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const z = y.mul(y);
    noGrad(() => y.select(0, 0).zero_());
    expect(() => z.sum().backward()).toThrow(/modified by an inplace operation/);
  });

  it('make views of a tensor require gradients also where these had none', () => {
    const buffer = zeros(2, { dtype: 'float64' });
    const view = buffer.select(0, 0);
    buffer.add_(leaf([1, 2]));
    expect(view.mul(2).requiresGrad).toBe(true);
    expect(noGrad(() => values(view.mul(2)))).toBe(2);
  });

  it('of a tensor outside a graph by one inside give it a graph', () => {
    const x = leaf([1, 2]);
    const buffer = zeros(2, { dtype: 'float64' });
    buffer.add_(x.mul(3));
    expect(buffer.requiresGrad).toBe(true);
    buffer.sum().backward();
    expect(values(x.grad)).toEqual([3, 3]);
  });

  it('are checked before anything is written', () => {
    const x = leaf([1, 2]);
    expect(() => x.mul_(5)).toThrow(AutogradError);
    expect(values(x)).toEqual([1, 2]);
  });
});

describe('detach', () => {
  it('shares memory, cuts the graph, and lets saved tensors notice changes', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x);
    const d = y.detach();
    expect(d.requiresGrad).toBe(false);
    expect(d.isLeaf).toBe(true);
    x.mul(d).sum().backward();
    expect(values(x.grad)).toEqual([1, 4]);
    const e = x.exp();
    e.detach().zero_();
    expect(() => e.sum().backward()).toThrow(/modified by an inplace operation/);
  });
});

describe('printing', () => {
  it('shows the node that made a tensor', () => {
    const x = leaf([1, 2]);
    expect(String(x.mul(2))).toContain('grad_fn=<MulBackward0>');
    expect(String(add(x, 1).sum())).toContain('grad_fn=<SumBackward0>');
    expect(x.mul(2).gradFn).toBeInstanceOf(autograd.Node);
  });
});
