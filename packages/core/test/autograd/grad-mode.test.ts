import { describe, expect, it, vi } from 'vitest';
import {
  autograd,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
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
    expect(() => noGrad(() => Promise.resolve(1))).toThrow(/without being an async function/);
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

describe('inferenceMode', () => {
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

describe('without AsyncLocalStorage, as in browsers', () => {
  it('the mode is held for all code until the promise settles', async () => {
    vi.resetModules();
    vi.stubGlobal('process', undefined);
    const modes = await import('../../src/record/grad-mode.ts');
    const seen: boolean[] = [];
    const look = (): void => void seen.push(modes.isGradEnabled());
    const promise = modes.noGrad(async () => {
      look();
      await null;
      look();
      modes.enableGrad(look);
      await modes.enableGrad(async () => {
        await null;
        look();
      });
      look();
    });
    look();
    await promise;
    vi.unstubAllGlobals();
    look();
    expect(seen).toEqual([false, false, false, true, true, false, true]);
  });
});
