/** What a compiled call does to generators besides drawing, it does again at its place among the draws. */
import {
  autograd,
  CompileError,
  compile,
  Generator,
  getRngState,
  manualSeed,
  rand,
  randn,
  setRngState,
  type Tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { change, expectSameBits, type World } from '../support/compiled.ts';

const dropped = (x: Tensor): Tensor => x.mul(rand(x.shape).gt(0.4).to(x.dtype));

const worlds: Readonly<Record<string, () => World>> = {
  'the draws of a checkpoint, which backward repeats': () => {
    const x = randn([4, 3]).requiresGrad_();
    return {
      call: () => {
        x.grad = null;
        const y = autograd.checkpoint((h: Tensor) => dropped(h).exp(), x).sum();
        y.backward();
        return [y, randn([2])];
      },
      argumentsOf: () => {
        change([x]);
        return [];
      },
      state: () => [x, x.grad],
    };
  },
  'a state that the call kept, and set again': () => ({
    call: () => {
      const state = getRngState();
      const first = randn([3]);
      setRngState(state);
      return [first, randn([3]), randn([3])];
    },
  }),
  'a state from outside': () => {
    const state = new Generator().manualSeed(8).getState();
    return {
      call: () => {
        const before = randn([2]);
        setRngState(state);
        return [before, randn([2])];
      },
    };
  },
  'seeds, of the default generator and of one that the call makes': () => ({
    call: () => {
      const own = new Generator();
      const options = { generator: own };
      const first = rand([2], options);
      own.manualSeed(5);
      const copy = { generator: own.clone() };
      const before = rand([2]);
      manualSeed(-3);
      return [first, rand([2], options), rand([2], copy), rand([2], options), before, rand([2])];
    },
  }),
};

describe('a compiled call has the random streams of eager', () => {
  it.each(Object.entries(worlds))('%s', (_, make) => {
    expectSameBits(() => {
      const world = make();
      return { ...world, state: () => [...(world.state?.() ?? []), rand([1])] };
    });
  });

  it('and with check', () => {
    const fn = compile(
      (x: Tensor) => {
        const state = getRngState();
        const first = x.add(randn([3]));
        setRngState(state);
        return [first, randn([3])] as const;
      },
      { check: true },
    );
    for (let i = 0; i < 4; i++) {
      const [a, b] = fn(zeros([3]));
      expect(a.toArray()).toEqual(b.toArray());
    }
  });

  it('but not of a state that is another in each call', () => {
    let seed = 0;
    const fn = compile((x: Tensor) => {
      manualSeed(seed++);
      return x.add(rand([1]));
    });
    const calls = (): void => {
      for (let i = 0; i < 9; i++) fn(zeros([1]));
    };
    expect(calls).toThrow(CompileError);
  });
});
