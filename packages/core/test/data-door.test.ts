/**
 * One door for data: outside the kernels of operations, nothing reads the memory of tensors without saying so. What holds
 * this is what lets a whole step be traced: shape rules, derivatives and public functions see shapes and dtypes alone.
 */

import * as kindling from '@kindling/core';
import {
  apply,
  autograd,
  data,
  definePrimitive,
  E,
  FusedUpdate,
  Generator,
  io,
  ones,
  rand,
  SummedUpdate,
  type Tensor,
  tensor,
  valuesOf,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import type { Sample } from './oracle/fixture.ts';
import { caller, formsOf } from './oracle/operations.ts';
import { makeArguments } from './oracle/run.ts';
import { cotangent, resultLeaves } from './oracle/tensors.ts';
import { watched } from './support/data-door.ts';
import { eachOperation } from './support/each-operation.ts';

/** The operations whose result's shape, or whose result itself as a JavaScript value, depends on data: what they announce. */
const announced: Readonly<Record<string, readonly string[]>> = {
  nonzero: ['nonzero: which elements are not 0'],
  argwhere: ['nonzero: which elements are not 0'],
  asTuple: ['nonzero: which elements are not 0'],
  maskedSelect: ['masked_select: which elements are not 0'],
  linspace: ['linspace: its bounds'],
  logspace: ['logspace: its bounds'],
  index: ['index: which elements are not 0', 'index: a 0-dimensional index'],
  indexPut: ['index: which elements are not 0'],
  boolIndex: ['index: which elements are not 0'],
  zeroDimensionalIndex: ['index: a 0-dimensional index'],
  repeatInterleave: ['repeat_interleave: how often'],
  tensorSplit: ['tensor_split: where to split'],
  unique: ['unique: which elements differ'],
  uniqueConsecutive: ['unique_consecutive: which elements differ'],
  oneHot: ['one_hot: number of classes'],
  allclose: ['allclose: the answer as a boolean'],
  equal: ['equal: the answer as a boolean'],
  bincount: ['bincount: number of bins'],
  'linalg.lstsq': ['linalg.lstsq: whether there are residuals'],
  data: ['data'],
  item: ['item'],
  toArray: ['toArray'],
  tolist: ['toArray'],
  toNumber: ['conversion to a number'],
  print: ['print'],
  anomaly: ['anomaly mode: NaN in gradients'],
  gradcheck: ['gradcheck: comparison', 'gradcheck: finite differences'],
  saveSafetensors: ['save'],
  saveNpy: ['save'],
  dataLoader: ['order of samples'],
  randomSplit: ['randomSplit: order of samples'],
};

/** Forward, backward and, where that is recorded, the derivative of the derivative. */
function differentiateTwice(result: unknown, inputs: readonly Tensor[]): void {
  const roots = resultLeaves(result).filter((y): y is Tensor => typeof y === 'object' && y.requiresGrad);
  if (roots.length === 0 || inputs.length === 0) return;
  const gradOutputs = roots.map((y, i) => cotangent(y, i).requiresGrad_());
  const firsts = autograd.grad(roots, inputs, { gradOutputs, allowUnused: true, createGraph: true });
  const again = firsts.filter((g): g is Tensor => g?.requiresGrad === true);
  if (again.length === 0) return;
  const second = again.map((g, i) => cotangent(g, i));
  autograd.grad(again, [...inputs, ...gradOutputs], { gradOutputs: second, allowUnused: true });
}

/** The first samples of an entry, and some that differ from them in form. */
function someOf(samples: readonly Sample[]): readonly Sample[] {
  const seen = new Set<string>();
  return samples.filter((sample) => {
    const form = `${sample.a.length} ${Object.keys(sample.k ?? {}).join()}`;
    if (seen.has(form) && seen.size >= 2) return false;
    seen.add(form);
    return seen.size <= 3;
  });
}

/** Of the dtypes one of each kind; all by KINDLING_FORMS=99. */
const isTried = ({ dtype }: { readonly dtype: string }): boolean =>
  process.env.KINDLING_FORMS !== undefined || ['float32', 'int32', 'bool'].includes(dtype);

eachOperation(
  'memory is read by kernels alone',
  ({ entry, operation, name, samples }) => {
    const faults = new Set<string>();
    const reasons = new Set<string>();
    for (const sample of someOf(samples)) {
      for (const form of formsOf(entry, operation, sample)) {
        const given = makeArguments(sample, 'sliced');
        const leaves = given.tensors.filter((x) => x.requiresGrad);
        const seen = watched(() =>
          differentiateTwice(caller(kindling, entry, operation, form)(given), leaves),
        );
        for (const fault of seen.faults) faults.add(fault);
        for (const reason of seen.reasons) reasons.add(reason);
      }
    }
    expect([...faults]).toEqual([]);
    // Not every dtype has a sample of every form.
    expect(announced[name] ?? []).toEqual(expect.arrayContaining([...reasons]));
  },
  isTried,
);

const counts = tensor([2, 0, 1, 2]);
const chances = tensor([
  [0.25, 0.75],
  [0.5, 0.5],
]);
const unsmoothed = { dim: 1, ignoreIndex: -100, reduction: 'mean', caller: 'test' } as const;
const rows = { ...unsmoothed, labelSmoothing: 0 };
const target = tensor([1, -100]);
const classWeights = tensor([1, 2, 0.5]);

/** What the fixtures do not hold; `x` is a matrix that requires a gradient. */
const further: Readonly<Record<string, (x: Tensor) => unknown>> = {
  rand: () => rand([3, 4]),
  randn: () => kindling.randn([3, 4], { generator: new Generator().manualSeed(1) }),
  randint: () => kindling.randint(0, 10, [3, 4]),
  randperm: () => kindling.randperm(10),
  randLike: (x) => kindling.randLike(x),
  randnLike: (x) => kindling.randnLike(x),
  randintLike: (x) => kindling.randintLike(x, 0, 9),
  bernoulli: () => kindling.bernoulli(chances),
  normal: (x) => [kindling.normal(x, x.abs()), kindling.normal(0, x.abs()), kindling.normal(x, 1)],
  multinomial: () => [
    kindling.multinomial(chances, 2),
    kindling.multinomial(chances, 5, { replacement: true }),
  ],
  dropoutMask: (x) => kindling.dropoutMask(x, 0.5),
  uniform_: (x) => x.detach().uniform_(-1, 1),
  normal_: (x) => x.detach().normal_(),
  bernoulli_: (x) => [x.detach().bernoulli_(0.5), ones([2, 2]).bernoulli_(chances)],
  random_: (x) => [x.detach().random_(), counts.clone().random_(0, 5)],
  exponential_: (x) => x.detach().exponential_(),
  logNormal_: (x) => x.detach().logNormal_(),
  cauchy_: (x) => x.detach().cauchy_(),
  geometric_: (x) => x.detach().geometric_(0.5),
  tensor: () =>
    tensor([
      [1, 2],
      [3, 4],
    ]),
  unique: () => [
    kindling.unique(counts),
    kindling.unique(counts, { returnInverse: true, returnCounts: true }),
  ],
  uniqueConsecutive: () => kindling.uniqueConsecutive(counts),
  oneHot: () => [kindling.oneHot(counts, 3), kindling.oneHot(counts)],
  bincount: () => [kindling.bincount(counts), kindling.bincount(counts, { minlength: 5 })],
  histc: (x) => [kindling.histc(x, { bins: 3 }), kindling.histc(x, { bins: 3, min: -1, max: 1 })],
  searchsorted: (x) => kindling.searchsorted(classWeights.sort().values, x.detach()),
  bucketize: (x) => kindling.bucketize(x.detach(), classWeights.sort().values),
  argwhere: (x) => kindling.argwhere(x),
  asTuple: (x) => x.gt(0).nonzero({ asTuple: true }),
  maskedSelect: (x) => kindling.maskedSelect(x, x.gt(0)),
  boolIndex: (x) => [
    x.index(x.gt(0)),
    x
      .detach()
      .clone()
      .indexPut_([x.gt(0)], 1),
  ],
  zeroDimensionalIndex: (x) => x.index(tensor(1)),
  tensorSplit: (x) => kindling.tensorSplit(x, tensor([1]), 1),
  repeatInterleave: (x) => kindling.repeatInterleave(x, tensor([1, 2]), { dim: 0 }),
  quantile: (x) => [kindling.quantile(x, 0.3), kindling.quantile(x, tensor([0.25, 0.5]), 1)],
  put: (x) => kindling.put(x, tensor([0, 2]), tensor([1.5, 2])),
  cdist: (x) => kindling.cdist(x, x),
  fusedCrossEntropy: (x) => [
    kindling.fusedCrossEntropy(x, target, null, rows),
    kindling.fusedCrossEntropy(x, target, classWeights, rows),
    kindling.fusedCrossEntropy(x, target, classWeights, { ...rows, reduction: 'none' }),
    kindling.fusedCrossEntropy(x, target, null, { ...rows, labelSmoothing: 0.1 }),
    kindling.fusedCrossEntropy(x, x.detach().softmax(1), null, { ...rows, reduction: 'sum' }),
  ],
  fusedNll: (x) => [
    kindling.fusedNll(x, target, null, unsmoothed),
    kindling.fusedNll(x, target, classWeights, { ...unsmoothed, reduction: 'none' }),
  ],
  classShares: (x) => kindling.classShares(target, classWeights, -100, x.dtype),
  update: () => {
    const step = new FusedUpdate('sgd', 2, 1, (w, v, g, lr) => [E.sub(w, E.mul(lr, v)), E.add(v, g)]);
    step.run([ones([4]), ones([4]), ones([4])], [0.5]);
    new SummedUpdate('step', 1, 1, (w, v) => [E.mul(w, v), v]).run([ones([4]), ones([4])]);
  },
  backward: (x) => {
    for (let i = 0; i < 2; i++) x.mul(x).add(x).sum().backward();
    x.grad?.zero_();
  },
  hooks: (x) => {
    const y = x.mul(2);
    y.retainGrad();
    y.registerHook((g) => g.mul(2));
    x.registerPostAccumulateGradHook(() => {});
    y.sum().backward();
  },
  checkpoint: (x) => autograd.checkpoint((v: Tensor) => v.exp().sin(), x),
  jacobian: (x) => autograd.functional.jacobian((v: Tensor) => v.mul(v), x),
  hessian: (x) => autograd.functional.hessian((v: Tensor) => v.pow(3).sum(), x),
  vjp: (x) => autograd.functional.vjp((v: Tensor) => v.exp(), x, ones([2, 3])),
  jvp: (x) => autograd.functional.jvp((v: Tensor) => v.exp(), x, ones([2, 3])),
  vhp: (x) => autograd.functional.vhp((v: Tensor) => v.exp().sum(), x, ones([2, 3])),
  hvp: (x) => autograd.functional.hvp((v: Tensor) => v.exp().sum(), x, ones([2, 3])),
  gradcheck: () => {
    const input = tensor([[0.5, 2]], { dtype: 'float64', requiresGrad: true });
    autograd.gradcheck((v: Tensor) => v.exp(), input);
    autograd.gradgradcheck((v: Tensor) => v.exp(), input);
  },
  anomaly: (x) => autograd.detectAnomaly(() => x.exp().sum().backward()),
  iterate: (x) => [...x],
  item: (x) => x.sum().item(),
  toArray: (x) => x.toArray(),
  tolist: (x) => x.tolist(),
  data: (x) => x.data,
  print: (x) => String(x),
  toNumber: (x) => Number(x.sum()),
  saveSafetensors: (x) => io.saveSafetensors({ x, part: x.select(1, 0) }),
  saveNpy: (x) => io.saveNpy(x.select(1, 0)),
  dataLoader: () => {
    const set = new data.TensorDataset(tensor([[1], [2], [3]]), tensor([0, 1, 0]));
    return [...new data.DataLoader(set, { batchSize: 2, shuffle: true })];
  },
  randomSplit: () => data.randomSplit(new data.TensorDataset(tensor([[1], [2], [3]])), [1, 2]),
};

describe('what the fixtures do not hold', () => {
  it.each(Object.entries(further))('%s', (name, call) => {
    const x = tensor(
      [
        [1.5, -2, 0.25],
        [0.5, 3, -1],
      ],
      { requiresGrad: true },
    );
    const { faults, reasons } = watched(() => differentiateTwice(call(x), [x]));
    expect(faults).toEqual([]);
    expect(reasons).toEqual(announced[name] ?? []);
  });
});

describe('the watch itself', () => {
  const peek = (name: string, where: 'infer' | 'kernel' | 'derivative') =>
    definePrimitive({
      name,
      infer([x]) {
        if (where === 'infer') void x.storage.array;
        return { shape: x.shape, dtype: x.dtype };
      },
      kernel([x], _, out) {
        if (where === 'kernel') out.storage.array.set(x.storage.array);
      },
      derivative(g) {
        if (where === 'derivative') void g.storage.array;
        return [g];
      },
    });
  const faultsOf = (where: 'infer' | 'kernel' | 'derivative'): readonly string[] =>
    watched(() => {
      const x = ones([2], { requiresGrad: true });
      apply(peek('peek', where), [x], undefined).backward({ gradient: ones([2]) });
    }).faults;

  it('sees a read in a shape rule, in a derivative and in a function, and lets kernels read', () => {
    expect(faultsOf('infer')).toEqual([expect.stringContaining('for the shape rule of peek')]);
    expect(faultsOf('derivative')).toEqual([expect.stringContaining('outside of any operation')]);
    expect(watched(() => void ones([2]).storage.array).faults).toHaveLength(1);
    expect(faultsOf('kernel')).toEqual([]);
  });

  it('asks for a reason', () => {
    expect(watched(() => valuesOf(ones([2]), 'a test')).reasons).toEqual(['a test']);
    expect(watched(() => valuesOf(ones([2]), ' ')).faults).toEqual(['a read is announced without a reason']);
  });

  it('refuses announced reads in kernels, and attributes that a kernel changes', () => {
    const loud = definePrimitive<{ seen?: number }>({
      name: 'loud',
      infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
      kernel([x], attributes, out) {
        attributes.seen = 1;
        out.storage.array.set(x.data);
      },
    });
    expect(watched(() => apply(loud, [ones([2])], {})).faults).toEqual([
      "the kernel of loud announces a read ('data')",
      "loud changes its attribute 'seen'",
    ]);
  });
});
