/** What is recorded of operations: places in the graph, versions, flags of views, names. */
import { describe, expect, it } from 'vitest';
import {
  apply,
  applyInPlace,
  applyMulti,
  autograd,
  composed,
  defineMulti,
  definePrimitive,
  defineView,
  elementsOf,
  type GradNode,
  INPUT,
  inferenceMode,
  KindlingError,
  noGrad,
  OUTPUT,
  ones,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { applyView as ownApplyView } from '../../src/record/apply.ts';

const double = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });
const leaf = (data: number | number[] | number[][]): Tensor => double(data).requiresGrad_();
const values = (x: Tensor | null | undefined): unknown => x?.toArray() ?? null;
const whole = defineView({
  name: 'whole',
  alias: ({ shape, strides, offset }) => ({ shape, strides, offset }),
});
const changed = /modified by an inplace operation/;

describe('operations with several results', () => {
  it('send each gradient to the result that it belongs to', () => {
    const x = leaf([3, 1, 2]);
    const parts = x.unbind();
    parts[2]!.mul(100).add(parts[0]!.mul(10)).backward();
    expect(values(x.grad)).toEqual([10, 0, 100]);
    const again = leaf([3, 1, 2]);
    // The parts themselves as roots, in another order.
    const roots = again.unbind();
    autograd.backward([roots[2]!, roots[1]!], [double(7), double(5)]);
    expect(values(again.grad)).toEqual([0, 5, 7]);
    expect(autograd.grad(again.unbind()[1]!.mul(2), again).map(values)).toEqual([[0, 2, 0]]);
  });

  it('find gradients of one of their results, by number', () => {
    const x = leaf([3, 1, 2]);
    const [first, second] = x.split(2);
    const y = first!.sum().add(second!.mul(5).sum());
    const found = autograd.grad(y, [second!, first!]);
    expect(found.map(values)).toEqual([[5], [1, 1]]);
  });

  it('have hooks, retained gradients and gradients by grad of each result alone', () => {
    const pair = defineMulti<undefined, [Tensor], readonly Tensor[]>({
      name: 'pair',
      saves: 0,
      infer: ([{ shape, dtype }]) => [
        { shape, dtype },
        { shape, dtype },
      ],
      kernel([x], _, outs) {
        for (const out of outs) elementsOf(out).set(elementsOf(x));
      },
      derivative: ([g, h]) => [(g ?? h!.mul(0)).add(h?.mul(10) ?? 0)],
    });
    for (const at of [0, 1]) {
      const x = leaf([1, 2]);
      const outs = applyMulti(pair, [x], undefined);
      const [one, other] = [outs[at]!, outs[1 - at]!];
      const seen: unknown[] = [];
      one.registerHook((g) => void seen.push(values(g)));
      one.retainGrad();
      expect([one.retainsGrad, other.retainsGrad]).toEqual([true, false]);
      const y = one.mul(3).add(other.mul(7)).sum();
      expect(autograd.grad(y, [one, other, one], { retainGraph: true }).map(values)).toEqual([
        [3, 3],
        [7, 7],
        [3, 3],
      ]);
      y.backward();
      const slope = at === 0 ? 3 + 70 : 7 + 30;
      expect([values(x.grad), values(one.grad), values(other.grad)]).toEqual([[slope, slope], [6, 6], null]);
      expect(seen).toEqual([
        [3, 3],
        [3, 3],
      ]);
      // A change in place takes what is retained along, to the number that the result has from then on.
      const again = applyMulti(pair, [leaf([1, 2])], undefined)[at]!;
      again.retainGrad();
      again.mul_(2);
      expect(again.retainsGrad).toBe(true);
      again.mul(5).sum().backward();
      expect(values(again.grad)).toEqual([5, 5]);
    }
  });

  it('let floats alone require a gradient', () => {
    const { values: sorted, indices } = leaf([3, 1, 2]).sort();
    expect([sorted.requiresGrad, indices.requiresGrad]).toEqual([true, false]);
    expect(indices.gradFn).toBeNull();
    expect(indices.isLeaf).toBe(true);
  });

  it('notice a change of the very result that the derivative reads', () => {
    const sorted = () => leaf([3, 1, 2]).mul(1).sort();
    const untouched = sorted();
    noGrad(() => untouched.values.zero_());
    untouched.values.sum().backward();
    const touched = sorted();
    touched.indices.zero_();
    expect(() => touched.values.sum().backward()).toThrow(changed);
    const largest = leaf([[1, 2]]).max(1);
    largest.indices.add_(1);
    expect(() => largest.values.sum().backward()).toThrow(changed);
  });

  it('give the derivative null for what was not used, and take the gradients of those that were', () => {
    const seen: unknown[] = [];
    const three = defineMulti<undefined, [Tensor], readonly Tensor[]>({
      name: 'three',
      saves: INPUT(0) | OUTPUT,
      infer: ([{ shape, dtype }]) => [
        { shape, dtype },
        { shape, dtype: 'int32' },
        { shape: [], dtype },
      ],
      kernel([x], _, outs) {
        elementsOf(outs[0]!).set(elementsOf(x));
        elementsOf(outs[1]!).fill(1);
        elementsOf(outs[2]!).fill(elementsOf(x)[0]!);
      },
      derivative(grads, node) {
        seen.push(grads.map(values), values(node.input(0)), values(node.output(2)));
        expect(node.outputShapes).toEqual([[2], [2], []]);
        expect(node.outputDtypes).toEqual(['float64', 'int32', 'float64']);
        return [grads[0] ?? node.input(0).mul(0)];
      },
    });
    const x = leaf([1, 2]);
    const outs = applyMulti(three, [x], undefined);
    expect(outs.map((y) => y.requiresGrad)).toEqual([true, false, true]);
    outs[2]!.mul(3).backward({ retainGraph: true });
    outs[0]!.sum().backward({ retainGraph: true });
    expect(seen).toEqual([[null, null, 3], [1, 2], 1, [[1, 1], null, null], [1, 2], 1]);
    noGrad(() => outs[2]!.add_(1));
    expect(() => outs[0]!.sum().backward()).toThrow(changed);
  });

  it('keep their number through a change in place, which makes a new place for it', () => {
    const x = leaf([3, 1, 2]);
    const parts = x.sort();
    parts.values.mul_(10);
    parts.values.select(0, 0).backward();
    expect(values(x.grad)).toEqual([0, 10, 0]);
    const second = defineMulti<undefined, [Tensor], [Tensor, Tensor]>({
      name: 'pair',
      saves: 0,
      infer: ([{ shape, dtype }]) => [
        { shape, dtype },
        { shape, dtype },
      ],
      kernel: ([a], _, outs) => {
        for (const out of outs) elementsOf(out).set(elementsOf(a));
      },
      derivative: ([g, h]) => [h ?? g!.mul(1000)],
    });
    const y = leaf([1, 2]);
    const [, b] = applyMulti(second, [y], undefined);
    b!.mul_(3);
    b!.sum().backward();
    expect(values(y.grad)).toEqual([3, 3]);
    // The old value that the derivative reads has it as well.
    const [, c] = applyMulti(second, [y], undefined);
    c!.mul_(c!);
    expect(values(autograd.grad(c!.sum(), y)[0]!)).toEqual([2, 4]);
  });
});

describe('nodes', () => {
  const product = (
    saves: number,
    derivative: (g: Tensor, node: GradNode<string>) => readonly (Tensor | null)[],
  ) =>
    definePrimitive<string, [Tensor, Tensor]>({
      name: 'my_product',
      overload: (attrs) => attrs.length,
      saves,
      infer: ([{ shape, dtype }]) => ({ shape, dtype }),
      kernel([a, b], _, out) {
        const [left, right, result] = [elementsOf(a), elementsOf(b), elementsOf(out)];
        for (let i = 0; i < out.count; i++) result[i] = left[i]! * right[i]!;
      },
      derivative,
    });

  it('tell a derivative what it was run with, and which gradients are wanted', () => {
    const seen: unknown[] = [];
    const op = product(INPUT(1), (g, node) => {
      seen.push([node.name, node.attrs, node.needs(0), node.needs(1), node.shape(1), node.dtype(0)]);
      return [g.mul(node.input(1)), null];
    });
    const [x, y] = [leaf([1, 2]), double([3, 4])];
    apply(op, [x, y], 'ab').sum().backward();
    expect(values(x.grad)).toEqual([3, 4]);
    const z = leaf([3, 4]);
    autograd.grad(apply(op, [x, z], '').sum(), x);
    expect(seen).toEqual([
      ['MyProductBackward2', 'ab', true, false, [2], 'float64'],
      ['MyProductBackward0', '', true, false, [2], 'float64'],
    ]);
  });

  it('hold what is stated, and nothing else', () => {
    const reading = (read: (node: GradNode<string>) => Tensor) => () => {
      const op = product(INPUT(1), (g, node) => [g.mul(read(node)), null]);
      apply(op, [leaf([1, 2]), double([3, 4])], '')
        .sum()
        .backward();
    };
    expect(reading((node) => node.input(1))).not.toThrow();
    expect(reading((node) => node.input(0))).toThrow('my_product: input 0 was not saved for backward');
    expect(reading((node) => node.input(7))).toThrow('my_product: input 7 was not saved for backward');
    expect(reading((node) => node.output())).toThrow('my_product: its output was not saved for backward');
  });

  it('let a graph be walked again where nothing was saved, and only there', () => {
    const x = leaf([1, 2]);
    const passing = apply(
      product(0, (g) => [g, null]),
      [x, double([1, 1])],
      '',
    );
    for (let i = 0; i < 2; i++) passing.sum().backward();
    expect(values(x.grad)).toEqual([2, 2]);
    const saving = apply(
      product(OUTPUT, (g, node) => [g.mul(node.output()), null]),
      [x, double([1, 1])],
      '',
    );
    saving.sum().backward();
    expect(() => saving.sum().backward()).toThrow(
      /^MyProductBackward0: Trying to backward through the graph a second time/,
    );
    expect(() => saving.gradFn!.output()).toThrow(/a second time/);
    expect(() => saving.gradFn!.input(0)).toThrow(/a second time/);
    expect([saving.gradFn!.freed, passing.gradFn!.freed]).toEqual([true, false]);
    expect(() => passing.gradFn!.input(0)).toThrow('my_product: input 0 was not saved for backward');
    expect(() => passing.gradFn!.output()).toThrow('my_product: its output was not saved for backward');
  });

  it('give a saved result to the derivative once, out of the graph', () => {
    const taken: unknown[] = [];
    const withUnit = defineMulti<undefined, [Tensor], [Tensor, Tensor]>({
      name: 'with_unit',
      saves: OUTPUT,
      infer: ([{ shape, dtype }]) => [
        { shape, dtype },
        { shape, dtype },
      ],
      kernel([x], _, [out, unit]) {
        elementsOf(out).set(elementsOf(x));
        elementsOf(unit).fill(1);
      },
      derivative([g], node) {
        const unit = node.takeOutput(1);
        taken.push(unit === null ? null : [values(unit), unit.gradFn]);
        return [g];
      },
    });
    const results = applyMulti(withUnit, [leaf([1, 2])], undefined);
    const [y] = results;
    y.sum().backward({ retainGraph: true });
    y.sum().backward();
    expect(taken).toEqual([[[1, 1], null], null]);
    // Who ran the operation holds both still.
    expect(results.map(values)).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });

  it('save no result that is a leaf of the kind', () => {
    const saved: boolean[] = [];
    const both = (leaves?: readonly number[]) =>
      defineMulti<undefined, [Tensor], [Tensor, Tensor]>({
        name: 'both',
        saves: OUTPUT,
        ...(leaves && { leaves }),
        infer: ([{ shape, dtype }]) => [
          { shape, dtype },
          { shape, dtype },
        ],
        kernel([x], _, outs) {
          for (const out of outs) elementsOf(out).set(elementsOf(x));
        },
        derivative([g, h], node) {
          saved.push(node.takeOutput(0) !== null, node.takeOutput(1) !== null);
          return [g ?? h];
        },
      });
    for (const leaves of [undefined, [0], [1], [0, 1]])
      applyMulti(both(leaves), [leaf([1, 2])], undefined)[0]
        .sum()
        .backward();
    expect(saved).toEqual([true, true, false, true, true, false, false, false]);
  });

  it('save inputs or the result as is stated, and a result of none', () => {
    const states = [undefined, 0, INPUT(0), OUTPUT, INPUT(0) | OUTPUT].map((saves) => {
      const held: boolean[] = [];
      const tries = (read: () => unknown): void => {
        try {
          held.push(read() !== null);
        } catch {
          held.push(false);
        }
      };
      const copy = definePrimitive<undefined, [Tensor]>({
        name: 'copy',
        ...(saves !== undefined && { saves }),
        infer: ([{ shape, dtype }]) => ({ shape, dtype }),
        kernel: ([x], _, out) => elementsOf(out).set(elementsOf(x)),
        derivative(g, node) {
          tries(() => node.input(0));
          tries(() => node.output());
          return [g];
        },
      });
      apply(copy, [leaf([1, 2])], undefined)
        .sum()
        .backward();
      return held;
    });
    expect(states).toEqual([
      [true, false],
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  it('notice each change of what they saved, whoever holds it', () => {
    const scenes: ((x: Tensor, y: Tensor) => void)[] = [
      (_, y) => y.add_(1),
      (_, y) => y.detach().zero_(),
      (_, y) => y.view(2, 1).zero_(),
      (_, y) => noGrad(() => y.select(0, 0).fill_(3)),
      (_, y) => void noGrad(() => y.set([0], 5)),
    ];
    for (const scene of scenes) {
      const [x, y] = [leaf([1, 2]), double([3, 4])];
      const z = apply(
        product(INPUT(1), (g, node) => [g.mul(node.input(1)), null]),
        [x, y],
        '',
      );
      scene(x, y);
      expect(() => z.sum().backward()).toThrow(
        /input 1 of MyProductBackward0, float64 \[2\], is at version 1; expected version 0/,
      );
    }
  });

  it('count a change once, and none that was refused', () => {
    const x = ones([2, 2]);
    x.add_(1).mul_(2).zero_();
    expect(x.storage.version).toBe(3);
    for (const refused of [
      () => x.add_(ones([3, 2, 2])),
      () => tensor([1, 2]).add_(0.5),
      () => x.add_(ones([3])),
      () => leaf([1, 2]).add_(1),
    ]) {
      expect(refused).toThrow();
    }
    expect(x.storage.version).toBe(3);
  });

  it('read the old value of what is changed in place from a copy that has its place in the graph', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.mul_(y);
    const [dx] = autograd.grad(y.sum(), x, { createGraph: true });
    expect(values(dx!)).toEqual([18, 36]);
    expect(values(autograd.grad(dx!.sum(), x)[0]!)).toEqual([18, 18]);
    // A result with a number of its own.
    const w = leaf([2, 5]);
    const [, last] = w.split(1);
    last!
      .clone()
      .pow_(3)
      .backward({ gradient: double([1]) });
    expect(values(w.grad)).toEqual([0, 75]);
  });

  it('have the names of PyTorch', () => {
    const x = leaf([[1, 2]]);
    const names = [
      x.log1p(),
      x.mm(x.t()),
      x.logSoftmax(1),
      x.add(1),
      x.pow(2),
      x.pow(x),
      x.max(),
      x.max(1).values,
    ];
    expect(names.map((y) => y.gradFn!.name)).toEqual([
      'Log1PBackward0',
      'MmBackward0',
      'LogSoftmaxBackward0',
      'AddBackward0',
      'PowBackward0',
      'PowBackward1',
      'MaxBackward1',
      'MaxBackward0',
    ]);
    const y = x.mul(2);
    expect(composed('my_op', y, x).gradFn!.name).toBe('MyOpBackward0');
    expect(composed('other', y, y).gradFn!.name).toBe('MyOpBackward0');
    expect(composed('other', double(1)).gradFn).toBeNull();
  });
});

describe('views', () => {
  it('of a view, and without a gradient, follow the base once it is recorded anew', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const y = x.mul(1);
    const inner = y.select(0, 0).view(2, 1);
    const base = zeros([2], { dtype: 'float64' });
    const outer = base.view(1, 2).select(0, 0);
    y.mul_(2);
    base.add_(leaf([1, 2]));
    const gradients = (of: Tensor): unknown => values(autograd.grad(of.sum(), [x])[0]);
    expect(gradients(double([[1], [1]]).mul(inner))).toEqual([
      [2, 2],
      [0, 0],
    ]);
    expect([outer.requiresGrad, outer.mul(2).requiresGrad]).toEqual([true, true]);
    expect(values(noGrad(() => outer.mul(2)))).toEqual([2, 4]);
    y.mul_(2);
    expect(gradients(inner.view(2))).toEqual([
      [4, 4],
      [0, 0],
    ]);
  });

  it('keep their history where the change was not recorded, or was before', () => {
    const base = zeros([2], { dtype: 'float64' });
    const view = base.view(1, 2);
    base.add_(1);
    noGrad(() => base.add_(leaf([1, 2])));
    expect(values(view.mul(leaf([1, 1])))).toEqual([[2, 3]]);
    base.mul_(leaf([1, 1]));
    expect(view.mul(1).requiresGrad).toBe(true);
  });

  it('are changed in place as a part of their base, whose retained gradient is that of its new value', () => {
    const x = leaf([1, 2, 4]);
    const base = x.mul(2);
    base.retainGrad();
    const part = base.narrow(0, 1, 2);
    part.retainGrad();
    part.square_();
    base
      .mul(double([1, 10, 100]))
      .sum()
      .backward();
    expect(values(base)).toEqual([2, 16, 64]);
    expect(values(base.grad)).toEqual([1, 10, 100]);
    expect(values(part.grad)).toBeNull();
    expect(values(x.grad)).toEqual([2, 160, 3200]);
    // One that has an element of the base twice.
    const twice = x.mul(2).asStrided([2, 2], [1, 1]);
    expect(() => twice.add_(1)).toThrow(/^add_: a view that overlaps itself/);
  });

  it('may not be changed in place where that would escape the graph', () => {
    const x = leaf([1, 2]);
    const escapes: [() => Tensor, RegExp][] = [
      [() => x.view(1, 2).add_(1), /^add_: a view of a leaf Variable that requires grad/],
      [() => x.view(1, 2).view(2).add_(1), /^add_: a view of a leaf Variable that requires grad/],
      [
        () => noGrad(() => zeros([2], { dtype: 'float64' }).view(1, 2)).add_(x),
        /a view was created in no_grad mode/,
      ],
      [() => x.mul(1).view(1, 2).expand(3, 2).add_(1), /refers to a single memory location/],
    ];
    for (const [escape, message] of escapes) expect(escape).toThrow(message);
    expect(values(x)).toEqual([1, 2]);
    // Nothing is recorded here, so nothing escapes.
    const plain = zeros([2], { dtype: 'float64' });
    plain.view(1, 2).add_(double([1, 2]));
    noGrad(() => plain.view(1, 2).add_(x));
    expect(values(plain)).toEqual([2, 4]);
    const ofNoGrad = noGrad(() => x.mul(1).view(1, 2));
    expect(values(ofNoGrad.add_(1))).toEqual([[2, 3]]);
  });

  it('are made of tensors: what is none is named, by the name of the operation', () => {
    for (const no of [undefined, null, 1, {}]) {
      expect(() => ownApplyView(whole, no as never, undefined)).toThrow(KindlingError);
      expect(() => ownApplyView(whole, no as never, undefined)).toThrow(/^whole: /);
    }
  });

  it('pass the inference flag on, both ways', () => {
    const inference = inferenceMode(() => zeros([2]));
    const refused = /Inplace update to inference tensor/;
    expect(() => inference.view(1, 2).add_(1)).toThrow(refused);
    expect(() => inference.detach().add_(1)).toThrow(refused);
    expect(() => inference.view(1, 2).mul(ones([2], { requiresGrad: true }))).toThrow(/cannot be saved/);
    expect(values(inferenceMode(() => inference.view(1, 2).add_(1)))).toEqual([[1, 1]]);
    // Whoever makes them: factories, operations, functions that return their input.
    const same = autograd.defineFunction({
      forward: (_, a: Tensor, _b: Tensor) => a,
      backward: (_, g) => [g, null],
    });
    const made = inferenceMode(() => [
      ones([2]),
      tensor([1, 2]),
      zeros([2]).mul(2),
      zeros([2]).sort().values,
    ]);
    for (const x of [...made, same(inference, leaf([1]))])
      expect(() => noGrad(() => x.zero_())).toThrow(refused);
    const normal = zeros([2]);
    inferenceMode(() => normal.view(1, 2)).add_(1);
    expect(values(normal)).toEqual([1, 1]);
  });

  it('expanded ones are written by fill_ alone', () => {
    const x = zeros([1]);
    expect(() => x.expand(3).add_(1)).toThrow(/refers to a single memory location/);
    x.expand(3).fill_(7);
    expect(values(x)).toEqual([7]);
    expect(values(x.expand(1, 1).add_(1))).toEqual([[8]]);
  });
});

describe('applyInPlace', () => {
  const twice = definePrimitive({
    name: 'twice',
    saves: 0,
    infer: ([{ shape, dtype }]) => ({ shape, dtype }),
    kernel: ([x], _, out) => elementsOf(out).set(elementsOf(x).map((v) => 2 * v)),
    derivative: (g) => [g.mul(2)],
  });

  it('writes into a view of any layout, and takes its place in the graph', () => {
    const base = double([
      [1, 2],
      [3, 4],
    ]);
    applyInPlace(twice, [base.t()], undefined);
    expect(values(base)).toEqual([
      [2, 4],
      [6, 8],
    ]);
    const x = leaf([1, 2]);
    const y = x.mul(5);
    y.retainGrad();
    applyInPlace(twice, [y], undefined);
    y.sum().backward();
    expect([values(x.grad), values(y.grad)]).toEqual([
      [10, 10],
      [1, 1],
    ]);
    expect(y.gradFn!.name).toBe('TwiceBackward0');
  });

  it('leaves a target as it was where the kernel throws', () => {
    const failing = definePrimitive({
      name: 'failing',
      infer: ([{ shape, dtype }]) => ({ shape, dtype }),
      kernel: () => {
        throw new Error('in the kernel');
      },
    });
    const x = double([1, 2]);
    expect(() => applyInPlace(failing, [x], undefined)).toThrow('in the kernel');
    expect([values(x), x.storage.version, x.requiresGrad]).toEqual([[1, 2], 0, false]);
  });
});
