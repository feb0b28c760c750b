/** Every optimizer takes a closure: compiled with it, around one that is compiled, and without either, to the same bits. */
import { compile, manualSeed, randn, type Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';

type Closure = () => Tensor;
/** What steps by a closure: an optimizer, or what holds one. */
interface Stepping {
  zeroGrad(): void;
  step(closure: Closure): Tensor;
}
type Maker = new (params: Tensor[], options?: object) => optim.Optimizer & { train?(): void };

const optimizers = Object.entries(optim as unknown as Record<string, Maker>).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof optim.Optimizer,
);
const makers: [name: string, make: (params: Tensor[]) => Stepping][] = [
  ...optimizers.map(([name, Optimizer]): [string, (params: Tensor[]) => Stepping] => [
    name,
    (params) => {
      const optimizer = new Optimizer(params, { lr: 0.05 });
      optimizer.train?.();
      return optimizer;
    },
  ]),
  ['SAM', (params) => new optim.SAM(new optim.SGD(params, { lr: 0.05, momentum: 0.9 }))],
  ['SAM, adaptive', (params) => new optim.SAM(new optim.Adam(params, { lr: 0.05 }), { adaptive: true })],
];

type Wrap = <T>(fn: () => T) => () => T;
const asItIs: Wrap = (fn) => fn;

/** Losses and parameters of some steps, where closure and step are what the two make of them. */
function course(make: (params: Tensor[]) => Stepping, ofClosure: Wrap, ofStep: Wrap): unknown {
  manualSeed(4);
  const model = new nn.Sequential(
    new nn.Linear(3, 4, { bias: false }),
    new nn.Tanh(),
    new nn.Linear(4, 2, { bias: false }),
  );
  const [x, y] = [randn([10, 3]), randn([10, 2])];
  const optimizer = make(model.parameters());
  const closure = ofClosure(() => {
    optimizer.zeroGrad();
    const loss = nn.functional.mseLoss(model(x), y);
    loss.backward();
    return loss;
  });
  const step = ofStep(() => optimizer.step(closure).detach());
  const losses = Array.from({ length: 6 }, () => bitsOf(step().detach()));
  return [losses, model.parameters().map(bitsOf)];
}

const compiled: Wrap = (fn) => compile(fn as () => Tensor) as unknown as typeof fn;

describe.each(makers)('%s', (name, make) => {
  it('takes a compiled closure', () => {
    expect(course(make, compiled, asItIs)).toEqual(course(make, asItIs, asItIs));
  });

  it.skipIf(name === 'LBFGS')('is compiled with its closure', () => {
    expect(course(make, asItIs, compiled)).toEqual(course(make, asItIs, asItIs));
  });
});
