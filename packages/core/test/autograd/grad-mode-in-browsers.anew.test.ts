import { describe, expect, it, vi } from 'vitest';

const tick = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

  it('a region that ends before another leaves it in force', async () => {
    vi.resetModules();
    vi.stubGlobal('process', undefined);
    const modes = await import('../../src/record/grad-mode.ts');
    const first = modes.noGrad(async () => await tick(5));
    // It looked for the storage at the first async region.
    vi.unstubAllGlobals();
    const second = modes.inferenceMode(async () => await tick(20));
    expect(modes.isInferenceModeEnabled()).toBe(true);
    await first;
    expect(modes.isInferenceModeEnabled()).toBe(true);
    await second;
    expect([modes.isGradEnabled(), modes.isInferenceModeEnabled()]).toEqual([true, false]);
  });
});
