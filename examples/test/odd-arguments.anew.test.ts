/**
 * One argument at a time that does not belong, the others right: a result, or a KindlingError that begins with the name
 * of what was called. A sample by default; all of them, some 200,000, with KINDLING_ODD_ARGUMENTS=all.
 */
import { types } from 'node:util';
import * as core from '@kindling/core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attempts,
  type Call,
  inQuietFolder,
  leftChanged,
  loadAnotherCopy,
  type PublicCalls,
  placesOfOptions,
  publicCalls,
  run,
} from './odd-arguments/index.ts';

const all = process.env.KINDLING_ODD_ARGUMENTS === 'all';
/** Of so many attempts one is made. */
const every = all ? 1 : 60;

/**
 * What hands its arguments to functions that the caller wrote, or calls what was given: the errors are the caller's.
 */
const theirs = new RegExp(
  [
    'autograd\\.(checkpoint 1|checkpointSequential [02].*)',
    'autograd\\.(functional\\.\\w+|gradcheck|gradgradcheck) 1.*',
  ]
    .map((place) => `^${place}`)
    .join('|'),
);

/** What no user calls: an observer stays, and sees the calls after it. */
const notCalled = /^(observe|ElementwiseOp#primitive)$/;

/**
 * Names that stand for others: that of the operation or of the caller that a function is given, or what a module calls.
 */
const standsFor: readonly [path: RegExp, names: readonly string[]][] = [
  [/^applyUnary$/, ['twofold']],
  [/^apply(Binary|Elementwise|ElementwiseInPlace)$/, ['axpy', 'axpy_']],
  [/^ElementwiseReduction#apply$/, ['mseLoss']],
  [/^FusedUpdate#run(All)?$/, ['sgd', 'halve']],
  [/^SummedUpdate#run$/, ['step']],
  [/^FusedNorms#run$/, ['sizes']],
  [/^(fusedCrossEntropy|fusedNll|tensorList)$/, ['mine']],
  // The example's own class.
  [/^optim\.lrScheduler\.CosineAnnealingLR#step$/, ['InverseRoot']],
  [/^apply(InPlace|Multi|View)?$/, ['double', 'twice', 'whole']],
  [/^nn\.(Sequential|AdaptiveLogSoftmaxWithLoss|swaUtils\.AveragedModel)/, ['Linear', 'Dropout']],
  [/^nn\.swaUtils\.updateBn$/, ['BatchNorm1d']],
  // What the call of the model throws.
  [/^(nn\.summary|nn\.utils\.functionalCall|interop\.exportOnnx)$/, ['Linear']],
  [/^nn\.TripletMarginWithDistanceLoss/, ['PairwiseDistance']],
  [/^nn\.Transformer/, ['MultiheadAttention', 'TransformerEncoderLayer', 'TransformerDecoderLayer']],
  [/^nn\.utils\.parametrizations\./, ['registerParametrization']],
];

/** A module's class and the function that it stands for: `LinearCrossEntropyLoss` and `linearCrossEntropy`. */
const alike = (a: string, b: string): boolean => a.length > 2 && b.length > 2 && bare(b).startsWith(bare(a));
const bare = (name: string): string => name.toLowerCase().replace(/loss$/, '');

function isNamed({ path, names }: Call, message: string): boolean {
  const called = /^[\w.$]+/.exec(message)?.[0].split('.') ?? [];
  const known = [...names, ...(standsFor.find(([of]) => of.test(path))?.[1] ?? [])];
  return called.some(
    (name) => known.includes(name) || (path.startsWith('nn.') && known.some((k) => alike(name, k))),
  );
}

/** Whether the call that an error says to write, where arguments are too many or no options, is of what was called. */
function isToBeWritten({ path, names }: Call, message: string): boolean {
  const written = /(?:: takes |expected an options object).*; write (new )?([\w.]+)\(/.exec(message);
  if (written === null) return true;
  const [, isNew, name = ''] = written;
  const last = name.split('.').at(-1) ?? '';
  if (path.includes('#') || path === 'nn.utils.functionalCall')
    return isNew === undefined && (names.includes(last) || last === 'module');
  return names.includes(last) || (standsFor.find(([of]) => of.test(path))?.[1] ?? []).includes(last);
}

/** Also of a copy that was loaded later, when another one of all was wanted. */
function isOfLibrary(error: unknown): error is Error {
  for (let at: unknown = error; at instanceof Error; at = Object.getPrototypeOf(at))
    if (at.constructor.name === 'KindlingError') return true;
  return false;
}

let found: PublicCalls;
let foreign: unknown;

inQuietFolder();

beforeAll(async () => {
  found = await publicCalls();
  foreign = await loadAnotherCopy();
}, 300_000);

/** The same numbers in each run. */
function sampler(): () => boolean {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % 1021 < 1021 / every;
  };
}

describe('one odd argument among right ones', () => {
  it('is tried on nearly everything that is public', () => {
    expect(found.calls.length).toBeGreaterThan(1150);
    expect(found.missing.length, found.missing.join()).toBeLessThan(25);
    expect(foreign).not.toBeInstanceOf(core.Tensor);
    expect(foreign).toHaveProperty('storage');
  });

  it('gives a result or a KindlingError that begins with the name of what was called', async () => {
    const chosen = sampler();
    const faults: string[] = [];
    const pending: Promise<unknown>[] = [];
    for (const call of found.calls) {
      if (notCalled.test(call.path)) continue;
      for (const { what, args } of attempts(call)) {
        if (!chosen()) continue;
        const place = `${call.path} ${what}`;
        const judge = (error: unknown): void => {
          if (theirs.test(place)) return;
          const right =
            isOfLibrary(error) && isNamed(call, error.message) && isToBeWritten(call, error.message);
          if (!right) faults.push(`${place}: ${String(error).slice(0, 160)}`);
        };
        try {
          const result = run(call, args());
          if (types.isPromise(result)) pending.push(result.catch(judge));
        } catch (error) {
          judge(error);
        }
        core.setDefaultDtype('float32');
        core.setPrintOptions({ profile: 'default' });
        core.autograd.setDetectAnomaly(false);
      }
    }
    await Promise.all(pending);
    expect(faults).toEqual([]);
  }, 600_000);
});

/**
 * What hands its options on to what the caller wrote; and lazy layers, which have their sizes before they read the
 * others.
 */
const readsOthers = /^(observe|autograd\.checkpoint|autograd\.Function|nn\.Lazy\w+#forward)/;

describe('options that throw when they are read, be it the first time or later', () => {
  it('leave everything as it was', () => {
    const faults: string[] = [];
    let tried = 0;
    for (const call of found.calls) {
      if (readsOthers.test(call.path)) continue;
      for (const at of placesOfOptions(call)) {
        for (let nth = 1; nth <= 60; nth++) {
          const left = leftChanged(call, at, nth);
          if (left === undefined) break;
          tried++;
          if (left !== null) faults.push(`${call.path} ${at} read ${nth}: ${left}`);
        }
      }
    }
    expect(faults).toEqual([]);
    expect(tried).toBeGreaterThan(4000);
  }, 600_000);
});
