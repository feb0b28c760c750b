import * as K from '@kindling/core';
import { AutogradError, DTypeError, noGrad, ShapeError, Tensor, tensor, ValueError } from '@kindling/core';
import { describe, expect, test } from 'vitest';
import { assertClose } from '../src/testing/index.ts';

const floats = (...values: number[]): Tensor => tensor(values, { dtype: 'float32' });
const leaf = (...values: number[]): Tensor => tensor(values, { dtype: 'float64', requiresGrad: true });
const matrix = (): Tensor => K.arange(6, { dtype: 'float32' }).reshape(2, 3);

/** Changes of a tensor x in place by an operand y of the same shape, and what PyTorch makes of it out of place. */
const changes: [string, (x: Tensor, y: Tensor) => Tensor, (x: Tensor, y: Tensor) => Tensor][] = [
  ['add_', (x, y) => x.add_(y, { alpha: 3 }), (x, y) => x.add(y, { alpha: 3 })],
  ['sub_', (x, y) => x.sub_(y), (x, y) => x.sub(y)],
  ['mul_', (x, y) => x.mul_(y), (x, y) => x.mul(y)],
  ['div_', (x, y) => x.div_(y), (x, y) => x.div(y)],
  ['pow_', (x) => x.pow_(2), (x) => x.pow(2)],
  ['copy_', (x, y) => x.copy_(y), (x, y) => x.mul(0).add(y)],
  ['zero_', (x) => x.zero_(), (x) => x.mul(0)],
  ['fill_', (x) => x.fill_(3), (x) => x.mul(0).add(3)],
  ['clamp_', (x) => x.clamp_({ min: 0.6, max: 1.9 }), (x) => x.clamp({ min: 0.6, max: 1.9 })],
  ['addcmul_', (x, y) => x.addcmul_(x, y, { value: 2 }), (x, y) => x.addcmul(x, y, { value: 2 })],
  ['addcdiv_', (x, y) => x.addcdiv_(y, x), (x, y) => x.addcdiv(y, x)],
  ['lerp_', (x, y) => x.lerp_(y, 0.3), (x, y) => x.lerp(y, 0.3)],
  ['sigmoid_', (x) => x.sigmoid_(), (x) => x.sigmoid()],
  ['exp_', (x) => x.exp_(), (x) => x.exp()],
  ['log_', (x) => x.log_(), (x) => x.log()],
  ['sqrt_', (x) => x.sqrt_(), (x) => x.sqrt()],
  ['relu_', (x) => x.relu_(), (x) => x.relu()],
  [
    'maskedFill_',
    (x) => x.maskedFill_(tensor([true, false, true]), 7),
    (x) => x.maskedFill(tensor([true, false, true]), 7),
  ],
  ['indexFill_', (x) => x.indexFill_(0, tensor([1]), 7), (x) => x.indexFill(0, tensor([1]), 7)],
  [
    'indexAdd_',
    (x, y) => x.indexAdd_(0, tensor([2, 0, 0]), y),
    (x, y) => x.indexAdd(0, tensor([2, 0, 0]), y),
  ],
  [
    'indexCopy_',
    (x, y) => x.indexCopy_(0, tensor([2, 0, 1]), y),
    (x, y) => x.indexCopy(0, tensor([2, 0, 1]), y),
  ],
  ['indexPut_', (x, y) => x.indexPut_([tensor([2, 0, 1])], y), (x, y) => x.indexPut([tensor([2, 0, 1])], y)],
  ['scatter_', (x, y) => x.scatter_(0, tensor([2, 0]), y), (x, y) => x.scatter(0, tensor([2, 0]), y)],
  [
    'scatterAdd_',
    (x, y) => x.scatterAdd_(0, tensor([2, 0, 2]), y),
    (x, y) => x.scatterAdd(0, tensor([2, 0, 2]), y),
  ],
];

describe.each(changes)('%s', (_, change, expected) => {
  const x0 = [0.5, 1.5, 2.5];
  const y0 = [2, -1, 0.25];

  test('changes the memory and returns the tensor itself', () => {
    const x = floats(...x0);
    const y = floats(...y0);
    const want = expected(x, y).clone();
    const { storage } = x;
    const version = storage.version;
    expect(change(x, y)).toBe(x);
    expect(x.storage).toBe(storage);
    expect(storage.version).toBeGreaterThan(version);
    assertClose(x, want);
    expect(y.toArray()).toEqual(y0);
  });

  test('of a view changes the elements of the base that it shows, and no others', () => {
    const base = K.full([3, 2], 9, { dtype: 'float32' });
    const x = base.select(1, 1);
    x.copy_(floats(...x0));
    const want = expected(floats(...x0), floats(...y0));
    change(x, floats(...y0));
    assertClose(x, want);
    expect(base.select(1, 0).toArray()).toEqual([9, 9, 9]);
  });

  test('in a graph has the gradient of the operation out of place', () => {
    const grads = (f: typeof change): (Tensor | null)[] => {
      const [x, y] = [leaf(...x0), leaf(...y0)];
      // The factor makes x a result; the square afterwards reads the new value.
      const out = f(x.mul(1.5), y.mul(1));
      out.mul(out).sum().backward();
      return [x.grad, y.grad];
    };
    const [actual, want] = [grads(change), grads(expected)];
    for (const i of [0, 1])
      assertClose(
        actual[i] ?? K.zeros([3], { dtype: 'float64' }),
        want[i] ?? K.zeros([3], { dtype: 'float64' }),
      );
  });

  test('refuses a leaf that requires a gradient, unless in noGrad', () => {
    const x = leaf(...x0);
    const y = tensor(y0, { dtype: 'float64' });
    expect(() => change(x, y)).toThrow(AutogradError);
    expect(() => change(x, y)).toThrow(
      'a leaf Variable that requires grad is being used in an in-place operation',
    );
    expect(x.toArray()).toEqual(x0);
    const want = expected(x.detach().clone(), y);
    noGrad(() => change(x, y));
    assertClose(x, want);
    expect([x.isLeaf, x.requiresGrad]).toEqual([true, true]);
  });
});

describe('graphs', () => {
  test('the tensor takes the place of its result', () => {
    const x = leaf(1, 2);
    const y = x.mul(3);
    const before = y.gradFn;
    y.add_(1);
    expect(y.gradFn).not.toBe(before);
    expect(y.gradFn!.name).toBe('AddBackward0');
    y.mul_(y).sum().backward();
    // d/dx (3x + 1)² = 6 (3x + 1)
    expect(x.grad!.toArray()).toEqual([24, 42]);
  });

  test('a tensor outside the graph joins it through an operand', () => {
    const x = leaf(1, 2);
    const total = K.zeros([2], { dtype: 'float64' });
    for (let i = 1; i <= 3; i++) total.add_(x.mul(i));
    expect([total.requiresGrad, total.isLeaf]).toEqual([true, false]);
    total.sum().backward();
    expect(x.grad!.toArray()).toEqual([6, 6]);
  });

  test('second derivatives pass through', () => {
    const x = leaf(2);
    const y = x.mul(1);
    y.pow_(2).mul_(x);
    const [first] = K.autograd.grad([y.sum()], [x], { createGraph: true });
    const [second] = K.autograd.grad([first!.sum()], [x]);
    expect([first!.item(), second!.item()]).toEqual([12, 12]);
  });

  test('a saved tensor overwritten before backward is an error that names the operation', () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const z = y.sum();
    y.add_(1);
    // Neither product nor sum needs the value.
    z.backward();
    expect(x.grad!.toArray()).toEqual([2, 2]);
    const a = leaf(1, 2);
    const b = a.exp();
    const c = b.mul(b).sum();
    noGrad(() => b.zero_());
    expect(() => c.backward()).toThrow(
      'modified by an inplace operation: input 1 of MulBackward0, float64 [2], is at version 1; expected version 0',
    );
  });

  test('overwriting through detach or a view is noticed too', () => {
    for (const overwrite of [
      (y: Tensor) => y.detach().zero_(),
      (y: Tensor) => noGrad(() => y.select(0, 0).fill_(0)),
    ]) {
      const x = leaf(1, 2);
      const y = x.mul(2);
      const z = y.mul(y).sum();
      overwrite(y);
      expect(() => z.backward()).toThrow(/modified by an inplace operation/);
    }
  });

  test('a view follows an in-place change of its base', () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const view = y.select(0, 0);
    y.mul_(3);
    view.mul(2).backward();
    expect(x.grad!.toArray()).toEqual([12, 0]);
  });

  test('a view of a leaf is not changed in place', () => {
    const x = leaf(1, 2);
    expect(() => x.select(0, 0).add_(1)).toThrow('a view of a leaf Variable that requires grad');
    const plain = K.zeros([2], { dtype: 'float64' });
    plain.select(0, 0).copy_(tensor(5.5, { dtype: 'float64' }));
    expect([plain.toArray(), plain.requiresGrad]).toEqual([[5.5, 0], false]);
  });

  test('set is an assignment', () => {
    const x = matrix();
    x.set([0, ':'], 9);
    x.set([':', -1], floats(7, 8));
    expect(x.toArray()).toEqual([
      [9, 9, 7],
      [3, 4, 8],
    ]);
  });

  test('an inference tensor is not changed outside inference mode', () => {
    const x = K.inferenceMode(() => floats(1, 2).mul(2));
    expect(() => x.add_(1)).toThrow(
      'Inplace update to inference tensor outside InferenceMode is not allowed',
    );
    K.inferenceMode(() => x.add_(1));
    expect(x.toArray()).toEqual([3, 5]);
  });

  test('the gradient of a leaf is not shared with what backward was given', () => {
    const x = leaf(1, 2);
    const gradient = tensor([1, 1], { dtype: 'float64' });
    x.mul(1).backward({ gradient });
    x.add(0).backward({ gradient });
    x.grad!.zero_();
    expect(gradient.toArray()).toEqual([1, 1]);
    const y = leaf(1, 2);
    const z = leaf(3, 4);
    y.add(z).sum().backward();
    y.grad!.fill_(9);
    expect(z.grad!.toArray()).toEqual([1, 1]);
  });
});

describe('shapes and dtypes', () => {
  test('the target keeps its shape', () => {
    expect(() => floats(1, 2).add_(K.ones([2, 2]))).toThrow(ShapeError);
    expect(() => floats(1).mul_(floats(1, 2))).toThrow(
      "output with shape [1] doesn't match the broadcast shape [2]",
    );
    expect(() => floats(1, 2).copy_(floats(1, 2, 3))).toThrow('a source of shape [3] does not broadcast');
    const x = K.zeros([2, 3]);
    x.add_(floats(1, 2, 3)).add_(tensor([[10], [20]]));
    expect(x.toArray()).toEqual([
      [11, 12, 13],
      [21, 22, 23],
    ]);
  });

  test('the target keeps its dtype, and refuses results of a higher category', () => {
    const x = tensor([1, 2]);
    expect(() => x.add_(1.5)).toThrow(DTypeError);
    expect(() => x.div_(2)).toThrow("result type Float can't be cast to the desired output type Int");
    expect(() => tensor([true]).add_(1)).toThrow(DTypeError);
    expect(() => x.sqrt_()).toThrow(DTypeError);
    expect(
      x
        .add_(true)
        .mul_(tensor([2, 3], { dtype: 'uint8' }))
        .toArray(),
    ).toEqual([4, 9]);
    expect(floats(1, 2).mul_(tensor([0.5, 2], { dtype: 'float64' })).dtype).toBe('float32');
    expect(x.copy_(floats(1.9, -1.9)).toArray()).toEqual([1, -1]);
    expect(() => x.pow_(-1)).toThrow('Integers to negative integer powers are not allowed');
  });

  test('an expanded tensor is not written to, except to fill it', () => {
    const x = () => K.zeros([1]).expand(3);
    for (const change of [
      (y: Tensor) => y.add_(1),
      (y: Tensor) => y.copy_(floats(1, 2, 3)),
      (y: Tensor) => y.set([0], 5),
      (y: Tensor) => y.maskedFill_(tensor([true, false, false]), 1),
      (y: Tensor) => y.indexFill_(0, tensor([0]), 1),
      (y: Tensor) => y.scatter_(0, tensor([0]), 1),
      (y: Tensor) => y.uniform_(),
    ]) {
      expect(() => change(x())).toThrow(ValueError);
      expect(() => change(x())).toThrow('more than one element of the written-to tensor');
    }
    expect(x().fill_(2).toArray()).toEqual([2, 2, 2]);
    expect(K.ones([1]).expand(3).zero_().toArray()).toEqual([0, 0, 0]);
  });

  test('operands that share memory with the target count as they were before', () => {
    // Long enough that a kernel takes several chunks.
    const n = 40_000;
    for (const length of [5, n]) {
      const x = K.ones([length]);
      x.narrow(0, 1, length - 1).add_(x.narrow(0, 0, length - 1));
      expect(x.max().item()).toBe(2);
      const y = K.arange(length, { dtype: 'float32' });
      y.mul_(y.index(2));
      expect(y.index(length - 1).item()).toBe(2 * (length - 1));
      const z = K.arange(length, { dtype: 'float32' });
      z.narrow(0, 1, length - 1).copy_(z.narrow(0, 0, length - 1));
      expect(z.index(length - 1).item()).toBe(length - 2);
    }
    const square = K.arange(9, { dtype: 'float32' }).reshape(3, 3);
    const sum = square.add(square.t());
    expect(square.add_(square.t()).equal(sum)).toBe(true);
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ['eq_', (x) => x.eq_(3)],
    ['gt_', (x) => x.gt_(tensor([1, 9]))],
    ['logicalNot_', (x) => x.logicalNot_()],
    ['logicalAnd_', (x) => x.logicalAnd_(tensor([1, 0]))],
    ['uniform_', (x) => x.uniform_()],
    ['normal_', (x) => x.normal_()],
    ['bernoulli_', (x) => x.bernoulli_(0.5)],
    ['random_', (x) => x.random_()],
    ['exponential_', (x) => x.exponential_()],
    ['geometric_', (x) => x.geometric_(0.5)],
  ])('%s overwrites: the old values get the gradient 0', (_, overwrite) => {
    const w = leaf(1.5, 2);
    overwrite(w.mul(2)).sum().backward();
    expect(w.grad?.toArray()).toEqual([0, 0]);
  });

  test('answers in place are numbers of the tensor that they are written into', () => {
    expect(floats(1.5, 2).eq_(2).toArray()).toEqual([0, 1]);
    expect(tensor([1, 2]).le_(1.5).toArray()).toEqual([1, 0]);
    expect(tensor([true, false]).eq_(floats(1.5, 0)).toArray()).toEqual([false, true]);
    expect(tensor([6, 3]).bitwiseAnd_(5).toArray()).toEqual([4, 1]);
    expect(tensor([true, false]).bitwiseNot_().toArray()).toEqual([false, true]);
    expect(() => floats(1).bitwiseOr_(1)).toThrow(
      'bitwiseOr_: expected integer or bool tensors, got float32',
    );
    expect(() => floats(1, 2).lt_(K.ones([2, 2]))).toThrow("lt_: output with shape [2] doesn't match");
  });

  test('a scan in place keeps the dtype: bytes wrap around, bools are refused', () => {
    expect(tensor([100, 200]).to('uint8').cumsum_(0).toArray()).toEqual([100, 44]);
    expect(tensor([1, 2, 3]).cumprod_(0).toArray()).toEqual([1, 2, 6]);
    expect(() => tensor([true]).cumsum_(0)).toThrow('cumsum_: not implemented for bool');
    expect(() => floats(1).cumprod_(0, { dtype: 'float64' })).toThrow(
      'cumprod_: the dtype of the input and that of the result should match, got float32 and float64',
    );
  });

  test('a product is added in place where it has the shape', () => {
    const x = K.ones([2, 3]);
    expect(x.addmm_(K.ones([2, 2]), K.ones([2, 3]), { beta: 2, alpha: 3 })).toBe(x);
    expect(x.equal(K.full([2, 3], 8))).toBe(true);
    expect(() => K.ones(3).addmm_(K.ones([2, 2]), K.ones([2, 3]))).toThrow(
      'addmm_: the result of shape [2, 3] does not fit into the tensor of shape [3]',
    );
    const w = leaf(1.5, 2);
    w.mul(2)
      .addmv_(K.ones([2, 2], { dtype: 'float64' }), w, { beta: 3 })
      .sum()
      .backward();
    expect(w.grad?.toArray()).toEqual([8, 8]);
  });

  test('detach_ makes a leaf of a result, and refuses a view', () => {
    const w = leaf(1.5, 2);
    const y = w.mul(2);
    expect([y.detach_() === y, y.isLeaf, y.requiresGrad]).toEqual([true, true, false]);
    expect(() => w.mul(2).view(2).detach_()).toThrow("detach_: Can't detach views in-place");
  });

  const methods = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name.endsWith('_'));
  test.each(methods)('%s speaks of a missing operand as the user knows it', (name) => {
    const call = (...given: Tensor[]): unknown =>
      (floats(1.5) as unknown as Record<string, (...given: Tensor[]) => unknown>)[name]?.(...given);
    for (const given of [[], [floats(1.5)]]) {
      try {
        call(...given);
      } catch (error) {
        expect((error as Error).message).not.toMatch(/operands:/);
      }
    }
  });

  test('only a tensor is written to', () => {
    const add_ = Tensor.prototype.add_ as (this: unknown, other: unknown) => Tensor;
    expect(() => add_.call([1, 2], 1)).toThrow(DTypeError);
    expect(() => floats(1).add_([1] as unknown as Tensor)).toThrow(
      'expected tensors or numbers, got (Tensor, [1]); make a tensor of an array with tensor()',
    );
    expect(() => floats(1).copy_(null as unknown as Tensor)).toThrow(
      'copy_: source: expected a Tensor or a number, got null',
    );
  });
});

describe('filling', () => {
  test('takes the number of a tensor without dimensions, to which the gradient flows', () => {
    const value = tensor(2.5, { requiresGrad: true });
    const x = tensor([1, 2, 3], { dtype: 'float32', requiresGrad: true });
    const y = x.mul(1).fill_(value);
    expect(y.tolist()).toEqual([2.5, 2.5, 2.5]);
    y.sum().backward();
    expect([value.grad?.item(), x.grad?.tolist()]).toEqual([3, [0, 0, 0]]);
    expect(tensor([1, 2]).fill_(tensor(7.5)).tolist()).toEqual([7, 7]);
  });

  test('refuses one with dimensions', () => {
    expect(() => tensor([1, 2]).fill_(tensor([1]))).toThrow(
      'fill_: the value must have no dimensions, got shape [1]',
    );
    expect(() => K.fill(tensor([1, 2]), tensor([1]))).toThrow('fill: the value must have no dimensions');
  });
});

test('entries of integers are added times a whole number', () => {
  const [zeros, index, source] = [tensor([0, 0]), tensor([1, 1]), tensor([3, 4])];
  expect(zeros.indexAdd(0, index, source, { alpha: 2 }).tolist()).toEqual([0, 14]);
  expect(() => zeros.indexAdd(0, index, source, { alpha: 0.5 })).toThrow(
    /^indexAdd: For integral input tensors, argument alpha must not be a floating point number, got 0.5/,
  );
});

test('copy_ takes a number, and says where the dtype cannot hold it', () => {
  const x = K.zeros([2, 2]);
  expect(x.copy_(0.5).tolist()).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  expect(K.zeros([2], { dtype: 'int32' }).copy_(true).tolist()).toEqual([1, 1]);
  expect(() => K.zeros([1], { dtype: 'int32' }).copy_(Number.NaN)).toThrow(/^copy_: /);
  const w = leaf(1, 2);
  w.mul(2).copy_(3).sum().backward();
  expect(w.grad?.tolist()).toEqual([0, 0]);
});

test('of bools any alpha but 0 is true', () => {
  const [x, y] = [tensor([true, false]), tensor([true, true])];
  for (const alpha of [-1, 2]) {
    expect(x.add(y, { alpha }).tolist()).toEqual([true, true]);
    expect(x.clone().add_(y, { alpha }).tolist()).toEqual([true, true]);
    expect(x.clone().add_(true, { alpha }).tolist()).toEqual([true, true]);
  }
  expect(x.add(y, { alpha: 0 }).tolist()).toEqual([true, false]);
});

test('a view that was taken without gradients of what requires them is changed without them alone', () => {
  const w = leaf(1, 2, 3);
  for (const base of [w, w.mul(2)]) {
    const view = noGrad(() => base.narrow(0, 0, 2));
    expect(() => view.add_(1)).toThrow(/^add_: a view was created in no_grad mode/);
    expect(() => view.zero_()).toThrow(AutogradError);
    noGrad(() => view.zero_());
    expect(base.tolist()).toEqual([0, 0, base === w ? 3 : 6]);
  }
  const free = noGrad(() => K.zeros([3]).narrow(0, 0, 2));
  expect(free.add_(1).tolist()).toEqual([1, 1]);
  expect(w.detach().narrow(0, 0, 1).add_(1).tolist()).toEqual([1]);
});

test('no view is detached in place, whether it requires gradients or not', () => {
  expect(() => K.zeros([3]).narrow(0, 0, 2).detach_()).toThrow(/^detach_: Can't detach views in-place/);
  expect(K.zeros([3]).detach_().tolist()).toEqual([0, 0, 0]);
});
