import { describe, expect, it } from 'vitest';
import {
  autograd,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
  type Tensor,
  tensor,
} from '../../src/index.ts';

const tick = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const x = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
const records = (): boolean => x.mul(2).requiresGrad;

describe('noGrad and enableGrad', () => {
  it('nest, and restore on the way out', () => {
    expect(records()).toBe(true);
    noGrad(() => {
      expect(records()).toBe(false);
      enableGrad(() => {
        expect(records()).toBe(true);
        setGradEnabled(false, () => expect(records()).toBe(false));
        expect(records()).toBe(true);
      });
      expect(records()).toBe(false);
      expect(isGradEnabled()).toBe(false);
    });
    expect(records()).toBe(true);
  });

  it('restore after errors', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(records()).toBe(true);
  });

  it('return what the function returns', () => {
    expect(noGrad(() => 7)).toBe(7);
  });

  it('let leaves be made', () => {
    const w = noGrad(() => tensor([1.5], { requiresGrad: true }));
    expect(w.requiresGrad).toBe(true);
    expect(w.mul(2).requiresGrad).toBe(true);
  });

  it('refuse promises of functions that are not async', () => {
    const regions = {
      noGrad,
      enableGrad,
      inferenceMode,
      setGradEnabled: (fn: () => unknown) => setGradEnabled(true, fn),
    };
    for (const [name, region] of Object.entries(regions)) {
      const wrong = () => region(() => Promise.resolve(1));
      expect(wrong).toThrow(
        new RegExp(`^${name}: the function returned a promise without being an async function`),
      );
    }
    // biome-ignore lint/suspicious/noThenProperty: it is what makes a promise of a library
    expect(() => noGrad(() => ({ then: () => {} }))).toThrow(/returned a promise/);
    expect(() => noGrad(5 as never)).toThrow(/^noGrad: .*fn/);
    expect(records()).toBe(true);
  });
});

describe('async functions', () => {
  it('keep their mode across awaits', async () => {
    const result = await noGrad(async () => {
      expect(records()).toBe(false);
      await tick();
      expect(records()).toBe(false);
      await enableGrad(async () => {
        await tick();
        expect(records()).toBe(true);
        noGrad(() => expect(records()).toBe(false));
        await tick();
        expect(records()).toBe(true);
      });
      await tick();
      return records();
    });
    expect(result).toBe(false);
    expect(records()).toBe(true);
  });

  it('do not touch what runs between', async () => {
    const trace: string[] = [];
    const evaluating = noGrad(async () => {
      for (let i = 0; i < 5; i++) {
        await tick(2);
        trace.push(`evaluate ${records()}`);
      }
    });
    const training = (async () => {
      for (let i = 0; i < 5; i++) {
        await tick(1);
        trace.push(`train ${records()}`);
      }
    })();
    expect(records()).toBe(true);
    await Promise.all([evaluating, training]);
    expect(new Set(trace)).toEqual(new Set(['evaluate false', 'train true']));
    expect(records()).toBe(true);
  });

  it('run side by side in different modes', async () => {
    const seen: Record<string, boolean[]> = { off: [], on: [], inference: [] };
    const look = async (name: string): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        await tick(1);
        seen[name]!.push(records());
      }
    };
    await Promise.all([
      noGrad(async () => look('off')),
      enableGrad(async () => look('on')),
      inferenceMode(async () => look('inference')),
    ]);
    expect(seen).toEqual({
      off: [false, false, false, false],
      on: [true, true, true, true],
      inference: [false, false, false, false],
    });
  });

  it('restore after rejections', async () => {
    await expect(
      noGrad(async () => {
        await tick();
        throw new Error('later');
      }),
    ).rejects.toThrow('later');
    expect(records()).toBe(true);
  });

  it('run backward and noGrad inside', async () => {
    await enableGrad(async () => {
      await tick();
      const w = tensor([2, 3], { dtype: 'float64', requiresGrad: true });
      const loss = w.mul(w).sum();
      await tick();
      loss.backward();
      noGrad(() => w.sub_(w.grad!));
      expect(w.toArray()).toEqual([-2, -3]);
    });
  });
});

describe('what an async region leaves running', () => {
  /** A clock of the test's own, on which timers wait that say whether operations are recorded. */
  const clock = () => {
    let now = 0;
    const timers: Promise<boolean>[] = [];
    return {
      leave(time: number): void {
        timers.push(
          new Promise((resolve) => {
            const look = (): void => void (now < time ? setTimeout(look, 1) : resolve(records()));
            setTimeout(look, 1);
          }),
        );
      },
      /** What the timer says that waits for this time. */
      at(time: number): Promise<boolean> {
        now = time;
        return timers[time - 1] ?? Promise.reject(new Error(`no timer waits for ${time}`));
      },
      all: () => Promise.all(timers),
    };
  };

  it('sees its mode while it lasts, then the one outside, whatever runs beside it', async () => {
    const timers = clock();
    await noGrad(async () => {
      for (const time of [1, 2, 3]) timers.leave(time);
      await timers.at(1);
    });
    await timers.at(2);
    await noGrad(async () => await timers.at(3));
    expect(await timers.all()).toEqual([false, true, true]);
  });

  it('sees, where regions are nested, the innermost that goes on', async () => {
    const timers = clock();
    await noGrad(async () => {
      await enableGrad(async () => {
        for (const time of [1, 2, 3]) timers.leave(time);
        await timers.at(1);
      });
      await timers.at(2);
    });
    await timers.at(3);
    expect(await timers.all()).toEqual([true, false, true]);
  });

  it('may begin regions of its own, each after the end of the last, for ever', async () => {
    const seen = await new Promise<boolean>((resolve) => {
      let step = async (): Promise<void> => resolve(records());
      for (let i = 0; i < 50; i++) {
        const before = step;
        step = () => noGrad(async () => void setTimeout(() => void before(), 0));
      }
      void step();
    });
    expect(seen).toBe(true);
    expect(records()).toBe(true);
  });
});

describe('async regions within synchronous ones', () => {
  it('have their own mode at once, and the outer one comes back', async () => {
    const seen: boolean[] = [];
    let inner: Promise<void> = Promise.resolve();
    noGrad(() => {
      inner = enableGrad(async () => {
        seen.push(records());
        await null;
        seen.push(records());
        noGrad(() => seen.push(records()));
      });
      seen.push(records());
    });
    seen.push(records());
    await inner;
    expect(seen).toEqual([true, false, true, true, false]);
  });

  it('report a rejection that nobody handles', async () => {
    const reported: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', (reason) => void reported.push((reason as Error).message));
    void noGrad(async () => {
      await null;
      throw new Error('lost');
    });
    await tick(5);
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
    expect(reported).toEqual(['lost']);
  });
});

describe('generators', () => {
  it('run their bodies in the mode, and what asks them for values does not', () => {
    const steps = noGrad(function* () {
      const sent: number = yield records();
      try {
        yield enableGrad(records) && sent === 5;
      } finally {
        yield records();
      }
    });
    expect(steps.next().value).toBe(false);
    expect(records()).toBe(true);
    expect(steps.next(5 as never).value).toBe(true);
    expect(steps.return(undefined as never).value).toBe(false);
    expect(steps.next().done).toBe(true);
    expect(records()).toBe(true);
    const plain = function* () {
      for (let i = 0; i < 3; i++) yield records();
    };
    expect([...noGrad(() => plain())]).toEqual([false, false, false]);
    expect([...noGrad(() => enableGrad(plain))]).toEqual([true, true, true]);
    expect([...noGrad(() => plain).call(null)]).toEqual([true, true, true]);
    const failing = noGrad(function* () {
      try {
        yield 1;
      } catch (error) {
        yield [(error as Error).message, records()];
      }
    });
    failing.next();
    expect(failing.throw(new Error('in')).value).toEqual(['in', false]);
  });

  it('that are async keep the mode across their awaits', async () => {
    const seen: boolean[] = [];
    const steps = noGrad(async function* () {
      for (let i = 0; i < 3; i++) {
        await tick();
        yield records();
        seen.push(records());
      }
    });
    for await (const recorded of steps) seen.push(recorded, records());
    expect(seen).toEqual([false, true, false, false, true, false, false, true, false]);
    expect(records()).toBe(true);
  });
});

describe('inferenceMode', () => {
  it('stays on inside noGrad, enableGrad and setGradEnabled, which change the grad flag only', async () => {
    const look = (): [boolean, boolean] => [isGradEnabled(), isInferenceModeEnabled()];
    const seen = inferenceMode(() => [
      look(),
      enableGrad(look),
      noGrad(look),
      setGradEnabled(true, look),
      setGradEnabled(false, look),
      enableGrad(() => noGrad(look)),
      look(),
    ]);
    expect(seen).toEqual([
      [false, true],
      [true, true],
      [false, true],
      [true, true],
      [false, true],
      [false, true],
      [false, true],
    ]);
    expect(noGrad(() => inferenceMode(look))).toEqual([false, true]);
    await inferenceMode(async () => {
      await tick();
      expect(await enableGrad(async () => look())).toEqual([true, true]);
      expect(look()).toEqual([false, true]);
    });
    expect(look()).toEqual([true, false]);
  });

  it('records nothing, also where the grad flag is set', () => {
    const w = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    inferenceMode(() =>
      enableGrad(() => {
        const y = w.mul(2);
        expect(y.requiresGrad).toBe(false);
        expect(w.unbind().map((part) => part.requiresGrad)).toEqual([false, false]);
        expect(w.sort().values.requiresGrad).toBe(false);
        w.add_(1);
        y.mul_(w);
        expect(autograd.checkpoint((x: Tensor) => x.mul(w), w).requiresGrad).toBe(false);
      }),
    );
    expect(w.toArray()).toEqual([2, 3]);
  });

  it('marks results of every kind, and no view of a tensor from outside', () => {
    const w = tensor([3, 1, 2], { dtype: 'float64', requiresGrad: true });
    const outside = tensor([3, 1, 2], { dtype: 'float64' });
    const inside = inferenceMode(() => {
      const y = outside.mul(2);
      const { values, indices } = y.sort();
      return { y, values, view: y.view(3, 1), indices, ofOutside: outside.view(3, 1) };
    });
    for (const x of [inside.y, inside.values]) {
      expect(() => x.mul(w)).toThrow(/Inference tensors cannot be saved for backward/);
      expect(() => x.zero_()).toThrow(/Inplace update to inference tensor/);
    }
    expect(() => inside.view.zero_()).toThrow(/Inplace update to inference tensor/);
    expect(() => inside.indices.zero_()).toThrow(/Inplace update to inference tensor/);
    // A view taken outside is one of an inference tensor all the same.
    expect(() => inside.y.view(1, 3).zero_()).toThrow(/Inplace update to inference tensor/);
    expect(inside.ofOutside.mul(w.view(3, 1)).requiresGrad).toBe(true);
    inside.ofOutside.zero_();
    expect(outside.toArray()).toEqual([0, 0, 0]);
  });

  it('makes gradients of backward inference tensors', () => {
    const w = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    const loss = w.mul(w).sum();
    inferenceMode(() => loss.backward());
    expect(w.grad!.toArray()).toEqual([2, 4]);
    expect(() => w.mul(w).sum().backward()).toThrow(/Inplace update to inference tensor/);
    w.grad = null;
    const again = w.mul(w).sum();
    const [g] = inferenceMode(() => autograd.grad(again, w, { createGraph: true }));
    expect(g!.requiresGrad).toBe(false);
  });

  it('recomputes a checkpoint from outside', () => {
    const w = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
    const y = autograd.checkpoint((x: Tensor) => x.mul(w).sum(), w.mul(1));
    inferenceMode(() => y.backward());
    expect(w.grad!.toArray()).toEqual([2, 4]);
  });

  it('makes tensors that stay out of graphs', () => {
    const y = inferenceMode(() => {
      expect(isInferenceModeEnabled()).toBe(true);
      const inside = tensor([1, 2], { dtype: 'float64' }).mul(2);
      inside.add_(1);
      return inside;
    });
    expect(isInferenceModeEnabled()).toBe(false);
    expect(() => y.mul(x)).toThrow(/Inference tensors cannot be saved for backward/);
    expect(() => y.add_(1)).toThrow(/Inplace update to inference tensor outside InferenceMode/);
    expect(() => autograd.setRequiresGrad(y)).toThrow(/Setting requiresGrad=true on inference tensor/);
    expect(y.add(x).requiresGrad).toBe(true);
    expect(y.clone().mul(x).requiresGrad).toBe(true);
  });
});
