/** Changes in place of views, and of the bases of views, while gradients are recorded: PyTorch's `CopySlices`. */
import { readFileSync } from 'node:fs';
import {
  AutogradError,
  autograd,
  compile,
  noGrad,
  ones,
  type Tensor,
  tensor,
  varMean,
  zeros,
  zerosLike,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { located } from '../oracle/fixture.ts';

type Statement = [target: string, name: string, operation: string, args: unknown[]];
interface Program {
  readonly leaves: Readonly<Record<'a' | 'b', number[]>>;
  readonly statements: readonly Statement[];
  readonly values?: Readonly<Record<string, number[]>>;
  readonly require?: readonly string[];
  readonly gradients?: readonly number[][];
  readonly second?: readonly number[][];
  readonly refused?: true;
}

const { programs } = JSON.parse(
  readFileSync(new URL(located(new URL('../fixtures/views.json', import.meta.url))), 'utf8'),
) as { programs: Program[] };

const flat = (x: Tensor): number[] => [...x.detach().contiguous().data];
const close = (found: readonly number[], expected: readonly number[], what: string): void => {
  expect(found.length, what).toBe(expected.length);
  for (const [i, v] of expected.entries())
    expect(Math.abs((found[i] as number) - v), `${what}, element ${i}`).toBeLessThanOrEqual(
      1e-9 * (1 + Math.abs(v)),
    );
};

const of = (values: readonly number[], shape: readonly number[]): Tensor =>
  tensor([...values], { dtype: 'float64' })
    .view(...shape)
    .clone();

const plus = (x: Tensor, y: Tensor): Tensor => x.add(y);

/** The gradients of a sum by leaves, 0 where it does not depend on one. */
const gradients = (total: Tensor, leaves: readonly Tensor[], createGraph: boolean): Tensor[] =>
  autograd
    .grad(total, [...leaves], { createGraph, allowUnused: true })
    .map((g, i) => g ?? zerosLike(leaves[i] as Tensor));

function run({ leaves, statements }: Program): { variables: Map<string, Tensor>; leaves: Tensor[] } {
  const [a, b] = [of(leaves.a, [3, 4]).requiresGrad_(), of(leaves.b, [4]).requiresGrad_()];
  const variables = new Map([
    ['a', a],
    ['b', b],
    ['c', a.mul(1)],
    ['d', ones([2, 3, 4], { dtype: 'float64' })],
  ]);
  for (const [target, name, operation, args] of statements) {
    const x = variables.get(name) as unknown as Record<string, (...args: unknown[]) => Tensor>;
    const given = args.map((arg) => (typeof arg === 'string' ? variables.get(arg) : arg));
    variables.set(target, x[operation]?.(...given) as Tensor);
  }
  return { variables, leaves: [a, b] };
}

const titled = programs.map((program, i) => ({
  title: `${i}: ${program.statements.map(([to, x, name, args]) => `${to} = ${x}.${name}(${args.join(', ')})`).join('; ')}`,
  program,
}));
const kept = titled.filter(({ program }) => program.refused === undefined);

describe("programs of views and changes in place have PyTorch's values and gradients", () => {
  it.each(kept)('$title', ({ program }) => {
    const { variables, leaves } = run(program);
    for (const [name, values] of Object.entries(program.values ?? {}))
      close(flat(variables.get(name) as Tensor), values, name);
    const require = [...variables].flatMap(([name, x]) => (x.requiresGrad ? [name] : []));
    expect(require.sort()).toEqual(program.require);
    const terms = [...variables.values()].filter((x) => x.requiresGrad);
    const loss = terms
      .map((x, i) =>
        x
          .square()
          .mul(1 + i)
          .sum(),
      )
      .reduce(plus);
    const first = gradients(loss, leaves, true);
    for (const [i, g] of first.entries()) close(flat(g), program.gradients?.[i] ?? [], `gradient ${i}`);
    if (program.second === undefined) return;
    const second = gradients(first.map((g) => g.square().sum()).reduce(plus), leaves, false);
    for (const [i, g] of second.entries()) close(flat(g), program.second[i] ?? [], `second gradient ${i}`);
  });

  it.each(titled.filter(({ program }) => program.refused === true))('$title is refused', ({ program }) => {
    expect(() => run(program)).toThrow(/is being used in an in-place operation/);
  });
});

const floats = (...values: number[]): Tensor => tensor(values, { dtype: 'float64' });

describe('a change in place of a view', () => {
  it('is printed as in PyTorch, also by views that were taken before', () => {
    const w = floats(1, 2).requiresGrad_();
    const buffer = zeros([2, 2], { dtype: 'float64' });
    const [row, column] = [buffer.select(0, 0), buffer.select(1, 0)];
    row.copy_(w);
    expect(buffer.gradFn?.name).toBe('CopySlices');
    expect(row.gradFn?.name).toBe('AsStridedBackward0');
    expect([column.isLeaf, column.requiresGrad]).toEqual([false, true]);
    expect(String(column)).toContain('grad_fn=<AsStridedBackward0>');
  });

  it('moves the gradients that base and view retain to their new values', () => {
    const w = floats(1, 2).requiresGrad_();
    const y = w.mul(3);
    const view = y.narrow(0, 0, 1);
    y.retainGrad();
    view.retainGrad();
    view.mul_(2);
    y.square().sum().add(view.sum().mul(10)).backward();
    expect([y.grad, view.grad, w.grad].map((g) => flat(g as Tensor))).toEqual([[22, 12], [10], [132, 36]]);
  });

  it('is noticed by what was saved of the base', () => {
    const w = floats(1, 2).requiresGrad_();
    const y = w.mul(3);
    const z = y.square();
    y.narrow(0, 0, 1).mul_(2);
    expect(() => z.sum().backward()).toThrow(/modified by an inplace operation/);
  });

  it('is refused for a view that was made without recording, and where the place in the base cannot be recorded', () => {
    const w = floats(1, 2).requiresGrad_();
    const y = w.mul(3);
    const apart = noGrad(() => y.narrow(0, 0, 1));
    expect(() => apart.add_(w.narrow(0, 0, 1))).toThrow(/a view was created in no_grad mode/);
    const windows = y.unfold(0, 1, 1).mul(1).repeat(2, 2).unfold(0, 3, 1);
    expect(() => windows.mul_(w.sum())).toThrow(/a view that overlaps itself/);
    expect(() => windows.mul_(w.sum())).toThrow(AutogradError);
  });

  it('is known to views that are taken of a view afterwards, also where they overlap themselves', () => {
    const w = floats(1, 2, 3).requiresGrad_();
    const flatView = w.mul(2).view(-1);
    flatView.narrow(0, 1, 1).fill_(0.25);
    flatView.unfold(0, 2, 1).square().sum().backward();
    expect(flat(w.grad as Tensor)).toEqual([8, 0, 24]);
  });

  it('of what is no view is known to views that are taken afterwards, as what they are and also where they overlap themselves', () => {
    const w = floats(1, 2, 3).requiresGrad_();
    const y = w.mul(2);
    y.mul_(0.5);
    expect(y.narrow(0, 1, 2).gradFn?.name).toBe('SliceBackward0');
    y.unfold(0, 2, 1).square().sum().backward();
    expect(flat(w.grad as Tensor)).toEqual([2, 8, 6]);
  });

  it('is known to each of several views, and one of a base that is one of several results is one of it alone', () => {
    const w = floats(1, 2, 3, 4).view(2, 2).requiresGrad_();
    const y = w.mul(2);
    const [, second] = y.unbind();
    y.mul_(3);
    second?.mul(5).sum().backward();
    expect(flat(w.grad as Tensor)).toEqual([0, 0, 30, 30]);
    w.grad = null;
    const [, mean] = varMean(w, 0);
    mean.narrow(0, 0, 1).mul_(2);
    mean.sum().backward();
    expect(flat(w.grad as unknown as Tensor)).toEqual([1, 0.5, 1, 0.5]);
  });

  it('by a function of the user is one of its base too', () => {
    const doubled = autograd.defineFunction({
      name: 'Doubled',
      forward(ctx, a: Tensor, b: Tensor): [Tensor, Tensor] {
        noGrad(() => b.mul_(2));
        ctx.markDirty(b);
        return [a.mul(5), b];
      },
      backward: (_ctx, g, h): [Tensor, Tensor] => [g.mul(5), h.mul(2)],
    });
    const w = floats(1, 2).requiresGrad_();
    const y = w.mul(3);
    const view = y.select(0, 0);
    const [, changed] = doubled(w, view);
    expect(changed).toBe(view);
    y.sum().add(view.mul(10)).backward();
    expect(flat(w.grad as Tensor)).toEqual([66, 3]);
  });

  it('is the same in a compiled step', () => {
    const world = (wrap: <F extends (x: Tensor) => Tensor>(f: F) => (x: Tensor) => Tensor) => {
      const w = floats(1, 2, 3).requiresGrad_();
      const step = wrap((x) => {
        w.grad = null;
        const states = zeros([4, 3], { dtype: 'float64' });
        const first = states.select(0, 0);
        first.copy_(x.mul(w));
        let h = first.clone();
        for (let t = 1; t < 4; t++) {
          h = h.mul(w).tanh();
          states.select(0, t).copy_(h);
        }
        states.t().select(0, 1).mul_(w.sum());
        const loss = states.square().sum().add(first.sum());
        loss.backward();
        return loss;
      });
      return (x: Tensor): number[] => [step(x).item(), ...flat(w.grad as Tensor)];
    };
    const [eager, compiled] = [world((f) => f), world(compile)];
    for (let i = 0; i < 5; i++) {
      const x = floats(0.5 * i, 1, -1);
      expect(compiled(x)).toEqual(eager(x));
    }
  });
});
