/** Every optimizer, made for some parameters and a learning rate. */
import type { Tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { compiledIf } from '../compiled-if.ts';

/** What takes steps: an optimizer, or what stands for several. */
interface Stepper {
  zeroGrad(): void;
  step(closure: () => Tensor): Tensor;
  /** Puts the parameters where the result is, which with some is not where they are while training. */
  rest?(): void;
  /** Whether a step cannot be compiled, but its closure. */
  readonly decides?: boolean;
}

/** An optimizer under its name. */
export interface Entrant {
  readonly name: string;
  make(params: readonly Tensor[], lr: number): Stepper;
}

type Options = { lr: number };
type Plain = new (params: readonly Tensor[], options: Options) => optim.Optimizer;

const stepper = (optimizer: { zeroGrad(): void; step(closure: () => Tensor): Tensor }): Stepper => ({
  zeroGrad: () => optimizer.zeroGrad(),
  step: (closure) => optimizer.step(closure),
});

const plain = (Class: Plain): Entrant => ({
  name: Class.name,
  make: (params, lr) => stepper(new Class(params, { lr })),
});

/** Momentum orthogonalized for matrices, AdamW for all else. */
const muon: Entrant = {
  name: 'Muon',
  make(params, lr) {
    const matrices = params.filter(({ ndim }) => ndim === 2);
    const others = params.filter(({ ndim }) => ndim !== 2);
    const first = new optim.Muon(matrices, { lr, weightDecay: 0 });
    if (others.length === 0) return stepper(first);
    const second = new optim.AdamW(others, { lr });
    return {
      zeroGrad() {
        first.zeroGrad();
        second.zeroGrad();
      },
      step(closure) {
        const loss = first.step(closure);
        second.step();
        return loss;
      },
    };
  },
};

/** Those that keep an average, at which the result is. */
const scheduleFree = (Class: typeof optim.AdamWScheduleFree | typeof optim.SGDScheduleFree): Entrant => ({
  name: Class.name,
  make(params, lr) {
    const optimizer = new Class(params, { lr });
    optimizer.train();
    return { ...stepper(optimizer), rest: () => optimizer.eval() };
  },
});

const sgdWithMomentum: Entrant = {
  name: 'SGD, momentum',
  make: (params, lr) => stepper(new optim.SGD(params, { lr, momentum: 0.9 })),
};
const sam: Entrant = {
  name: 'SAM around SGD',
  make: (params, lr) => stepper(new optim.SAM(new optim.SGD(params, { lr, momentum: 0.9 }))),
};
const lbfgs: Entrant = {
  name: 'LBFGS',
  make: (params, lr) => ({
    ...stepper(new optim.LBFGS(params, { lr, maxIter: 2, lineSearchFn: 'strong_wolfe' })),
    decides: true,
  }),
};

/** Few enough of a kind to be told apart in one picture. */
export const families: readonly { readonly name: string; readonly entrants: readonly Entrant[] }[] = [
  {
    name: 'Descent',
    entrants: [
      plain(optim.SGD),
      sgdWithMomentum,
      plain(optim.ASGD),
      scheduleFree(optim.SGDScheduleFree),
      sam,
    ],
  },
  {
    name: 'Adam and its kin',
    entrants: [
      ...[optim.Adam, optim.AdamW, optim.Adamax, optim.NAdam, optim.RAdam].map(plain),
      scheduleFree(optim.AdamWScheduleFree),
    ],
  },
  {
    name: 'Rates by size of gradient',
    entrants: [optim.Adagrad, optim.Adadelta, optim.RMSprop, optim.Adafactor].map(plain),
  },
  {
    name: 'Signs, layers, curvature',
    entrants: [...[optim.Rprop, optim.Lion, optim.Lamb].map(plain), muon, lbfgs],
  },
];

export const entrants: readonly Entrant[] = families.flatMap((family) => family.entrants);

/** A step on what `lossOf` gives, compiled where asked: whole, or what it calls where its course depends on values. */
export function stepOn<A extends readonly Tensor[]>(
  stepper: Stepper,
  lossOf: (...given: A) => Tensor,
  compiled: boolean,
): (...given: A) => Tensor {
  const evaluate = (...given: A): Tensor => {
    stepper.zeroGrad();
    const loss = lossOf(...given);
    loss.backward();
    return loss.detach();
  };
  if (stepper.decides === true) {
    const closure = compiledIf(compiled, evaluate);
    return (...given) => stepper.step(() => closure(...given));
  }
  return compiledIf(compiled, (...given: A): Tensor => stepper.step(() => evaluate(...given)));
}
