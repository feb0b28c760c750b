/** What the functions of autograd take: whatever else stands in the place of an argument or an option is refused by its name. */
import { describe, expect, it } from 'vitest';
import { autograd, KindlingError, onesLike, type Tensor, tensor } from '../../src/index.ts';

const { jacobian, hessian, vjp, jvp, vhp, hvp } = autograd.functional;
const leaf = (): Tensor => tensor([1, 2], { dtype: 'float64', requiresGrad: true });
const cubes = (x: Tensor): Tensor => x.pow(3);
const sumOfCubes = (x: Tensor): Tensor => x.pow(3).sum();

interface Takes {
  readonly call: (...args: never[]) => unknown;
  /** Arguments that fit, the options last, each with a value that fits. */
  readonly args: () => unknown[];
  /** The arguments of which everything is taken, or checked by something else. */
  readonly open?: readonly number[];
}

const checked = { eps: 1e-6, atol: 1e-5, rtol: 1e-3, raiseException: true, nondetTol: 0 };
const checks = { ...checked, checkUndefinedGrad: true, fastMode: false };
const functional = { createGraph: false, strict: false };
const graph = { retainGraph: true, createGraph: false };

const functions: Readonly<Record<string, Takes>> = {
  jacobian: { call: jacobian, args: () => [cubes, leaf(), functional] },
  hessian: { call: hessian, args: () => [sumOfCubes, leaf(), functional] },
  vjp: { call: vjp, args: () => [cubes, leaf(), onesLike(leaf()), functional] },
  jvp: { call: jvp, args: () => [cubes, leaf(), onesLike(leaf()), functional] },
  vhp: { call: vhp, args: () => [sumOfCubes, leaf(), onesLike(leaf()), functional] },
  hvp: { call: hvp, args: () => [sumOfCubes, leaf(), onesLike(leaf()), functional] },
  backward: {
    call: autograd.backward,
    args: () => {
      const x = leaf();
      return [cubes(x), onesLike(x), { ...graph, inputs: x }];
    },
  },
  grad: {
    call: autograd.grad,
    args: () => {
      const x = leaf();
      return [cubes(x), x, { ...graph, gradOutputs: onesLike(x), allowUnused: false }];
    },
  },
  gradcheck: { call: autograd.gradcheck, args: () => [cubes, [leaf()], checks] },
  gradgradcheck: {
    call: autograd.gradgradcheck,
    args: () => [cubes, [leaf()], leaf(), { ...checks, genNonContigGradOutputs: false }],
  },
  detectAnomaly: { call: autograd.detectAnomaly, args: () => [() => leaf(), { checkNan: true }] },
  checkpointWith: {
    call: autograd.checkpointWith,
    args: () => [{ preserveRngState: true }, sumOfCubes, leaf()],
    open: [2],
  },
  checkpoint: { call: autograd.checkpoint, args: () => [sumOfCubes, leaf()], open: [1] },
  registerHook: { call: autograd.registerHook, args: () => [leaf(), () => undefined] },
  registerPostAccumulateGradHook: {
    call: autograd.registerPostAccumulateGradHook,
    args: () => [leaf(), () => undefined],
  },
  retainGrad: { call: autograd.retainGrad, args: () => [cubes(leaf())] },
  setRequiresGrad: { call: autograd.setRequiresGrad, args: () => [leaf(), true] },
  noGrad: { call: autograd.noGrad, args: () => [() => 1] },
  enableGrad: { call: autograd.enableGrad, args: () => [() => 1] },
  inferenceMode: { call: autograd.inferenceMode, args: () => [() => 1] },
  setGradEnabled: { call: autograd.setGradEnabled, args: () => [true, () => 1] },
  onceDifferentiable: { call: autograd.onceDifferentiable, args: () => [() => null] },
};

const isOptions = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

describe.each(Object.entries(functions))('%s', (name, { call, args, open = [] }) => {
  const run = (...given: unknown[]): unknown => call(...(given as never[]));
  const refused = (...given: unknown[]): void => {
    expect(() => run(...given)).toThrow(KindlingError);
    expect(() => run(...given)).toThrow(new RegExp(`^${name}:`));
  };

  it('takes what it is for', () => {
    expect(() => run(...args())).not.toThrow();
  });

  it('refuses what is none of it, in each place', () => {
    args().forEach((_, i) => {
      if (open.includes(i)) return;
      for (const wrong of [Symbol('wrong'), 'wrong', 0.5]) {
        const given = args();
        given[i] = wrong;
        refused(...given);
      }
    });
  });

  it('refuses one argument more', () => {
    if (open.length === 0) refused(...args(), 1);
  });

  it('refuses options that it does not know, and values that an option cannot have', () => {
    args().forEach((options, i) => {
      if (!isOptions(options)) return;
      const withOptions = (changed: Record<string, unknown>): unknown[] =>
        args().map((argument, k) =>
          k === i && isOptions(argument) ? { ...argument, ...changed } : argument,
        );
      refused(...withOptions({ mutant: 1 }));
      for (const option of Object.keys(options)) refused(...withOptions({ [option]: 'wrong' }));
    });
  });
});

describe('checks of derivatives', () => {
  it.each(['eps', 'atol', 'rtol', 'nondetTol'])('refuse a negative %s and NaN', (option) => {
    for (const value of [-1, Number.NaN])
      expect(() => autograd.gradcheck(cubes, [leaf()], { [option]: value })).toThrow(/^gradcheck: /);
  });

  it('refuse a step of 0, which tells nothing, and take tolerances of 0', () => {
    expect(() => autograd.gradcheck(cubes, [leaf()], { eps: 0 })).toThrow('expected a finite number > 0');
    expect(() => autograd.gradcheck(cubes, [leaf()], { eps: Infinity })).toThrow('a finite number > 0');
    expect(autograd.gradcheck((x: Tensor) => x, [leaf()], { eps: 0.5, atol: 0, rtol: 0 })).toBe(true);
  });
});
