/** Steps whose hooks come and go, and steps that are refused: a compiled one leaves what the function leaves. */
import { compile, manualSeed, noGrad, randn, Tensor, tensor } from '@kindling/core';
import * as optim from '@kindling/optim';
import { describe, expect, it } from 'vitest';
import { expectSameBits, type World } from '../../core/test/support/compiled.ts';

/** A step of an optimizer over so many parameters; `change` is made before each call. */
function world(
  make: (params: Tensor[]) => optim.Optimizer,
  change: (call: number, optimizer: optim.Optimizer, params: Tensor[]) => void,
  count = 3,
): World {
  const params = Array.from({ length: count }, () => randn([3], { requiresGrad: true }));
  const optimizer = make(params);
  return {
    call: (x: Tensor) => {
      optimizer.zeroGrad();
      let loss = x.sum();
      for (const p of params) loss = loss.add(p.mul(x.to(p.dtype)).square().sum());
      loss.backward();
      optimizer.step();
      return loss.detach();
    },
    argumentsOf: (call) => {
      change(call, optimizer, params);
      return [randn([3])];
    },
    state: () =>
      [
        ...params,
        ...params.map(({ grad }) => grad),
        ...[...optimizer.state.values()].flatMap((state) =>
          Object.values(state).map((value) => (typeof value === 'number' ? tensor(value) : value)),
        ),
      ] as Tensor[],
  };
}

const kinds = {
  SGD: (params: Tensor[]) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  Adam: (params: Tensor[]) => new optim.Adam(params, { lr: 0.1 }),
  RMSprop: (params: Tensor[]) => new optim.RMSprop(params, { lr: 0.1 }),
};

describe.each(Object.entries(kinds))('%s', (_, make) => {
  it('does what hooks do that came after it was compiled, and no more what those do that went', () => {
    const handles: { remove(): void }[] = [];
    const fn = expectSameBits(
      () =>
        world(make, (call, optimizer, [p]) => {
          if (call === 4)
            handles.push(
              optimizer.registerStepPreHook(() => noGrad(() => p?.grad?.mul_(0.5))),
              optimizer.registerStepPostHook(() => noGrad(() => p?.mul_(0.9))),
            );
          if (call === 7) handles.pop()?.remove();
          if (call === 10) handles.pop()?.remove();
        }),
      13,
    );
    expect(fn.programs).toHaveLength(3);
  });

  it('is refused for its options with the gradients of the call', () => {
    const fn = expectSameBits(
      () =>
        world(make, (call, { paramGroups: [group] }) => {
          if (group !== undefined) group.lr = call === 5 ? Number.NaN : 0.1;
        }),
      8,
    );
    expect(fn.programs).toHaveLength(1);
  });

  // Many are updated together; then it is one after another all the same.
  it.each([3, 12])(
    'that is refused in the middle has changed and counted what it came to, of %i',
    (count) => {
      const fn = expectSameBits(
        () =>
          world(
            make,
            (call, { state }, params) => {
              if (call !== 5) return;
              // The third no longer fits its state.
              const [, , third] = params as [Tensor, Tensor, Tensor];
              for (const [key, value] of Object.entries(state.get(third) ?? {}))
                if (value instanceof Tensor) Object.assign(state.get(third) ?? {}, { [key]: value.double() });
            },
            count,
          ),
        8,
      );
      expect(fn.programs).toHaveLength(1);
    },
  );
});

it('a schedule-free step out of train mode is refused with the gradients of the call', () => {
  expectSameBits(
    () =>
      world(
        (params) => new optim.AdamWScheduleFree(params, { lr: 0.1 }),
        (call, optimizer) => {
          if (call === 0 || call === 6) (optimizer as optim.AdamWScheduleFree).train();
          if (call === 5) (optimizer as optim.AdamWScheduleFree).eval();
        },
      ),
    9,
  );
});

it('the second of two optimizers is refused where it stands', () => {
  const outcome = (compiled: boolean): unknown[] => {
    manualSeed(1);
    const params = [randn([2], { requiresGrad: true }), randn([2], { requiresGrad: true })] as const;
    const [first, second] = params.map((p) => new optim.Adam([p], { lr: 0.1 })) as [optim.Adam, optim.Adam];
    const call = (x: Tensor): void => {
      for (const [i, optimizer] of [first, second].entries()) {
        optimizer.zeroGrad();
        params[i]?.mul(x).square().sum().backward();
        optimizer.step();
      }
    };
    const step = compiled ? compile(call, { check: false }) : call;
    return Array.from({ length: 8 }, (_, i) => {
      for (const group of second.paramGroups) group.lr = i === 5 ? Number.NaN : 0.1;
      let message = '';
      try {
        step(randn([2]));
      } catch (error) {
        message = (error as Error).message;
      }
      return [message, first.stepCount, second.stepCount, ...params.flatMap((p) => [`${p}`, `${p.grad}`])];
    });
  };
  expect(outcome(true)).toEqual(outcome(false));
});
