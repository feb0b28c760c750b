/** Parts of a function whose course depends on values. */
import {
  CompileError,
  compile,
  compileApart,
  full,
  noGrad,
  ones,
  randn,
  type Tensor,
  tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../support/compiled.ts';

/** Goes down until it is low enough, and counts how often the code of a round runs. */
function descent() {
  const w = tensor([4, 2], { requiresGrad: true });
  const seen = { rounds: 0, runs: 0 };
  const descend = (x: Tensor): Tensor => {
    const round = compileApart(w, () => {
      seen.runs++;
      w.grad = null;
      const loss = w.mul(x).square().sum();
      loss.backward();
      noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.1 }));
      return loss.detach();
    });
    let loss: Tensor;
    do {
      seen.rounds++;
      loss = round();
    } while (Number(loss.item()) > 0.1);
    noGrad(() => w.add_(x));
    return loss;
  };
  return { w, seen, descend };
}

describe('compileApart', () => {
  it('leaves the bits of the function as it is, and runs the code of the part seldom', () => {
    const [eager, compiled] = [descent(), descent()];
    const step = compile(compiled.descend);
    for (let i = 0; i < 40; i++) {
      const x = tensor([1 + (i % 3) / 4, 0.75]);
      expect(bitsOf(step(x))).toEqual(bitsOf(eager.descend(x)));
      expect(bitsOf(compiled.w)).toEqual(bitsOf(eager.w));
    }
    expect(compiled.seen.rounds).toBe(eager.seen.rounds);
    expect(eager.seen.runs).toBe(eager.seen.rounds);
    expect(compiled.seen.runs).toBeLessThan(eager.seen.runs / 2);
    expect(step.programs).toHaveLength(1);
  });

  it('is the part itself where nothing is compiled', () => {
    const part = (): number => 5;
    expect(compileApart({}, part)).toBe(part);
  });

  it('is divided in the call that first comes to a part', () => {
    const w = {};
    const step = compile((x: Tensor, often: number) => {
      let y = x;
      for (let i = 0; i < often; i++) y = compileApart(w, () => x.mul(2))();
      return y;
    });
    for (const often of [0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 0])
      expect(step(ones([2]), often).tolist()).toEqual(often === 0 ? [1, 1] : [2, 2]);
  });

  it('is part of the program that it stands in, where that is divided already', () => {
    const [outer, inner] = [{}, {}];
    const step = compile((x: Tensor) =>
      compileApart(outer, () => {
        const double = compileApart(inner, () => x.mul(2));
        return double().add(double());
      })(),
    );
    for (let i = 1; i < 12; i++) expect(step(full([2], i)).tolist()).toEqual([4 * i, 4 * i]);
  });

  it('leaves no divider behind where the function fails', () => {
    let fails = false;
    const step = compile((x: Tensor) => {
      const part = compileApart(compile, () => x.mul(2));
      if (fails) throw new Error('out of luck');
      return part();
    });
    for (let i = 0; i < 3; i++) step(ones([2]));
    fails = true;
    expect(() => step(ones([2]))).toThrow('out of luck');
    const part = (): number => 5;
    expect(compileApart({}, part)).toBe(part);
  });

  it('refuses a part that takes what the function computes anew', () => {
    const step = compile((x: Tensor) => {
      const y = x.mul(2);
      return compileApart(compile, () => y.add(1))();
    });
    const calls = (): void => {
      for (let i = 0; i < 6; i++) step(randn([2]));
    };
    expect(calls).toThrow(CompileError);
  });

  it('takes a function', () => {
    expect(() => compileApart({}, 3 as never)).toThrow(/^compileApart: part: expected/);
  });
});
