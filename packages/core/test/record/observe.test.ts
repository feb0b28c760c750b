import { describe, expect, it } from 'vitest';
import {
  autograd,
  compile,
  E,
  FusedUpdate,
  type Observer,
  observe,
  ones,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { observed } from '../../src/record/observe.ts';

/** What `run` shows to an observer, one line each. */
function seenBy(run: () => void): string[] {
  const log: string[] = [];
  const shapes = (tensors: readonly Tensor[]): string => tensors.map((x) => `[${x.shape.join()}]`).join(' ');
  const stop = observe({
    before: (name, inputs) => void log.push(`before ${name} ${shapes(inputs)}`),
    after: (name, inputs, _, outputs) =>
      void log.push(`after ${name} ${shapes(inputs)} -> ${shapes(outputs)}`),
    recorded: (node) => void log.push(`recorded ${node.name}`),
    read: (x, reason) => void log.push(`read ${shapes([x])} ${reason}`),
  });
  try {
    run();
  } finally {
    stop();
  }
  return log;
}

describe('observe', () => {
  it('shows operations of every kind before and after they run, nodes as they are recorded, and reads', () => {
    const x = ones([2], { requiresGrad: true });
    expect(seenBy(() => void x.mul(2).sum().item())).toEqual([
      'before mul [2]',
      'recorded MulBackward0',
      'after mul [2] -> [2]',
      'before sum [2]',
      'recorded SumBackward0',
      'after sum [2] -> []',
      'read [] item',
    ]);
    expect(seenBy(() => void x.view(2, 1))).toEqual([
      'before view [2]',
      'recorded ViewBackward0',
      'after view [2] -> [2,1]',
    ]);
    expect(seenBy(() => void tensor([2, 1]).sort())).toEqual([
      'before sort [2]',
      'after sort [2] -> [2] [2]',
    ]);
    expect(seenBy(() => void ones([2]).add_(1)).slice(-2)).toEqual([
      'before add_ [2]',
      'after add_ [2] -> [2]',
    ]);
    const step = new FusedUpdate('step', 2, 1, (w, v, g) => [E.sub(w, g), v]);
    const tensors = [ones([2]), ones([2]), ones([2])];
    expect(seenBy(() => step.run(tensors, []))).toEqual([
      'before step [2] [2] [2]',
      'after step [2] [2] [2] -> [2] [2]',
    ]);
    const drawn = ones([2]);
    expect(seenBy(() => void drawn.uniform_())).toEqual(['before uniform_ [2]', 'after uniform_ [2] -> [2]']);
    const double = autograd.defineFunction({
      name: 'Twice',
      forward: (_, a: Tensor) => a.mul(2),
      backward: (_, g) => g.mul(2),
    });
    expect(seenBy(() => void double(x))).toContain('recorded TwiceBackward');
    expect(seenBy(() => void autograd.checkpoint((a: Tensor) => a.mul(2), x))).toContain(
      'recorded CheckpointBackward',
    );
    expect(seenBy(() => void x.mul(2).toString()).at(-1)).toBe('read [2] print');
    expect(observed).toBe(false);
  });

  it('calls all observers, in the order in which they came, until each is removed', () => {
    const log: string[] = [];
    const named = (name: string): Observer => ({ before: () => void log.push(name) });
    const [stopA, stopB] = [observe(named('a')), observe(named('b'))];
    ones([1]);
    stopA();
    stopA();
    ones([1]);
    expect(log).toEqual(['a', 'b', 'b']);
    expect(observed).toBe(true);
    stopB();
    ones([1]);
    expect(log).toHaveLength(3);
    expect(observed).toBe(false);
  });

  it('lets observers come and go while they are called', () => {
    const log: string[] = [];
    const stops: (() => void)[] = [];
    stops.push(
      observe({
        before() {
          log.push('a');
          for (const stop of stops) stop();
          stops.push(
            observe({ before: () => void log.push('new'), after: () => void log.push('new after') }),
          );
        },
      }),
      observe({ before: () => void log.push('b') }),
    );
    ones([1]);
    expect(log).toEqual(['a', 'b', 'new after']);
    for (const stop of stops) stop();
    expect(observed).toBe(false);
  });

  it('shows backward node by node: what arrives, and what is passed on to each input', () => {
    const log: string[] = [];
    const show = (xs: readonly (Tensor | null)[]) => JSON.stringify(xs.map((x) => x?.toArray() ?? null));
    const x = tensor([1.5, 2], { requiresGrad: true });
    const [a = x] = x.mul(x).unbind();
    const loss = a.mul(2);
    const stop = observe({
      walked: (order) => void log.push(order.map(({ name }) => name).join(' ')),
      visited: (node, gradients) => void log.push(`${node.name} gets ${show(gradients)}`),
      passed: (node, input, gradient) => void log.push(`${node.name} gives ${input} ${show([gradient])}`),
    });
    loss.backward({ retainGraph: true });
    stop();
    expect(log).toEqual([
      'MulBackward0 UnbindBackward0 MulBackward0 AccumulateGrad',
      'MulBackward0 gets [1]',
      'MulBackward0 gives 0 [2]',
      'UnbindBackward0 gets [2]',
      'UnbindBackward0 gives 0 [[2,0]]',
      'MulBackward0 gets [[2,0]]',
      'MulBackward0 gives 0 [[3,0]]',
      'MulBackward0 gives 1 [[3,0]]',
      'AccumulateGrad gets [[6,0]]',
    ]);
  });

  it('shows the part of a backward pass that leads to the tensors asked for', () => {
    const log: string[] = [];
    const [x, w] = [ones([2], { requiresGrad: true }), ones([2], { requiresGrad: true })];
    const h = x.exp();
    const loss = h.mul(w).sum();
    const stop = observe({ visited: (node) => void log.push(node.name) });
    autograd.grad(loss, h);
    stop();
    expect(log).toEqual(['SumBackward0', 'MulBackward0', 'ExpBackward0']);
    expect(x.grad).toBeNull();
  });

  it('takes an observer twice, and each handle takes it out once', () => {
    let calls = 0;
    const observer: Observer = { before: () => void calls++ };
    const [first, second] = [observe(observer), observe(observer)];
    ones([1]);
    first();
    first();
    ones([1]);
    second();
    ones([1]);
    expect(calls).toBe(3);
  });

  it('lets nobody be told once all have gone, be it a compiled function or an observer', () => {
    const step = compile((x: Tensor) => x.mul(2));
    for (let i = 0; i < 3; i++) step(ones([1]));
    expect(observed).toBe(false);
    const stop = observe({});
    step(ones([2]));
    expect(observed).toBe(true);
    stop();
    expect(observed).toBe(false);
  });

  it('refuses what is no observer', () => {
    for (const wrong of [undefined, null, 'before', () => {}]) {
      expect(() => observe(wrong as Observer)).toThrow(/^observe: .*an object with functions such as before/);
    }
    expect(observed).toBe(false);
  });
});
