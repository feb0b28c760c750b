/** Every public function, class, method of a tensor and module, called rightly but for one argument more. */
import * as core from '@kindling/core';
import * as nn from '@kindling/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Call, inQuietFolder, publicCalls, run } from './odd-arguments/index.ts';

/**
 * What hands its further arguments on, or takes any number of things; and nn.Identity, which ignores them as PyTorch's
 * does.
 */
const takesMore =
  /^(autograd\.checkpoint(With)?|nn\.Identity(#forward)?|data\.TensorDataset|autograd\.Function)$|^Tensor#toJSON$/;
/** Questions about a dtype, a shape or a value that is no tensor, from files that know nothing of arguments. */
const plainQuestions =
  /^(canCast|promoteTypes|isFloatingPoint|formatShape|sameShape|io\.isTensorJSON|autograd\.retainsGrad|getPrintOptions)$/;
/**
 * What only the packages call, and classes that state no constructor: the arguments are those of the class that extends
 * them.
 */
const inner =
  /^(userFrames|floatsOnly|tensorList|assumes|assumesHeld|assumesSame|assumesValues|changesSetting|comparisonOf|compileLater|dependsOn(Gradient)?|is(Compiling|Traced)|onHost|checkOnHost|readOnHost|traceNumber|nameForCompile|noteChange|notePart|tellsOnce|wasTold|refuseExcess|apply(Elementwise|ElementwiseInPlace)|nn\.Module|Shown)$/;

const isMethod = (path: string): boolean => path.includes('#');
const isCounted = (path: string): boolean =>
  !isMethod(path) || path.startsWith('Tensor#') || /^nn\..*#forward$/.test(path);

let calls: readonly Call[];

inQuietFolder();

beforeAll(async () => {
  const found = await publicCalls();
  calls = found.calls.filter(
    ({ path }) => isCounted(path) && !takesMore.test(path) && !plainQuestions.test(path) && !inner.test(path),
  );
}, 300_000);

/** The error of a call, or null. */
async function errorOf(call: Call, args: readonly unknown[]): Promise<unknown> {
  try {
    await run(call, args);
    return null;
  } catch (error) {
    return error;
  } finally {
    core.setDefaultDtype('float32');
    core.setPrintOptions({ profile: 'default' });
    core.autograd.setDetectAnomaly(false);
  }
}

describe('an argument more than is taken', () => {
  it('is refused by every export, method of a tensor and call of a module', async () => {
    expect(calls.length).toBeGreaterThan(1000);
    const faults: string[] = [];
    for (const call of calls) {
      // Also behind arguments that may be left out.
      for (const left of [0, 1, 2, 3]) {
        const error = await errorOf(call, [...call.args(), ...Array(left).fill(undefined), Symbol('excess')]);
        if (!(error instanceof core.KindlingError))
          faults.push(`${call.path} and ${left} left out: ${String(error).slice(0, 80)}`);
      }
    }
    expect(faults).toEqual([]);
  }, 300_000);

  const x = core.tensor([
    [1, 2],
    [3, 4],
  ]);
  const bad = (...values: unknown[]): [] => values as [];
  it.each<[string, () => unknown, string]>([
    ['x.exp(true)', () => x.exp(...bad(true)), 'exp: takes (x), got true beyond that; write exp(x)'],
    ['x.t(0, 1)', () => x.t(...bad(0, 1)), 't: takes (x), got 0, 1 beyond that; write t(x)'],
    ['x.clamp(0, 1)', () => x.clamp(...bad(0, 1)), 'write clamp(x, { min: 0, max: 1 })'],
    ['x.clamp_(0, 1)', () => x.clamp_(...bad(0, 1)), 'write clamp_(x, { min: 0, max: 1 })'],
    ['x.squeeze(0, 1)', () => x.squeeze(0, ...bad(1)), 'write squeeze(x, [0, 1])'],
    [
      'x.sum(0, { keepdim: true }, "float64")',
      () => x.sum(0, { keepdim: true }, ...bad('float64')),
      'sum: takes (x, dims, options), got "float64" beyond that; write sum(x, 0, options)',
    ],
    [
      'mul(a, b, out)',
      () => core.mul(x, x, ...bad(x)),
      'got a Tensor of shape [2, 2] beyond that; write mul(x, y)',
    ],
    [
      'new Generator(42)',
      () => new core.Generator(...bad(42)),
      'Generator: takes no seed, got 42; write new Generator().manualSeed(42)',
    ],
    ['noGrad(f, x)', () => core.noGrad(() => 1, ...bad(x)), 'write noGrad(fn)'],
    [
      'new Linear(2, 3, {}, true)',
      () => new nn.Linear(2, 3, {}, ...bad(true)),
      'got true beyond that; write new Linear(2, 3, options)',
    ],
    ['new LSTM(3, 4, 2)', () => new nn.LSTM(3, 4, ...bad(2)), 'write new LSTM(3, 4, { numLayers: 2 })'],
    [
      'linear(x, mask)',
      () => new nn.Linear(2, 3)(x, ...bad(x)),
      'Linear: takes (x), got a Tensor of shape [2, 2] beyond that; write module(x)',
    ],
  ])('%s is an error that says what to write', (_, call, hint) => {
    expect(call).toThrow(core.ValueError);
    expect(call).toThrow(hint);
  });

  it('is nothing that is lost where it is undefined', () => {
    expect(core.exp(x, ...bad(undefined)).shape).toEqual([2, 2]);
  });

  it('is no error in what an array hands to its callbacks: the index and the array', () => {
    const xs = [core.tensor([1, 2]), core.tensor([3, 4])];
    expect(xs.map(core.neg).map((y) => y.tolist())).toEqual([
      [-1, -2],
      [-3, -4],
    ]);
    expect(xs.reduce(core.mul).tolist()).toEqual([3, 8]);
    expect(xs.map(new nn.Identity()).length).toBe(2);
    // An index in the place of an operand is a value that nobody meant.
    expect(() => xs.map(core.mul)).toThrow('mul: takes (x, y)');
    // Only that index and that array.
    expect(() => core.neg(xs[0] as core.Tensor, ...bad(1, xs))).toThrow(core.ValueError);
  });
});

describe('a module', () => {
  class Masked extends nn.Module<[core.Tensor, (core.Tensor | null)?], core.Tensor> {
    override forward(x: core.Tensor, mask: core.Tensor | null = null): core.Tensor {
      return mask === null ? x : x.mul(mask);
    }
  }
  class Plain extends nn.Module<[core.Tensor], core.Tensor> {
    override forward(x: core.Tensor): core.Tensor {
      return x;
    }
  }
  class All extends nn.Module<core.Tensor[], number> {
    override forward(...xs: core.Tensor[]): number {
      return xs.length;
    }
  }
  const x = core.ones([2]);
  const call = (module: unknown, ...input: unknown[]): unknown =>
    (module as (...input: unknown[]) => unknown)(...input);

  it('takes what its forward takes: parameters with defaults, any number of them', () => {
    expect(call(new Masked(), x, x)).toBeInstanceOf(core.Tensor);
    expect(call(new All(), x, x, x)).toBe(3);
  });

  it('refuses what its forward would not receive, with hooks too', () => {
    expect(() => call(new Plain(), x, x)).toThrow('Plain: takes (x)');
    const hooked = new Plain();
    hooked.registerForwardHook(() => undefined);
    expect(() => call(hooked, x, x)).toThrow('Plain: takes (x)');
  });
});
