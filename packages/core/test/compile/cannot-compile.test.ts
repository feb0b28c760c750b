/** A function that says of itself that no program can follow it. */
import {
  CompileError,
  cannotCompile,
  compile,
  compileLater,
  ones,
  type Tensor,
  tensor,
  zeros,
} from '@kindling/core';
import { describe, expect, it, vi } from 'vitest';

const refusing = (x: Tensor): Tensor => {
  cannotCompile('search: how far it goes depends on values; call it outside');
  return x.mul(2);
};

describe('cannotCompile', () => {
  it('does nothing where nothing is compiled', () => {
    expect(refusing(ones([2])).tolist()).toEqual([2, 2]);
  });

  it('refuses the call that would be recorded, with the reason and the line, and each one after', () => {
    const step = compile(refusing);
    expect(step(ones([2])).tolist()).toEqual([2, 2]);
    for (let i = 0; i < 2; i++) {
      expect(() => step(ones([2]))).toThrow(CompileError);
      expect(() => step(ones([2]))).toThrow(
        /^compile: search: how far it goes depends on values; call it outside \(cannot-compile\.test\.ts\S*:15\)$/,
      );
    }
  });

  it('leaves a function that may fall back as it is', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const step = compile(refusing, { fallback: 'eager' });
    for (const v of [1, 2, 3]) expect(step(tensor([v])).tolist()).toEqual([2 * v]);
    expect(warn).toHaveBeenCalledOnce();
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/how far it goes/);
    warn.mockRestore();
  });

  it('takes a reason', () => {
    expect(() => cannotCompile(3 as unknown as string)).toThrow(/^cannotCompile: reason: expected/);
  });
});

describe('what lasts beyond a call', () => {
  const counting = (calls: number) => {
    let made = 0;
    return (x: Tensor): Tensor =>
      made++ < calls ? x.add(compileLater('a count begins', () => zeros(1))) : x.add(0);
  };
  const call = (step: (x: Tensor) => Tensor, times: number): void => {
    for (let i = 0; i < times; i++) step(ones([2]));
  };

  it('may be made in the first calls', () => {
    const step = compile(counting(5));
    call(step, 9);
    expect(step.programs).toHaveLength(1);
  });

  it('is refused where each call makes it', () => {
    expect(() => call(compile(counting(100)), 20)).toThrow(
      new CompileError(
        'compile: a count begins in each call, which a program would not do; make once, outside of the function, what it is of',
      ),
    );
  });
});
