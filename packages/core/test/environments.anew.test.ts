import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.resetModules();
  vi.unstubAllGlobals();
  vi.doUnmock('fast-check');
});

test('core is imported where no TextDecoder is, as in jsdom', async () => {
  vi.resetModules();
  vi.stubGlobal('TextDecoder', undefined);
  const { tensor } = await import('../src/index.ts');
  expect(tensor([1, 2]).sum().item()).toBe(3);
});

test('assertions are imported where no fast-check is; the arbitraries are not', async () => {
  vi.resetModules();
  vi.doMock('fast-check', () => {
    throw new Error('not installed');
  });
  const { assertClose } = await import('../src/testing/assertions.ts');
  expect(() => assertClose(1, 2)).toThrow();
  await expect(import('../src/testing/index.ts')).rejects.toThrow();
});
