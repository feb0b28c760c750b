import { autograd, noGrad, ones, type Tensor, tensor } from '@kindling/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.ts';

class Triple extends nn.Module<[Tensor], Tensor> {
  override forward(x: Tensor) {
    return x.mul(3);
  }
}

/** Does not depend on what it is given, so that no gradient arrives there. */
class Constant extends nn.Module<[Tensor], Tensor> {
  readonly value = new nn.Parameter(ones([2]));
  override forward(x: Tensor) {
    return this.value.mul(x);
  }
}

class Both extends nn.Module<[Tensor, Tensor], [Tensor, Tensor]> {
  override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
    return [x.mul(2), y.mul(x)];
  }
}

type Gradients = readonly (Tensor | null)[];
const leaf = (data: number[]): Tensor => tensor(data, { dtype: 'float32', requiresGrad: true });
const values = (grads: Gradients): unknown => grads.map((g) => g?.toArray() ?? null);

describe('full backward hooks', () => {
  it('may keep what they see: it is not written again', () => {
    const x = leaf([1, 1]);
    const model = new Triple();
    const kept: { grads: Gradients; atFirst: unknown }[] = [];
    const keep = (grads: Gradients): void => void kept.push({ grads, atFirst: values(grads) });
    model.registerFullBackwardHook((_, gradInput, gradOutput) => {
      keep(gradInput);
      keep(gradOutput);
    });
    const early = x.mul(5).add(x);
    const y = model(x);
    const loss = early.add(y).add(y.mul(2)).sum();
    for (let i = 0; i < 2; i++) loss.backward({ retainGraph: true });
    expect(kept.map(({ atFirst }) => atFirst)).toEqual([[[9, 9]], [[3, 3]], [[9, 9]], [[3, 3]]]);
    expect(x.grad!.toArray()).toEqual([30, 30]);
    noGrad(() => x.grad!.fill_(77));
    for (const { grads, atFirst } of kept) expect(values(grads)).toEqual(atFirst);
  });

  it('may return what they keep', () => {
    const x = leaf([1, 1]);
    const model = new Triple();
    const cached = ones([2]);
    model.registerFullBackwardHook(() => [cached]);
    for (let i = 1; i <= 2; i++) {
      x.mul(5).add(model(x)).sum().backward();
      expect(x.grad!.toArray()).toEqual([6 * i, 6 * i]);
    }
    expect(cached.toArray()).toEqual([1, 1]);
  });

  it('see null for outputs that are not used, and for inputs that want no gradient', () => {
    const model = new Both();
    const seen: unknown[] = [];
    model.registerFullBackwardHook(
      (_, gradInput, gradOutput) => void seen.push(values(gradInput), values(gradOutput)),
    );
    const [x, y] = [leaf([1, 2]), ones([2])];
    model(x, y)[0].sum().backward();
    expect(seen).toEqual([
      [[2, 2], null],
      [[1, 1], null],
    ]);
    seen.length = 0;
    model(y, x)[1].sum().backward();
    expect(seen).toEqual([
      [null, [1, 1]],
      [null, [1, 1]],
    ]);
  });

  it('run in turn, each with what the one before returned', () => {
    const model = new Triple();
    const seen: unknown[] = [];
    model.registerFullBackwardHook((_, gradInput) => {
      seen.push(values(gradInput));
      return gradInput.map((g) => g?.mul(10) ?? null);
    });
    model.registerFullBackwardHook((_, gradInput) => void seen.push(values(gradInput)));
    const x = leaf([1, 1]);
    model(x).sum().backward();
    expect(seen).toEqual([[[3, 3]], [[30, 30]]]);
    expect(x.grad!.toArray()).toEqual([30, 30]);
  });

  it('run once for a walk that comes through the output, not for one that goes past it', () => {
    class Square extends nn.Module<[Tensor], Tensor> {
      override forward(x: Tensor) {
        return x.mul(x).mul(x);
      }
    }
    const model = new Square();
    let runs = 0;
    model.registerFullBackwardHook(() => void runs++);
    const x = leaf([1, 2]);
    const [g] = autograd.grad(model(x).sum(), x, { createGraph: true });
    expect(runs).toBe(1);
    expect(autograd.grad(g!.sum(), x)[0]!.toArray()).toEqual([6, 12]);
    expect(runs).toBe(1);
  });

  it('that return what does not fit are errors', () => {
    const returning = (result: unknown) => () => {
      const model = new Triple();
      model.registerFullBackwardHook(() => result as never);
      model(leaf([1, 1]))
        .sum()
        .backward();
    };
    expect(returning([ones([2]), ones([2])])).toThrow(/invalid number of gradInput, got 2, but expected 1/);
    expect(returning([])).toThrow(/got 0, but expected 1/);
    expect(returning(ones([2]))).toThrow(/got a Tensor of shape \[2\], but expected 1/);
    expect(returning(3)).toThrow(/got 3, but expected 1/);
    expect(returning([ones([3])])).toThrow(/gradient 0 .* changed the size of value \(was \[2\] got \[3\]\)/);
    expect(returning([ones([3, 2])])).toThrow(/changed the size of value \(was \[2\] got \[3, 2\]\)/);
    expect(returning([ones([2], { dtype: 'float64' })])).toThrow(/changed the type of value/);
    expect(returning([3])).toThrow(/gradient 0 that the hook returned is 3;/);
    for (const fine of [undefined, null, [null], [ones([2])]]) expect(returning(fine)).not.toThrow();
    const x = leaf([1, 1]);
    const dropping = new Triple();
    dropping.registerFullBackwardHook(() => [null]);
    dropping(x).sum().backward();
    expect(x.grad).toBeNull();
  });

  it('keep nothing of what passes through: a graph that may be gone through twice still may', () => {
    const x = leaf([1, 2]);
    const model = new Triple();
    let runs = 0;
    model.registerFullBackwardHook(() => void runs++);
    const loss = model(x).sum();
    for (let i = 0; i < 2; i++) loss.backward();
    expect([runs, x.grad?.toArray()]).toEqual([2, [6, 6]]);
  });

  it('may return nothing but null where no input requires a gradient', () => {
    const returning = (result: unknown) => () => {
      const model = new Constant();
      model.registerFullBackwardHook(() => result as never);
      model(ones([2]))
        .sum()
        .backward();
    };
    expect(returning([ones([2])])).toThrow(
      /where no input requires a gradient should always return nothing, or null/,
    );
    expect(returning([null, ones([2])])).toThrow(/where no input requires a gradient should always/);
    expect(returning(ones([2]))).toThrow(/where no input requires a gradient should always/);
    for (const fine of [undefined, null, [null], [null, null]]) expect(returning(fine)).not.toThrow();
  });
});

describe('hooks that change the list they are called from', () => {
  it('let those run that stood there when the call began', () => {
    for (const kind of [
      'registerForwardPreHook',
      'registerForwardHook',
      'registerFullBackwardHook',
    ] as const) {
      const model = new Triple();
      const log: string[] = [];
      const run = (): string[] => {
        log.length = 0;
        model(leaf([1, 1]))
          .sum()
          .backward();
        return [...log];
      };
      const handles = [
        model[kind](() => {
          log.push('first');
          for (const handle of handles) handle.remove();
          model[kind](() => void log.push('new'));
        }),
        model[kind](() => void log.push('second')),
        model[kind](() => void log.push('third')),
      ];
      expect(run()).toEqual(['first', 'second', 'third']);
      expect(run()).toEqual(['new']);
    }
  });

  it('add what begins with this call only where its turn is still to come', () => {
    const model = new Triple();
    const log: string[] = [];
    const pre = model.registerForwardPreHook(() => {
      pre.remove();
      model.registerForwardPreHook(() => void log.push('pre'));
      model.registerForwardHook(() => void log.push('forward'));
      model.registerFullBackwardHook(() => void log.push('backward'));
    });
    model(leaf([1, 1]))
      .sum()
      .backward();
    expect(log).toEqual(['forward']);
    log.length = 0;
    model(leaf([1, 1]))
      .sum()
      .backward();
    expect(log).toEqual(['pre', 'forward', 'backward']);
  });

  it('do not change a call that waits for its backward', () => {
    const model = new Triple();
    let runs = 0;
    const handle = model.registerFullBackwardHook(() => void runs++);
    const y = model(leaf([1, 1]));
    handle.remove();
    model.registerFullBackwardHook(() => void (runs += 10));
    y.sum().backward();
    expect(runs).toBe(1);
  });

  it('a handle takes its own entry out, where a function stands there twice', () => {
    const model = new Triple();
    const log: string[] = [];
    const twice = (): void => void log.push('twice');
    model.registerForwardHook(twice);
    model.registerForwardHook(() => void log.push('between'));
    const last = model.registerForwardHook(twice);
    last.remove();
    last.remove();
    model(ones([2]));
    expect(log).toEqual(['twice', 'between']);
  });

  it.each<[string, (model: Triple, hook: () => void) => nn.RemovableHandle]>([
    ['before forward', (model, hook) => model.registerForwardPreHook(hook)],
    ['after forward', (model, hook) => model.registerForwardHook(hook)],
    ['of backward', (model, hook) => model.registerFullBackwardHook(hook)],
  ])('a handle takes no other out, wherever its own stands: %s', (_, register) => {
    for (const taken of [0, 1, 2, 3]) {
      const model = new Triple();
      const log: number[] = [];
      const handles = [0, 1, 2, 3].map((i) => register(model, () => void log.push(i)));
      for (let time = 0; time < 2; time++) handles[taken]?.remove();
      model(leaf([1, 1]))
        .sum()
        .backward();
      expect(log).toEqual([0, 1, 2, 3].filter((i) => i !== taken));
    }
  });
});
