/** SAM around other optimizers: its two steps, their order, what it keeps; compiled as a whole and in parts. */
import { compile, manualSeed, ones, randn, type Tensor, tensor, zeros, zerosLike } from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { bitsOf, expectSameBits } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: as plain JavaScript would
const js = (value: unknown): any => value;
const square = (w: Tensor, optimizer: { zeroGrad(): void }): (() => Tensor) => {
  return () => {
    optimizer.zeroGrad();
    const loss = w.square().sum();
    loss.backward();
    return loss;
  };
};
const made = (options: optim.SAMOptions = {}): { w: Tensor; sam: optim.SAM } => {
  const w = tensor([3, 4], { dtype: 'float64', requiresGrad: true });
  return { w, sam: new optim.SAM(new optim.SGD([w], { lr: 0.25, momentum: 0.5 }), options) };
};

describe('SAM', () => {
  it('steps with the gradient uphill, from where the parameters were', () => {
    const { w, sam } = made({ rho: 0.5 });
    const loss = sam.step(square(w, sam));
    // e = 0.5 (0.6, 0.8), the gradient there 2 (3.3, 4.4).
    expect(loss.item()).toBe(25);
    for (const [i, x] of [3 - 0.25 * 6.6, 4 - 0.25 * 8.8].entries()) expect(w.data[i]).toBeCloseTo(x, 10);
  });

  it('with adaptive measures the way in proportion to the parameters', () => {
    const { w, sam } = made({ rho: 1, adaptive: true });
    sam.step(square(w, sam));
    // e = w² g / |w g|, g = 2 w: w g = (18, 32).
    const norm = Math.hypot(18, 32);
    const at = [3, 4].map((x) => x + (x * x * 2 * x) / norm);
    for (const [i, x] of [3, 4].entries()) expect(w.data[i]).toBeCloseTo(x - 0.25 * 2 * (at[i] ?? 0), 10);
  });

  it('in two steps does what it does in one', () => {
    const [a, b] = [made(), made()];
    for (let i = 0; i < 5; i++) {
      a.sam.step(square(a.w, a.sam));
      const closure = square(b.w, b.sam);
      closure();
      b.sam.firstStep();
      closure();
      b.sam.secondStep();
    }
    expect(bitsOf(b.w)).toEqual(bitsOf(a.w));
  });

  it('leaves gradients of zero, and parameters without one, where they are', () => {
    const [w, still, without] = [ones([2]), zeros([2]), ones([3])].map((x) => x.requiresGrad_()) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const sam = new optim.SAM(new optim.SGD([w, still, without], { lr: 0.1 }));
    sam.step(() => {
      sam.zeroGrad();
      const loss = still.mul(0).sum();
      loss.backward();
      return loss;
    });
    expect([w, still, without].map((x) => x.toArray())).toEqual([
      [1, 1],
      [0, 0],
      [1, 1, 1],
    ]);
  });

  it('acts on the groups of the optimizer within, as do schedulers of that one', () => {
    const { w, sam } = made();
    const schedule = new optim.lrScheduler.StepLR(sam.base, 1, { gamma: 0.5 });
    sam.step(square(w, sam));
    schedule.step();
    expect(sam.paramGroups[0]?.lr).toBe(0.125);
    expect(sam.base.stepCount).toBe(1);
    expect(() => new optim.lrScheduler.StepLR(js(sam), 1)).toThrow(/expected an Optimizer/);
  });

  it('puts the parameters back where the closure fails uphill', () => {
    const { w, sam } = made();
    let calls = 0;
    const closure = square(w, sam);
    const failing = (): Tensor => {
      if (++calls === 2) throw new Error('out of luck');
      return closure();
    };
    expect(() => sam.step(failing)).toThrow('out of luck');
    expect(w.toArray()).toEqual([3, 4]);
    sam.step(closure);
    expect(sam.base.stepCount).toBe(1);
  });

  it('keeps the state of the optimizer within, ρ and whether it is adaptive', () => {
    const { w, sam } = made({ rho: 0.3, adaptive: true });
    sam.step(square(w, sam));
    const other = made();
    other.w.detach().copy_(w.detach());
    other.sam.loadStateDict(JSON.parse(JSON.stringify(sam.stateDict())));
    expect([other.sam.rho, other.sam.adaptive]).toEqual([0.3, true]);
    for (const { sam: one, w: of } of [{ sam, w }, other]) one.step(square(of, one));
    expect(bitsOf(other.w)).toEqual(bitsOf(w));
    expect(`${sam}`).toMatch(/^SAM \(\n {4}rho: 0.3\n {4}adaptive: True\n\)\nSGD \(/);
  });

  it('around an optimizer that needs a closure says so', () => {
    const w = ones([2]).requiresGrad_();
    const sam = new optim.SAM(new optim.LBFGS([w]));
    expect(() => sam.step(square(w, sam))).toThrow(/^LBFGS.step: expected a closure/);
  });

  const refused: [what: string, call: (sam: optim.SAM, w: Tensor) => unknown, message: RegExp][] = [
    ['no optimizer', () => new optim.SAM(js([ones([1])])), /^SAM: base: expected an Optimizer, got/],
    [
      'ρ below 0',
      ({ base }) => new optim.SAM(base, { rho: -1 }),
      /^SAM: rho: expected a finite number >= 0, got -1/,
    ],
    ['another option', ({ base }) => new optim.SAM(base, js({ row: 1 })), /^SAM: unknown option row/],
    ['a step without a closure', (sam) => js(sam).step(), /^SAM.step: expected a closure, got none/],
    ['the second step first', (sam) => sam.secondStep(), /^SAM.secondStep: .*call firstStep first/],
    [
      'the first step twice',
      (sam, w) => {
        square(w, sam)();
        sam.firstStep();
        sam.firstStep();
      },
      /^SAM.firstStep: the parameters are at w \+ e already/,
    ],
    [
      'a state dict uphill',
      (sam, w) => {
        square(w, sam)();
        sam.firstStep();
        sam.stateDict();
      },
      /^SAM.stateDict: the parameters are at w \+ e/,
    ],
    [
      "another optimizer's state dict",
      (sam) => sam.loadStateDict(js(sam.base.stateDict())),
      /^SAM.loadStateDict: dict: expected { base, rho, adaptive }/,
    ],
    [
      'a ρ that was spoilt since',
      (sam, w) => {
        sam.rho = Number.NaN;
        sam.step(square(w, sam));
      },
      /^SAM.firstStep: rho: expected a finite number >= 0, got NaN/,
    ],
  ];
  it.each(refused)('refuses %s', (_, call, message) => {
    const { w, sam } = made();
    expect(() => call(sam, w)).toThrow(message);
  });
});

describe('compiled, SAM has the bits of eager', () => {
  const net = (adaptive: boolean, setToNone = true) => {
    const model = new nn.Sequential(new nn.Linear(3, 6), new nn.Tanh(), new nn.Linear(6, 1));
    const sam = new optim.SAM(new optim.Adam(model.parameters(), { lr: 0.01 }), { rho: 0.1, adaptive });
    const closure = (x: Tensor, y: Tensor) => (): Tensor => {
      sam.zeroGrad({ setToNone });
      const loss = nn.functional.mseLoss(model(x), y);
      loss.backward();
      return loss;
    };
    return { model, sam, closure };
  };

  it.each([false, true])('as a whole, adaptive %s, with a ρ that changes', (adaptive) => {
    const { programs } = expectSameBits(() => {
      const { model, sam, closure } = net(adaptive);
      return {
        call: (x: Tensor, y: Tensor) => sam.step(closure(x, y)).detach(),
        argumentsOf: (i) => {
          sam.rho = 0.1 / (1 + i);
          return [randn([8, 3]), randn([8, 1])];
        },
        state: () => [...model.parameters(), ...[...model.parameters()].map((p) => p.grad)],
      };
    }, 10);
    expect(programs.length).toBe(1);
  });

  it('in parts, between which gradients stay in one place', () => {
    const run = (wrap: <A extends Tensor[]>(fn: (...args: A) => void) => (...args: A) => void): unknown => {
      manualSeed(5);
      const { model, sam, closure } = net(false, false);
      const backward = wrap((x: Tensor, y: Tensor) => void closure(x, y)());
      const [first, second] = [wrap(() => sam.firstStep()), wrap(() => sam.secondStep())];
      for (let i = 0; i < 8; i++) {
        const [x, y] = [randn([8, 3]), randn([8, 1])];
        for (const step of [first, second]) {
          backward(x, y);
          step();
        }
      }
      return [...model.parameters()].map(bitsOf);
    };
    expect(run((fn) => compile(fn) as typeof fn)).toEqual(run((fn) => fn));
  });

  it('follows the groups of the optimizer within: a parameter for another, one more, one less', () => {
    const run = (wrap: (step: () => void) => () => void): unknown => {
      const [a, b, c] = [0.5, 1, 2].map((x) => tensor([x, -x], { requiresGrad: true })) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const sam = new optim.SAM(new optim.SGD([a, b], { lr: 0.1 }), { rho: 0.1 });
      // Between the parts of a step, which are compiled, gradients stay in one place.
      const all = [a, b, c];
      for (const p of all) p.grad = zerosLike(p.detach());
      const [first, second] = [wrap(() => sam.firstStep()), wrap(() => sam.secondStep())];
      const seen: unknown[] = [];
      const train = (): void => {
        for (let i = 0; i < 4; i++)
          for (const step of [first, second]) {
            for (const p of all) p.grad?.copy_(p.detach().mul(2));
            step();
          }
        seen.push(all.map(bitsOf));
      };
      train();
      const group = sam.base.paramGroups[0] as { params: Tensor[] };
      for (const params of [[a, c], [a, b, c], [c], [b]]) {
        group.params = params;
        train();
      }
      return seen;
    };
    expect(run((step) => compile(step) as () => void)).toEqual(run((step) => step));
  });

  it('is compiled anew where adaptive changes', () => {
    const { programs } = expectSameBits(() => {
      const { model, sam, closure } = net(false);
      return {
        call: (x: Tensor, y: Tensor) => sam.step(closure(x, y)).detach(),
        argumentsOf: (i) => {
          sam.adaptive = i >= 5;
          return [randn([8, 3]), randn([8, 1])];
        },
        state: () => [...model.parameters()],
      };
    }, 10);
    expect(programs.length).toBe(2);
  });
});
