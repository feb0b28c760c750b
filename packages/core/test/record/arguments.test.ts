/** What the functions take by which operations are declared and run, and those that matter to compiled functions only. */
import { describe, expect, it } from 'vitest';
import {
  apply,
  applyInPlace,
  applyMulti,
  applyView,
  assumes,
  assumesSame,
  cannotCompile,
  checkOnHost,
  compile,
  compileApart,
  compileLater,
  composed,
  copyElements,
  defineMulti,
  definePrimitive,
  defineView,
  dependsOn,
  dependsOnGradient,
  elementsOf,
  fillOnHost,
  isCompiling,
  isTraced,
  KindlingError,
  nameForCompile,
  numberOnHost,
  type Observer,
  observe,
  ones,
  onHost,
  readOnHost,
  type Tensor,
  tellsOnce,
  tensor,
  traceNumber,
  valuesOf,
  wasTold,
} from '../../src/index.ts';

const one = {
  name: 'mine',
  infer: ([{ shape, dtype }]: readonly [Tensor, ...Tensor[]]) => ({ shape, dtype }),
  kernel: ([x]: readonly Tensor[], _: unknown, out: Tensor) => copyElements(x as Tensor, out),
};
const several = {
  name: 'ours',
  infer: (inputs: readonly [Tensor, ...Tensor[]]) => [one.infer(inputs)],
  kernel: (inputs: readonly Tensor[], _: unknown, [out]: readonly Tensor[]) =>
    one.kernel(inputs, _, out as Tensor),
};
const whole = {
  name: 'whole',
  alias: ({ shape, strides, offset }: Tensor) => ({ shape, strides, offset }),
};
const doing = (): number => 1;

type Call = (...args: never[]) => unknown;
/** Arguments that fit each function, and those of them of which everything is taken. */
const functions: readonly [name: string, call: Call, args: () => unknown[], open?: readonly number[]][] = [
  ['definePrimitive', definePrimitive, () => [one]],
  ['defineMulti', defineMulti, () => [several]],
  ['defineView', defineView, () => [whole]],
  ['apply', apply, () => [definePrimitive(one as never), [ones(2)], undefined], [2]],
  ['applyInPlace', applyInPlace, () => [definePrimitive(one as never), [ones(2)], undefined], [2]],
  ['applyMulti', applyMulti, () => [defineMulti(several as never), [ones(2)], undefined], [2]],
  ['applyView', applyView, () => [defineView(whole), ones(2), undefined], [2]],
  ['composed', composed, () => ['mine', ones(2)]],
  ['elementsOf', elementsOf, () => [ones(2)]],
  ['valuesOf', valuesOf, () => [ones(2), 'test']],
  ['onHost', onHost, () => [doing]],
  ['dependsOn', dependsOn, () => ['it', doing]],
  ['checkOnHost', checkOnHost, () => ['it', doing]],
  ['numberOnHost', numberOnHost, () => [ones([])]],
  ['fillOnHost', fillOnHost, () => [ones([]), 2]],
  ['compileLater', compileLater, () => ['it', () => ones(2)], [0]],
  ['cannotCompile', cannotCompile, () => ['it']],
  ['compileApart', compileApart, () => [{}, doing], [0]],
  // Nobody goes on looking.
  ['observe', (observer: Observer) => observe(observer)(), () => [{}]],
];

describe.each(functions)('%s', (name, call, args, open = []) => {
  const run = (...given: unknown[]): unknown => call(...(given as never[]));

  it('takes what it is for', () => {
    expect(() => run(...args())).not.toThrow();
  });

  it('refuses what is none of it, in each place, and says what it is called', () => {
    args().forEach((_, i) => {
      if (open.includes(i)) return;
      for (const wrong of [Symbol('wrong'), undefined, null, 5n]) {
        const given = args();
        given[i] = wrong;
        expect(() => run(...given)).toThrow(KindlingError);
        expect(() => run(...given)).toThrow(new RegExp(`^${name}:`));
      }
    });
  });
});

describe('outside of compiled functions', () => {
  it('a host part runs at once, gives what it gives, and throws what it throws', () => {
    expect(onHost(() => [1, 2])).toEqual([1, 2]);
    const error = new Error('own');
    expect(() =>
      onHost(() => {
        throw error;
      }),
    ).toThrow(error);
  });

  it('a check runs at once, and what a call depends on is not asked for', () => {
    const ran: string[] = [];
    checkOnHost('a check', () => void ran.push('check'));
    dependsOn('what is read', () => ran.push('dependsOn'));
    assumes('what holds', () => ran.push('assumes') > 0);
    assumesSame('what stays', () => [ran.push('assumesSame')]);
    readOnHost('numbers', () => [ran.push('readOnHost')]);
    expect(ran).toEqual(['check']);
    expect(() =>
      checkOnHost('another', () => {
        throw new Error('refused');
      }),
    ).toThrow('refused');
  });

  it('state is made at once, a part is itself, and nothing is refused', () => {
    const state = ones(2);
    expect(compileLater('later', () => state)).toBe(state);
    expect(compileApart({}, doing)).toBe(doing);
    expect(cannotCompile('never')).toBeUndefined();
    expect(nameForCompile(state, 'state')).toBeUndefined();
    expect(dependsOnGradient(state)).toBeUndefined();
    expect([isCompiling(), isTraced(), traceNumber()]).toEqual([false, false, 0]);
    const seen: number[] = [];
    const step = compile((x: Tensor) => {
      seen.push(traceNumber());
      return x.mul(2);
    });
    for (let i = 0; i < 4; i++) step(ones(2));
    expect(seen.some((number) => number > 0)).toBe(true);
    expect(traceNumber()).toBe(0);
  });

  it('nobody is told of anything, and where a call is being compiled once', () => {
    const what = {};
    const ask = (): boolean[] => [wasTold(what), tellsOnce(what), wasTold(what), tellsOnce(what)];
    const told: boolean[][] = [];
    const step = compile((x: Tensor) => {
      told.push(ask());
      return x.mul(2);
    });
    for (let i = 0; i < 2; i++) step(ones(2));
    expect(told).toEqual([
      [false, true, true, false],
      [false, true, true, false],
    ]);
    expect(ask()).toEqual([false, false, false, false]);
  });

  it('a number of a tensor is the one at its place, and one that is put there counts as a change', () => {
    const x = tensor([1, 2, 4], { requiresGrad: false });
    expect(numberOnHost(x.select(0, 2))).toBe(4);
    const w = tensor([1.5, 2], { requiresGrad: true });
    const scale = tensor([3, 5], { dtype: 'float32' });
    const y = w.mul(scale.select(0, 1)).sum();
    fillOnHost(scale.select(0, 0), 7);
    expect(scale.tolist()).toEqual([7, 5]);
    expect(() => y.backward()).toThrow(/modified by an inplace operation/);
  });
});
